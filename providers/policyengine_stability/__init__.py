"""Register the Stability provider, Stability AI as a seller, and Amazon Bedrock as another."""

from __future__ import annotations

from importlib.resources import files

from policyengine.hookspecs import hookimpl
from policyengine.provider import Provider, Seller
from policyengine_stability.bedrock import Bedrock, BedrockSeller
from policyengine_stability.v2 import StabilityV2

__all__ = ["PLUGIN_API", "policyengine_provider", "policyengine_sellers"]

PLUGIN_API = 1


@hookimpl
def policyengine_provider() -> Provider:
    """Return the Stable Diffusion dialects."""
    return Provider("stability", [StabilityV2(), Bedrock()], scenarios=files(__package__) / "scenarios")


@hookimpl
def policyengine_sellers() -> list[Seller]:
    """Return who invoices: Stability AI for its own API, Amazon for Bedrock."""
    prices = files(__package__) / "prices"
    return [
        Seller("stability", prices=prices / "stability.toml", hosts=("api.stability.ai",)),
        BedrockSeller("aws-bedrock", prices=prices / "aws-bedrock.toml"),
    ]
