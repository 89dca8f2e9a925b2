"""Keep rules in order, each compiled on its first use, behind an index on equality conditions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, cast

from policyengine.rules.compile import Match, Reader, compiled, compiled_reader
from policyengine.rules.conditions import All, Condition, Test
from policyengine.rules.model import BillEffect, Evidence, Rule
from policyengine.verdict import Step
from policyengine.vocabulary import COMPONENTS

if TYPE_CHECKING:
    from policyengine.facts import Facts
    from policyengine.rules.fields import Field

__all__ = ["BoundRule", "OrderedRules"]

_SMALL = 6  # a bucket of so many rules is walked faster than it is indexed again


class BoundRule:
    """Join a rule with its place and its checked condition.

    `match` compiles the condition when it is first called and then is the compiled function.
    """

    __slots__ = ("condition", "decision", "file", "line", "mask", "match", "path", "rule", "step")

    match: Match

    def __init__(self, decision: str, rule: Rule[Any], condition: Condition, *, file: str, path: str, line: int) -> None:
        """Bind *rule* of *decision*; *file* is shown to people, *path* to debuggers."""
        self.decision = decision
        self.rule = rule
        self.condition = condition
        self.file = file
        self.path = path
        self.line = line
        self.mask = _mask(rule.then)
        self.step = Step(
            decision=decision,
            rule=rule.id,
            title=rule.title,
            file=file,
            line=line,
            evidence=cast("tuple[Evidence, ...]", rule.evidence),
        )
        self.match = self._compile_and_match

    def _compile_and_match(self, facts: Facts, outcome: str | None, stage: str | None) -> bool:
        self.match = compiled(self.condition, file=self.path, line=self.line)
        return self.match(facts, outcome, stage)

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle without the compiled function."""
        return _bound, (self.decision, self.rule, self.condition, self.file, self.path, self.line)


def _bound(decision: str, rule: Rule[Any], condition: Condition, file: str, path: str, line: int) -> BoundRule:
    return BoundRule(decision, rule, condition, file=file, path=path, line=line)


def _mask(effect: object) -> int:
    """Return the components that a bill rule names, one bit each; 1 for other rules."""
    if not isinstance(effect, BillEffect):
        return 1
    return sum(1 << bit for bit, name in enumerate(COMPONENTS) if getattr(effect, name) is not None)


class OrderedRules:
    """Find the first rule that matches, or the first per component."""

    def __init__(self, rules: Sequence[BoundRule]) -> None:
        """Keep *rules* in their order; the first that matches decides."""
        self.rules = tuple(rules)
        self._root = _index(self.rules, frozenset())

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle the rules and build the index anew."""
        return OrderedRules, (self.rules,)

    def candidates(self, facts: Facts, outcome: str | None, stage: str | None) -> tuple[BoundRule, ...]:
        """Return the rules that the index cannot exclude, in order."""
        node = self._root
        while type(node) is _Node:
            node = node.buckets.get(node.read(facts, outcome, stage), node.rest)
        return cast("tuple[BoundRule, ...]", node)

    def first(self, facts: Facts, outcome: str | None = None, stage: str | None = None) -> BoundRule | None:
        """Return the first rule that matches."""
        for rule in self.candidates(facts, outcome, stage):
            if rule.match(facts, outcome, stage):
                return rule
        return None

    def per_component(self, facts: Facts, outcome: str, stage: str) -> tuple[BoundRule | None, ...]:
        """Return, for each component, the first rule that matches and names it."""
        found: list[BoundRule | None] = [None] * len(COMPONENTS)
        open_bits = (1 << len(COMPONENTS)) - 1
        for rule in self.candidates(facts, outcome, stage):
            news = rule.mask & open_bits
            if news and rule.match(facts, outcome, stage):
                for bit in range(len(COMPONENTS)):
                    if news >> bit & 1:
                        found[bit] = rule
                open_bits &= ~news
                if not open_bits:
                    break
        return tuple(found)


class _Node:
    """Split rules by the value of one fact."""

    __slots__ = ("buckets", "read", "rest")

    def __init__(self, field: Field, rules: Sequence[BoundRule], used: frozenset[str]) -> None:
        self.read: Reader = compiled_reader(field)
        used = used | {field.name}
        free: list[BoundRule] = []
        by_value: dict[object, list[BoundRule]] = {}
        for rule in rules:
            values = _equalities(rule).get(field.name)
            if values is None:
                for bucket in by_value.values():
                    bucket.append(rule)
                free.append(rule)
            else:
                for value in values:
                    by_value.setdefault(value, [*free]).append(rule)
        self.rest: _Node | tuple[BoundRule, ...] = _index(free, used)
        self.buckets: dict[object, _Node | tuple[BoundRule, ...]] = {
            value: _index(bucket, used) for value, bucket in by_value.items()
        }


def _index(rules: Sequence[BoundRule], used: frozenset[str]) -> _Node | tuple[BoundRule, ...]:
    """Return *rules* as they are, or split by the fact that most of them compare."""
    if len(rules) <= _SMALL:
        return tuple(rules)
    counts = Counter(name for rule in rules for name in _equalities(rule) if name not in used)
    if not counts or counts.most_common(1)[0][1] * 4 < len(rules):
        return tuple(rules)
    name = counts.most_common(1)[0][0]
    field = next(test.field for rule in rules for test in _tests(rule.condition) if test.field.name == name)
    return _Node(field, rules, used)


def _equalities(rule: BoundRule) -> dict[str, tuple[object, ...]]:
    """Return the values that a rule needs some facts to have: conditions it cannot match without."""
    found: dict[str, tuple[object, ...]] = {}
    for test in _tests(rule.condition):
        if test.operator == "equals" and test.field.kind in ("text", "integer"):
            found.setdefault(test.field.name, test.operands)
    return found


def _tests(condition: Condition) -> Iterator[Test]:
    """Yield the tests that all must hold."""
    if isinstance(condition, Test):
        yield condition
    elif isinstance(condition, All):
        for part in condition.parts:
            yield from _tests(part)
