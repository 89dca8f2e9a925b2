"""Jump over long base64 strings in JSON, so that a picture is not read to learn what happened to it.

A search for the next quote runs at the speed of memory, a JSON decoder at a tenth of it. In JSON an
unescaped quote with a base64 character behind it can only open a string, since behind a closing one
come white space, a comma, a colon or a bracket; and the next quote without a backslash before it
closes that string. Nothing else of the structure needs to be known.
"""

from __future__ import annotations

import re

__all__ = ["KEPT", "LONG", "without_long_base64"]

LONG = 16 * 1024
"""Strings with fewer bytes are left whole; no error message comes near."""
KEPT = 64
"""Bytes that stay of a string that is jumped over: whether there is a picture, and of which type."""
_WINDOW = 1024  # bytes looked at in three places of a string before it counts as base64
_HEAD = re.compile(rb"(?:data:[\w.+-]+/[\w.+-]+;base64,)?[A-Za-z0-9+/_-]{%d}" % _WINDOW)
_BODY = re.compile(rb"[A-Za-z0-9+/_-]+={0,2}")
_BEHIND_A_VALUE = re.compile(rb"[ \t\r\n]*[,}\]]")


def without_long_base64(body: bytes) -> bytes | None:
    """Return *body* with its long base64 strings cut to their first bytes, or None when it has none.

    Where *body* is JSON, so is what is returned, and nothing else of it differs.
    """
    kept: list[bytes] = []
    start = floor = 0  # of what is not yet kept; of what is not yet searched
    probe = LONG // 2
    while probe < len(body):
        close = body.find(b'"', probe)
        if close < 0:
            break
        opening = body.rfind(b'"', floor, probe)
        if opening >= 0 and close - opening > LONG and _is_base64(body, opening, close):
            kept.append(body[start : opening + 1 + KEPT])
            start = close
        floor = close
        probe = max(probe, close) + LONG // 2
    return b"".join((*kept, body[start:])) if kept else None


def _is_base64(body: bytes, opening: int, close: int) -> bool:
    """Return whether the two quotes hold a value of base64, as far as its head, middle and tail show."""
    middle = (opening + close) // 2
    return (
        body[opening - 1 : opening] != b"\\"
        and _HEAD.match(body, opening + 1, close) is not None
        and _BODY.fullmatch(body, middle, middle + _WINDOW) is not None
        and _BODY.fullmatch(body, close - _WINDOW, close) is not None
        and _BEHIND_A_VALUE.match(body, close + 1) is not None
    )
