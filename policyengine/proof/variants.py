"""Put another word into a native answer: what a scenario would be if the platform had said something else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

if TYPE_CHECKING:
    from policyengine.exchange import Exchange

__all__ = ["with_word"]


def with_word(exchange: Exchange, old: str, new: str) -> Exchange:
    """Return *exchange* with *new* wherever its body has *old* as a whole value, in whatever case, or as a number."""
    return replace(exchange, body=_swapped(exchange.body, old.casefold(), new))


def _swapped(value: object, old: str, new: str) -> object:
    if isinstance(value, dict):
        return {key: _swapped(inner, old, new) for key, inner in value.items()}
    if isinstance(value, list):
        return [_swapped(inner, old, new) for inner in value]
    if isinstance(value, bool) or not isinstance(value, str | int) or str(value).casefold() != old:
        return value
    return int(new) if isinstance(value, int) and new.isascii() and new.isdecimal() else new
