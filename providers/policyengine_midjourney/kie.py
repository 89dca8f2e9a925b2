"""Translate Kie: its Midjourney tasks and the tasks of its market.

https://docs.kie.ai/mj-api/get-mj-task-details and
https://docs.kie.ai/market/common/get-task-detail, checked 2026-11-22. `costTime` is milliseconds, not money.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from policyengine.native import epoch, mapping, scalar_text, text, timestamp
from policyengine.provider import Claim, Dialect, Normalized
from policyengine_midjourney.shapes import addresses, claim_of_called, is_called, last_object, written_object
from policyengine_midjourney.wording import mode_named

if TYPE_CHECKING:
    from policyengine.exchange import Exchange

__all__ = ["HOSTS", "Kie"]

Json = Mapping[str, object]

HOSTS = ("api.kie.ai",)
_RUNNING = frozenset({"0", "waiting", "queuing", "generating"})
_DONE = frozenset({"1", "success"})
_FAILED = frozenset({"2", "3", "fail"})
_STATUSES = _RUNNING | _DONE | _FAILED
_CODES = frozenset({"400", "401", "402", "404", "422", "429", "455", "500", "501", "505"})
_TASK_KEYS = frozenset({"successFlag", "state", "resultJson", "resultInfoJson", "resultUrls", "paramJson", "failCode"})
_RESULT_KEYS = ("resultInfoJson", "resultJson", "info", "response")


class Kie(Dialect):
    """Read Kie's envelope; the status is the flag of a Midjourney task or the state of a market task."""

    name: ClassVar[str] = "kie"
    seller: ClassVar[str] = "kie"
    keys: ClassVar[frozenset[str]] = frozenset({"code"})
    vocabulary: ClassVar[Mapping[str, frozenset[str]]] = {"status": _STATUSES, "code": _CODES}

    def recognizes(self, exchange: Exchange) -> Claim:
        """Return how much the address or the keys look like Kie."""
        body = last_object(exchange.body)
        if is_called(exchange, self.seller, HOSTS):
            return claim_of_called(has_envelope="code" in body and ("msg" in body or "message" in body))
        task = mapping(body.get("data"))
        if "taskId" not in task or not isinstance(body.get("code"), int):
            return Claim.NO
        return Claim.SHAPE if _TASK_KEYS.isdisjoint(task) else Claim.CERTAIN

    def normalize(self, exchange: Exchange) -> Normalized:
        """Return the facts of a task, of a submit, of a callback or of an error."""
        body = last_object(exchange.body)
        task = mapping(body.get("data"))
        status = scalar_text(task.get("state")) or scalar_text(task.get("successFlag"))
        outer = scalar_text(body.get("code"))
        code = scalar_text(task.get("failCode")) or scalar_text(task.get("errorCode"))
        if code in (None, "0") and status not in _DONE:
            code = None if outer == "200" else outer
        images = _images(task)
        is_called_back = status is None and images is not None and code is None
        final = _is_final(status, code, is_called_back=is_called_back, has_task="taskId" in task)
        asked = written_object(task.get("paramJson") or task.get("param"))
        inner = mapping(asked.get("input"))
        facts = exchange.facts(
            self,
            model=text(task.get("model")),
            operation=text(task.get("taskType")),
            mode=mode_named(asked.get("speed")) or mode_named(inner.get("speed")),
            status=status,
            code=None if status in _DONE else code,
            message=_message(exchange, body, task, outer),
            terminal=final,
            images_delivered=(images or 0) if status in _DONE or is_called_back else 0,
            at=epoch(task.get("createTime")) or timestamp(task.get("createTime")),
            task_id=scalar_text(task.get("taskId")),
        )
        return facts, ()


def _is_final(status: str | None, code: str | None, *, is_called_back: bool, has_task: bool) -> bool | None:
    if status in _STATUSES:
        return status not in _RUNNING
    if code is not None or is_called_back:
        return True
    return False if has_task and status is None else None


def _message(exchange: Exchange, body: Json, task: Json, outer: str | None) -> str | None:
    found = text(task.get("failMsg")) or text(task.get("errorMessage"))
    if found is not None or outer == "200":
        return found
    return text(body.get("msg")) or text(body.get("message")) or text(exchange.body)


def _images(task: Json) -> int | None:
    """Return the results, which stand in an object, in JSON inside a string, or in the task itself."""
    for name in _RESULT_KEYS:
        if name in task:
            found = addresses(written_object(task[name]).get("resultUrls"))
            if found is not None:
                return found
    return addresses(task.get("resultUrls"))
