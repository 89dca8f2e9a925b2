"""Decide the bill of one exchange: rules per component, what the tariff lacks, and facts nobody told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import islice, product
from typing import TYPE_CHECKING, cast

import msgspec
from msgspec import Struct

from policyengine.money.charge import ComponentBill, price_bill
from policyengine.rules.conditions import read
from policyengine.verdict import Alternative, Bill, Charge, Step
from policyengine.vocabulary import BASES, COMPONENTS, Basis, BillValue, Component

if TYPE_CHECKING:
    from policyengine.facts import Facts, UsageRow
    from policyengine.money.book import PriceBook
    from policyengine.rules.layers import RuleBook
    from policyengine.rules.model import BillEffect
    from policyengine.rules.ordered import BoundRule

__all__ = ["Billing", "Decided"]

_MOST_ALTERNATIVES = 64
_CACHE_LIMIT = 4096


class Decided(Struct, frozen=True, kw_only=True):
    """Hold a bill, the steps that led to it, and what it costs."""

    bill: Bill
    steps: tuple[Step, ...]
    charge: Charge


class _Ruling(Struct, frozen=True, kw_only=True):
    """Hold what follows from a set of rules and components, whatever the amounts."""

    bill: Bill
    steps: tuple[Step, ...]
    parts: tuple[ComponentBill, ...]


class Billing:
    """Bill exchanges by the rules of a rule book and the tariffs of a price book."""

    def __init__(self, rules: RuleBook, prices: PriceBook) -> None:
        """Join *rules* and *prices*."""
        self._rules = rules
        self._prices = prices
        self._rulings: dict[tuple[object, ...], _Ruling] = {}

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle without the cache."""
        return Billing, (self._rules, self._prices)

    def decide(
        self, facts: Facts, usage: Sequence[UsageRow], outcome: str, stage: str, *, work: Facts | None = None
    ) -> Decided:
        """Return bill, steps and charge; facts the seller's bill depends on may be absent.

        With *work*, the charge is that of the piece of work it describes, whatever *usage* counts.
        """
        open_facts = {
            name: values
            for name, values in self._rules.alternatives(facts.seller).items()
            if read(name, facts, outcome, stage) is None
        }
        if not open_facts:
            return self._decide(facts, usage, outcome, stage, work)
        return _merged(open_facts, list(self._each(open_facts, facts, usage, outcome, stage, work)))

    def success(self, work: Facts) -> Charge:
        """Return what *work* costs when every component that the tariff has is charged."""
        open_facts = {
            name: values for name, values in self._rules.alternatives(work.seller).items() if read(name, work) is None
        }
        charges = []
        for values in islice(product(*open_facts.values()), _MOST_ALTERNATIVES):
            told = with_facts(work, dict(zip(open_facts, values, strict=True)))
            components = self._prices.components(told, self._prices.tariffs(told))
            parts = [ComponentBill(component, "charged") for component in COMPONENTS if component in components]
            charges.append(price_bill(parts, told, (), self._prices))
        highs = [charge.high for charge in charges if charge.high is not None]
        high = max(highs) if len(highs) == len(charges) else None
        return Charge(low=min(charge.low for charge in charges), high=high)

    def _each(
        self,
        open_facts: Mapping[str, tuple[str, ...]],
        facts: Facts,
        usage: Sequence[UsageRow],
        outcome: str,
        stage: str,
        work: Facts | None,
    ) -> Iterator[tuple[dict[str, str], Decided]]:
        """Yield what is decided for each combination of values that *open_facts* may have."""
        for values in islice(product(*open_facts.values()), _MOST_ALTERNATIVES):
            given = dict(zip(open_facts, values, strict=True))
            told = with_facts(facts, given)
            yield given, self._decide(told, usage, outcome, stage, work and with_facts(work, given))

    def _decide(
        self, facts: Facts, usage: Sequence[UsageRow], outcome: str, stage: str, work: Facts | None
    ) -> Decided:
        deciding = self._rules.deciding("bill", facts.seller).per_component(facts, outcome, stage)
        applicable = self._applicable(facts, usage)
        key = (deciding, applicable)
        ruling = self._rulings.get(key)
        if ruling is None:
            if len(self._rulings) >= _CACHE_LIMIT:
                self._rulings.clear()
            ruling = self._rulings[key] = _ruling(deciding, applicable)
        charge = price_bill(ruling.parts, work or facts, () if work else usage, self._prices)
        return Decided(bill=ruling.bill, steps=ruling.steps, charge=charge)

    def _applicable(self, facts: Facts, usage: Sequence[UsageRow]) -> frozenset[str]:
        """Return the components that the tariff has, for this model or for those that may have served."""
        tariffs = self._prices.tariffs(facts)
        found = self._prices.components(facts, tariffs)
        if len(tariffs) > 1:
            found -= _unused_options(tariffs, usage)
        more = {row.component for row in usage if row.quantity and (row.model is not None or row.unit == "search_query")}
        return found | more if more else found


def _unused_options(tariffs: Sequence[object], usage: Sequence[UsageRow]) -> frozenset[str]:
    """Return components that only some of the tariffs have and of which the answer counts nothing."""
    zero = {row.component for row in usage if not row.quantity} - {row.component for row in usage if row.quantity}
    sets = [cast("frozenset[str]", getattr(tariff, "components", frozenset())) for tariff in tariffs]
    return frozenset(zero - frozenset.intersection(*sets))


