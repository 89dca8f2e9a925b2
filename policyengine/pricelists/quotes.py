"""Hold prices as other projects list them: whose they are, and what one unit costs in dollars."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct

from policyengine.money.exact import product
from policyengine.native import amount

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["MILLION", "TIERS", "Column", "Listing", "Quote", "quotes_in"]

MILLION = Decimal(1_000_000)
TIERS = {"batches": "batch", "batch": "batch", "flex": "flex", "priority": "priority"}
_CENT = Decimal("0.01")


class Listing(Struct, frozen=True, kw_only=True):
    """Say whose prices they are."""

    name: str
    source: str
    taken: date | None
    """The day they were read."""
    units: str
    """What the amounts are, in the words of the file."""

    @property
    def worth(self) -> Decimal:
        """Return the dollars of one of its amounts."""
        return _CENT if "cent" in self.units.lower() else Decimal(1)

    @property
    def tokens(self) -> Decimal:
        """Return what makes an amount for tokens, where its key does not tell for how many, one for a million."""
        return MILLION if "per token" in self.units.lower() else Decimal(1)


class Quote(NamedTuple):
    """Hold one price: dollars for a million where the unit is a token, else for one unit."""

    component: str
    """input, text, image, request; output where one price stands for text and images."""
    unit: str
    usd: Decimal
    tier: str | None = None
    size: str | None = None
    quality: str | None = None
    since: date | None = None
    """The first day of the price."""
    before: date | None = None
    """The day on which it no longer holds."""
    whose: str | None = None
    """The project it is from, where a file joins several."""


Column = tuple[str, str]
"""Component and unit."""


def quotes_in(
    row: Mapping[str, object], columns: Mapping[str, Column], factor: Decimal, tier: str | None = None
) -> Iterator[Quote]:
    """Yield the columns that *row* has; token prices times *factor*."""
    for name, (component, unit) in columns.items():
        if (told := amount(row.get(name))) is not None:
            yield Quote(component, unit, product(told, factor) if unit.endswith("token") else told, tier)
