"""Print tables, CSV, Markdown and a little colour, for terminals and for pipes."""

from __future__ import annotations

import csv
import os
import sys
import unicodedata
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

__all__ = ["bold", "markdown_lines", "print_csv", "print_markdown", "print_table", "printable", "progress", "warn"]


def has_colour(stream: TextIO) -> bool:
    """Return whether *stream* takes colour: a terminal, unless NO_COLOR or TERM=dumb say otherwise."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return bool(os.environ.get("FORCE_COLOR")) or stream.isatty()


def bold(text: str) -> str:
    """Return *text* bold on a terminal."""
    return f"\033[1m{text}\033[0m" if has_colour(sys.stdout) else text


def print_table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print *rows* under *header* in columns as wide as their cells."""
    cells = [[printable(value) for value in row] for row in rows]
    widths = [max(_width(row[column]) for row in (header, *cells)) for column in range(len(header))]
    print(bold(_row(header, widths)))
    for row in cells:
        print(_row(row, widths))


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (cell + " " * (width - _width(cell)) for cell, width in zip(cells, widths, strict=True))
    return "  ".join(padded).rstrip()


def _width(text: str) -> int:
    """Return the columns of a terminal that *text* takes."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def printable(value: object) -> str:
    """Return *value* on one line, without control characters that would act on the terminal."""
    if value is None:
        return "-"
    return "".join(letter if letter.isprintable() else " " for letter in str(value))


def print_csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print *rows* as CSV; a cell that a spreadsheet would run as a formula is quoted with an apostrophe."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(header)
    for row in rows:
        writer.writerow(["" if value is None else _inert(str(value)) for value in row])


def _inert(text: str) -> str:
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") and len(text) > 1 else text


def print_markdown(header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print *rows* as a Markdown table."""
    for line in markdown_lines(header, rows):
        print(line)


def markdown_lines(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """Yield the lines of *rows* as a Markdown table."""
    yield _markdown_row(header)
    yield f"|{'|'.join('---' for _ in header)}|"
    yield from map(_markdown_row, rows)


def _markdown_row(row: Sequence[object]) -> str:
    return f"| {' | '.join(printable(value).replace('|', chr(92) + '|') for value in row)} |"


def warn(message: str) -> None:
    """Print *message* for people, beside the data."""
    print(f"imgpolicy: {message}", file=sys.stderr)


def progress(done: int, *, every: int = 1000) -> None:
    """Show on a terminal how far a long input has come."""
    if done % every == 0 and sys.stderr.isatty():
        print(f"\r{done:,} decided", end="", file=sys.stderr, flush=True)
