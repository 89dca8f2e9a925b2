"""Hold the set of lists of texts that a fact may be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from policyengine.sets.words import Clause, Words

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Lists"]


class Lists(Struct, frozen=True):
    """Hold all lists with an element for each of some tests, and none for others."""

    absent: bool
    """Whether the fact may be absent: an empty list is."""
    is_told: bool = False
    """Whether it may be there at all."""
    some: frozenset[Clause] = frozenset()
    """Tests of which each is passed by an element."""
    none: frozenset[Clause] = frozenset()
    """Tests that no element passes."""

    @property
    def is_empty(self) -> bool:
        """Return whether nothing is in the set, not even absence."""
        return not self.absent and not self.is_told

    def touches(self, other: Lists) -> bool:
        """Return whether the sets have something in common."""
        return not self.meet(other).is_empty

    def within(self, other: Lists) -> bool:
        """Return whether all of this set is in the other one."""
        return not any(self.touches(piece) for piece in other.outside())

    def meet(self, other: Lists) -> Lists:
        """Return what is in both sets."""
        absent = self.absent and other.absent
        some, none = self.some | other.some, self.none | other.none
        if not (self.is_told and other.is_told) or any(_element(clause, none).is_empty for clause in some):
            return Lists(absent)
        return Lists(absent, True, some, none)  # noqa: FBT003  a field, by its place

    def outside(self) -> tuple[Lists, ...]:
        """Return disjoint sets that together hold all that this one does not."""
        pieces: list[Lists] = [] if self.is_told else [Lists(absent=False, is_told=True)]
        some: frozenset[Clause] = frozenset()
        none: frozenset[Clause] = frozenset()
        for clause in self.some:
            pieces.append(Lists(absent=False, is_told=True, some=some, none=none | {clause}))
            some |= {clause}
        for clause in self.none:
            pieces.append(Lists(absent=False, is_told=True, some=some | {clause}, none=none))
            none |= {clause}
        pieces = [piece for piece in pieces if not any(_element(clause, piece.none).is_empty for clause in piece.some)]
        if not self.absent:
            pieces[:1] = [replace(pieces[0], absent=True) if pieces else Lists(absent=True)]
        return tuple(pieces)

    def join(self, other: Lists) -> Lists | None:
        """Return what is in either set, where that is one set of this kind."""
        absent = self.absent or other.absent
        for one, two in ((self, other), (other, self)):
            if not one.is_told:
                return replace(two, absent=absent)
        return replace(self, absent=absent) if (self.some, self.none) == (other.some, other.none) else None

    def example(self, preferred: Iterable[object] = ()) -> object:
        """Return a list of the set; None when only absence is in it."""
        if not self.is_told:
            return None
        liked = [*preferred]
        found = [_element(clause, self.none).example(liked) for clause in sorted(self.some, key=repr)]
        return tuple(dict.fromkeys(found)) or (_element(None, self.none).example(liked),)


def _element(clause: Clause | None, none: frozenset[Clause]) -> Words:
    """Return the texts that pass *clause* and none of *none*."""
    left_out = frozenset(operand for other in none if other.operator == "equals" for operand in other.operands)
    never = frozenset(other for other in none if other.operator != "equals")
    free = Words(absent=False, values=left_out, is_open=True, never=never)
    if clause is None:
        return free
    if clause.operator == "equals":
        return free.meet(Words(absent=False, values=frozenset(clause.operands)))
    return free.meet(Words(absent=False, is_open=True, must=frozenset({clause})))
