"""Say what rules in order decide: what earlier rules leave to one, and where two lists decide differently."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from msgspec import Struct

from policyengine.rules.ordered import BoundRule
from policyengine.sets.region import Budget, NotDecided, Region, boxes_of, intersection
from policyengine.sets.search import MOST_STEPS, find
from policyengine.sets.witness import Witness
from policyengine.vocabulary import COMPONENTS, PARTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policyengine.sets.region import Box
    from policyengine.sets.space import Space

__all__ = ["MOST_BOXES", "Difference", "Differences", "Placed", "covers_of", "decides", "difference", "place"]

MOST_BOXES = 2_000
"""The boxes that the region of one rule may take before it is "not decided"."""


class Placed(Struct, frozen=True):
    """Hold a rule with the region in which its condition holds; None where that takes too many boxes."""

    rule: BoundRule
    region: Region | None

    def told(self) -> Region:
        """Return the region.

        Raises:
            NotDecided: it takes too many boxes.
        """
        if self.region is None:
            raise NotDecided
        return self.region


def place(rules: Sequence[BoundRule], space: Space, most: int = MOST_BOXES) -> tuple[Placed, ...]:
    """Return *rules* with their regions, in the same order."""
    placed = []
    for rule in rules:
        try:
            region: Region | None = boxes_of(rule.condition, space, Budget(most))
        except NotDecided:
            region = None
        placed.append(Placed(rule, region))
    return tuple(placed)


def covers_of(rules: Sequence[Placed]) -> list[Box]:
    """Return the boxes of all *rules*.

    Raises:
        NotDecided: a rule has no region.
    """
    return [box for one in rules for box in one.told()]


class Difference(Struct, frozen=True, kw_only=True):
    """Show facts that two lists of rules decide differently."""

    witness: Witness
    component: str | None
    """The component of the bill, or what it says beside the money, that differs; None for other decisions."""
    old: BoundRule | None
    """The rule that decided; None when none did."""
    new: BoundRule | None


class Differences(Struct, frozen=True):
    """Say whether two lists of rules decide alike."""

    found: tuple[Difference, ...]
    is_complete: bool
    """Whether all was looked at; if not, there may be more."""

    @property
    def answer(self) -> str:
        """Return `equivalent`, `different` or `not decided`."""
        if self.found:
            return "different"
        return "equivalent" if self.is_complete else "not decided"


def difference(
    old: Sequence[BoundRule], new: Sequence[BoundRule], space: Space, *, most: int = MOST_STEPS
) -> Differences:
    """Return facts on which the first matching rule of *old* and of *new* decides differently.

    There is one witness for each component and each pair of rules that decide in its place. Rules of a bill are
    compared component by component. Both lists are of one decision; *space* says which facts there are.
    """
    found: list[Difference] = []
    is_complete = True
    for component in _components(old, new):
        compared = _Compared(_naming(old, component), _naming(new, component), space, component, most)
        found += compared.differences()
        is_complete &= compared.is_complete
    return Differences(tuple(found), is_complete)


def _components(old: Sequence[BoundRule], new: Sequence[BoundRule]) -> tuple[str | None, ...]:
    return PARTS if any(rule.decision == "bill" for rule in (*old, *new)) else (None,)


def _naming(rules: Sequence[BoundRule], component: str | None) -> list[BoundRule]:
    """Return the rules that say something of *component*."""
    return [rule for rule in rules if component is None or getattr(rule.rule.then, component) is not None]


def decides(rule: BoundRule | None, component: str | None) -> object:
    """Return what *rule* decides, in a form to compare."""
    if rule is None or component is None:
        return rule and rule.rule.then
    then = rule.rule.then
    value = getattr(then, component)
    if component not in COMPONENTS:
        return value, then.setting
    return value, then.quantity, then.on if value == "conditional" else (), then.recourse


class _Compared:
    """Compare two lists that decide one thing."""

    def __init__(
        self, old: Sequence[BoundRule], new: Sequence[BoundRule], space: Space, component: str | None, most: int
    ) -> None:
        self.space = space
        self.component = component
        self.most = most
        self.is_complete = True
        self.old = place(old, space)
        self.new = place(new, space)

    def differences(self) -> Iterator[Difference]:
        """Yield a witness for each pair of rules that decide in each other's place.

        Where the lists have rules in common, in the same order, no two of these can: one of each pair is changed.
        """
        old, new = _changed(self.old, self.new, self.component)
        for before, after in product((*range(len(self.old)), None), (*range(len(self.new)), None)):
            if before in old or after in new:
                yield from self._between(before, after)

    def _between(self, before: int | None, after: int | None) -> Iterator[Difference]:
        """Yield facts that the rule at *before* decides in the old list and the one at *after* in the new one."""
        one = None if before is None else self.old[before]
        other = None if after is None else self.new[after]
        first, second = one.rule if one else None, other.rule if other else None
        if decides(first, self.component) == decides(second, self.component):
            return
        try:
            covers = [*covers_of(self.old[:before]), *covers_of(self.new[:after])]
            witness = find(_meeting(one, other), covers, self.space, Budget(self.most))
        except NotDecided:
            self.is_complete = False
            return
        if witness is not None:
            yield Difference(witness=witness, component=self.component, old=first, new=second)


def _meeting(one: Placed | None, other: Placed | None) -> Iterator[Box]:
    """Yield the boxes of facts that both rules match; None stands for no rule, and for any facts.

    Raises:
        NotDecided: a rule has no region.
    """
    pairs = product(({},) if one is None else one.told(), ({},) if other is None else other.told())
    return (box for mine, yours in pairs if (box := intersection(mine, yours)) is not None)


def _changed(
    old: Sequence[Placed], new: Sequence[Placed], component: str | None
) -> tuple[frozenset[int], frozenset[int]]:
    """Return the places of the rules without which both lists are the same rules in the same order."""
    from difflib import SequenceMatcher  # noqa: PLC0415  only to compare

    before, after = (
        [repr((one.rule.condition, decides(one.rule, component))) for one in rules] for rules in (old, new)
    )
    codes = [code for code in SequenceMatcher(None, before, after, autojunk=False).get_opcodes() if code[0] != "equal"]
    return (
        frozenset(place for code in codes for place in range(code[1], code[2])),
        frozenset(place for code in codes for place in range(code[3], code[4])),
    )
