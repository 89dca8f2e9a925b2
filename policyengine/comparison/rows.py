"""Compare what the same failure of the same piece of work costs at each seller."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

import msgspec
from msgspec import Struct

from policyengine.comparison.samples import (
    STANDARD_WORK,
    Sample,
    as_work,
    on_the_day,
    samples_of,
    sellers_of,
    usual_model,
)
from policyengine.money.exact import EXACT, ZERO
from policyengine.rules.model import Evidence
from policyengine.verdict import Bill
from policyengine.vocabulary import BASES, OUTCOMES, Action, Filter, Outcome, RateLimit, Stage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from policyengine.engine import Engine
    from policyengine.facts import Facts
    from policyengine.money.tariff import Workload
    from policyengine.verdict import Step, Verdict

__all__ = ["Row", "compare", "prices_checked"]

_LAST = {"partial": 1, "delivered": 2}  # what came is paid: no cost of a failure, but what to measure it by


class Row(Struct, frozen=True, kw_only=True):
    """Say what one class of failure costs at one seller: of all samples that show it and are billed alike."""

    platform: str
    seller: str
    outcome: Outcome
    stage: Stage
    models: tuple[str, ...]
    samples: tuple[str, ...]
    """`dialect/scenario`, or `dialect/rule` where the example of a rule stands in for a scenario."""
    titles: tuple[str, ...]
    """What happens in the samples, in words."""
    bill: Bill
    evidence: Evidence | None
    """The best evidence of the component that rests on the weakest; None when a component rests on nothing."""
    notice: str | None
    """The sentence by which the answer itself says what is free."""
    low: Decimal
    high: Decimal | None
    success: Decimal | None
    """What the same piece of work costs when it succeeds, at most."""
    rate_limit: RateLimit | Literal["na"]
    """Whether the failure counts toward rate limits; `na` for a success."""
    rate_limit_evidence: Evidence | None
    filter: Filter | Literal["na"]
    """Whether a setting changes what the filter stops; `na` where none stopped it."""
    filter_evidence: Evidence | None
    action: Action

    @property
    def share(self) -> tuple[Decimal, Decimal | None] | None:
        """Return [low, high] as shares of a success; None when the cost of that is not known."""
        if self.high == 0:
            return ZERO, ZERO
        if not self.success:
            return None
        high = None if self.high is None else EXACT.divide(self.high, self.success)
        return EXACT.divide(self.low, self.success), high


def compare(engine: Engine, work: Workload = STANDARD_WORK, *, day: date | None = None) -> list[Row]:
    """Return a row per seller, class of failure and cost: by platform, the dearest first, what is delivered last.

    A class is an outcome at a stage. Each dialect shows those of its scenarios, and by the examples
    of its rules those that no scenario shows. Prices and rules are those of *day*, today unless told.
    """
    at = datetime.combine(day or datetime.now(UTC).date(), time(12), UTC)
    rows: list[Row] = []
    for provider in engine.plugins.providers.values():
        for dialect in provider.dialects:
            scenarios = provider.scenarios(dialect.name)
            for seller in sellers_of(engine, dialect, scenarios):
                samples = samples_of(engine, dialect, seller, scenarios)
                usual = usual_model([engine.decide(sample.facts) for sample in samples])
                rows += _rows(engine, [on_the_day(engine, sample, at, usual) for sample in samples], work)
    return sorted(_folded(rows), key=_order)


def prices_checked(engine: Engine) -> date:
    """Return the day on which the newest price was checked."""
    return max((entry.checked for _, _, entry in engine.policy.prices.entries()), default=date.min)


def _rows(engine: Engine, samples: Iterable[Sample], work: Workload) -> Iterator[Row]:
    """Yield a row per sample; what is still pending is no failure and no success."""
    for sample in samples:
        verdict = engine.decide(sample.facts, sample.usage)
        if verdict.final and verdict.outcome != "unrecognized":
            yield _row(engine, sample, verdict, work)


def _row(engine: Engine, sample: Sample, verdict: Verdict, work: Workload) -> Row:
    facts = as_work(verdict.facts, work)
    charge = engine.charge_for(verdict, facts)
    bill = verdict.bill
    steps = [step for step in verdict.trail if step.decision == "bill"]
    limits = verdict.outcome != "delivered"
    filters = verdict.outcome == "blocked" or (verdict.outcome == "partial" and verdict.stage == "output")
    return Row(
        platform=facts.provider,
        seller=facts.seller,
        outcome=verdict.outcome,
        stage=verdict.stage,
        models=() if facts.model is None else (facts.model,),
        samples=(sample.name,),
        titles=(sample.title,),
        bill=bill,
        evidence=_weakest(bill, steps),
        notice=_notice(steps, facts),
        low=charge.low,
        high=charge.high,
        success=engine.success_cost(msgspec.structs.replace(facts, images_delivered=work.images)).high,
        rate_limit=bill.rate_limit if limits else "na",
        rate_limit_evidence=_evidence(steps, "rate_limit", bill.rate_limit) if limits else None,
        filter=bill.filter if filters else "na",
        filter_evidence=_evidence(steps, "filter", bill.filter) if filters else None,
        action=verdict.route.action,
    )


def _weakest(bill: Bill, steps: Sequence[Step]) -> Evidence | None:
    """Return the best evidence of the component that rests on the weakest; None when one rests on nothing."""
    found = [_evidence(steps, component, value) for component, value in bill.values().items() if value != "na"]
    return _weaker(found)


def _evidence(steps: Sequence[Step], part: str, value: str) -> Evidence | None:
    """Return the best evidence for *value* of a part of the bill, the weakest where several rules may have decided."""
    return _weaker([step.best_evidence(value) for step in steps if step.component == part] or [None])


def _weaker(found: Sequence[Evidence | None]) -> Evidence | None:
    backed = [one for one in found if one is not None]
    if len(backed) < len(found):
        return None
    return max(backed, key=lambda one: BASES.index(one.basis), default=None)


def _notice(steps: Iterable[Step], facts: Facts) -> str | None:
    """Return the quote of a stated rule that the platform's own words contain."""
    words = (facts.message or "").lower()
    quotes = [one.quote for step in steps for one in step.evidence if one.basis == "stated" and one.quote]
    return next((quote for quote in quotes if quote.lower() in words), None)


