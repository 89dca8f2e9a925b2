"""Find what an engine says to what a cell is asked: bill values, costs, rates, discounts, words on what is free."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, cast

import msgspec
from msgspec import Struct

from policyengine.comparison import as_work
from policyengine.engine import Engine
from policyengine.money.exact import EXACT, product
from policyengine.verdict import Verdict
from policyengine.view.answers import decided
from policyengine.view.judge import OPEN
from policyengine.vocabulary import BASES, COMPONENTS, Component

if TYPE_CHECKING:
    from policyengine.facts import Facts
    from policyengine.rules.model import BillEffect, Evidence
    from policyengine.verdict import Charge, PriceRef, Step
    from policyengine.view.answers import Answer
    from policyengine.view.model import Ask, Subject

__all__ = ["Finding", "Ground", "Side", "billed", "findings", "ruled"]

_MILLION = Decimal(1_000_000)
_HUNDRED = Decimal(100)


class Ground(Struct, frozen=True):
    """Name the rule or the price behind a finding, and the best evidence for it."""

    by: str
    """The rule's id, or the model that is priced."""
    at: str
    """The file, with the line of a rule."""
    source: str | None = None
    checked: str | None = None
    """ISO date."""
    quote: str | None = None


class Finding(Struct, frozen=True, kw_only=True):
    """Hold what an engine says of one answer."""

    seller: str
    scenario: str
    part: Component | None = None
    word: str = ""
    """A bill value, or where something free is called so."""
    on: tuple[str, ...] = ()
    """What a `conditional` depends on."""
    amount: tuple[Decimal, Decimal | None] | None = None
    """[low, high], for costs, rates and discounts."""
    grounds: tuple[Ground, ...] = ()

    @property
    def is_notice(self) -> bool:
        """Return whether somebody with authority says that something is free."""
        return self.word in _NOTICES.values()


Value = tuple[str, tuple[str, ...]]
"""A bill value and, of a `conditional`, what it depends on."""


class Side(Struct, frozen=True):
    """Join an engine with how the bill values of its verdicts are read."""

    engine: Engine
    value: Callable[[Engine, Verdict, Component], Value]


def billed(engine: Engine, verdict: Verdict, component: Component) -> Value:
    """Return the bill value of *component*; `na` where the price has no such component."""
    del engine
    value = verdict.bill[component]
    return value, verdict.bill.on if value == "conditional" else ()


def ruled(engine: Engine, verdict: Verdict, component: Component) -> Value:
    """Return the bill value of *component*, as the rules have it where the price has no such component."""
    if verdict.bill[component] != "na":
        return billed(engine, verdict, component)
    rules = engine.policy.rules.deciding("bill", verdict.facts.seller)
    deciding = rules.per_component(verdict.facts, verdict.outcome, verdict.stage)[COMPONENTS.index(component)]
    if deciding is None:
        return "na", ()
    effect = cast("BillEffect", deciding.rule.then)
    value = getattr(effect, component)
    return value, effect.on if value == "conditional" else ()


def findings(side: Side, answer: Answer, subject: Subject) -> Iterator[Finding]:
    """Yield what *side* says to what *subject* asks, of *answer*."""
    asked = subject.asks
    if asked is not None:
        yield from _ASKED[asked](side, answer, subject, decided(side.engine, answer, subject))


def _bill(side: Side, answer: Answer, subject: Subject, verdict: Verdict) -> Iterator[Finding]:
    for component in subject.of:
        value, on = side.value(side.engine, verdict, component)
        yield Finding(
            seller=answer.seller,
            scenario=answer.scenario.name,
            part=component,
            word=value,
            on=on,
            grounds=tuple(_listed(side.engine, verdict.facts) if value == "na" else _ruling(verdict, component, value)),
        )


def _cost(side: Side, answer: Answer, subject: Subject, verdict: Verdict) -> Iterator[Finding]:
    charge = verdict.charge
    if subject.work is not None:
        charge = side.engine.charge_for(verdict, as_work(verdict.facts, subject.work.workload))
    values = verdict.bill.values().items()
    left_open = [ground for part, value in values if value in OPEN for ground in _ruling(verdict, part, value)]
    charging = [ground for part, value in values if value == "charged" for ground in _ruling(verdict, part, value)]
    yield Finding(
        seller=answer.seller,
        scenario=answer.scenario.name,
        amount=(charge.low, charge.high),
        grounds=tuple(dict.fromkeys([*left_open, *_prices(charge), *charging])),
    )


