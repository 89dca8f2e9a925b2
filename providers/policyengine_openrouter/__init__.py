"""Register OpenRouter: its image API as a dialect, and the seller of all its answers."""

from __future__ import annotations

from importlib.resources import files

from policyengine.hookspecs import hookimpl
from policyengine.provider import Provider, Seller
from policyengine_openrouter.images import OpenrouterImages

__all__ = ["PLUGIN_API", "policyengine_provider", "policyengine_sellers"]

PLUGIN_API = 1


@hookimpl
def policyengine_provider() -> Provider:
    """Return the dialect of the image API."""
    return Provider("openrouter", [OpenrouterImages()], scenarios=files(__package__) / "scenarios")


@hookimpl
def policyengine_sellers() -> list[Seller]:
    """Return OpenRouter, which prices what it bills in the answer itself."""
    return [Seller("openrouter", prices=files(__package__) / "prices" / "openrouter.toml", hosts=("openrouter.ai",))]
