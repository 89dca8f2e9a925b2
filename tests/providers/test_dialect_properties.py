"""No JSON of any shape makes a dialect raise, and none reads what the answer does not hold.

Bodies are made for every registered dialect: of its own keys and words at random, and of its
scenarios with a part exchanged, dropped or turned into another type. A new dialect is tested
without a line here.
"""

from __future__ import annotations

import copy
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policyengine.engine import Engine
from policyengine.errors import DialectError
from policyengine.exchange import Exchange
from policyengine.facts import Facts
from policyengine.plugins import load_plugins
from policyengine.provider import Claim, Dialect, Scenario
from policyengine.vocabulary import ACTIONS, BASES, BILL_VALUES, COMPONENTS, OUTCOMES, STAGES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policyengine.verdict import Verdict

    Path = tuple[str | int, ...]

PLUGINS = load_plugins()
DIALECTS = sorted(PLUGINS.dialects.values(), key=lambda dialect: dialect.name)
SCENARIOS = {dialect.name: PLUGINS.providers[dialect.provider].scenarios(dialect.name) for dialect in DIALECTS}
TOKEN_FACTS = {"input": "input_tokens", "text": "text_tokens", "image": "image_tokens"}
QUANTITIES = (*TOKEN_FACTS.values(), "settled", "quoted", "retry_after_s")
COUNTED = ("image", "search_query")  # pieces that the answer lists
# What an empty answer still tells: whom it concerns, that it holds no image, and that a batch is one.
KNOWN_OF_NOTHING = {"provider", "dialect", "seller", "attempt", "images_delivered", "terminal", "tier"}
NUMBERS = st.integers(-(2**70), 2**70) | st.floats() | st.sampled_from([0, 1, 2, 200, 429, 1.5, "100", "0.04"])
STATUSES = st.sampled_from([None, 200, 202, 400, 403, 404, 429, 500, 504])

each_dialect = pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
each_scenario = pytest.mark.parametrize(
    ("dialect", "scenario"),
    [(dialect, scenario) for dialect in DIALECTS for scenario in SCENARIOS[dialect.name]],
    ids=lambda value: value.name,
)


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine.load()


def parts(value: object, path: Path = ()) -> Iterator[tuple[Path, object]]:
    """Yield every part of a body with its place."""
    yield path, value
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from parts(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from parts(inner, (*path, index))


def place_in(body: object, path: Path) -> Any:  # noqa: ANN401  a list or an object, as the body has it
    here: Any = body
    for step in path:
        here = here[step]
    return here


def exchanged(body: object, path: Path, value: object) -> object:
    """Return *body* with another *value* at *path*."""
    if not path:
        return value
    changed = copy.deepcopy(body)
    place_in(changed, path[:-1])[path[-1]] = value
    return changed


def dropped(body: object, path: Path) -> object:
    """Return *body* without what stands at *path*."""
    if not path:
        return None
    changed = copy.deepcopy(body)
    del place_in(changed, path[:-1])[path[-1]]
    return changed


def without_numbers(value: object) -> object:
    """Return *value* with every number left out, those written as text included."""
    if isinstance(value, dict):
        return {key: without_numbers(inner) for key, inner in value.items() if not is_number(inner)}
    if isinstance(value, list):
        return [without_numbers(inner) for inner in value if not is_number(inner)]
    return value


def is_number(value: object) -> bool:
    if isinstance(value, str):
        return any(letter.isdecimal() for letter in value)
    return isinstance(value, int | float) and not isinstance(value, bool)


@cache
def json_of(dialect: Dialect) -> st.SearchStrategy[object]:
    """Return a strategy of JSON made of the keys and words that *dialect* knows."""
    found = [part for scenario in SCENARIOS[dialect.name] for part in parts(scenario.body)]
    keys = {path[-1] for path, _ in found if path and isinstance(path[-1], str)} | dialect.keys
    words = {value for _, value in found if isinstance(value, str)}.union(*dialect.vocabulary.values())
    names = st.sampled_from(sorted(map(str, keys)) or ["error"]) | st.text(max_size=6)
    texts = st.sampled_from(sorted(words) or [""]) | st.text(max_size=12)
    return st.recursive(
        st.none() | st.booleans() | NUMBERS | texts,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=6),
        max_leaves=20,
    )


def exchange_of(scenario: Scenario, body: object, **changes: object) -> Exchange:
    told: dict[str, Any] = {"http_status": scenario.http_status, "url": scenario.url, "request": scenario.request}
    return Exchange(body=body, **{**told, **changes})


def check(dialect: Dialect, exchange: Exchange) -> None:
    """Hold what is true of every dialect and every exchange."""
    assert dialect.recognizes(exchange) in Claim
    assert dialect.split(exchange.body)
    facts, rows = dialect.normalize(exchange)
    assert facts.dialect == dialect.name
    assert all(row.component in COMPONENTS and row.quantity >= 0 for row in rows)
    for component, fact in TOKEN_FACTS.items():
        counted = [row.quantity for row in rows if row.component == component and "token" in row.unit]
        assert sum(counted) == (getattr(facts, fact) or 0)
    images = [row.quantity for row in rows if (row.component, row.unit) == ("image", "image")]
    assert not images or sum(images) == facts.images_delivered
    counts = (facts.images_requested, facts.images_delivered, facts.images_withheld, facts.settled, facts.quoted)
    assert all(count is None or count >= 0 for count in counts)
    assert facts.at is None or facts.at.tzinfo is not None
    assert set(facts.signal) <= set(dialect.signals)


