"""Test that many rules are split by what they compare, and that no rule that may match is left out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policyengine.facts import Facts
from policyengine.rules.conditions import Condition, holds
from policyengine.rules.model import ClassifyEffect, Rule
from policyengine.rules.narrow import key_of
from policyengine.rules.ordered import BoundRule, OrderedRules, Place
from policyengine.rules.prefilter import Prefilter

When = dict[str, object]
Whens = st.SearchStrategy[When]
Exchanges = st.SearchStrategy[tuple[Facts, str | None, str | None]]
Read = Callable[[When], Condition]

FACTS = Facts(provider="toy", dialect="toy-api", seller="toy-inc")
EFFECT = ClassifyEffect(outcome="failed", stage="unknown")
MANY = 65  # one more than are left unsplit


def facts(**told: Any) -> Facts:  # noqa: ANN401
    return msgspec.structs.replace(FACTS, **told)


def rules_of(conditions: list[Condition]) -> list[BoundRule]:
    place = Place("toy.toml", "/toy.toml", 1)
    return [
        BoundRule("classify", Rule(id=f"toy.{index}", title="toy", then=EFFECT), condition, place)
        for index, condition in enumerate(conditions)
    ]


def numbers(found: tuple[BoundRule, ...]) -> list[int]:
    return [int(one.rule.id.removeprefix("toy.")) for one in found]


@settings(deadline=None)
@given(data=st.data())
def test_every_rule_that_holds_is_a_candidate_in_its_order(
    data: st.DataObject, whens: Whens, exchanges: Exchanges, condition_of: Read
) -> None:
    some = [condition_of(when) for when in data.draw(st.lists(whens, min_size=1, max_size=5))]
    conditions = data.draw(st.lists(st.sampled_from(some), min_size=MANY, max_size=80))
    rules = rules_of(conditions)
    split = Prefilter(rules, key_of(conditions).values)

    for exchange in data.draw(st.lists(exchanges, min_size=1, max_size=4)):
        found = numbers(split.candidates(*exchange))
        matching = [index for index, condition in enumerate(conditions) if holds(condition, *exchange)]
        assert found == sorted(found)
        assert set(matching) <= set(found)


@settings(deadline=None)
@given(data=st.data())
def test_first_of_many_rules_of_any_kind_is_the_first_that_holds(
    data: st.DataObject, whens: Whens, exchanges: Exchanges, condition_of: Read
) -> None:
    some = [condition_of(when) for when in data.draw(st.lists(whens, min_size=1, max_size=6))]
    conditions = data.draw(st.lists(st.sampled_from(some), max_size=80))
    rules = rules_of(conditions)
    ordered = OrderedRules(rules)

    for exchange in data.draw(st.lists(exchanges, min_size=1, max_size=5)):
        wanted = next((rule for rule in rules if holds(rule.condition, *exchange)), None)
        assert ordered.first(*exchange) is wanted


def test_few_rules_are_not_split(condition_of: Read) -> None:
    conditions = [condition_of({"code": f"code-{index}"}) for index in range(MANY - 1)]

    split = Prefilter(rules_of(conditions), key_of(conditions).values)

    assert len(split.candidates(facts(code="code-3"), None, None)) == MANY - 1


def test_many_rules_are_split_by_the_fact_most_of_them_compare(condition_of: Read) -> None:
    conditions = [condition_of({"code": f"code-{index}", "status": "x"}) for index in range(MANY)]
    conditions += [condition_of({"code": "code-3"}), condition_of({"terminal": True}), condition_of({})]

    split = Prefilter(rules_of(conditions), key_of(conditions).values)

    assert numbers(split.candidates(facts(code="code-3"), None, None)) == [3, 65, 66, 67]
    assert numbers(split.candidates(facts(code="else"), None, None)) == [66, 67]
    assert numbers(split.candidates(FACTS, None, None)) == [66, 67]


@pytest.mark.parametrize(
    "when",
    [
        {"any": [{"code": "a"}, {"status": "b"}]},
        {"not": {"code": "a"}},
        {"code": {"not": "a"}},
        {"code": {"present": False}},
        {"code": {"contains": "a"}},
    ],
    ids=str,
)
def test_a_rule_that_does_not_need_a_value_is_always_a_candidate(condition_of: Read, when: When) -> None:
    conditions = [*(condition_of({"code": f"code-{index}"}) for index in range(MANY)), condition_of(when)]

    split = Prefilter(rules_of(conditions), key_of(conditions).values)

    for told in (FACTS, facts(code="code-1"), facts(code="b")):
        assert numbers(split.candidates(told, None, None))[-1] == MANY


def test_rules_that_compare_nothing_are_not_split(condition_of: Read) -> None:
    conditions = [condition_of({"elapsed_s": {"gt": index}}) for index in range(MANY)]

    split = Prefilter(rules_of(conditions), key_of(conditions).values)

    assert len(split.candidates(facts(elapsed_s=1.0), None, None)) == MANY


def test_outcome_splits_as_a_fact_does(condition_of: Read) -> None:
    conditions = [condition_of({"outcome": "blocked"})] * MANY + [condition_of({"outcome": "failed"})]

    split = Prefilter(rules_of(conditions), key_of(conditions).values)

    assert numbers(split.candidates(FACTS, "failed", None)) == [MANY]
    assert split.candidates(FACTS, None, None) == ()