def _folded(rows: Iterable[Row]) -> Iterator[Row]:
    """Yield one row for all that are of one class and billed alike."""
    alike: dict[tuple[object, ...], list[Row]] = {}
    for row in rows:
        alike.setdefault(_likeness(row), []).append(row)
    for group in alike.values():
        yield msgspec.structs.replace(
            group[0],
            models=tuple(dict.fromkeys(model for row in group for model in row.models)),
            samples=tuple(name for row in group for name in row.samples),
            titles=tuple(dict.fromkeys(title for row in group for title in row.titles)),
            evidence=min((row.evidence for row in group if row.evidence), key=lambda one: one.checked, default=None),
        )


def _likeness(row: Row) -> tuple[object, ...]:
    """Return what rows share that are one: the class, the bill and how sure it is, the cost, and what to do."""
    return (
        row.platform,
        row.seller,
        row.outcome,
        row.stage,
        tuple(row.bill.values().values()),
        row.bill.on,
        row.evidence and row.evidence.basis,
        row.notice,
        row.low,
        row.high,
        row.share,
        row.rate_limit,
        row.filter,
        row.bill.setting,
        row.action,
    )


def _order(row: Row) -> tuple[object, ...]:
    return (
        row.platform,
        _LAST.get(row.outcome, 0),
        row.high is not None,
        -(row.high or 0),
        row.seller,
        OUTCOMES.index(row.outcome),
        row.stage,
        row.samples,
    )
