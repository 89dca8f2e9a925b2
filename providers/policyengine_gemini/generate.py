"""Translate generateContent, of the Gemini API and of Vertex AI.

https://ai.google.dev/api/generate-content, checked 2026-11-22.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from policyengine.native import dig, items, mapping, text, timestamp
from policyengine.provider import Claim, Dialect
from policyengine_gemini.answer import ANSWER_KEYS, is_answer, read_answer
from policyengine_gemini.request import model_name, request_signals
from policyengine_gemini.rpc import (
    ERROR_SIGNALS,
    error_in,
    error_signals,
    is_google_error,
    is_imagen_error,
    status_of_answer,
    text_error,
)
from policyengine_gemini.support_codes import filter_side, named_categories, support_codes
from policyengine_gemini.usage import tier_of, tokens_of, usage_rows
from policyengine_gemini.vocabulary import BLOCK_REASONS, FINISH_REASONS, RPC_STATUSES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policyengine.exchange import Exchange
    from policyengine.facts import Facts, UsageRow
    from policyengine.provider import Normalized
    from policyengine_gemini.answer import Answer

__all__ = ["GeminiApi", "GenerateContent", "Vertex"]

_VERTEX_BLOCKS = ("MODEL_ARMOR", "JAILBREAK")


class GenerateContent(Dialect):
    """Translate what both services share; they differ in who sends the invoice."""

    keys = ANSWER_KEYS | {"error", "code", "exception"}
    vocabulary: ClassVar[Mapping[str, frozenset[str]]] = {
        "finish_reason": FINISH_REASONS,
        "block_reason": BLOCK_REASONS,
        "error_type": RPC_STATUSES,
    }
    signals: ClassVar[Mapping[str, str]] = {
        **ERROR_SIGNALS,
        "search_queries": "integer",
        "draft_images": "integer",
        "traffic_type": "text",
    }

    def normalize(self, exchange: Exchange) -> Normalized:
        """Return the facts and the tokens of one response, streamed or whole."""
        body = exchange.body
        if isinstance(body, str):
            return self.facts_of_error(exchange, text_error(body) or {}), ()
        answer = read_answer((body,) if isinstance(body, dict) else items(body))
        if answer.error is not None or body is None:
            return self._failed(exchange, answer, answer.error or {})
        return self.translated(exchange, answer, streamed=isinstance(body, list))

    def facts_of_error(self, exchange: Exchange, error: Mapping[str, object], **more: object) -> Facts:
        """Return the facts of an *error* envelope, whose code is the HTTP status when the caller does not say it."""
        found: dict[str, object] = {"images_delivered": 0, "terminal": True}
        if exchange.http_status is None and exchange.transport_error is None:
            found["http_status"] = status_of_answer(error)
        found |= request_signals(exchange) if exchange.request or exchange.url else {}
        return exchange.facts(self, **{**found, **error_signals(error), **more})

    def _failed(self, exchange: Exchange, answer: Answer, error: Mapping[str, object]) -> Normalized:
        """Return an error that came instead of an answer, or in the middle of one."""
        more: dict[str, object] = {"request_id": text(answer.response_id)}
        if model := model_name(answer.model):
            more["model"] = model
        if answer.candidates:  # the stream had begun, with a status of its own
            more |= {"images_delivered": answer.images, "text": answer.text, "http_status": exchange.http_status}
        rows = _add_usage(more, answer.usage, answer, images=answer.images) if answer.usage is not None else ()
        return self.facts_of_error(exchange, error, **more), rows

    def translated(self, exchange: Exchange, answer: Answer, *, streamed: bool, **more: object) -> Normalized:
        """Return the facts and the tokens of an *answer* that carries no error."""
        found = request_signals(exchange) if exchange.request or exchange.url else {}
        found.update(more)
        rows: tuple[UsageRow, ...] = ()
        final = answer.is_final
        if answer.usage is not None:
            rows = _add_usage(found, answer.usage, answer, images=answer.images if final or answer.candidates else None)
        _add_delivery(found, answer, final=final, streamed=streamed)
        _add_reasons(found, answer)
        _add_identity(found, answer)
        return exchange.facts(self, **found), rows


def _add_usage(
    found: dict[str, object], usage: Mapping[str, object], answer: Answer, *, images: int | None
) -> tuple[UsageRow, ...]:
    """Add the token counts to *found* and return them as rows."""
    tokens = tokens_of(usage, images=images)
    found["input_tokens"] = tokens.input
    found["text_tokens"] = tokens.text
    found["image_tokens"] = tokens.image
    traffic = usage.get("trafficType") or usage.get("traffic_type")
    if isinstance(traffic, str):
        found["signal"] = {"traffic_type": traffic}
    tier = tier_of(usage.get("serviceTier") or usage.get("service_tier") or answer.tier or traffic)
    if tier is not None and "tier" not in found:
        found["tier"] = tier
    return usage_rows(tokens, searches=answer.searches)


def _add_delivery(found: dict[str, object], answer: Answer, *, final: bool, streamed: bool) -> None:
    """Add how many images arrived, where that can be told, and whether the answer is at its end."""
    images = answer.images
    if final or streamed or (answer.candidates and not images):
        found["terminal"] = final
    # Tokens of an image without any content: the copy at hand was shortened, the image was not withheld.
    shortened = not answer.parts and bool(found.get("image_tokens"))
    if images or ("terminal" in found and not shortened):
        found["images_delivered"] = images


def _add_reasons(found: dict[str, object], answer: Answer) -> None:
    """Add why it ended, in the platform's words, and what the model wrote, which is never mixed with them."""
    found["finish_reason"] = answer.finish_reason
    if answer.texts:
        found["text"] = answer.text
    if answer.category:
        found["category"] = tuple(dict.fromkeys(answer.category))
    signal: dict[str, object] = {}
    if answer.searches:
        signal["search_queries"] = answer.searches
    if answer.drafts:
        signal["draft_images"] = answer.drafts
    if answer.block_reason is not None or answer.block_message is not None:
        found["block_reason"] = answer.block_reason
        found["filter_stage"] = "prompt"
    message = answer.finish_message or answer.block_message
    if message is not None:
        found["message"] = message
        if codes := support_codes(message):
            signal["support_codes"] = codes
            found.setdefault("filter_stage", filter_side(codes))
            found.setdefault("category", named_categories(codes) or None)
    if signal:
        found["signal"] = {**mapping(found.get("signal")), **signal}


