"""Look up the tariff of one exchange: by seller, model, tier, mode, account and day."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from policyengine.money.entry import Currency, PriceEntry, PriceFile, Prices
from policyengine.money.exact import EXACT, product
from policyengine.money.tariff import Rates, Tariff, Tariffs
from policyengine.native import utc
from policyengine.vocabulary import COMPONENTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from policyengine.facts import Facts
    from policyengine.provider import Seller

__all__ = ["LoadedPrices", "PriceBook", "is_dated"]

_CACHE_LIMIT = 4096
_ONE = Decimal(1)


class LoadedPrices(Struct, frozen=True, kw_only=True):
    """Hold one price file that has no fault."""

    file: str
    origin: str
    content: PriceFile
    data: bytes = b""
    """The text, for where its entries stand."""


class _Priced(Struct, frozen=True, kw_only=True):
    """Join an entry with its file."""

    entry: PriceEntry
    file: LoadedPrices


class PriceBook:
    """Hold all price files; a user's entries come before the bundled ones."""

    def __init__(self, files: Sequence[LoadedPrices], sellers: Mapping[str, Seller]) -> None:
        """Take the price *files* and the *sellers* that translate them."""
        self.files = tuple(sorted(files, key=lambda file: file.origin != "user"))
        self.sellers = sellers
        self._by_model: dict[tuple[str, str], list[_Priced]] = {}
        self._by_seller: dict[str, list[_Priced]] = {}
        self._cache: dict[tuple[object, ...], Tariffs] = {}
        for file in self.files:
            for entry in file.content.price:
                self._add(_Priced(entry=entry, file=file))

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle the files; the look-up tables are made anew."""
        return PriceBook, (self.files, self.sellers)

    def _add(self, priced: _Priced) -> None:
        seller = priced.file.content.seller
        self._by_seller.setdefault(seller, []).append(priced)
        for name in (priced.entry.model, *priced.entry.aliases):
            self._by_model.setdefault((seller, name), []).append(priced)

    def tariffs(self, facts: Facts, *, model: str | None = None) -> Tariffs:
        """Return the tariffs that may apply: one when the model is known, else all that fit the dialect."""
        name = model or facts.model
        key = self.key(facts, name)
        found = self._cache.get(key)
        if found is None:
            if len(self._cache) >= _CACHE_LIMIT:
                self._cache.clear()
            found = self._cache[key] = self._find(facts, name, _day(facts.at))
        return found

    def key(self, facts: Facts, model: str | None) -> tuple[object, ...]:
        """Return everything that the choice of a tariff depends on."""
        account = tuple(sorted(facts.account.items())) if facts.account else ()
        day = _day(facts.at)
        return (facts.seller, model, day, facts.tier, facts.mode, facts.operation, facts.dialect, account)

    def _find(self, facts: Facts, name: str | None, day: date | None) -> Tariffs:
        listed = self._named(facts.seller, name) or self._by_model.get((facts.seller, "*"), []) if name else []
        fitting = [priced for priced in listed if _holds(priced, facts, day)]
        if fitting:
            return self._translated([_best_match(fitting)], facts.tier)
        if name is not None:
            return Tariffs()  # the model is not priced, or not on this day or in this mode
        others = [priced for priced in self._by_seller.get(facts.seller, ()) if _holds(priced, facts, day)]
        special = [priced for priced in others if facts.dialect in priced.entry.dialects]
        chosen = special or [priced for priced in others if not priced.entry.dialects]
        return self._translated(_newest(chosen), facts.tier)

    def _translated(self, chosen: Sequence[_Priced], tier: str | None) -> Tariffs:
        """Return the tariffs of *chosen*; none when the seller's plugin fails on one: the others bound nothing."""
        try:
            return Tariffs(self._tariff(priced, tier) for priced in chosen)
        except Exception:  # noqa: BLE001  a plugin may fail in any way; without its rates nothing is priced
            return Tariffs()

    def _named(self, seller: str, name: str) -> list[_Priced]:
        found = self._by_model.get((seller, name))
        if found is None:
            found = self._by_model.get((seller, name.rpartition("/")[2]), [])
        return found

    def _tariff(self, priced: _Priced, tier: str | None) -> Tariff:
        content = priced.file.content
        entry = for_tier(priced.entry, tier)
        return Tariff(
            seller=content.seller,
            currency=content.currency,
            rates=self.rates(content.seller, entry),
            entry=entry,
            file=priced.file.file,
            assumed=_assumed(priced.entry, tier),
        )

    def components(self, facts: Facts, tariffs: Sequence[Tariff]) -> frozenset[str]:
        """Return the components that some of *tariffs* has; what the seller declares when there is none.

        An entry without prices, such as one that only tells what a credit costs, makes nothing free.
        """
        if len(tariffs) == 1 and tariffs[0].components:
            return tariffs[0].components
        found: frozenset[str] = frozenset().union(*(tariff.components for tariff in tariffs))
        if found:
            return found
        declared = {
            name for file in self.files if file.content.seller == facts.seller for name in file.content.components
        }
        return frozenset(declared or COMPONENTS)

    def usd_per(self, currency: str, at: datetime | None) -> Decimal | None:
        """Return what one unit of *currency* was worth on the day of *at*; None when nobody says."""
        if currency == "USD":
            return _ONE
        day = _day(at) or date.max
        dated = [
            rate
            for file in self.files
            for rate in file.content.currencies
            if rate.code == currency and rate.from_ <= day
        ]
        return max(dated, key=_start).usd if dated else None

    def credit_worth(self, facts: Facts, unit: str) -> Decimal | None:
        """Return what one *unit* of the seller's own money is worth in dollars; None when no entry says.

        The model's own entry comes first. Without one the seller's others tell, unless each model has
        a worth of its own.
        """
        day = _day(facts.at)
        own = [(tariff.entry, tariff.currency) for tariff in self.tariffs(facts)]
        others = [
            (priced.entry, priced.file.content.currency)
            for priced in self._by_seller.get(facts.seller, ())
            if is_dated(priced.entry, day)
        ]
        for told in (own, others):
            worths = {
                (entry.credit, currency)
                for entry, currency in told
                if entry.credit is not None and entry.credit_unit == unit
            }
            if worths:
                return self._worth(worths, facts.at)
        return None

    def _worth(self, worths: set[tuple[Decimal, str]], at: datetime | None) -> Decimal | None:
        """Return the one worth in dollars; None where there are several."""
        if len(worths) > 1:
            return None
        credit, currency = worths.pop()
        dollars = self.usd_per(currency, at)
        return None if dollars is None else product(credit, dollars)

    def rates(self, seller: str, entry: PriceEntry, tier: str | None = None) -> Rates:
        """Return the rates that *entry* of *seller* means on *tier*."""
        with localcontext(EXACT):  # plugins calculate too, and the caller's context is not theirs
            return tuple(self.sellers[seller].translate(for_tier(entry, tier)))

    def currency_of(self, file: str) -> str:
        """Return the currency of a price file."""
        return next(one.content.currency for one in self.files if one.file == file)

    def entries(self, seller: str | None = None) -> Iterable[tuple[str, str, PriceEntry]]:
        """Yield (seller, file, entry) of every entry in the order of the files."""
        for file in self.files:
            if seller in (None, file.content.seller):
                for entry in file.content.price:
                    yield file.content.seller, file.file, entry


