"""Bring prices into a spreadsheet or another program and back: JSON and CSV of price files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

import tomli_w

from policyengine.errors import Diagnostic, InputError, PolicyFileError
from policyengine.money.documents import Document, dated, document_of
from policyengine.money.loading import load_prices
from policyengine.money.spreadsheet import read_csv
from policyengine.native import items, mapping
from policyengine.rules.source import Source

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from policyengine.money.entry import PriceFile

__all__ = ["json_text", "prices_from_csv", "prices_from_json"]

_FILE_KEYS = ("seller", "currency", "layer", "components")
_ROWS = {"price": "model", "currencies": "code"}


class _Row(NamedTuple):
    """Hold one entry or currency with the header of its file and where it was read."""

    header: Document
    kind: str
    """price or currencies."""
    document: Document
    place: str
    line: int
    faults: tuple[str, ...] = ()


def json_text(contents: Sequence[PriceFile]) -> str:
    """Return *contents* as a JSON array with one object per price file."""
    return json.dumps([document_of(content) for content in contents], ensure_ascii=False, indent=2, default=str) + "\n"


def prices_from_json(data: bytes, *, file: str, seller: str) -> PriceFile:
    """Return the prices of *seller* in JSON that `json_text` wrote, or in one object of it.

    Raises:
        InputError: it is not JSON, or holds no price of *seller*, or several headers.
        PolicyFileError: entries have faults; each is named with its number.
    """
    try:
        read = json.loads(data)
    except (ValueError, RecursionError) as error:
        msg = f"{file!r} is not JSON: {error}"
        raise InputError(msg) from error
    return _joined(_json_rows(read, seller), file=file, seller=seller)


def _json_rows(read: object, seller: str) -> Iterator[_Row]:
    for content in items(read) or [read]:
        document = dict(mapping(content))
        header = {"seller": seller, **{key: value for key, value in document.items() if key not in _ROWS}}
        for kind in _ROWS:
            for number, entry in enumerate(items(document.get(kind)), 1):
                faults = () if isinstance(entry, dict) else ("is no object",)
                yield _Row(header, kind, dict(mapping(entry)), f"{kind} {number}", 1, faults)


def prices_from_csv(data: bytes, *, file: str, seller: str) -> PriceFile:
    """Return the prices of *seller* in CSV that `spreadsheet.csv_text` wrote; rows of no seller are this one's.

    Raises:
        InputError: it is not CSV in UTF-8, or holds no price of *seller*, or several headers.
        PolicyFileError: rows have faults; each is named with its number.
    """
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        msg = f"{file!r} is not UTF-8; save it as CSV UTF-8"
        raise InputError(msg) from error
    return _joined(_csv_rows(text, file=file, seller=seller), file=file, seller=seller)


def _csv_rows(text: str, *, file: str, seller: str) -> Iterator[_Row]:
    for row in read_csv(text, file=file):
        kind = "currencies" if "code" in row.document and "model" not in row.document else "price"
        header = {"seller": seller, **{key: row.document.pop(key) for key in _FILE_KEYS if key in row.document}}
        yield _Row(header, kind, row.document, f"row {row.number}", row.line, row.faults)


def _joined(rows: Iterable[_Row], *, file: str, seller: str) -> PriceFile:
    """Return the rows of *seller* as one price file."""
    own = [row for row in rows if row.header["seller"] == seller]
    faults = [fault for row in own for fault in _faults(row, file)]
    if faults:
        raise PolicyFileError(faults)
    headers = {json.dumps(_full(row.header), sort_keys=True): row.header for row in own}
    if len(headers) != 1:
        found = f"rows of {len(headers)} currencies, layers or components" if headers else "no price"
        msg = f"{file!r} holds {found} of seller {seller!r}; a price file has one currency and one layer, so split it"
        raise InputError(msg)
    tables = {kind: [dated(row.document) for row in own if row.kind == kind] for kind in _ROWS}
    content, _ = _loaded({**next(iter(headers.values())), **tables}, file)
    if content is None:
        msg = f"{file!r} is larger than a price file may be; split it"
        raise InputError(msg)
    return content


def _full(header: Mapping[str, object]) -> Document:
    return {"currency": "USD", "layer": None, "components": [], **header}


def _faults(row: _Row, file: str) -> list[Diagnostic]:
    """Return what is wrong with one row, by the same checks as when a price file is loaded."""
    messages = list(row.faults)
    if not messages:
        _, found = _loaded({**row.header, row.kind: [dated(row.document)]}, file)
        messages = [fault.message.replace(f"{row.kind}[0].", "").replace(f"{row.kind}[0]: ", "") for fault in found]
    return [Diagnostic(file=file, line=row.line, message=f"{row.place}: {message}") for message in messages]


def _loaded(document: Mapping[str, object], file: str) -> tuple[PriceFile | None, list[Diagnostic]]:
    try:
        data = tomli_w.dumps(document).encode()
    except (TypeError, ValueError, RecursionError):
        message = "holds what TOML has no word for: null, half a character, or tables without end; leave it out"
        return None, [Diagnostic(file=file, message=message)]
    return load_prices(Source(file=file, path=file, origin="user", data=data))
