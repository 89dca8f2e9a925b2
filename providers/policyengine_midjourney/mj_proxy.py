"""Translate the midjourney-proxy family: submits, tasks, webhooks, and rows of new-api.

novicezk, litter-coder (plus), trueai-org and new-api speak it with different words
(https://github.com/novicezk/midjourney-proxy/blob/main/docs/api.md,
https://github.com/QuantumNous/new-api-docs, checked 2026-11-22). The status decides,
not the code: 21 has three meanings, and new-api rewrites 21 and 22 to 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar

from policyengine.facts import UsageRow
from policyengine.native import amount, count, items, mapping, scalar_text, text
from policyengine.provider import Claim, Dialect, Normalized
from policyengine_midjourney.wording import mode_asked, mode_named, mode_observed, title_of

if TYPE_CHECKING:
    from policyengine.exchange import Exchange
    from policyengine.facts import Facts, Signal

__all__ = ["MjProxy"]

Json = Mapping[str, object]

_FINISHED = frozenset({"SUCCESS", "FAILURE", "CANCEL"})
_RUNNING = frozenset({"NOT_START", "SUBMITTED", "IN_PROGRESS", "MODAL", "QUEUED", "PENDING", "UNKNOWN"})
_STATUSES = _FINISHED | _RUNNING
# Tasks that ask for no image succeed with text; the imageUrl of a DESCRIBE is its input.
_TEXT_ACTIONS = frozenset({"DESCRIBE", "SHORTEN", "SEED", "INFO", "PIC_READER", "UPLOAD", "PROMPT_ANALYZE"})
_CODES = frozenset({"1", "3", "4", "5", "9", "21", "22", "23", "24", "25", "30", "success"})
_FAMILY_KEYS = frozenset({"failReason", "fail_reason", "promptEn", "prompt_en", "mj_id", "buttons", "imageUrl"})
_LARGEST_SEED = 2**32 - 1
_SEED_DIGITS = 10
_MS_PER_S = 1000
_LATEST_S = 4_102_444_800  # 2100-01-01; larger stamps are milliseconds


class MjProxy(Dialect):
    """Read what a midjourney-proxy, or a gateway that relays one, answers."""

    name: ClassVar[str] = "mj-proxy"
    seller: ClassVar[str] = "midjourney"
    vocabulary: ClassVar[Mapping[str, frozenset[str]]] = {"status": _STATUSES, "code": _CODES}
    signals: ClassVar[Mapping[str, str]] = {
        "title": "text",  # title of the Discord embed that the fail reason was made of
        "banned_word": "text",  # word that the proxy's own list holds
        "is_repeat": "boolean",  # submit met a task that exists already
        "progress": "integer",  # percent of the work done, where the task tells it
    }

    def recognizes(self, exchange: Exchange) -> Claim:
        """Return how much the address or the keys look like the family."""
        if exchange.url and ("/mj/" in exchange.url or "/mj-" in exchange.url):
            return Claim.CERTAIN
        body = _row(exchange.body)
        if not _FAMILY_KEYS.isdisjoint(body):
            return Claim.CERTAIN if "action" in body or "status" in body or "mj_id" in body else Claim.SHAPE
        if _status(body.get("status")) in _STATUSES and "action" in body:
            return Claim.SHAPE
        if isinstance(body.get("code"), int) and "description" in body:
            return Claim.SHAPE
        # `{"error": …}` is everybody's envelope: it counts only where the caller named the provider.
        return Claim.MAYBE if exchange.provider == self.provider and "error" in body else Claim.NO

    def split(self, body: object) -> Sequence[object]:
        """Return the tasks of a list: bare, or in the page of a task center."""
        rows = items(body) or items(mapping(body).get("data")) or items(mapping(mapping(body).get("data")).get("items"))
        tasks = [row for row in rows if isinstance(row, dict)]
        return tasks or [body]

    def normalize(self, exchange: Exchange) -> Normalized:
        """Return the facts of a task, of a submit or of an error."""
        body = _row(exchange.body)
        properties = mapping(body.get("properties"))
        status = _status(body.get("status") or properties.get("status"))
        if status is not None:
            return self._task(exchange, body, properties, status), _quota_rows(body)
        if "description" in body or "result" in body:
            return self._submit(exchange, body, properties), ()
        return self._error(exchange, body), ()

    def _task(self, exchange: Exchange, body: Json, properties: Json, status: str) -> Facts:
        message = text(body.get("failReason")) or text(body.get("fail_reason"))
        action = text(body.get("action"))
        is_text_task = action is not None and action.upper() in _TEXT_ACTIONS
        is_repeat = "status" not in body
        signal: dict[str, Signal] = {"is_repeat": True} if is_repeat else {}
        if (progress := _percent(body.get("progress"))) is not None:
            signal["progress"] = progress
        if status != "SUCCESS":
            message = message or (text(body.get("description")) if is_repeat else None)
            if message is not None and status == "FAILURE" and (title := title_of(message)):
                signal["title"] = title
        delivered: int | None = 0
        if status == "SUCCESS" and not is_text_task:
            delivered = _images(properties if is_repeat else body)
        quota = body.get("quota")
        return exchange.facts(
            self,
            operation=action,
            mode=_mode(exchange, body, properties),
            status=status,
            code=scalar_text(body.get("code")),
            message=message,
            terminal=_is_terminal(status),
            images_requested=0 if is_text_task else None,
            images_delivered=delivered,
            at=_moment(body.get("submitTime") or body.get("submit_time")),
            task_id=_task_id(body),
            quoted=amount(quota) if quota else None,
            money_unit="quota" if quota else None,
            signal=signal or None,
        )

    def _submit(self, exchange: Exchange, body: Json, properties: Json) -> Facts:
        code = scalar_text(body.get("code"))
        description = text(body.get("description")) or text(body.get("message"))
        result = body.get("result")
        is_accepted = code in ("1", "22")
        operation = _finished_operation(exchange.url, result) if code == "1" else None
        signal: dict[str, Signal] = {}
        if word := text(properties.get("bannedWord")):
            signal["banned_word"] = word
        if not is_accepted and (title := title_of(description)):
            signal["title"] = title
        return exchange.facts(
            self,
            operation=operation,
            mode=_mode(exchange, body, properties),
            code=code,
            error_type=text(body.get("type")),
            message=description,
            terminal=True if operation else False if is_accepted else None,
            images_requested=0 if operation else None,
            images_delivered=0,
            # The sample of code 23 carries an id of a task that the code has deleted (novicezk, 2026-11-22).
            task_id=scalar_text(result) if code == "21" or (is_accepted and operation is None) else None,
            signal=signal or None,
        )

    def _error(self, exchange: Exchange, body: Json) -> Facts:
        error = body.get("error")
        inner = mapping(error)
        return exchange.facts(
            self,
            mode=_mode(exchange, body, {}),
            code=scalar_text(inner.get("code")),
            error_type=text(inner.get("type")),
            message=text(error) or text(inner.get("message")) or text(body.get("message")) or text(exchange.body),
            images_delivered=0,
        )


def _row(body: object) -> Json:
    """Return the task or answer in *body*: the last of a list, and what a task center wraps."""
    if isinstance(body, list | tuple):
        body = next((item for item in reversed(body) if isinstance(item, dict)), None)
    found = mapping(body)
    inner = found.get("data")
    if isinstance(inner, list | tuple):
        inner = next((item for item in reversed(inner) if isinstance(item, dict)), None)
    if not isinstance(inner, dict) or "status" in found:
        return found
    rows = inner.get("items")
    if isinstance(rows, list | tuple):
        inner = next((item for item in reversed(rows) if isinstance(item, dict)), inner)
    return inner if "status" in inner else found


def _status(value: object) -> str | None:
    """Return a status in the family's spelling where it is one of its own (Nano-GPT mixes cases)."""
    if not isinstance(value, str) or not value:
        return None
    if value in _STATUSES:
        return value
    upper = value.upper()
    return upper if upper in _STATUSES else value


