from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policyengine.diff.log import LogChange, RulePair, compare_verdicts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from policyengine.engine import Engine

    Load = Callable[[Mapping[str, str]], Engine]

CLASSIFY, BILL, ROUTE, PRICES = "classify/toy.toml", "bill/toy-inc.toml", "route.toml", "prices/toy-inc.toml"
AT = datetime(2026, 7, 1, tzinfo=UTC)
USED = [
    {"component": "input", "unit": "token", "quantity": 1_000_000},
    {"component": "text", "unit": "token", "quantity": 500_000},
]
BLOCKED: dict[str, Any] = {"toy": {"finish_reason": "SAFETY", "model": "toy-1", "size": "1K"}, "usage": USED}
FAILED: dict[str, Any] = {"toy": {"status": "FAILED", "model": "toy-1", "size": "1K"}, "usage": USED}
ANSWERS = (BLOCKED, FAILED, BLOCKED)


def compared(
    engine_with: Load, toy_files: dict[str, str], *edits: tuple[str, str, str], answers: tuple[object, ...] = ANSWERS
) -> LogChange:
    files = dict(toy_files)
    for file, written, instead in edits:
        assert written in files[file]
        files[file] = files[file].replace(written, instead, 1)
    old, new = engine_with(toy_files), engine_with(files)
    return compare_verdicts(
        (f"log:{number}", old.evaluate(answer, at=AT), new.evaluate(answer, at=AT))
        for number, answer in enumerate(answers, 1)
    )


def pair(decision: str, old: str, new: str, component: str | None = None) -> RulePair:
    return RulePair(decision=decision, component=component, old=old, new=new)


def test_the_same_rules_change_nothing(engine_with: Load, toy_files: dict[str, str]) -> None:
    found = compared(engine_with, toy_files)

    assert (found.n, found.changed, found.same_by_others, found.moved) == (3, 0, 0, ())
    assert found.old == found.new


def test_another_outcome_is_laid_to_the_rules_that_classify(engine_with: Load, toy_files: dict[str, str]) -> None:
    found = compared(engine_with, toy_files, (CLASSIFY, '"SAFETY"', '"SAFTEY"'))

    (moved,) = found.moved
    assert moved.pairs == (pair("classify", "toy.safety", "-"),)
    assert (moved.n, found.changed) == (2, 2)
    assert [sample.answer for sample in moved.samples] == ["log:1", "log:3"]


def test_another_bill_is_laid_to_the_rule_of_each_component(engine_with: Load, toy_files: dict[str, str]) -> None:
    edit = (BILL, 'input = "charged", image = "free"', 'input = "free", text = "charged", image = "free"')

    (moved,) = compared(engine_with, toy_files, edit).moved

    assert moved.pairs == (
        pair("bill", "toy-inc.blocked", "toy-inc.blocked", "input"),
        pair("bill", "-", "toy-inc.blocked", "text"),
    )


def test_dollars_move_at_both_ends_apart(engine_with: Load, toy_files: dict[str, str]) -> None:
    found = compared(engine_with, toy_files, (BILL, 'input = "charged", image', 'input = "unknown", image'))

    (moved,) = found.moved
    assert (moved.n, moved.low, moved.high) == (2, Decimal(-2), Decimal(0))
    assert (found.old.low - found.new.low, found.old.high) == (Decimal(2), found.new.high)


def test_another_price_names_both_amounts(engine_with: Load, toy_files: dict[str, str]) -> None:
    (moved,) = compared(engine_with, toy_files, (PRICES, 'input = "1"', 'input = "3"')).moved

    price = "USD per 1,000,000 token of toy-1 at toy-inc"
    assert moved.pairs == (pair("price", f"1 {price}", f"3 {price}", "input"),)
    assert (moved.low, moved.high) == (Decimal(4), Decimal(4))


def test_another_quantity_of_the_same_price_is_laid_to_the_rule(engine_with: Load, toy_files: dict[str, str]) -> None:
    delivered = {"toy": {"images_delivered": 1, "images_requested": 4, "model": "toy-1", "size": "1K"}}
    edit = (BILL, 'image = "charged" }', 'image = "charged", quantity = "requested" }')

    (moved,) = compared(engine_with, toy_files, edit, answers=(delivered,)).moved

    assert moved.pairs == (pair("bill", "toy-inc.success", "toy-inc.success", "image"),)
    assert moved.low == Decimal("0.12")


def test_another_route_moves_no_money(engine_with: Load, toy_files: dict[str, str]) -> None:
    (moved,) = compared(engine_with, toy_files, (ROUTE, "wait_s = 2", "wait_s = 5")).moved

    assert moved.pairs == (pair("route", "toy-route.failed", "toy-route.failed"),)
    assert moved.n == 1
    assert [moved.low, moved.high, moved.gross] == [Decimal(0)] * 3


def test_what_moves_most_comes_first(engine_with: Load, toy_files: dict[str, str]) -> None:
    found = compared(
        engine_with,
        toy_files,
        (ROUTE, "wait_s = 2", "wait_s = 5"),
        (BILL, 'input = "charged", image', 'input = "unknown", image'),
    )

    assert [moved.pairs[0].decision for moved in found.moved] == ["bill", "route"]


def test_a_lost_bound_is_counted(engine_with: Load, toy_files: dict[str, str]) -> None:
    found = compared(engine_with, toy_files, (PRICES, 'model = "toy-1"', 'model = "toy-9"'), answers=(BLOCKED,))

    (moved,) = found.moved
    assert (moved.unbounded, moved.bounded) == (1, 0)
    assert (found.old.unpriced, found.new.unpriced) == (0, 1)


def test_the_same_verdict_from_another_rule_is_no_change(engine_with: Load, toy_files: dict[str, str]) -> None:
    found = compared(engine_with, toy_files, (CLASSIFY, "toy.safety", "toy.safeties"))

    assert (found.changed, found.same_by_others) == (0, 2)


def test_three_samples_are_kept_that_move_most(engine_with: Load, toy_files: dict[str, str]) -> None:
    def used(tokens: int) -> dict[str, Any]:
        return {**BLOCKED, "usage": [{"component": "input", "unit": "token", "quantity": tokens}]}

    answers = tuple(map(used, (5_000, 1_000, 9_000, 7_000, 2_000)))
    (moved,) = compared(engine_with, toy_files, (PRICES, 'input = "1"', 'input = "3"'), answers=answers).moved

    assert moved.n == 5
    assert [sample.answer for sample in moved.samples] == ["log:3", "log:4", "log:1"]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(prices=st.lists(st.integers(0, 9), min_size=2, max_size=2), tokens=st.lists(st.integers(0, 10**7), max_size=6))
def test_groups_add_up_to_the_whole(
    engine_with: Load, toy_files: dict[str, str], prices: list[int], tokens: list[int]
) -> None:
    old, new = (
        engine_with({**toy_files, PRICES: toy_files[PRICES].replace('input = "1"', f'input = "{price}"')})
        for price in prices
    )
    answers = [
        {**BLOCKED, "usage": [{"component": "input", "unit": "token", "quantity": quantity}]} for quantity in tokens
    ]

    found = compare_verdicts(("", old.evaluate(answer, at=AT), new.evaluate(answer, at=AT)) for answer in answers)

    assert sum(moved.n for moved in found.moved) == found.changed
    assert sum((moved.low for moved in found.moved), Decimal(0)) == found.new.low - found.old.low


def test_an_empty_log_changes_nothing() -> None:
    found = compare_verdicts([])

    assert (found.n, found.changed, found.moved) == (0, 0, ())