def _add_identity(found: dict[str, object], answer: Answer) -> None:
    """Add which model answered, when, and under which id."""
    if model := model_name(answer.model):
        found["model"] = model
    if isinstance(answer.response_id, str):
        found["request_id"] = answer.response_id
    if answer.created is not None:
        found["at"] = timestamp(answer.created)


class GeminiApi(GenerateContent):
    """The Gemini Developer API (AI Studio keys)."""

    name = "gemini-api"
    seller = "google-ai"

    def recognizes(self, exchange: Exchange) -> Claim:
        """Return a claim by shape; only the address tells it from Vertex for certain."""
        body = exchange.body
        claim = _claim(body)
        if claim is Claim.SHAPE and exchange.url and exchange.host == "generativelanguage.googleapis.com":
            return Claim.CERTAIN if "enerateContent" in exchange.url else claim
        # Without an answer the provider is all there is to go by: this is its commonest dialect.
        if claim is Claim.NO and exchange.provider is not None and exchange.provider == self.provider:
            return Claim.MAYBE if _is_no_answer(body) else claim
        return claim


def _is_no_answer(body: object) -> bool:
    """Return whether *body* holds words at most: nothing, a page, an exception, an error that is a text."""
    if isinstance(body, dict):
        return isinstance(body.get("error"), str) or isinstance(body.get("exception"), str)
    return not isinstance(body, list)


class Vertex(GenerateContent):
    """Vertex AI, now also called the Gemini Enterprise Agent Platform."""

    name = "vertex"
    seller = "google-vertex"

    def recognizes(self, exchange: Exchange) -> Claim:
        """Return CERTAIN where host, seller or a field of Vertex alone says so, else less than the Gemini API."""
        claim = _claim(exchange.body)
        if claim is Claim.NO:
            return claim
        if exchange.seller == self.seller or (exchange.url and exchange.host.endswith("aiplatform.googleapis.com")):
            return Claim.CERTAIN
        if any(_speaks_vertex(chunk) for chunk in _ends(exchange.body)):
            return Claim.CERTAIN
        return Claim.MAYBE if claim is Claim.SHAPE else Claim.NO


def _ends(body: object) -> tuple[Mapping[str, object], ...]:
    """Return the first and the last chunk: what tells formats apart stands in either."""
    if isinstance(body, dict):
        return (body,)
    ends = (body[0], body[-1]) if isinstance(body, list) and body else ()
    return tuple(chunk for chunk in ends if isinstance(chunk, dict))


def _claim(body: object) -> Claim:
    """Return how much *body* looks like generateContent of either service."""
    if isinstance(body, str):
        return Claim.SHAPE if mapping(text_error(body)).get("status") else Claim.NO
    strongest = Claim.NO
    for chunk in _ends(body):
        if is_answer(chunk):
            return Claim.SHAPE
        if "error" in chunk or "code" in chunk:
            strongest = max(strongest, _claim_of_error(chunk))
    return strongest


def _claim_of_error(chunk: Mapping[str, object]) -> Claim:
    """Return MAYBE for `{"code": 400, "message": …}`: Google's envelope with its status left out, or another's."""
    error = error_in(chunk)
    if error is None or "event_type" in chunk or is_imagen_error(error):
        return Claim.NO
    if is_google_error(error):
        return Claim.SHAPE
    is_bare = "error" in chunk and isinstance(error.get("code"), int) and "message" in error
    return Claim.MAYBE if is_bare and "type" not in error and "metadata" not in error else Claim.NO


def _speaks_vertex(chunk: Mapping[str, object]) -> bool:
    """Return whether a field that only Vertex sends is there (google-genai 3.4.0 `types.py`, checked 2026-11-22)."""
    get = chunk.get
    if get("createTime") or get("create_time"):
        return True
    usage = get("usageMetadata") or get("usage_metadata")
    if isinstance(usage, dict) and (usage.get("trafficType") or usage.get("traffic_type")):
        return True
    feedback = get("promptFeedback")
    if isinstance(feedback, dict):
        return "blockReasonMessage" in feedback or feedback.get("blockReason") in _VERTEX_BLOCKS
    candidates = get("candidates")
    first = candidates[0] if isinstance(candidates, list) and candidates else None
    if isinstance(first, dict) and ("avgLogprobs" in first or first.get("finishReason") == "MODEL_ARMOR"):
        return True
    return "error" in chunk and "aiplatform.googleapis.com" in (text(dig(chunk, "error", "message")) or "")
