"""Look for facts that are in a region and that no other region covers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policyengine.sets.region import Budget, apart, uncovered
from policyengine.sets.space import never
from policyengine.sets.witness import Witness, witness_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from policyengine.sets.region import Box
    from policyengine.sets.space import Space

__all__ = ["MOST_STEPS", "find"]

MOST_STEPS = 50_000
"""The steps that one question may take before the answer is "not decided"."""


def find(region: Iterable[Box], covers: Sequence[Box], space: Space, budget: Budget | None = None) -> Witness | None:
    """Return facts of *region* that are in none of *covers*; None when it is certain that there are none.

    Raises:
        NotDecided: it takes more steps than *budget* has left, or than one question may take.
    """
    return next(_witnesses(region, covers, space, budget or Budget(MOST_STEPS)), None)


def _witnesses(region: Iterable[Box], covers: Sequence[Box], space: Space, budget: Budget) -> Iterator[Witness]:
    for box in region:
        budget.spend(1 + len(covers))
        touching = [cover for cover in covers if not apart(box, cover)]
        # Facts that are not asked for are left out first: few covers match then, and the answer is soon found.
        for tried in (_lean(box, touching, space), box):
            for part in uncovered(tried, touching, space, budget):
                witness = witness_of(part, space)
                if witness is not None:
                    yield witness


def _lean(box: Box, covers: Iterable[Box], space: Space) -> Box:
    """Return the part of *box* in which every fact is absent that only *covers* ask about."""
    full = {name: space.full(name) for cover in covers for name in cover if name not in box}
    return {**{name: never(values) for name, values in full.items() if values.absent}, **box}
