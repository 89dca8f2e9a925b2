"""Translate TTAPI: submits, fetches and hooks of its Midjourney service.

https://docs.ttapi.io/grids/en/development/response and
https://docs.ttapi.io/api/en/midjourney/fetch, checked 2026-11-22.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from policyengine.native import amount, scalar_text, text, timestamp
from policyengine.provider import Claim, Dialect, Normalized
from policyengine_midjourney.shapes import TEXT_TASKS, addresses, claim_of_called, is_called, last_object
from policyengine_midjourney.wording import mode_asked, mode_named

if TYPE_CHECKING:
    from policyengine.exchange import Exchange

__all__ = ["HOSTS", "Ttapi"]

Json = Mapping[str, object]

HOSTS = ("api.ttapi.io",)
_RUNNING = ("PENDING_QUEUE", "ON_QUEUE")
_STATUSES = frozenset({*_RUNNING, "SUCCESS", "FAILED"})
# A submit is answered with SUCCESS too; only a fetch has one of these.
_RESULT_KEYS = frozenset({"progress", "quota", "images", "cdnImages", "cdnImage", "discordImage", "seed", "action"})
_ENVELOPE = frozenset({"status", "message", "data"})


class Ttapi(Dialect):
    """Read what TTAPI answers: an envelope with a status, or the task alone as its pages show it."""

    name: ClassVar[str] = "ttapi"
    seller: ClassVar[str] = "ttapi"
    keys: ClassVar[frozenset[str]] = frozenset({"status", "jobId", "job_id"})
    vocabulary: ClassVar[Mapping[str, frozenset[str]]] = {"status": _STATUSES}

    def recognizes(self, exchange: Exchange) -> Claim:
        """Return how much the address or the keys look like TTAPI."""
        body = last_object(exchange.body)
        if is_called(exchange, self.seller, HOSTS):
            return claim_of_called(has_envelope="status" in body or "jobId" in body)
        inner = body.get("data")
        if text(body.get("status")) in _STATUSES:
            if "jobId" in body or (isinstance(inner, dict) and ("jobId" in inner or "job_id" in inner)):
                return Claim.CERTAIN
            return Claim.SHAPE if body.keys() == _ENVELOPE else Claim.NO
        return Claim.CERTAIN if "jobId" in body and "quota" in body else Claim.NO

    def normalize(self, exchange: Exchange) -> Normalized:
        """Return the facts of a submit, of a task or of an error."""
        body = last_object(exchange.body)
        inner = body.get("data")
        row = inner if isinstance(inner, dict) else body
        status = text(body.get("status"))
        has_result = not _RESULT_KEYS.isdisjoint(row)
        final = _is_final(status, row, has_result=has_result)
        operation = text(row.get("action"))
        is_text_task = operation in TEXT_TASKS
        done = final is True and status != "FAILED"
        quota = amount(row.get("quota"))
        facts = exchange.facts(
            self,
            operation=operation,
            mode=_mode(exchange, row),
            status=status,
            message=text(body.get("message")) or text(exchange.body),
            terminal=final,
            images_requested=0 if is_text_task else None,
            images_delivered=_images(row) if done and not is_text_task else 0,
            at=timestamp(row.get("submitTime")),
            task_id=scalar_text(row.get("jobId") or row.get("job_id") or body.get("jobId")),
            settled=quota if done else None,
            quoted=quota if final is False else None,
            money_unit=None if quota is None else "quota",
        )
        return facts, ()


def _is_final(status: str | None, row: Json, *, has_result: bool) -> bool | None:
    if status is None:
        return row.get("progress") in ("100", 100) if has_result else None
    if status == "SUCCESS":
        return has_result
    return False if status in _RUNNING else True if status == "FAILED" else None


def _images(row: Json) -> int:
    """Return the tiles, of which `cdnImages` are copies, or the grid as one file."""
    found = addresses(row.get("images"), row.get("cdnImages"))
    return found or (1 if any(text(row.get(name)) for name in ("cdnImage", "discordImage", "imageUrl")) else 0)


def _mode(exchange: Exchange, row: Json) -> str | None:
    asked = exchange.request
    found = mode_named(row.get("mode")) or mode_named(asked.get("mode")) or mode_asked(None, row.get("prompt"))
    # "mode … default fast" (https://learnku.com/articles/86213, TTAPI's author, checked 2026-11-22).
    return found or ("fast" if asked else None)
