"""Translate the REST API of Stability AI: v2beta, and v1 whose error envelope it shares.

Shapes: https://platform.stability.ai/docs/api-reference and, for v1,
https://github.com/Stability-AI/rest-api-support/blob/main/spec/v1.yaml (checked 2026-11-22).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, cast

from policyengine.facts import UsageRow
from policyengine.native import count, items, mapping, scalar_text, text
from policyengine.provider import Claim, Dialect, Normalized

if TYPE_CHECKING:
    from policyengine.exchange import Exchange
    from policyengine.facts import Signal

__all__ = ["StabilityV2"]

Json = Mapping[str, object]

# Names that only client code shows are listed too: invalid_language, rate_limit_exceeded (checked 2026-11-22).
_NAMES = frozenset(
    {
        "bad_gateway",
        "bad_request",
        "content_moderation",
        "forbidden",
        "gateway_timeout",
        "insufficient_balance",
        "internal_error",
        "internal_server_error",
        "invalid_file_size",
        "invalid_height_or_width",
        "invalid_language",
        "invalid_mime_type",
        "invalid_pixel_count",
        "invalid_prompts",
        "invalid_request",
        "invalid_samples",
        "method_not_allowed",
        "not_acceptable",
        "not_found",
        "payload_too_large",
        "payment_required",
        "permission_denied",
        "rate_limit_exceeded",
        "server_error",
        "service_unavailable",
        "timeout",
        "too_many_requests",
        "unauthorized",
        "unprocessable_entity",
    }
)
_OPERATIONS = frozenset({"generate", "edit", "upscale", "control", "results"})
_V1 = "/v1/generation/"  # binary images of version 1 have the same headers as those of version 2
_NAMED_BY_ENDPOINT = frozenset({"core", "ultra", "sd3"})


class StabilityV2(Dialect):
    """Read what api.stability.ai answers."""

    name: ClassVar[str] = "stability-v2"
    seller: ClassVar[str] = "stability"
    vocabulary: ClassVar[Mapping[str, frozenset[str]]] = {
        "finish_reason": frozenset({"SUCCESS", "CONTENT_FILTERED", "ERROR"}),
        "code": _NAMES,
        "status": frozenset({"in-progress"}),
    }
    signals: ClassVar[Mapping[str, str]] = {
        "is_v1": "boolean",  # the answer lists artifacts: version 1 of the API
        "is_look_up": "boolean",  # the call asked for the result of an earlier job
    }

    def recognizes(self, exchange: Exchange) -> Claim:
        """Return how much the host, the headers or the keys look like Stability AI."""
        if exchange.host == "api.stability.ai":
            return Claim.CERTAIN
        body = exchange.body
        if body is None:
            return Claim.SHAPE if "finish-reason" in exchange.headers else Claim.NO
        if isinstance(body, str):
            return Claim.MAYBE if "enough balance to request this action" in body else Claim.NO
        found = _object(body)
        if "message" in found and "name" not in found:
            # `{"message": …}` is anybody's envelope: it counts where the caller named the provider.
            is_ours = exchange.provider == self.provider or found["message"] == "Incorrect API key provided"
            return Claim.MAYBE if is_ours else Claim.NO
        return _claim_of(found)

    def normalize(self, exchange: Exchange) -> Normalized:
        """Return the facts of an image, of version 1 artifacts, of a job or of an error."""
        body = _object(exchange.body)
        if "artifacts" in body:
            return self._artifacts(exchange, body)
        if "image" in body or "finish_reason" in body or _is_binary(exchange.headers):
            return self._image(exchange, body, exchange.headers)
        if isinstance(body.get("headers"), dict):
            # Logs write a binary answer down as its status, content type and headers.
            return self._image(exchange, body, cast("Mapping[str, object]", body["headers"]))
        if "name" not in body and "errors" not in body and "message" not in body and "id" in body:
            return self._job(exchange, body)
        return self._error(exchange, body)

    def _image(self, exchange: Exchange, body: Json, headers: Mapping[str, object]) -> Normalized:
        reason = text(body.get("finish_reason"))
        if reason is None:
            reason = text(headers.get("finish-reason")) or text(headers.get("Finish-Reason"))
        # CONTENT_FILTERED hands over a blurred picture: it does not count as delivered.
        is_good = reason == "SUCCESS" or (reason is None and _holds_image(body, headers))
        model, operation = _endpoint(exchange)
        facts = exchange.facts(
            self,
            model=model,
            operation=operation,
            finish_reason=reason,
            terminal=True,
            images_delivered=1 if is_good else 0,
            images_withheld=1 if reason == "CONTENT_FILTERED" else None,
            http_status=exchange.http_status or count(body.get("status")),
            signal={"is_v1": True} if exchange.url and _V1 in exchange.url else None,
        )
        return facts, (UsageRow("image", "image", 1),) if is_good else ()

    def _artifacts(self, exchange: Exchange, body: Json) -> Normalized:
        reasons = [mapping(artifact).get("finishReason") for artifact in items(body["artifacts"])]
        delivered = reasons.count("SUCCESS")
        filtered = reasons.count("CONTENT_FILTERED")
        model, operation = _endpoint(exchange)
        facts = exchange.facts(
            self,
            model=model,
            operation=operation,
            finish_reason=_worst(reasons),
            terminal=True,
            images_requested=count(exchange.request.get("samples")) or len(reasons) or None,
            images_delivered=delivered,
            images_withheld=filtered or None,
            signal={"is_v1": True},
        )
        return facts, (UsageRow("image", "image", delivered),) if delivered else ()

    def _job(self, exchange: Exchange, body: Json) -> Normalized:
        model, operation = _endpoint(exchange)
        facts = exchange.facts(
            self,
            model=model,
            operation=operation,
            status=text(body.get("status")),
            terminal=False if body.get("status") in (None, "in-progress") else None,
            images_delivered=0,
            task_id=scalar_text(body.get("id")),
        )
        return facts, ()

    def _error(self, exchange: Exchange, body: Json) -> Normalized:
        model, operation = _endpoint(exchange)
        signals: dict[str, Signal] = {"is_look_up": True} if operation == "results" else {}
        facts = exchange.facts(
            self,
            model=model,
            operation=operation,
            code=text(body.get("name")),
            message=_words(body) or text(exchange.body),
            images_delivered=0,
            request_id=scalar_text(body.get("id")),
            signal=signals or None,
        )
        return facts, ()


def _object(body: object) -> Json:
    """Return the object of *body*, the first one of a list."""
    if isinstance(body, list | tuple):
        body = next((item for item in body if isinstance(item, dict)), None)
    return mapping(body)


def _claim_of(body: Json) -> Claim:
    artifacts = body.get("artifacts")
    if artifacts is not None:
        first = next((item for item in items(artifacts) if isinstance(item, dict)), {})
        # Amazon Bedrock adds `result` to the same list.
        sure = Claim.SHAPE if "result" in body else Claim.CERTAIN
        return sure if "finishReason" in first and "seed" in first else Claim.NO
    if "finish_reason" in body:
        return Claim.CERTAIN if "image" in body and "seed" in body else Claim.MAYBE
    name = body.get("name")
    if isinstance(name, str):
        is_envelope = isinstance(body.get("errors"), list) or ("id" in body and "message" in body)
        return Claim.CERTAIN if is_envelope and name in _NAMES else Claim.SHAPE if is_envelope else Claim.NO
    headers = body.get("headers")
    if isinstance(headers, dict):
        return Claim.CERTAIN if "finish-reason" in headers or "Finish-Reason" in headers else Claim.NO
    if body.get("status") == "in-progress":
        return Claim.SHAPE
    return Claim.NO


def _is_binary(headers: Mapping[str, str]) -> bool:
    return "finish-reason" in headers or headers.get("content-type", "").startswith("image/")


def _holds_image(body: Json, headers: Mapping[str, object]) -> bool:
    if body.get("image"):
        return True
    kind = headers.get("content-type") or body.get("content_type")
    return isinstance(kind, str) and kind.startswith("image/")


def _endpoint(exchange: Exchange) -> tuple[str | None, str | None]:
    """Return model and operation that the address names, as in `/v2beta/stable-image/upscale/fast`."""
    if not exchange.url:
        return None, None
    steps = exchange.url.partition("?")[0].split("/")
    if "generation" in steps[3:-1]:  # /v1/generation/<engine>/text-to-image
        return steps[steps.index("generation") + 1], "generate"
    operation = next((step for step in steps if step in _OPERATIONS), None)
    if operation is None or operation == "results":
        return None, operation
    tool = steps[steps.index(operation) + 1] if steps[-1] != operation else None
    if operation == "generate" or tool is None:
        asked = text(exchange.request.get("model"))
        return asked or (tool if tool in _NAMED_BY_ENDPOINT else None), operation
    return f"{operation}/{tool}", operation


def _worst(reasons: list[object]) -> str | None:
    """Return the finish reason that tells most: one that nobody knows, an error, a filter, a success."""
    found = [reason for reason in reasons if isinstance(reason, str)]
    order = ("ERROR", "CONTENT_FILTERED", "SUCCESS")
    unknown = next((reason for reason in found if reason not in order), None)
    return unknown or next((reason for reason in order if reason in found), None)


def _words(body: Json) -> str | None:
    """Return the error texts in one line."""
    errors = body.get("errors")
    if isinstance(errors, list) and errors:
        return "; ".join(error for error in errors[:5] if isinstance(error, str)) or None
    message = body.get("message")
    return text(message) if not isinstance(errors, str) else text(errors)
