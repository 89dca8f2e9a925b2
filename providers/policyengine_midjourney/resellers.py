"""List the resellers, and price tasks whose page gives a least and a most."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from policyengine.money.tariff import Rate, standard_rates
from policyengine.provider import Seller
from policyengine_midjourney import acedata, autojourney, evolink, kie, ttapi, unified

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from policyengine.money.tariff import PriceEntry, Rates

__all__ = ["QuotaSeller", "reseller_sellers"]


class QuotaSeller(Seller):
    """Sell tasks for quota; a task may cost more by the model's version or beyond a daily number."""

    def translate(self, entry: PriceEntry) -> Rates:
        """Return the rate of a task, and beside it the dearest where the entry has one."""
        rates = standard_rates(entry)
        most = entry.native.get("quota_at_most")
        if most is None or entry.credit is None:
            return rates
        return (*rates, Rate(component="request", unit="call", amount=Decimal(str(most)) * entry.credit))


def reseller_sellers(prices: Traversable) -> list[Seller]:
    """Return the sellers of tasks; their price files stand in *prices*."""
    return [
        QuotaSeller("goapi", prices=prices / "goapi.toml", hosts=unified.HOSTS["goapi"]),
        QuotaSeller("piapi", prices=prices / "piapi.toml", hosts=unified.HOSTS["piapi"]),
        Seller("legnext", prices=prices / "legnext.toml", hosts=unified.HOSTS["legnext"]),
        Seller("ttapi", prices=prices / "ttapi.toml", hosts=ttapi.HOSTS),
        Seller("kie", prices=prices / "kie.toml", hosts=kie.HOSTS),
        Seller("acedata", prices=prices / "acedata.toml", hosts=acedata.HOSTS),
        Seller("evolink", prices=prices / "evolink.toml", hosts=evolink.HOSTS),
        Seller("autojourney", prices=prices / "autojourney.toml", hosts=autojourney.HOSTS),
        # No hosts: what a call costs is the GPU time of the customer's own Midjourney account.
        Seller("useapi", prices=prices / "useapi.toml"),
    ]
