"""Compare the verdicts of two engines on answers that were recorded, and add up the money that moves."""

from __future__ import annotations

from decimal import Decimal
from itertools import zip_longest
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from policyengine.money.exact import difference, summed
from policyengine.verdict import Verdict
from policyengine.vocabulary import COMPONENTS, PARTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from policyengine.verdict import Bill, ChargeLine

__all__ = ["LogChange", "Money", "Moved", "RulePair", "Sample", "compare_verdicts"]

_SAMPLES = 3
_NOTHING = Decimal(0)


class RulePair(Struct, frozen=True, kw_only=True):
    """Name what decided before, and what decides now."""

    decision: str
    """classify, bill, route; seller or price where no rule is behind the change."""
    component: str | None = None
    """The component of the bill, or the aspect."""
    old: str
    """The id of the rule; "-" when there was none."""
    new: str


class Sample(Struct, frozen=True, kw_only=True):
    """Show one answer with both verdicts."""

    answer: str
    """Where it was recorded."""
    old: Verdict
    new: Verdict

    @property
    def moved(self) -> Decimal:
        """Return how many dollars the ends of the charge move, taken together."""
        return summed(abs(end) for end in _ends(self.old, self.new) if end is not None)


class Money(Struct, kw_only=True):
    """Add charges up, both ends apart."""

    low: Decimal = _NOTHING
    """Dollars at least."""
    high: Decimal = _NOTHING
    """Dollars at most, of those that have an upper bound."""
    unpriced: int = 0
    """How many have none."""

    def add(self, verdict: Verdict) -> None:
        """Count the charge of *verdict*."""
        charge = verdict.charge
        self.low = summed((self.low, charge.low))
        self.high = summed((self.high, charge.low if charge.high is None else charge.high))
        self.unpriced += charge.is_unpriced


class Moved(Struct, kw_only=True):
    """Hold the verdicts that change for the same reason."""

    pairs: tuple[RulePair, ...]
    n: int = 0
    low: Decimal = _NOTHING
    """Dollars by which the low ends move in all."""
    high: Decimal = _NOTHING
    """Dollars by which the high ends move in all, of those that are bounded before and after."""
    gross: Decimal = _NOTHING
    """Dollars that move at either end, whatever their sign."""
    unbounded: int = 0
    """How many lose their upper bound."""
    bounded: int = 0
    """How many get one."""
    samples: list[Sample] = []
    """Three, those that move most."""

    def add(self, sample: Sample) -> None:
        """Count *sample*."""
        low, high = _ends(sample.old, sample.new)
        self.n += 1
        self.low = summed((self.low, low))
        self.high = summed((self.high, high or _NOTHING))
        self.gross = summed((self.gross, sample.moved))
        self.unbounded += not sample.old.charge.is_unpriced and sample.new.charge.is_unpriced
        self.bounded += sample.old.charge.is_unpriced and not sample.new.charge.is_unpriced
        self.samples = sorted([*self.samples, sample], key=lambda one: -one.moved)[:_SAMPLES]


class LogChange(Struct, kw_only=True):
    """Say what changes among recorded answers."""

    n: int = 0
    """How many were decided."""
    changed: int = 0
    """How many get another verdict."""
    same_by_others: int = 0
    """How many get the same from other rules."""
    old: Money = msgspec.field(default_factory=Money)
    new: Money = msgspec.field(default_factory=Money)
    moved: tuple[Moved, ...] = ()
    """What changes, by the rules behind it; what moves most first."""


def compare_verdicts(verdicts: Iterable[tuple[str, Verdict, Verdict]]) -> LogChange:
    """Return what changes among *verdicts*: the place of an answer, the old verdict on it and the new one."""
    total = LogChange()
    groups: dict[tuple[RulePair, ...], Moved] = {}
    for answer, old, new in verdicts:
        total.n += 1
        total.old.add(old)
        total.new.add(new)
        pairs = tuple(_causes(old, new))
        if pairs:
            total.changed += 1
            groups.setdefault(pairs, Moved(pairs=pairs)).add(Sample(answer=answer, old=old, new=new))
        elif _rules(old) != _rules(new):
            total.same_by_others += 1
    moved = sorted(groups.values(), key=lambda group: (-group.gross, -group.unbounded - group.bounded, -group.n))
    return msgspec.structs.replace(total, moved=tuple(moved))


