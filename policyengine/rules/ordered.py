"""Keep rules in order and find the first that matches, at a cost that does not grow with their number.

What rules compare for equality, how numbers test, and which texts are there at all make a short
key of an exchange. For each key the rules are worked out once: those it excludes are gone, those
it satisfies need no test, and of the others only the open conditions are left, compiled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from policyengine.rules.compile import Match, compiled
from policyengine.rules.model import BillEffect, Decision, Rule
from policyengine.rules.narrow import Key, key_of, narrowed
from policyengine.rules.prefilter import Prefilter
from policyengine.verdict import Step
from policyengine.vocabulary import COMPONENTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policyengine.facts import Facts
    from policyengine.rules.conditions import Condition

__all__ = ["BoundRule", "OrderedRules", "Place"]

_MOST_KEYS = 4096
_ALL_COMPONENTS = (1 << len(COMPONENTS)) - 1


class Place(Struct, frozen=True):
    """Say where a rule stands."""

    file: str
    """As people see it."""
    path: str
    """As debuggers find it."""
    line: int


class BoundRule:
    """Join a rule with its place and its checked condition."""

    __slots__ = ("condition", "decision", "mask", "place", "rule", "step")

    def __init__(self, decision: Decision, rule: Rule[Any], condition: Condition, place: Place) -> None:
        """Bind *rule* of *decision*."""
        self.decision = decision
        self.rule = rule
        self.condition = condition
        self.place = place
        self.mask = _mask(rule.then)
        self.step = Step(
            decision=decision,
            rule=rule.id,
            title=rule.title,
            file=place.file,
            line=place.line,
            evidence=rule.evidence,
        )


def _mask(effect: object) -> int:
    """Return the components that a bill rule names, one bit each; all of them for other rules."""
    if not isinstance(effect, BillEffect):
        return _ALL_COMPONENTS
    return sum(1 << bit for bit, name in enumerate(COMPONENTS) if getattr(effect, name) is not None)


class _Open(Struct, frozen=True):
    """Hold a rule that a key leaves open, with the function that decides it; None when it matches."""

    rule: BoundRule
    match: Match | None


class OrderedRules:
    """Find the first rule that matches, or the first per component."""

    def __init__(self, rules: Sequence[BoundRule]) -> None:
        """Keep *rules* in their order; the first that matches decides."""
        self.rules = tuple(rules)
        self._key: Key = key_of([rule.condition for rule in self.rules])
        self._prefilter = Prefilter(self.rules)
        self._known: dict[object, tuple[_Open, ...]] = {}
        self._compiled: dict[tuple[str, Condition], Match] = {}

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle the rules; what is known of keys is worked out anew."""
        return OrderedRules, (self.rules,)

    def first(self, facts: Facts, outcome: str | None = None, stage: str | None = None) -> BoundRule | None:
        """Return the first rule that matches."""
        for left in self._left(facts, outcome, stage):
            if left.match is None or left.match(facts, outcome, stage):
                return left.rule
        return None

    def per_component(self, facts: Facts, outcome: str, stage: str) -> tuple[BoundRule | None, ...]:
        """Return, for each component, the first rule that matches and names it."""
        found: list[BoundRule | None] = [None] * len(COMPONENTS)
        undecided = _ALL_COMPONENTS
        for left in self._left(facts, outcome, stage):
            news = left.rule.mask & undecided
            if news and (left.match is None or left.match(facts, outcome, stage)):
                for bit in range(len(COMPONENTS)):
                    if news >> bit & 1:
                        found[bit] = left.rule
                undecided &= ~news
                if not undecided:
                    break
        return tuple(found)

    def _left(self, facts: Facts, outcome: str | None, stage: str | None) -> tuple[_Open, ...]:
        key = self._key.read(facts, outcome, stage)
        left = self._known.get(key)
        if left is None:
            if len(self._known) >= _MOST_KEYS:
                self._known.clear()
            candidates = self._prefilter.candidates(facts, outcome, stage)
            left = self._known[key] = tuple(self._work_out(candidates, key))
        return left

    def _work_out(self, candidates: Sequence[BoundRule], key: tuple[object, ...]) -> Iterator[_Open]:
        """Yield the rules that *key* leaves open, up to those that decide in any case."""
        undecided = _ALL_COMPONENTS
        for rule in candidates:
            condition = narrowed(rule.condition, self._key, key)
            if condition is False or not rule.mask & undecided:
                continue
            if condition is True:
                undecided &= ~rule.mask
                yield _Open(rule, None)
                if not undecided:
                    return
            else:
                yield _Open(rule, self._function(rule, condition))

    def _function(self, rule: BoundRule, condition: Condition) -> Match:
        found = self._compiled.get((rule.rule.id, condition))
        if found is None:
            found = self._compiled[rule.rule.id, condition] = compiled(
                condition, file=rule.place.path, line=rule.place.line
            )
        return found
