"""Ship what OpenAI and Azure answer to image requests, and what they charge for it."""

from __future__ import annotations

from importlib.resources import files

from policyengine.hookspecs import hookimpl
from policyengine.provider import Provider, Seller
from policyengine_openai.azure import AzureOpenAI
from policyengine_openai.images import OpenAIImages
from policyengine_openai.responses import OpenAIResponses
from policyengine_openai.sellers import Azure, OpenAI

__all__ = ["PLUGIN_API", "policyengine_provider", "policyengine_sellers"]

PLUGIN_API = 1
_PACKAGE = files(__package__)


@hookimpl
def policyengine_provider() -> Provider:
    """Return the dialects of the Images API, the Responses API and Azure."""
    dialects = (OpenAIImages(), OpenAIResponses(), AzureOpenAI())
    return Provider("openai", dialects, scenarios=_PACKAGE / "scenarios")


@hookimpl
def policyengine_sellers() -> list[Seller]:
    """Return OpenAI and Azure as senders of invoices."""
    return [OpenAI(_PACKAGE / "prices" / "openai.toml"), Azure(_PACKAGE / "prices" / "azure.toml")]
