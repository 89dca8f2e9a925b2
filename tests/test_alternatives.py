"""Test how bills for every value of an open fact become one: what differs is conditional, the charge is the hull."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from policyengine.alternatives import Decided, each, hull, joined, open_facts, with_facts
from policyengine.facts import Facts
from policyengine.verdict import Alternative, Bill, Charge, ChargeLine, Step
from policyengine.vocabulary import COMPONENTS, BillValue

FACTS = Facts(provider="toy", dialect="toy-api", seller="toy-inc", mode="fast", account={"plan": "pro"})


def bill(**told: Any) -> Bill:  # noqa: ANN401
    whole: dict[str, Any] = {**dict.fromkeys(map(str, COMPONENTS), "na"), **told}
    return msgspec.convert(whole, Bill)


def charge(low: str, high: str | None) -> Charge:
    ends = Decimal(low), None if high is None else Decimal(high)
    line = ChargeLine(component="image", value="charged", unit="image", low=ends[0], high=ends[1])
    return Charge(low=ends[0], high=ends[1], lines=(line,))


def decided(one: Bill, cost: Charge | None = None, *steps: Step) -> Decided:
    return Decided(bill=one, steps=steps, charge=cost or charge("0", "0"))


@pytest.mark.parametrize(
    ("alternatives", "unknown"),
    [
        ({}, {}),
        ({"account.mode": ("a", "b")}, {"account.mode": ("a", "b")}),
        ({"account.plan": ("basic", "pro")}, {}),
        ({"mode": ("fast", "relax"), "tier": ("batch",)}, {"tier": ("batch",)}),
    ],
)
def test_only_what_the_facts_do_not_tell_is_open(
    alternatives: dict[str, tuple[str, ...]], unknown: dict[str, tuple[str, ...]]
) -> None:
    assert open_facts(FACTS, alternatives) == unknown


@pytest.mark.parametrize(
    ("unknown", "given"),
    [
        ({}, [{}]),
        ({"tier": ("batch", "flex")}, [{"tier": "batch"}, {"tier": "flex"}]),
        (
            {"a": ("1", "2"), "b": ("3", "4")},
            [{"a": "1", "b": "3"}, {"a": "1", "b": "4"}, {"a": "2", "b": "3"}, {"a": "2", "b": "4"}],
        ),
    ],
)
def test_every_combination_is_given_once(unknown: dict[str, tuple[str, ...]], given: list[dict[str, str]]) -> None:
    assert list(each(unknown)) == given


def test_a_value_is_given_beside_what_the_account_tells() -> None:
    found = with_facts(FACTS, {"account.mode": "per-call", "tier": "batch"})

    assert (found.account, found.tier, found.mode) == ({"plan": "pro", "mode": "per-call"}, "batch", "fast")
    assert FACTS.account == {"plan": "pro"}


@pytest.mark.parametrize(
    ("values", "joint"),
    [
        (("charged", "charged"), "charged"),
        (("charged", "free"), "conditional"),
        (("charged", "na"), "conditional"),
        (("charged", "unknown"), "conditional"),
        (("credited", "free"), "conditional"),
        (("free", "na"), "free"),
        (("free", "unknown"), "unknown"),
        (("na", "unknown"), "unknown"),
        (("na", "na"), "na"),
        (("conditional", "conditional"), "conditional"),
    ],
)
def test_a_component_is_conditional_where_the_alternatives_may_cost_differently(
    values: tuple[str, str], joint: str
) -> None:
    sides = [({"mode": str(index)}, decided(bill(image=value))) for index, value in enumerate(values)]

    assert joined({"mode": ("0", "1")}, sides).bill.image == joint


@pytest.mark.parametrize(
    ("sides", "joint"),
    [
        (({"filter": "adjustable", "setting": "a"}, {"filter": "adjustable", "setting": "a"}), ("adjustable", "a")),
        (({"filter": "adjustable", "setting": "a"}, {"filter": "adjustable", "setting": "b"}), ("adjustable", None)),
        (({"filter": "adjustable", "setting": "a"}, {"filter": "fixed"}), ("unknown", None)),
        (({"filter": "fixed"}, {}), ("unknown", None)),
    ],
)
def test_what_is_said_beside_the_money_is_what_all_alternatives_say(
    sides: tuple[dict[str, str], ...], joint: tuple[str, str | None]
) -> None:
    found = joined({"mode": ("0", "1")}, [({"mode": str(n)}, decided(bill(**one))) for n, one in enumerate(sides)])

    assert (found.bill.filter, found.bill.setting) == joint


@pytest.mark.parametrize(("other", "joint"), [("counted", "counted"), ("not_counted", "unknown")])
def test_what_counts_toward_rate_limits_is_what_all_alternatives_say(other: str, joint: str) -> None:
    sides = [({"mode": "0"}, decided(bill(rate_limit="counted"))), ({"mode": "1"}, decided(bill(rate_limit=other)))]

    assert joined({"mode": ("0", "1")}, sides).bill.rate_limit == joint


@given(values=st.lists(st.sampled_from(get_args(BillValue)), min_size=1, max_size=4))
def test_a_component_is_free_for_sure_only_where_no_alternative_costs(values: list[str]) -> None:
    sides = [({"mode": str(index)}, decided(bill(image=value))) for index, value in enumerate(values)]

    joint = joined({"mode": tuple(map(str, range(len(values))))}, sides).bill.image

    assert (joint in ("free", "na")) is (set(values) <= {"free", "na"})


def test_only_facts_that_change_what_a_component_is_are_named() -> None:
    sides = [
        ({"mode": mode, "plan": plan}, decided(bill(image=value)))
        for mode, value in (("a", "charged"), ("b", "free"))
        for plan in ("x", "y")
    ]

    assert joined({"mode": ("a", "b"), "plan": ("x", "y")}, sides).bill.on == ("mode",)


def test_what_an_alternative_depends_on_itself_is_kept_once() -> None:
    one = bill(image="conditional", on=("images_withheld",), recourse=("open a ticket",))

    found = joined({"mode": ("a", "b")}, [({"mode": "a"}, decided(one)), ({"mode": "b"}, decided(one))])

    assert (found.bill.on, found.bill.recourse) == (("images_withheld",), ("open a ticket",))


def test_the_basis_is_the_weakest_among_the_alternatives() -> None:
    sides = [
        ({"mode": "a"}, decided(bill(image="free", basis={"image": "stated"}))),
        ({"mode": "b"}, decided(bill(image="free", basis={"image": "reported"}))),
        ({"mode": "c"}, decided(bill(image="na"))),
    ]

    assert joined({"mode": ("a", "b", "c")}, sides).bill.basis == {"image": "reported"}


def test_a_step_of_several_alternatives_is_told_once() -> None:
    step = Step(decision="bill", rule="toy.free", title="Free", file="bill/toy.toml", line=3, component="image")
    other = msgspec.structs.replace(step, rule="toy.paid")
    sides = [
        ({"mode": "a"}, decided(bill(image="free"), None, step)),
        ({"mode": "b"}, decided(bill(image="charged"), None, step, other)),
    ]

    assert joined({"mode": ("a", "b")}, sides).steps == (step, other)


@pytest.mark.parametrize(
    ("totals", "low", "high", "lines_high"),
    [
        ([("1", "1"), ("2", "3")], "1", "3", "3"),
        ([("2", "3"), ("0", "9"), ("1", "1")], "0", "9", "9"),
        ([("1", "1"), ("0", None)], "0", None, None),
        ([("0", "0"), ("0", "0")], "0", "0", "0"),
    ],
)
def test_the_charge_is_the_hull_of_the_totals_and_shows_the_dearest(
    totals: list[tuple[str, str | None]], low: str, high: str | None, lines_high: str | None
) -> None:
    sides = [({"mode": str(index)}, charge(*ends)) for index, ends in enumerate(totals)]

    found = hull(sides)

    assert (found.low, found.high) == (Decimal(low), None if high is None else Decimal(high))
    assert found.lines[0].high == (None if lines_high is None else Decimal(lines_high))
    assert found.alternatives == tuple(Alternative(given=given, low=one.low, high=one.high) for given, one in sides)


def test_one_alternative_is_no_alternative() -> None:
    assert hull([({}, charge("1", "2"))]) == charge("1", "2")


@given(
    ends=st.lists(
        st.tuples(st.decimals(0, 100, places=12), st.none() | st.decimals(0, 100, places=12)), min_size=2, max_size=5
    )
)
def test_every_total_lies_in_the_hull(ends: list[tuple[Decimal, Decimal | None]]) -> None:
    charges = [Charge(low=low, high=None if more is None else low + more) for low, more in ends]

    found = hull([({}, one) for one in charges])

    assert all(found.low <= one.low for one in charges)
    assert found.high is None or all(one.high is not None and one.high <= found.high for one in charges)
