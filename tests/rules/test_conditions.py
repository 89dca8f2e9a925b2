"""Test that conditions are read, checked and decided as documented."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from policyengine.facts import Facts
from policyengine.rules.conditions import All, Not, holds, parse_conditions, read
from policyengine.rules.conditions import Test as Comparison
from policyengine.rules.fields import Field, fact_fields, fields_for

FIELDS = {
    **fields_for("bill", ()),
    "signal.hint": Field("signal.hint", "text"),
    "signal.level": Field("signal.level", "integer"),
    "signal.sure": Field("signal.sure", "boolean"),
    "signal.tags": Field("signal.tags", "texts"),
}
FACTS = Facts(provider="toy", dialect="toy-api", seller="toy-inc")


def facts(**told: Any) -> Facts:  # noqa: ANN401
    return msgspec.structs.replace(FACTS, **told)


def decide(when: dict[str, object], told: Facts = FACTS, outcome: str | None = None, stage: str | None = None) -> bool:
    condition, faults = parse_conditions(when, FIELDS)
    assert faults == []
    return holds(condition, told, outcome, stage)


def faults_of(when: dict[str, object]) -> list[tuple[tuple[str | int, ...], str]]:
    return [(fault.path, fault.message) for fault in parse_conditions(when, FIELDS)[1]]


TRUE: list[tuple[dict[str, object], dict[str, Any]]] = [
    ({"finish_reason": "SAFETY"}, {"finish_reason": "SAFETY"}),
    ({"finish_reason": ["STOP", "SAFETY"]}, {"finish_reason": "SAFETY"}),
    ({"http_status": 429}, {"http_status": 429}),
    ({"http_status": [429, 503]}, {"http_status": 503}),
    ({"terminal": False}, {"terminal": False}),
    ({"category": "hate"}, {"category": ("violence", "hate")}),
    ({"category": ["x", "violence"]}, {"category": ("violence", "hate")}),
    ({"message": {"contains": "NOT BE charged"}}, {"message": "you will Not Be Charged"}),
    ({"message": {"contains": ["absent", "charged"]}}, {"message": "charged"}),
    ({"message": {"starts_with": "you"}}, {"message": "You"}),
    ({"message": {"ends_with": ["x", "OU"]}}, {"message": "you"}),
    ({"category": {"contains": "VIO"}}, {"category": ("hate", "violence")}),
    ({"category": {"starts_with": "h"}}, {"category": ("violence", "Hate")}),
    ({"category": {"ends_with": "e"}}, {"category": ("x", "hatE")}),
    ({"category": {"present": True}}, {"category": ("x",)}),
    ({"category": {"present": False}}, {}),
    ({"http_status": {"ge": 500, "lt": 600}}, {"http_status": 500}),
    ({"http_status": {"gt": [900, 400]}}, {"http_status": 500}),
    ({"http_status": {"le": 500}}, {"http_status": 500}),
    ({"elapsed_s": {"le": Decimal("0.1")}}, {"elapsed_s": 0.1}),
    ({"elapsed_s": 2}, {"elapsed_s": 2.0}),
    ({"quoted": Decimal("0.10")}, {"quoted": Decimal("0.1")}),
    ({"quoted": {"lt": 1}}, {"quoted": Decimal("0.999999999999999999999999999999999999")}),
    ({"at": {"ge": date(2026, 1, 1)}}, {"at": datetime(2026, 1, 1, tzinfo=UTC)}),
    ({"at": {"lt": date(2026, 1, 1)}}, {"at": datetime(2026, 1, 1, 1, tzinfo=timezone(timedelta(hours=2)))}),
    ({"http_status": {"present": False}}, {}),
    ({"http_status": {"not": 200}}, {"http_status": 500}),
    ({"http_status": {"not": 200}}, {}),
    ({"http_status": {"not": {"ge": 200, "lt": 300}}}, {"http_status": 500}),
    ({"not": {"http_status": 200}}, {}),
    ({"any": [{"http_status": 200}, {"code": "x"}]}, {"code": "x"}),
    ({"all": [{"http_status": 200}, {"code": "x"}]}, {"code": "x", "http_status": 200}),
    ({"signal": {"hint": "a", "level": {"gt": 1}}}, {"signal": {"hint": "a", "level": 2}}),
    ({"signal": {"sure": True}}, {"signal": {"sure": True}}),
    ({"signal": {"tags": "b"}}, {"signal": {"tags": ("a", "b")}}),
    ({"signal": {"tags": {"present": False}}}, {"signal": {"tags": ()}}),
    ({"account": {"mode": "per-call"}}, {"account": {"mode": "per-call"}}),
    ({"images_missing": {"gt": 0}}, {"images_requested": 2, "images_delivered": 1}),
    ({}, {}),
]


@pytest.mark.parametrize(("when", "told"), TRUE, ids=map(str, range(len(TRUE))))
def test_condition_holds(when: dict[str, object], told: dict[str, Any]) -> None:
    assert decide(when, facts(**told))


FALSE: list[tuple[dict[str, object], dict[str, Any]]] = [
    ({"finish_reason": "SAFETY"}, {}),
    ({"finish_reason": "SAFETY"}, {"finish_reason": "safety"}),
    ({"message": {"contains": "x"}}, {}),
    ({"message": {"contains": "istanbul"}}, {"message": "\u0130stanbul"}),
    ({"message": {"contains": "stra\u00dfe"}}, {"message": "STRASSE"}),
    ({"message": {"contains": "k"}}, {"message": "\u212a"}),
    ({"message": {"starts_with": "\u00e4"}}, {"message": "\u00c4"}),
    ({"http_status": {"gt": 200}}, {}),
    ({"http_status": {"gt": 200, "lt": 300}}, {"http_status": 200}),
    ({"category": {"not": {"present": True}}}, {"category": ("x",)}),
    ({"category": {"contains": "x"}}, {}),
    ({"signal": {"hint": "a"}}, {}),
    ({"account": {"mode": "per-call"}}, {}),
    ({"images_missing": 0}, {"images_requested": 2}),
    ({"any": [{"http_status": 200}, {"code": "x"}]}, {}),
    ({"not": {"not": {"http_status": 200}}}, {}),
]


@pytest.mark.parametrize(("when", "told"), FALSE, ids=map(str, range(len(FALSE))))
def test_condition_does_not_hold(when: dict[str, object], told: dict[str, Any]) -> None:
    assert not decide(when, facts(**told))


def test_lone_surrogates_are_compared_and_not_refused() -> None:
    assert decide({"message": {"contains": "b"}}, facts(message="a\ud800B"))


def test_outcome_and_stage_are_read_as_facts() -> None:
    assert decide({"outcome": "blocked", "stage": ["prompt", "output"]}, FACTS, "blocked", "output")
    assert not decide({"outcome": "blocked"}, FACTS, None, None)


@pytest.mark.parametrize("name", sorted(fact_fields()))
def test_every_absent_fact_is_false_and_its_negation_true(name: str) -> None:
    if read(name, FACTS) is None:
        group, _, key = name.partition(".")
        when: dict[str, object] = {group: {key: {"present": True}}} if key else {name: {"present": True}}

        assert not decide(when)
        assert decide({"not": when})


FAULTS: list[tuple[dict[str, object], tuple[str | int, ...], str]] = [
    ({"finish_raeson": "x"}, ("finish_raeson",), "'finish_raeson' is no fact; did you mean 'finish_reason'?"),
    ({"message": {"contain": "x"}}, ("message", "contain"), "did you mean 'contains'?"),
    ({"message": {"gt": "x"}}, ("message", "gt"), "operator 'gt' does not fit 'message', which is text"),
    ({"terminal": {"gt": 1}}, ("terminal", "gt"), "which is boolean"),
    ({"http_status": {"contains": "x"}}, ("http_status", "contains"), "which is integer"),
    ({"outcome": "blokced"}, ("outcome",), "'blokced' is no outcome; did you mean 'blocked'?"),
    ({"tier": ["standard", "btach"]}, ("tier", 1), "did you mean 'batch'?"),
    ({"http_status": "200"}, ("http_status",), "'http_status' takes an integer, not '200'"),
    ({"http_status": True}, ("http_status",), "takes an integer, not True"),
    ({"terminal": 1}, ("terminal",), "takes true or false, not 1"),
    ({"message": 5}, ("message",), "takes text, not 5"),
    ({"at": "2026-01-01"}, ("at",), "takes a date or a time"),
    ({"elapsed_s": {"gt": Decimal("NaN")}}, ("elapsed_s", "gt"), "takes a finite number"),
    ({"elapsed_s": {"gt": Decimal("1e999")}}, ("elapsed_s", "gt"), "takes a finite number"),
    ({"quoted": {"gt": Decimal("Infinity")}}, ("quoted", "gt"), "takes a finite number"),
    ({"http_status": []}, ("http_status",), "an empty list never matches"),
    ({"message": {"contains": ""}}, ("message", "contains"), "an empty text is part of every text"),
    ({"message": ""}, ("message",), "write present = false"),
    ({"message": {}}, ("message",), "give a value or an operator"),
    ({"message": {"present": "yes"}}, ("message", "present"), "'present' takes true or false"),
    ({"signal": {"hnit": "a"}}, ("signal", "hnit"), "did you mean 'signal.hint'?"),
    ({"signal": {}}, ("signal",), "states no condition"),
    ({"signal": "a"}, ("signal",), "'signal' is no fact"),
    ({"any": []}, ("any",), "at least one"),
    ({"any": {"code": "x"}}, ("any",), "takes a list of tables"),
    ({"any": [{"code": "x"}, {}]}, ("any", 1), "an empty table states no condition"),
    ({"not": {}}, ("not",), "an empty table states no condition"),
    ({"not": "x"}, ("not",), "'not' takes a table of conditions"),
]


@pytest.mark.parametrize(("when", "path", "message"), FAULTS, ids=map(str, range(len(FAULTS))))
def test_fault_is_named_with_its_path(when: dict[str, object], path: tuple[str | int, ...], message: str) -> None:
    found = faults_of(when)

    assert len(found) == 1
    assert found[0][0] == path
    assert message in found[0][1]


def test_every_fault_of_one_table_is_reported() -> None:
    found = faults_of({"finish_raeson": "x", "any": [{"outcome": "x"}, {"http_status": ["a", 1, "b"]}]})

    assert [path for path, _ in found] == [
        ("finish_raeson",),
        ("any", 0, "outcome"),
        ("any", 1, "http_status", 0),
        ("any", 1, "http_status", 2),
    ]


def test_conditions_that_nest_too_deep_are_refused() -> None:
    when: dict[str, object] = {"code": "x"}
    for _ in range(12):
        when = {"not": when}

    assert "may nest 8 deep" in faults_of(when)[0][1]


def test_negated_operators_that_nest_too_deep_are_refused() -> None:
    when: dict[str, object] = {"present": True}
    for _ in range(12):
        when = {"not": when}

    assert len(faults_of({"code": when})) == 1


def test_numbers_take_the_type_of_their_fact() -> None:
    seconds, _ = parse_conditions({"elapsed_s": {"gt": Decimal("0.5")}}, FIELDS)
    dollars, _ = parse_conditions({"quoted": {"gt": Decimal("0.5")}}, FIELDS)

    assert isinstance(seconds, Comparison)
    assert isinstance(dollars, Comparison)
    assert type(seconds.operands[0]) is float
    assert type(dollars.operands[0]) is Decimal


def test_present_false_is_the_negation_of_present() -> None:
    condition, _ = parse_conditions({"code": {"present": False}, "status": "x"}, FIELDS)

    assert isinstance(condition, All)
    assert condition.parts[0] == Not(Comparison(FIELDS["code"], "present", ()))
