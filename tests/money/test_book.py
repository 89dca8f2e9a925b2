"""Test which price entry holds: by day, alias, tier, mode, operation, account, layer and dialect."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal, Inexact, localcontext
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from policyengine.facts import Facts
from policyengine.money.charge import ComponentBill, price_bill
from policyengine.provider import Seller

if TYPE_CHECKING:
    from collections.abc import Callable

    from policyengine.money.book import PriceBook
    from policyengine.money.tariff import Rates

    Book = Callable[..., PriceBook]

FACTS = Facts(
    provider="toy", dialect="toy-api", seller="toy-inc", model="toy-1", at=datetime(2026, 6, 1, 12, tzinfo=UTC)
)
SOURCE = 'source = "https://x.test/prices"\nchecked = 2026-06-01\n'


def prices(*entries: str, head: str = "") -> str:
    return "\n".join(['seller = "toy-inc"', head, *(f"[[price]]\n{SOURCE}{entry}" for entry in entries)])


def facts(**told: Any) -> Facts:  # noqa: ANN401
    return msgspec.structs.replace(FACTS, **told)


def calls(book: PriceBook, told: Facts = FACTS) -> list[str]:
    """Return what a call costs at each tariff that may apply."""
    return [str(rate.amount) for tariff in book.tariffs(told) for rate in tariff.rates if rate.unit == "call"]


DATED = prices(
    'model = "toy-1"\nper_call = "1"',
    'model = "toy-1"\nper_call = "2"\nfrom = 2026-05-01',
    'model = "toy-1"\nper_call = "3"\nfrom = 2026-06-01\nuntil = 2026-07-01',
)


@pytest.mark.parametrize(
    ("at", "amount"),
    [
        (datetime(2020, 1, 1, tzinfo=UTC), "1"),
        (datetime(2026, 4, 30, 23, 59, 59, tzinfo=UTC), "1"),
        (datetime(2026, 5, 1, tzinfo=UTC), "2"),
        (datetime(2026, 5, 31, 23, 59, 59, tzinfo=UTC), "2"),
        (datetime(2026, 6, 1, tzinfo=UTC), "3"),
        (datetime(2026, 6, 30, 23, 59, 59, tzinfo=UTC), "3"),
        (datetime(2026, 7, 1, tzinfo=UTC), "2"),
    ],
)
def test_the_newest_entry_that_holds_on_the_day_is_the_price(book_of: Book, at: datetime, amount: str) -> None:
    assert calls(book_of(DATED), facts(at=at)) == [amount]


def test_days_are_those_of_utc(book_of: Book) -> None:
    early = datetime(2026, 5, 1, 1, tzinfo=timezone(timedelta(hours=2)))

    assert calls(book_of(DATED), facts(at=early)) == ["1"]


def test_a_model_that_is_priced_on_other_days_has_no_price(book_of: Book) -> None:
    book = book_of(prices('model = "toy-1"\nper_call = "1"\nuntil = 2026-01-01'))

    assert book.tariffs(FACTS) == ()


@pytest.mark.parametrize("name", ["toy-1", "toy-one", "models/toy-1", "publishers/x/models/toy-one"])
def test_a_model_is_found_by_its_names(book_of: Book, name: str) -> None:
    book = book_of(prices('model = "toy-1"\naliases = ["toy-one"]\nper_call = "1"'))

    assert calls(book, facts(model=name)) == ["1"]


def test_a_name_with_a_slash_is_its_own(book_of: Book) -> None:
    book = book_of(prices('model = "toy-1"\nper_call = "1"', 'model = "maker/toy-1"\nper_call = "2"'))

    assert calls(book, facts(model="maker/toy-1")) == ["2"]


def test_a_model_nobody_knows_has_no_price(book_of: Book) -> None:
    assert book_of(DATED).tariffs(facts(model="toy-2")) == ()


def test_a_seller_nobody_knows_has_no_price(book_of: Book) -> None:
    assert book_of(DATED).tariffs(facts(seller="other")) == ()


def test_without_a_model_every_model_may_have_served(book_of: Book) -> None:
    book = book_of(DATED, prices('model = "toy-2"\nper_call = "9"', 'model = "toy-3"\nper_call = "8"\nmode = "turbo"'))

    assert calls(book, facts(model=None)) == ["3", "9"]


def test_entry_of_every_model_prices_what_no_other_names(book_of: Book) -> None:
    book = book_of(prices('model = "toy-1"\nper_call = "1"', 'model = "*"\nper_call = "2"\noperation = "run"'))

    assert calls(book, facts(model="toy-9", operation="run")) == ["2"]
    assert calls(book, facts(model="toy-9")) == []
    assert calls(book, facts(model="toy-1", operation="run")) == ["1"]


def test_without_a_model_the_entries_of_the_dialect_come_first(book_of: Book) -> None:
    book = book_of(prices('model = "toy-1"\nper_call = "1"', 'model = "toy-2"\nper_call = "2"\ndialects = ["toy-api"]'))

    assert calls(book, facts(model=None)) == ["2"]
    assert calls(book, facts(model=None, dialect="toy-twin")) == ["1"]


TIERS = prices(
    """\