def check_verdict(verdict: Verdict) -> None:
    assert verdict.outcome in OUTCOMES
    assert verdict.stage in STAGES
    assert verdict.route.action in ACTIONS
    assert {verdict.bill[component] for component in COMPONENTS} <= {*BILL_VALUES, "na"}
    assert set(verdict.bill.basis.values()) <= set(BASES)
    assert verdict.charge.low >= 0
    assert verdict.charge.high is None or verdict.charge.low <= verdict.charge.high
    assert not [warning for warning in verdict.warnings if warning.code == "plugin_failed"]


@each_dialect
@given(data=st.data())
def test_any_json_is_translated(dialect: Dialect, data: st.DataObject) -> None:
    request = data.draw(json_of(dialect))

    check(
        dialect,
        Exchange(
            body=data.draw(json_of(dialect)),
            request=request if isinstance(request, dict) else {},
            http_status=data.draw(STATUSES),
        ),
    )


@each_dialect
@given(data=st.data())
def test_a_scenario_with_any_part_exchanged_is_translated(dialect: Dialect, data: st.DataObject) -> None:
    scenario = data.draw(st.sampled_from(SCENARIOS[dialect.name]))
    path, _ = data.draw(st.sampled_from(list(parts(scenario.body))))
    value = data.draw(json_of(dialect))
    asked = dict.fromkeys(scenario.request, value)

    check(dialect, exchange_of(scenario, exchanged(scenario.body, path, value)))
    check(dialect, exchange_of(scenario, scenario.body, request=asked))


@each_scenario
def test_a_scenario_without_any_of_its_parts_is_translated(dialect: Dialect, scenario: Scenario) -> None:
    for path, _ in parts(scenario.body):
        check(dialect, exchange_of(scenario, dropped(scenario.body, path)))


@each_scenario
def test_a_scenario_of_other_types_is_translated(dialect: Dialect, scenario: Scenario) -> None:
    for path, value in parts(scenario.body):
        for other in (None, True, 0, -1, 2**80, 0.5, float("nan"), "", str(value), [value], {"value": value}, [], {}):
            check(dialect, exchange_of(scenario, exchanged(scenario.body, path, other)))


@each_scenario
def test_no_quantity_is_read_where_the_answer_has_no_number(dialect: Dialect, scenario: Scenario) -> None:
    facts, rows = dialect.normalize(Exchange(body=without_numbers(scenario.body)))

    told = [name for name in QUANTITIES if getattr(facts, name) is not None]
    assert (told, [row for row in rows if row.unit not in COUNTED]) == ([], [])


@each_dialect
def test_an_empty_answer_tells_nothing(dialect: Dialect) -> None:
    facts, rows = dialect.normalize(Exchange(body={}))

    nothing = Facts(provider=dialect.provider, dialect=dialect.name, seller=dialect.seller)
    differing = {name for name in Facts.__struct_fields__ if getattr(facts, name) != getattr(nothing, name)}
    assert rows == ()
    assert differing - KNOWN_OF_NOTHING == set()
    assert not facts.images_delivered


@each_dialect
def test_deep_nesting_is_translated(dialect: Dialect) -> None:
    keys = sorted({path[-1] for one in SCENARIOS[dialect.name] for path, _ in parts(one.body) if path}, key=str)
    deep: object = "x"
    for key in [str(key) for key in keys] * 20:
        deep = {key: [deep]}

    check(dialect, Exchange(body=deep))


@each_dialect
@given(data=st.data())
def test_the_engine_decides_whatever_comes(engine: Engine, dialect: Dialect, data: st.DataObject) -> None:
    scenario = data.draw(st.sampled_from(SCENARIOS[dialect.name]))
    path, _ = data.draw(st.sampled_from(list(parts(scenario.body))))
    body = exchanged(scenario.body, path, data.draw(json_of(dialect)))
    context: dict[str, Any] = {"http_status": data.draw(STATUSES), "url": scenario.url}

    check_verdict(engine.evaluate(Exchange(body=body, dialect=dialect.name, **context)))
    try:
        verdict = engine.evaluate(Exchange(body=body, **context))
    except DialectError as error:
        assert len(error.candidates) > 1  # noqa: PT017  a tie is the one thing that the engine may refuse
    else:
        check_verdict(verdict)


@each_scenario
def test_no_two_dialects_are_sure_of_a_scenario(engine: Engine, dialect: Dialect, scenario: Scenario) -> None:
    found = engine.dialect_of(Exchange(body=scenario.body, http_status=scenario.http_status, headers=scenario.headers))

    # What others may have written as well is theirs, nobody's, or told apart by its address.
    sure = dialect.recognizes(exchange_of(scenario, scenario.body, url=None)) is Claim.CERTAIN
    assert found.name == dialect.name or not sure


@each_scenario
def test_words_of_the_scenarios_are_in_the_vocabulary(dialect: Dialect, scenario: Scenario) -> None:
    facts, _ = dialect.normalize(exchange_of(scenario, scenario.body))

    for fact, known in dialect.vocabulary.items():
        assert getattr(facts, fact) is None or getattr(facts, fact) in known
