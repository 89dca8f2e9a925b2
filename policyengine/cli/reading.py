"""Read recorded answers, facts and verdicts: JSON, NDJSON, arrays, envelopes; bad lines are told and skipped."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from policyengine.errors import InputError
from policyengine.facts import Facts, UsageRow
from policyengine.native import items, mapping
from policyengine.verdict import VerdictWarning

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["ENVELOPE", "BadLine", "Found", "Recorded", "RecordedFacts", "column_map", "read_all"]

ENVELOPE = (
    "body",
    "http_status",
    "headers",
    "url",
    "request",
    "transport_error",
    "provider",
    "dialect",
    "seller",
    "account",
    "account_facts",
    "model",
    "at",
    "elapsed_s",
    "attempt",
)
"""The keys of an exchange in a file.

An object with `body` or `transport_error` is one, any other is an answer as it came. One with `facts` is an answer
that is already translated: with `facts` alone as examples have them, else as `facts --json` or `evaluate --json` wrote.
"""
_STDIN = "-"
_ERRORS = (msgspec.DecodeError, UnicodeError, RecursionError)


class Recorded(Struct, frozen=True):
    """Hold one exchange read from a file."""

    where: str
    body: object
    context: dict[str, object]
    facts: Mapping[str, object] | None = None
    """The answer as facts, where it is already translated."""


class RecordedFacts(Struct, frozen=True, kw_only=True):
    """Hold an answer that was normalized before, and what is known of its verdict."""

    where: str
    facts: Facts
    usage: tuple[UsageRow, ...] = ()
    warnings: tuple[VerdictWarning, ...] = ()
    fingerprint: str | None = None
    """The engine that decided it."""


Found = Recorded | RecordedFacts
"""What can be decided."""


class BadLine(Struct, frozen=True):
    """Say which line cannot be read and why."""

    where: str
    message: str


def column_map(pairs: Sequence[str]) -> dict[str, str]:
    """Return {field: column} of `field=column` pairs.

    Raises:
        InputError: a pair is not of that form or names no field.
    """
    columns = {}
    for pair in pairs:
        field, equals, column = pair.partition("=")
        if not equals or field not in ENVELOPE:
            msg = f"--column {pair!r}: write FIELD=COLUMN, where FIELD is one of {', '.join(ENVELOPE)}"
            raise InputError(msg)
        columns[field] = column
    return columns


def read_all(files: Sequence[str], columns: Mapping[str, str], *, each: bool = False) -> Iterator[Found | BadLine]:
    """Yield what *files* hold; with *each*, every element of an array is an answer of its own.

    Raises:
        InputError: a file cannot be opened.
    """
    for name in files:
        data = _bytes(name)
        label = "stdin" if name == _STDIN else name
        try:
            yield from _documents(label, msgspec.json.decode(data), columns, each=each)
        except _ERRORS as error:
            lines = data.splitlines()
            if len([line for line in lines if line.strip()]) < 2 or not lines[0].lstrip().startswith((b"{", b"[")):  # noqa: PLR2004
                yield _raw(label, data, error)
            else:
                yield from _lines(label, lines, columns, each=each)


def _bytes(name: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if name == _STDIN else Path(name).read_bytes()
    except OSError as error:
        msg = f"{name}: {error.strerror or error}"
        raise InputError(msg) from error


def _raw(label: str, data: bytes, error: Exception) -> Recorded | BadLine:
    """Return an answer that is no JSON as it came: events of a stream, an error page; nothing at all is bad."""
    return Recorded(label, data, {}) if data.strip() else BadLine(label, f"empty: {error}")


def _lines(label: str, lines: Sequence[bytes], columns: Mapping[str, str], *, each: bool) -> Iterator[Found | BadLine]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        where = f"{label}:{number}"
        try:
            yield from _documents(where, msgspec.json.decode(line), columns, each=each)
        except _ERRORS as error:
            yield BadLine(where, f"not JSON: {error}")


def _documents(where: str, document: object, columns: Mapping[str, str], *, each: bool) -> Iterator[Found | BadLine]:
    body = columns.get("body", "body")
    listed = items(document)
    if listed and (each or all(body in mapping(item) for item in listed)):
        for index, item in enumerate(listed):
            yield _recorded(f"{where}[{index}]", item, columns)
    else:
        yield _recorded(where, document, columns)


def _recorded(where: str, document: object, columns: Mapping[str, str]) -> Found | BadLine:
    fields = mapping(document)
    if fields.keys() == {"facts"} and isinstance(fields["facts"], dict):
        return Recorded(where, None, {}, fields["facts"])
    if {"provider", "dialect", "seller"} <= mapping(fields.get("facts")).keys():
        return _normalized(where, fields)
    marks = (columns.get(field, field) for field in ("body", "transport_error"))
    if not any(mark in fields for mark in marks):
        return Recorded(where, document, {})
    told = {field: fields.get(columns.get(field, field)) for field in ENVELOPE}
    context = {field: value for field, value in told.items() if field != "body" and value is not None}
    wrong = [field for field in ("http_status", "attempt") if not isinstance(context.get(field, 0), int)]
    if wrong:
        return BadLine(where, f"{wrong[0]!r} is {context[wrong[0]]!r}, not a whole number")
    return Recorded(where, told["body"], context)


def _normalized(where: str, fields: Mapping[str, object]) -> RecordedFacts | BadLine:
    try:
        return msgspec.convert({**fields, "where": where}, RecordedFacts)
    except msgspec.ValidationError as error:
        return BadLine(where, f"its facts cannot be read: {error}")
