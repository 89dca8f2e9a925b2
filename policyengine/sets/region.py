"""Hold sets of facts as unions of products, and work with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policyengine.rules.conditions import All, Any, Condition, Not, Test

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from policyengine.sets.space import FactSet, Space

__all__ = ["Box", "Budget", "NotDecided", "Region", "apart", "boxes_of", "intersection", "minus", "uncovered"]

Box = dict[str, "FactSet"]
"""A product: for each fact that it names, what it may be; every other fact may be anything."""
Region = tuple[Box, ...]
"""A union of boxes."""


class NotDecided(Exception):  # noqa: N818  no error: the honest third answer
    """Say that the work would pass its bound."""


class Budget:
    """Count the steps of an analysis."""

    def __init__(self, most: int) -> None:
        """Allow *most* steps."""
        self.left = most

    def spend(self, steps: int = 1) -> None:
        """Count *steps*.

        Raises:
            NotDecided: there were too many.
        """
        self.left -= steps
        if self.left < 0:
            raise NotDecided


def boxes_of(condition: Condition, space: Space, budget: Budget) -> Region:
    """Return the facts of *space* for which *condition* holds.

    Raises:
        NotDecided: it takes more boxes than *budget* has left.
    """
    return tuple(_holding(condition, space, budget))


def _holding(condition: Condition, space: Space, budget: Budget) -> list[Box]:
    if isinstance(condition, Test):
        found = space.passing(condition)
        return [] if found.is_empty else [{condition.field.name: found}]
    if isinstance(condition, Not):
        return _failing(condition.inner, space, budget)
    parts = (_holding(part, space, budget) for part in condition.parts)
    return _union(parts, budget) if isinstance(condition, Any) else _product(parts, budget)


def _failing(condition: Condition, space: Space, budget: Budget) -> list[Box]:
    if isinstance(condition, Test):
        return _union(([{condition.field.name: piece}] for piece in space.failing(condition)), budget)
    if isinstance(condition, Not):
        return _holding(condition.inner, space, budget)
    parts = (_failing(part, space, budget) for part in condition.parts)
    return _union(parts, budget) if isinstance(condition, All) else _product(parts, budget)


def _product(parts: Iterable[list[Box]], budget: Budget) -> list[Box]:
    found: list[Box] = [{}]
    for part in parts:
        budget.spend(len(found) * len(part))
        crossed = (intersection(one, other) for one in found for other in part)
        found = [box for box in crossed if box is not None]
    return found


def _union(parts: Iterable[list[Box]], budget: Budget) -> list[Box]:
    found: list[Box] = []
    for part in parts:
        for box in part:
            budget.spend()
            _add(found, box)
    return found


def _add(boxes: list[Box], box: Box) -> None:
    """Add *box* to *boxes*, joined with one from which it differs in one fact alone."""
    for index, other in enumerate(boxes):
        joined = _joined(other, box)
        if joined is not None:
            boxes[index] = joined
            return
    boxes.append(box)


def _joined(one: Box, other: Box) -> Box | None:
    if one.keys() != other.keys():
        return None
    different = [name for name, values in one.items() if values != other[name]]
    if len(different) > 1:
        return None
    if not different:
        return one
    name = different[0]
    joint = one[name].join(other[name])  # type: ignore[arg-type]  # sets of one fact are of one kind
    return None if joint is None else {**one, name: joint}


def intersection(one: Box, other: Box) -> Box | None:
    """Return what is in both boxes; None when nothing is."""
    found = dict(one)
    for name, values in other.items():
        mine = found.get(name)
        if mine is not None:
            values = mine.meet(values)  # type: ignore[arg-type]  # noqa: PLW2901  sets of one fact are of one kind
            if values.is_empty:
                return None
        found[name] = values
    return found


def apart(one: Box, other: Box) -> bool:
    """Return whether nothing is in both boxes."""
    for name, values in other.items():
        mine = one.get(name)
        if mine is not None and not mine.touches(values):  # type: ignore[arg-type]  # sets of one fact are of one kind
            return True
    return False


def minus(box: Box, other: Box, space: Space) -> Iterator[Box]:
    """Yield disjoint boxes that together hold what is in *box* and not in *other*."""
    if apart(box, other):
        yield box
        return
    rest = dict(box)
    for name, values in other.items():
        mine = rest.get(name) or space.full(name)
        for piece in values.outside():
            part = mine.meet(piece)  # type: ignore[arg-type]  # sets of one fact are of one kind
            if not part.is_empty:
                yield {**rest, name: part}
        rest[name] = mine.meet(values)  # type: ignore[arg-type]


def uncovered(box: Box, covers: Sequence[Box], space: Space, budget: Budget) -> Iterator[Box]:
    """Yield disjoint boxes that together hold what is in *box* and in none of *covers*, one at a time.

    Asking for the first alone is cheap: what lies beside it is left for later.

    Raises:
        NotDecided: it takes more comparisons than *budget* has left.
    """
    stack: list[tuple[Box, Sequence[Box]]] = [(box, covers)]
    while stack:
        one, candidates = stack.pop()
        budget.spend(1 + len(candidates))
        touching = [cover for cover in candidates if not apart(one, cover)]
        if not touching:
            yield one
            continue
        cover = _tightest(one, touching, space)
        rest = [other for other in touching if other is not cover]
        pieces = [*minus(one, cover, space)]
        stack += [(piece, rest) for piece in reversed(pieces)]  # the first is the simplest: look there first


def _tightest(box: Box, covers: Sequence[Box], space: Space) -> Box:
    """Return the one of *covers* that leaves the fewest pieces of *box*: nothing, or one smaller box, if any does."""
    fewest, tightest = len(covers[0]) + 1, covers[0]
    for cover in covers:
        pieces = 0
        for name, values in cover.items():
            pieces += not (box.get(name) or space.full(name)).within(values)  # type: ignore[arg-type]  # of one kind
            if pieces >= fewest:
                break
        else:
            fewest, tightest = pieces, cover
            if pieces == 0:
                break
    return tightest