def _rate(side: Side, answer: Answer, subject: Subject, verdict: Verdict) -> Iterator[Finding]:
    """Yield the price of a million tokens of each component that is sold by the token."""
    facts, prices = verdict.facts, side.engine.policy.prices
    for component in subject.of:
        for tariff in prices.tariffs(facts):
            worth = prices.usd_per(tariff.currency, facts.at)
            for rate in tariff.rates_for(component, "token", facts.size, facts.quality):
                price = EXACT.divide(product(rate.amount, _MILLION), Decimal(rate.per))
                amount = (Decimal(0), None) if worth is None else (product(price, worth), product(price, worth))
                yield Finding(
                    seller=answer.seller,
                    scenario=answer.scenario.name,
                    part=component,
                    amount=amount,
                    grounds=(_price(tariff.ref),),
                )


def _discount(side: Side, answer: Answer, subject: Subject, verdict: Verdict) -> Iterator[Finding]:
    """Yield by how much per cent a success on the tier is cheaper than on the standard one."""
    facts = verdict.facts if subject.work is None else as_work(verdict.facts, subject.work.workload)
    standard = _success(side.engine, facts, "standard")
    special = _success(side.engine, facts, subject.tier)
    amount: tuple[Decimal, Decimal | None] = (Decimal(0), None)
    if standard.is_exact and special.is_exact and standard.low:
        off = _HUNDRED - EXACT.divide(product(special.low, _HUNDRED), standard.low)
        amount = (off, off)
    yield Finding(
        seller=answer.seller,
        scenario=answer.scenario.name,
        amount=amount,
        grounds=tuple(_prices(special)),
    )


def _success(engine: Engine, facts: Facts, tier: str | None) -> Charge:
    return engine.success_cost(msgspec.structs.replace(facts, tier=tier, images_delivered=facts.images_requested))


def _notice(side: Side, answer: Answer, subject: Subject, verdict: Verdict) -> Iterator[Finding]:
    """Yield whether the answer itself, or else a document of the seller, says that some component is free."""
    del side, subject
    bill = verdict.bill
    told = {component: bill.basis.get(component) for component in COMPONENTS if bill[component] in ("free", "credited")}
    best = min((basis for basis in told.values() if basis in _NOTICES), key=BASES.index, default=None)
    grounds = [
        ground
        for component, basis in told.items()
        if best is not None and basis == best
        for ground in _ruling(verdict, component, bill[component])
    ]
    yield Finding(
        seller=answer.seller,
        scenario=answer.scenario.name,
        word="no" if best is None else _NOTICES[best],
        grounds=tuple(dict.fromkeys(grounds)),
    )


_NOTICES: Mapping[str, str] = {
    "settled": "in the answer",
    "stated": "in the answer",
    "official": "in the seller's documents",
}
_ASKED: Mapping[Ask, Callable[[Side, Answer, Subject, Verdict], Iterator[Finding]]] = {
    "bill": _bill,
    "cost": _cost,
    "rate": _rate,
    "discount": _discount,
    "notice": _notice,
}


def _ruling(verdict: Verdict, component: str, value: str) -> Iterator[Ground]:
    """Yield the rules that decided *component*."""
    for step in verdict.trail:
        if step.decision == "bill" and step.component == component:
            yield _ground(step, component, value)


def _ground(step: Step, component: str, value: str) -> Ground:
    best = step.best_evidence(value) or _against(step.evidence, component)
    if best is None:
        return Ground(step.rule, f"{step.file}:{step.line}")
    return Ground(step.rule, f"{step.file}:{step.line}", best.source, best.checked.isoformat(), best.quote)


def _against(evidence: tuple[Evidence, ...], component: str) -> Evidence | None:
    """Return the best of *evidence* on *component* where none speaks for what was decided: it shows the conflict."""
    about = [one for one in evidence if one.component in (None, component)]
    return min(about, key=lambda one: BASES.index(one.basis), default=None)


def _listed(engine: Engine, facts: Facts) -> Iterator[Ground]:
    """Yield the prices of the model: they show which components there are."""
    for tariff in engine.policy.prices.tariffs(facts):
        yield _price(tariff.ref)


def _prices(charge: Charge) -> Iterator[Ground]:
    for line in charge.lines:
        if line.price is not None:
            yield _price(line.price)


def _price(price: PriceRef) -> Ground:
    return Ground(f"price of {price.model}", price.file, price.source, price.checked)
