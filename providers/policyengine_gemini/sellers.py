"""Name who sends Google's invoices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policyengine.provider import Seller

if TYPE_CHECKING:
    from policyengine.exchange import Exchange

__all__ = ["GoogleVertex"]


class GoogleVertex(Seller):
    """Google Cloud: every region has a host of its own, such as `us-central1-aiplatform.googleapis.com`."""

    def recognizes(self, exchange: Exchange) -> bool:
        """Return whether a host of Vertex AI was called."""
        return bool(exchange.url) and exchange.host.endswith("aiplatform.googleapis.com")