def _is_terminal(status: str) -> bool | None:
    return True if status in _FINISHED else False if status in _RUNNING else None


def _task_id(body: Json) -> str | None:
    for key in ("mj_id", "task_id", "taskId", "id", "result"):
        found = scalar_text(body.get(key))
        if found is not None:
            return found
    return None


def _mode(exchange: Exchange, body: Json, properties: Json) -> str | None:
    """Return the speed mode: what ran before what was asked, as a turbo job may fall back to fast."""
    if properties:
        for key in ("messageContent", "content"):
            if found := mode_observed(properties.get(key)):
                return found
        if found := mode_named(properties.get("mode")):
            return found
    if found := mode_observed(body.get("content")) or mode_named(body.get("mode")):
        return found
    if exchange.request and (asked := _asked_by_filter(exchange.request)):
        return asked
    return mode_asked(exchange.url, body.get("prompt") or body.get("promptEn") or exchange.request.get("prompt"))


def _asked_by_filter(request: Json) -> str | None:
    modes = items(mapping(request.get("accountFilter")).get("modes"))
    return mode_named(modes[0]) if len(modes) == 1 else mode_named(request.get("mode"))


def _percent(progress: object) -> int | None:
    """Return the number of a progress such as `45%`."""
    digits = (text(progress) or "").removesuffix("%")
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) <= 3 else None  # noqa: PLR2004


def _images(body: Json) -> int | None:
    """Return the images of a finished task: a grid is one file, separate tiles count each."""
    for key in ("imageUrls", "image_urls", "videoUrls", "video_urls"):
        listed = body.get(key)
        if isinstance(listed, list | tuple) and listed:
            return sum(1 for item in listed if item)
    keys = [key for key in ("imageUrl", "image_url", "videoUrl", "video_url", "url") if key in body]
    if not keys:
        return None
    return 1 if any(text(body[key]) for key in keys) else 0


def _finished_operation(url: str | None, result: object) -> str | None:
    """Return what a code 1 has finished already: an upload or a seed; None when it only accepted a task."""
    if isinstance(result, list | tuple):
        return "UPLOAD"
    if url and "image-seed" in url:
        return "SEED"
    return "SEED" if isinstance(result, str) and _is_seed(result) else None


def _is_seed(result: str) -> bool:
    # A seed has 32 bits, a task id 13 digits and more (new-api and novicezk samples, checked 2026-11-22).
    return len(result) <= _SEED_DIGITS and result.isascii() and result.isdigit() and int(result) <= _LARGEST_SEED


def _quota_rows(body: Json) -> tuple[UsageRow, ...]:
    """Return the quota that new-api took for the task; 500,000 are a dollar."""
    quota = count(body.get("quota"))
    return (UsageRow("request", "quota", quota),) if quota else ()


def _moment(stamp: object) -> datetime | None:
    """Return the time of a stamp in milliseconds, or in seconds as new-api's documentation has it."""
    if type(stamp) is not int or not 0 < stamp <= _LATEST_S * _MS_PER_S:
        return None
    return datetime.fromtimestamp(stamp / _MS_PER_S if stamp > _LATEST_S else stamp, UTC)
