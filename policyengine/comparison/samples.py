"""Take each dialect's scenarios, and rules' examples for what none shows, as answers of any seller to any work."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from policyengine.facts import Facts, UsageRow
from policyengine.money.tariff import Workload
from policyengine.rules.examples import facts_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from policyengine.engine import Engine
    from policyengine.provider import Dialect, Scenario
    from policyengine.verdict import Verdict

__all__ = [
    "STANDARD_WORK",
    "Sample",
    "as_work",
    "evaluate_scenario",
    "on_the_day",
    "samples_of",
    "sellers_of",
    "usual_model",
]

STANDARD_WORK = Workload(images=1, size="1024x1024", quality="medium", prompt_tokens=100, text_tokens=200)
"""One image of 1024x1024 at medium quality from a prompt of 100 tokens, 200 tokens of text and thinking beside it."""


class Sample(Struct, frozen=True):
    """Hold one answer to compare."""

    name: str
    title: str
    facts: Facts
    usage: tuple[UsageRow, ...]


def sellers_of(engine: Engine, dialect: Dialect, scenarios: list[Scenario]) -> list[str]:
    """Return who may invoice answers in *dialect*.

    That is the dialect's own seller, those whose bill table or prices name the dialect, and gateways:
    sellers without a format of their own that price a model of the scenarios and name no dialects.
    """
    prices = engine.policy.prices
    own = {one.seller for one in engine.plugins.dialects.values()}
    told = _told_dialects(engine)
    models = {scenario.model or evaluate_scenario(engine, dialect, scenario).facts.model for scenario in scenarios}
    found = {
        seller
        for seller, _, entry in prices.entries()
        if dialect.name in entry.dialects
        or (not entry.dialects and seller not in {*own, *told} and models.intersection((entry.model, *entry.aliases)))
    }
    found |= {seller for seller, dialects in told.items() if dialect.name in dialects}
    return [dialect.seller, *sorted(found - {dialect.seller})]


def _told_dialects(engine: Engine) -> Mapping[str, tuple[str, ...]]:
    """Return the dialects that bill tables name, by seller."""
    rules = engine.policy.rules
    named = {
        seller: tuple(name for table in rules.bill_files(seller) for name in table.dialects)
        for seller in rules.sellers()
    }
    return {seller: dialects for seller, dialects in named.items() if dialects}


def evaluate_scenario(engine: Engine, dialect: Dialect, scenario: Scenario, seller: str | None = None) -> Verdict:
    """Return the verdict on *scenario*, as if *seller* invoiced it."""
    return engine.evaluate(scenario.body, dialect=dialect.name, seller=seller or dialect.seller, **scenario.context)


def usual_model(verdicts: Sequence[Verdict]) -> str | None:
    """Return the model that most deliveries name; of equals the one that most of all *verdicts* name."""
    named = Counter(verdict.facts.model for verdict in verdicts)
    delivered = Counter(verdict.facts.model for verdict in verdicts if verdict.outcome == "delivered")
    models = [model for model in named if model is not None]
    return max(models, key=lambda model: (delivered[model], named[model]), default=None)


def samples_of(engine: Engine, dialect: Dialect, seller: str, scenarios: Sequence[Scenario]) -> list[Sample]:
    """Return the scenarios of *dialect*, and for each class that none of them shows an example of a rule."""
    verdicts = [evaluate_scenario(engine, dialect, scenario, seller) for scenario in scenarios]
    samples = [
        Sample(f"{dialect.name}/{scenario.name}", scenario.title, verdict.facts, verdict.usage)
        for scenario, verdict in zip(scenarios, verdicts, strict=True)
    ]
    seen = {(verdict.outcome, verdict.stage) for verdict in verdicts}
    for name, title, facts in _examples(engine, dialect, seller):
        verdict = engine.decide(facts)
        if (verdict.outcome, verdict.stage) not in seen:
            seen.add((verdict.outcome, verdict.stage))
            samples.append(Sample(f"{dialect.name}/{name}", title, facts, ()))
    return samples


def _examples(engine: Engine, dialect: Dialect, seller: str) -> Iterator[tuple[str, str, Facts]]:
    """Yield the examples of the rules that classify answers in *dialect*, with the rule's name and title."""
    for file in engine.policy.rules.files_for("classify", dialect.name):
        for rule in file.rules:
            for example in rule.rule.example:
                facts = facts_of(example.given, file, rule).facts
                if isinstance(facts, Facts):
                    where = {"provider": dialect.provider, "dialect": dialect.name, "seller": seller}
                    yield rule.rule.id, rule.rule.title, msgspec.structs.replace(facts, **where)


def on_the_day(engine: Engine, sample: Sample, at: datetime, usual: str | None) -> Sample:
    """Return *sample* as if submitted *at* that time, by the *usual* model where its own was not for sale."""
    facts = msgspec.structs.replace(sample.facts, at=at)
    if facts.model is None or not engine.policy.prices.tariffs(facts):
        facts = msgspec.structs.replace(facts, model=usual or facts.model)
    return msgspec.structs.replace(sample, facts=facts)


def as_work(facts: Facts, work: Workload) -> Facts:
    """Return *facts* as if *work* had been asked for."""
    return msgspec.structs.replace(
        facts,
        images_requested=work.images,
        images_delivered=work.images if facts.images_delivered else facts.images_delivered,
        size=work.size,
        quality=work.quality,
        input_tokens=work.prompt_tokens,
        text_tokens=work.text_tokens,
        image_tokens=None,
        prompt_bytes=None,
    )
