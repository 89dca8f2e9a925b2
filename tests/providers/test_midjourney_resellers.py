"""Every dialect of a reseller reads any JSON, and its samples say what their sellers bill."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policyengine.engine import Engine
from policyengine.exchange import Exchange
from policyengine.provider import Claim
from policyengine_midjourney import policyengine_provider
from policyengine_midjourney.shapes import addresses, written_object

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policyengine.provider import Dialect

PROVIDER = policyengine_provider()
NAMES = ("ttapi", "legnext", "goapi", "piapi", "kie", "acedata", "evolink", "useapi", "autojourney")
DIALECTS = [dialect for dialect in PROVIDER.dialects if dialect.name in NAMES]
LINES = (
    "status message data jobId job_id quota images cdnImages mode prompt action progress task_id task_type meta",
    "usage type frozen consume output task_result error code raw_message input process_mode created_at image_urls",
    "image_url successFlag state resultJson resultInfoJson resultUrls paramJson failCode errorCode createTime",
    "success trace_id items request response hold sub_image_urls object results credits_reserved created model",
    "jobid verb content embeds attachments errorDetails status_code msg time error_messages",
)
WORDS = [word for line in LINES for word in line.split()]
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(["SUCCESS", "completed", "fast", '{"resultUrls": [1]}', "point", "2026-01-01T00:00:00Z", "100"])
)
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(WORDS) | st.text(max_size=6), inner, max_size=5)
    ),
    max_leaves=20,
)


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine.load()


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
    assert dialect.recognizes(exchange) in Claim
    assert dialect.split(exchange.body)
    facts, rows = dialect.normalize(exchange)
    assert facts.dialect == dialect.name
    assert rows == ()
    assert facts.images_delivered is None or facts.images_delivered >= 0
    assert all(amount is None or amount >= 0 for amount in (facts.settled, facts.quoted))
    assert facts.at is None or facts.at.tzinfo is not None


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
@given(body=JSON, request=st.dictionaries(st.sampled_from(["mode", "prompt", "model_params", "model"]), JSON))
def test_any_json_is_translated(dialect: Dialect, body: object, request: dict[str, object]) -> None:
    check(dialect, Exchange(body=body, request=request))


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
@given(data=st.data())
def test_scenario_with_any_part_exchanged_is_translated(dialect: Dialect, data: st.DataObject) -> None:
    scenario = data.draw(st.sampled_from(PROVIDER.scenarios(dialect.name)))
    path = data.draw(st.sampled_from(list(places(scenario.body))))

    check(dialect, Exchange(body=replaced(scenario.body, path, data.draw(JSON))))


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_deep_nesting_is_translated(dialect: Dialect) -> None:
    deep: object = "x"
    for key in WORDS * 20:
        deep = {key: [deep]}

    check(dialect, Exchange(body=deep))


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_every_dialect_has_a_success_and_failures(dialect: Dialect, engine: Engine) -> None:
    outcomes = {
        engine.evaluate(scenario.body, dialect=dialect.name, http_status=scenario.http_status).outcome
        for scenario in PROVIDER.scenarios(dialect.name)
    }

    assert {"delivered", "pending"} <= outcomes
    assert outcomes & {"blocked", "failed", "rejected"}


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_reseller_bills_the_task_and_nothing_else(dialect: Dialect, engine: Engine) -> None:
    for scenario in PROVIDER.scenarios(dialect.name):
        verdict = engine.evaluate(scenario.body, dialect=dialect.name, http_status=scenario.http_status)

        assert (verdict.bill.input, verdict.bill.text, verdict.bill.image) == ("na", "na", "na")


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_broken_connection_is_a_timeout(dialect: Dialect, engine: Engine) -> None:
    assert engine.evaluate(None, dialect=dialect.name, transport_error="ReadTimeout").outcome == "timeout"


def test_copies_of_the_same_tiles_are_not_added_up() -> None:
    assert addresses(["a", "b"], ["c", "d"]) == 2


def test_list_without_pictures_gives_way_to_the_next() -> None:
    assert addresses([None, ""], ["c"]) == 1


@pytest.mark.parametrize("written", ["", "{", "[1]", "{" * 2000, 7, None, ["x"]])
def test_what_is_no_written_object_is_empty(written: object) -> None:
    assert written_object(written) == {}
