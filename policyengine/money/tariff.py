"""Turn a price entry into a tariff: exact rates per component and unit, and what a workload consumes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import cached_property
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import force_setattr

from policyengine.money.entry import PriceEntry, Prices
from policyengine.money.exact import EXACT, ZERO
from policyengine.verdict import PriceRef
from policyengine.vocabulary import Component

__all__ = [
    "SURCHARGES",
    "TOKEN_KEYS",
    "Estimate",
    "PriceEntry",
    "Rate",
    "Rates",
    "Tariff",
    "Tariffs",
    "Workload",
    "image_tokens",
    "megapixels",
    "standard_estimate",
    "standard_rates",
]

TOKEN_KEYS: Mapping[str, tuple[Component, str]] = {
    "input": ("input", "token"),
    "cached": ("input", "cached_token"),
    "input_image": ("input", "image_token"),
    "cached_image": ("input", "cached_image_token"),
    "text": ("text", "token"),
    "image": ("image", "token"),
}
_SPARE_UNITS = {"cached_token": "token", "image_token": "token", "cached_image_token": "cached_token"}
T = TypeVar("T", Decimal, int)
_PICO = Decimal(10) ** 12
SURCHARGES = frozenset({"search_query"})  # a component these alone price exists only when it was used
_MEGAPIXEL = 1_048_576
_SIZE_CLASSES = (("512", 512), ("1K", 1024), ("2K", 2048))
_SIZE = re.compile(r"(\d{1,5})\s*[xX*\u00d7]\s*(\d{1,5})")


class Rate(Struct, frozen=True, kw_only=True):
    """Price one unit of one component exactly: *amount* for *per* units."""

    component: Component
    unit: str
    amount: Decimal
    """In the currency of the price file."""
    per: int = 1
    extra: Decimal | None = None
    """The amount for each unit after the first, where that differs."""
    size: str | None = None
    quality: str | None = None

    whole_pico: int | None = None
    """10⁻¹² of the currency for one unit, where that is a whole number; filled in when the rate is made."""

    def __post_init__(self) -> None:
        """Work out the price of one unit once, as most rates are whole and most quantities many."""
        one = EXACT.divide(EXACT.multiply(self.amount, _PICO), Decimal(self.per))
        if self.extra is None and one == one.to_integral_value():
            force_setattr(self, "whole_pico", int(one))

    def pico(self, quantity: int | Decimal, worth: Decimal | None = None, *, pieces: int = 1) -> int:
        """Return *quantity* times the rate in 10⁻¹² of the currency, rounded half-even once.

        With *worth*, what one unit of the currency is worth in dollars, in 10⁻¹² dollars.
        Where further units cost another price, each of *pieces* has its own first one.
        """
        if worth is None and self.whole_pico is not None and isinstance(quantity, int):
            return self.whole_pico * quantity
        first, further = Decimal(quantity), ZERO
        if self.extra is not None and quantity > pieces:
            first, further = Decimal(pieces), EXACT.subtract(first, Decimal(pieces))
        amount = EXACT.add(EXACT.multiply(self.amount, first), EXACT.multiply(self.extra or ZERO, further))
        scaled = EXACT.multiply(EXACT.multiply(amount, _PICO), Decimal(1) if worth is None else worth)
        return int(EXACT.to_integral_value(EXACT.divide(scaled, Decimal(self.per))))


Rates = tuple[Rate, ...]


class Workload(Struct, frozen=True, kw_only=True):
    """Describe one piece of work: what is asked of the seller, whatever comes of it."""

    images: int | None = 1
    size: str | None = None
    quality: str | None = None
    prompt_tokens: int | None = None
    prompt_bytes: int | None = None
    """Bytes of the prompt: no tokenizer makes more tokens than bytes."""
    text_tokens: int | None = None
    """Text output and thinking that come with a success."""
    operation: str | None = None
    mode: str | None = None


class Estimate(Struct, frozen=True, kw_only=True):
    """Bound what a workload consumes of one unit; *high* is None where nothing bounds it."""

    component: Component
    unit: str
    low: int | Decimal
    high: int | Decimal | None
    why: str
    """What the bound rests on."""


class Tariff(Struct, frozen=True, kw_only=True, dict=True):
    """Hold the rates that apply to one exchange."""

    seller: str
    currency: str
    rates: Rates
    entry: PriceEntry
    file: str
    """The price file, for the trail."""
    assumed: str | None = None
    """What was assumed because the entry does not price it: the tier."""

    @cached_property
    def components(self) -> frozenset[str]:
        """Return the components that the tariff always has; search fees exist only when used."""
        return frozenset(rate.component for rate in self.rates if rate.unit not in SURCHARGES)

    @cached_property
    def known_estimates(self) -> dict[Workload, Sequence[Estimate]]:
        """Return what the seller estimated before under this tariff, by workload."""
        return {}

    @cached_property
    def by_unit(self) -> Mapping[tuple[Component, str], Rates]:
        """Return the rates by component and unit."""
        found: dict[tuple[Component, str], Rates] = {}
        for rate in self.rates:
            key = (rate.component, rate.unit)
            found[key] = (*found.get(key, ()), rate)
        return found

    def rates_for(self, component: Component, unit: str, size: str | None, quality: str | None) -> Rates:
        """Return the rate of one unit, or every rate it may be where *size* or *quality* is not told."""
        rates = self.by_unit.get((component, unit), ())
        if not rates and (spare := _SPARE_UNITS.get(unit)):
            return self.rates_for(component, spare, size, quality)
        if len(rates) < 2:  # noqa: PLR2004
            return rates
        return _narrowed(rates, size, quality)

    @cached_property
    def ref(self) -> PriceRef:
        """Return the reference by which charge lines name the entry."""
        entry = self.entry
        return PriceRef(
            seller=self.seller,
            model=entry.model,
            source=entry.source,
            checked=entry.checked.isoformat(),
            file=self.file,
        )


class Tariffs(tuple[Tariff, ...]):  # noqa: SLOT001  it keeps what it works out once
    """Hold the tariff that applies, or all that may when the model is not told."""

    @cached_property
    def alternatives(self) -> frozenset[str]:
        """Return the components that some of the tariffs count in a unit which others do not have."""
        counted = [frozenset(tariff.by_unit) for tariff in self]
        differing = frozenset().union(*counted) - frozenset.intersection(*counted)
        return frozenset(component for component, _ in differing)


def _narrowed(rates: Rates, size: str | None, quality: str | None) -> Rates:
    """Return the *rates* that fit; a size or a quality that none of them lists narrows nothing."""
    rates = tuple(rate for rate in rates if _fits_size(rate.size, size)) or rates
    return tuple(rate for rate in rates if _fits(rate.quality, quality)) or rates


def _fits(listed: str | None, told: str | None) -> bool:
    return listed is None or told is None or listed.lower() == told.lower()


def _fits_size(listed: str | None, told: str | None) -> bool:
    return _fits(listed, told) or (told is not None and listed == size_class(told))


def size_class(size: str) -> str | None:
    """Return the class by which platforms sell a `WxH` size: 512, 1K, 2K or 4K; None for other spellings.

    >>> size_class("1024x1024"), size_class("1536x1024"), size_class("2K")
    ('1K', '2K', None)
    """
    match = _SIZE.fullmatch(size.strip())
    if match is None:
        return None
    side = max(int(match[1]), int(match[2]))
    return next((name for name, longest in _SIZE_CLASSES if side <= longest), "4K")


def standard_rates(entry: PriceEntry) -> Rates:
    """Return the rates of an entry that uses the standard units; tier prices are merged before."""
    rates = [*_rates(entry, Decimal(1))]
    if entry.credits is not None and entry.credit is not None:
        rates += _rates(entry.credits, entry.credit)
    if entry.discount_percent is not None:
        left = 1 - entry.discount_percent / 100
        rates = [_scaled(rate, left) for rate in rates]
    return tuple(rates)


def _rates(prices: Prices, worth: Decimal) -> Iterator[Rate]:
    """Yield the rates of *prices*, whose unit of account is *worth* so much of the currency."""
    for key, amount in prices.per_mtok.items():
        component, unit = TOKEN_KEYS[key]
        yield Rate(component=component, unit=unit, amount=amount * worth, per=1_000_000)
    for size, quality, amount in _flat(prices.per_image):
        yield Rate(component="image", unit="image", amount=amount * worth, size=size, quality=quality)
    if (area := prices.per_megapixel) is not None:
        extra = None if area.extra is None else area.extra * worth
        yield Rate(component="image", unit="megapixel", amount=area.first * worth, extra=extra)
        if area.input is not None:
            yield Rate(component="input", unit="megapixel", amount=area.input * worth)
    if prices.per_call is not None:
        yield Rate(component="request", unit="call", amount=prices.per_call * worth)
    if prices.per_kquery is not None:
        yield Rate(component="request", unit="search_query", amount=prices.per_kquery * worth, per=1000)
    if prices.per_gpu_minute is not None:
        yield Rate(component="request", unit="gpu_minute", amount=prices.per_gpu_minute * worth)
    for hardware, _, amount in _flat(prices.per_gpu_second):
        yield Rate(component="request", unit="gpu_second", amount=amount * worth, quality=hardware)


def _flat(table: T | Mapping[str, T | dict[str, T]] | None) -> Iterator[tuple[str | None, str | None, T]]:
    """Yield (size, quality, value) of a value given once, by size, or by size and quality."""
    if table is None:
        return
    if not isinstance(table, Mapping):
        yield None, None, table
        return
    for size, value in table.items():
        if isinstance(value, dict):
            for quality, inner in value.items():
                yield size, quality, inner
        else:
            yield size, None, value


def _scaled(rate: Rate, factor: Decimal) -> Rate:
    extra = None if rate.extra is None else rate.extra * factor
    return Rate(
        component=rate.component,
        unit=rate.unit,
        amount=rate.amount * factor,
        per=rate.per,
        extra=extra,
        size=rate.size,
        quality=rate.quality,
    )


def image_tokens(entry: PriceEntry, workload: Workload) -> tuple[int, int] | None:
    """Return the fewest and the most output tokens one image of *workload* may take, by the entry's table."""
    rows = [*_flat(entry.image_tokens)]
    rows = [row for row in rows if _fits_size(row[0], workload.size)] or rows
    counts = [tokens for _, _, tokens in [row for row in rows if _fits(row[1], workload.quality)] or rows]
    return (min(counts), max(counts)) if counts else None


