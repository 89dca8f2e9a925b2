"""Translate Google's image models, Gemini (Nano Banana) and Imagen, from Google itself and through gateways."""

from __future__ import annotations

from importlib.resources import files

from policyengine.hookspecs import hookimpl
from policyengine.provider import Provider, Seller
from policyengine_gemini.batch import GeminiBatch
from policyengine_gemini.gateway import GeminiOpenai, OpenrouterChat
from policyengine_gemini.generate import GeminiApi, Vertex
from policyengine_gemini.imagen import Imagen
from policyengine_gemini.interactions import Interactions
from policyengine_gemini.sellers import GoogleVertex

__all__ = ["PLUGIN_API", "policyengine_provider", "policyengine_sellers"]

PLUGIN_API = 1


@hookimpl
def policyengine_provider() -> Provider:
    """Return the provider with its dialects and scenarios."""
    dialects = [GeminiApi(), Vertex(), GeminiBatch(), Interactions(), Imagen(), GeminiOpenai(), OpenrouterChat()]
    return Provider("gemini", dialects, scenarios=files(__package__) / "scenarios")


@hookimpl
def policyengine_sellers() -> list[Seller]:
    """Return Google's two sellers, which publish prices of their own."""
    prices = files(__package__) / "prices"
    return [
        Seller("google-ai", prices=prices / "google-ai.toml", hosts=("generativelanguage.googleapis.com",)),
        GoogleVertex("google-vertex", prices=prices / "google-vertex.toml", hosts=("aiplatform.googleapis.com",)),
    ]
