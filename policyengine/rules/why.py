"""Say a condition in words, and which part of it does not hold on given facts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policyengine.rules.conditions import All, Any, Condition, Not, Test, holds, read, shown

if TYPE_CHECKING:
    from policyengine.rules.examples import Given

__all__ = ["stated", "why_not"]


def stated(condition: Condition) -> str:
    """Return *condition* in words, operands as faults quote them."""
    if isinstance(condition, Test):
        operands = " or ".join(map(shown, condition.operands))
        return f"{condition.field.name} {condition.operator} {operands}".strip()
    if isinstance(condition, Not):
        return f"not ({stated(condition.inner)})"
    joint = " and " if isinstance(condition, All) else " or "
    return joint.join(f"({stated(part)})" for part in condition.parts) or "no condition"


def why_not(condition: Condition, given: Given) -> str:
    """Return each part of *condition* that does not hold, with the value it read."""
    if _holds(condition, given):
        return "its conditions hold, an earlier rule decides"
    return "; ".join(_false_parts(condition, given))


def _false_parts(condition: Condition, given: Given) -> list[str]:
    """Return why *condition*, which does not hold, does not."""
    if isinstance(condition, All):
        false = [part for part in condition.parts if not _holds(part, given)]
        return [told for part in false for told in _false_parts(part, given)]
    if isinstance(condition, Any):
        told = [f"({number}) {why_not(part, given)}" for number, part in enumerate(condition.parts, 1)]
        return [f"none of {len(condition.parts)} alternatives holds: {', '.join(told)}"]
    if isinstance(condition, Not):
        return [f"not so, since {stated(condition.inner)} holds{_value_read(condition.inner, given)}"]
    return [f"{stated(condition)} is false{_value_read(condition, given)}"]


def _value_read(condition: Condition, given: Given) -> str:
    if not isinstance(condition, Test):
        return ""
    value = read(condition.field.name, given.facts, given.outcome, given.stage)
    return f": it is {'absent' if value is None else shown(value)}"


def _holds(condition: Condition, given: Given) -> bool:
    return holds(condition, given.facts, given.outcome, given.stage)
