"""Calculate with money the same way in every thread, whatever decimal context the caller has set."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal, DivisionByZero, InvalidOperation, Overflow
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["EXACT", "ZERO", "difference", "product", "rounded", "summed", "usd"]

EXACT = Context(
    prec=60,
    rounding=ROUND_HALF_EVEN,
    Emin=-999_999,
    Emax=999_999,
    capitals=1,
    clamp=0,
    flags=[],
    traps=[InvalidOperation, DivisionByZero, Overflow],
)
"""Wide enough for every amount and quantity this library takes."""
ZERO = Decimal(0)
_PICO_DOLLAR = Decimal("1e-12")


def usd(pico: int) -> Decimal:
    """Return dollars of *pico* 10⁻¹² dollars."""
    return EXACT.scaleb(Decimal(pico), -12)


def summed(amounts: Iterable[Decimal]) -> Decimal:
    """Return the exact sum of *amounts*."""
    total = ZERO
    for amount in amounts:
        total = EXACT.add(total, amount)
    return total


def difference(first: Decimal, second: Decimal) -> Decimal:
    """Return *first* without *second*, exactly."""
    return EXACT.subtract(first, second)


def product(amount: Decimal, factor: Decimal) -> Decimal:
    """Return *amount* times *factor*, exactly."""
    return EXACT.multiply(amount, factor)


def rounded(dollars: Decimal) -> Decimal:
    """Return *dollars* rounded half-even to 10⁻¹²."""
    return EXACT.quantize(dollars, _PICO_DOLLAR)
