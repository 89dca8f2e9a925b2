"""Test what counts as a disagreement between the price book and somebody else's list."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from policyengine.pricelists.comparable import AmountRange, agrees
from policyengine.pricelists.crosscheck import Comparison, compare_prices
from policyengine.pricelists.quotes import Listing, Quote
from policyengine.pricelists.reading import ListedRow
from policyengine.pricelists.vendors import Vendors
from policyengine.provider import Provider

if TYPE_CHECKING:
    from collections.abc import Callable

    from policyengine.money.book import PriceBook

    Book = Callable[..., PriceBook]

SOURCE = 'source = "https://toy.test/pricing"\nchecked = 2026-06-01\n'
LISTING = Listing(name="list", source="https://list.test", taken=date(2026, 6, 1), units="USD")


def toy(entry: str, head: str = "") -> str:
    return f'seller = "toy-inc"\n{head}\n[[price]]\nmodel = "toy-1"\n{SOURCE}{entry}'


def quote(component: str, unit: str, usd: str, **told: str) -> Quote:
    return Quote(component, unit, Decimal(usd), **told)  # type: ignore[arg-type]  # the tests pass text only


def row(*quotes: Quote, model: str = "toy-1", vendor: str | None = "toy-inc") -> ListedRow:
    return ListedRow(key=f"{vendor}/{model}", vendor=vendor, model=model, listing=LISTING, quotes=quotes)


def compare(book: PriceBook, *rows: ListedRow, on: date | None = None) -> Comparison:
    known = book.sellers

    def sellers_of(vendor: str | None) -> list[str]:
        return [name for name in known if vendor in (None, name)]

    return compare_prices(book, rows, sellers_of=sellers_of, today=date(2026, 7, 1), on=on)


def told(found: Comparison) -> list[tuple[str, ...]]:
    return [(one.unit, str(one.ours_low), str(one.theirs), str(one.ratio)) for one in found.disagreements]


def test_agreement_is_counted_and_disagreement_is_told(book_of: Book) -> None:
    book = book_of(toy('per_mtok = { input = "2", image = "30" }'))

    found = compare(book, row(quote("input", "token", "2"), quote("image", "token", "60")))

    assert found.agreements == 1
    assert told(found) == [("token", "30", "60", "2.000")]
    one = found.disagreements[0]
    assert (one.whose, one.source, one.our_source) == ("list", "https://list.test", "https://toy.test/pricing")


@pytest.mark.parametrize(
    ("ours", "theirs", "same"),
    [
        ("0.0672", "0.067", True),
        ("0.00474", "0.005", True),
        ("0.198656", "0.2", True),
        ("2.5", "2.5", True),
        ("0.125", "0.13", True),
        ("0.044", "0.04", False),
        ("5", "5.4", False),
        ("0.03", "0.04", False),
        ("0", "0.01", False),
    ],
)
def test_rounding_is_no_disagreement(ours: str, theirs: str, same: bool) -> None:  # noqa: FBT001  a column of a table
    amount = Decimal(ours)

    assert agrees(AmountRange(amount, amount), Decimal(theirs)) is same


def test_what_lies_between_the_bounds_agrees(book_of: Book) -> None:
    book = book_of(toy('per_mtok = { image = "30" }\nimage_tokens = { "1K" = 1000, "4K" = 4000 }'))

    found = compare(
        book,
        row(
            quote("image", "image", "0.03", size="1024x1024"),
            quote("image", "image", "0.1"),
            quote("image", "image", "0.2", size="4K"),
        ),
    )

    assert found.agreements == 2
    assert told(found) == [("image", "0.12", "0.2", "1.667")]


def test_a_component_that_is_not_priced_is_a_disagreement(book_of: Book) -> None:
    found = compare(book_of(toy('per_mtok = { image = "30" }')), row(quote("text", "token", "10")))

    assert told(found) == [("token", "None", "10", "None")]


def test_one_output_price_may_be_that_of_text_or_of_images(book_of: Book) -> None:
    book = book_of(toy('per_mtok = { text = "3", image = "30" }'))

    found = compare(book, row(quote("output", "token", "30")), row(quote("output", "token", "12")))

    assert found.agreements == 1
    assert told(found) == [("token", "3", "12", "4.000")]


def test_any_entry_that_may_apply_agrees(book_of: Book) -> None:
    entries = [toy(f'per_call = "{amount}"\nmode = "{mode}"') for mode, amount in (("fast", "0.1"), ("turbo", "0.2"))]

    found = compare(book_of(*entries), row(quote("image", "image", "0.2")))

    assert (found.agreements, told(found)) == (1, [])


def test_tiers_are_compared_with_tiers(book_of: Book) -> None:
    book = book_of(toy('per_mtok = { image = "30" }\ntier.batch.per_mtok = { image = "15" }'))

    found = compare(
        book, row(quote("image", "token", "15", tier="batch"), quote("image", "token", "15", tier="priority"))
    )

    assert (found.agreements, found.other_tiers) == (1, 1)


def test_the_day_decides_which_entry_is_compared(book_of: Book) -> None:
    old, new = toy('per_call = "1"\nuntil = 2026-05-01'), toy('per_call = "2"\nfrom = 2026-05-01')
    book = book_of(old, new)
    listed = quote("request", "call", "1")

    assert compare(book, row(listed)).agreements == 0
    assert compare(book, row(listed), on=date(2026, 4, 30)).agreements == 1
    assert compare(book, row(listed._replace(before=date(2026, 5, 1)))).agreements == 1
    assert compare(book_of(old), row(listed)).not_in_force == 1


def test_rows_of_others_are_counted(book_of: Book) -> None:
    price = quote("request", "call", "1")

    found = compare(
        book_of(toy('per_call = "1"')), row(price, model="toy-2"), row(price, vendor="acme"), row(), row(price)
    )

    assert (found.other_models, found.other_sellers, found.without_price, found.agreements) == (1, 1, 1, 1)


def test_what_two_rows_say_alike_counts_once(book_of: Book) -> None:
    price = quote("request", "call", "3")
    book = book_of(toy('per_call = "1"\naliases = ["toy-one"]'))

    found = compare(book, row(price), row(price, model="maker/toy-one"), row(price, model="TOY-1", vendor=None))

    assert told(found) == [("call", "1", "3", "3.000")]


@pytest.mark.parametrize(
    ("ours", "theirs", "is_same"),
    [
        (["maker/toy-1"], "toy-1", True),
        (["toy-1"], "maker/toy-1", True),
        (["edit/inpaint"], "inpaint", True),
        (["one/edit", "other/edit"], "edit", False),
        (["one/edit"], "other/edit", False),
        (["toy-1"], "toy", False),
    ],
)
def test_a_model_is_known_by_the_end_of_its_path(book_of: Book, ours: list[str], theirs: str, is_same: bool) -> None:  # noqa: FBT001  a column of a table
    book = book_of(*(toy('per_call = "1"').replace("toy-1", name) for name in ours))

    assert compare(book, row(quote("request", "call", "1"), model=theirs)).agreements == is_same


def test_a_vendor_before_an_underscore_is_found(book_of: Book) -> None:
    found = compare(book_of(toy('per_call = "1"')), row(quote("request", "call", "1"), model="toy-inc_toy-1"))
    bare = row(quote("request", "call", "1"), model="toy-inc_toy-1", vendor=None)

    assert found.other_models == 1
    assert compare(book_of(toy('per_call = "1"')), bare).agreements == 1


def test_contract_prices_are_not_compared(book_of: Book) -> None:
    found = compare(book_of(toy('per_call = "1"', head='layer = "ours"')), row(quote("request", "call", "3")))

    assert (found.other_models, told(found)) == (1, [])


def test_another_currency_is_compared_in_dollars(book_of: Book) -> None:
    rate = f'[[currencies]]\ncode = "EUR"\nusd = "1.1"\nfrom = 2026-01-01\n{SOURCE}'
    book = book_of("\n".join([toy('per_call = "1"', head='currency = "EUR"'), rate]))

    assert compare(book, row(quote("request", "call", "1.1"))).agreements == 1


@pytest.mark.parametrize(
    ("vendor", "seller"),
    [
        ("acme-ai", ["acme-ai"]),
        ("acme", ["acme-ai"]),
        ("acme_vertical-language-models", ["acme-vertical"]),
        ("vertical_ai", ["acme-vertical"]),
        ("toy", ["toy-inc"]),
        ("big-fine-labs", ["bfl"]),
        ("other-ai", []),
        ("", []),
    ],
)
def test_a_vendor_is_known_by_its_words(vendor: str, seller: list[str]) -> None:
    vendors = Vendors(["acme-ai", "acme-vertical", "toy-inc", "bfl"], {"toy": Provider("toy", [])})

    assert vendors.sellers_of(vendor) == seller
