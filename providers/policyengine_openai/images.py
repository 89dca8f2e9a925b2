"""Translate the Images API: generations, edits and variations, whole or streamed.

https://developers.openai.com/api/reference/resources/images, checked 2026-11-22.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import msgspec

from policyengine.facts import UsageRow
from policyengine.native import count, epoch, items, mapping, mappings, text
from policyengine.provider import Claim, Dialect, Normalized
from policyengine_openai import claims
from policyengine_openai.batch import answer_of_line, is_batch_line
from policyengine_openai.envelope import error_in
from policyengine_openai.events import event_of, is_image_event, read_events
from policyengine_openai.models import implied_by_answer, implied_by_refusal, implied_by_status
from policyengine_openai.signals import error_facts, header_facts, text_facts
from policyengine_openai.usage import Tokens, image_usage, summed, svg_usage
from policyengine_openai.vocabulary import CODES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from policyengine.exchange import Exchange
    from policyengine_openai.envelope import JSON

__all__ = ["ImagesDialect", "OpenAIImages"]

_RUNNING = frozenset({"notRunning", "running", "queued", "pending", "in_progress", "processing"})
_OPERATIONS = {"edits": "edit", "generations": "generate", "variations": "variation"}


class ImagesDialect(Dialect):
    """Read an Images answer; OpenAI's and Azure's differ in errors and in how they are recognized."""

    hidden_retries: ClassVar[int] = 2  # openai-python 3.54.0: max_retries=2, also on image POSTs
    signals: ClassVar[Mapping[str, str]] = {}

    def normalize(self, exchange: Exchange) -> Normalized:
        """Return the facts and the usage of *exchange*."""
        body = exchange.body
        if type(body) is dict:
            error = error_in(body)
            if error is not None and not body.get("data") and "custom_id" not in body:
                return self._failure(exchange, body, error)
            return self._read(exchange, body, error)
        if type(body) is list:
            return self._read_list(exchange, body)
        return self._done(exchange, text_facts(exchange, body) if type(body) is str and body else {})

    def names_model(self, exchange: Exchange) -> bool:
        """Return whether the caller or the request names the model."""
        return exchange.model is not None or "model" in exchange.request

    def split(self, body: object) -> Sequence[object]:
        """Return the lines of a Batch output file, else *body* alone."""
        lines = items(body)
        return lines if lines and all(is_batch_line(line) for line in lines) else [body]

    def _read(self, exchange: Exchange, body: JSON, error: JSON | None) -> Normalized:
        if "custom_id" in body and is_batch_line(body):
            facts, rows = self.normalize(answer_of_line(exchange, body))
            return msgspec.structs.replace(facts, tier="batch"), rows
        if is_image_event(event_of(body)):
            return self._stream(exchange, [body])
        return self._answer(exchange, body, error)

    def _read_list(self, exchange: Exchange, body: list[object]) -> Normalized:
        if len(body) == 1 and isinstance(body[0], dict) and not is_image_event(event_of(body[0])):
            return self.normalize(msgspec.structs.replace(exchange, body=event_of(body[0])))
        return self._stream(exchange, body)

    def _failure(self, exchange: Exchange, body: JSON, error: JSON) -> Normalized:
        known = error_facts(exchange, body, error)
        if "status" in body:
            known |= _job(body)
        if known.get("code") != "moderation_blocked" and known.get("model") is None and not self.names_model(exchange):
            known["model"] = implied_by_refusal(known) or implied_by_status(body)
        if exchange.headers or exchange.request or exchange.url:
            return self._done(exchange, known)
        return exchange.facts(self, **known), ()

    def _answer(self, exchange: Exchange, body: JSON, error: JSON | None) -> Normalized:
        data = items(body.get("data"))
        made = sum(1 for item in data if type(item) is dict and (text(item.get("b64_json")) or text(item.get("url"))))
        refused = [fault for item in mappings(data) if isinstance(fault := item.get("error"), dict)]
        known: dict[str, object] = {}
        if error is not None or refused:
            known = error_facts(exchange, body, error if error is not None else refused[0])
        known |= _shape(body) | _job(body)
        known["images_delivered"] = made if data or body.get("created") or body.get("data") == [] else None
        if refused:
            known |= {
                "images_withheld": len(refused),
                "images_requested": count(exchange.request.get("n")) or len(data),
            }
        if known["images_delivered"] is not None:
            known["terminal"] = known.get("status") not in _RUNNING
        if not self.names_model(exchange):
            known["model"] = text(body.get("model")) or implied_by_status(body) or implied_by_answer(body)
        return self._done(exchange, known, _counts([body]))

    def _stream(self, exchange: Exchange, chunks: Sequence[object]) -> Normalized:
        events = read_events(chunks)
        known: dict[str, object] = {}
        if events.error is not None:
            known = error_facts(exchange, *events.error)
        for event in events.completed:
            known |= _shape(event)
        known["operation"] = events.operation
        known["images_delivered"] = len(events.completed)
        known["terminal"] = bool(events.completed) or events.error is not None
        return self._done(exchange, known, _counts(events.completed))

    def _done(self, exchange: Exchange, known: dict[str, object], counts: Sequence[Tokens] = ()) -> Normalized:
        """Return facts made of *known*, and rows that add up to them."""
        if exchange.transport_error is not None and known.get("images_delivered") is None:
            known["images_delivered"] = 0
        if exchange.request:
            known |= _defaults(exchange.request, known)
        if exchange.headers:
            header_facts(exchange, known)
        if exchange.url and known.get("operation") is None:
            known["operation"] = _OPERATIONS.get(exchange.url.partition("?")[0].rpartition("/")[2])
        known |= summed(counts)
        rows = [row for tokens in counts for row in tokens.rows()]
        made = known.get("images_delivered")
        if isinstance(made, int) and made and not known.get("image_tokens"):
            known["image_tokens"] = None  # DALL-E counts no tokens, and some gateways write zeros
            rows.append(UsageRow("image", "image", made))
        if known.get("text_tokens") == 0:
            rows.append(UsageRow("text", "token", 0))  # counted as none, which tells more than not counted
        return exchange.facts(self, **known), tuple(rows)


class OpenAIImages(ImagesDialect):
    """Read OpenAI's Images API and whatever gateways make of it."""

    name: ClassVar[str] = "openai-images"
    seller: ClassVar[str] = "openai"
    vocabulary: ClassVar[Mapping[str, frozenset[str]]] = {"code": CODES}

    def recognizes(self, exchange: Exchange) -> Claim:
        """Claim Images answers and, less surely, the error envelope that half the world copied."""
        return claims.of_images(exchange)


