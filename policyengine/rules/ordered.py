"""Keep rules in order and find the first that matches, at a cost that does not grow with their number.

What rules compare for equality, how numbers test, and which texts are there at all make a short
key of an exchange. For each key the rules are worked out once: those it excludes are gone, those
it satisfies need no test, and of the others only the open conditions are left, compiled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from policyengine.rules.compile import Match, Reader, compiled, compiled_reader
from policyengine.rules.model import BillEffect, Decision, Rule
from policyengine.rules.narrow import Key, key_of, narrowed, tests_of
from policyengine.rules.prefilter import Prefilter
from policyengine.verdict import Step
from policyengine.vocabulary import PARTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policyengine.rules.conditions import Condition
    from policyengine.rules.fields import Field, Subject

__all__ = ["ALL_PARTS", "BoundRule", "OrderedRules", "Place"]

_MOST_KEYS = 16_384
_MOST_WORDS = 256  # remembered per key
_LONGEST_WORDS = 600  # characters; longer texts are not kept
ALL_PARTS = (1 << len(PARTS)) - 1


class Place(Struct, frozen=True, gc=False):
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
    """Return the parts that a bill rule names, one bit each; all of them for other rules."""
    if not isinstance(effect, BillEffect):
        return ALL_PARTS
    return sum(1 << bit for bit, name in enumerate(PARTS) if getattr(effect, name) is not None)


Deciders = tuple[BoundRule | None, ...]
"""The deciding rule of each part: the components, then what is said beside the money."""


class _Open(Struct, frozen=True):
    """Hold a rule that a key leaves open, with the function that decides it; None when it matches."""

    rule: BoundRule
    match: Match | None


class _Left(Struct, frozen=True):
    """Hold what is left to decide once a key is known."""

    decided: Deciders | None
    """The rules that decide, when nothing is left."""
    rules: tuple[_Open, ...]
    read: Reader
    """Returns the facts that the open conditions ask about."""
    by_words: dict[tuple[object, ...], Deciders]
    """What was decided for these facts: platforms say the same few sentences again and again."""


def _read_nothing(_facts: Subject, _outcome: str | None, _stage: str | None) -> tuple[object, ...]:
    return ()


def _walked(rules: Sequence[_Open], facts: Subject | None, outcome: str | None, stage: str | None) -> Deciders:
    """Return the deciding rule of each part, first rule first; without *facts*, of rules that all match."""
    found: list[BoundRule | None] = [None] * len(PARTS)
    undecided = ALL_PARTS
    for one in rules:
        news = one.rule.mask & undecided
        if news and (one.match is None or (facts is not None and one.match(facts, outcome, stage))):
            for bit in range(len(PARTS)):
                if news >> bit & 1:
                    found[bit] = one.rule
            undecided &= ~news
            if not undecided:
                break
    return tuple(found)


class OrderedRules:
    """Find the first rule that matches, or the first per component."""

    def __init__(self, rules: Sequence[BoundRule]) -> None:
        """Keep *rules* in their order; the first that matches decides."""
        self.rules = tuple(rules)
        self._key: Key = key_of([rule.condition for rule in self.rules])
        self._prefilter = Prefilter(self.rules, self._key.values)  # by what is in the key, or a key misleads
        self._known: dict[object, _Left] = {}
        self._compiled: dict[tuple[str, Condition], Match] = {}

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle the rules; what is known of keys is worked out anew."""
        return OrderedRules, (self.rules,)

    def first(self, facts: Subject, outcome: str | None = None, stage: str | None = None) -> BoundRule | None:
        """Return the first rule that matches."""
        try:
            return next(iter(self._deciding(facts, outcome, stage)), None)
        except (AttributeError, TypeError):
            self._fail_in_a_rule(facts, outcome, stage)
            raise

    def per_component(self, facts: Subject, outcome: str, stage: str) -> tuple[BoundRule | None, ...]:
        """Return, for each part of a bill, the first rule that matches and names it."""
        try:
            return self._deciding(facts, outcome, stage)
        except (AttributeError, TypeError):
            self._fail_in_a_rule(facts, outcome, stage)
            raise

    def matching(self, subject: Subject) -> list[BoundRule]:
        """Return every rule that matches, in order."""
        candidates = self._prefilter.candidates(subject, None, None)
        return [rule for rule in candidates if self._function(rule, rule.condition)(subject, None, None)]

    def _fail_in_a_rule(self, facts: Subject, outcome: str | None, stage: str | None) -> None:
        """Decide rule by rule, so that the traceback of a fact of a wrong type names the rule that cannot read it."""
        for rule in self.rules:
            self._function(rule, rule.condition)(facts, outcome, stage)

    def _deciding(self, facts: Subject, outcome: str | None, stage: str | None) -> tuple[BoundRule | None, ...]:
        """Return the deciding rule of each part; other decisions have the same rule for all of them."""
        key = self._key.read(facts, outcome, stage)
        left = self._known.get(key)
        if left is None:
            if len(self._known) >= _MOST_KEYS:
                self._known.clear()
            candidates = self._prefilter.candidates(facts, outcome, stage)
            left = self._known[key] = self._work_out(candidates, key)
        if left.decided is not None:
            return left.decided
        words = left.read(facts, outcome, stage)
        found = left.by_words.get(words)
        if found is None:
            found = _walked(left.rules, facts, outcome, stage)
            if len(str(words)) <= _LONGEST_WORDS:
                if len(left.by_words) >= _MOST_WORDS:
                    left.by_words.clear()
                left.by_words[words] = found
        return found

    def _work_out(self, candidates: Sequence[BoundRule], key: tuple[object, ...]) -> _Left:
        """Return what *key* decides of *candidates*, and what it leaves open."""
        rules: list[_Open] = []
        fields: dict[Field, None] = {}
        undecided = ALL_PARTS
        for rule in candidates:
            condition = narrowed(rule.condition, self._key, key)
            if condition is False or not rule.mask & undecided:
                continue
            if condition is True:
                undecided &= ~rule.mask
                rules.append(_Open(rule, None))
                if not undecided:
                    break
            else:
                rules.append(_Open(rule, self._function(rule, condition)))
                fields |= dict.fromkeys(test.field for test in tests_of(condition))
        if not fields:
            return _Left(_walked(rules, None, None, None), (), _read_nothing, {})
        return _Left(None, tuple(rules), compiled_reader(list(fields)), {})

    def _function(self, rule: BoundRule, condition: Condition) -> Match:
        found = self._compiled.get((rule.rule.id, condition))
        if found is None:
            found = self._compiled[rule.rule.id, condition] = compiled(
                condition, file=rule.place.path, line=rule.place.line
            )
        return found
