"""Register the Midjourney provider and the sellers behind it."""

from __future__ import annotations

from importlib.resources import files

from policyengine.hookspecs import hookimpl
from policyengine.provider import Provider, Seller
from policyengine_midjourney.discord import DiscordMessage
from policyengine_midjourney.gateways import NanoGpt, NewApi
from policyengine_midjourney.mj_proxy import MjProxy
from policyengine_midjourney.plan import MidjourneySeller
from policyengine_midjourney.web import MidjourneyWeb

__all__ = ["PLUGIN_API", "policyengine_provider", "policyengine_sellers"]

PLUGIN_API = 1


@hookimpl
def policyengine_provider() -> Provider:
    """Return the Midjourney dialects."""
    dialects = [MjProxy(), DiscordMessage(), MidjourneyWeb()]
    return Provider("midjourney", dialects, scenarios=files(__package__) / "scenarios")


@hookimpl
def policyengine_sellers() -> list[Seller]:
    """Return Midjourney, whose plan hours a proxy spends, and gateways that answer in the proxies' shape."""
    prices = files(__package__) / "prices"
    return [
        MidjourneySeller("midjourney", prices=prices / "midjourney.toml"),
        NewApi("new-api", prices=prices / "new-api.toml"),
        NanoGpt("nanogpt", prices=prices / "nanogpt.toml", hosts=("nano-gpt.com", "api.nano-gpt.com")),
    ]
