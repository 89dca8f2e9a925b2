"""Translate useapi.net, a bridge to the customer's own Midjourney account that ended on 2026-06-24.

https://useapi.net/docs/api-v2/get-jobs-jobid and
https://useapi.net/docs/api-midjourney-v3/get-midjourney-jobs-jobid, checked 2026-11-22.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from policyengine.native import items, mapping, scalar_text, text, timestamp
from policyengine.provider import Claim, Dialect, Normalized
from policyengine_midjourney.shapes import TEXT_TASKS, addresses, joined, last_object
from policyengine_midjourney.wording import mode_asked, mode_observed, title_of

if TYPE_CHECKING:
    from policyengine.exchange import Exchange

__all__ = ["Useapi"]

Json = Mapping[str, object]

_HOST = "api.useapi.net"
_RUNNING = frozenset({"created", "started", "progress"})
_STATUSES = _RUNNING | {"completed", "failed", "moderated", "cancelled"}
_TEXT_VERBS = TEXT_TASKS | {"settings", "fast", "relax", "turbo", "remix", "variability", "prefer"}
_LOWEST_STATUS, _HIGHEST_STATUS = 400, 599
_ERROR_KEYS = frozenset({"error", "errorDetails", "code"})


class Useapi(Dialect):
    """Read a job or an error; Midjourney bills what the customer's own account does."""

    name: ClassVar[str] = "useapi"
    seller: ClassVar[str] = "midjourney"
    keys: ClassVar[frozenset[str]] = frozenset({"jobid", "error"})
    vocabulary: ClassVar[Mapping[str, frozenset[str]]] = {"status": _STATUSES}
    signals: ClassVar[Mapping[str, str]] = {"title": "text"}  # title of the Discord embed in an error

    def recognizes(self, exchange: Exchange) -> Claim:
        """Return how much the address or the keys look like useapi.net."""
        body = last_object(exchange.body)
        if exchange.host == _HOST or "jobid" in body:
            return Claim.CERTAIN
        if (
            not isinstance(body.get("error"), str)
            or type(body.get("code")) is not int
            or not body.keys() <= _ERROR_KEYS
        ):
            return Claim.NO
        # Others write `{"error": …, "code": …}` too: it counts only where the caller named the provider.
        return Claim.SHAPE if exchange.provider == self.provider or exchange.seller == self.name else Claim.MAYBE

    def normalize(self, exchange: Exchange) -> Normalized:
        """Return the facts of a job or of an error."""
        body = last_object(exchange.body)
        answer = mapping(body.get("response")) or body
        status, verb = text(body.get("status")), text(body.get("verb"))
        is_text_task = verb in _TEXT_VERBS
        message = joined(body.get("error"), body.get("errorDetails")) or _embed(answer) or text(exchange.body)
        content = answer.get("content")
        prompt = body.get("prompt") or mapping(body.get("request")).get("prompt")
        title = title_of(message) if message and status not in _RUNNING else None
        facts = exchange.facts(
            self,
            operation=verb,
            mode=mode_observed(content) or mode_asked(None, prompt),
            http_status=exchange.http_status or _http_status(body),
            status=status,
            code=scalar_text(body.get("code")),
            message=message,
            terminal=status not in _RUNNING if status in _STATUSES else True if "error" in body else None,
            images_requested=0 if is_text_task else None,
            images_delivered=_images(answer) if status == "completed" and not is_text_task else 0,
            at=timestamp(body.get("created")),
            task_id=text(body.get("jobid")),
            signal={"title": title} if title else None,
        )
        return facts, ()


def _http_status(body: Json) -> int | None:
    """Return the code of an error body, which repeats the HTTP status."""
    code = body.get("code")
    is_status = type(code) is int and _LOWEST_STATUS <= code <= _HIGHEST_STATUS
    return code if is_status and isinstance(code, int) else None


def _embed(answer: Json) -> str | None:
    embed = mapping(next(iter(items(answer.get("embeds"))), None))
    title, words = text(embed.get("title")), text(embed.get("description"))
    return f"[{title}] {words or ''}".rstrip() if title else words


def _images(answer: Json) -> int:
    """Return the tiles where they are listed, else the files of the message."""
    return addresses(answer.get("imageUx"), answer.get("attachments")) or 0
