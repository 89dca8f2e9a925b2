"""Test what a bill costs: exact where all is told, an interval where it is not, and never a confident zero."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import ROUND_UP, Decimal, FloatOperation, Inexact, localcontext
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policyengine.facts import Facts, UsageRow
from policyengine.money.charge import FREE, ComponentBill, price_bill, workload_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from policyengine.money.book import PriceBook
    from policyengine.verdict import Charge
    from policyengine.vocabulary import BillValue, Component

    Book = Callable[..., PriceBook]

FACTS = Facts(
    provider="toy", dialect="toy-api", seller="toy-inc", model="toy-1", at=datetime(2026, 6, 1, 12, tzinfo=UTC)
)
SOURCE = 'source = "https://x.test/prices"\nchecked = 2026-06-01\n'
TOKENS = f"""\
seller = "toy-inc"
[[price]]
model = "toy-1"
per_mtok = {{ input = "0.50", text = "3", image = "60" }}
image_tokens = {{ "1K" = 1120, "4K" = 2520 }}
{SOURCE}
"""
IMAGES = f"""\
seller = "toy-inc"
[[price]]
model = "toy-1"
per_image = {{ "1K" = "0.04", "4K" = "0.12" }}
per_call = "0.001"
{SOURCE}
"""


def facts(**told: Any) -> Facts:  # noqa: ANN401
    return msgspec.structs.replace(FACTS, **told)


def charge(
    book: PriceBook, bills: list[tuple[Component, BillValue]], told: Facts = FACTS, usage: tuple[UsageRow, ...] = ()
) -> Charge:
    return price_bill([ComponentBill(*one) for one in bills], told, usage, book)


def bounds(one: Charge) -> tuple[str, str | None]:
    return format(one.low, "f"), None if one.high is None else format(one.high, "f")


USED = UsageRow("image", "token", 1120)


@pytest.mark.parametrize(
    ("value", "low", "high", "gross"),
    [
        ("charged", "0.0672", "0.0672", "0.0672"),
        ("unknown", "0", "0.0672", "0.0672"),
        ("conditional", "0", "0.0672", "0.0672"),
        ("credited", "0", "0", "0.0672"),
    ],
)
def test_a_bill_value_says_what_is_certain_and_what_is_possible(
    book_of: Book, value: BillValue, low: str, high: str, gross: str
) -> None:
    found = charge(book_of(TOKENS), [("image", value)], usage=(USED,))

    assert (found.low, found.high) == (Decimal(low), Decimal(high))
    assert found.lines[0].gross == Decimal(gross)


@pytest.mark.parametrize("value", ["free", "na"])
def test_what_is_free_or_not_there_has_no_line(book_of: Book, value: BillValue) -> None:
    assert charge(book_of(TOKENS), [("image", value)], usage=(USED,)) == FREE


def test_a_line_shows_its_arithmetic(book_of: Book) -> None:
    (line,) = charge(book_of(TOKENS), [("image", "charged")], usage=(USED,)).lines

    assert (line.quantity, line.rate, line.per, line.unit, line.currency) == (
        Decimal(1120),
        Decimal(60),
        1_000_000,
        "token",
        "USD",
    )
    assert line.price is not None
    assert (line.price.model, line.price.checked, line.price.file) == ("toy-1", "2026-06-01", "prices-0.toml")
    assert line.note is None


@pytest.mark.parametrize(
    ("told", "high", "note"),
    [
        ({"size": "1K", "images_requested": 2}, "0.1344", "token table of toy-1"),
        ({"size": "1K"}, "0.0672", "token table of toy-1"),
        ({"images_requested": 1}, "0.1512", "token table of toy-1"),
    ],
)
def test_unknown_without_usage_is_bounded_by_the_request(
    book_of: Book, told: dict[str, Any], high: str, note: str
) -> None:
    found = charge(book_of(TOKENS), [("image", "unknown")], facts(**told))

    assert (found.low, found.high) == (Decimal(0), Decimal(high))
    assert found.lines[0].note == note


def test_charged_without_usage_is_an_interval(book_of: Book) -> None:
    found = charge(book_of(TOKENS), [("image", "charged")], facts(images_delivered=2))

    assert bounds(found) == ("0.134400000000", "0.302400000000")
    assert (found.lines[0].quantity, found.lines[0].at_least, found.lines[0].at_most) == (
        None,
        Decimal(2240),
        Decimal(5040),
    )


def test_where_nothing_bounds_it_the_high_end_is_missing(book_of: Book) -> None:
    found = charge(book_of(TOKENS), [("text", "unknown"), ("image", "unknown")], facts(size="1K"))

    assert found.is_unpriced
    assert found.low == 0
    assert found.lines[0].note == "neither the answer nor the request tells"


def test_a_prompt_is_bounded_by_its_bytes(book_of: Book) -> None:
    found = charge(book_of(TOKENS), [("input", "unknown")], facts(prompt_bytes=1000))

    assert bounds(found) == ("0", "0.000500000000")


@pytest.mark.parametrize(
    ("told", "note"),
    [
        ({"model": "toy-9"}, "no price of toy-9 at toy-inc fits this call"),
        ({"seller": "other"}, "no price of toy-1 at other fits this call"),
        ({"seller": "other", "model": None}, "the model is not told, and no price of other fits this call"),
    ],
)
def test_what_has_no_price_says_why(book_of: Book, told: dict[str, Any], note: str) -> None:
    found = charge(book_of(TOKENS), [("image", "unknown")], facts(**told))

    assert found.is_unpriced
    assert found.lines[0].note == note


def test_counted_units_without_a_price_keep_their_quantity(book_of: Book) -> None:
    (line,) = charge(book_of(TOKENS), [("image", "charged")], facts(model="toy-9"), (USED,)).lines

    assert (line.quantity, line.low, line.high) == (Decimal(1120), Decimal(0), None)


def test_images_sold_by_the_piece_are_counted_and_not_their_tokens(book_of: Book) -> None:
    found = charge(book_of(IMAGES), [("image", "charged")], facts(size="1K", images_delivered=3), (USED,))

    assert bounds(found) == ("0.120000000000", "0.120000000000")


@pytest.mark.parametrize(
    ("value", "quantity", "told", "pieces"),
    [
        ("charged", "delivered", {"images_requested": 4, "images_delivered": 3}, 3),
        ("charged", "requested", {"images_requested": 4, "images_delivered": 3}, 4),
        ("charged", "task", {"images_requested": 4, "images_delivered": 3}, 1),
        ("unknown", "delivered", {"images_requested": 4, "images_delivered": 0}, 4),
        ("credited", "delivered", {"images_requested": 4}, 4),
    ],
)
def test_what_is_multiplied_follows_the_rule(
    book_of: Book,
    value: Any,  # noqa: ANN401
    quantity: Any,  # noqa: ANN401
    told: dict[str, Any],
    pieces: int,
) -> None:
    bill = ComponentBill("image", value, quantity)

    (line,) = price_bill([bill], facts(size="1K", **told), (), book_of(IMAGES)).lines

    assert line.quantity == pieces
    assert line.note is None


def test_by_the_piece_nothing_is_paid_where_nothing_was_delivered(book_of: Book) -> None:
    told = facts(size="1K", images_requested=4, images_delivered=0)

    assert charge(book_of(IMAGES), [("image", "charged")], told) == FREE


def test_a_number_of_images_that_nobody_tells_is_said_to_be_assumed(book_of: Book) -> None:
    (line,) = charge(book_of(IMAGES), [("image", "unknown")], facts(size="1K")).lines

    assert line.high == Decimal("0.04")
    assert line.note == "one image assumed: neither the answer nor the request tells how many"


def test_a_size_that_is_not_told_leaves_an_interval(book_of: Book) -> None:
    found = charge(book_of(IMAGES), [("image", "charged")], facts(images_delivered=2))

    assert bounds(found) == ("0.080000000000", "0.240000000000")
    assert found.lines[0].note == "size or quality does not tell which price: from the cheapest to the dearest"


def test_a_call_costs_its_fee_once(book_of: Book) -> None:
    found = charge(book_of(IMAGES), [("request", "charged")], facts(images_requested=4))

    assert found.low == found.high == Decimal("0.001")


AREA = f"""\
seller = "toy-inc"
[[price]]
model = "toy-1"
per_megapixel = {{ first = "0.03", extra = "0.015", input = "0.01" }}
{SOURCE}
"""


@pytest.mark.parametrize(
    ("told", "dollars"),
    [
        ({"images_delivered": 1, "size": "1024x1024"}, "0.03"),
        ({"images_delivered": 1, "size": "2048x2048"}, "0.075"),
        ({"images_delivered": 2, "size": "2048x1024"}, "0.09"),
        ({"images_delivered": 0, "size": "2048x1024"}, "0"),
    ],
)
def test_each_image_pays_its_first_megapixel(book_of: Book, told: dict[str, Any], dollars: str) -> None:
    found = charge(book_of(AREA), [("image", "charged")], facts(**told))

    assert found.low == found.high == Decimal(dollars)


def test_input_megapixels_have_their_own_price(book_of: Book) -> None:
    usage = (UsageRow("input", "megapixel", 3), UsageRow("image", "megapixel", 2))

    found = charge(book_of(AREA), [("input", "charged"), ("image", "charged")], usage=usage)

    assert [line.low for line in found.lines] == [Decimal("0.03"), Decimal("0.045")]


CREDITS = f"""\
seller = "toy-inc"
[[price]]
model = "toy-1"
credit = "0.01"
credits.per_image = "6.5"
discount_percent = "10"
{SOURCE}
"""


def test_credits_are_priced_by_what_a_credit_costs(book_of: Book) -> None:
    found = charge(book_of(CREDITS), [("image", "charged")], facts(images_delivered=2))

    assert found.low == found.high == Decimal("0.117")


YUAN = f"""\
seller = "toy-inc"
currency = "CNY"
[[price]]
model = "toy-1"
per_call = "0.3"
{SOURCE}
[[currencies]]
code = "CNY"
usd = "0.139"
from = 2026-01-01
source = "https://x.test"
checked = 2026-06-01
"""


def test_another_currency_keeps_its_amount_and_the_rate_used(book_of: Book) -> None:
    (line,) = charge(book_of(YUAN), [("request", "charged")]).lines

    assert (line.rate, line.currency, line.usd_per_unit_of_currency) == (Decimal("0.3"), "CNY", Decimal("0.139"))
    assert line.low == line.high == Decimal("0.0417")


def test_a_currency_without_a_rate_is_unpriced(book_of: Book) -> None:
    found = charge(book_of(YUAN), [("request", "charged")], facts(at=datetime(2025, 1, 1, tzinfo=UTC)))

    assert (found.low, found.high) == (Decimal(0), None)
    assert found.lines[0].note == "no exchange rate of CNY on that day"


def test_prices_in_several_currencies_are_compared_in_dollars(book_of: Book) -> None:
    dollars = f'seller = "toy-inc"\n[[price]]\nmodel = "toy-2"\nper_call = "0.1"\n{SOURCE}'

    (line,) = charge(book_of(YUAN, dollars), [("request", "charged")], facts(model=None)).lines

    assert (line.low, line.high, line.currency) == (Decimal("0.0417"), Decimal("0.1"), "USD")
    assert line.note == "the model is not told: from the cheapest to the dearest of 2"


def test_rows_of_another_model_are_priced_as_that_model(book_of: Book) -> None:
    other = f'seller = "toy-inc"\n[[price]]\nmodel = "writer-1"\nper_mtok = {{ text = "10" }}\n{SOURCE}'
    usage = (UsageRow("text", "token", 100), UsageRow("text", "token", 100, "writer-1"))

    found = charge(book_of(TOKENS, other), [("text", "charged")], usage=usage)

    assert [line.low for line in found.lines] == [Decimal("0.0003"), Decimal("0.001")]


def test_two_rows_of_one_unit_are_two_lines(book_of: Book) -> None:
    usage = (UsageRow("image", "megapixel", 1), UsageRow("image", "megapixel", 2))

    found = charge(book_of(AREA), [("image", "charged")], usage=usage)

    assert found.low == Decimal("0.03") + Decimal("0.045")


QUANTITIES = st.integers(0, 10**9) | st.decimals(0, 10**4, places=3)
ROWS = st.lists(
    st.builds(UsageRow, st.sampled_from(["input", "text", "image"]), st.just("token"), QUANTITIES), max_size=12
)
VALUES = st.sampled_from(["charged", "free", "credited", "conditional", "unknown", "na"])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(rows=ROWS, values=st.fixed_dictionaries({"input": VALUES, "text": VALUES, "image": VALUES}))
def test_parts_sum_to_the_total_in_any_decimal_context(book_of: Book, rows: list[UsageRow], values: Any) -> None:  # noqa: ANN401
    book = book_of(TOKENS)

    whole = charge(book, list(values.items()), usage=tuple(rows))
    with localcontext() as context:
        context.prec = 4
        context.rounding = ROUND_UP
        context.traps[Inexact] = True
        context.traps[FloatOperation] = True
        assert charge(book_of(TOKENS), list(values.items()), usage=tuple(rows)) == whole

    with localcontext() as context:
        context.prec = 100
        assert whole.low == sum(line.low for line in whole.lines)
        if whole.high is not None:
            assert whole.high == sum(line.high or 0 for line in whole.lines)
            assert whole.low <= whole.high


def test_thousands_of_lines_sum_without_loss(book_of: Book) -> None:
    rows = tuple(UsageRow("input", "token", 1) for _ in range(3000))

    found = charge(book_of(TOKENS), [("input", "charged")], usage=rows)

    assert found.low == found.high == Decimal("0.0015")


def test_a_sum_beyond_64_bits_of_pico_dollars_is_exact(book_of: Book) -> None:
    rows = (UsageRow("image", "token", 2**53),)

    found = charge(book_of(TOKENS), [("image", "charged")], usage=rows)

    assert found.low == Decimal(2**53) * 60 / 10**6


@pytest.mark.parametrize(("images", "expected"), [(None, 3), (0, 0), (2, 2)])
def test_a_workload_of_no_images_stays_one(images: int | None, expected: int) -> None:
    assert workload_of(facts(images_requested=3), images=images).images == expected


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(quantity=QUANTITIES, value=st.sampled_from(["charged", "credited", "conditional", "unknown"]))
def test_the_short_way_to_a_line_is_the_long_one(book_of: Book, quantity: int | Decimal, value: BillValue) -> None:
    """The model told has one rate; told twice over, by two aliases of one price, it takes the long way."""
    row = UsageRow("image", "token", quantity)
    twice = TOKENS.replace('model = "toy-1"', 'model = "toy-1"\naliases = ["toy-2"]')
    other = twice + TOKENS.replace('model = "toy-1"', 'model = "toy-3"').partition("\n")[2]

    short = charge(book_of(twice), [("image", value)], usage=(row,)).lines[0]
    long = charge(book_of(other), [("image", value)], facts(model=None), (row,)).lines[0]

    for field in ("component", "value", "unit", "quantity", "rate", "per", "currency", "gross", "low", "high"):
        assert getattr(short, field) == getattr(long, field)


BY_AREA = f"""\
[[price]]
model = "toy-2"
per_megapixel = {{ first = "0.03", extra = "0.01" }}
{SOURCE}
"""


@pytest.mark.parametrize(
    ("told", "value", "low", "high"),
    [
        ({"size": "2048x8192"}, "unknown", "0", "0.18"),
        ({"size": "3072x2048", "images_delivered": 1}, "charged", "0.08", "0.12"),
        ({"size": "1024x1024", "images_requested": 4, "images_delivered": 4}, "charged", "0.12", "0.16"),
        ({}, "unknown", "0", None),
        ({}, "credited", "0", "0"),
    ],
)
def test_models_that_count_in_other_units_are_alternatives(
    book_of: Book, told: dict[str, Any], value: BillValue, low: str, high: str | None
) -> None:
    one = charge(book_of(IMAGES + BY_AREA), [("image", value)], facts(model=None, **told))

    assert (one.low, one.high) == (Decimal(low), None if high is None else Decimal(high))
    assert len(one.lines) == 1
    assert "from the cheapest to the dearest of 2" in str(one.lines[0].note)


def test_a_model_that_does_not_price_the_component_may_have_served_for_nothing(book_of: Book) -> None:
    one = charge(book_of(IMAGES + BY_AREA), [("request", "charged")], facts(model=None))

    assert bounds(one) == ("0", "0.001000000000")
