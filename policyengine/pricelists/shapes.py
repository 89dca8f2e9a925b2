"""Read one row of another project's price list, whatever its shape, into dollars per unit."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Context, Decimal
from typing import TYPE_CHECKING

from policyengine.money.exact import product
from policyengine.native import amount, mapping, mappings, text
from policyengine.pricelists.gateway import has_pricing_config, read_pricing_config
from policyengine.pricelists.quotes import MILLION, TIERS, Column, Listing, Quote, quotes_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

__all__ = ["quotes_of"]

_PIXEL_DIGITS = Context(prec=4)  # a price per pixel is a price per image, divided and cut off
_START = re.compile(r"StartDateConstraint\(start_date=datetime\.date\((\d{4}), (\d{1,2}), (\d{1,2})\)\)")


def quotes_of(
    row: Mapping[str, object], listing: Listing, *, size: str | None = None, quality: str | None = None
) -> Iterator[Quote]:
    """Yield each price of *row* above 0; *size* and *quality* are those of its key.

    A price of 0 says in these lists that nothing was entered, so it is left out.
    """
    read = next((read for recognizes, read in _SHAPES if recognizes(row)), None)
    for quote in read(row, listing) if read is not None else ():
        whole = _per_image(quote._replace(size=quote.size or size, quality=quote.quality or quality))
        if whole is not None and whole.usd > 0:
            yield whole._replace(usd=product(whole.usd, listing.worth))


def _per_image(quote: Quote) -> Quote | None:
    """Return *quote* per image where it is per pixel of a known size; None where that is not known."""
    if quote.unit not in ("pixel", "sized_image"):
        return quote
    if quote.size is None:
        return None
    if quote.unit == "sized_image":
        return quote._replace(unit="image")
    width, _, height = quote.size.partition("x")
    usd = _PIXEL_DIGITS.multiply(quote.usd, Decimal(int(width) * int(height)))
    return quote._replace(unit="image", usd=usd.normalize())


# litellm and tokencost: the unit and the tier are in the key, amounts are for one unit.
_COST_KEY = re.compile(
    r"(?P<what>input_cost_per_token|output_cost_per_token|output_cost_per_reasoning_token|output_cost_per_image_token"
    r"|input_cost_per_image_token|cache_read_input_token_cost|cache_read_input_image_token_cost)"
    r"(?:_(?P<tier>batches|flex|priority))?"
)
_IMAGE_KEY = re.compile(r"output_cost_per_image(?:_(?P<size>[\d.]+K?))?")
_COST_COLUMNS: Mapping[str, Column] = {
    "input_cost_per_token": ("input", "token"),
    "cache_read_input_token_cost": ("input", "cached_token"),
    "input_cost_per_image_token": ("input", "image_token"),
    "cache_read_input_image_token_cost": ("input", "cached_image_token"),
    "output_cost_per_token": ("text", "token"),
    "output_cost_per_reasoning_token": ("text", "token"),
    "output_cost_per_image_token": ("image", "token"),
}
_SIZE_NAMES = {"0.5K": "512"}
_SIZED_KEYS = {  # of output, in rows of one size; rows of no size mean an input image
    "input_cost_per_image": "sized_image",
    "input_cost_per_pixel": "pixel",
    "output_cost_per_pixel": "pixel",
}


def _has_cost_keys(row: Mapping[str, object]) -> bool:
    return any("_cost_per_" in key or key.startswith("cache_read_") for key in row)


def _cost_keys(row: Mapping[str, object], listing: Listing) -> Quotes:
    del listing
    for key, value in row.items():
        if (told := amount(value)) is not None:
            yield from _cost_key(key, told)
    searches = {amount(value) for value in mapping(row.get("search_context_cost_per_query")).values()}
    for told in searches - {None}:
        yield Quote("request", "search_query", told or Decimal(0))


def _cost_key(key: str, told: Decimal) -> Quotes:
    if (token := _COST_KEY.fullmatch(key)) is not None:
        component, unit = _COST_COLUMNS[token["what"]]
        yield Quote(component, unit, product(told, MILLION), TIERS.get(token["tier"]))
    elif (image := _IMAGE_KEY.fullmatch(key)) is not None:
        yield Quote("image", "image", told, size=_SIZE_NAMES.get(image["size"], image["size"]))
    elif key in _SIZED_KEYS:
        yield Quote("image", _SIZED_KEYS[key], told)


# genai-prices: per million in the key, dated, other tiers as variants.
_MTOK_COLUMNS: Mapping[str, Column] = {
    "input_mtok": ("input", "token"),
    "cache_read_mtok": ("input", "cached_token"),
    "input_image_mtok": ("input", "image_token"),
    "cache_image_read_mtok": ("input", "cached_image_token"),
    "output_mtok": ("text", "token"),
    "output_image_mtok": ("image", "token"),
}


def _has_dated_prices(row: Mapping[str, object]) -> bool:
    return isinstance(row.get("prices"), list)


def _dated_prices(row: Mapping[str, object], listing: Listing) -> Quotes:
    del listing
    for entry, since, before in _periods(mappings(row.get("prices"))):
        for quote in _mtok(mapping(entry.get("prices"))):
            yield quote._replace(since=since, before=before)
    for variant in mappings(row.get("variants")):
        tier = TIERS.get(str(mapping(variant.get("when")).get("processing")))
        if tier is not None:
            for quote in _mtok(mapping(variant.get("prices"))):
                yield quote._replace(tier=tier, since=_since(variant))


def _mtok(prices: Mapping[str, object]) -> Quotes:
    columns = dict(_MTOK_COLUMNS)
    if "output_image_mtok" not in prices:
        columns["output_mtok"] = ("output", "token")
    yield from quotes_in(prices, columns, Decimal(1))
    if (searches := amount(prices.get("web_searches_kcount"))) is not None:
        yield Quote("request", "search_query", product(searches, Decimal("0.001")))


def _since(entry: Mapping[str, object]) -> date | None:
    found = _START.fullmatch(text(entry.get("constraint")) or "")
    return _iso("-".join(part.zfill(2) for part in found.groups())) if found else None


def _periods(entries: Iterable[Mapping[str, object]]) -> list[tuple[Mapping[str, object], date | None, date | None]]:
    """Return each entry with its first day and the first day of the next."""
    dated = sorted(((_since(entry), entry) for entry in entries), key=lambda item: item[0] or date.min)
    ends = (*(since for since, _ in dated[1:]), None)
    return [(entry, since, end) for (since, entry), end in zip(dated, ends, strict=False)]


# llm-prices: per million, with a first and a last day; one price for all input and one for all output.
_SHORT_COLUMNS: Mapping[str, Column] = {
    "input": ("input", "token"),
    "input_cached": ("input", "cached_token"),
    "cache_read": ("input", "cached_token"),
    "reasoning": ("text", "token"),
    "output": ("output", "token"),
}


def _has_history(row: Mapping[str, object]) -> bool:
    return isinstance(row.get("price_history"), list)


def _history(row: Mapping[str, object], listing: Listing) -> Quotes:
    for period in mappings(row.get("price_history")):
        last = _iso(period.get("to_date"))
        for quote in quotes_in(period, _SHORT_COLUMNS, listing.tokens):
            before = None if last in (None, date.max) else last + timedelta(days=1)
            yield quote._replace(since=_iso(period.get("from_date")), before=before)


def _iso(written: object) -> date | None:
    try:
        return date.fromisoformat(str(written))
    except ValueError:
        return None


# models.dev: a table `cost`, per million; Helicone: the same keys on top, images apart, tiers by prompt length.
def _has_cost(row: Mapping[str, object]) -> bool:
    return "cost" in row


def _cost(row: Mapping[str, object], listing: Listing) -> Quotes:
    yield from quotes_in(mapping(row.get("cost")), _SHORT_COLUMNS, listing.tokens)


def _has_short_columns(row: Mapping[str, object]) -> bool:
    return "input" in row or "output" in row or "tiers" in row


def _short_columns(row: Mapping[str, object], listing: Listing) -> Quotes:
    base = next(iter(mappings(row.get("tiers"))), row)
    image = mapping(row.get("image"))
    columns = {**_SHORT_COLUMNS, "output": ("text", "token")} if image or "tiers" in row else _SHORT_COLUMNS
    yield from quotes_in(base, columns, listing.tokens)
    yield from quotes_in(image, {"input": ("input", "image_token"), "output": ("image", "token")}, listing.tokens)


# A file that joins several projects: {project: {text_in, img_out, …}}, per million.
_JOINED_COLUMNS: Mapping[str, Column] = {
    "text_in": ("input", "token"),
    "img_in": ("input", "image_token"),
    "text_out": ("text", "token"),
    "img_out": ("image", "token"),
    "text_out_and_img_out": ("output", "token"),
    "per_image": ("image", "image"),
}
_JOINED_BATCH: Mapping[str, Column] = {"batch_in": ("input", "token"), "batch_img_out": ("image", "token")}


def _is_joined(row: Mapping[str, object]) -> bool:
    keys = {key for value in row.values() for key in mapping(value)}
    return bool(keys & {*_JOINED_COLUMNS, *_JOINED_BATCH})


def _joined(row: Mapping[str, object], listing: Listing) -> Quotes:
    for project, told in row.items():
        prices = mapping(told)
        lone = prices.get("text_out") is not None and prices.get("img_out") is None
        columns = {**_JOINED_COLUMNS, "text_out": ("output", "token")} if lone else _JOINED_COLUMNS
        for quote in (
            *quotes_in(prices, columns, listing.tokens),
            *quotes_in(prices, _JOINED_BATCH, listing.tokens, "batch"),
        ):
            yield quote._replace(whose=project)


# OpenLIT: {quality: {size: amount}}; a size without an x is a number of pixels.
def _is_by_quality(row: Mapping[str, object]) -> bool:
    return bool(row) and all(isinstance(value, dict) for value in row.values())


def _by_quality(row: Mapping[str, object], listing: Listing) -> Quotes:
    del listing
    for quality, sizes in row.items():
        for named, value in mapping(sizes).items():
            if (usd := amount(value)) is not None:
                if named.isdigit():
                    yield Quote("image", "megapixel", usd, quality=quality)
                else:
                    yield Quote("image", "image", usd, size=named, quality=quality)


if TYPE_CHECKING:
    Quotes = Iterator[Quote]
    Reader = Callable[[Mapping[str, object], Listing], Quotes]
_SHAPES: tuple[tuple[Callable[[Mapping[str, object]], bool], Reader], ...] = (
    (_has_cost_keys, _cost_keys),
    (_has_dated_prices, _dated_prices),
    (_has_history, _history),
    (has_pricing_config, read_pricing_config),
    (_has_cost, _cost),
    (_has_short_columns, _short_columns),
    (_is_joined, _joined),
    (_is_by_quality, _by_quality),
)
"""The first shape that a row has is read; the most telling ones come first."""
