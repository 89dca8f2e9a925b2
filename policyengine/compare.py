"""Compare what the same failure of the same piece of work costs at each seller."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from policyengine.money.exact import EXACT
from policyengine.money.tariff import Workload
from policyengine.verdict import Bill, Charge

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policyengine.engine import Engine
    from policyengine.facts import Facts
    from policyengine.provider import Dialect, Scenario
    from policyengine.verdict import Step, Verdict

__all__ = ["STANDARD_WORK", "Row", "compare"]

STANDARD_WORK = Workload(images=1, size="1024x1024", quality="medium", prompt_tokens=100, text_tokens=200)
"""One image of 1024x1024 at medium quality from a prompt of 100 tokens, 200 tokens of text and thinking beside it."""


class Row(Struct, frozen=True, kw_only=True):
    """Say what one class of failure costs at one seller."""

    platform: str
    dialect: str
    seller: str
    model: str | None
    scenario: str
    title: str
    outcome: str
    stage: str
    bill: Bill
    basis: str
    """The weakest evidence among the components that are not `na`."""
    checked: str | None
    """When the newest evidence was last read."""
    notice: str | None
    """The sentence by which the answer itself says what is free."""
    low: Decimal
    high: Decimal | None
    success: Decimal | None
    """What the same piece of work costs when it succeeds, at most."""
    action: str

    @property
    def share(self) -> tuple[Decimal, Decimal | None] | None:
        """Return [low, high] as shares of a success; None when its cost is not known."""
        if not self.success:
            return None
        high = None if self.high is None else EXACT.divide(self.high, self.success)
        return EXACT.divide(self.low, self.success), high


def compare(engine: Engine, work: Workload = STANDARD_WORK) -> list[Row]:
    """Return a row per seller and scenario, by platform, the dearest failure first.

    Bill values come from deciding each dialect's scenarios, quantities from the seller.
    """
    rows: list[Row] = []
    for provider in engine.plugins.providers.values():
        for dialect in provider.dialects:
            scenarios = provider.scenarios(dialect.name)
            for seller in sellers_of(engine, dialect, scenarios):
                rows += _rows(engine, dialect, seller, scenarios, work)
    return sorted(rows, key=_order)


def sellers_of(engine: Engine, dialect: Dialect, scenarios: list[Scenario]) -> list[str]:
    """Return who may invoice answers in *dialect*.

    That is the dialect's own seller, those whose prices name the dialect, and gateways: sellers
    without a format of their own that price a model of the scenarios.
    """
    prices = engine.policy.prices
    own = {one.seller for one in engine.plugins.dialects.values()}
    models = {scenario.model or evaluate_scenario(engine, dialect, scenario).facts.model for scenario in scenarios}
    found = {
        seller
        for seller, _, entry in prices.entries()
        if dialect.name in entry.dialects
        or (not entry.dialects and seller not in own and models.intersection((entry.model, *entry.aliases)))
    }
    return [dialect.seller, *sorted(found - {dialect.seller})]


def _rows(engine: Engine, dialect: Dialect, seller: str, scenarios: list[Scenario], work: Workload) -> Iterator[Row]:
    decided = [(scenario, evaluate_scenario(engine, dialect, scenario, seller)) for scenario in scenarios]
    usual = next((verdict.facts.model for _, verdict in decided if verdict.outcome == "delivered"), None)
    for scenario, verdict in decided:
        facts = _as_work(verdict.facts, work, usual)
        success = engine.success_cost(msgspec.structs.replace(facts, images_delivered=work.images))
        yield _row(scenario, verdict, engine.charge_for(verdict, facts), facts.model, success.high)


def evaluate_scenario(engine: Engine, dialect: Dialect, scenario: Scenario, seller: str | None = None) -> Verdict:
    """Return the verdict on *scenario*, as if *seller* invoiced it."""
    return engine.evaluate(
        scenario.body,
        dialect=dialect.name,
        seller=seller or dialect.seller,
        http_status=scenario.http_status,
        headers=scenario.headers or None,
        request=scenario.request or None,
        url=scenario.url,
        transport_error=scenario.transport_error,
        model=scenario.model,
        at=scenario.at,
    )


def _as_work(facts: Facts, work: Workload, usual: str | None) -> Facts:
    """Return *facts* as if *work* had been asked for, by the *usual* model where none is told."""
    images = work.images if facts.images_delivered else facts.images_delivered
    return msgspec.structs.replace(
        facts,
        model=facts.model or usual,
        images_requested=work.images,
        images_delivered=images,
        size=work.size,
        quality=work.quality,
        input_tokens=work.prompt_tokens,
        text_tokens=work.text_tokens,
        image_tokens=None,
        prompt_bytes=None,
    )


def _row(scenario: Scenario, verdict: Verdict, charge: Charge, model: str | None, success: Decimal | None) -> Row:
    facts = verdict.facts
    steps = [step for step in verdict.trail if step.decision == "bill"]
    return Row(
        platform=facts.provider,
        dialect=facts.dialect,
        seller=facts.seller,
        model=model,
        scenario=scenario.name,
        title=scenario.title,
        outcome=verdict.outcome,
        stage=verdict.stage,
        bill=verdict.bill,
        basis=verdict.basis,
        checked=max((one.checked.isoformat() for step in steps for one in step.evidence), default=None),
        notice=_notice(steps, facts),
        low=charge.low,
        high=charge.high,
        success=success,
        action=verdict.route.action,
    )


def _notice(steps: list[Step], facts: Facts) -> str | None:
    """Return the quote of a stated rule that the platform's own words contain."""
    words = (facts.message or "").lower()
    quotes = [one.quote for step in steps for one in step.evidence if one.basis == "stated" and one.quote]
    return next((quote for quote in quotes if quote.lower() in words), None)


def _order(row: Row) -> tuple[object, ...]:
    return (
        row.platform,
        row.dialect,
        row.seller,
        row.outcome == "delivered",
        row.high is not None,
        -(row.high or 0),
        row.scenario,
    )
