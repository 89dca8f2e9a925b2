"""Translate what no dialect claims: the HTTP status and the transport error are all there is to read."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from policyengine.native import text
from policyengine.provider import Claim, Dialect, Normalized

if TYPE_CHECKING:
    from policyengine.exchange import Exchange

__all__ = ["FALLBACK", "NOBODY"]

NOBODY = "unknown"
"""The seller of an answer that nothing tells the seller of."""


class _Fallback(Dialect):
    """Read nothing from the body but the words of one that is plain text."""

    name: ClassVar[str] = "none"
    seller: ClassVar[str] = NOBODY
    provider = "none"

    def recognizes(self, exchange: Exchange) -> Claim:
        """Claim nothing; the engine falls back on it."""
        del exchange
        return Claim.NO

    def normalize(self, exchange: Exchange) -> Normalized:
        """Return the facts of the transport."""
        return exchange.facts(self, message=text(exchange.body)), ()


FALLBACK = _Fallback()
