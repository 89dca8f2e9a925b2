"""Hold the set of values that a fact of text or a boolean may have."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["Clause", "Words", "matches"]

_SEPARATORS = " .-_/|~#"
_FRESH = "other"
_CACHED = 65_536


class Clause(Struct, frozen=True):
    """Test a text: it contains, starts with or ends with one of several texts, or is one of them."""

    operator: str
    operands: tuple[str, ...]


def matches(clause: Clause, text: str) -> bool:
    """Return whether *text* passes *clause*; ASCII letters in either case, but for `equals`."""
    if clause.operator == "equals":
        return text in clause.operands
    folded = _folded(text)
    if clause.operator == "contains":
        return any(_folded(operand) in folded for operand in clause.operands)
    operands = tuple(map(_folded, clause.operands))
    return folded.startswith(operands) if clause.operator == "starts_with" else folded.endswith(operands)


@lru_cache(_CACHED)
def _folded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass").lower()


class Words(Struct, frozen=True):
    """Hold a finite set of values, or all texts but some that pass these tests and fail those."""

    absent: bool
    """Whether the fact may be absent."""
    values: frozenset[object] = frozenset()
    """The values it may have; those it may not have when the set is open."""
    is_open: bool = False
    must: frozenset[Clause] = frozenset()
    """Tests that every text of an open set passes."""
    never: frozenset[Clause] = frozenset()
    """Tests that every text of an open set fails."""

    @property
    def is_empty(self) -> bool:
        """Return whether nothing is in the set, not even absence."""
        return not self.absent and not self.is_open and not self.values

    def touches(self, other: Words) -> bool:
        """Return whether the sets have something in common."""
        if self.absent and other.absent:
            return True
        if not self.is_open:
            return any(map(other.admits, self.values)) if other.is_open else not self.values.isdisjoint(other.values)
        return any(map(self.admits, other.values)) if not other.is_open else self.meet(other).is_open

    def within(self, other: Words) -> bool:
        """Return whether all of this set is in the other one."""
        if not self.is_open:
            return self.absent <= other.absent and all(map(other.admits, self.values))
        return not any(self.touches(piece) for piece in other.outside())

    def meet(self, other: Words) -> Words:
        """Return what is in both sets."""
        absent = self.absent and other.absent
        if not self.is_open and not other.is_open:
            return Words(absent, self.values & other.values)
        if not self.is_open:
            return Words(absent, frozenset(value for value in self.values if other.admits(value)))
        if not other.is_open:
            return Words(absent, frozenset(value for value in other.values if self.admits(value)))
        must, never = self.must | other.must, self.never | other.never
        if (must or never) and _text(must, never) is None:
            return Words(absent)
        return Words(absent, self.values | other.values, True, must, never)  # noqa: FBT003  a field, by its place

    def admits(self, value: object) -> bool:
        """Return whether the fact may have *value*."""
        if not self.is_open:
            return value in self.values
        if value in self.values:
            return False
        if not self.must and not self.never:
            return True
        passed = all(matches(clause, str(value)) for clause in self.must)
        return passed and not any(matches(clause, str(value)) for clause in self.never)

    def outside(self) -> tuple[Words, ...]:
        """Return disjoint sets that together hold all that this one does not."""
        pieces = [*self._others()]
        if not self.absent:
            pieces[:1] = [replace(pieces[0], absent=True) if pieces else Words(absent=True)]
        return tuple(pieces)

    def _others(self) -> Iterator[Words]:
        """Yield sets of the values that are not in this one."""
        if not self.is_open:
            yield Words(absent=False, values=self.values, is_open=True)
            return
        if self.values:
            yield Words(absent=False, values=self.values)
        must: frozenset[Clause] = frozenset()
        never: frozenset[Clause] = frozenset()
        for clause in self.must:
            yield Words(absent=False, values=self.values, is_open=True, must=must, never=never | {clause})
            must |= {clause}
        for clause in self.never:
            if _text(must | {clause}, never) is not None:
                yield Words(absent=False, values=self.values, is_open=True, must=must | {clause}, never=never)
            never |= {clause}

    def join(self, other: Words) -> Words | None:
        """Return what is in either set, where that is one set of this kind."""
        absent = self.absent or other.absent
        for one, two in ((self, other), (other, self)):
            if not one.is_open and not one.values:
                return replace(two, absent=absent)
        if not self.is_open and not other.is_open:
            return Words(absent, self.values | other.values)
        if self.is_open and other.is_open:
            if (self.must, self.never) != (other.must, other.never):
                return None
            return replace(self, absent=absent, values=self.values & other.values)
        finite, rest = (other, self) if self.is_open else (self, other)
        if rest.must or rest.never:
            return None
        return replace(rest, absent=absent, values=rest.values - finite.values)

    def example(self, preferred: Iterable[object] = ()) -> object:
        """Return a value of the set, one of *preferred* if it can be; None when only absence is in it."""
        liked = next((value for value in preferred if self.admits(value)), None)
        if liked is not None:
            return liked
        if not self.is_open:
            return min(self.values, key=repr, default=None)
        text = _text(self.must, self.never)
        return None if text is None else _but_for(text, self)


@lru_cache(_CACHED)
def _text(must: frozenset[Clause], never: frozenset[Clause]) -> tuple[str, str, str, str] | None:
    """Return beginning, middle and end of a text that passes *must* and fails *never*, and what keeps them apart.

    It is exact: parts that a character in none of the tests keeps apart hold no more of *never* than they must.
    """
    edges = [_edge(operator, must, never) for operator in ("starts_with", "ends_with")]
    inner = [_allowed(clause, never) for clause in must if clause.operator == "contains"]
    if None in edges or None in inner:
        return None
    used = "".join(operand for clause in (*must, *never) for operand in clause.operands)
    apart = next((mark for mark in _SEPARATORS if mark not in used), None) or _unused(used)
    middle = apart.join(dict.fromkeys(sorted(text for text in inner if text)))
    return edges[0] or "", middle, edges[1] or "", apart


def _edge(operator: str, must: frozenset[Clause], never: frozenset[Clause]) -> str | None:
    """Return the shortest beginning, or end, that *must* asks for; None when *never* or another forbids each."""
    clauses = [clause for clause in must if clause.operator == operator]
    if not clauses:
        return ""
    wanted = sorted({operand for clause in clauses for operand in clause.operands}, key=lambda text: (len(text), text))
    barred = [clause for clause in never if clause.operator in (operator, "contains")]
    for text in wanted:
        if all(matches(clause, text) for clause in clauses) and not any(matches(clause, text) for clause in barred):
            return text
    return None


def _allowed(clause: Clause, never: frozenset[Clause]) -> str | None:
    """Return an operand of *clause* that may stand in the middle of a text."""
    barred = [other for other in never if other.operator == "contains"]
    return next((text for text in clause.operands if not any(matches(other, text) for other in barred)), None)


def _unused(used: str) -> str:
    """Return a printable character that is not in *used*; no rule file holds all of them."""
    return next(mark for mark in map(chr, range(0xA1, 0x10000)) if mark.isprintable() and mark not in used)


def _but_for(parts: tuple[str, str, str, str], words: Words) -> str:
    """Return a text made of *parts* that is in *words*, other values of which are left out."""
    start, middle, end, apart = parts
    filler = _FRESH if words.admits(_FRESH) or not any(matches(clause, _FRESH) for clause in words.never) else apart
    whole = apart.join(part for part in (start, middle, end) if part) or filler
    while not words.admits(whole):
        middle = f"{middle}{apart}{filler}" if middle else filler
        whole = f"{start}{apart}{middle}{apart}{end}" if end else f"{start}{apart}{middle}"
        filler = apart
    return whole