model = "toy-1"
per_mtok = { input = "2", text = "4" }
per_image = { "1K" = "0.10", "2K" = { low = "0.20", high = "0.30" } }
per_call = "1"
per_gpu_minute = "7"
per_gpu_second = { small = "0.1", large = "0.2" }
tier.batch.per_mtok = { text = "1" }
tier.batch.per_image = { "2K" = { high = "0.15" } }
tier.batch.per_call = "0"
"""
)


def amounts(rates: Rates) -> dict[tuple[str, str | None, str | None], str]:
    return {(f"{rate.component}.{rate.unit}", rate.size, rate.quality): str(rate.amount) for rate in rates}


def test_a_tier_replaces_prices_key_by_key_and_may_be_free(book_of: Book) -> None:
    (tariff,) = book_of(TIERS).tariffs(facts(tier="batch"))

    assert amounts(tariff.rates) == {
        ("input.token", None, None): "2",
        ("text.token", None, None): "1",
        ("image.image", "1K", None): "0.10",
        ("image.image", "2K", "low"): "0.20",
        ("image.image", "2K", "high"): "0.15",
        ("request.call", None, None): "0",
        ("request.gpu_minute", None, None): "7",
        ("request.gpu_second", None, "small"): "0.1",
        ("request.gpu_second", None, "large"): "0.2",
    }


@pytest.mark.parametrize("tier", [None, "standard", "flex"])
def test_a_tier_without_prices_costs_the_standard_ones(book_of: Book, tier: str | None) -> None:
    (tariff,) = book_of(TIERS).tariffs(facts(tier=tier))

    assert amounts(tariff.rates)["text.token", None, None] == "4"


@pytest.mark.parametrize("tier", [None, "standard"])
def test_prices_of_the_standard_tier_hold_where_no_tier_is_told(book_of: Book, tier: str | None) -> None:
    told = prices('model = "toy-1"\nper_call = "1"\ntier.standard.per_call = "2"')

    (tariff,) = book_of(told).tariffs(facts(tier=tier))

    assert amounts(tariff.rates) == {("request.call", None, None): "2"}


CONDITIONS = prices(
    'model = "toy-1"\nper_call = "1"',
    'model = "toy-1"\nper_call = "2"\nmode = "turbo"',
    'model = "toy-1"\nper_call = "3"\noperation = "edit"',
    'model = "toy-1"\nper_call = "4"\naccount = { mode = "per-call" }',
    'model = "toy-1"\nper_call = "5"\nmode = "turbo"\naccount = { mode = "per-call" }',
)


@pytest.mark.parametrize(
    ("told", "amount"),
    [
        ({}, "1"),
        ({"mode": "turbo"}, "2"),
        ({"mode": "fast"}, "1"),
        ({"operation": "edit"}, "3"),
        ({"account": {"mode": "per-call"}}, "4"),
        ({"account": {"mode": "per-token"}}, "1"),
        ({"account": {"mode": "per-call"}, "mode": "turbo"}, "5"),
    ],
)
def test_the_entry_with_most_conditions_that_hold_is_the_price(
    book_of: Book, told: dict[str, Any], amount: str
) -> None:
    assert calls(book_of(CONDITIONS), facts(**told)) == [amount]


def test_a_layer_holds_for_the_accounts_that_name_it(book_of: Book) -> None:
    book = book_of(
        prices('model = "toy-1"\nper_call = "1"'),
        prices('model = "toy-1"\nper_call = "0.5"', head='layer = "contract"'),
    )

    assert calls(book) == ["1"]
    assert calls(book, facts(account={"prices": "contract"})) == ["0.5"]


def test_components_are_those_of_the_tariff(book_of: Book) -> None:
    book = book_of(prices('model = "toy-1"\nper_call = "1"', head='components = ["image", "text"]'))

    assert book.components(FACTS, book.tariffs(FACTS)) == {"request"}
    assert book.components(facts(model="toy-2"), ()) == {"image", "text"}
    assert book.components(facts(seller="other"), ()) == {"input", "text", "image", "request"}


CURRENCIES = prices(
    'model = "toy-1"\ncredit = "0.10"\nper_call = "1"',
    head="""\
