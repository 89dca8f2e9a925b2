"""Translate the Batch API: one line or inlined response, a bare status, or the state of a job.

https://ai.google.dev/gemini-api/docs/batch-api, checked 2026-11-22.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import msgspec

from policyengine.intake import decoded
from policyengine.native import dig, items, mapping, scalar_text, text, timestamp
from policyengine.provider import Claim, Normalized
from policyengine_gemini.answer import is_answer, read_answer
from policyengine_gemini.generate import GenerateContent
from policyengine_gemini.request import model_name
from policyengine_gemini.rpc import error_in
from policyengine_gemini.vocabulary import JOB_STATES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from policyengine.exchange import Exchange

__all__ = ["GeminiBatch"]

_INLINED = (
    ("inlinedResponses",),
    ("inlined_responses",),
    ("dest", "inlinedResponses"),
    ("dest", "inlined_responses"),
    ("response", "inlinedResponses", "inlinedResponses"),
    ("metadata", "output", "inlinedResponses", "inlinedResponses"),
)
"""Where the answers of a job stand: in the SDK's BatchJob, in its destination, in the REST operation."""
_KEYS = frozenset({"response", "error", "state", "metadata", "inlinedResponses", "inlined_responses", "dest", "code"})
_LAST_RPC_CODE = 16
_FINAL = ("SUCCEEDED", "FAILED", "CANCELLED", "EXPIRED")


class GeminiBatch(GenerateContent):
    """Batch answers of the Gemini API and of Vertex: half the price, and no HTTP status of their own."""

    name = "gemini-batch"
    seller = "google-ai"
    keys = _KEYS
    vocabulary: ClassVar[Mapping[str, frozenset[str]]] = {**GenerateContent.vocabulary, "status": JOB_STATES}

    def recognizes(self, exchange: Exchange) -> Claim:
        """Return CERTAIN for lines and jobs, SHAPE for a bare google.rpc status."""
        body = exchange.body
        first = body[0] if isinstance(body, list) and body else body
        if not isinstance(first, dict):
            return Claim.NO
        if exchange.url and "/batches/" in exchange.url:
            return Claim.CERTAIN
        if _KEYS.isdisjoint(first):
            return Claim.NO
        if _is_line(first) or _state(first) or _inlined(first):
            return Claim.CERTAIN
        code = first.get("code")
        is_status = isinstance(code, int) and 0 < code <= _LAST_RPC_CODE and "message" in first
        return Claim.SHAPE if is_status else Claim.NO

    def split(self, body: object) -> Sequence[object]:
        """Return the lines of *body*, or the responses inlined in a job."""
        if isinstance(body, list):
            return body or [body]
        return _inlined(mapping(body)) or [body]

    def normalize(self, exchange: Exchange) -> Normalized:
        """Return the facts and the tokens of one batch item, or the state of a job whose answers lie elsewhere."""
        line = exchange.body
        if isinstance(line, list | tuple) and len(line) == 1:
            line = line[0]
        inlined = _inlined(mapping(line))
        if len(inlined) == 1:
            line = inlined[0]
        if not isinstance(line, dict):
            return super().normalize(exchange)
        if "request" in line and not exchange.request:
            exchange = msgspec.structs.replace(exchange, request=mapping(line["request"]))
        if not _is_line(line) and (state := _state(line)):
            return self._job(exchange, line, state)
        return self._item(exchange, line)

    def _item(self, exchange: Exchange, line: Mapping[str, object]) -> Normalized:
        more: dict[str, object] = {"tier": "batch", "task_id": scalar_text(line.get("key"))}
        answer = read_answer((line if is_answer(line) else line.get("response"), line))
        error = answer.error or _status_error(line)
        if error is not None:
            # The code of an item is no HTTP status: the call that fetched it had its own.
            return self.facts_of_error(exchange, error, http_status=exchange.http_status, **more), ()
        return self.translated(exchange, answer, streamed=False, **more)

    def _job(self, exchange: Exchange, job: Mapping[str, object], state: str) -> Normalized:
        found: dict[str, object] = {
            "tier": "batch",
            "status": state,
            "task_id": text(job.get("name")),
            "model": model_name(job.get("model") or dig(job, "metadata", "model")),
            "at": timestamp(job.get("createTime") or job.get("create_time") or dig(job, "metadata", "createTime")),
            "terminal": state.endswith(_FINAL),
        }
        if not state.endswith("SUCCEEDED"):
            found["images_delivered"] = 0
        found = {name: value for name, value in found.items() if value is not None}
        if error := error_in(job):
            return self.facts_of_error(exchange, error, http_status=exchange.http_status, **found), ()
        return exchange.facts(self, **found), ()


def _is_line(line: Mapping[str, object]) -> bool:
    """Return whether *line* is one result: `{"key", "response" | "error"}`, or Vertex's with the request repeated."""
    holds = is_answer(line.get("response")) or isinstance(line.get("error"), dict)
    if "key" in line or ("request" in line and "status" in line):
        return holds or ("jobid" not in line and ("response" in line or "status" in line))
    return is_answer(line.get("response")) or (holds and "metadata" in line and "name" not in line)


def _state(job: Mapping[str, object]) -> str | None:
    """Return the state of a job; the REST operation keeps it under metadata."""
    state = text(job.get("state")) or text(mapping(job.get("metadata")).get("state"))
    if state is None:
        return None
    state = state.removeprefix("JobState.")
    return state if state.startswith(("JOB_STATE_", "BATCH_STATE_")) else None


def _inlined(job: Mapping[str, object]) -> Sequence[object]:
    for path in _INLINED:
        if path[0] in job and (found := items(dig(job, *path))):
            return found
    return ()


def _status_error(line: Mapping[str, object]) -> Mapping[str, object] | None:
    """Return Vertex's `status` of a line that failed: words, with the JSON of the error after them."""
    status = text(line.get("status"))
    if status is None or is_answer(line.get("response")):
        return None
    inner, _ = decoded(status[status.find("{") :]) if "{" in status else (None, None)
    return error_in(mapping(inner)) or {"message": status}
