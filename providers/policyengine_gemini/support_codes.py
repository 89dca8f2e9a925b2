"""Read the support codes in Google's filter messages: they say which filter fired and on which side."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Side", "filter_side", "named_categories", "support_codes"]

Side = Literal["prompt", "output"]

# Which side a code belongs to is the official table's; the two third-party codes are seen in answers but not in it.
# https://docs.cloud.google.com/vertex-ai/generative-ai/docs/image/responsible-ai-imagen (checked 2026-11-22)
_TABLE: dict[str, tuple[str, Side | None]] = {
    "58061214": ("child", "prompt"),
    "17301594": ("child", "output"),
    "29310472": ("celebrity", "prompt"),
    "15236754": ("celebrity", "output"),
    "64151117": ("celebrity or child", "prompt"),
    "62263041": ("dangerous content", "prompt"),
    "57734940": ("hate", "prompt"),
    "22137204": ("hate", "output"),
    "42876398": ("other", "prompt"),
    "29578790": ("other", "output"),
    "74803281": ("other", "output"),
    "39322892": ("people or face", "output"),
    "92201652": ("personal information", "prompt"),
    "89371032": ("prohibited content", "prompt"),
    "49114662": ("prohibited content", "output"),
    "72817394": ("prohibited content", "output"),
    "90789179": ("sexual", "prompt"),
    "63429089": ("sexual", "output"),
    "43188360": ("sexual", "output"),
    "78610348": ("toxic", "prompt"),
    "61493863": ("violence", "prompt"),
    "56562880": ("violence", "output"),
    "32635315": ("vulgar", "prompt"),
    "35561574": ("third-party content", None),
    "35561575": ("third-party content", None),
}
# "Support code: 1.", "Support codes: 1, 2" and, until 2024, "Error Code: 1".
_CODES = re.compile(r"(?:upport codes?|rror Code):\s*(\d{6,10}(?:\s*,\s*\d{6,10})*)")


def support_codes(message: str) -> tuple[str, ...]:
    """Return the support codes that *message* lists.

    >>> support_codes("Try rephrasing the prompt. Support codes: 39322892, 29310472")
    ('39322892', '29310472')
    """
    if "upport code" not in message and "rror Code" not in message:  # a search without a match is slow
        return ()
    found = _CODES.search(message)
    return tuple(code.strip() for code in found[1].split(",")) if found else ()


def filter_side(codes: Iterable[str]) -> Side | None:
    """Return the side that all known *codes* agree on."""
    sides = {side for code in codes if (side := _TABLE.get(code, ("", None))[1])}
    return sides.pop() if len(sides) == 1 else None


def named_categories(codes: Iterable[str]) -> tuple[str, ...]:
    """Return what the filters behind *codes* look for, each once."""
    return tuple(dict.fromkeys(_TABLE[code][0] for code in codes if code in _TABLE))
