"""Translate Ace Data Cloud: results, callbacks and records of its Midjourney service.

https://github.com/AceDataCloud/MidjourneyAPI/tree/main/docs and
https://docs.acedata.cloud/en/concepts/responses, checked 2026-11-22.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from policyengine.native import epoch, items, mapping, mappings, scalar_text, text
from policyengine.provider import Claim, Dialect, Normalized
from policyengine_midjourney.shapes import addresses, claim_of_called, is_called, last_object
from policyengine_midjourney.wording import mode_asked, mode_named

if TYPE_CHECKING:
    from policyengine.exchange import Exchange
    from policyengine.facts import Signal

__all__ = ["HOSTS", "Acedata"]

Json = Mapping[str, object]

HOSTS = ("api.acedata.cloud",)
_CODES = frozenset(
    {
        *("bad_request", "no_token", "invalid_token", "token_mismatched", "token_expired", "api_not_implemented"),
        *("used_up", "forbidden", "disabled", "not_found", "too_many_requests", "api_error", "task_failed", "timeout"),
    }
)
_OWN_KEYS = frozenset({"raw_image_url", "sub_image_urls"})
_RECORD_KEYS = frozenset({"application_id", "credential_id"})
_PATHS = (("/midjourney/edits", "edits"), ("/midjourney/imagine", "imagine"), ("/midjourney/describe", "describe"))


class Acedata(Dialect):
    """Read a result, a task's record with its request and response, or a look-up of several records."""

    name: ClassVar[str] = "acedata"
    seller: ClassVar[str] = "acedata"
    keys: ClassVar[frozenset[str]] = frozenset({"success", "task_id", "trace_id", "items", "request", "descriptions"})
    vocabulary: ClassVar[Mapping[str, frozenset[str]]] = {"code": _CODES}
    signals: ClassVar[Mapping[str, str]] = {
        "success": "boolean",  # what the answer says of the task, or of any of several
        "is_hold": "boolean",  # the customer's own Midjourney account did the work
    }

    def recognizes(self, exchange: Exchange) -> Claim:
        """Return how much the address or the keys look like Ace Data Cloud."""
        body = last_object(exchange.body)
        if is_called(exchange, self.seller, HOSTS):
            return claim_of_called(has_envelope=not self.keys.isdisjoint(body))
        first = next(mappings(body.get("items")), body)
        if not _RECORD_KEYS.isdisjoint(first) and "request" in first:
            return Claim.CERTAIN
        if isinstance(body.get("success"), bool) and "task_id" in body and not _OWN_KEYS.isdisjoint(body):
            return Claim.CERTAIN
        if "trace_id" in body and ("error" in body or "success" in body or "task_id" in body):
            is_own = "success" in body or text(mapping(body.get("error")).get("code")) in _CODES
            return Claim.CERTAIN if is_own else Claim.SHAPE
        return Claim.MAYBE if body.keys() == {"task_id"} or body.keys() == {"descriptions"} else Claim.NO

    def split(self, body: object) -> Sequence[object]:
        """Return the records of a look-up of several tasks."""
        return list(mappings(mapping(body).get("items"))) or [body]

    def normalize(self, exchange: Exchange) -> Normalized:
        """Return the facts of a result or a record; of several records what they hold together."""
        body = last_object(exchange.body)
        records = list(mappings(body.get("items"))) or [body]
        record = records[0]
        results = [_result(one) for one in records]
        result = next((one for one in results if one.get("success") is not True), results[0])
        made = [one for one in results if _is_success(one)]
        asked = mapping(record.get("request"))
        error = mapping(result.get("error"))
        operation = _operation(exchange, record, results[0])
        is_text_task = operation == "describe"
        final = _is_final(result, is_record="request" in record)
        is_short = len(records) > 1 and len(made) < len(records)
        facts = exchange.facts(
            self,
            operation=operation,
            mode=mode_named(asked.get("mode")) or mode_named(exchange.request.get("mode")) or _flag(asked),
            code=scalar_text(error.get("code")) or text(result.get("code")),
            message=text(error.get("message")) or text(result.get("error")) or text(exchange.body),
            terminal=final,
            images_requested=0 if is_text_task else len(records) if is_short else None,
            images_delivered=0 if is_text_task else sum(map(_images, made)),
            at=epoch(record.get("created_at")),
            task_id=scalar_text(result.get("task_id")) or scalar_text(record.get("id")),
            request_id=text(result.get("trace_id")) or text(body.get("trace_id")),
            signal=_signals(record, made=bool(made), final=final),
        )
        return facts, ()


def _result(record: Json) -> Json:
    """Return the response inside a task's record, or the answer itself; an empty one while the task runs."""
    return mapping(record.get("response")) if "request" in record else record


def _is_success(result: Json) -> bool:
    # A description has no `success` of its own (describe guide, checked 2026-11-22).
    return result.get("success") is True or bool(items(result.get("descriptions")))


def _is_final(result: Json, *, is_record: bool) -> bool | None:
    if isinstance(result.get("success"), bool) or "error" in result or "descriptions" in result:
        return result.get("progress") in (None, 100) or result.get("success") is not True
    return False if is_record or "task_id" in result else None


def _operation(exchange: Exchange, record: Json, result: Json) -> str | None:
    """Return the operation by the record, the address, or the answer: only an imagine lists next actions."""
    if kind := text(record.get("type")):
        return kind
    for path, name in _PATHS if exchange.url else ():
        if path in (exchange.url or ""):
            return name
    if "descriptions" in result:
        return "describe"
    return "imagine" if "actions" in result else None


def _flag(asked: Json) -> str | None:
    return mode_asked(None, asked.get("prompt"))


def _images(result: Json) -> int:
    """Return the single images where the grid was split, else the grid as one file."""
    found = addresses(result.get("sub_image_urls"), result.get("video_urls"))
    return found or (1 if text(result.get("image_url")) or text(result.get("raw_image_url")) else 0)


def _signals(record: Json, *, made: bool, final: bool | None) -> dict[str, Signal] | None:
    found: dict[str, Signal] = {}
    if made or final:
        found["success"] = made
    if record.get("hold") is True:
        found["is_hold"] = True
    return found or None
