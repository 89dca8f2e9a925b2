"""Read a GenerateContentResponse, or its chunks, as one answer: camelCase from the wire, snake_case from SDKs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policyengine.native import items, mapping, mappings, text
from policyengine_gemini.rpc import error_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["ANSWER_KEYS", "Answer", "is_answer", "read_answer"]

ANSWER_KEYS = frozenset({"candidates", "promptFeedback", "usageMetadata", "prompt_feedback", "usage_metadata"})
_UNFINISHED = (None, "STOP", "CONTINUATION", "FINISH_REASON_UNSPECIFIED")
_QUERIES = ("webSearchQueries", "web_search_queries", "imageSearchQueries", "image_search_queries")


class Answer:
    """Gather what the chunks of one response say; what none of them says keeps the default of the class."""

    candidates = 0
    """Candidates in all chunks."""
    parts = 0
    """Parts of their content: without any, images cannot be counted."""
    images = 0
    drafts = 0
    """Images inside the thinking; the final one is sent again as the answer."""
    searches = 0
    texts: tuple[str, ...] = ()
    finish_reason: str | None = None
    finish_message: str | None = None
    block_reason: str | None = None
    block_message: str | None = None
    category: tuple[str, ...] = ()
    usage: Mapping[str, object] | None = None
    error: Mapping[str, object] | None = None
    model: object = None
    response_id: object = None
    created: object = None
    tier: object = None

    @property
    def is_final(self) -> bool:
        """Return whether anything says that the response has ended."""
        if self.finish_reason is not None:
            return self.finish_reason != "CONTINUATION"
        said = (self.error, self.block_reason, self.block_message, self.finish_message)
        return any(word is not None for word in said)

    @property
    def text(self) -> str | None:
        """Return what the model wrote, its thinking left out."""
        return "".join(self.texts) or None


def is_answer(body: object) -> bool:
    """Return whether *body* is a response of generateContent."""
    return isinstance(body, dict) and not ANSWER_KEYS.isdisjoint(body)


def read_answer(chunks: Iterable[object]) -> Answer:
    """Return what *chunks* say together; usage comes from the last one that has it."""
    found = Answer()
    for chunk in chunks:
        if isinstance(chunk, dict):
            _read_chunk(found, chunk)
    return found


def _read_chunk(found: Answer, chunk: Mapping[str, object]) -> None:
    get = chunk.get
    candidates = get("candidates")
    if isinstance(candidates, list | tuple):
        for candidate in candidates:
            if isinstance(candidate, dict):
                _read_candidate(found, candidate)
    if feedback := get("promptFeedback") or get("prompt_feedback"):
        _read_feedback(found, mapping(feedback))
    usage = get("usageMetadata") or get("usage_metadata")
    if isinstance(usage, dict):
        found.usage = usage
    if found.error is None:
        found.error = error_in(chunk)
    _read_envelope(found, chunk)


def _read_envelope(found: Answer, chunk: Mapping[str, object]) -> None:
    get = chunk.get
    if model := get("modelVersion") or get("model_version"):
        found.model = model
    if response_id := get("responseId") or get("response_id"):
        found.response_id = response_id
    if created := get("createTime") or get("create_time"):
        found.created = created
    if tier := get("serviceTier") or get("service_tier"):
        found.tier = tier


def _read_candidate(found: Answer, candidate: Mapping[str, object]) -> None:
    get = candidate.get
    found.candidates += 1
    content = get("content")
    if isinstance(content, dict) and (parts := content.get("parts")):
        _read_parts(found, parts)
    reason = get("finishReason") or get("finish_reason")
    # A filter on one candidate, or in one chunk, is not undone by the STOP of another.
    if isinstance(reason, str) and reason and found.finish_reason in _UNFINISHED:
        found.finish_reason = reason.removeprefix("FinishReason.")
    message = get("finishMessage") or get("finish_message")
    if isinstance(message, str) and message:
        found.finish_message = message
    if ratings := get("safetyRatings") or get("safety_ratings"):
        found.category += _flagged(ratings)
    if grounding := get("groundingMetadata") or get("grounding_metadata"):
        found.searches += _searches(mapping(grounding))


def _read_parts(found: Answer, parts: object) -> None:
    for part in mappings(parts):
        found.parts += 1
        blob = part.get("inlineData") or part.get("inline_data") or part.get("fileData") or part.get("file_data")
        image = _is_image(blob)
        if part.get("thought") is True:
            found.drafts += image
        elif image:
            found.images += 1
        elif written := text(part.get("text")):
            found.texts += (written,)


def _is_image(blob: object) -> bool:
    if not isinstance(blob, dict):
        return False
    kind = blob.get("mimeType") or blob.get("mime_type")
    return not isinstance(kind, str) or kind.startswith("image/")


def _read_feedback(found: Answer, feedback: Mapping[str, object]) -> None:
    """Read the verdict on the prompt; feedback without a reason or a message is no block."""
    reason = text(feedback.get("blockReason") or feedback.get("block_reason"))
    if reason is not None:
        reason = reason.removeprefix("BlockedReason.")
        found.block_reason = None if reason == "BLOCKED_REASON_UNSPECIFIED" else reason
    found.block_message = text(feedback.get("blockReasonMessage") or feedback.get("block_reason_message"))
    ratings = feedback.get("safetyRatings") or feedback.get("safety_ratings")
    if ratings and (found.block_reason or found.block_message):
        found.category += _flagged(ratings) or _likely(ratings)


def _flagged(ratings: object) -> tuple[str, ...]:
    """Return the categories that a filter acted on."""
    acted = [rating for rating in items(ratings) if isinstance(rating, dict) and rating.get("blocked") is True]
    return tuple(name for rating in acted if (name := text(rating.get("category")))) if acted else ()


def _likely(ratings: object) -> tuple[str, ...]:
    """Return the categories of high or medium probability: what stands behind a block when none is flagged."""
    likely = (rating for rating in mappings(ratings) if rating.get("probability") in ("HIGH", "MEDIUM"))
    return tuple(name for rating in likely if (name := text(rating.get("category"))))


def _searches(grounding: Mapping[str, object]) -> int:
    """Count the search queries; answers list empty strings among them (gemini-3-pro-image, checked 2026-11-22)."""
    return sum(1 for key in _QUERIES for query in items(grounding.get(key)) if text(query))
