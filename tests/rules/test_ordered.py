"""Test that the first rule that matches decides, however many rules there are and however they are found."""

from __future__ import annotations

import pickle
import traceback
from datetime import date
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policyengine.facts import Facts
from policyengine.rules.conditions import holds, parse_conditions
from policyengine.rules.fields import Field, fields_for
from policyengine.rules.model import BillEffect, ClassifyEffect, Rule
from policyengine.rules.ordered import BoundRule, OrderedRules, Place
from policyengine.vocabulary import OUTCOMES, PARTS

if TYPE_CHECKING:
    from collections.abc import Sequence

FIELDS = {**fields_for("bill", ()), "signal.hint": Field("signal.hint", "text")}
FACTS = Facts(provider="toy", dialect="toy-api", seller="toy-inc")
WORDS = ("a", "b", "c", "d")
POOLS: dict[str, Sequence[Any]] = {
    "finish_reason": WORDS,
    "code": WORDS,
    "param": WORDS,
    "message": WORDS,
    "model": WORDS,
    "http_status": (200, 400, 429, 500),
    "images_requested": (1, 2, 3, 4),
    "terminal": (True, False),
    "attempt": (1, 2, 3),
}


def classify_rule(index: int, when: dict[str, object]) -> BoundRule:
    effect = ClassifyEffect(outcome=OUTCOMES[index % len(OUTCOMES)], stage="unknown")
    return bound("classify", f"toy.{index}", effect, when)


def bill_rule(index: int, when: dict[str, object], parts: Sequence[str]) -> BoundRule:
    effect = msgspec.convert(dict.fromkeys(parts, "unknown"), BillEffect)
    return bound("bill", f"toy.{index}", effect, when)


def bound(decision: Any, name: str, effect: Any, when: dict[str, object]) -> BoundRule:  # noqa: ANN401
    condition, faults = parse_conditions(when, FIELDS)
    assert faults == []
    return BoundRule(decision, Rule(id=name, title=name, then=effect), condition, Place("toy.toml", "/toy.toml", 1))


def comparisons_on(name: str) -> st.SearchStrategy[dict[str, object]]:
    pool = POOLS[name]
    one = st.sampled_from(pool)
    choices: st.SearchStrategy[object] = one | st.lists(one, min_size=1, max_size=3)
    choices |= st.fixed_dictionaries({"present": st.booleans()}) | st.fixed_dictionaries({"not": one})
    if isinstance(pool[0], int) and not isinstance(pool[0], bool):
        choices |= st.fixed_dictionaries({"ge": one})
    if isinstance(pool[0], str):
        choices |= st.fixed_dictionaries({"contains": one})
    return choices.map(lambda value: {name: value})


def conditions() -> st.SearchStrategy[dict[str, object]]:
    single = st.sampled_from(sorted(POOLS)).flatmap(comparisons_on)
    outcome: st.SearchStrategy[dict[str, object]] = st.sampled_from(OUTCOMES[:3]).map(lambda one: {"outcome": one})
    joint: st.SearchStrategy[dict[str, object]] = st.lists(single | outcome, min_size=1, max_size=3).map(
        lambda parts: {key: value for part in parts for key, value in part.items()}
    )
    either: st.SearchStrategy[dict[str, object]] = st.lists(joint, min_size=1, max_size=3).map(
        lambda parts: {"any": parts}
    )
    return joint | either | st.just({})


def equalities(name: str) -> st.SearchStrategy[dict[str, object]]:
    """Conditions on one fact, and on it alone, so that many rules are split by it."""
    one = st.sampled_from(POOLS[name])
    return st.tuples(one, conditions()).map(lambda pair: {**pair[1], name: pair[0]})


def rule_lists() -> st.SearchStrategy[list[dict[str, object]]]:
    few = st.lists(conditions(), max_size=12)
    many = st.sampled_from(sorted(set(POOLS) - {"terminal"})).flatmap(
        lambda name: st.lists(equalities(name), min_size=66, max_size=80)
    )
    return few | many


def some_facts() -> st.SearchStrategy[Facts]:
    told = {name: st.sampled_from(pool) for name, pool in POOLS.items()}
    return st.fixed_dictionaries({}, optional=told).map(lambda known: msgspec.structs.replace(FACTS, **known))


OUTCOME = st.none() | st.sampled_from(OUTCOMES[:4])


@settings(deadline=None)
@given(whens=rule_lists(), exchanges=st.lists(st.tuples(some_facts(), OUTCOME), min_size=1, max_size=8))
def test_first_is_the_first_that_holds(
    whens: list[dict[str, object]], exchanges: list[tuple[Facts, str | None]]
) -> None:
    rules = [classify_rule(index, when) for index, when in enumerate(whens)]

    ordered = OrderedRules(rules)

    for facts, outcome in exchanges:
        wanted = next((rule for rule in rules if holds(rule.condition, facts, outcome, None)), None)
        assert ordered.first(facts, outcome, None) is wanted


