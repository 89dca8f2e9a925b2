"""Hold the set of numbers or times that a fact may have."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from math import inf
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from policyengine.rules.conditions import Test

__all__ = ["FIRST", "LAST", "Cut", "Number", "Spans", "moment_of", "number_of", "spans_of"]

Number = int | float | Decimal
Cut = tuple[Number, int]
"""A place between numbers: (n, 0) lies just before n, (n, 1) just after it."""
FIRST: Cut = (-inf, 0)
LAST: Cut = (inf, 1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_STEP = timedelta(microseconds=1)


class Spans(Struct, frozen=True):
    """Hold the numbers between pairs of cuts."""

    absent: bool
    """Whether the fact may be absent."""
    cuts: tuple[Cut, ...] = ()
    """Ascending; numbers between the first and the second are in, between the third and the fourth, and so on."""
    is_whole: bool = True
    """Whether there is nothing between one number and the next: integers, and times in microseconds."""

    @property
    def is_empty(self) -> bool:
        """Return whether nothing is in the set, not even absence."""
        return not self.absent and not self.cuts

    def touches(self, other: Spans) -> bool:
        """Return whether the sets have something in common."""
        return not self.meet(other).is_empty

    def within(self, other: Spans) -> bool:
        """Return whether all of this set is in the other one."""
        return not any(self.touches(piece) for piece in other.outside())

    def meet(self, other: Spans) -> Spans:
        """Return what is in both sets."""
        found: list[Cut] = []
        for low, high in _pairs(self.cuts):
            for start, end in _pairs(other.cuts):
                cuts = (max(low, start), min(high, end))
                if cuts[0] < cuts[1]:
                    found += cuts
        return Spans(self.absent and other.absent, tuple(found), self.is_whole)

    def outside(self) -> tuple[Spans, ...]:
        """Return disjoint sets that together hold all that this one does not: one set or none."""
        cuts = (FIRST, *self.cuts, LAST)
        found = [cut for pair in _pairs(cuts) if pair[0] < pair[1] for cut in pair]
        piece = Spans(not self.absent, tuple(found), self.is_whole)
        return () if piece.is_empty else (piece,)

    def join(self, other: Spans) -> Spans:
        """Return what is in either set."""
        neither = replace(self, absent=False).outside()[0].meet(replace(other, absent=False).outside()[0])
        return replace(replace(neither, absent=False).outside()[0], absent=self.absent or other.absent)

    def admits(self, value: Number) -> bool:
        """Return whether the fact may have *value*."""
        return any(low <= (value, 0) and (value, 1) <= self._end(high) for low, high in _pairs(self.cuts))

    def _end(self, cut: Cut) -> Cut:
        """Return *cut* as the place after a number: whole ones keep it as the place before the next."""
        return (cut[0] - 1, 1) if self.is_whole and cut[1] == 0 else cut

    def example(self, preferred: Iterable[Number] = ()) -> Number | None:
        """Return a number of the set, one of *preferred* if it can be; None when only absence is in it."""
        return next(self.examples(preferred), None)

    def examples(self, preferred: Iterable[Number] = ()) -> Iterator[Number]:
        """Yield some numbers of the set: those of *preferred*, then those at the edges."""
        yield from (value for value in preferred if self.admits(value))
        for low, high in _pairs(self.cuts):
            edges = (low[0], low[0] + 1, high[0], high[0] - 1, _middle(low, high))
            yield from (value for value in edges if abs(value) != inf and self.admits(value))


def _pairs(cuts: tuple[Cut, ...]) -> Iterator[tuple[Cut, Cut]]:
    return zip(cuts[::2], cuts[1::2], strict=True)


def _middle(low: Cut, high: Cut) -> Number:
    if abs(low[0]) == inf or abs(high[0]) == inf:
        return 0
    middle = (Decimal(low[0]) + Decimal(high[0])) / 2
    return middle if isinstance(low[0], Decimal) or isinstance(high[0], Decimal) else float(middle)


def spans_of(test: Test) -> Spans:
    """Return the numbers that pass *test*, which compares them."""
    is_whole = test.field.kind in ("integer", "time")
    found = Spans(absent=False, is_whole=is_whole)
    for operand in test.operands:
        cuts = _cuts(test.operator, number_of(operand), is_whole=is_whole)
        found = found.join(Spans(absent=False, cuts=cuts, is_whole=is_whole))
    return found


def _cuts(operator: str, value: Number, *, is_whole: bool) -> tuple[Cut, Cut]:
    before, after = (value, 0), (value + 1, 0) if is_whole else (value, 1)
    if operator == "equals":
        return before, after
    if operator in ("gt", "ge"):
        return (after if operator == "gt" else before), LAST
    return FIRST, (before if operator == "lt" else after)


def number_of(value: object) -> Number:
    """Return an operand or a fact as a number; times as microseconds since 1970."""
    if isinstance(value, datetime):
        return (value - _EPOCH) // _STEP
    if isinstance(value, int | float | Decimal):
        return value
    msg = f"{value!r} is neither a number nor a time"
    raise TypeError(msg)


def moment_of(number: Number) -> datetime:
    """Return the time that *number* stands for."""
    return _EPOCH + int(number) * _STEP
