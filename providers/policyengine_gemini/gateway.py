"""Translate Gemini answers in the shape of OpenAI or Anthropic: from Google itself, LiteLLM, OpenRouter and others."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from policyengine.native import amount, count, epoch, items, mapping, text
from policyengine.provider import Claim, Dialect, Normalized
from policyengine_gemini.rendered import Rendered, read_rendered
from policyengine_gemini.request import model_name
from policyengine_gemini.rpc import ERROR_SIGNALS, error_signals, is_google_error, status_of_answer, text_error
from policyengine_gemini.usage import Tokens, split, tier_of, usage_rows
from policyengine_gemini.vocabulary import FINISH_REASONS, INTERACTION_CODES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policyengine.exchange import Exchange

__all__ = ["GeminiOpenai", "OpenrouterChat"]

_FAMILY = ("gemini", "imagen", "banana")
_TASK_RUNNING = ("pending", "processing", "queued", "running", "submitted")
_RENDERED_REASONS = frozenset(
    {
        *("stop", "length", "content_filter", "tool_calls", "function_call", "error"),  # chat completions
        *("end_turn", "max_tokens", "stop_sequence", "tool_use", "refusal", "pause_turn"),  # messages
    }
)
_SIZES = {"512x512": "512", "1024x1024": "1K", "2048x2048": "2K", "4096x4096": "4K"}


class GeminiOpenai(Dialect):
    """A Gemini answer rendered as a chat completion, a message, an Images answer or a gateway's task."""

    name = "gemini-openai"
    keys = frozenset({"choices", "type", "data", "object", "error", "exception"})
    seller = "google-ai"
    vocabulary: ClassVar[Mapping[str, frozenset[str]]] = {"finish_reason": FINISH_REASONS | _RENDERED_REASONS}
    signals: ClassVar[Mapping[str, str]] = ERROR_SIGNALS
    hidden_retries = 2  # DEFAULT_MAX_RETRIES of openai-python, checked 2026-11-22

    def recognizes(self, exchange: Exchange) -> Claim:
        """Return CERTAIN for these shapes when the model is one of Google's, less when no model is named."""
        first = _first(exchange.body)
        if not first or "candidates" in first:
            return Claim.NO
        claim = _claim(exchange, first)
        if exchange.provider is not None and exchange.provider == self.provider:
            claim = max(claim, _claim_of_provider(first))
        return min(claim, Claim.SHAPE) if claim and _is_openrouter(exchange, first) else claim

    def normalize(self, exchange: Exchange) -> Normalized:
        """Return the facts and the tokens of one answer, streamed or whole."""
        body = exchange.body
        streamed = isinstance(body, list) and len(body) > 1
        found = read_rendered((body,) if isinstance(body, dict) else tuple(items(body)))
        if isinstance(body, str):
            found.error = text_error(body)
        signals = self._signals(exchange, found, streamed=streamed)
        tokens = _tokens(found.usage, images=found.images if found.shown else None)
        signals |= {"input_tokens": tokens.input, "text_tokens": tokens.text, "image_tokens": tokens.image}
        return exchange.facts(self, **signals), usage_rows(tokens)

    def _signals(self, exchange: Exchange, found: Rendered, *, streamed: bool) -> dict[str, object]:
        head = found.head
        failed = found.error is not None
        signals = _error_signals(found.error) if found.error is not None else {}
        if failed and not streamed and exchange.http_status is None and exchange.transport_error is None:
            signals["http_status"] = status_of_answer(found.error or {})
        status = text(head.get("status")) if str(head.get("object")).endswith(".task") else None
        final = _is_final(found, status, streamed=streamed)
        size = text(exchange.request.get("size")) if exchange.request else None
        cost = amount(found.usage.get("cost"))
        return signals | {
            "status": status,
            "finish_reason": None if failed else found.finish_reason,
            "message": signals.get("message") or found.finish_message,
            "text": found.text,
            "terminal": final,
            "images_delivered": found.images if found.images or failed or found.shown or final is False else None,
            "model": model_name(head.get("model")) or model_name(exchange.request.get("model")),
            "size": _SIZES.get(size, size) if size else None,
            "at": epoch(head.get("created")),
            "tier": tier_of(head.get("service_tier")),
            "request_id": text(head.get("id")),
            "settled": cost,
            "money_unit": None if cost is None else "USD",
        }


class OpenrouterChat(GeminiOpenai):
    """OpenRouter's chat completion, which reports its own charge as `usage.cost`."""

    name = "openrouter-chat"
    seller = "openrouter"

    def recognizes(self, exchange: Exchange) -> Claim:
        """Return CERTAIN for OpenRouter's address or marks on a chat completion or an error."""
        first = _first(exchange.body)
        if not first or not _is_openrouter(exchange, first):
            return Claim.NO
        is_image_api = exchange.url and exchange.url.partition("?")[0].endswith("/images")
        if is_image_api or ("data" in first and "choices" not in first):
            return Claim.NO  # its image API has a format of its own (https://openrouter.ai/docs, checked 2026-11-22)
        return Claim.CERTAIN if _is_rendered(first) or "error" in first else Claim.NO


