"""Translate image answers of Azure OpenAI: content filters, deployments, and the jobs of DALL-E 2.

https://learn.microsoft.com/en-us/azure/ai-foundry/openai/how-to/dall-e and
https://learn.microsoft.com/en-us/azure/ai-foundry/openai/concepts/content-filter, checked 2026-11-22.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import msgspec

from policyengine.native import text
from policyengine_openai import claims
from policyengine_openai.images import ImagesDialect
from policyengine_openai.models import model_behind
from policyengine_openai.vocabulary import AZURE_CODES, JOB_STATUSES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policyengine.exchange import Exchange
    from policyengine.provider import Claim, Normalized

__all__ = ["AzureOpenAI"]


class AzureOpenAI(ImagesDialect):
    """Read the Images API of an Azure resource, where models are called by the name of a deployment."""

    name: ClassVar[str] = "azure-openai"
    seller: ClassVar[str] = "azure"
    vocabulary: ClassVar[Mapping[str, frozenset[str]]] = {"code": AZURE_CODES, "status": JOB_STATUSES}

    def recognizes(self, exchange: Exchange) -> Claim:
        """Claim what an Azure address, header, key or code shows."""
        return claims.of_azure(exchange)

    def normalize(self, exchange: Exchange) -> Normalized:
        """Return the facts and the usage of *exchange*, with the model behind the deployment where its name tells."""
        facts, rows = super().normalize(exchange)
        deployment = exchange.model or _deployment(exchange)
        served = model_behind(deployment) or facts.model or deployment
        return (facts if served == facts.model else msgspec.structs.replace(facts, model=served)), rows

    def names_model(self, exchange: Exchange) -> bool:
        """Return whether the deployment is named after its model."""
        return model_behind(exchange.model or _deployment(exchange)) is not None


def _deployment(exchange: Exchange) -> str | None:
    """Return the deployment that a header, the address or the request names."""
    if name := exchange.headers.get("x-ms-deployment-name"):
        return name
    if exchange.url and (name := exchange.url.partition("/deployments/")[2].partition("/")[0]):
        return name
    return text(exchange.request.get("model"))
