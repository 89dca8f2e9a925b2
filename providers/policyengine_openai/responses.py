"""Translate the Responses API: a text model that may call the image tool, whole or streamed.

https://developers.openai.com/api/reference/resources/responses, checked 2026-11-22.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import msgspec
from msgspec import Struct

from policyengine.facts import UsageRow
from policyengine.native import count, epoch, items, mapping, mappings, text
from policyengine.provider import Claim, Dialect, Normalized
from policyengine_openai import claims
from policyengine_openai.batch import answer_of_line, is_batch_line
from policyengine_openai.envelope import JSON
from policyengine_openai.models import IMAGE_TOOL
from policyengine_openai.response_events import read_response
from policyengine_openai.signals import error_facts, header_facts, text_facts
from policyengine_openai.usage import Tokens, image_usage, summed, svg_usage, text_usage
from policyengine_openai.vocabulary import CODES, INCOMPLETE_REASONS, RESPONSE_STATUSES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from policyengine.exchange import Exchange

__all__ = ["OpenAIResponses"]

_OPEN_STATUSES = frozenset({"queued", "in_progress"})
_TIERS = frozenset({"flex", "priority"})
_KEPT_TEXT = 4096
_CALL = "image_generation_call"


class _Output(Struct, frozen=True):
    """Hold what the items of one answer amount to."""

    calls: tuple[JSON, ...]
    """The image calls that ended or run."""
    text: str | None
    refuses: bool


class OpenAIResponses(Dialect):
    """Read answers of the Responses API; the text model is the model, image calls have one of their own."""

    name: ClassVar[str] = "openai-responses"
    seller: ClassVar[str] = "openai"
    hidden_retries: ClassVar[int] = 2
    vocabulary: ClassVar[Mapping[str, frozenset[str]]] = {
        "status": RESPONSE_STATUSES,
        "finish_reason": INCOMPLETE_REASONS,
        "code": CODES,
    }
    signals: ClassVar[Mapping[str, str]] = {"image_calls": "integer", "image_model": "text", "refusal": "boolean"}

    def recognizes(self, exchange: Exchange) -> Claim:
        """Claim what has the shape of a response, of its events, or was sent to its address."""
        return claims.of_responses(exchange)

    def normalize(self, exchange: Exchange) -> Normalized:
        """Return the facts and the usage of *exchange*."""
        body = exchange.body
        if type(body) is dict and "custom_id" in body and is_batch_line(body):
            facts, rows = self.normalize(answer_of_line(exchange, body))
            return msgspec.structs.replace(facts, tier="batch"), rows
        if type(body) is dict or type(body) is list:
            response, error = read_response(body)
            return self._read(exchange, response, error)
        return self._done(exchange, text_facts(exchange, body) if type(body) is str and body else {})

    def split(self, body: object) -> Sequence[object]:
        """Return the lines of a Batch output file, else *body* alone."""
        lines = items(body)
        return lines if lines and all(is_batch_line(line) for line in lines) else [body]

    def _read(self, exchange: Exchange, response: JSON, error: tuple[JSON, JSON] | None) -> Normalized:
        output = _read_output(response)
        made = [call for call in output.calls if text(call.get("result"))]
        lost = [call for call in output.calls if _has_failed(call)]
        if error is None:
            error = next(((response, fault) for call in lost if (fault := mapping(call.get("error")))), None)
        tool = _image_tool(response) or _image_tool(exchange.request)
        known = error_facts(exchange, *error) if error is not None else {}
        known |= _state(response) | _image_shape(made or output.calls)
        known |= {
            "model": text(response.get("model")) or known.get("model") or _excerpt_model(exchange, tool),
            "images_delivered": None if error is None and _is_excerpt(response) else len(made),
            "images_requested": _requested(tool, len(output.calls)),
            "images_withheld": len(lost) or None,
            "text": output.text,
            "signal": _signals(tool, output, is_told="output" in response),
        }
        if "status" in known and error is None:
            known["terminal"] = known["status"] not in _OPEN_STATUSES
        image_model = text(tool.get("model")) or IMAGE_TOOL
        counts = list(_counts(response, output.calls, image_model))
        is_counted = any(tokens.image for tokens in counts)
        pieces = (UsageRow("image", "image", len(made), image_model),) if made and not is_counted else ()
        return self._done(exchange, known, counts, pieces)

    def _done(
        self,
        exchange: Exchange,
        known: dict[str, object],
        counts: Sequence[Tokens] = (),
        pieces: tuple[UsageRow, ...] = (),
    ) -> Normalized:
        if exchange.transport_error is not None and known.get("images_delivered") is None:
            known["images_delivered"] = 0
        if exchange.headers:
            header_facts(exchange, known)
        known |= summed(counts)
        return exchange.facts(self, **known), (*(row for tokens in counts for row in tokens.rows()), *pieces)


def _image_tool(holder: JSON) -> JSON:
    """Return the image tool that a response or a request lists."""
    return next((tool for tool in mappings(holder.get("tools")) if tool.get("type") == "image_generation"), {})


def _excerpt_model(exchange: Exchange, tool: JSON) -> str | None:
    """Return the model of the image tool where nobody names the one in front of it."""
    return None if exchange.model or "model" in exchange.request else text(tool.get("model"))


def _state(response: JSON) -> dict[str, object]:
    """Return what the response says of itself."""
    tier = response.get("service_tier")
    known: dict[str, object] = {
        "status": text(response.get("status")),
        "finish_reason": text(mapping(response.get("incomplete_details")).get("reason")),
        "task_id": text(response.get("id")),
        "at": epoch(response.get("created_at")),
        "tier": tier if isinstance(tier, str) and tier in _TIERS else None,
    }
    return {name: value for name, value in known.items() if value is not None}


def _read_output(response: JSON) -> _Output:
    calls: list[JSON] = []
    words: list[str] = []
    refuses = False
    for item in mappings(response.get("output")):
        if item.get("type") == _CALL:
            calls.append(item)
        for part in mappings(item.get("content")):
            if word := text(part.get("text")) or text(part.get("refusal")):
                words.append(word)
            refuses = refuses or part.get("type") == "refusal"
    return _Output(tuple(calls), "\n".join(words)[:_KEPT_TEXT] or None, refuses)


def _has_failed(call: JSON) -> bool:
    """Return whether a call brought nothing; a result counts whatever the status says.

    Azure's last `output_item.done` has the status "generating" beside a finished result
    (github.com/openai/openai-node/pull/2617, checked 2026-11-22).
    """
    return not text(call.get("result")) and (call.get("status") == "failed" or isinstance(call.get("error"), dict))


def _is_excerpt(response: JSON) -> bool:
    """Return whether only usage and tools were kept, so that nobody can tell what was delivered."""
    return not any(name in response for name in ("output", "status", "object"))


def _requested(tool: JSON, calls: int) -> int | None:
    """Return the images asked for: `n` of the tool, for each time it was called."""
    each = count(tool.get("n"))
    return each * max(1, calls) if each else None


def _signals(tool: JSON, output: _Output, *, is_told: bool) -> dict[str, str | int | bool]:
    signals: dict[str, str | int | bool] = {}
    if is_told:
        signals["image_calls"] = len(output.calls)
    if image_model := text(tool.get("model")):
        signals["image_model"] = image_model
    if output.refuses:
        signals["refusal"] = True
    return signals


def _image_shape(calls: Sequence[JSON]) -> dict[str, object]:
    """Return size and quality of the first image; `auto` tells nothing."""
    first = calls[0] if calls else {}
    told = {name: text(first.get(name)) for name in ("size", "quality")}
    action = {"generate": "generate", "edit": "edit"}.get(str(first.get("action")))
    known: dict[str, object] = {name: value for name, value in told.items() if value and value != "auto"}
    return known | ({"operation": action} if action else {})


def _counts(response: JSON, calls: Sequence[JSON], image_model: str) -> Iterator[Tokens]:
    """Yield what each model consumed: `usage` leaves the images out, `tool_usage` may be missing."""
    if words := text_usage(mapping(response.get("usage")), model=text(response.get("model"))):
        yield words
    if images := image_usage(mapping(mapping(response.get("tool_usage")).get("image_gen")), model=image_model):
        yield images
    for call in calls:
        if svg := svg_usage(mapping(call.get("svg_usage"))):
            yield svg
