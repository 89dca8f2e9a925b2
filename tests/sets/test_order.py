"""Test that set analysis of ordered rules says what trying every case says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from policyengine.rules.conditions import holds
from policyengine.rules.model import BillEffect, ClassifyEffect
from policyengine.sets.order import difference, place
from policyengine.sets.region import Budget, boxes_of, uncovered
from policyengine.sets.witness import witness_of
from policyengine.vocabulary import COMPONENTS, OUTCOMES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import SimpleNamespace

    from policyengine.rules.ordered import BoundRule

MOST = 5_000
PAIRS = (("code", "http_status"), ("message", "terminal"), ("settled", "signal.level"), ("category", "at"), ("tier",))
VALUES = ("charged", "free")


def first(rules: Sequence[BoundRule], case: Any) -> BoundRule | None:  # noqa: ANN401
    return next((one for one in rules if holds(one.condition, *case)), None)


@settings(deadline=None, max_examples=300)
@given(data=st.data(), names=st.sampled_from(PAIRS))
def test_what_earlier_rules_leave_is_what_no_case_contradicts(
    data: st.DataObject, names: tuple[str, ...], toys: SimpleNamespace
) -> None:
    rules = [
        toys.rule(f"toy.{index}", when) for index, when in enumerate(data.draw(st.lists(toys.whens(names), max_size=4)))
    ]
    last = toys.rule("toy.last", data.draw(toys.whens(names)))
    covers = [box for one in rules for box in boxes_of(one.condition, toys.space, Budget(MOST))]

    left = [
        part
        for box in boxes_of(last.condition, toys.space, Budget(MOST))
        for part in uncovered(box, covers, toys.space, Budget(MOST))
    ]

    reached = [case for case in toys.cases(names) if first([*rules, last], case) is last]
    assert left or not reached
    for box in left:
        witness = witness_of(box, toys.space)
        assert witness is not None
        assert first([*rules, last], (witness.facts, witness.outcome, witness.stage)) is last


@settings(deadline=None, max_examples=200)
@given(data=st.data(), names=st.sampled_from(PAIRS))
def test_lists_differ_where_some_case_is_decided_differently(
    data: st.DataObject, names: tuple[str, ...], toys: SimpleNamespace
) -> None:
    tables = data.draw(st.lists(toys.whens(names), max_size=4))
    effects = [ClassifyEffect(outcome=outcome, stage="unknown") for outcome in OUTCOMES[:2]]
    old = [toys.rule(f"toy.{index}", when, effects[index % 2]) for index, when in enumerate(tables)]
    new = data.draw(st.permutations(old)) if data.draw(st.booleans()) else old[1:]
    if data.draw(st.booleans()):
        new = [*new, toys.rule("toy.new", data.draw(toys.whens(names)), data.draw(st.sampled_from(effects)))]

    found = difference(old, new, toys.space, most=MOST)

    def then(rules: Sequence[BoundRule], case: Any) -> object:  # noqa: ANN401
        one = first(rules, case)
        return one and one.rule.then

    assert found.is_complete
    differing = [case for case in toys.cases(names) if then(old, case) != then(new, case)]
    assert found.answer == "different" or not differing
    for one in found.found:
        case = (one.witness.facts, one.witness.outcome, one.witness.stage)
        assert then(old, case) != then(new, case)
        assert (one.old, one.new) == (first(old, case), first(new, case))


@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_bills_differ_component_by_component(data: st.DataObject, toys: SimpleNamespace) -> None:
    names = ("http_status", "terminal")
    lists = st.lists(st.sampled_from(COMPONENTS), min_size=1, max_size=2, unique=True)
    drawn = data.draw(st.lists(st.tuples(toys.whens(names), lists, st.sampled_from(VALUES)), max_size=4))
    old = [
        toys.rule(f"toy.{index}", when, BillEffect(**dict.fromkeys(components, value)))  # type: ignore[arg-type]
        for index, (when, components, value) in enumerate(drawn)
    ]
    new = data.draw(st.permutations(old))

    found = difference(old, new, toys.space, most=MOST)

    def value(rules: Sequence[BoundRule], case: Any, component: str) -> object:  # noqa: ANN401
        one = first([each for each in rules if getattr(each.rule.then, component) is not None], case)
        return one and getattr(one.rule.then, component)

    differing = {
        component
        for case in toys.cases(names)
        for component in COMPONENTS
        if value(old, case, component) != value(new, case, component)
    }
    assert {one.component for one in found.found} == differing


def test_the_answer_is_open_when_the_work_passes_its_bound(toys: SimpleNamespace) -> None:
    effects = [ClassifyEffect(outcome=outcome, stage="unknown") for outcome in OUTCOMES[:2]]
    old = [toys.rule("toy.0", {"code": "a", "http_status": 200, "terminal": True}, effects[0])]
    new = [toys.rule("toy.0", {"code": "a", "http_status": 200, "terminal": True}, effects[1])]

    assert difference(old, new, toys.space, most=0).answer == "not decided"
    assert difference(old, new, toys.space).answer == "different"


def test_a_region_that_takes_too_many_boxes_is_left_open(toys: SimpleNamespace) -> None:
    wide = {"all": [{"any": [{"code": "a"}, {"http_status": 200}]}, {"any": [{"terminal": True}, {"tier": "flex"}]}]}

    assert [one.region for one in place([toys.rule("toy.0", wide)], toys.space, most=2)] == [None]
