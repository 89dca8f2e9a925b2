"""Run the examples and near misses that rules carry, and say why one fails."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, cast

import msgspec
from msgspec import Struct

from policyengine.facts import Facts
from policyengine.rules.conditions import All, Any, Condition, Not, Test, holds, parse_conditions, read
from policyengine.rules.layers import RuleBook
from policyengine.rules.model import BillFile, ClassifyFile, Example, NearMiss

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from policyengine.rules.fields import Field
    from policyengine.rules.load import LoadedRules
    from policyengine.rules.ordered import BoundRule

__all__ = ["Failure", "facts_of", "run_examples", "untested", "why_not"]

_ANY_DAY = date(2026, 11, 24)


class Failure(Struct, frozen=True, kw_only=True):
    """Say which example of which rule does not hold, and why."""

    file: str
    line: int
    rule: str
    kind: str
    """example or near_miss."""
    number: int
    """Counted from 1."""
    message: str

    def __str__(self) -> str:
        """Return the failure in one line."""
        return f"{self.file}:{self.line}: {self.rule}: {self.kind} {self.number}: {self.message}"


class Given(Struct, frozen=True, kw_only=True):
    """Hold the facts of an example, and what was decided before the rule's turn."""

    facts: Facts
    outcome: str | None = None
    stage: str | None = None


def run_examples(book: RuleBook) -> tuple[int, list[Failure]]:
    """Return how many examples and near misses were run, and those that do not hold.

    Shipped rules are held to their examples as shipped: that a team's own rules decide before them is no fault.
    """
    ran = 0
    failures: list[Failure] = []
    shipped = RuleBook([file for file in book.files if file.source.origin != "user"])
    for file in book.files:
        for rule in file.rules:
            results = [*_results(book if file.source.origin == "user" else shipped, file, rule)]
            ran += len(results)
            failures += [result for result in results if result is not None]
    return ran, failures


def untested(book: RuleBook) -> list[BoundRule]:
    """Return the rules that lack an example or a near miss."""
    return [rule for file in book.files for rule in file.rules if not (rule.rule.example and rule.rule.near_miss)]


def _results(book: RuleBook, file: LoadedRules, rule: BoundRule) -> Iterator[Failure | None]:
    """Yield, for each example and near miss of *rule*, its failure or None."""
    kinds: tuple[tuple[str, tuple[Example | NearMiss, ...]], ...] = (
        ("example", rule.rule.example),
        ("near_miss", rule.rule.near_miss),
    )
    for kind, examples in kinds:
        for number, example in enumerate(examples, 1):
            message = _checked(book, file, rule, example)
            if message is None:
                yield None
            else:
                place = rule.place
                yield Failure(
                    file=place.file, line=place.line, rule=rule.rule.id, kind=kind, number=number, message=message
                )


def _checked(book: RuleBook, file: LoadedRules, rule: BoundRule, example: Example | NearMiss) -> str | None:
    """Return what is wrong with *example*, or None."""
    try:
        given = facts_of(example.given, file, rule)
    except (msgspec.ValidationError, TypeError, ValueError) as error:
        return f"'given' is not a set of facts: {error}"
    ids = [decider.rule.id for decider in _deciders(book, rule, given)]
    named = ", ".join(dict.fromkeys(ids)) or "no rule"
    if isinstance(example, Example):
        return None if rule.rule.id in ids else f"decided by {named}; {why_not(rule.condition, given)}"
    if rule.rule.id in ids:
        return "decided by this rule"
    if example.decided_by is not None and example.decided_by not in ids:
        return f"decided by {named}, not by {example.decided_by}"
    return None


def _deciders(book: RuleBook, rule: BoundRule, given: Given) -> list[BoundRule]:
    """Return the rules that decide *given* in the list *rule* belongs to."""
    facts = given.facts
    key = {"classify": facts.dialect, "bill": facts.seller}.get(rule.decision, "")
    find = book.experimental if rule.rule.status == "experimental" else book.deciding
    ordered = find(rule.decision, key)
    if rule.decision == "bill":
        found = ordered.per_component(facts, given.outcome or "", given.stage or "")
        return [one for one in found if one is not None]
    first = ordered.first(facts, given.outcome, given.stage)
    return [] if first is None else [first]


