"""Test that sums over verdicts are exact and that what has no upper bound is counted apart."""

from __future__ import annotations

from decimal import Decimal, Inexact, localcontext
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from policyengine.facts import Facts
from policyengine.summary import summarize
from policyengine.verdict import Bill, Charge, Route, Step, Verdict

NOTHING = Bill(input="na", text="na", image="na", request="na")
AMOUNT = st.decimals(0, 10**6, places=12)


def verdict(low: Decimal | str, high: Decimal | str | None, *, rule: str | None = "toy.rule", **told: Any) -> Verdict:  # noqa: ANN401
    steps = () if rule is None else (Step(decision="classify", rule=rule, title="x", file="x.toml", line=1),)
    one = Verdict(
        outcome="failed",
        stage="generation",
        images=0,
        bill=NOTHING,
        charge=Charge(low=Decimal(low), high=None if high is None else Decimal(high)),
        route=Route(action="none", tag="x", retry=False),
        facts=Facts(provider="toy", dialect="toy-api", seller="toy-inc"),
        trail=steps,
    )
    return msgspec.structs.replace(one, **told)


def test_verdicts_of_one_seller_outcome_and_rule_are_one_group() -> None:
    other = Facts(provider="toy", dialect="toy-api", seller="toy-shop")

    groups = summarize(
        [
            verdict("1", "2"),
            verdict("1", "3"),
            verdict("1", "1", rule="toy.other"),
            verdict("1", "1", outcome="blocked"),
            verdict("1", "1", facts=other),
            verdict("1", "1", rule=None),
        ]
    )

    assert [(group.seller, group.outcome, group.rule, group.n) for group in groups] == [
        ("toy-inc", "failed", "toy.rule", 2),
        ("toy-inc", "blocked", "toy.rule", 1),
        ("toy-inc", "failed", "toy.other", 1),
        ("toy-inc", "failed", "-", 1),
        ("toy-shop", "failed", "toy.rule", 1),
    ]
    assert (groups[0].low, groups[0].high, groups[0].unpriced) == (Decimal(2), Decimal(5), 0)


def test_what_has_no_upper_bound_is_counted_and_adds_what_is_certain() -> None:
    (group,) = summarize([verdict("1", None), verdict("2", "3")])

    assert (group.low, group.high, group.unpriced) == (Decimal(3), Decimal(4), 1)


def test_the_widest_interval_comes_first() -> None:
    groups = summarize(
        [verdict("5", "5", rule="narrow"), verdict("0", "2", rule="wide"), verdict("0", "1", rule="mid")]
    )

    assert [group.rule for group in groups] == ["wide", "mid", "narrow"]


def test_no_verdicts_are_no_groups() -> None:
    assert summarize([]) == []


@given(ends=st.lists(st.tuples(AMOUNT, AMOUNT), min_size=1, max_size=20))
def test_sums_are_exact_in_any_decimal_context(ends: list[tuple[Decimal, Decimal]]) -> None:
    verdicts = [verdict(min(pair), max(pair)) for pair in ends]
    pico = Decimal("1e12")

    with localcontext() as context:
        context.prec = 2
        context.traps[Inexact] = True
        (group,) = summarize(verdicts)

    assert int(group.low * pico) == sum(int(min(pair) * pico) for pair in ends)
    assert int(group.high * pico) == sum(int(max(pair) * pico) for pair in ends)
