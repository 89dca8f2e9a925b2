"""Translate the unified task format of GoAPI, PiAPI and LegNext, and GoAPI's older one.

https://piapi.ai/docs/midjourney-api/imagine, https://docs.legnext.ai and the package
legnext 0.3.0, checked 2026-11-22. PiAPI ended its Midjourney service in 2026 and names LegNext.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from policyengine.native import amount, epoch, items, mapping, scalar_text, text, timestamp
from policyengine.provider import Claim, Dialect, Normalized
from policyengine_midjourney.shapes import TEXT_TASKS, addresses, claim_of_called, is_called, joined, last_object
from policyengine_midjourney.wording import mode_asked, mode_named

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal

    from policyengine.exchange import Exchange

__all__ = ["HOSTS", "Goapi", "Legnext", "Piapi"]

Json = Mapping[str, object]

HOSTS: Mapping[str, tuple[str, ...]] = {
    "legnext": ("api.legnext.ai",),
    "goapi": ("api.goapi.ai", "api.midjourneyapi.xyz"),
    "piapi": ("api.piapi.ai",),
}
_RUNNING = frozenset({"pending", "staged", "processing", "queued", "retry"})
_DONE = frozenset({"completed", "finished", "success"})
_STATUSES = _RUNNING | _DONE | {"failed", "cancelled", "canceled"}
_UNITS = ("point", "credit")
_TASK_KEYS = frozenset({"task_type", "task_result"})


class Unified(Dialect):
    """Read the task that the three sellers write alike: alone, or below `data`."""

    keys: ClassVar[frozenset[str]] = frozenset({"data", "task_id", "job_id", "message", "error"})
    vocabulary: ClassVar[Mapping[str, frozenset[str]]] = {"status": _STATUSES}

    def recognizes(self, exchange: Exchange) -> Claim:
        """Return CERTAIN to the seller that is called, or else to the one whose layout it is."""
        called = next((name for name, hosts in HOSTS.items() if is_called(exchange, name, hosts)), None)
        body = last_object(exchange.body)
        task = _task(body)
        if called is not None:
            has_envelope = "status" in task or ("code" in body and "message" in body)
            return claim_of_called(has_envelope=has_envelope) if called == self.name else Claim.NO
        if ("task_id" not in task and "job_id" not in task) or _TASK_KEYS.isdisjoint(task):
            return Claim.NO
        layout = "goapi" if "task_result" in task else "piapi" if task is not body else "legnext"
        return Claim.CERTAIN if layout == self.name else Claim.NO

    def normalize(self, exchange: Exchange) -> Normalized:
        """Return the facts of a task, of a submit or of an error."""
        body = last_object(exchange.body)
        task = _task(body)
        meta, asked = mapping(task.get("meta")), mapping(task.get("input"))
        result = task.get("task_result") if "task_result" in task else task.get("output")
        output = mapping(result)
        status = _lower(task.get("status"))
        final = _is_final(status, task)
        operation = text(task.get("task_type")) or text(meta.get("task_type"))
        is_text_task = operation in TEXT_TASKS
        error = mapping(task.get("error"))
        money = _money(meta, output, final=final)
        mode = mode_named(asked.get("process_mode")) or mode_named(meta.get("process_mode"))
        facts = exchange.facts(
            self,
            model=text(task.get("model")),
            operation=operation,
            mode=mode or mode_asked(None, asked.get("prompt")),
            status=status,
            code=_code(body, error),
            message=_message(exchange, body, error, output),
            terminal=final,
            images_requested=0 if is_text_task else None,
            images_delivered=_images(output) if status in _DONE and final and not is_text_task else 0,
            at=_moment(meta.get("created_at")),
            task_id=scalar_text(task.get("task_id") or task.get("job_id")),
            settled=money.settled,
            quoted=money.quoted,
            money_unit=money.unit,
        )
        return facts, ()


class Legnext(Unified):
    """LegNext: the task alone, with a `job_id`, and what it consumed."""

    name: ClassVar[str] = "legnext"
    seller: ClassVar[str] = "legnext"


class Goapi(Unified):
    """GoAPI: its older task with a `task_result`, and the unified one at its address."""

    name: ClassVar[str] = "goapi"
    seller: ClassVar[str] = "goapi"


class Piapi(Unified):
    """PiAPI: the task below `data`."""

    name: ClassVar[str] = "piapi"
    seller: ClassVar[str] = "piapi"


class _Money(NamedTuple):
    settled: Decimal | None = None
    quoted: Decimal | None = None
    unit: str | None = None


def _task(body: Json) -> Json:
    inner = body.get("data")
    return inner if isinstance(inner, dict) and ("task_id" in inner or "job_id" in inner) else body


def _lower(value: object) -> str | None:
    """Return a status in lower case: PiAPI's pages capitalise it."""
    return value.lower() if isinstance(value, str) and value else None


def _is_final(status: str | None, task: Json) -> bool | None:
    if status == "success":  # GoAPI's older submit says no more than that
        return "task_result" in task or "output" in task
    return None if status not in _STATUSES else status not in _RUNNING


def _code(body: Json, error: Json) -> str | None:
    """Return the code of an error; the error object is always there, with code 0 for none."""
    code = scalar_text(error.get("code"))
    if code not in (None, "0"):
        return code
    outer = scalar_text(body.get("code"))
    return None if outer in ("0", "200") else outer


def _message(exchange: Exchange, body: Json, error: Json, output: Json) -> str | None:
    found = joined(error.get("message"), error.get("raw_message"), *items(output.get("error_messages")))
    if found is not None:
        return found
    outer = text(body.get("message"))
    return None if outer == "success" else outer or text(body.get("detail")) or text(exchange.body)


def _money(meta: Json, output: Json, *, final: bool | None) -> _Money:
    """Return what the task froze and, at its end, what it consumed."""
    usage = mapping(meta.get("usage"))
    unit = _lower(usage.get("type"))
    if unit in _UNITS:
        frozen, consumed = amount(usage.get("frozen")), amount(usage.get("consume"))
        if final and (consumed or not frozen):
            return _Money(settled=consumed, unit=unit)
        return _Money(quoted=frozen, unit=unit)
    if final and (credit := amount(output.get("credit"))) is not None:
        return _Money(settled=credit, unit="credit")
    frozen = amount(meta.get("quota_frozen"))
    return _Money() if frozen is None else _Money(quoted=frozen, unit="quota")


def _images(output: Json) -> int:
    """Return the tiles where they are listed, else the grid as one file."""
    found = addresses(output.get("image_urls"), output.get("temporary_image_urls"))
    return found or (1 if any(text(output.get(name)) for name in _GRID) else 0)


_GRID = ("image_url", "discord_image_url", "permanent_url", "video_url")


def _moment(written: object) -> datetime | None:
    return timestamp(written) if isinstance(written, str) else epoch(written)
