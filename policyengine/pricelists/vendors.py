"""Tell which seller another project means by its name for a vendor, by likeness alone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from policyengine.provider import Provider

__all__ = ["Vendors"]

_WORD = re.compile(r"[a-z0-9]+")
_GENERIC = frozenset({"ai", "api", "image", "labs", "language", "models", "studio"})
_FEWEST_INITIALS = 3


class Vendors:
    """Know the sellers, and the providers whose platform they sell."""

    def __init__(self, sellers: Iterable[str], providers: Mapping[str, Provider]) -> None:
        """Take the names of the *sellers* and the installed *providers*."""
        self.sellers = sorted(sellers)
        self.platforms = {
            name: [dialect.seller for dialect in provider.dialects] for name, provider in providers.items()
        }

    def sellers_of(self, vendor: str | None) -> Sequence[str]:
        """Return the seller that *vendor* means, or none; the platforms' own ones where none is told.

        A seller's own name goes first, then a provider's, then the words they share, then initials.
        """
        if vendor is None:
            return list(dict.fromkeys(seller for own in self.platforms.values() for seller in own))
        if vendor in self.sellers:
            return [vendor]
        if own := self.platforms.get(vendor):
            return own[:1]
        return self._alike(vendor)[:1] or self._initials(vendor)

    def _alike(self, vendor: str) -> list[str]:
        """Return the sellers that share words with *vendor*, those first that share most of them, and earlier ones."""
        words = _words(vendor)
        shared = [(seller, _likeness(words, _words(seller))) for seller in self.sellers]
        fitting = [(seller, likeness) for seller, likeness in shared if likeness > 0]
        return [seller for seller, _ in sorted(fitting, key=lambda one: (-one[1], _first(words, one[0])))]

    def _initials(self, vendor: str) -> list[str]:
        words = _WORD.findall(vendor.lower())
        initials = "".join(word[0] for word in words)
        return [initials] if len(words) >= _FEWEST_INITIALS and initials in self.sellers else []


def _words(name: str) -> list[str]:
    words = _WORD.findall(name.lower())
    return [word for word in words if word not in _GENERIC] or words


def _likeness(one: Sequence[str], other: Sequence[str]) -> float:
    return len({*one} & {*other}) / len({*one, *other})


def _first(words: Sequence[str], seller: str) -> int:
    return min(words.index(word) for word in _words(seller) if word in words)
