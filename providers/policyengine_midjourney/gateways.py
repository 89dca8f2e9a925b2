"""Know the gateways that answer in a proxy's shape and send their own invoice."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from policyengine.money.tariff import Estimate, Rate, standard_rates
from policyengine.provider import Seller

if TYPE_CHECKING:
    from policyengine.exchange import Exchange
    from policyengine.money.tariff import PriceEntry, Rates, Tariff, Workload

__all__ = ["NanoGpt", "NewApi"]


class NewApi(Seller):
    """Count in quota; how much a task takes is up to whoever runs the gateway."""

    def translate(self, entry: PriceEntry) -> Rates:
        """Return the price of a unit of quota, which is the same for all operators."""
        per_dollar = entry.native.get("quota_per_usd")
        if not isinstance(per_dollar, int):
            return standard_rates(entry)
        return (Rate(component="request", unit="quota", amount=Decimal(1), per=per_dollar),)

    def estimate(self, workload: Workload, tariff: Tariff) -> tuple[Estimate, ...]:
        """Return that nothing bounds the quota of a task unless the answer tells it."""
        del workload, tariff
        why = "the operator of the gateway sets the quota of a task"
        return (Estimate(component="request", unit="quota", low=0, high=None, why=why),)


class NanoGpt(Seller):
    """Recognize Nano-GPT by its host, or by a proxy's task that calls its id `task_id`."""

    def recognizes(self, exchange: Exchange) -> bool:
        """Return whether the answer is a task as Nano-GPT writes it."""
        if exchange.host in self.hosts:
            return True
        body = exchange.body
        return isinstance(body, dict) and "task_id" in body and "failReason" in body and "action" not in body
