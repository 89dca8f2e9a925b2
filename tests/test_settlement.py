"""Test that amounts of the invoicing seller stand, and that a difference from the rates is told."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal, Inexact, localcontext
from typing import TYPE_CHECKING, Any

import pytest

from policyengine.facts import Facts
from policyengine.settlement import settled_charge
from policyengine.verdict import Charge, ChargeLine

if TYPE_CHECKING:
    from collections.abc import Callable

    from policyengine.money.book import PriceBook
    from policyengine.verdict import VerdictWarning

    Book = Callable[..., PriceBook]

PRICES = """\
seller = "toy-inc"
currency = "CNY"
currencies = [{ code = "CNY", usd = "0.14", from = 2026-01-01, source = "https://x.test", checked = 2026-01-01 }]
[[price]]
model = "toy-1"
credit = "0.10"
source = "https://x.test"
checked = 2026-06-01
"""


def computed(low: str, high: str | None) -> Charge:
    ends = Decimal(low), None if high is None else Decimal(high)
    return Charge(
        low=ends[0], high=ends[1], lines=(ChargeLine(component="image", value="charged", unit="image", high=ends[1]),)
    )


def settled(
    book: PriceBook,
    charge: Charge,
    outcome: str = "delivered",
    **told: Any,  # noqa: ANN401
) -> tuple[Charge, tuple[VerdictWarning, ...]]:
    facts = Facts(
        provider="toy",
        dialect="toy-api",
        seller="toy-inc",
        model="toy-1",
        at=datetime(2026, 6, 1, tzinfo=UTC),
        **{"money_unit": "USD", **told},
    )
    return settled_charge(charge, facts, outcome, book)


def test_a_settled_amount_is_the_charge_and_the_rates_stay_as_a_check(book_of: Book) -> None:
    charge, warnings = settled(book_of(PRICES), computed("0.03", "0.05"), settled=Decimal("0.04"))

    assert (charge.low, charge.high, charge.source) == (Decimal("0.04"), Decimal("0.04"), "settled")
    assert (charge.computed_low, charge.computed_high) == (Decimal("0.03"), Decimal("0.05"))
    assert warnings == ()


@pytest.mark.parametrize(
    ("amount", "differs"),
    [("0.0399995", False), ("0.0500005", False), ("0.0299994", True), ("0.0500006", True), ("0", True), ("1", True)],
)
def test_a_difference_beyond_rounding_warns(book_of: Book, amount: str, differs: bool) -> None:  # noqa: FBT001
    _, warnings = settled(book_of(PRICES), computed("0.03", "0.05"), settled=Decimal(amount))

    assert [warning.code for warning in warnings] == (["settled_differs"] if differs else [])


def test_an_amount_for_what_the_rules_call_free_warns(book_of: Book) -> None:
    charge, warnings = settled(book_of(PRICES), Charge(low=Decimal(0), high=Decimal(0)), settled=Decimal("0.04"))

    assert charge.high == Decimal("0.04")
    assert [warning.code for warning in warnings] == ["settled_differs"]


def test_an_amount_without_a_bound_to_compare_stands(book_of: Book) -> None:
    charge, warnings = settled(book_of(PRICES), computed("0", None), settled=Decimal("0.04"))

    assert charge.is_exact
    assert warnings == ()


@pytest.mark.parametrize(
    ("unit", "dollars"), [("USD", "2"), ("CNY", "0.28"), ("credit", "0.028")], ids=["USD", "CNY", "credit"]
)
def test_units_are_worth_what_the_price_files_say(book_of: Book, unit: str, dollars: str) -> None:
    charge, _ = settled(book_of(PRICES), computed("0", "9"), settled=Decimal(2), money_unit=unit)

    assert charge.low == charge.high == Decimal(dollars)


@pytest.mark.parametrize("unit", ["EUR", "quota", None])
def test_an_amount_in_a_unit_nobody_prices_warns_and_does_not_stand(book_of: Book, unit: str | None) -> None:
    charge, warnings = settled(book_of(PRICES), computed("0", "9"), settled=Decimal(2), money_unit=unit)

    assert charge == computed("0", "9")
    assert [warning.code for warning in warnings] == ["settled_unpriced"]


def test_a_quoted_amount_bounds_a_pending_charge(book_of: Book) -> None:
    charge, warnings = settled(book_of(PRICES), computed("0", None), "pending", quoted=Decimal("0.04"))

    assert (charge.low, charge.high, charge.source) == (Decimal(0), Decimal("0.04"), "quoted")
    assert warnings == ()


@pytest.mark.parametrize("outcome", ["delivered", "failed", "blocked"])
def test_a_quoted_amount_says_nothing_of_an_ended_task(book_of: Book, outcome: str) -> None:
    charge, _ = settled(book_of(PRICES), computed("0", "9"), outcome, quoted=Decimal("0.04"))

    assert charge == computed("0", "9")


def test_a_quote_in_a_unit_nobody_prices_is_left_alone(book_of: Book) -> None:
    charge, _ = settled(book_of(PRICES), computed("0", "9"), "pending", quoted=Decimal(1), money_unit="quota")

    assert charge == computed("0", "9")


def test_amounts_are_exact_in_any_decimal_context(book_of: Book) -> None:
    amount = Decimal("0.123456789123456")

    with localcontext() as context:
        context.prec = 3
        context.traps[Inexact] = True
        charge, _ = settled(book_of(PRICES), computed("0", "9"), settled=amount, money_unit="CNY")

    assert charge.low == Decimal("0.017283950477")
