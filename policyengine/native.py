"""Read native JSON of unknown shape: every getter returns None or an empty value, never raises."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = [
    "amount",
    "count",
    "dig",
    "epoch",
    "items",
    "mapping",
    "mappings",
    "number",
    "scalar_text",
    "text",
    "timestamp",
    "utc",
]

_EMPTY: Mapping[str, object] = {}
_MAX_COUNT = 2**53  # the largest integer that JSON peers agree on
_LONGEST_AMOUNT = 64  # characters of an amount that is written as text
_MAX_EPOCH_S = 4_102_444_800  # 2100-01-01; larger values are milliseconds


def mapping(value: object) -> Mapping[str, object]:
    """Return *value* when it is an object, else an empty one."""
    return value if isinstance(value, dict) else _EMPTY


def items(value: object) -> Sequence[object]:
    """Return *value* when it is an array, else an empty one."""
    return value if isinstance(value, list | tuple) else ()


def mappings(value: object) -> Iterator[Mapping[str, object]]:
    """Yield the objects of an array and skip everything else."""
    for item in items(value):
        if isinstance(item, dict):
            yield item


def dig(value: object, *path: str | int) -> object:
    """Return what stands at *path*, or None where the path breaks off.

    >>> dig({"error": {"details": [{"reason": "X"}]}}, "error", "details", 0, "reason")
    'X'
    """
    for step in path:
        if isinstance(step, int):
            sequence = items(value)
            value = sequence[step] if -len(sequence) <= step < len(sequence) else None
        else:
            value = mapping(value).get(step)
    return value


def text(value: object) -> str | None:
    """Return *value* when it is a non-empty string."""
    return value if isinstance(value, str) and value else None


def scalar_text(value: object) -> str | None:
    """Return a non-empty string or an integer as text: platforms send codes as either."""
    if isinstance(value, bool):
        return None
    return str(value) if isinstance(value, int) and abs(value) <= _MAX_COUNT else text(value)


def count(value: object) -> int | None:
    """Return *value* when it is a plausible count: a whole number from 0 to 2**53."""
    if type(value) is int:  # by far the most frequent
        return value if 0 <= value <= _MAX_COUNT else None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if 0 <= value <= _MAX_COUNT else None


def number(value: object) -> float | None:
    """Return a finite number that is not negative, also one written as a string."""
    exact = amount(value)
    return None if exact is None else float(exact)


def amount(value: object) -> Decimal | None:
    """Return an exact amount that is not negative, also one written as a string."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    if isinstance(value, int) and abs(value) > _MAX_COUNT:
        return None  # str() of a huge integer raises
    if isinstance(value, str) and len(value) > _LONGEST_AMOUNT:
        return None
    try:
        exact = Decimal(str(value))
    except InvalidOperation:
        return None
    return exact if exact.is_finite() and 0 <= exact <= _MAX_COUNT else None


def epoch(value: object) -> datetime | None:
    """Return the UTC time of an epoch in seconds or milliseconds."""
    seconds = number(value)
    if not seconds:
        return None
    if seconds > _MAX_EPOCH_S:
        seconds /= 1000
    return datetime.fromtimestamp(seconds, UTC) if seconds <= _MAX_EPOCH_S else None


def timestamp(value: object) -> datetime | None:
    """Return the UTC time of an ISO 8601 string; one without an offset is read as UTC."""
    written = text(value)
    if written is None:
        return None
    try:
        return utc(datetime.fromisoformat(written))
    except (ValueError, OverflowError):
        return None


def utc(moment: datetime) -> datetime:
    """Return *moment* in UTC, where prices and rules change; one without an offset is read as UTC."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
