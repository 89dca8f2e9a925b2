"""Translate EvoLink's tasks.

https://docs.evolink.ai/en/api-manual/task-management/get-task-detail and
https://docs.evolink.ai/en/api-manual/task-management/error-codes, checked 2026-11-22.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from policyengine.native import amount, epoch, mapping, scalar_text, text
from policyengine.provider import Claim, Dialect, Normalized
from policyengine_midjourney.shapes import addresses, is_called, last_object
from policyengine_midjourney.wording import mode_asked, mode_named

if TYPE_CHECKING:
    from policyengine.exchange import Exchange

__all__ = ["HOSTS", "Evolink"]

Json = Mapping[str, object]

HOSTS = ("api.evolink.ai",)
_RUNNING = frozenset({"pending", "processing"})
_STATUSES = _RUNNING | {"completed", "failed", "cancelled"}
_CODES = frozenset(
    {
        *("content_policy_violation", "invalid_parameters", "image_processing_error", "image_dimension_mismatch"),
        *("request_cancelled", "generation_failed_no_content", "service_error", "generation_timeout"),
        *("resource_exhausted", "quota_exceeded", "service_unavailable", "resource_not_found", "unknown_error"),
    }
)
_OF_GOOGLE = ("gemini", "imagen", "banana")
# "4 images per generation" (…/image-series/midjourney/mj-v7-image-generate, checked 2026-11-22).
_GRID_MODEL = "mj-v7"
_GRID_IMAGES = 4


class Evolink(Dialect):
    """Read a task, from its creation to its end."""

    name: ClassVar[str] = "evolink"
    seller: ClassVar[str] = "evolink"
    keys: ClassVar[frozenset[str]] = frozenset({"object", "error"})
    vocabulary: ClassVar[Mapping[str, frozenset[str]]] = {"status": _STATUSES, "code": _CODES}

    def recognizes(self, exchange: Exchange) -> Claim:
        """Return CERTAIN for a task, less when a Gemini dialect knows the model better."""
        body = last_object(exchange.body)
        kind = body.get("object")
        if isinstance(kind, str) and kind.endswith(".generation.task"):
            names = (body.get("model"), exchange.model, exchange.request.get("model"))
            google = any(isinstance(name, str) and any(word in name.lower() for word in _OF_GOOGLE) for name in names)
            return Claim.SHAPE if google else Claim.CERTAIN
        if "error" not in body or not is_called(exchange, self.seller, HOSTS):
            return Claim.NO
        return Claim.CERTAIN if exchange.provider == self.provider else Claim.MAYBE

    def normalize(self, exchange: Exchange) -> Normalized:
        """Return the facts of a task or of an error."""
        body = last_object(exchange.body)
        usage, error = mapping(body.get("usage")), mapping(body.get("error"))
        status, model = text(body.get("status")), text(body.get("model"))
        done = status == "completed"
        params = mapping(exchange.request.get("model_params"))
        reserved = amount(usage.get("credits_reserved"))
        facts = exchange.facts(
            self,
            model=model,
            mode=mode_named(params.get("speed")) or mode_asked(None, exchange.request.get("prompt")),
            status=status,
            code=scalar_text(error.get("code")),
            error_type=text(error.get("type")),
            message=text(error.get("message")) or text(body.get("error")) or text(exchange.body),
            terminal=status not in _RUNNING if status in _STATUSES else True if "error" in body else None,
            images_requested=_GRID_IMAGES if model == _GRID_MODEL else None,
            images_delivered=_images(body) if done else 0,
            at=epoch(body.get("created")),
            task_id=text(body.get("id")),
            quoted=reserved,
            money_unit=None if reserved is None else "credit",
        )
        return facts, ()


def _images(body: Json) -> int:
    return addresses(body.get("results"), body.get("data")) or 0
