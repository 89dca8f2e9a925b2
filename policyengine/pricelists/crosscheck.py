"""Compare the price book with what other projects list, and say where they disagree."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from msgspec import Struct

from policyengine.money.book import is_dated
from policyengine.money.exact import EXACT
from policyengine.pricelists.comparable import AmountRange, BookEntry, agrees, amounts_for, nearest_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from policyengine.money.book import PriceBook
    from policyengine.pricelists.quotes import Quote
    from policyengine.pricelists.reading import ListedRow

__all__ = ["Comparison", "Disagreement", "SellersOf", "compare_prices"]

SellersOf = Callable[[str | None], Sequence[str]]
"""Returns the sellers that a vendor's name means, several or none where it is not told."""
_RATIO_DIGITS = Decimal("0.001")
_PRICE_DIGITS = Decimal("1e-9")


class Disagreement(Struct, frozen=True, kw_only=True):
    """Hold one price on which the book and another project do not agree."""

    seller: str
    model: str
    component: str
    unit: str
    """Token prices are for a million."""
    applies_to: str | None
    """Tier, size and quality."""
    ours_low: Decimal | None
    """Dollars; None where the book prices no such component."""
    ours_high: Decimal | None
    theirs: Decimal
    ratio: Decimal | None
    """Theirs over the nearest of ours."""
    whose: str
    row: str
    """The key of their row."""
    source: str
    taken: date | None
    """The day theirs were read."""
    our_source: str
    """Where ours stands."""


class Comparison(Struct, kw_only=True):
    """Keep the disagreements and count everything else."""

    disagreements: list[Disagreement]
    agreements: int = 0
    other_sellers: int = 0
    """Rows of sellers that the book does not have."""
    other_models: int = 0
    """Rows of models that the book does not have at that seller."""
    without_price: int = 0
    """Rows in which no price is entered."""
    not_in_force: int = 0
    """Prices of a day on which the book has none for the model."""
    other_tiers: int = 0
    """Prices of a tier that the book's entry does not have."""


def compare_prices(
    book: PriceBook,
    rows: Iterable[ListedRow],
    *,
    sellers_of: SellersOf,
    today: date,
    on: date | None = None,
) -> Comparison:
    """Return where *book* and *rows* disagree.

    Prices that name no day are compared with those that hold *on* a day; without one, on the day the rows were
    read, else *today*.
    """
    check = _Check(book, sellers_of)
    for row in rows:
        check.row(row, on or row.listing.taken or today)
    check.found.disagreements.sort(key=_place)
    return check.found


def _place(one: Disagreement) -> tuple[str, ...]:
    return one.seller, one.model, one.component, one.unit, one.applies_to or "", one.whose


