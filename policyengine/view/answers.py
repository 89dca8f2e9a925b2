"""Take the providers' samples that a cell speaks of, and decide them as it speaks of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from policyengine.comparison import evaluate_scenario
from policyengine.provider import Dialect, Scenario
from policyengine.rules.conditions import holds, parse_conditions
from policyengine.rules.fields import fields_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policyengine.engine import Engine
    from policyengine.verdict import Verdict
    from policyengine.view.model import Subject

__all__ = ["Answer", "answers", "decided"]


class Answer(Struct, frozen=True):
    """Name a sample of a platform's answers and who invoices it."""

    dialect: Dialect
    scenario: Scenario
    seller: str


def answers(engine: Engine, subject: Subject) -> Iterator[Answer]:
    """Yield the answers that *subject* speaks of, as *engine* reads them."""
    condition, _ = parse_conditions(subject.when, fields_for("bill", engine.plugins.dialects.values()))
    for name in subject.dialects:
        dialect = engine.plugins.dialects[name]
        for scenario in engine.plugins.providers[dialect.provider].scenarios(name):
            if subject.scenarios and scenario.name not in subject.scenarios:
                continue
            verdict = evaluate_scenario(engine, dialect, scenario)
            if holds(condition, verdict.facts, verdict.outcome, verdict.stage):
                yield from (Answer(dialect, scenario, seller) for seller in subject.sellers or (dialect.seller,))


def decided(engine: Engine, answer: Answer, subject: Subject) -> Verdict:
    """Return the verdict of *engine* on *answer*, served by the model and on the tier of *subject*."""
    verdict = evaluate_scenario(engine, answer.dialect, answer.scenario, answer.seller)
    facts = verdict.facts
    told = msgspec.structs.replace(facts, model=subject.model or facts.model, tier=subject.tier or facts.tier)
    return verdict if told == facts else engine.decide(told, verdict.usage)
