"""Forecast a month of work at each seller: exact expectations, as intervals where a bill or a retry is not certain."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from msgspec import Struct

from policyengine.estimate.bounds import Bound, decimal_of
from policyengine.estimate.chain import chain_of
from policyengine.estimate.classes import class_at
from policyengine.estimate.offers import highest, offers
from policyengine.verdict import Alternative

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from policyengine.engine import Engine
    from policyengine.estimate.classes import SellerClass
    from policyengine.estimate.offers import Offer
    from policyengine.estimate.workload import WorkloadFile

__all__ = ["Forecast", "ForecastClass", "forecast"]


class ForecastClass(Struct, frozen=True, kw_only=True):
    """Say what one class of failure costs a call at one seller."""

    name: str
    outcome: str
    stage: str | None
    share: Decimal
    low: Decimal
    high: Decimal | None
    """Dollars for one call that ends so; None: nothing bounds it."""
    actions: tuple[str, ...]
    """What the route rules say to do next."""
    scenarios: tuple[str, ...]
    """The samples that show it; none: it counts from nothing to a whole success."""
    source: str | None
    """Where the share comes from."""


class Forecast(Struct, frozen=True, kw_only=True):
    """Say what the month costs at one seller; *high* ends of None are unpriced."""

    platform: str
    dialect: str
    seller: str
    model: str | None
    success_low: Decimal
    success_high: Decimal | None
    """Dollars for one call that delivers."""
    per_image_low: Decimal
    per_image_high: Decimal | None
    """Dollars for one effective image: all spend over the images that arrive."""
    month_low: Decimal
    month_high: Decimal | None
    """Dollars for the month."""
    failures_low: Decimal
    failures_high: Decimal | None
    """Dollars of these for calls that failed."""
    attempts_low: Decimal
    attempts_high: Decimal
    """Calls for one piece of work."""
    without_image_low: Decimal
    without_image_high: Decimal
    """The part of the work that ends without an image."""
    classes: tuple[ForecastClass, ...]
    alternatives: tuple[Alternative, ...]
    """The cost per effective image for each value of facts that nobody tells."""
    notes: tuple[str, ...]
    """What the figures rest on, where they are not certain."""
    bounds: tuple[tuple[Bound, Bound], ...]
    """The low and the high end under each alternative, for simulation."""


def forecast(engine: Engine, file: WorkloadFile) -> list[Forecast]:
    """Return a forecast per seller and dialect, the cheapest image first and what is unpriced last."""
    found = [_forecast(engine, choices, file) for choices in offers(engine, file)]
    return sorted(found, key=_order)


def _order(one: Forecast) -> tuple[object, ...]:
    return one.per_image_high is None, one.per_image_high or one.per_image_low, one.seller, one.dialect


def _forecast(engine: Engine, choices: Sequence[Offer], file: WorkloadFile) -> Forecast:
    """Return the hull of what each of *choices* comes to: one of them is true as a whole."""
    classes = [[class_at(engine, offer, failure) for failure in file.mix] for offer in choices]
    bounds = tuple(_bounds(offer, found) for offer, found in zip(choices, classes, strict=True))
    images = file.work.images_per_month
    lows, highs = [low for low, _ in bounds], [high for _, high in bounds]
    first = choices[0]
    return Forecast(
        platform=first.platform,
        dialect=first.dialect,
        seller=first.seller,
        model=first.model,
        success_low=min(offer.success.low for offer in choices),
        success_high=highest(offer.success.high for offer in choices),
        per_image_low=_least(low.per_image for low in lows),
        per_image_high=_most(high.per_image for high in highs),
        month_low=_least((low.spent for low in lows), images),
        month_high=_most((high.spent for high in highs), images),
        failures_low=_least((low.lost for low in lows), images),
        failures_high=_most((high.lost for high in highs), images),
        attempts_low=_least(low.chain.attempts for low in lows),
        attempts_high=decimal_of(max(high.chain.attempts for high in highs)),
        without_image_low=_least(high.chain.given_up for high in highs),
        without_image_high=decimal_of(max(low.chain.given_up for low in lows)),
        classes=tuple(_summary(variants) for variants in zip(*classes, strict=True)),
        alternatives=tuple(_alternatives(choices, bounds)),
        notes=tuple(dict.fromkeys(_notes(choices, classes, bounds))),
        bounds=bounds,
    )


def _bounds(offer: Offer, classes: Sequence[SellerClass]) -> tuple[Bound, Bound]:
    """Return the least and the most that the work comes to: fewest retries at low costs, most at high ones."""
    shares = [Fraction(one.failure.share) for one in classes]
    sparing = chain_of(shares, lambda attempt: tuple(all(again(attempt) for again in one.retry) for one in classes))
    keen = chain_of(shares, lambda attempt: tuple(any(again(attempt) for again in one.retry) for one in classes))
    low = Bound(chain=sparing, success=offer.success.low, failures=tuple(one.cost.low for one in classes))
    high = Bound(chain=keen, success=offer.success.high, failures=tuple(one.cost.high for one in classes))
    return low, high


def _least(ends: Iterable[Fraction | None], times: int = 1) -> Decimal:
    """Return the lowest of *ends*, which are known, *times* over."""
    return decimal_of(min(end for end in ends if end is not None) * times)


def _most(ends: Iterable[Fraction | None], times: int = 1) -> Decimal | None:
    """Return the highest of *ends*, *times* over; None when one is not known."""
    most = highest(ends)
    return None if most is None else decimal_of(most * times)


def _summary(variants: Sequence[SellerClass]) -> ForecastClass:
    """Return one class over all alternatives."""
    failure = variants[0].failure
    samples = [sample for one in variants for sample in one.samples]
    return ForecastClass(
        name=failure.name,
        outcome=failure.outcome,
        stage=failure.stage,
        share=failure.share,
        low=min(one.cost.low for one in variants),
        high=highest(one.cost.high for one in variants),
        actions=tuple(dict.fromkeys(sample.action for sample in samples)),
        scenarios=tuple(dict.fromkeys(sample.scenario for sample in samples)),
        source=failure.source,
    )


def _alternatives(choices: Sequence[Offer], bounds: Sequence[tuple[Bound, Bound]]) -> Iterator[Alternative]:
    """Yield the cost per effective image of each choice, when there are several."""
    for offer, (low, high) in zip(choices, bounds, strict=True) if len(choices) > 1 else ():
        yield Alternative(given=offer.given, low=_least([low.per_image]), high=_most([high.per_image]))


def _notes(
    choices: Sequence[Offer], classes: Sequence[Sequence[SellerClass]], bounds: Sequence[tuple[Bound, Bound]]
) -> Iterator[str]:
    for offer, found in zip(choices, classes, strict=True):
        if offer.success.high is None:
            yield f"success: unpriced, {offer.success.why or 'nothing bounds it'}"
        elif offer.success.high == 0:
            yield "success: billed nothing by the call; a flat subscription, and whoever else invoices, is not counted"
        for one in found:
            yield from one.notes
    if any(low.chain != high.chain for low, high in bounds):
        yield "retries: samples of one class are routed differently; calls run from the fewest to the most"