def _defaults(request: JSON, known: JSON) -> dict[str, object]:
    """Return what a request leaves to the documented defaults: one image, and for DALL-E size and quality.

    developers.openai.com/api/reference/resources/images (checked 2026-11-22)
    """
    found: dict[str, object] = {}
    if known.get("images_requested") is None and "prompt" in request and request.get("n") is None:
        found["images_requested"] = 1
    if text(request.get("model")) in ("dall-e-2", "dall-e-3") and "prompt" in request:
        found |= {"size": text(request.get("size")) or "1024x1024"}
        if request["model"] == "dall-e-3":
            found |= {"quality": text(request.get("quality")) or "standard"}
    return found


def _shape(body: JSON) -> dict[str, object]:
    """Return what an answer or an event tells of its images; `auto` tells nothing."""
    told = {name: text(body.get(name)) for name in ("size", "quality")}
    known: dict[str, object] = {name: value for name, value in told.items() if value and value != "auto"}
    if at := epoch(body.get("created", body.get("created_at"))):
        known["at"] = at
    return known


def _job(body: JSON) -> dict[str, object]:
    """Return the job status of an asynchronous answer (DALL-E 2 on Azure)."""
    status = text(body.get("status"))
    return {"status": status, "task_id": text(body.get("id"))} if status else {}


def _counts(bodies: Sequence[JSON]) -> list[Tokens]:
    """Return what each answer or event counts; SVG authoring is counted apart."""
    found = []
    for body in bodies:
        found.append(image_usage(mapping(body.get("usage"))))
        found.append(svg_usage(mapping(body.get("svg_usage"))))
    return [tokens for tokens in found if tokens is not None]
