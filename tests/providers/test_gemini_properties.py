"""No JSON of any shape makes a Gemini dialect raise, and what it counts adds up."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policyengine.exchange import Exchange
from policyengine_gemini import policyengine_provider

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policyengine.provider import Dialect

PROVIDER = policyengine_provider()
SCENARIOS = [(dialect, scenario) for dialect in PROVIDER.dialects for scenario in PROVIDER.scenarios(dialect.name)]
KEYS = sorted(
    {
        "candidates content parts inlineData mimeType finishReason finishMessage safetyRatings groundingMetadata",
        "promptFeedback blockReason blockReasonMessage usageMetadata promptTokenCount totalTokenCount modelVersion",
        "candidatesTokensDetails modality tokenCount cachedContentTokenCount error code message status details @type",
        "violations retryDelay metadata key response request state dest inlinedResponses event_type interaction steps",
        "outputs delta usage total_tokens output_tokens_by_modality errors predictions raiFilteredReason image choices",
        "native_finish_reason images data finish_reason finish_message cost type object results created exception",
    }
)
WORDS = [word for line in KEYS for word in line.split()]
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(["STOP", "IMAGE", "completed", "Support codes: 58061214", "limit: 0", "34s", "image/png"])
)
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(WORDS) | st.text(max_size=6), inner, max_size=5)
    ),
    max_leaves=20,
)


def places(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    yield path
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from places(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from places(inner, (*path, index))


def replaced(body: object, path: tuple[str | int, ...], value: object) -> object:
    if not path:
        return value
    changed = copy.deepcopy(body)
    here = changed
    for step in path[:-1]:
        here = here[step]  # type: ignore[index]  # the path comes from this very value
    here[path[-1]] = value  # type: ignore[index]
    return changed


def check(dialect: Dialect, exchange: Exchange) -> None:
    dialect.recognizes(exchange)
    facts, rows = dialect.normalize(exchange)
    counted = {
        name: sum(row.quantity for row in rows if row.component == name and "token" in row.unit)
        for name in ("input", "text", "image")
    }
    assert counted == {
        "input": facts.input_tokens or 0,
        "text": facts.text_tokens or 0,
        "image": facts.image_tokens or 0,
    }


@pytest.mark.parametrize("dialect", PROVIDER.dialects, ids=lambda dialect: dialect.name)
@given(
    body=JSON,
    request=st.dictionaries(st.sampled_from(["contents", "config", "model", "parameters", "size"]), JSON, max_size=3),
)
def test_any_json_is_translated(dialect: Dialect, body: object, request: dict[str, object]) -> None:
    check(dialect, Exchange(body=body, request=request))


@pytest.mark.parametrize("dialect", PROVIDER.dialects, ids=lambda dialect: dialect.name)
@given(data=st.data())
def test_a_scenario_with_any_part_exchanged_is_translated(dialect: Dialect, data: st.DataObject) -> None:
    scenario = data.draw(st.sampled_from(PROVIDER.scenarios(dialect.name)))
    path = data.draw(st.sampled_from(list(places(scenario.body))))

    check(dialect, Exchange(body=replaced(scenario.body, path, data.draw(JSON)), request=scenario.request))


@pytest.mark.parametrize("dialect", PROVIDER.dialects, ids=lambda dialect: dialect.name)
def test_deep_nesting_is_translated(dialect: Dialect) -> None:
    deep: object = "x"
    for key in WORDS * 20:
        deep = {key: [deep]}

    check(dialect, Exchange(body=deep))


@pytest.mark.parametrize(("dialect", "scenario"), SCENARIOS, ids=lambda value: value.name)
def test_values_of_the_scenarios_are_in_the_vocabulary(dialect: Dialect, scenario: object) -> None:
    body = getattr(scenario, "body", None)
    facts, _ = dialect.normalize(Exchange(body=body))

    for fact, known in dialect.vocabulary.items():
        assert getattr(facts, fact) is None or getattr(facts, fact) in known
