"""Bill for every value of facts that nobody told, and join the bills into one honest answer."""

from __future__ import annotations

from decimal import Decimal
from itertools import product
from typing import TYPE_CHECKING, TypeVar

import msgspec
from msgspec import Struct

from policyengine.rules.conditions import read
from policyengine.verdict import Alternative, Bill, Charge, Step
from policyengine.vocabulary import BASES, COMPONENTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from policyengine.facts import Facts
    from policyengine.vocabulary import Basis, BillValue, Component

__all__ = ["Decided", "each", "hull", "joined", "open_facts", "with_facts"]

_Value = TypeVar("_Value")
Given = dict[str, str]
"""One value for each fact that is open."""


class Decided(Struct, frozen=True):
    """Hold a bill, the steps that led to it, and what it costs."""

    bill: Bill
    steps: tuple[Step, ...]
    charge: Charge


def open_facts(facts: Facts, alternatives: Mapping[str, tuple[str, ...]]) -> Mapping[str, tuple[str, ...]]:
    """Return those of *alternatives* that *facts* do not tell."""
    return {name: values for name, values in alternatives.items() if read(name, facts) is None}


def each(unknown: Mapping[str, tuple[str, ...]]) -> Iterator[Given]:
    """Yield every combination of the values that *unknown* facts may have; one, empty, when nothing is unknown."""
    for values in product(*unknown.values()):
        yield dict(zip(unknown, values, strict=True))


def with_facts(facts: Facts, given: Mapping[str, str]) -> Facts:
    """Return *facts* with the values of *given*, which names them as rules do."""
    account = {name.removeprefix("account."): value for name, value in given.items() if name.startswith("account.")}
    plain: dict[str, object] = {name: value for name, value in given.items() if not name.startswith("account.")}
    if account:
        plain["account"] = {**facts.account, **account}
    return msgspec.structs.replace(facts, **plain)


def joined(unknown: Mapping[str, Sequence[str]], decided: Sequence[tuple[Given, Decided]]) -> Decided:
    """Return one bill for all values that facts may have: where they differ it is conditional."""
    values: dict[Component, BillValue] = {}
    for component in COMPONENTS:
        values[component] = _joint(frozenset(one.bill[component] for _, one in decided))
    bills = [one.bill for _, one in decided]
    on = [*_deciding(unknown, decided), *(name for bill in bills for name in bill.on)]
    bill = Bill(
        **values,
        basis=_joint_basis(values, bills),
        on=tuple(dict.fromkeys(on)),
        recourse=tuple(dict.fromkeys(text for bill in bills for text in bill.recourse)),
        rate_limit=_agreed([bill.rate_limit for bill in bills], "unknown"),
        filter=_agreed([bill.filter for bill in bills], "unknown"),
        setting=_agreed([bill.setting for bill in bills], None),
    )
    steps = {(step.rule, step.component): step for _, one in decided for step in one.steps}
    return Decided(bill=bill, steps=tuple(steps.values()), charge=hull([(given, one.charge) for given, one in decided]))


def _agreed(values: Sequence[_Value], otherwise: _Value) -> _Value:
    """Return what all *values* are; where they differ, nobody knows."""
    return values[0] if all(value == values[0] for value in values) else otherwise


def _deciding(unknown: Mapping[str, Sequence[str]], decided: Sequence[tuple[Given, Decided]]) -> Iterator[str]:
    """Yield the facts whose value changes what some component is, not only its price."""
    for name in unknown:
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


def hull(totals: Sequence[tuple[Given, Charge]]) -> Charge:
    """Return the interval of the totals, not the sum of the intervals: one of them is true as a whole."""
    if len(totals) == 1:
        return totals[0][1]
    charges = [charge for _, charge in totals]
    highs = [charge.high for charge in charges if charge.high is not None]
    dearest = max(charges, key=lambda charge: (charge.high is None, charge.high or 0))
    return Charge(
        low=min(charge.low for charge in charges),
        high=max(highs, default=Decimal(0)) if len(highs) == len(charges) else None,
        lines=dearest.lines,
        alternatives=tuple(Alternative(given=given, low=one.low, high=one.high) for given, one in totals),
    )