def with_facts(facts: Facts, given: Mapping[str, str]) -> Facts:
    """Return *facts* with the values of *given*, which names them as rules do."""
    account = {name.removeprefix("account."): value for name, value in given.items() if name.startswith("account.")}
    plain: dict[str, object] = {name: value for name, value in given.items() if not name.startswith("account.")}
    if account:
        plain["account"] = {**facts.account, **account}
    return msgspec.structs.replace(facts, **plain)


def _ruling(deciding: Sequence[BoundRule | None], applicable: frozenset[str]) -> _Ruling:
    values: dict[Component, BillValue] = {}
    basis: dict[Component, Basis] = {}
    steps: list[Step] = []
    parts: list[ComponentBill] = []
    on: list[str] = []
    recourse: list[str] = []
    for component, rule in zip(COMPONENTS, deciding, strict=True):
        if component not in applicable:
            values[component] = "na"
            continue
        effect = cast("BillEffect", rule.rule.then) if rule else None
        value: BillValue = getattr(effect, component) if effect else "unknown"
        values[component] = value
        parts.append(ComponentBill(component, value, effect.quantity if effect else "delivered"))
        if rule is None or effect is None:
            continue
        basis[component] = _basis(rule, component, value)
        steps.append(msgspec.structs.replace(rule.step, component=component))
        on += effect.on if value == "conditional" else ()
        recourse += [effect.recourse] if effect.recourse else []
    bill = Bill(**values, basis=basis, on=tuple(dict.fromkeys(on)), recourse=tuple(dict.fromkeys(recourse)))
    return _Ruling(bill=bill, steps=tuple(steps), parts=tuple(parts))


def _basis(rule: BoundRule, component: Component, value: BillValue) -> Basis:
    """Return the best evidence of *rule* for *component* that does not say otherwise."""
    found = [
        evidence.basis
        for evidence in rule.step.evidence
        if evidence.component in (None, component) and evidence.supports in (None, value)
    ]
    return min(found, key=BASES.index, default="inferred")


def _merged(open_facts: Mapping[str, Sequence[str]], decided: Sequence[tuple[dict[str, str], Decided]]) -> Decided:
    """Return one bill for all values that facts may have: where they differ it is conditional."""
    values: dict[Component, BillValue] = {}
    for component in COMPONENTS:
        values[component] = _joint(frozenset(one.bill[component] for _, one in decided))
    bills = [one.bill for _, one in decided]
    on = [*_deciding(open_facts, decided), *(name for bill in bills for name in bill.on)]
    bill = Bill(
        **values,
        basis=_joint_basis(values, bills),
        on=tuple(dict.fromkeys(on)),
        recourse=tuple(dict.fromkeys(text for bill in bills for text in bill.recourse)),
    )
    steps = {(step.rule, step.component): step for _, one in decided for step in one.steps}
    return Decided(bill=bill, steps=tuple(steps.values()), charge=_hull(decided))


def _deciding(
    open_facts: Mapping[str, Sequence[str]], decided: Sequence[tuple[dict[str, str], Decided]]
) -> Iterator[str]:
    """Yield the facts whose value changes what some component is, not only its price."""
    for name in open_facts:
        by_others: dict[tuple[str, ...], set[tuple[BillValue, ...]]] = {}
        for given, one in decided:
            others = tuple(value for other, value in given.items() if other != name)
            by_others.setdefault(others, set()).add(tuple(_cost(value) for value in one.bill.values().values()))
        if any(len(values) > 1 for values in by_others.values()):
            yield name


def _cost(value: BillValue) -> BillValue:
    """Return *value* with what costs nothing told as one."""
    return "free" if value == "na" else value


def _joint(values: frozenset[BillValue]) -> BillValue:
    """Return what a component is when it is one of *values*."""
    if len(values) == 1:
        return next(iter(values))
    if values <= {"na", "free"}:
        return "free"
    return "unknown" if values <= {"na", "free", "unknown"} else "conditional"


def _joint_basis(values: Mapping[Component, BillValue], bills: Sequence[Bill]) -> dict[Component, Basis]:
    """Return, per component, the weakest evidence among the alternatives."""
    found: dict[Component, Basis] = {}
    for component, value in values.items():
        told = [bill.basis[component] for bill in bills if component in bill.basis]
        if value != "na" and told:
            found[component] = max(told, key=BASES.index)
    return found


def _hull(decided: Sequence[tuple[dict[str, str], Decided]]) -> Charge:
    """Return the interval of the totals, not the sum of the intervals: one of them is true as a whole."""
    charges = [one.charge for _, one in decided]
    highs = [charge.high for charge in charges]
    high = None if None in highs else max((end for end in highs if end is not None), default=Decimal(0))
    alternatives = tuple(Alternative(given=given, low=one.charge.low, high=one.charge.high) for given, one in decided)
    lines = max(charges, key=lambda charge: (charge.high is None, charge.high or 0)).lines
    return Charge(low=min(charge.low for charge in charges), high=high, lines=lines, alternatives=alternatives)
