"""Read the prices that other projects list: JSON files that name their source, their date and their unit."""

from __future__ import annotations

import json
import re
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from msgspec import Struct

from policyengine.errors import InputError
from policyengine.native import mapping, text
from policyengine.pricelists.quotes import Listing, Quote
from policyengine.pricelists.shapes import quotes_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

__all__ = ["ListedRow", "read_listings"]

_STEM = re.compile(r"_(?:image_)?rows$")
_SIZE = re.compile(r"\d{1,5}-?[xX]-?\d{1,5}")
_VENDOR_BEHIND = re.compile(r"(?P<model>.+?) \((?P<vendor>.+)\)")
_CONTEXT = re.compile(r"-lte-\d+k$")


class ListedRow(Struct, frozen=True, kw_only=True):
    """Hold one row: the model it names, at which vendor, and every price in it."""

    key: str
    """As the project writes it."""
    vendor: str | None
    model: str
    listing: Listing
    quotes: tuple[Quote, ...]


def read_listings(directory: Path) -> Iterator[ListedRow]:
    """Yield every row of the JSON files of *directory*, in the order of their names.

    Raises:
        InputError: there is no such directory, no JSON file in it, or a file is not JSON.
    """
    files = sorted(directory.glob("*.json")) if directory.is_dir() else []
    if not files:
        msg = f"{str(directory)!r} holds no JSON file; name a directory of price rows"
        raise InputError(msg)
    for file in files:
        yield from _rows(_document(file), file.stem)


def _document(file: Path) -> Mapping[str, object]:
    try:
        read = json.loads(file.read_bytes(), parse_float=Decimal)
    except (OSError, ValueError, RecursionError) as error:
        msg = f"{str(file)!r} cannot be read as JSON: {error}"
        raise InputError(msg) from error
    return mapping(read)


def _rows(document: Mapping[str, object], stem: str) -> Iterator[ListedRow]:
    """Yield the rows of one file; those that hold nothing that looks like a row are passed over."""
    meta = mapping(document.get("meta"))
    listing = Listing(
        name=_STEM.sub("", stem),
        source=text(meta.get("source")) or stem,
        taken=_day(meta.get("taken")),
        units=text(meta.get("units")) or "",
    )
    for key, row in (mapping(document.get("rows")) or document).items():
        if key != "meta" and isinstance(row, dict):
            yield from _row(key, row, listing)


def _day(written: object) -> date | None:
    try:
        return date.fromisoformat(str(written))
    except ValueError:
        return None


def _row(key: str, row: Mapping[str, object], listing: Listing) -> Iterator[ListedRow]:
    vendor, model, size, quality = _parts(key, text(row.get("litellm_provider")))
    by_name: dict[str, list[Quote]] = {}
    for quote in quotes_of(row, listing, size=size, quality=quality):
        by_name.setdefault(quote.whose or listing.name, []).append(quote)
    for name, quotes in (by_name or {listing.name: []}).items():
        told = Listing(name=name, source=listing.source, taken=listing.taken, units=listing.units)
        yield ListedRow(key=key, vendor=vendor, model=model, listing=told, quotes=tuple(quotes))


def _parts(key: str, told: str | None) -> tuple[str | None, str, str | None, str | None]:
    """Return vendor, model, size and quality of a key such as `VENDOR/hd/1024-x-1024/MODEL`."""
    behind = _VENDOR_BEHIND.fullmatch(key)
    if behind is not None:
        return behind["vendor"], behind["model"], None, None
    parts = _CONTEXT.sub("", key).split("/")
    at = next((index for index, part in enumerate(parts) if _SIZE.fullmatch(part)), None)
    if at is None:
        vendor = parts[0] if len(parts) > 1 else None
        return told or vendor, "/".join(parts[1:] or parts), None, None
    before = parts[:at]
    has_quality = bool(before) and before[-1] not in (told, None) and (len(before) > 1 or told != before[0])
    vendor = told or (before[0] if len(before) > 1 else None)
    return vendor, "/".join(parts[at + 1 :]), parts[at].replace("-", "").lower(), before[-1] if has_quality else None
