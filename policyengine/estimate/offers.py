"""Decide and price the samples of each seller as if the work had ended that way there."""

from __future__ import annotations

from datetime import UTC, datetime, time
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, TypeVar

import msgspec
from msgspec import Struct

from policyengine.alternatives import each, open_facts, with_facts
from policyengine.comparison import as_work, evaluate_scenario, sellers_of, usual_model
from policyengine.facts import Facts, UsageRow
from policyengine.money.charge import ComponentBill, price_bill
from policyengine.money.exact import EXACT, ZERO
from policyengine.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from policyengine.engine import Engine
    from policyengine.estimate.workload import SellerTerms, Work, WorkloadFile
    from policyengine.money.tariff import Tariff
    from policyengine.provider import Dialect, Scenario
    from policyengine.verdict import Charge
    from policyengine.vocabulary import BillValue

__all__ = ["Cost", "Offer", "Sample", "highest", "offers"]

_End = TypeVar("_End", Decimal, Fraction)


class Cost(Struct, frozen=True):
    """Bound what one call costs; *high* is None where nothing bounds it, and *why* says the reason."""

    low: Decimal
    high: Decimal | None
    why: str | None = None


class Sample(Struct, frozen=True, kw_only=True):
    """Hold one sample of a seller's answers, decided and priced as the work."""

    scenario: str
    facts: Facts
    outcome: str
    stage: str
    action: str
    states_free: bool
    """Whether the answer itself states what is free."""
    cost: Cost


class Offer(Struct, frozen=True, kw_only=True):
    """Hold what one seller makes of answers in one dialect, under one set of terms."""

    platform: str
    dialect: str
    seller: str
    model: str | None
    given: dict[str, str]
    """The values assumed for facts that nobody tells and the bill depends on."""
    success: Cost
    samples: tuple[Sample, ...]


class _Told(Struct, frozen=True):
    """Hold a sample as it stands, and its facts under the terms of the work."""

    scenario: str
    verdict: Verdict
    facts: Facts


def offers(engine: Engine, file: WorkloadFile) -> Iterator[list[Offer]]:
    """Yield, for each seller and dialect, an offer per value that untold facts may have."""
    for provider in engine.plugins.providers.values():
        for dialect in provider.dialects:
            scenarios = provider.scenarios(dialect.name)
            for seller in sellers_of(engine, dialect, scenarios) if scenarios else ():
                told = _told(engine, dialect, seller, scenarios, file)
                yield [_offer(engine, told, given, file.work) for given in each(_unknown(engine, told))]


def _told(engine: Engine, dialect: Dialect, seller: str, scenarios: list[Scenario], file: WorkloadFile) -> list[_Told]:
    """Return the samples of *seller*, all for one model: the one told, else the usual one."""
    terms = file.seller.get(seller)
    verdicts = [evaluate_scenario(engine, dialect, scenario, seller) for scenario in scenarios]
    model = (terms and terms.model) or usual_model(verdicts)
    return [
        _Told(scenario.name, verdict, _under_terms(verdict.facts, terms, model, file.work))
        for scenario, verdict in zip(scenarios, verdicts, strict=True)
    ]


def _under_terms(facts: Facts, terms: SellerTerms | None, model: str | None, work: Work) -> Facts:
    """Return *facts* as if the call had been made under *terms*, on the day whose prices hold."""
    return msgspec.structs.replace(
        facts,
        model=model,
        mode=(terms and terms.mode) or facts.mode,
        account={**facts.account, **(terms.account if terms else {})},
        at=datetime.combine(work.prices_on, time(12), UTC) if work.prices_on else None,
    )


def _unknown(engine: Engine, told: Sequence[_Told]) -> Mapping[str, tuple[str, ...]]:
    """Return the facts that the bill depends on and some sample leaves open, with the values they may have."""
    every = engine.policy.rules.alternatives(told[0].facts.seller)
    return {name: every[name] for one in told for name in open_facts(one.facts, every)}


