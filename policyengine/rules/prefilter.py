"""Pick the few of many rules that one exchange may match, by the fact that most of them compare."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policyengine.rules.conditions import All, Condition, Test, read

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from policyengine.rules.fields import Subject
    from policyengine.rules.ordered import BoundRule

__all__ = ["Prefilter"]

_FEW = 64  # so many rules are worked out faster than they are split


class Prefilter:
    """Split rules by the value that they need one fact to have; order is kept."""

    def __init__(self, rules: Sequence[BoundRule], facts: Collection[str]) -> None:
        """Split *rules* by one of *facts*, unless they are few."""
        self._rest = tuple(rules)
        self._field: str | None = _most_compared(rules, facts) if len(rules) > _FEW else None
        self._buckets: dict[object, tuple[BoundRule, ...]] = {}
        if self._field is not None:
            self._split(self._field)

    def _split(self, field: str) -> None:
        rest: list[BoundRule] = []
        buckets: dict[object, list[BoundRule]] = {}
        for rule in self._rest:
            values = _needed(rule, field)
            if values is None:
                rest.append(rule)
                for bucket in buckets.values():
                    bucket.append(rule)
            for value in values or ():
                buckets.setdefault(value, [*rest]).append(rule)
        self._rest = tuple(rest)
        self._buckets = {value: tuple(bucket) for value, bucket in buckets.items()}

    def candidates(self, facts: Subject, outcome: str | None, stage: str | None) -> tuple[BoundRule, ...]:
        """Return the rules that *facts* may match, in order."""
        if self._field is None:
            return self._rest
        return self._buckets.get(read(self._field, facts, outcome, stage), self._rest)


def _most_compared(rules: Sequence[BoundRule], facts: Collection[str]) -> str | None:
    """Return the fact that most rules compare; of several, that with the most values."""
    values: dict[str, list[tuple[object, ...]]] = {}
    for rule in rules:
        for test in _equalities(rule.condition):
            if test.field.name in facts:
                values.setdefault(test.field.name, []).append(test.operands)
    return max(values, key=lambda name: (len(values[name]), len(set(values[name]))), default=None)


def _needed(rule: BoundRule, field: str) -> tuple[object, ...] | None:
    """Return the values of *field* without which *rule* cannot match; None when it needs none."""
    return next((test.operands for test in _equalities(rule.condition) if test.field.name == field), None)


def _equalities(condition: Condition) -> Iterator[Test]:
    """Yield the comparisons with texts and integers that must all hold."""
    if isinstance(condition, Test):
        if condition.operator == "equals" and condition.field.kind in ("text", "integer"):
            yield condition
    elif isinstance(condition, All):
        for part in condition.parts:
            yield from _equalities(part)
