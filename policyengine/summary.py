"""Add verdicts up: how many, how much at least and at most, and how many nobody can price."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from msgspec import Struct

from policyengine.money.exact import difference, summed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policyengine.verdict import Verdict

__all__ = ["Group", "summarize"]


class Group(Struct, kw_only=True):
    """Add up the verdicts of one seller, outcome and rule."""

    seller: str
    outcome: str
    rule: str
    """The rule that decided the outcome."""
    n: int = 0
    low: Decimal = Decimal(0)
    """Dollars at least."""
    high: Decimal = Decimal(0)
    """Dollars at most, of those that have an upper bound."""
    unpriced: int = 0
    """How many have no upper bound."""

    def add(self, verdict: Verdict) -> None:
        """Count *verdict*."""
        self.n += 1
        low, high = verdict.charge.low, verdict.charge.high
        self.low = summed((self.low, low))
        self.high = summed((self.high, low if high is None else high))
        self.unpriced += high is None


def summarize(verdicts: Iterable[Verdict]) -> list[Group]:
    """Return the groups of *verdicts*, the widest interval first."""
    groups: dict[tuple[str, str, str], Group] = {}
    for verdict in verdicts:
        rule = next((step.rule for step in verdict.trail if step.decision == "classify"), "-")
        key = (verdict.facts.seller, verdict.outcome, rule)
        group = groups.get(key)
        if group is None:
            group = groups[key] = Group(seller=key[0], outcome=key[1], rule=key[2])
        group.add(verdict)
    return sorted(
        groups.values(),
        key=lambda group: (difference(group.low, group.high), -group.unpriced, group.seller, group.outcome),
    )
