"""Translate the Interactions API: interactions, their server-sent events and their errors.

https://ai.google.dev/api/interactions-api, checked 2026-11-22.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from policyengine.native import count, items, mapping, mappings, scalar_text, text, timestamp
from policyengine.provider import Claim, Dialect, Normalized
from policyengine_gemini.request import image_size, model_name
from policyengine_gemini.rpc import ERROR_SIGNALS, error_signals, text_error
from policyengine_gemini.usage import Tokens, image_share, split, tier_of, usage_rows
from policyengine_gemini.vocabulary import INTERACTION_CODES, INTERACTION_STATUSES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policyengine.exchange import Exchange
    from policyengine.facts import UsageRow

__all__ = ["Interactions"]

_RUNNING = ("in_progress", "queued", "requires_action", "requires_continuation")
_EVENT_PREFIXES = ("interaction.", "step.", "content.")


class Interactions(Dialect):
    """The Interactions API of the Gemini API."""

    name = "interactions"
    seller = "google-ai"
    keys = frozenset({"event_type", "status", "steps", "outputs", "object", "error"})
    vocabulary: ClassVar[Mapping[str, frozenset[str]]] = {"status": INTERACTION_STATUSES, "code": INTERACTION_CODES}
    signals: ClassVar[Mapping[str, str]] = {**ERROR_SIGNALS, "search_queries": "integer"}
    hidden_retries = 4  # `max_retries` of google-genai 3.4.0 for this API alone, checked 2026-11-22

    def recognizes(self, exchange: Exchange) -> Claim:
        """Return CERTAIN for interactions and their events, SHAPE for an error with one of its lower-case codes."""
        body = exchange.body
        first = body[0] if isinstance(body, list) and body else body
        if not isinstance(first, dict):
            return Claim.NO
        event = first.get("event_type")
        if isinstance(event, str) and (event == "error" or event.startswith(_EVENT_PREFIXES)):
            return Claim.CERTAIN
        if _is_resource(first) or (exchange.url and "/interactions" in exchange.url):
            return Claim.CERTAIN
        error = first.get("error")
        is_own = isinstance(error, dict) and "type" not in error and "type" not in first
        return Claim.SHAPE if is_own and text(mapping(error).get("code")) in INTERACTION_CODES else Claim.NO

    def normalize(self, exchange: Exchange) -> Normalized:
        """Return the facts and the tokens of an interaction, whole or as its events."""
        body = exchange.body
        events = (body,) if isinstance(body, dict) else items(body)
        found = _Interaction()
        for event in events:
            if isinstance(event, dict):
                found.read(event)
        if isinstance(body, str):
            found.error = text_error(body)
        tokens = _tokens(found.usage, images=found.images)
        signals = _signals(exchange, found, streamed=not isinstance(body, dict))
        signals |= {"input_tokens": tokens.input, "text_tokens": tokens.text, "image_tokens": tokens.image}
        searches = _searches(found.usage)
        if searches:
            signals["signal"] = {**mapping(signals.get("signal")), "search_queries": searches}
        rows: tuple[UsageRow, ...] = usage_rows(tokens, searches=searches)
        return exchange.facts(self, **signals), rows


def _is_resource(body: Mapping[str, object]) -> bool:
    """Return whether *body* is an interaction: a status of its own, and steps (outputs in early versions)."""
    is_known = text(body.get("status")) in INTERACTION_STATUSES
    return is_known and ("steps" in body or "outputs" in body or body.get("object") == "interaction")


class _Interaction:
    """Gather what an interaction and its events say."""

    def __init__(self) -> None:
        self.head: Mapping[str, object] = {}
        self.status: str | None = None
        self.usage: Mapping[str, object] = {}
        self.error: Mapping[str, object] | None = None
        self.texts: list[str] = []
        self.whole: tuple[int, str | None] | None = None
        self._streamed_images: set[object] = set()

    @property
    def images(self) -> int | None:
        """Return the images of the answer; None when no output was shown at all."""
        if self.whole is not None:
            return max(self.whole[0], len(self._streamed_images))
        return len(self._streamed_images) if self._streamed_images or self.texts else None

    @property
    def text(self) -> str | None:
        """Return what the model wrote."""
        written = self.whole[1] if self.whole is not None else None
        return written or "".join(self.texts) or None

    def read(self, event: Mapping[str, object]) -> None:
        """Take in an interaction, one of its events, or an error envelope."""
        inner = event.get("interaction")
        resource = inner if isinstance(inner, dict) else event
        if "status" in resource or "steps" in resource or "outputs" in resource:
            self._read_resource(resource)
        for usage in (event.get("usage"), mapping(event.get("metadata")).get("total_usage")):
            if isinstance(usage, dict):
                self.usage = usage
        error = event.get("error")
        if error and self.error is None:
            self.error = mapping(error) if isinstance(error, dict) else text_error(text(error))
        self._read_delta(event)

    def _read_resource(self, resource: Mapping[str, object]) -> None:
        self.head = {**self.head, **resource}
        self.status = text(resource.get("status")) or self.status
        if isinstance(usage := resource.get("usage"), dict):
            self.usage = usage
        outputs = [*_outputs(resource)]
        if outputs or "steps" in resource or "outputs" in resource:
            images = sum(1 for part in outputs if part.get("type") == "image")
            written = "".join(value for part in outputs if (value := text(part.get("text"))))
            self.whole = images, written or None
        # Diagnostics of an interaction that completed are no failure.
        if self.status != "completed" and self.error is None:
            self.error = next(iter(_errors(resource)), None)

    def _read_delta(self, event: Mapping[str, object]) -> None:
        delta = mapping(event.get("delta"))
        kind = delta.get("type")
        if kind == "image":
            self._streamed_images.add(scalar_text(event.get("index")))
        elif kind == "text" and (written := text(delta.get("text"))):
            self.texts.append(written)


def _outputs(resource: Mapping[str, object]) -> list[Mapping[str, object]]:
    """Return the parts that the model handed out: thoughts, and the images inside them, are not among them."""
    parts = [
        part
        for step in mappings(resource.get("steps"))
        if step.get("type") == "model_output"
        for part in mappings(step.get("content"))
    ]
    return parts + [part for part in mappings(resource.get("outputs")) if part.get("type") in ("text", "image")]


def _errors(resource: Mapping[str, object]) -> list[Mapping[str, object]]:
    found = [error for error in mappings(resource.get("errors")) if error]
    found += [error for step in mappings(resource.get("steps")) if (error := mapping(step.get("error")))]
    return found


def _signals(exchange: Exchange, found: _Interaction, *, streamed: bool) -> dict[str, object]:
    """Return the facts of *found* but its tokens."""
    head = found.head
    signals: dict[str, object] = error_signals(found.error) if found.error is not None else {}
    final = None if found.status is None else found.status not in _RUNNING
    if found.error is not None:
        final = True
    elif streamed and final is None:
        final = False
    images = found.images
    unfinished = found.status != "completed" and (streamed or found.status is not None)
    if images is None and (unfinished or found.error is not None):
        images = 0
    request = exchange.request
    image = mapping(mapping(request.get("generation_config")).get("image_config"))
    size = image.get("image_size") or mapping(request.get("response_format")).get("image_size")
    return signals | {
        "status": found.status,
        "terminal": final,
        "images_delivered": images,
        "text": found.text,
        "model": model_name(head.get("model")),
        "at": timestamp(head.get("created")),
        "tier": tier_of(head.get("service_tier")),
        "size": image_size(size),
        "task_id": text(head.get("id")),
    }


def _tokens(usage: Mapping[str, object], *, images: int | None) -> Tokens:
    """Return the tokens of an interaction; its names differ from usageMetadata, its arithmetic does not."""
    prompt = count(usage.get("total_input_tokens"))
    tool = count(usage.get("total_tool_use_tokens"))
    spent = prompt if tool is None else (prompt or 0) + tool
    total = count(usage.get("total_tokens"))
    output = total - spent if total is not None and spent is not None else None
    if output is None or output < 0:
        parts = (count(usage.get("total_output_tokens")), count(usage.get("total_thought_tokens")))
        output = None if parts == (None, None) else sum(part or 0 for part in parts)
    text_tokens, image_tokens = split(output, image_share(usage.get("output_tokens_by_modality")), images)
    cached = min(count(usage.get("total_cached_tokens")) or 0, spent or 0)
    return Tokens(spent, cached, text_tokens, image_tokens)


def _searches(usage: Mapping[str, object]) -> int:
    tools = mappings(usage.get("grounding_tool_count"))
    return sum(count(tool.get("count")) or 0 for tool in tools if tool.get("type") == "google_search")
