"""Price Midjourney's GPU time by the hours a plan includes, and say what one job takes."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from policyengine.money.tariff import Estimate, Rate, standard_rates
from policyengine.provider import Seller

if TYPE_CHECKING:
    from policyengine.money.tariff import PriceEntry, Rates, Tariff, Workload

__all__ = ["MidjourneySeller"]

_MINUTES_PER_HOUR = 60
# "About one minute" by Midjourney's own page; users' /info showed 0.93 and 1.04 minutes an image
# (https://help.midjourney.com/en/articles/9651713-what-is-gpu-time, checked 2026-11-22).
_IMAGINE_MINUTES = (Decimal("0.93"), Decimal("1.04"))
_LIKE_IMAGINE = frozenset({"IMAGINE", "REROLL", "BLEND", "EDIT", "RETEXTURE", "GENERATE"})
# The web names an imagine after the model: `v7_diffusion` (trueai-org/midjourney-proxy, checked 2026-11-22).
_WEB_IMAGINE = "DIFFUSION"
_LESS_THAN_IMAGINE = frozenset({"VARIATION", "HIGH_VARIATION", "LOW_VARIATION"})


class MidjourneySeller(Seller):
    """Sell GPU time: so many fast hours for the plan's monthly price, more by the hour."""

    def translate(self, entry: PriceEntry) -> Rates:
        """Return the price of a GPU minute: the plan's dollars per its fast minutes, times the speed's factor."""
        hours = entry.native.get("fast_hours")
        if hours is None:
            return standard_rates(entry)
        # 3.3 hours are 198 minutes: the quotient stays a fraction, so that nothing is rounded.
        minutes = Decimal(str(hours)) * _MINUTES_PER_HOUR
        tenths = int(minutes * 10)
        dollars = Decimal(str(entry.native["plan_usd"])) * Decimal(str(entry.native.get("factor", "1")))
        return (Rate(component="request", unit="gpu_minute", amount=dollars * 10, per=tenths),)

    def estimate(self, workload: Workload, tariff: Tariff) -> tuple[Estimate, ...]:
        """Return the GPU minutes that *workload* takes."""
        del tariff
        jobs = workload.images or 1
        low, high, why = _minutes(workload.operation)
        most = None if high is None else jobs * high
        return (Estimate(component="request", unit="gpu_minute", low=jobs * low, high=most, why=why),)


def _minutes(operation: str | None) -> tuple[Decimal, Decimal | None, str]:
    """Return the least, the most (None: no bound) and the reason."""
    least, most = _IMAGINE_MINUTES
    name = (operation or "IMAGINE").upper()
    if name in _LIKE_IMAGINE or name.endswith(_WEB_IMAGINE):
        return least, most, "about one GPU minute a job"
    if name in _LESS_THAN_IMAGINE:
        return Decimal(0), most, "a variation takes less than an imagine, about one GPU minute"
    return Decimal(0), None, f"nobody says how many GPU minutes {operation} takes"
