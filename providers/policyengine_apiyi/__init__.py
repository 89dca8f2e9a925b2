"""Register the gateway APIYI: a seller and its prices; the answers are those of the platforms behind it."""

from __future__ import annotations

from importlib.resources import files

from policyengine.hookspecs import hookimpl
from policyengine.provider import Seller

__all__ = ["PLUGIN_API", "policyengine_sellers"]

PLUGIN_API = 1


@hookimpl
def policyengine_sellers() -> list[Seller]:
    """Return APIYI, who charges by token or by call, as the key was made."""
    return [Seller("apiyi", prices=files(__package__) / "prices" / "apiyi.toml", hosts=("api.apiyi.com",))]