def facts_of(given: Mapping[str, object], file: LoadedRules, rule: BoundRule) -> Given:
    """Return *given* as facts of a dialect and seller that *file* serves, on a day on which *rule* holds.

    Raises:
        ValueError: a fact has the wrong type, is outside its closed set, or does not exist.
    """
    if wrong := "; ".join(_wrong(given, file.fields)):
        raise ValueError(wrong)
    content = file.content
    fields: dict[str, object] = {"provider": "example", "dialect": "example", "seller": "example"}
    if isinstance(content, ClassifyFile):
        fields["dialect"] = content.dialects[0]
    if isinstance(content, BillFile):
        fields["seller"] = content.seller
    fields |= {name: value for name, value in given.items() if name not in ("outcome", "stage")}
    fields.setdefault("at", _day_of(rule.rule.from_, rule.rule.until))
    return Given(
        facts=msgspec.convert(_plain(fields), _StrictFacts),
        outcome=cast("str | None", given.get("outcome")),
        stage=cast("str | None", given.get("stage")),
    )


def _wrong(given: Mapping[str, object], fields: Mapping[str, Field]) -> Iterator[str]:
    """Yield what is wrong with *given*, read as conditions: a fact is written as the value it must be equal to."""
    for fault in parse_conditions(given, fields)[1]:
        yield fault.message
    signals = given.get("signal")
    for name, value in signals.items() if isinstance(signals, dict) else ():
        field = fields.get(f"signal.{name}")
        if field is not None and field.kind != "texts" and isinstance(value, list):
            yield f"{field.name!r} takes {field.kind}, not several"


class _StrictFacts(Facts, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Refuse names that are no facts."""


def _day_of(from_: date | None, until: date | None) -> date:
    """Return a day on which a rule with these dates holds."""
    if from_ is not None or until is None or until == date.min:
        return from_ or _ANY_DAY
    return until - timedelta(days=1)


def _plain(fields: Mapping[str, object]) -> dict[str, object]:
    """Return TOML values as `Facts` has them: days as times, whole decimals and floats as they convert."""
    plain: dict[str, object] = {}
    for name, value in fields.items():
        if isinstance(value, date) and not isinstance(value, datetime):
            plain[name] = datetime.combine(value, time(), UTC)
        elif isinstance(value, datetime):
            plain[name] = value if value.tzinfo else value.replace(tzinfo=UTC)
        elif isinstance(value, Decimal) and name in ("elapsed_s", "retry_after_s"):
            plain[name] = float(value)
        elif name in ("quoted", "settled") and isinstance(value, int | Decimal):
            plain[name] = str(value)
        else:
            plain[name] = value
    return plain


def why_not(condition: Condition, given: Given) -> str:
    """Return the first part of *condition* that does not hold, with the value it read."""
    if holds(condition, given.facts, given.outcome, given.stage):
        return "its conditions hold, an earlier rule decides"
    if isinstance(condition, All):
        part = next(part for part in condition.parts if not holds(part, given.facts, given.outcome, given.stage))
        return why_not(part, given)
    if isinstance(condition, Not):
        return f"not so, since {_stated(condition.inner)} holds"
    if isinstance(condition, Any):
        return f"none of {len(condition.parts)} alternatives holds"
    value = read(condition.field.name, given.facts, given.outcome, given.stage)
    return f"{_stated(condition)} is false: it is {'absent' if value is None else repr(value)}"


def _stated(condition: Condition) -> str:
    if isinstance(condition, Test):
        operands = " or ".join(map(repr, condition.operands))
        return f"{condition.field.name} {condition.operator} {operands}".strip()
    return "a group of conditions"
