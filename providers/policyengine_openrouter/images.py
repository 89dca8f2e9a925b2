"""Translate OpenRouter's image API: an answer, a stream, or an error with a typed reason.

https://openrouter.ai/docs/guides/overview/multimodal/image-generation and
https://openrouter.ai/docs/api/reference/errors-and-debugging, checked 2026-11-22.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from policyengine.facts import UsageRow
from policyengine.native import amount, count, epoch, items, mapping, mappings, scalar_text, text
from policyengine.provider import Claim, Dialect, Normalized

if TYPE_CHECKING:
    from policyengine.exchange import Exchange

__all__ = ["OpenrouterImages"]

Json = Mapping[str, object]

_DECODE = msgspec.json.Decoder(dict[str, Any]).decode
_HOST = "openrouter.ai"
_EVENT = "image_generation."
_COMPLETED = "image_generation.completed"
_ERROR_TYPES = frozenset(
    {
        *("context_length_exceeded", "max_tokens_exceeded", "token_limit_exceeded", "string_too_long"),
        *("authentication", "permission_denied", "payment_required"),
        *("rate_limit_exceeded", "provider_overloaded", "provider_unavailable"),
        *("invalid_request", "invalid_prompt", "not_found", "precondition_failed", "payload_too_large"),
        *("unprocessable", "content_policy_violation", "refusal"),
        *("invalid_image", "image_too_large", "image_too_small", "unsupported_image_format"),
        *("image_not_found", "image_download_failed", "server", "timeout", "unmapped"),
    }
)


class OpenrouterImages(Dialect):
    """Read `POST /api/v1/images`, which bills a generation in full or not at all."""

    name: ClassVar[str] = "openrouter-images"
    seller: ClassVar[str] = "openrouter"
    keys: ClassVar[frozenset[str]] = frozenset({"data", "error", "type"})
    vocabulary: ClassVar[Mapping[str, frozenset[str]]] = {
        "error_type": _ERROR_TYPES,
        "finish_reason": frozenset({"error"}),
    }
    signals: ClassVar[Mapping[str, str]] = {"provider_code": "text"}  # what the provider behind it calls the error

    def recognizes(self, exchange: Exchange) -> Claim:
        """Return how much the address, the seller or the keys look like the image API."""
        body = exchange.body
        first = mapping(body if isinstance(body, dict) else next(iter(items(body)), None))
        if not first:  # a timeout, an error page
            return Claim.CERTAIN if exchange.url and _is_image_address(exchange) else Claim.NO
        if "choices" in first or not self.keys & first.keys() or isinstance(first.get("data"), dict):
            return Claim.NO  # a chat completion, or a record of the account, such as that of /api/v1/generation
        is_own = exchange.seller == self.seller or (bool(exchange.url) and exchange.host == _HOST)
        last = first if isinstance(body, dict) else mapping(items(body)[-1])
        has_cost = "cost" in mapping(last.get("usage"))  # OpenAI, whose envelopes these are, reports none
        if _is_image_event(first) and (is_own or has_cost):
            return Claim.CERTAIN
        if has_cost and "data" in first:
            return Claim.CERTAIN
        # An error looks the same in OpenRouter's chat API, whose dialect may claim it as its own.
        return Claim.SHAPE if is_own or has_cost else Claim.NO

    def normalize(self, exchange: Exchange) -> Normalized:
        """Return the facts and the tokens of one answer, streamed or whole."""
        body = exchange.body
        chunks = [body] if isinstance(body, dict) else list(mappings(body))
        last: Json = chunks[-1] if chunks else {}
        failed = next((chunk for chunk in chunks if chunk.get("error")), None)
        usage = next((mapping(chunk["usage"]) for chunk in reversed(chunks) if "usage" in chunk), {})
        images = sum(map(_images, chunks))
        tokens = _tokens(usage)
        cost = amount(usage.get("cost"))
        facts = exchange.facts(
            self,
            **(_error(failed) if failed is not None else {}),
            terminal=_is_final(chunks, failed),
            images_delivered=images,
            at=epoch(last.get("created")),
            size=text(exchange.request.get("size")) or text(exchange.request.get("resolution")),
            settled=cost,
            money_unit=None if cost is None else "USD",
            **tokens,
        )
        return facts, tuple(_rows(tokens, usage))


def _is_image_address(exchange: Exchange) -> bool:
    path = (exchange.url or "").partition("?")[0].rstrip("/")
    return exchange.host == _HOST and path.endswith("/api/v1/images")


def _is_image_event(chunk: Json) -> bool:
    kind = chunk.get("type")
    return isinstance(kind, str) and kind.startswith(_EVENT)


def _images(chunk: Json) -> int:
    """Return the images that are whole: partial ones are previews."""
    if chunk.get("type") == _COMPLETED:
        return 1
    return sum(1 for item in mappings(chunk.get("data")) if text(item.get("b64_json")) or text(item.get("url")))


def _is_final(chunks: list[Any], failed: Json | None) -> bool | None:
    if failed is not None or any("data" in chunk or chunk.get("type") == _COMPLETED for chunk in chunks):
        return True
    return False if any(_is_image_event(chunk) for chunk in chunks) else None


def _error(chunk: Json) -> dict[str, Any]:
    error = chunk["error"]
    inner = mapping(error)
    metadata = mapping(inner.get("metadata"))
    flagged = (*items(metadata.get("reasons")), *items(metadata.get("patterns")))
    provider_code = scalar_text(metadata.get("provider_code")) or _status_inside(metadata.get("raw"))
    return {
        "code": scalar_text(inner.get("code")),
        "error_type": text(metadata.get("error_type")) or text(inner.get("error_type")),
        "category": tuple(name for name in flagged if isinstance(name, str) and name) or None,
        "message": text(inner.get("message")) or text(error),
        # An event arrives after the status 200 of its stream: the error is how the generation ended.
        "finish_reason": "error" if chunk.get("type") == "error" else None,
        "signal": {"provider_code": provider_code} if provider_code else None,
    }


def _status_inside(raw: object) -> str | None:
    """Return the status in the provider's own words, which arrive as text: some send a task, not an error."""
    words = text(raw)
    if words is None or not words.startswith("{"):
        return None
    try:
        inner = _DECODE(words)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
    return text(mapping(inner).get("status"))


def _tokens(usage: Json) -> dict[str, int | None]:
    """Return the tokens; what the model puts out here is images, unless it says otherwise."""
    output = count(usage.get("completion_tokens"))
    counted = count(mapping(usage.get("completion_tokens_details")).get("image_tokens"))
    image = output if counted is None or output is None else min(counted, output)
    return {
        "input_tokens": count(usage.get("prompt_tokens")),
        "image_tokens": image,
        "text_tokens": None if output is None or image is None else output - image,
    }


def _rows(tokens: Mapping[str, int | None], usage: Json) -> Iterator[UsageRow]:
    prompt = tokens["input_tokens"]
    if prompt:
        cached = min(count(mapping(usage.get("prompt_tokens_details")).get("cached_tokens")) or 0, prompt)
        if cached:
            yield UsageRow("input", "cached_token", cached)
        if prompt > cached:
            yield UsageRow("input", "token", prompt - cached)
    for component in ("text", "image"):
        if quantity := tokens[f"{component}_tokens"]:
            yield UsageRow(component, "token", quantity)