def _is_openrouter(exchange: Exchange, first: Mapping[str, object]) -> bool:
    """Return whether the caller, the address, or a field that only OpenRouter adds says so."""
    if exchange.seller == OpenrouterChat.seller or (exchange.url and exchange.host == "openrouter.ai"):
        return True
    if "error_type" in mapping(mapping(first.get("error")).get("metadata")):
        return True  # typed errors: https://openrouter.ai/docs/api/reference/errors-and-debugging, checked 2026-11-22
    return "cost" in mapping(first.get("usage")) or ("provider" in first and "choices" in first)


def _claim(exchange: Exchange, first: Mapping[str, object]) -> Claim:
    if _is_rendered(first) and _is_family(exchange, first):
        return Claim.CERTAIN
    if exchange.url and exchange.host == "generativelanguage.googleapis.com" and "/openai/" in exchange.url:
        return Claim.CERTAIN
    if any("finish_reason" in item or "finish_message" in item for item in _data(first)):
        return Claim.CERTAIN
    if "choices" in first:
        return Claim.SHAPE if _shows_images(first) else Claim.MAYBE
    return Claim.MAYBE if isinstance(first.get("error"), dict) and _is_family(exchange, first) else Claim.NO


def _claim_of_provider(first: Mapping[str, object]) -> Claim:
    """Return the claim when the caller names the provider: what is not in Google's form is in a gateway's."""
    error = first.get("error")
    if not isinstance(error, dict):
        return Claim.SHAPE if _is_rendered(first) else Claim.NO
    code = error.get("code")
    foreign = "type" in error or "metadata" in error or (isinstance(code, str) and code not in INTERACTION_CODES)
    return Claim.MAYBE if foreign and not is_google_error(error) else Claim.NO


def _first(body: object) -> Mapping[str, object]:
    """Return the body or its most telling chunk: the first that has choices, else the first."""
    if isinstance(body, dict):
        return body
    chunks = [chunk for chunk in items(body) if isinstance(chunk, dict)]
    return next((chunk for chunk in chunks if "choices" in chunk), chunks[0] if chunks else {})


def _is_rendered(first: Mapping[str, object]) -> bool:
    """Return whether *first* is a chat completion, a message, an Images answer or a task."""
    kind = first.get("object")
    if "choices" in first or first.get("type") in ("message", "message_start") or isinstance(first.get("data"), list):
        return True
    return isinstance(kind, str) and (kind.startswith("chat.completion") or kind.endswith(".generation.task"))


def _is_family(exchange: Exchange, first: Mapping[str, object]) -> bool:
    """Return whether the answer, or what is known of the request, names an image model of Google's."""
    inner = mapping(first.get("message"))
    names = (exchange.model, first.get("model"), inner.get("model"), exchange.request.get("model"))
    return any(isinstance(name, str) and any(word in name.lower() for word in _FAMILY) for name in names)


def _data(first: Mapping[str, object]) -> list[Mapping[str, object]]:
    return [item for item in items(first.get("data")) if isinstance(item, dict)]


def _shows_images(first: Mapping[str, object]) -> bool:
    choice = mapping(next(iter(items(first.get("choices"))), None))
    return "images" in mapping(choice.get("message")) or choice.get("native_finish_reason") in FINISH_REASONS


def _is_final(found: Rendered, status: str | None, *, streamed: bool) -> bool | None:
    """Return whether the answer is at its end; None when it does not tell."""
    if found.error is not None or found.finish_reason is not None or found.finish_message is not None:
        return True
    if status is not None:
        return status not in _TASK_RUNNING
    if found.shown and not streamed:
        return True
    return False if streamed else None


def _error_signals(error: Mapping[str, object]) -> dict[str, object]:
    """Return the facts of an error in Google's, OpenAI's or OpenRouter's form."""
    found = error_signals(error)
    if is_google_error(error):
        return found
    metadata = mapping(error.get("metadata"))
    # OpenRouter names the kind and what its moderation flagged (openrouter.ai/docs, checked 2026-11-22).
    kind = text(metadata.get("error_type")) or text(error.get("type"))
    flagged = (*items(metadata.get("reasons")), *items(metadata.get("patterns")))
    names = tuple(name for name in flagged if isinstance(name, str) and name)
    return {**found, "error_type": kind or found.get("error_type"), "category": names or found.get("category")}


def _tokens(usage: Mapping[str, object], *, images: int | None) -> Tokens:
    """Return the tokens of a rendered usage block."""
    prompt = count(usage.get("prompt_tokens"))
    cached = count(mapping(usage.get("prompt_tokens_details")).get("cached_tokens")) or 0
    if prompt is None and (prompt := count(usage.get("input_tokens"))) is not None:
        read = count(usage.get("cache_read_input_tokens")) or 0
        prompt += read + (count(usage.get("cache_creation_input_tokens")) or 0)  # messages count these apart
        cached = cached or read
    total = count(usage.get("total_tokens"))
    output = count(usage.get("completion_tokens", usage.get("output_tokens")))
    if total is not None and prompt is not None and total >= prompt:
        output = total - prompt  # Google's endpoint leaves thinking out of completion_tokens
    details = mapping(usage.get("completion_tokens_details") or usage.get("output_tokens_details"))
    text_tokens, image_tokens = split(output, count(details.get("image_tokens")), images)
    return Tokens(prompt, min(cached, prompt or 0), text_tokens, image_tokens)
