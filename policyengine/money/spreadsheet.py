"""Write price files as CSV, one entry a row and one column per price, and read such a CSV again.

A column is named by its path in TOML: `per_mtok.input`, `tier.batch.per_mtok.image`, `per_image."1024x1024".hd`.
An empty cell says nothing. A row with a `code` and no `model` is the rate of a currency.
"""

from __future__ import annotations

import csv
import io
import json
import re
from typing import TYPE_CHECKING, NamedTuple

from policyengine.errors import InputError
from policyengine.money.documents import document_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from policyengine.money.documents import Document
    from policyengine.money.entry import PriceFile

__all__ = ["CsvRow", "csv_text", "read_csv"]

_FIRST = ("seller", "currency", "layer", "components", "code", "usd", "model", "aliases", "from", "until")
_LAST = ("source", "checked", "note")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001  spreadsheets run these too
_LISTS = frozenset({"aliases", "dialects", "components"})
_JSON_VALUES = frozenset({"native"})
_EMPTY = "{}"
_NAME = re.compile(r"[A-Za-z0-9_-]+")

Path = tuple[str, ...]
Cells = dict[Path, str]


def csv_text(contents: Sequence[PriceFile]) -> str:
    """Return *contents* as CSV; a cell that a spreadsheet would run as a formula begins with an apostrophe."""
    rows = [cells for content in contents for cells in _rows(content)]
    columns = sorted(dict.fromkeys(path for cells in rows for path in cells), key=_order)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerow([_inert(_written(path)) for path in columns])
    writer.writerows([cells.get(path, "") for path in columns] for cells in rows)
    return out.getvalue()


def _rows(content: PriceFile) -> Iterator[Cells]:
    """Yield the cells of each entry and each currency, with the header of the file repeated."""
    document = document_of(content)
    header = {name: value for name, value in document.items() if name not in ("price", "currencies")}
    header.setdefault("currency", content.currency)
    for entry in (*content.price, *content.currencies):
        yield dict(_cells({**header, **document_of(entry)}, ()))


def _cells(value: object, path: Path) -> Iterator[tuple[Path, str]]:
    """Yield a cell for each value below *value*; an empty table is a value."""
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _cells(inner, (*path, key))
    else:
        yield path, _cell(value, path)


def _cell(value: object, path: Path) -> str:
    if isinstance(value, dict):
        return _EMPTY
    if isinstance(value, list) or path[0] in _JSON_VALUES:
        return json.dumps(value, ensure_ascii=False)
    return _inert(str(value))


def _inert(text: str) -> str:
    """Return *text* so that no spreadsheet runs it, and so that it is not taken for nothing or for a table."""
    return f"'{text}" if text in ("", _EMPTY) or text.startswith(("'", *_FORMULA)) else text


def _order(path: Path) -> int:
    """Return the place of a column: what identifies a row, then prices as they come, then where they are from."""
    name = path[0]
    if name in _FIRST:
        return _FIRST.index(name)
    return len(_FIRST) + 1 + _LAST.index(name) if name in _LAST else len(_FIRST)


def _written(path: Path) -> str:
    return ".".join(part if _NAME.fullmatch(part) else json.dumps(part, ensure_ascii=False) for part in path)


class CsvRow(NamedTuple):
    """Hold one row as a document, or what is wrong with it."""

    line: int
    """Where it begins in the file, counted from 1."""
    number: int
    """As spreadsheets count; the header is 1."""
    document: Document
    faults: tuple[str, ...] = ()


def read_csv(text: str, *, file: str) -> Iterator[CsvRow]:
    """Yield the rows of *text* that are not blank.

    Raises:
        InputError: the header cannot be read.
    """
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    numbered = _numbered(reader, file)
    _, header = next(numbered, (1, []))
    columns = [_path(name) for name in header]
    if not columns or len(set(columns)) < len(columns):
        msg = f"{file!r}: the first line names no columns, or one twice; export a file to see the columns"
        raise InputError(msg)
    for number, (line, cells) in enumerate(numbered, 2):
        if any(cells):
            yield _row(line, number, columns, cells)


def _numbered(reader: Iterable[list[str]], file: str) -> Iterator[tuple[int, list[str]]]:
    """Yield each row with the line it begins in."""
    line = 1
    try:
        for cells in reader:
            yield line, cells
            line = getattr(reader, "line_num", line) + 1
    except csv.Error as error:
        msg = f"{file!r}: line {line} is not CSV: {error}"
        raise InputError(msg) from error


def _path(name: str) -> Path:
    """Return the path that a column's name means; a name that is no path stands for itself."""
    parts, rest = [], _outert(name)
    while rest:
        part, rest = _step(rest)
        parts.append(part)
        if rest and not rest.startswith("."):
            return (_outert(name),)
        rest = rest[1:]
    return tuple(parts)


def _step(rest: str) -> tuple[str, str]:
    """Return the first part of a path and what follows it."""
    if rest.startswith('"'):
        try:
            part, end = json.JSONDecoder().raw_decode(rest)
        except ValueError:
            return rest, ""
        return str(part), rest[end:]
    part, dot, more = rest.partition(".")
    return part, f"{dot}{more}"


def _row(line: int, number: int, columns: Sequence[Path], cells: Sequence[str]) -> CsvRow:
    if any(cells[len(columns) :]):
        message = f"has {len(cells)} cells, the header {len(columns)}"
        return CsvRow(line, number, {}, (message,))
    document: Document = {}
    faults = [
        fault
        for path, cell in zip(columns, cells, strict=False)
        if cell and (fault := _put(document, path, cell)) is not None
    ]
    return CsvRow(line, number, document, tuple(faults))


def _put(document: Document, path: Path, cell: str) -> str | None:
    """Enter *cell* at *path* of *document*; return what is wrong with it."""
    table = document
    for part in path[:-1]:
        inner = table.setdefault(part, {})
        if not isinstance(inner, dict):
            return f"{_written(path)}: a price and a table of prices stand in one row"
        table = inner
    if path[-1] in table:
        return f"{_written(path)}: a price and a table of prices stand in one row"
    try:
        table[path[-1]] = _value(cell, path)
    except ValueError:
        return f"{_written(path)}: {cell!r} cannot be read; export a file to see how it is written"
    return None


def _value(cell: str, path: Path) -> object:
    """Return what *cell* means."""
    if cell == _EMPTY:
        return {}
    if path[0] in _JSON_VALUES or (path[0] in _LISTS and len(path) == 1):
        return json.loads(cell)
    return int(cell) if path[0] == "image_tokens" else _outert(cell)


def _outert(cell: str) -> str:
    """Return *cell* without the apostrophe that keeps spreadsheets from running it."""
    return cell.removeprefix("'")
