"""Register the Midjourney provider and the sellers behind it."""

from __future__ import annotations

from importlib.resources import files

from policyengine.hookspecs import hookimpl
from policyengine.provider import Provider, Seller
from policyengine_midjourney.acedata import Acedata
from policyengine_midjourney.autojourney import Autojourney
from policyengine_midjourney.discord import DiscordMessage
from policyengine_midjourney.evolink import Evolink
from policyengine_midjourney.gateways import NanoGpt, NewApi
from policyengine_midjourney.kie import Kie
from policyengine_midjourney.mj_proxy import MjProxy
from policyengine_midjourney.plan import MidjourneySeller
from policyengine_midjourney.resellers import reseller_sellers
from policyengine_midjourney.ttapi import Ttapi
from policyengine_midjourney.unified import Goapi, Legnext, Piapi
from policyengine_midjourney.useapi import Useapi
from policyengine_midjourney.web import MidjourneyWeb

__all__ = ["PLUGIN_API", "policyengine_provider", "policyengine_sellers"]

PLUGIN_API = 1


@hookimpl
def policyengine_provider() -> Provider:
    """Return the Midjourney dialects."""
    bridges = [MjProxy(), DiscordMessage(), MidjourneyWeb(), Useapi(), Autojourney()]
    resellers = [Ttapi(), Legnext(), Goapi(), Piapi(), Kie(), Acedata(), Evolink()]
    return Provider("midjourney", [*bridges, *resellers], scenarios=files(__package__) / "scenarios")


@hookimpl
def policyengine_sellers() -> list[Seller]:
    """Return Midjourney, whose plan hours a proxy spends, gateways in the proxies' shape, and resellers."""
    prices = files(__package__) / "prices"
    return [
        MidjourneySeller("midjourney", prices=prices / "midjourney.toml"),
        NewApi("new-api", prices=prices / "new-api.toml"),
        NanoGpt("nanogpt", prices=prices / "nanogpt.toml", hosts=("nano-gpt.com", "api.nano-gpt.com")),
        *reseller_sellers(prices),
    ]
