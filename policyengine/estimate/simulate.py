"""Simulate months of work, to say how far a single one may stray from the expectation.

Odds are floats, money never is: what is drawn are counts of calls, and these are priced exactly.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import TYPE_CHECKING

from msgspec import Struct

from policyengine.estimate.offers import highest
from policyengine.money.exact import EXACT, product, rounded, summed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from policyengine.estimate.bounds import Bound
    from policyengine.estimate.chain import Chain
    from policyengine.estimate.forecast import Forecast

__all__ = ["Counts", "Quantiles", "Simulated", "draw_binomial", "draw_months", "simulate"]

_ONE_BY_ONE = 24
_PERCENTS = (5, 50, 95)


class Counts(Struct, frozen=True):
    """Count the calls of one month."""

    delivered: int
    failed: tuple[int, ...]
    """By class."""


class Quantiles(Struct, frozen=True):
    """Give the value that 5, 50 and 95 % of the months stay at or below; None: no image came, or unpriced."""

    p05: Decimal | None
    p50: Decimal | None
    p95: Decimal | None


class Simulated(Struct, frozen=True, kw_only=True):
    """Say how the months of one seller spread, at the low and at the high end of its bill."""

    months: int
    seed: int
    per_image_low: Quantiles
    per_image_high: Quantiles
    month_low: Quantiles
    month_high: Quantiles


def simulate(forecasts: Sequence[Forecast], *, images: int, months: int, seed: int = 0) -> list[Simulated]:
    """Return the spread of *months* months at each of *forecasts*; sellers with like odds meet the same months."""
    known: dict[Chain, list[Counts]] = {}
    for one in forecasts:
        for chain in (end.chain for ends in one.bounds for end in ends):
            if chain not in known:
                known[chain] = draw_months(chain, images=images, months=months, rng=Random(seed))  # noqa: S311
    return [_simulated(one, known, months, seed) for one in forecasts]


def draw_months(chain: Chain, *, images: int, months: int, rng: Random) -> list[Counts]:
    """Return the calls of *months* months in which *images* pieces of work are started."""
    return [_month(chain, images, rng) for _ in range(months)]


def _month(chain: Chain, images: int, rng: Random) -> Counts:
    """Return one month: the work that is in each attempt is split by how the attempt ends."""
    delivered, failed, left = 0, [0] * len(chain.shares), images
    nothing = (False,) * len(chain.shares)
    for row in (*chain.retries, nothing):
        ended = _split(left, chain.shares, rng)
        delivered += left - sum(ended)
        failed = [sum(pair) for pair in zip(failed, ended, strict=True)]
        left = sum(count for count, again in zip(ended, row, strict=True) if again)
    return Counts(delivered, tuple(failed))


def _split(calls: int, shares: Sequence[Fraction], rng: Random) -> list[int]:
    """Return how many of *calls* fall to each of *shares*; the rest falls to none."""
    found: list[int] = []
    left = Fraction(1)
    for share in shares:
        found.append(draw_binomial(calls - sum(found), float(share / left), rng))
        left -= share
    return found


def draw_binomial(trials: int, odds: float, rng: Random) -> int:
    """Return how many of *trials* come true at *odds*, in steps that grow with the logarithm of *trials*.

    The middle of sorted uniform numbers is beta-distributed; it tells on which side to go on
    (Devroye, Non-Uniform Random Variate Generation, 1986, section X.4.3).
    """
    count = 0
    while trials > _ONE_BY_ONE and 0 < odds < 1:
        below = trials // 2 + 1
        middle = rng.betavariate(below, trials + 1 - below)
        if middle <= odds:
            count, trials, odds = count + below, trials - below, (odds - middle) / (1 - middle)
        else:
            trials, odds = below - 1, odds / middle
    if odds >= 1:
        return count + trials
    return count + sum(rng.random() < odds for _ in range(trials)) if odds > 0 else count


def _simulated(one: Forecast, known: dict[Chain, list[Counts]], months: int, seed: int) -> Simulated:
    low = [[_spend(end, counts) for counts in known[end.chain]] for end, _ in one.bounds]
    high = [[_spend(end, counts) for counts in known[end.chain]] for _, end in one.bounds]
    return Simulated(
        months=months,
        seed=seed,
        per_image_low=_least([_quantiles(map(_per_image, spends)) for spends in low]),
        per_image_high=_most([_quantiles(map(_per_image, spends)) for spends in high]),
        month_low=_least([_quantiles(spend.dollars for spend in spends) for spends in low]),
        month_high=_most([_quantiles(spend.dollars for spend in spends) for spends in high]),
    )


class _Spend(Struct, frozen=True):
    """Hold what one month cost, None where it is unpriced, and the images it brought."""

    dollars: Decimal | None
    images: int


def _spend(bound: Bound, counts: Counts) -> _Spend:
    """Return what *counts* cost at the prices of *bound*."""
    if bound.success is None or not bound.is_priced:
        return _Spend(None, counts.delivered)
    calls = [(bound.success, counts.delivered), *zip(bound.failures, counts.failed, strict=True)]
    return _Spend(summed(product(cost, Decimal(count)) for cost, count in calls if cost), counts.delivered)


def _per_image(spend: _Spend) -> Decimal | None:
    if spend.dollars is None or not spend.images:
        return None
    return rounded(EXACT.divide(spend.dollars, Decimal(spend.images)))


def _quantiles(values: Iterable[Decimal | None]) -> Quantiles:
    """Return the nearest-rank quantiles of *values*; a month without an image counts as the dearest."""
    ranked = sorted(values, key=lambda value: (value is None, value or 0))
    return Quantiles(*(ranked[-(-len(ranked) * percent // 100) - 1] for percent in _PERCENTS))


def _least(found: Sequence[Quantiles]) -> Quantiles:
    """Return the least of each quantile over the alternatives; None only where all are."""
    return Quantiles(*(min((end for end in ends if end is not None), default=None) for ends in _by_percent(found)))


def _most(found: Sequence[Quantiles]) -> Quantiles:
    """Return the highest of each quantile over the alternatives; None where one is."""
    return Quantiles(*(highest(ends) for ends in _by_percent(found)))


def _by_percent(found: Sequence[Quantiles]) -> list[tuple[Decimal | None, ...]]:
    return list(zip(*((one.p05, one.p50, one.p95) for one in found), strict=True))
