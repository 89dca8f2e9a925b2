"""Register the Stability provider and the seller Stability AI."""

from __future__ import annotations

from importlib.resources import files

from policyengine.hookspecs import hookimpl
from policyengine.provider import Provider, Seller
from policyengine_stability.v2 import StabilityV2

__all__ = ["PLUGIN_API", "policyengine_provider", "policyengine_sellers"]

PLUGIN_API = 1


@hookimpl
def policyengine_provider() -> Provider:
    """Return the Stable Diffusion dialects."""
    return Provider("stability", [StabilityV2()], scenarios=files(__package__) / "scenarios")


@hookimpl
def policyengine_sellers() -> list[Seller]:
    """Return Stability AI, who invoices calls to its own API."""
    return [Seller("stability", prices=files(__package__) / "prices" / "stability.toml", hosts=("api.stability.ai",))]
