"""Test that compiled conditions decide as the naive walk does, and that their tracebacks name the rule file."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from datetime import date
from decimal import Decimal, FloatOperation, localcontext
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from policyengine.facts import Facts
from policyengine.rules.compile import compiled, compiled_reader
from policyengine.rules.conditions import Condition, holds
from policyengine.rules.conditions import Test as Comparison
from policyengine.rules.fields import Field

if TYPE_CHECKING:
    from pathlib import Path

When = dict[str, object]
Whens = st.SearchStrategy[When]
Exchanges = st.SearchStrategy[tuple[Facts, str | None, str | None]]
Read = Callable[[When], Condition]

FACTS = Facts(provider="toy", dialect="toy-api", seller="toy-inc")


@given(data=st.data())
def test_compiled_condition_decides_as_the_naive_walk(
    data: st.DataObject, whens: Whens, exchanges: Exchanges, condition_of: Read
) -> None:
    condition = condition_of(data.draw(whens))
    match = compiled(condition, file="rules.toml", line=1)

    for facts, outcome, stage in data.draw(st.lists(exchanges, min_size=1, max_size=4)):
        assert match(facts, outcome, stage) is holds(condition, facts, outcome, stage)


@given(data=st.data())
def test_reader_returns_values_and_results_of_tests(
    data: st.DataObject, exchanges: Exchanges, condition_of: Read
) -> None:
    facts, outcome, stage = data.draw(exchanges)
    test = condition_of({"http_status": {"ge": 400}})
    assert isinstance(test, Comparison)

    read = compiled_reader([Field("outcome", "text"), Field("signal.hint", "text"), test])

    assert read(facts, outcome, stage) == (outcome, facts.signal.get("hint"), holds(test, facts))


@pytest.mark.parametrize(
    "when",
    [
        {"at": {"ge": date(2026, 1, 1), "lt": date(2027, 1, 1)}},
        {"at": [date(2026, 1, 1), date(2026, 1, 2)]},
        {"quoted": {"lt": Decimal("0.04")}},
        {"settled": [Decimal("0.04"), Decimal("0.05")]},
        {"elapsed_s": {"gt": Decimal("0.5")}},
    ],
    ids=["time", "times", "amount", "amounts", "number"],
)
def test_values_that_are_no_python_literals_compile(condition_of: Read, when: When) -> None:
    match = compiled(condition_of(when), file="rules.toml", line=1)

    assert match(FACTS, None, None) is False


def test_conditions_hold_in_any_decimal_context(condition_of: Read) -> None:
    match = compiled(condition_of({"elapsed_s": {"gt": Decimal("0.5")}}), file="rules.toml", line=1)

    with localcontext() as context:
        context.traps[FloatOperation] = True
        context.prec = 1

        assert match(msgspec.structs.replace(FACTS, elapsed_s=0.75), None, None) is True


WRONG: dict[str, tuple[When, dict[str, object], type[Exception]]] = {
    "text": ({"message": {"contains": "x"}}, {"message": 5}, AttributeError),
    "list": ({"category": {"contains": "x"}}, {"category": 5}, TypeError),
    "integer": ({"http_status": {"ge": 400}}, {"http_status": "503"}, TypeError),
    "amount": ({"settled": {"gt": Decimal("0.5")}}, {"settled": "1"}, TypeError),
    "time": ({"at": {"ge": date(2026, 1, 1)}}, {"at": "yesterday"}, TypeError),
    "any of several": ({"code": ["x", "y"]}, {"code": ["x"]}, TypeError),
    "signals": ({"signal": {"hint": {"ends_with": "x"}}}, {"signal": None}, AttributeError),
}


@pytest.mark.parametrize(("when", "told", "error"), WRONG.values(), ids=WRONG)
def test_traceback_of_a_fact_of_a_wrong_type_points_to_the_rule(
    condition_of: Read, when: When, told: dict[str, object], error: type[Exception]
) -> None:
    match = compiled(condition_of(when), file="/team/rules/classify/toy.toml", line=42)

    with pytest.raises(error) as caught:
        match(msgspec.structs.replace(FACTS, **told), None, None)

    frames = traceback.extract_tb(caught.value.__traceback__)
    assert ("/team/rules/classify/toy.toml", 42) in [(frame.filename, frame.lineno) for frame in frames]


def test_traceback_shows_the_line_of_the_rule_file(condition_of: Read, tmp_path: Path) -> None:
    file = tmp_path / "toy.toml"
    file.write_text('decision = "classify"\n\n[[rule]]  # the culprit\n', encoding="utf-8")
    match = compiled(condition_of({"message": {"contains": "x"}}), file=str(file), line=3)

    with pytest.raises(AttributeError) as caught:
        match(msgspec.structs.replace(FACTS, message=5), None, None)

    shown = "".join(traceback.format_exception(caught.value))
    assert f'File "{file}", line 3' in shown
    assert "[[rule]]  # the culprit" in shown


def test_compiled_functions_reach_no_builtins(condition_of: Read) -> None:
    match = compiled(condition_of({"quoted": {"gt": Decimal("0.5")}}), file="rules.toml", line=1)

    assert match.__globals__["__builtins__"] == {}
