"""Measure what the examples and near misses of rules show: which rules decide, which conditions are true and false."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from policyengine.money.exact import EXACT
from policyengine.rules.conditions import All, Any, Condition, Not, Test, holds
from policyengine.rules.examples import Case, Given, cases
from policyengine.rules.model import CUMULATIVE, Example
from policyengine.rules.ordered import ALL_PARTS
from policyengine.rules.why import stated
from policyengine.vocabulary import PARTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policyengine.rules.layers import RuleBook
    from policyengine.rules.ordered import BoundRule

__all__ = ["ConditionCoverage", "Coverage", "RuleCoverage", "Total", "coverage_of", "decided_by"]


class ConditionCoverage(Struct, frozen=True, kw_only=True):
    """Count the examples and near misses on which one condition was true, and false."""

    condition: str
    """In words."""
    seen_true: int
    seen_false: int


class RuleCoverage(Struct, frozen=True, kw_only=True):
    """Count what examples and near misses, its own and those of other rules, show of one rule."""

    rule: str
    decision: str
    file: str
    line: int
    decided: int
    """How often it decided something."""
    shadowed: int
    """How often it matched, and other rules decided all that it names."""
    conditions: tuple[ConditionCoverage, ...]
    parts: dict[str, bool]
    """The components and aspects that a bill rule names, and whether a test asserts that this rule decides them."""

    @property
    def gaps(self) -> Iterator[str]:
        """Yield what no test shows."""
        if not self.decided:
            yield f"never decides; it matches {self.shadowed} times behind others" if self.shadowed else "never decides"
        for one in self.conditions:
            missing = [name for name, seen in (("true", one.seen_true), ("false", one.seen_false)) if not seen]
            if missing:
                yield f"{one.condition}: never {' and never '.join(missing)}"
        for part, is_asserted in self.parts.items():
            if not is_asserted:
                yield f"{part}: asserted by no test"


class Total(Struct, frozen=True):
    """Count how many of a kind are covered."""

    kind: str
    covered: int
    of: int

    @property
    def percent(self) -> Decimal:
        """Return the share in percent, cut after one digit, so that only all of it is 100."""
        tenths = 1000 * self.covered // self.of if self.of else 1000
        return EXACT.divide(Decimal(tenths), Decimal(10))


class Coverage(Struct, frozen=True, kw_only=True):
    """Hold the coverage of every rule that counts."""

    rules: tuple[RuleCoverage, ...]

    def totals(self) -> list[Total]:
        """Return what is covered of each kind, and last of all kinds together."""
        conditions = [one for rule in self.rules for one in rule.conditions]
        asserted = [flag for rule in self.rules for flag in rule.parts.values()]
        kinds = [
            Total("rules that decide", sum(rule.decided > 0 for rule in self.rules), len(self.rules)),
            Total("conditions seen true", sum(one.seen_true > 0 for one in conditions), len(conditions)),
            Total("conditions seen false", sum(one.seen_false > 0 for one in conditions), len(conditions)),
            Total("parts of bills asserted", sum(asserted), len(asserted)),
        ]
        return [*kinds, Total("all", sum(one.covered for one in kinds), sum(one.of for one in kinds))]

    @property
    def percent(self) -> Decimal:
        """Return how much of all that can be covered is."""
        return self.totals()[-1].percent


class _Tally:
    """Count for one rule while the cases are tried."""

    def __init__(self, rule: BoundRule) -> None:
        self.rule = rule
        self.conditions = tuple(_conditions(rule.condition))
        self.seen: Counter[tuple[int, bool]] = Counter()
        self.decided = 0
        self.shadowed = 0
        self.asserted = 0

    def note(self, given: Given) -> None:
        for index, condition in enumerate(self.conditions):
            self.seen[index, holds(condition, given.facts, given.outcome, given.stage)] += 1

    def result(self) -> RuleCoverage:
        rule = self.rule
        named = [(bit, name) for bit, name in enumerate(PARTS) if rule.decision == "bill" and rule.mask >> bit & 1]
        return RuleCoverage(
            rule=rule.rule.id,
            decision=rule.decision,
            file=rule.place.file,
            line=rule.place.line,
            decided=self.decided,
            shadowed=self.shadowed,
            conditions=tuple(
                ConditionCoverage(
                    condition=stated(condition), seen_true=self.seen[index, True], seen_false=self.seen[index, False]
                )
                for index, condition in enumerate(self.conditions)
            ),
            parts={name: bool(self.asserted >> bit & 1) for bit, name in named},
        )


def coverage_of(book: RuleBook) -> Coverage:
    """Return what the examples and near misses of *book* show of the user's rules; without any, of the shipped ones."""
    own = [file for file in book.files if file.source.origin == "user"]
    tallies = {rule.rule.id: _Tally(rule) for file in own or book.files for rule in file.rules}
    for case in cases(book):
        try:
            given = case.given()
        except (msgspec.ValidationError, TypeError, ValueError):
            continue  # no facts to decide: `failure_of` says so
        decided = decided_by(case.rules(given).rules, given)
        for listed, parts in decided:
            tally = tallies.get(listed.rule.id)
            if tally is not None and parts is not None:
                tally.decided += parts > 0
                tally.shadowed += parts == 0
                tally.asserted |= parts if _asserts(case, listed.rule.id) else 0
        for listed, _ in decided:
            if (tally := tallies.get(listed.rule.id)) is not None:
                tally.note(given)
    return Coverage(rules=tuple(tally.result() for tally in tallies.values()))


def decided_by(rules: Sequence[BoundRule], given: Given) -> Sequence[tuple[BoundRule, int | None]]:
    """Return each of *rules* with the parts it decides, one bit each; None when it does not match.

    It walks the conditions one by one, as the reference does; the compiled rules must agree.
    """
    undecided = ALL_PARTS
    found: list[tuple[BoundRule, int | None]] = []
    for rule in rules:
        if not holds(rule.condition, given.facts, given.outcome, given.stage):
            found.append((rule, None))
            continue
        found.append((rule, rule.mask & undecided))
        if rule.decision not in CUMULATIVE:
            undecided &= ~rule.mask
    return found


def _asserts(case: Case, rule: str) -> bool:
    """Return whether *case* says that *rule* decides."""
    if isinstance(case.told, Example):
        return case.rule.rule.id == rule
    return case.told.decided_by == rule


def _conditions(condition: Condition) -> Iterator[Condition]:
    """Yield the single conditions of *condition*, a negated one as one."""
    if isinstance(condition, Test) or (isinstance(condition, Not) and isinstance(condition.inner, Test)):
        yield condition
    elif isinstance(condition, Not):
        yield from _conditions(condition.inner)
    elif isinstance(condition, All | Any):
        for part in condition.parts:
            yield from _conditions(part)
