"""Decide the bill of one exchange: rules per component, what the tariff lacks, and facts nobody told."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import msgspec
from msgspec import Struct

from policyengine.alternatives import Decided, each, hull, joined, open_facts, with_facts
from policyengine.facts import Facts, UsageRow
from policyengine.money.charge import ComponentBill, price_bill, workload_of
from policyengine.money.tariff import SURCHARGES
from policyengine.verdict import Bill, Step
from policyengine.vocabulary import ASPECTS, COMPONENTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policyengine.money.book import PriceBook
    from policyengine.money.tariff import Tariff
    from policyengine.rules.layers import RuleBook
    from policyengine.rules.model import BillEffect
    from policyengine.rules.ordered import BoundRule
    from policyengine.verdict import Charge
    from policyengine.vocabulary import Basis, BillValue, Component

__all__ = ["Billing", "Case"]

_CACHE_LIMIT = 4096


class Case(Struct, frozen=True):
    """Hold what is billed: the facts, what was consumed, and what happened."""

    facts: Facts
    usage: tuple[UsageRow, ...]
    outcome: str
    stage: str


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
        self._bounds: dict[tuple[object, ...], Charge] = {}

    def decide(self, case: Case, *, work: Facts | None = None) -> Decided:
        """Return bill, steps and charge; facts the seller's bill depends on may be absent.

        With *work*, the charge is that of the piece of work it describes, whatever *case* consumed.
        """
        alternatives = self._rules.alternatives(case.facts.seller)
        unknown = open_facts(case.facts, alternatives) if alternatives else None
        if not unknown:
            return self._decide(case, work)
        decided = []
        for given in each(unknown):
            told = msgspec.structs.replace(case, facts=with_facts(case.facts, given))
            decided.append((given, self._decide(told, work and with_facts(work, given))))
        return joined(unknown, decided)

    def success(self, work: Facts, usage: tuple[UsageRow, ...] = ()) -> Charge:
        """Return what *work* costs when every component that the tariff has is charged; *usage* is known of it."""
        unknown = open_facts(work, self._rules.alternatives(work.seller))
        return hull([(given, self._in_full(with_facts(work, given), usage)) for given in each(unknown)])

    def _in_full(self, work: Facts, usage: tuple[UsageRow, ...]) -> Charge:
        components = self._prices.components(work, self._prices.tariffs(work))
        parts = [ComponentBill(component, "charged") for component in COMPONENTS if component in components]
        return price_bill(parts, work, usage, self._prices)

    def _decide(self, case: Case, work: Facts | None) -> Decided:
        facts = case.facts
        deciding = self._rules.deciding("bill", facts.seller).per_component(facts, case.outcome, case.stage)
        key = (deciding, self._applicable(case))
        ruling = self._rulings.get(key)
        if ruling is None:
            if len(self._rulings) >= _CACHE_LIMIT:
                self._rulings.clear()
            ruling = self._rulings[key] = _ruling(*key)
        if work is None and case.usage:
            charge = price_bill(ruling.parts, facts, case.usage, self._prices)
        else:
            charge = self._bound(ruling.parts, work or facts)
        return Decided(ruling.bill, ruling.steps, charge)

    def _bound(self, parts: tuple[ComponentBill, ...], facts: Facts) -> Charge:
        """Return what *parts* cost when nothing was counted; failures without usage are much alike."""
        asked = (workload_of(facts), facts.images_requested, facts.images_delivered)
        key = (parts, self._prices.key(facts, facts.model), *asked)
        charge = self._bounds.get(key)
        if charge is None:
            if len(self._bounds) >= _CACHE_LIMIT:
                self._bounds.clear()
            charge = self._bounds[key] = price_bill(parts, facts, (), self._prices)
        return charge

    def _applicable(self, case: Case) -> frozenset[str]:
        """Return the components that the tariff has, for this model or for those that may have served."""
        tariffs = self._prices.tariffs(case.facts)
        found = self._prices.components(case.facts, tariffs)
        if len(tariffs) > 1:
            found -= _unused_options(tariffs, case.usage)
        for row in case.usage:
            if row.quantity and row.component not in found and (row.model is not None or row.unit in SURCHARGES):
                found |= {row.component}
        return found


def _unused_options(tariffs: Sequence[Tariff], usage: Sequence[UsageRow]) -> frozenset[str]:
    """Return components that only some of the tariffs have and of which the answer counts nothing."""
    zero = {row.component for row in usage if not row.quantity} - {row.component for row in usage if row.quantity}
    return frozenset(zero - frozenset.intersection(*(tariff.components for tariff in tariffs)))


def _ruling(deciding: Sequence[BoundRule | None], applicable: frozenset[str]) -> _Ruling:
    values: dict[Component, BillValue] = {}
    basis: dict[Component, Basis] = {}
    steps: list[Step] = []
    parts: list[ComponentBill] = []
    on: list[str] = []
    recourse: list[str] = []
    for component, rule in zip(COMPONENTS, deciding[: len(COMPONENTS)], strict=True):
        if component not in applicable:
            values[component] = "na"
            continue
        effect = cast("BillEffect", rule.rule.then) if rule else None
        value: BillValue = getattr(effect, component) if effect else "unknown"
        values[component] = value
        parts.append(ComponentBill(component, value, effect.quantity if effect else "delivered"))
        if rule is None or effect is None:
            continue
        step = msgspec.structs.replace(rule.step, component=component)
        best = step.best_evidence(value)
        basis[component] = best.basis if best else "inferred"
        steps.append(step)
        on += effect.on if value == "conditional" else ()
        recourse += [effect.recourse] if effect.recourse else []
    limits, filters = deciding[len(COMPONENTS) :]
    beside = zip(ASPECTS, (limits, filters), strict=True)
    steps += [msgspec.structs.replace(rule.step, component=aspect) for aspect, rule in beside if rule]
    bill = Bill(
        **values,
        basis=basis,
        on=tuple(dict.fromkeys(on)),
        recourse=tuple(dict.fromkeys(recourse)),
        rate_limit=limits.rule.then.rate_limit if limits else "unknown",
        filter=filters.rule.then.filter if filters else "unknown",
        setting=filters.rule.then.setting if filters else None,
    )
    return _Ruling(bill=bill, steps=tuple(steps), parts=tuple(parts))
