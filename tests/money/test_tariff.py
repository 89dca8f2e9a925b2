"""Test that price entries become exact rates, and that work is bounded by what the request tells."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_UP, Decimal, FloatOperation, Inexact, localcontext
from fractions import Fraction
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from policyengine.money.entry import PriceEntry
from policyengine.money.tariff import (
    Estimate,
    Rate,
    Tariff,
    Workload,
    image_tokens,
    megapixels,
    size_class,
    standard_estimate,
    standard_rates,
)


def entry(**told: Any) -> PriceEntry:  # noqa: ANN401
    whole = {"model": "toy-1", "source": "https://x.test", "checked": date(2026, 6, 1), **told}
    return msgspec.convert(whole, PriceEntry)


def tariff(**told: Any) -> Tariff:  # noqa: ANN401
    one = entry(**told)
    return Tariff(seller="toy-inc", currency="USD", rates=standard_rates(one), entry=one, file="prices.toml")


def rate(amount: str, per: int = 1, extra: str | None = None) -> Rate:
    further = None if extra is None else Decimal(extra)
    return Rate(component="image", unit="token", amount=Decimal(amount), per=per, extra=further)


@pytest.mark.parametrize(
    ("amount", "per", "quantity", "pico"),
    [
        ("0.0375", 1_000_000, 1, 37_500),
        ("60.00", 1_000_000, 1120, 67_200_000_000),
        ("0.04", 1, 3, 120_000_000_000),
        ("0.000000000001", 3, 1, 0),  # a third of a pico-dollar
        ("0.000000000001", 3, 2, 1),
        ("0.000000000001", 2, 1, 0),  # a half goes to the even side
        ("0.000000000001", 2, 3, 2),
        ("0.000000000001", 2, 5, 2),
        ("999999.999999999999", 1, 2**53, 999_999_999_999_999_999 * 2**53),
        ("0", 1, 10, 0),
    ],
)
def test_amount_is_rounded_once_half_even(amount: str, per: int, quantity: int, pico: int) -> None:
    assert rate(amount, per).pico(quantity) == pico


@given(
    amount=st.decimals(0, 1000, places=9),
    per=st.sampled_from([1, 3, 7, 1000, 1_000_000]),
    quantity=st.integers(0, 2**53) | st.decimals(0, 10**6, places=3),
)
def test_amount_is_the_nearest_pico_dollar(amount: Decimal, per: int, quantity: int | Decimal) -> None:
    exact = Fraction(amount) * Fraction(quantity) * 10**12 / per

    assert rate(str(amount), per).pico(quantity) == round(exact)


@given(quantity=st.integers(0, 10**9), parts=st.integers(1, 5))
def test_whole_pico_rates_lose_nothing_when_the_quantity_is_split(quantity: int, parts: int) -> None:
    one = rate("0.50", 1_000_000)
    split = [quantity // parts] * (parts - 1) + [quantity - quantity // parts * (parts - 1)]

    assert sum(one.pico(part) for part in split) == one.pico(quantity)


@pytest.mark.parametrize(
    ("quantity", "pieces", "dollars"),
    [
        (1, 1, "0.03"),
        (2, 1, "0.045"),
        (4, 1, "0.075"),
        (4, 2, "0.09"),
        (2, 2, "0.06"),
        (0, 1, "0"),
        (Decimal("1.5"), 1, "0.0375"),
    ],
)
def test_each_piece_has_its_own_first_unit(quantity: int | Decimal, pieces: int, dollars: str) -> None:
    assert rate("0.03", extra="0.015").pico(quantity, pieces=pieces) == Decimal(dollars) * 10**12


def test_worth_of_the_currency_is_part_of_the_one_rounding() -> None:
    assert rate("0.000000000001", 2).pico(1, Decimal("1.4")) == 1


def test_worth_of_nothing_is_not_worth_one() -> None:
    assert rate("1").pico(1, Decimal(0)) == 0


def test_rates_are_exact_in_any_decimal_context() -> None:
    one = rate("0.123456789", 7, extra="0.1")

    with localcontext() as context:
        context.prec = 2
        context.rounding = ROUND_UP
        context.traps[Inexact] = True
        context.traps[FloatOperation] = True
        inside = (rate("0.123456789", 7, extra="0.1").pico(12345), one.pico(12345, Decimal("1.23456789")))

    assert inside == (one.pico(12345), one.pico(12345, Decimal("1.23456789")))


def test_token_prices_become_rates_per_million() -> None:
    rates = standard_rates(entry(per_mtok={"input": "0.50", "cached": "0.05", "text": "3", "image": "60"}))

    assert [(one.component, one.unit, one.amount, one.per) for one in rates] == [
        ("input", "token", Decimal("0.50"), 1_000_000),
        ("input", "cached_token", Decimal("0.05"), 1_000_000),
        ("text", "token", Decimal(3), 1_000_000),
        ("image", "token", Decimal(60), 1_000_000),
    ]


def test_a_discount_is_taken_off_every_price() -> None:
    rates = standard_rates(
        entry(per_call="0.10", per_megapixel={"first": "0.03", "extra": "0.01"}, discount_percent="25")
    )

    assert [(one.unit, one.amount, one.extra) for one in rates] == [
        ("megapixel", Decimal("0.0225"), Decimal("0.0075")),
        ("call", Decimal("0.075"), None),
    ]


def test_prices_in_credits_are_worth_what_a_credit_costs() -> None:
    rates = standard_rates(entry(credit="0.01", credits={"per_image": {"1K": "4", "4K": {"high": "9"}}}))

    assert [(one.size, one.quality, one.amount) for one in rates] == [
        ("1K", None, Decimal("0.04")),
        ("4K", "high", Decimal("0.09")),
    ]


SIZES = tariff(per_image={"1024x1024": {"low": "0.01", "high": "0.04"}, "2K": "0.08"})


@pytest.mark.parametrize(
    ("size", "quality", "amounts"),
    [
        ("1024x1024", "low", ["0.01"]),
        ("1024X1024", "HIGH", ["0.04"]),
        ("1024x1024", None, ["0.01", "0.04"]),
        ("2K", "high", ["0.08"]),
        ("2000x1000", "high", ["0.08"]),
        ("1024x1024", "medium", ["0.01", "0.04"]),
        ("8K", "low", ["0.01", "0.08"]),
        (None, "low", ["0.01", "0.08"]),
        (None, None, ["0.01", "0.04", "0.08"]),
        ("auto", None, ["0.01", "0.04", "0.08"]),
    ],
)
def test_rates_are_those_that_size_and_quality_leave(size: str | None, quality: str | None, amounts: list[str]) -> None:
    found = SIZES.rates_for("image", "image", size, quality)

    assert [one.amount for one in found] == [Decimal(amount) for amount in amounts]


@pytest.mark.parametrize(
    ("prices", "unit", "amount"),
    [
        ({"input": "2"}, "cached_token", "2"),
        ({"input": "2"}, "cached_image_token", "2"),
        ({"input": "2", "cached": "1"}, "cached_image_token", "1"),
        ({"input": "2", "input_image": "8"}, "image_token", "8"),
    ],
)
def test_an_unpriced_kind_of_token_costs_what_the_next_dearer_does(
    prices: dict[str, str], unit: str, amount: str
) -> None:
    assert tariff(per_mtok=prices).rates_for("input", unit, None, None)[0].amount == Decimal(amount)


def test_search_fees_are_no_component_of_every_call() -> None:
    assert tariff(per_kquery="14", per_mtok={"text": "1"}).components == {"text"}


@pytest.mark.parametrize(
    ("size", "area"),
    [
        ("1024x1024", 1),
        ("1025x1024", 2),
        ("1920 x 1080", 2),
        ("2048\u00d72048", 4),
        ("1K", None),
        (None, None),
        ("0x0", 0),
    ],
)
def test_a_started_megapixel_counts_whole(size: str | None, area: int | None) -> None:
    assert megapixels(size) == area


@pytest.mark.parametrize(
    ("size", "name"),
    [("512x512", "512"), ("513x512", "1K"), ("1024x1536", "2K"), ("3000x3000", "4K"), ("1K", None), ("wide", None)],
)
def test_size_class_follows_the_longer_side(size: str, name: str | None) -> None:
    assert size_class(size) == name


TABLE = entry(image_tokens={"1K": {"low": 100, "high": 300}, "2K": 900})


@pytest.mark.parametrize(
    ("size", "quality", "bounds"),
    [
        ("1K", "low", (100, 100)),
        ("1K", None, (100, 300)),
        ("2K", "low", (900, 900)),
        ("1K", "medium", (100, 300)),
        ("8K", "low", (100, 900)),
        (None, None, (100, 900)),
        ("8K", None, (100, 900)),
    ],
)
def test_image_tokens_are_bounded_by_the_table(size: str | None, quality: str | None, bounds: tuple[int, int]) -> None:
    assert image_tokens(TABLE, Workload(size=size, quality=quality)) == bounds


def estimates(one: Tariff, **told: Any) -> dict[tuple[str, str], tuple[object, object]]:  # noqa: ANN401
    found: tuple[Estimate, ...] = standard_estimate(Workload(**told), one)
    return {(estimate.component, estimate.unit): (estimate.low, estimate.high) for estimate in found}


TOKENS = tariff(per_mtok={"input": "1", "cached": "1", "text": "1", "image": "1"}, image_tokens={"1K": 10, "2K": 30})


@pytest.mark.parametrize(
    ("told", "key", "bounds"),
    [
        ({"images": 2, "size": "1K"}, ("image", "token"), (20, 20)),
        ({"images": 2}, ("image", "token"), (20, 60)),
        ({"images": 0}, ("image", "token"), (0, 0)),
        ({"prompt_tokens": 7}, ("input", "token"), (7, 7)),
        ({"prompt_bytes": 7, "images": 2}, ("input", "token"), (0, 14)),
        ({"prompt_bytes": 7, "images": None}, ("input", "token"), (0, 7)),
        ({}, ("input", "token"), (0, None)),
        ({}, ("input", "cached_token"), (0, 0)),
        ({"text_tokens": 5}, ("text", "token"), (5, 5)),
        ({}, ("text", "token"), (0, None)),
    ],
)
def test_work_is_bounded_by_what_is_told(
    told: dict[str, Any], key: tuple[str, str], bounds: tuple[object, object]
) -> None:
    assert estimates(TOKENS, **told)[key] == bounds


@pytest.mark.parametrize(
    ("told", "bounds"),
    [
        ({"images": 2, "size": "1024x1024"}, (2, 2)),
        ({"images": 2, "size": "2048x1024"}, (4, 4)),
        ({"images": 2}, (2, None)),
        ({"images": 0}, (0, 0)),
    ],
)
def test_megapixels_are_bounded_by_the_size(told: dict[str, Any], bounds: tuple[object, object]) -> None:
    assert estimates(tariff(per_megapixel={"first": "0.03"}), **told)["image", "megapixel"] == bounds


def test_images_without_a_token_table_are_unbounded() -> None:
    assert estimates(tariff(per_mtok={"image": "1"}))["image", "token"] == (0, None)
