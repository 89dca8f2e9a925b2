"""No JSON of any shape makes an OpenAI dialect raise, and what it counts adds up."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policyengine.exchange import Exchange
from policyengine_openai import policyengine_provider

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policyengine.provider import Dialect

PROVIDER = policyengine_provider()
SCENARIOS = [(dialect, scenario) for dialect in PROVIDER.dialects for scenario in PROVIDER.scenarios(dialect.name)]
KEYS = sorted(
    {
        "error code message type param moderation_details moderation_stage categories inner_error innererror",
        "content_filter_results content_filter_result filtered metadata error_type raw reasons patterns status id",
        "created created_at data b64_json url revised_prompt size quality background usage svg_usage model n tools",
        "input_tokens output_tokens prompt_tokens completion_tokens input_tokens_details output_tokens_details",
        "prompt_tokens_details completion_tokens_details text_tokens image_tokens cached_tokens cached_tokens_details",
        "cached_image_tokens tool_usage image_gen object output content text refusal result incomplete_details reason",
        "service_tier event response item custom_id status_code body request_id errors detail msg success errorKey",
    }
)
WORDS = [word for line in KEYS for word in line.split()]
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(
        [
            "image_generation_call",
            "image_generation.completed",
            "response.failed",
            "error",
            "429",
            "safety_violations=[a, b",
            "Please try again in 1m2s",
            "request ID ",
            'the model `x` {"error": {"message": "{}"}}',
            "Error code: 4 {'code': '",
        ]
    )
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
    dialect.split(exchange.body)
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
    assert all(row.quantity >= 0 for row in rows)


@pytest.mark.parametrize("dialect", PROVIDER.dialects, ids=lambda dialect: dialect.name)
@given(body=JSON, request=JSON, status=st.sampled_from([None, 200, 400, 429, 500]))
def test_any_json_is_translated(dialect: Dialect, body: object, request: object, status: int | None) -> None:
    told = request if isinstance(request, dict) else {}

    check(dialect, Exchange(body=body, request=told, http_status=status, url="https://example.com/v1/images/edits"))


@pytest.mark.parametrize(("dialect", "scenario"), SCENARIOS, ids=lambda value: value.name)
@given(data=st.data())
def test_any_change_of_a_real_answer_is_translated(dialect: Dialect, scenario: object, data: st.DataObject) -> None:
    body = getattr(scenario, "body", None)
    path = data.draw(st.sampled_from(list(places(body))))

    check(dialect, Exchange(body=replaced(body, path, data.draw(JSON))))


@pytest.mark.parametrize("dialect", PROVIDER.dialects, ids=lambda dialect: dialect.name)
@pytest.mark.parametrize("key", ["error", "response", "metadata", "raw", "body", "data", "event"])
def test_deep_nesting_is_translated(dialect: Dialect, key: str) -> None:
    deep: object = {"message": "end", "custom_id": "c"}
    for _ in range(3000):
        deep = {key: deep, "custom_id": "c", "response": None if key != "response" else deep}

    check(dialect, Exchange(body={"error": deep} if key in ("metadata", "raw") else deep))


@pytest.mark.parametrize("dialect", PROVIDER.dialects, ids=lambda dialect: dialect.name)
def test_huge_message_is_translated(dialect: Dialect) -> None:
    check(dialect, Exchange(body={"error": {"message": "{" * 1_000_000 + "safety_violations=[" + "a," * 100_000}}))
