"""Translate AutoJourney, a bridge of 2023.

https://apifox.com/apidoc/shared/a015c89e-a894-4404-99a6-9bb604bc9435, checked 2026-11-22.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from policyengine.native import epoch, mapping, scalar_text, text
from policyengine.provider import Claim, Dialect, Normalized
from policyengine_midjourney.shapes import addresses, claim_of_called, is_called, last_object

if TYPE_CHECKING:
    from policyengine.exchange import Exchange

__all__ = ["HOSTS", "Autojourney"]

Json = Mapping[str, object]

HOSTS = ("mj-api.168api.cn",)
_ENVELOPE = frozenset({"code", "msg", "data", "time"})
# The task's own codes: 0 waiting, 1 running, 2 finished, 3 failed; beside them the same in words.
_RUNNING = frozenset({"0", "1", "commit", "send", "pending", "running"})
_DONE = frozenset({"2", "finished"})
_FAILED = frozenset({"3", "error", "banned", "invalid params", "invalid link", "timeout"})
_CODES = frozenset({"0", *(str(code) for code in range(100_000, 100_009))})
_PICTURES = ("image_url", "img_url", "imageUrl", "url", "image", "img")


class Autojourney(Dialect):
    """Read its envelope: a code, a message, the task, and the time of the answer."""

    name: ClassVar[str] = "autojourney"
    seller: ClassVar[str] = "autojourney"
    keys: ClassVar[frozenset[str]] = frozenset({"code"})
    vocabulary: ClassVar[Mapping[str, frozenset[str]]] = {"status": _RUNNING | _DONE | _FAILED, "code": _CODES}

    def recognizes(self, exchange: Exchange) -> Claim:
        """Return how much the address or the envelope looks like AutoJourney."""
        body = last_object(exchange.body)
        if is_called(exchange, self.seller, HOSTS):
            return claim_of_called(has_envelope="code" in body and "msg" in body)
        return Claim.SHAPE if body.keys() == _ENVELOPE and type(body["code"]) is int else Claim.NO

    def normalize(self, exchange: Exchange) -> Normalized:
        """Return the facts of a task, of a submit or of an error."""
        body = last_object(exchange.body)
        task = mapping(body.get("data"))
        code = scalar_text(body.get("code"))
        status = text(task.get("status")) or scalar_text(task.get("status_code"))
        is_accepted = code == "0" and status is None and "task_id" in task
        done = status in _DONE
        facts = exchange.facts(
            self,
            status=status,
            code=code,
            message=None if code == "0" and status not in _FAILED else text(body.get("msg")) or text(exchange.body),
            terminal=_is_final(status, code, is_accepted=is_accepted),
            images_delivered=_images(task) if done else 0,
            at=epoch(body.get("time")),
            task_id=scalar_text(task.get("task_id")),
        )
        return facts, ()


def _is_final(status: str | None, code: str | None, *, is_accepted: bool) -> bool | None:
    if is_accepted or status in _RUNNING:
        return False
    return True if status in _DONE or status in _FAILED or code not in (None, "0") else None


def _images(task: Json) -> int | None:
    """Return the pictures; None when the task shows none of the names we know: its page lists no fields."""
    found = addresses(task.get("images"), task.get("image_urls"), task.get("urls"))
    return found or (1 if any(text(task.get(name)) for name in _PICTURES) else None)