currency = "CNY"
currencies = [
  { code = "CNY", usd = "0.14", from = 2026-01-01, source = "https://x.test", checked = 2026-01-01 },
  { code = "CNY", usd = "0.15", from = 2026-06-01, source = "https://x.test", checked = 2026-06-01 },
]
""",
)


@pytest.mark.parametrize(
    ("at", "worth"),
    [
        (datetime(2025, 12, 31, tzinfo=UTC), None),
        (datetime(2026, 5, 31, 23, tzinfo=UTC), "0.14"),
        (datetime(2026, 6, 1, tzinfo=UTC), "0.15"),
    ],
)
def test_a_currency_is_worth_what_it_was_on_the_day(book_of: Book, at: datetime, worth: str | None) -> None:
    assert book_of(CURRENCIES).usd_per("CNY", at) == (None if worth is None else Decimal(worth))


def test_dollars_are_worth_one(book_of: Book) -> None:
    assert book_of().usd_per("USD", None) == 1


def test_a_credit_is_worth_dollars_whatever_the_currency_of_its_price(book_of: Book) -> None:
    assert book_of(CURRENCIES).credit_worth(FACTS, "credit") == Decimal("0.015")
    assert book_of(CURRENCIES).credit_worth(FACTS, "quota") is None


def test_a_credit_that_each_model_has_its_own_of_says_nothing_of_others(book_of: Book) -> None:
    book = book_of(prices('model = "a"\ncredit = "0.03"', 'model = "b"\ncredit = "0.05"'))

    worths = [book.credit_worth(facts(model=model), "credit") for model in ("a", "b", "c", None)]
    assert worths == [Decimal("0.03"), Decimal("0.05"), None, None]


def test_a_credit_of_the_seller_holds_for_models_it_does_not_price(book_of: Book) -> None:
    book = book_of(
        prices('model = "old"\ncredit = "0.5"\nuntil = 2026-01-01', 'model = "new"\ncredit = "0.01"\nfrom = 2026-01-01')
    )

    assert book.credit_worth(facts(model="toy-9"), "credit") == Decimal("0.01")


def test_a_bundled_entry_comes_after_the_users_however_new(book_of: Book) -> None:
    users = book_of(prices('model = "toy-1"\nper_call = "1"')).files
    bundled = book_of(
        prices('model = "toy-1"\nper_call = "2"\nfrom = 2026-05-30\nmode = "fast"'), origin="bundled"
    ).files

    book = type(book_of())([*bundled, *users], {"toy-inc": Seller("toy-inc")})

    assert calls(book, facts(mode="fast")) == ["1"]


def test_rates_do_not_depend_on_the_callers_decimal_context(book_of: Book) -> None:
    written = prices('model = "toy-1"\ndiscount_percent = "33.333333333"\nper_call = "0.123456789123"')
    (outside,) = calls(book_of(written))

    with localcontext() as context:
        context.prec = 3
        context.traps[Inexact] = True

        assert calls(book_of(written)) == [outside]


def test_a_book_pickles(book_of: Book) -> None:
    book = book_of(CONDITIONS)
    calls(book)

    assert calls(pickle.loads(pickle.dumps(book)), facts(mode="turbo")) == ["2"]  # noqa: S301  our own bytes


def test_entries_are_listed_by_seller(book_of: Book) -> None:
    listed = [(seller, file, entry.model) for seller, file, entry in book_of(DATED).entries("toy-inc")]

    assert listed == [("toy-inc", "prices-0.toml", "toy-1")] * 3
    assert list(book_of(DATED).entries("other")) == []


@pytest.mark.parametrize("head", ["", 'components = ["image"]'])
def test_an_entry_without_prices_makes_nothing_free(book_of: Book, head: str) -> None:
    book = book_of(prices('model = "toy-1"\ncredit = "0.10"', head=head))

    found = book.components(FACTS, book.tariffs(FACTS))

    assert "image" in found
    assert price_bill([ComponentBill("image", "charged")], FACTS, (), book).is_unpriced
