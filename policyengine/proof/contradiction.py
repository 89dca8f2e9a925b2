"""Find conditions that cannot hold together."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from policyengine.proof.finding import finding
from policyengine.rules.conditions import All, Any, Condition
from policyengine.sets.order import MOST_BOXES
from policyengine.sets.region import Budget, NotDecided, boxes_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from policyengine.proof.finding import Finding, Places
    from policyengine.proof.listed import Listed
    from policyengine.rules.ordered import BoundRule
    from policyengine.toml import Path

__all__ = ["alternatives_of", "contradictions", "holds_nowhere", "parts_of"]


def holds_nowhere(condition: Condition, lists: Sequence[Listed]) -> bool:
    """Return whether it is certain that *condition* holds in none of *lists*."""
    try:
        return not any(boxes_of(condition, listed.space, Budget(MOST_BOXES)) for listed in lists)
    except NotDecided:
        return False


def contradictions(rule: BoundRule, lists: Sequence[Listed], places: Places) -> Iterator[Finding]:
    """Yield a finding for what keeps *rule* from ever holding, or for each of its alternatives that never holds."""
    name = rule.rule.id
    if holds_nowhere(rule.condition, lists):
        key = _first_at_odds(rule, lists)
        message = f"{name!r} never holds: its condition on {key!r} contradicts those before it"
        fix = "mend one of them, or delete the rule"
        yield finding("contradiction", places.rule(name, "when", key), rule=name, message=message, fix=fix)
        return
    for path, narrowed in alternatives_of(rule.rule.when, rule.condition):
        if holds_nowhere(narrowed, lists):
            message = f"an alternative of {name!r} never holds: it contradicts the other conditions"
            at = places.rule(name, "when", *path)
            yield finding("contradiction", at, rule=name, message=message, fix="mend or delete it")


def _first_at_odds(rule: BoundRule, lists: Sequence[Listed]) -> str:
    """Return the first key of `when` that contradicts itself or those before it."""
    keys = tuple(rule.rule.when)
    parts = parts_of(rule.rule.when, rule.condition)
    many = (number for number in range(1, len(keys)) if holds_nowhere(All(tuple(parts[:number])), lists))
    return keys[next(many, len(keys)) - 1]


def parts_of(table: Mapping[str, object], condition: Condition) -> tuple[Condition, ...]:
    """Return the condition of each key of *table*; none of a rule that always holds."""
    if not table:
        return ()
    return condition.parts if len(table) > 1 and isinstance(condition, All) else (condition,)


def alternatives_of(table: Mapping[str, object], condition: Condition) -> Iterator[tuple[Path, Condition]]:
    """Yield each alternative with the whole condition as it is when no other one is there."""
    parts = parts_of(table, condition)
    for index, (key, part) in enumerate(zip(table, parts, strict=True)):
        if key == "any" and isinstance(part, Any) and len(part.parts) > 1:
            for number, one in enumerate(part.parts):
                yield (key, number), All((*parts[:index], one, *parts[index + 1 :]))
        elif key == "all" and isinstance(part, All):
            tables = cast("Sequence[Mapping[str, object]]", table[key])
            for number, one in enumerate(part.parts):
                others = (*parts[:index], *part.parts[:number], *part.parts[number + 1 :], *parts[index + 1 :])
                for path, narrowed in alternatives_of(tables[number], one):
                    yield (key, number, *path), All((*others, narrowed))