@settings(deadline=None)
@given(
    whens=st.lists(
        st.tuples(conditions(), st.lists(st.sampled_from(PARTS), unique=True, max_size=len(PARTS))), max_size=20
    ),
    exchanges=st.lists(st.tuples(some_facts(), st.sampled_from(OUTCOMES[:4])), min_size=1, max_size=6),
)
def test_each_part_of_a_bill_is_decided_by_the_first_rule_that_names_it(
    whens: list[tuple[dict[str, object], list[str]]], exchanges: list[tuple[Facts, str]]
) -> None:
    rules = [bill_rule(index, when, parts) for index, (when, parts) in enumerate(whens)]

    ordered = OrderedRules(rules)

    for facts, outcome in exchanges:
        matching = [rule for rule in rules if holds(rule.condition, facts, outcome, "none")]
        wanted = tuple(
            next((rule for rule in matching if getattr(rule.rule.then, part) is not None), None) for part in PARTS
        )
        assert ordered.per_component(facts, outcome, "none") == wanted


@pytest.mark.parametrize("name", ["param", "message", "request_id", "images_requested", "model", "finish_reason"])
def test_many_rules_on_one_fact_are_told_apart_one_exchange_after_another(name: str) -> None:
    values: list[Any] = list(range(200)) if name == "images_requested" else [f"value-{index}" for index in range(200)]
    rules = [classify_rule(index, {name: value}) for index, value in enumerate(values)]

    ordered = OrderedRules(rules)

    found = [ordered.first(msgspec.structs.replace(FACTS, **{name: value})) for value in values]
    assert found == rules
    assert ordered.first(FACTS) is None


def test_a_rule_without_conditions_decides_what_is_left() -> None:
    rules = [classify_rule(0, {"code": "a"}), classify_rule(1, {}), classify_rule(2, {"code": "b"})]

    ordered = OrderedRules(rules)

    assert ordered.first(msgspec.structs.replace(FACTS, code="b")) is rules[1]


def test_no_rules_decide_nothing() -> None:
    assert OrderedRules([]).first(FACTS) is None
    assert OrderedRules([]).per_component(FACTS, "blocked", "output") == (None,) * len(PARTS)


def test_a_value_listed_twice_changes_nothing() -> None:
    rules = [classify_rule(index, {"code": ["a", "a"]}) for index in range(70)]

    assert OrderedRules(rules).first(msgspec.structs.replace(FACTS, code="a")) is rules[0]


def test_ordered_rules_pickle_and_decide_alike() -> None:
    rules = [classify_rule(index, {"code": word}) for index, word in enumerate(WORDS)]
    ordered = OrderedRules(rules)
    facts = msgspec.structs.replace(FACTS, code="c")
    ordered.first(facts)

    again = pickle.loads(pickle.dumps(ordered))  # noqa: S301  our own bytes

    found = again.first(facts)
    assert found is not None
    assert found.rule.id == "toy.2"


def test_step_of_a_rule_names_its_place() -> None:
    step = classify_rule(3, {}).step

    assert (step.decision, step.rule, step.file, step.line) == ("classify", "toy.3", "toy.toml", 1)


WRONG: dict[str, tuple[dict[str, object], dict[str, object], type[Exception]]] = {
    "number in the key": ({"images_delivered": {"gt": 0}}, {"images_delivered": "one"}, TypeError),
    "time in the key": ({"at": {"ge": date(2026, 1, 1)}}, {"at": "yesterday"}, TypeError),
    "value in the key": ({"code": ["a", "b"]}, {"code": ["a"]}, TypeError),
    "text": ({"message": {"contains": "a"}}, {"message": 5}, AttributeError),
    "list": ({"category": {"contains": "a"}}, {"category": 5}, TypeError),
}


@pytest.mark.parametrize(("when", "told", "error"), WRONG.values(), ids=WRONG)
def test_traceback_of_a_fact_of_a_wrong_type_names_the_rule(
    when: dict[str, object], told: dict[str, object], error: type[Exception]
) -> None:
    condition, _ = parse_conditions(when, FIELDS)
    effect = ClassifyEffect(outcome="failed", stage="unknown")
    rule: Rule[Any] = Rule(id="toy.culprit", title="Culprit", then=effect)
    culprit = BoundRule("classify", rule, condition, Place("toy.toml", "/team/toy.toml", 17))
    ordered = OrderedRules([classify_rule(0, {"finish_reason": "x"}), culprit])
    facts = msgspec.structs.replace(FACTS, **told)

    for decide in (ordered.first, ordered.per_component):
        with pytest.raises(error) as caught:
            decide(facts, "failed", "unknown")

        frames = traceback.extract_tb(caught.value.__traceback__)
        assert ("/team/toy.toml", 17) in [(frame.filename, frame.lineno) for frame in frames]
