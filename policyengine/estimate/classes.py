"""Find what each class of failure costs at one seller: by the samples that show it, else from nothing to a success."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from policyengine.estimate.offers import Cost, Offer, Sample, highest
from policyengine.estimate.workload import FailureClass
from policyengine.facts import Facts
from policyengine.money.exact import ZERO
from policyengine.routing import route_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policyengine.engine import Engine
    from policyengine.rules.model import RouteEffect

__all__ = ["SellerClass", "class_at"]


class SellerClass(Struct, frozen=True, kw_only=True):
    """Join a class of failure with the samples that show it at one seller, and with their cost."""

    failure: FailureClass
    samples: tuple[Sample, ...]
    cost: Cost
    notes: tuple[str, ...]
    retry: tuple[Callable[[int], bool], ...]
    """For each sample, or once for a class without: whether another try follows an attempt."""


def class_at(engine: Engine, offer: Offer, failure: FailureClass) -> SellerClass:
    """Return *failure* as *offer* shows it."""
    found = _showing(offer, failure)
    if not found:
        return _unseen(engine, offer, failure)
    costs = [sample.cost for sample in found]
    why = next((cost.why for cost in costs if cost.high is None), None)
    return SellerClass(
        failure=failure,
        samples=tuple(found),
        cost=Cost(min(cost.low for cost in costs), highest(cost.high for cost in costs), why),
        notes=tuple(_class_notes(failure, found, why)),
        retry=tuple(_retries(engine, sample.facts, sample.outcome, sample.stage) for sample in found),
    )


def _showing(offer: Offer, failure: FailureClass) -> list[Sample]:
    """Return the samples of *failure*, narrowed by what else it tells wherever some are left."""
    found = [one for one in offer.samples if one.outcome == failure.outcome and failure.stage in (None, one.stage)]
    if failure.states_free:
        found = [one for one in found if one.states_free] or found
    if failure.action is not None:
        found = [one for one in found if one.action == failure.action] or found
    return found


def _unseen(engine: Engine, offer: Offer, failure: FailureClass) -> SellerClass:
    """Return a class that no sample shows: it costs from nothing to a success, and is routed by its name alone."""
    where = f" at {failure.stage}" if failure.stage else ""
    facts = Facts(provider=offer.platform, dialect=offer.dialect, seller=offer.seller, model=offer.model)
    note = f"{failure.name}: no sample shows {failure.outcome}{where}; counted from nothing to a whole success"
    return SellerClass(
        failure=failure,
        samples=(),
        cost=Cost(ZERO, offer.success.high, offer.success.why),
        notes=(note,),
        retry=(_retries(engine, facts, failure.outcome, failure.stage or "unknown"),),
    )


def _retries(engine: Engine, facts: Facts, outcome: str, stage: str) -> Callable[[int], bool]:
    """Return what tells whether the route rules try again after an attempt that ended so."""
    rules = engine.policy.rules.deciding("route")

    def follows(attempt: int) -> bool:
        made = msgspec.structs.replace(facts, attempt=attempt)
        found = rules.first(made, outcome, stage)
        effect: RouteEffect | None = found.rule.then if found else None
        return effect is not None and route_for(effect, made).retry

    return follows


def _class_notes(failure: FailureClass, samples: Sequence[Sample], why: str | None) -> Iterator[str]:
    if failure.states_free and not any(sample.states_free for sample in samples):
        yield f"{failure.name}: no sample states itself what is free; billed by the seller's rules"
    if any(sample.cost.high is None for sample in samples):
        yield f"{failure.name}: unpriced, {why or 'nothing bounds it'}"
