"""Read what resellers' answers have in common: JSON inside strings, lists of pictures, one task or several."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from policyengine.native import mapping
from policyengine.provider import Claim

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policyengine.exchange import Exchange

__all__ = ["TEXT_TASKS", "addresses", "claim_of_called", "is_called", "joined", "last_object", "written_object"]

TEXT_TASKS = frozenset({"describe", "shorten", "seed", "info", "translate"})
"""Operations that ask for no image and succeed with text."""
_LONGEST_WRITTEN = 1_000_000  # characters of JSON inside a string; real ones hold some addresses
_DECODE = msgspec.json.Decoder().decode


def last_object(body: object) -> Mapping[str, object]:
    """Return the object in *body*: itself, or the last one of a list."""
    if isinstance(body, list | tuple):
        body = next((item for item in reversed(body) if isinstance(item, dict)), None)
    return mapping(body)


def written_object(value: object) -> Mapping[str, object]:
    """Return an object, also one that was written into a string.

    >>> written_object('{"resultUrls": ["https://…"]}'), written_object("no JSON")
    ({'resultUrls': ['https://…']}, {})
    """
    if isinstance(value, str) and value.startswith("{") and len(value) <= _LONGEST_WRITTEN:
        try:
            return mapping(_DECODE(value))
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            return {}
    return mapping(value)


def addresses(*lists: object) -> int | None:
    """Return the pictures in the first of *lists* that has any; None when none of them is a list.

    Platforms list the same tiles under two names, so that the lists are never added up.
    """
    found = None
    for listed in lists:
        if isinstance(listed, list | tuple):
            found = sum(1 for item in listed if item)
            if found:
                return found
    return found


def joined(*messages: object) -> str | None:
    """Return the texts among *messages*, each once."""
    found = dict.fromkeys(text for text in messages if isinstance(text, str) and text)
    return "; ".join(found) or None


def is_called(exchange: Exchange, seller: str, hosts: tuple[str, ...]) -> bool:
    """Return whether the caller or the address names *seller*."""
    return exchange.seller == seller or (bool(exchange.url) and exchange.host in hosts)


def claim_of_called(*, has_envelope: bool) -> Claim:
    """Return the claim of a dialect whose seller is called: resellers also relay answers in other formats."""
    return Claim.CERTAIN if has_envelope else Claim.SHAPE
