"""Translate the image API of Together: OpenAI's envelopes, without cost and without safety fields.

Shapes: https://docs.together.ai/reference/post-images-generations (checked 2026-11-22).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from policyengine.facts import UsageRow
from policyengine.native import count, items, mapping, mappings, scalar_text, text
from policyengine.provider import Claim, Dialect, Normalized

if TYPE_CHECKING:
    from policyengine.exchange import Exchange

__all__ = ["Together"]

Json = Mapping[str, object]

_HOSTS = ("api.together.xyz", "api.together.ai")
_PIXELS = ("url", "b64_json")


class Together(Dialect):
    """Read what api.together.xyz answers to image requests."""

    name: ClassVar[str] = "together"
    seller: ClassVar[str] = "together"
    keys: ClassVar[frozenset[str]] = frozenset({"data", "error"})

    def recognizes(self, exchange: Exchange) -> Claim:
        """Return how much the address or the keys look like Together."""
        if exchange.url and exchange.host in _HOSTS:
            return Claim.CERTAIN
        body = mapping(exchange.body)
        first = next(mappings(body.get("data")), {})
        if body.get("object") == "list" and "index" in first and any(key in first for key in _PIXELS):
            return Claim.CERTAIN
        error = body.get("error")
        if not isinstance(error, dict):
            return Claim.NO
        if "api.together." in str(error.get("message")):  # where to find a key, or the list of models
            return Claim.CERTAIN
        # `{"error": {…}}` is half the world's envelope: it counts where the caller named the provider.
        if exchange.seller == self.seller:
            return Claim.SHAPE
        return Claim.SHAPE if exchange.provider is not None and exchange.provider == self.provider else Claim.NO

    def normalize(self, exchange: Exchange) -> Normalized:
        """Return the facts of the images or of an error."""
        body = mapping(exchange.body)
        size = _size(exchange)
        if "data" in body and not body.get("error"):
            delivered = sum(1 for one in items(body["data"]) if any(text(mapping(one).get(key)) for key in _PIXELS))
            facts = exchange.facts(
                self,
                model=text(body.get("model")),
                size=size,
                terminal=True,
                images_delivered=delivered,
                request_id=scalar_text(body.get("id")),
            )
            return facts, (UsageRow("image", "image", delivered),) if delivered else ()
        error = mapping(body.get("error"))
        facts = exchange.facts(
            self,
            size=size,
            code=scalar_text(error.get("code")),
            error_type=text(error.get("type")),
            param=text(error.get("param")),
            message=text(error.get("message")) or text(body.get("error")) or text(exchange.body),
            images_delivered=0,
            request_id=scalar_text(body.get("id")),
        )
        return facts, ()


def _size(exchange: Exchange) -> str | None:
    """Return the size asked for."""
    if not exchange.request:
        return None
    width, height = count(exchange.request.get("width")), count(exchange.request.get("height"))
    return f"{width}x{height}" if width and height else None
