"""Register the FLUX provider and those who sell FLUX under a wire format of their own."""

from __future__ import annotations

from importlib.resources import files

from policyengine.hookspecs import hookimpl
from policyengine.provider import Provider, Seller
from policyengine_flux.bfl import Bfl, BflSeller
from policyengine_flux.fal import Fal, FalSeller
from policyengine_flux.replicate import Replicate, ReplicateSeller
from policyengine_flux.together import Together

__all__ = ["PLUGIN_API", "policyengine_provider", "policyengine_sellers"]

PLUGIN_API = 1


@hookimpl
def policyengine_provider() -> Provider:
    """Return the FLUX dialects."""
    dialects = [Bfl(), Fal(), Replicate(), Together()]
    return Provider("flux", dialects, scenarios=files(__package__) / "scenarios")


@hookimpl
def policyengine_sellers() -> list[Seller]:
    """Return who invoices: Black Forest Labs, fal, Replicate and Together."""
    prices = files(__package__) / "prices"
    return [
        BflSeller("bfl", prices=prices / "bfl.toml"),
        FalSeller("fal", prices=prices / "fal.toml", hosts=("fal.run", "queue.fal.run", "ws.fal.run")),
        ReplicateSeller("replicate", prices=prices / "replicate.toml", hosts=("api.replicate.com",)),
        Seller("together", prices=prices / "together.toml", hosts=("api.together.xyz", "api.together.ai")),
    ]
