"""What no contract of a single plugin says: no number is invented, and all dialects together decide anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from policyengine.engine import Engine
from policyengine.errors import DialectError
from policyengine.exchange import Exchange
from policyengine.plugins import load_plugins
from policyengine.provider import Claim, Dialect, Scenario
from policyengine.testing.answers import exchange_of, exchanges
from policyengine.testing.checks import translated
from policyengine.vocabulary import ACTIONS, BASES, BILL_VALUES, COMPONENTS, OUTCOMES, STAGES

if TYPE_CHECKING:
    from policyengine.verdict import Verdict

PLUGINS = load_plugins()
DIALECTS = sorted(PLUGINS.dialects.values(), key=lambda dialect: dialect.name)
SCENARIOS = {dialect.name: PLUGINS.providers[dialect.provider].scenarios(dialect.name) for dialect in DIALECTS}
QUANTITIES = ("input_tokens", "text_tokens", "image_tokens", "settled", "quoted", "retry_after_s")
COUNTED = ("image", "search_query")  # pieces that the answer lists

each_dialect = pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
each_scenario = pytest.mark.parametrize(
    ("dialect", "scenario"),
    [(dialect, scenario) for dialect in DIALECTS for scenario in SCENARIOS[dialect.name]],
    ids=lambda value: value.name,
)


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine.load()


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


def keys_in(value: object) -> set[str]:
    if isinstance(value, dict):
        return set(value).union(*map(keys_in, value.values()))
    return set().union(*map(keys_in, value)) if isinstance(value, list) else set()


def check_verdict(verdict: Verdict) -> None:
    assert verdict.outcome in OUTCOMES
    assert verdict.stage in STAGES
    assert verdict.route.action in ACTIONS
    assert {verdict.bill[component] for component in COMPONENTS} <= {*BILL_VALUES, "na"}
    assert set(verdict.bill.basis.values()) <= set(BASES)
    assert verdict.charge.low >= 0
    assert verdict.charge.high is None or verdict.charge.low <= verdict.charge.high
    assert not [warning for warning in verdict.warnings if warning.code == "plugin_failed"]


@each_scenario
def test_no_quantity_is_read_where_the_answer_has_no_number(dialect: Dialect, scenario: Scenario) -> None:
    facts, rows = dialect.normalize(Exchange(body=without_numbers(scenario.body)))

    told = [name for name in QUANTITIES if getattr(facts, name) is not None]
    assert (told, [row for row in rows if row.unit not in COUNTED]) == ([], [])


@each_dialect
def test_deep_nesting_is_translated(dialect: Dialect) -> None:
    deep: object = "x"
    for key in sorted(set().union(*(keys_in(one.body) for one in SCENARIOS[dialect.name]))) * 20:
        deep = {key: [deep]}

    translated(dialect, Exchange(body=deep))


@each_dialect
@given(data=st.data())
def test_the_engine_decides_whatever_comes(engine: Engine, dialect: Dialect, data: st.DataObject) -> None:
    exchange = data.draw(exchanges(SCENARIOS[dialect.name]))

    check_verdict(engine.evaluate(msgspec.structs.replace(exchange, dialect=dialect.name)))
    try:
        verdict = engine.evaluate(exchange)
    except DialectError as error:
        assert len(error.candidates) > 1  # noqa: PT017  a tie is the one thing that the engine may refuse
    else:
        check_verdict(verdict)


@each_scenario
def test_no_two_dialects_are_sure_of_a_scenario(engine: Engine, dialect: Dialect, scenario: Scenario) -> None:
    found = engine.dialect_of(Exchange(body=scenario.body, http_status=scenario.http_status, headers=scenario.headers))

    # What others may have written as well is theirs, nobody's, or told apart by its address.
    unaddressed = msgspec.structs.replace(exchange_of(scenario, dialect.provider), url=None)
    assert found.name == dialect.name or dialect.recognizes(unaddressed) is not Claim.CERTAIN
