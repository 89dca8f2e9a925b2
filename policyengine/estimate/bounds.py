"""Sum what a chain spends: one end of the interval, exactly."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from msgspec import Struct

from policyengine.estimate.chain import Chain
from policyengine.money.exact import EXACT, ZERO, rounded

__all__ = ["Bound", "decimal_of"]


class Bound(Struct, frozen=True, kw_only=True):
    """Hold a chain and what a call costs in each way it may end; a cost of None is not known."""

    chain: Chain
    success: Decimal | None
    failures: tuple[Decimal | None, ...]
    """By class, as the shares of the chain."""

    @property
    def is_priced(self) -> bool:
        """Return whether everything that may happen has a cost."""
        by_class = zip(self.chain.shares, self.failures, strict=True)
        return self.success is not None and all(cost is not None or not share for share, cost in by_class)

    @property
    def lost(self) -> Fraction | None:
        """Return what one piece of work is expected to spend on calls that fail; None when that is not known."""
        spent = Fraction(0)
        for visits, cost in zip(self.chain.visits, self.failures, strict=True):
            if cost is None and visits:
                return None
            spent += visits * Fraction(cost or 0)
        return spent

    @property
    def spent(self) -> Fraction | None:
        """Return what one piece of work is expected to spend; None when that is not known."""
        lost = self.lost
        if lost is None or self.success is None:
            return None
        return lost + self.chain.delivered * Fraction(self.success)

    @property
    def per_image(self) -> Fraction | None:
        """Return what one effective image is expected to cost; None when that is not known.

        Retries cancel out: every attempt buys the same part of an image for the same amount.
        """
        spent = self.spent
        return None if spent is None else spent / self.chain.delivered


def decimal_of(exact: Fraction) -> Decimal:
    """Return *exact* rounded half-even to 10⁻¹².

    >>> decimal_of(Fraction(2, 3))
    Decimal('0.666666666667')
    """
    return rounded(EXACT.divide(Decimal(exact.numerator), Decimal(exact.denominator))) or ZERO
