"""Register the FLUX provider and the seller Black Forest Labs."""

from __future__ import annotations

from importlib.resources import files

from policyengine.hookspecs import hookimpl
from policyengine.provider import Provider, Seller
from policyengine_flux.bfl import Bfl, BflSeller

__all__ = ["PLUGIN_API", "policyengine_provider", "policyengine_sellers"]

PLUGIN_API = 1


@hookimpl
def policyengine_provider() -> Provider:
    """Return the FLUX dialects."""
    return Provider("flux", [Bfl()], scenarios=files(__package__) / "scenarios")


@hookimpl
def policyengine_sellers() -> list[Seller]:
    """Return Black Forest Labs, who invoices calls to its own API."""
    return [BflSeller("bfl", prices=files(__package__) / "prices" / "bfl.toml")]