def megapixels(size: str | None) -> int | None:
    """Return the megapixels of a `WxH` size, a started one counted whole.

    >>> megapixels("1024x1024"), megapixels("1920x1080")
    (1, 2)
    """
    match = _SIZE.fullmatch(size.strip()) if size else None
    return -(-int(match[1]) * int(match[2]) // _MEGAPIXEL) if match else None


def standard_estimate(workload: Workload, tariff: Tariff) -> tuple[Estimate, ...]:
    """Return what *workload* consumes of each unit that *tariff* prices."""
    found = []
    for component, unit in tariff.by_unit:
        if unit not in SURCHARGES:
            low, high, why = _quantity(component, unit, workload, tariff)
            found.append(Estimate(component=component, unit=unit, low=low, high=high, why=why))
    return tuple(found)


Bounds = tuple[int, int | None, str]
"""The least, the most (None: no bound is known), and what they rest on."""


def _quantity(component: str, unit: str, workload: Workload, tariff: Tariff) -> Bounds:
    """Return the bounds of one unit."""
    bound = _BOUNDS.get((component, unit))
    if bound is not None:
        return bound(workload, tariff)
    if component == "input":
        return 0, 0, "no input image"
    return 0, None, _NOT_TOLD


def _images(workload: Workload) -> int:
    return 1 if workload.images is None else workload.images


def _pieces(workload: Workload, tariff: Tariff) -> Bounds:
    del tariff
    images = _images(workload)
    return images, images, "one per image asked for"


def _image_tokens(workload: Workload, tariff: Tariff) -> Bounds:
    tokens = image_tokens(tariff.entry, workload)
    if tokens is None:
        return 0, None, "the price entry has no token table"
    images = _images(workload)
    return images * tokens[0], images * tokens[1], f"token table of {tariff.entry.model}"


def _image_megapixels(workload: Workload, tariff: Tariff) -> Bounds:
    del tariff
    images = _images(workload)
    area = megapixels(workload.size)
    if area is None:
        return images, None if images else 0, "the size is not told"
    return images * area, images * area, "megapixels of the size asked for"


def _input_tokens(workload: Workload, tariff: Tariff) -> Bounds:
    del tariff
    if workload.prompt_tokens is not None:
        return workload.prompt_tokens, workload.prompt_tokens, "prompt tokens"
    if workload.prompt_bytes is not None:
        return 0, workload.prompt_bytes * (workload.images or 1), "at most one token per byte of the prompt"
    return 0, None, _NOT_TOLD


def _text_tokens(workload: Workload, tariff: Tariff) -> Bounds:
    del tariff
    tokens = workload.text_tokens
    return (0, None, _NOT_TOLD) if tokens is None else (tokens, tokens, "text tokens")


_NOT_TOLD = "neither the answer nor the request tells"
_BOUNDS: Mapping[tuple[str, str], Callable[[Workload, Tariff], Bounds]] = {
    ("image", "image"): _pieces,
    ("request", "call"): _pieces,
    ("image", "token"): _image_tokens,
    ("image", "megapixel"): _image_megapixels,
    ("input", "token"): _input_tokens,
    ("text", "token"): _text_tokens,
}
