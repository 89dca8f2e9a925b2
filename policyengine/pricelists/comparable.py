"""Say what the price book asks for a unit that somebody else lists, so that the two can be compared."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from policyengine.money.book import for_tier
from policyengine.money.exact import EXACT
from policyengine.money.tariff import Tariff, Workload

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policyengine.money.book import PriceBook
    from policyengine.money.entry import PriceEntry
    from policyengine.money.tariff import Estimate, Rate
    from policyengine.pricelists.quotes import Quote

__all__ = ["AmountRange", "BookEntry", "agrees", "amounts_for", "nearest_of"]

_MILLION = 1_000_000
_PER_IMAGE = frozenset({("image", "token"), ("image", "megapixel"), ("request", "call")})
_NEAR = Decimal("0.01")
_ROUNDED = Decimal("0.06")
_CENTS = 2


class BookEntry(NamedTuple):
    """Hold an entry of the book with its place."""

    seller: str
    file: str
    entry: PriceEntry


class AmountRange(NamedTuple):
    """Hold what the book asks: one amount, or the least and the most it may be."""

    low: Decimal
    high: Decimal

    def nearest(self, amount: Decimal) -> Decimal:
        """Return the amount of the range that is nearest to *amount*."""
        return min(max(amount, self.low), self.high)


def amounts_for(book: PriceBook, place: BookEntry, quote: Quote, day: date) -> list[AmountRange]:
    """Return what *place* asks for the unit of *quote*, in dollars; nothing where it does not price it."""
    tariff = _tariff(book, place, quote.tier)
    worth = book.usd_per(tariff.currency, datetime.combine(day, time(12), UTC))
    if worth is None:
        return []
    found = list(_image_amounts(book, tariff, quote) if quote.unit == "image" else _unit_amounts(tariff, quote))
    return [AmountRange(EXACT.multiply(one.low, worth), EXACT.multiply(one.high, worth)) for one in found]


def _tariff(book: PriceBook, place: BookEntry, tier: str | None) -> Tariff:
    return Tariff(
        seller=place.seller,
        currency=book.currency_of(place.file),
        rates=book.rates(place.seller, place.entry, tier),
        entry=for_tier(place.entry, tier),
        file=place.file,
    )


def _unit_amounts(tariff: Tariff, quote: Quote) -> Iterator[AmountRange]:
    """Yield the amount for a million tokens, or for one unit of anything else."""
    for component in ("text", "image") if quote.component == "output" else (quote.component,):
        for rate in tariff.rates_for(component, quote.unit, quote.size, quote.quality):
            amount = _of(rate, _MILLION if quote.unit.endswith("token") else 1)
            yield AmountRange(amount, amount)


def _of(rate: Rate, quantity: int) -> Decimal:
    """Return what *quantity* costs, exactly; of an image of several megapixels the first one is dearer."""
    further = EXACT.multiply(rate.extra, Decimal(quantity - 1)) if rate.extra is not None else None
    amount = EXACT.multiply(rate.amount, Decimal(1 if further is not None else quantity))
    return EXACT.divide(EXACT.add(amount, further or Decimal(0)), Decimal(rate.per))


def _image_amounts(book: PriceBook, tariff: Tariff, quote: Quote) -> Iterator[AmountRange]:
    """Yield what one image costs: as listed, or by what the seller counts for one."""
    listed = tariff.rates_for("image", "image", quote.size, quote.quality)
    for rate in listed:
        yield AmountRange(rate.amount, rate.amount)
    if listed:
        return
    workload = Workload(images=1, size=quote.size, quality=quote.quality)
    for estimate in book.sellers[tariff.seller].estimate(workload, tariff):
        if (estimate.component, estimate.unit) in _PER_IMAGE:
            yield from _estimated(tariff, estimate)


def _estimated(tariff: Tariff, estimate: Estimate) -> Iterator[AmountRange]:
    """Yield what the estimated quantity costs; its least where nothing bounds it from above."""
    high = estimate.low if estimate.high is None else estimate.high
    if high:
        for rate in tariff.rates_for(estimate.component, estimate.unit, None, None):
            yield AmountRange(_of(rate, int(estimate.low)), _of(rate, int(high)))


def agrees(ours: AmountRange, theirs: Decimal) -> bool:
    """Return whether *theirs* is one of *ours*, as people round prices.

    One percent is no difference, nor is what rounding to the decimals of *theirs* takes away, if those
    are two or more and it is less than six percent.

    >>> exact = AmountRange(Decimal("0.0672"), Decimal("0.0672"))
    >>> agrees(exact, Decimal("0.067")), agrees(exact, Decimal("0.06"))
    (True, False)
    """
    nearest = ours.nearest(theirs)
    apart = abs(EXACT.subtract(nearest, theirs))
    exponent = theirs.normalize().as_tuple().exponent
    decimals = -exponent if isinstance(exponent, int) else 0
    half = EXACT.scaleb(Decimal(5), -decimals - 1) if decimals >= _CENTS else Decimal(0)
    return apart <= EXACT.multiply(nearest, _NEAR) or apart <= min(half, EXACT.multiply(nearest, _ROUNDED))


def nearest_of(
    ours: list[tuple[BookEntry, AmountRange]], theirs: Decimal
) -> tuple[BookEntry, AmountRange] | tuple[None, None]:
    """Return the amount of *ours* that is nearest to *theirs*, with its entry; None twice when there is none."""
    if not ours:
        return None, None
    return min(ours, key=lambda one: abs(EXACT.subtract(one[1].nearest(theirs), theirs)))