class _Check:
    """Compare row by row; what several rows of a project say in the same words counts once."""

    def __init__(self, book: PriceBook, sellers_of: SellersOf) -> None:
        self.book = book
        self.sellers_of = sellers_of
        self.found = Comparison(disagreements=[])
        self.seen: set[tuple[object, ...]] = set()
        self.by_name = _by_name(book)
        self.by_end = _by_end(self.by_name)

    def row(self, row: ListedRow, day: date) -> None:
        """Compare every price of *row*."""
        sellers = self.sellers_of(row.vendor)
        entries = self._named(row.model, sellers) or self._prefixed(row)
        if not row.quotes:
            self.found.without_price += 1
        elif entries:
            for quote in row.quotes:
                self._quote(row, quote, entries, day)
        elif sellers:
            self.found.other_models += 1
        else:
            self.found.other_sellers += 1

    def _named(self, model: str, sellers: Sequence[str]) -> list[BookEntry]:
        """Return the entries of *model* at *sellers*: by its name, or where one name is the end of the other's path."""
        ends = list(_ends(model.lower()))
        for table, names in ((self.by_name, ends), (self.by_end, ends[:1])):
            for name in names:
                found = [one for seller in sellers for one in table.get((seller, name), ())]
                if found:
                    return found
        return []

    def _prefixed(self, row: ListedRow) -> list[BookEntry]:
        """Return the entries of a model whose vendor stands before an underscore."""
        vendor, mark, model = row.model.partition("_")
        return self._named(model, self.sellers_of(vendor)) if mark and row.vendor is None else []

    def _quote(self, row: ListedRow, quote: Quote, entries: Sequence[BookEntry], day: date) -> None:
        key = (entries[0].seller, entries[0].entry.model, quote._replace(whose=None), row.listing.name)
        if key in self.seen:
            return
        self.seen.add(key)
        moment = _moment(quote, day)
        holding = [one for one in entries if is_dated(one.entry, moment)]
        told = [one for one in holding if quote.tier is None or any(name == quote.tier for name in one.entry.tier)]
        if told:
            self._judge(row, quote, told, moment)
        elif holding:
            self.found.other_tiers += 1
        else:
            self.found.not_in_force += 1

    def _judge(self, row: ListedRow, quote: Quote, entries: Sequence[BookEntry], day: date) -> None:
        ours = [(one, amount) for one in entries for amount in amounts_for(self.book, one, quote, day)]
        if any(agrees(amount, quote.usd) for _, amount in ours):
            self.found.agreements += 1
            return
        place, amount = nearest_of(ours, quote.usd)
        self.found.disagreements.append(_disagreement(row, quote, place or entries[0], amount))


def _ends(path: str) -> Iterator[str]:
    """Yield *path* and what is left of it without its first part, its first two, and so on."""
    while path:
        yield path
        path = path.partition("/")[2]


def _by_name(book: PriceBook) -> dict[tuple[str, str], list[BookEntry]]:
    """Return the entries that hold for every account, by seller and each of the model's names."""
    found: dict[tuple[str, str], list[BookEntry]] = {}
    layered = {file.file for file in book.files if file.content.layer is not None}
    for seller, file, entry in book.entries():
        for name in {name.lower() for name in (entry.model, *entry.aliases)} if file not in layered else ():
            found.setdefault((seller, name), []).append(BookEntry(seller, file, entry))
    return found


def _by_end(by_name: Mapping[tuple[str, str], Sequence[BookEntry]]) -> dict[tuple[str, str], Sequence[BookEntry]]:
    """Return the entries by the ends of their names, where one model alone has that end."""
    names: dict[tuple[str, str], list[str]] = {}
    for seller, name in by_name:
        for end in _ends(name):
            names.setdefault((seller, end), []).append(name)
    return {(seller, end): by_name[seller, told[0]] for (seller, end), told in names.items() if len(told) == 1}


def _moment(quote: Quote, day: date) -> date:
    """Return a day on which *quote* holds: *day* if it does."""
    if quote.before is not None and date.min < quote.before <= day:
        return quote.before - timedelta(days=1)
    return max(day, quote.since or day)


def _disagreement(row: ListedRow, quote: Quote, place: BookEntry, ours: AmountRange | None) -> Disagreement:
    nearest = None if ours is None else ours.nearest(quote.usd)
    applies_to = ", ".join(told for told in (quote.tier, quote.size, quote.quality) if told)
    return Disagreement(
        seller=place.seller,
        model=place.entry.model,
        component=quote.component,
        unit=quote.unit,
        applies_to=applies_to or None,
        ours_low=None if ours is None else _short(ours.low),
        ours_high=None if ours is None else _short(ours.high),
        theirs=_short(quote.usd),
        ratio=EXACT.divide(quote.usd, nearest).quantize(_RATIO_DIGITS, context=EXACT) if nearest else None,
        whose=row.listing.name,
        row=row.key,
        source=row.listing.source,
        taken=row.listing.taken,
        our_source=place.entry.source,
    )


def _short(amount: Decimal) -> Decimal:
    """Return *amount* without digits that only show how it was calculated, and without an exponent."""
    return Decimal(f"{amount.quantize(_PRICE_DIGITS, context=EXACT).normalize():f}")