def _ends(old: Verdict, new: Verdict) -> tuple[Decimal, Decimal | None]:
    """Return by how much the low end and the high end of the charge move; None for an end that is not bounded."""
    low = difference(new.charge.low, old.charge.low)
    if old.charge.high is None or new.charge.high is None:
        return low, None
    return low, difference(new.charge.high, old.charge.high)


def _rules(verdict: Verdict) -> list[tuple[str, str | None]]:
    return [(step.rule, step.component) for step in verdict.trail]


def _causes(old: Verdict, new: Verdict) -> Iterator[RulePair]:
    """Yield what decided *old* and *new* differently; where the outcome differs, all else follows from it."""
    if old.facts.seller != new.facts.seller:
        yield RulePair(decision="seller", old=old.facts.seller, new=new.facts.seller)
    elif (old.outcome, old.stage, old.images) != (new.outcome, new.stage, new.images):
        yield _pair("classify", None, old, new)
    else:
        if old.bill != new.bill:
            yield from _bill_causes(old, new)
        elif _charge(old) != _charge(new):
            yield from _charge_causes(old, new)
        if old.route != new.route:
            yield _pair("route", None, old, new)


def _charge(verdict: Verdict) -> tuple[object, ...]:
    charge = verdict.charge
    return charge.low, charge.high, charge.source


def _bill_causes(old: Verdict, new: Verdict) -> Iterator[RulePair]:
    """Yield a pair for each part that is billed differently, or on another basis; else for what goes with all."""
    differing: list[str | None] = [part for part in PARTS if _billed(part, old.bill) != _billed(part, new.bill)]
    for part in differing or [None]:
        yield _pair("bill", part, old, new)


def _billed(part: str, bill: Bill) -> tuple[object, ...]:
    if part in COMPONENTS:
        return bill[part], bill.basis.get(part)
    return (getattr(bill, part), bill.setting if part == "filter" else None)


def _charge_causes(old: Verdict, new: Verdict) -> Iterator[RulePair]:
    """Yield the prices behind another charge, or the rules where the same price is taken of another quantity."""
    causes = [cause for component in COMPONENTS for cause in _line_causes(component, old, new)]
    yield from dict.fromkeys(causes) or [RulePair(decision="price", old="-", new="-")]


def _line_causes(component: str, old: Verdict, new: Verdict) -> Iterator[RulePair]:
    lines = ([line for line in verdict.charge.lines if line.component == component] for verdict in (old, new))
    for one, other in zip_longest(*lines):
        if one != other and _price(one) == _price(other):
            yield _pair("bill", component, old, new)
        elif _price(one) != _price(other):
            yield RulePair(decision="price", component=component, old=_price(one), new=_price(other))


def _price(line: ChargeLine | None) -> str:
    """Return the price of *line* in words."""
    if line is None or line.rate is None:
        return "-"
    model = f" of {line.price.model} at {line.price.seller}" if line.price else ""
    return f"{line.rate:f} {line.currency} per {line.per:,} {line.unit}{model}"


def _pair(decision: str, component: str | None, old: Verdict, new: Verdict) -> RulePair:
    before, after = (_deciders(decision, component, verdict) for verdict in (old, new))
    return RulePair(decision=decision, component=component, old=before, new=after)


def _deciders(decision: str, component: str | None, verdict: Verdict) -> str:
    """Return the ids of the rules that decided; several where facts were left open."""
    steps = [step for step in verdict.trail if step.decision == decision and component in (None, step.component)]
    return ", ".join(dict.fromkeys(step.rule for step in steps)) or "-"
