"""Read what OpenAI, Azure and gateways say only in prose: a wait, a model, a request id, the categories."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["categories_in", "from_repr", "http_status_in", "model_in", "request_id_in", "wait_in"]

# "Please try again in 12s", "in 1m30.5s", "in 200ms"; Azure: "Please retry after 26 seconds".
_WAIT = re.compile(
    r"(?:again in|retry after) (?:(\d{1,4})h)?(?:(\d{1,4})m(?!s))?(?:(\d{1,6}(?:\.\d{1,6})?) ?(ms|s))?", re.IGNORECASE
)
_FIELDS = ("code", "type", "param", "message", "moderation_stage")
_ID_MARKS = ("(request id: ", "request ID ")
_MODEL_MARKS = ("model `", "model '", 'model "', "Rate limit reached for ")
_NAME_END = re.compile(r"[`'\" ,]")
_LONGEST_NAME = 100
_MAX_CATEGORIES = 32
_QUOTES = " '\""


def wait_in(message: str) -> float | None:
    """Return the seconds that *message* asks to wait.

    >>> wait_in("Limit 5, Used 5, Requested 1. Please try again in 12s."), wait_in("Please retry after 26 seconds.")
    (12.0, 26.0)
    """
    match = _WAIT.search(message)
    if match is None or not any(match.groups()):
        return None
    hours, minutes, amount, unit = match.groups()
    return int(hours or 0) * 3600.0 + int(minutes or 0) * 60.0 + float(amount or 0) / (1000 if unit == "ms" else 1)


def categories_in(message: str) -> tuple[str, ...]:
    """Return what `safety_violations=[…]` names.

    >>> categories_in("Your request was rejected. safety_violations=[sexual, violence].")
    ('sexual', 'violence')
    """
    start = message.find("safety_violations=[")
    if start < 0:
        return ()
    listed = message[start + len("safety_violations=[") :].partition("]")[0]
    return tuple(
        [name for part in listed.split(",", _MAX_CATEGORIES)[:_MAX_CATEGORIES] if (name := part.strip(_QUOTES))]
    )


def request_id_in(message: str) -> str | None:
    """Return the request id that the message asks to quote; a gateway's own comes first, its log knows that one.

    >>> request_id_in("Please include the request ID req_f8c01da0. safety_violations=[sexual].")
    'req_f8c01da0'
    """
    for mark in _ID_MARKS:
        start = message.find(mark)
        if start >= 0:
            start += len(mark)
            end = message.find(" ", start, start + _LONGEST_NAME)
            return message[start : end if end > 0 else start + _LONGEST_NAME].strip(".,;)") or None
    return None


def model_in(message: str) -> str | None:
    """Return the model that the message is about.

    >>> model_in("Your organization must be verified to use the model `gpt-image-1`. Please go to: …")
    'gpt-image-1'
    """
    return next((found for mark in _MODEL_MARKS if (found := _word_after(message, mark))), None)


def _word_after(message: str, mark: str) -> str | None:
    """Return the word that follows *mark*, when it is of a plausible length."""
    start = message.find(mark)
    if start < 0:
        return None
    start += len(mark)
    match = _NAME_END.search(message, start, start + _LONGEST_NAME + 1)
    stop = match.start() if match else len(message)
    return message[start:stop] if 0 < stop - start <= _LONGEST_NAME else None


def http_status_in(written: str) -> int | None:
    """Return the status of openai-python's "Error code: 400 - {…}", which is what people log.

    >>> http_status_in("openai.BadRequestError: Error code: 400 - {'error': {'code': 'moderation_blocked'}}")
    400
    """
    digits = written.partition("Error code: ")[2][:3]
    return int(digits) if digits.isascii() and digits.isdigit() and digits[0] in "45" else None


def from_repr(written: str) -> Mapping[str, object]:
    """Return the fields of an error object in Python's rendering, without evaluating anything.

    >>> from_repr("{'error': {'message': 'No.', 'code': 'moderation_blocked', 'param': None}}")
    {'code': 'moderation_blocked', 'message': 'No.'}
    """
    return dict(_repr_fields(written))


def _repr_fields(written: str) -> Iterator[tuple[str, str]]:
    for field in _FIELDS:
        mark = f"'{field}': "
        start = written.find(mark) + len(mark)
        quote = written[start : start + 1]
        if start >= len(mark) and quote in ("'", '"') and (end := written.find(quote, start + 1)) > 0:
            yield field, written[start + 1 : end]
