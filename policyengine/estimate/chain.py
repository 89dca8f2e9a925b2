"""Follow one piece of work through its attempts: an absorbing Markov chain, solved exactly.

States are (attempt, how it ended); an attempt that delivers, and a failure that is not tried
again, absorb. Every step goes to the next attempt, so the expected visits follow by forward
substitution: no matrix is inverted and no number is rounded.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["Chain", "RetryRow", "chain_of"]

RetryRow = tuple[bool, ...]
"""For each class of failure: whether another try follows."""


class Chain(Struct, frozen=True, kw_only=True):
    """Hold the shares of the classes and, attempt by attempt, which of them are tried again."""

    shares: tuple[Fraction, ...]
    """The probability of each class of failure, in every attempt."""
    retries: tuple[RetryRow, ...]
    """By attempt, the first one first; after the last row nothing is tried again."""

    @property
    def success(self) -> Fraction:
        """Return the probability that an attempt delivers."""
        return 1 - sum(self.shares, Fraction(0))

    @property
    def reach(self) -> tuple[Fraction, ...]:
        """Return, for each attempt, the probability that it is made."""
        found = [Fraction(1)]
        for row in self.retries:
            found.append(found[-1] * self._again(row))
        return tuple(found)

    @property
    def attempts(self) -> Fraction:
        """Return the expected attempts at one piece of work.

        >>> half = Fraction(1, 2)
        >>> Chain(shares=(half,), retries=((True,), (True,))).attempts
        Fraction(7, 4)
        """
        return sum(self.reach, Fraction(0))

    @property
    def visits(self) -> tuple[Fraction, ...]:
        """Return, for each class, how often one piece of work is expected to fail so."""
        attempts = self.attempts
        return tuple(share * attempts for share in self.shares)

    @property
    def delivered(self) -> Fraction:
        """Return the probability that the work ends with an image."""
        return self.success * self.attempts

    @property
    def given_up(self) -> Fraction:
        """Return the probability that the work ends without an image."""
        nothing = (False,) * len(self.shares)
        failing = 1 - self.success
        rows = (*self.retries, nothing)
        return sum(
            (reached * (failing - self._again(row)) for reached, row in zip(self.reach, rows, strict=True)), Fraction(0)
        )

    def _again(self, row: RetryRow) -> Fraction:
        """Return the probability that an attempt fails and another one follows."""
        return sum((share for share, again in zip(self.shares, row, strict=True) if again), Fraction(0))


def chain_of(shares: Sequence[Fraction], retry_row: Callable[[int], RetryRow]) -> Chain:
    """Return the chain of *shares* whose retries *retry_row* tells for each attempt, up to one that ends all.

    Route rules allow a hundred attempts at most, so it ends.
    """
    rows: list[RetryRow] = []
    while True:
        row = retry_row(len(rows) + 1)
        if not any(again and share for share, again in zip(shares, row, strict=True)):
            return Chain(shares=tuple(shares), retries=tuple(rows))
        rows.append(row)