def _assuming(facts: Facts, given: Mapping[str, str]) -> Facts:
    """Return *facts* with the values of *given* that they leave open."""
    left_open = open_facts(facts, {name: (value,) for name, value in given.items()})
    return with_facts(facts, {name: given[name] for name in left_open})


def _offer(engine: Engine, told: Sequence[_Told], given: dict[str, str], work: Work) -> Offer:
    samples = tuple(_sample(engine, one, given, work) for one in told)
    facts = told[0].facts
    return Offer(
        platform=facts.provider,
        dialect=facts.dialect,
        seller=facts.seller,
        model=facts.model,
        given=given,
        success=_success(engine, told, samples, work),
        samples=samples,
    )


def _sample(engine: Engine, told: _Told, given: Mapping[str, str], work: Work) -> Sample:
    verdict = engine.decide(_assuming(told.facts, given), told.verdict.usage)
    facts = as_work(verdict.facts, work.workload)
    return Sample(
        scenario=told.scenario,
        facts=facts,
        outcome=verdict.outcome,
        stage=verdict.stage,
        action=verdict.route.action,
        states_free="stated" in verdict.bill.basis.values(),
        cost=_cost(engine, engine.charge_for(verdict, facts), verdict.bill.input, facts, work),
    )


def _success(engine: Engine, told: Sequence[_Told], samples: Sequence[Sample], work: Work) -> Cost:
    """Return what a delivery costs: by a sample with an image, of the model if there is one; else with all charged."""
    delivered = [pair for pair in zip(told, samples, strict=True) if pair[1].outcome == "delivered"]
    if delivered:
        return min(delivered, key=_unlike_the_work)[1].cost
    facts = msgspec.structs.replace(samples[0].facts, images_delivered=1)
    return _cost(engine, engine.success_cost(facts), "charged", facts, work)


def _unlike_the_work(pair: tuple[_Told, Sample]) -> tuple[bool, bool, bool]:
    """Return what makes a delivered sample say little of the work: no image, another model, or paid for before."""
    told, sample = pair
    return not sample.facts.images_delivered, told.verdict.facts.model != told.facts.model, sample.cost.high == 0


def _cost(engine: Engine, charge: Charge, value: BillValue, facts: Facts, work: Work) -> Cost:
    """Return what *charge* bounds, with the reference images that *value* says are billed or not."""
    references = _reference_charge(engine, value, facts, work)
    low = EXACT.add(charge.low, references.low)
    if charge.high is not None and references.high is not None:
        return Cost(low, EXACT.add(charge.high, references.high))
    lines = (*charge.lines, *references.lines)
    return Cost(low, None, next((line.note for line in lines if line.high is None and line.note), None))


def _reference_charge(engine: Engine, value: BillValue, facts: Facts, work: Work) -> Charge:
    """Return what the reference images cost, which the standard work of a comparison has none of."""
    book = engine.policy.prices
    tariffs = book.tariffs(facts)
    usage = _reference_usage(work, tariffs)
    priced = [] if value in ("na", "free") or not usage.quantity else [ComponentBill("input", value)]
    charge = price_bill(priced, facts, (usage,), book)
    if len(tariffs) > 1:  # one of them may take reference images for nothing
        return msgspec.structs.replace(charge, low=ZERO)
    return charge


def _reference_usage(work: Work, tariffs: Sequence[Tariff]) -> UsageRow:
    """Return the reference images in the unit that the *tariffs* price: area or tokens."""
    by_area = any(("input", "megapixel") in tariff.by_unit for tariff in tariffs)
    if by_area and (work.reference_megapixels or not work.reference_tokens):
        return UsageRow("input", "megapixel", work.reference_megapixels)
    return UsageRow("input", "image_token", work.reference_tokens)


def highest(ends: Iterable[_End | None]) -> _End | None:
    """Return the highest of *ends*; None when one is not known."""
    known = []
    for end in ends:
        if end is None:
            return None
        known.append(end)
    return max(known)