def _day(at: datetime | None) -> date | None:
    """Return the day of *at* in UTC, where prices change."""
    if at is None:
        return None
    return at.date() if at.tzinfo is UTC else utc(at).date()


def _start(rate: Currency) -> date:
    return rate.from_


def for_tier(entry: PriceEntry, tier: str | None) -> PriceEntry:
    """Return *entry* with the prices of *tier*, `standard` unless told, in place of its own, key by key."""
    special = next((prices for name, prices in entry.tier.items() if name == (tier or "standard")), None)
    if special is None:
        return entry
    told = {name: getattr(special, name) for name in Prices.__struct_fields__}
    changes = {name: _merged(getattr(entry, name), value) for name, value in told.items() if value not in (None, {})}
    return msgspec.structs.replace(entry, **changes)


def _merged(standard: object, special: object) -> object:
    """Return two tables as one, key by key; of anything else the second."""
    if isinstance(standard, dict) and isinstance(special, dict):
        return {**standard, **{key: _merged(standard.get(key), value) for key, value in special.items()}}
    return special


def is_dated(entry: PriceEntry, day: date | None) -> bool:
    """Return whether *entry* holds on *day*: from its first day, up to the day before its last; always for None."""
    return day is None or ((entry.from_ or day) <= day and (entry.until is None or day < entry.until))


def _assumed(entry: PriceEntry, tier: str | None) -> str | None:
    if tier in (None, "standard") or any(name == tier for name in entry.tier):
        return None
    return f"no price for tier {tier}: the standard one was taken"


def _holds(priced: _Priced, facts: Facts, day: date | None) -> bool:
    entry = priced.entry
    layer = priced.file.content.layer
    return (
        is_dated(entry, day)
        and (layer is None or facts.account.get("prices") == layer)
        and entry.mode in (None, facts.mode)
        and entry.operation in (None, facts.operation)
        and all(facts.account.get(name) == value for name, value in entry.account.items())
        and (not entry.dialects or facts.dialect in entry.dialects)
    )


def _best_match(fitting: Sequence[_Priced]) -> _Priced:
    """Return the user's entry before a bundled one, the one with most conditions, the newest, the last written."""
    return max(
        enumerate(fitting),
        key=lambda item: (
            item[1].file.origin == "user",
            _conditions(item[1]),
            item[1].entry.from_ or date.min,
            item[0],
        ),
    )[1]


def _conditions(priced: _Priced) -> int:
    entry = priced.entry
    return (
        (priced.file.content.layer is not None)
        + bool(entry.mode)
        + bool(entry.operation)
        + len(entry.account)
        + bool(entry.dialects)
    )


def _newest(priced: Sequence[_Priced]) -> list[_Priced]:
    """Return one entry per model: several models may fit an exchange, but one model has one price."""
    by_model: dict[str, list[_Priced]] = {}
    for item in priced:
        by_model.setdefault(item.entry.model, []).append(item)
    return [_best_match(items) for items in by_model.values()]
