"""Translate the API of Black Forest Labs: submits, polls, webhooks and FastAPI errors.

Shapes: https://docs.bfl.ai/api-reference (checked 2026-11-22). A poll may answer
404 or 422 and still carry a task; some clients call `status` `state`.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_CEILING
from typing import TYPE_CHECKING, ClassVar, cast

from msgspec.structs import replace

from policyengine.facts import Signal, UsageRow
from policyengine.native import amount, count, items, mapping, number, scalar_text, text
from policyengine.provider import Claim, Dialect, Normalized, Seller

if TYPE_CHECKING:
    from policyengine.exchange import Exchange
    from policyengine.money.tariff import Estimate, Tariff, Workload

__all__ = ["Bfl", "BflSeller"]

Json = Mapping[str, object]

_MODERATED = frozenset({"Request Moderated", "Content Moderated"})
_FINISHED = _MODERATED | {"Ready", "Error", "Failed", "Task not found"}
# The published enumeration knows only Pending; clients met the others (vercel/ai, checked 2026-11-22).
_RUNNING = frozenset({"Pending", "Reasoning", "Generating", "Processing", "Queued"})
_SPELLINGS = {status.lower(): status for status in _FINISHED | _RUNNING}
_TASK_KEYS = frozenset({"result", "progress", "details", "preview", "webhook_url", "cost", "timestamp"})
_NOT_MODELS = frozenset({"get_result", "credits", "my_finetunes", "finetune_details", "delete_finetune"})
_SAMPLE_KEYS = ("sample", "samples", "images", "image", "video", "url")
_NO_BOUND = "the answer and the request do not tell the megapixels of input images"
_INPUT_KEYS = ("input_image", "image_prompt", "image", "control_image", "input_images", "images", "video", "mask")


class BflSeller(Seller):
    """Invoice what Black Forest Labs serves, on its global and regional hosts."""

    def recognizes(self, exchange: Exchange) -> bool:
        """Return whether the call went to a host of Black Forest Labs."""
        return _is_bfl_host(exchange.host)

    def estimate(self, workload: Workload, tariff: Tariff) -> tuple[Estimate, ...]:
        """Return what *workload* consumes; nothing bounds its input images unless its prompt is told in full."""
        found = super().estimate(workload, tariff)
        if workload.prompt_tokens is not None:
            return found
        return tuple(one if one.component != "input" else replace(one, high=None, why=_NO_BOUND) for one in found)


class Bfl(Dialect):
    """Read what api.bfl.ai and its regional hosts answer."""

    name: ClassVar[str] = "bfl"
    seller: ClassVar[str] = "bfl"
    vocabulary: ClassVar[Mapping[str, frozenset[str]]] = {"status": _FINISHED | _RUNNING}
    signals: ClassVar[Mapping[str, str]] = {
        "has_input_images": "boolean",  # input megapixels are part of the price
        "has_balance": "boolean",  # the account holds credits, by the account fact `balance`
        "is_poll": "boolean",  # the call asked for a task's result and got no task
    }

    def recognizes(self, exchange: Exchange) -> Claim:
        """Return how much the host or the keys look like Black Forest Labs."""
        if _is_bfl_host(exchange.host):
            return Claim.CERTAIN
        body = _object(exchange.body)
        if "polling_url" in body:
            return Claim.CERTAIN if "bfl.ai" in str(body["polling_url"]) else Claim.SHAPE
        status = body.get("status") or body.get("state")
        if isinstance(status, str):
            return _claim_of(_spelled(status), body)
        if "detail" not in body and "error" not in body:
            return Claim.NO
        # `{"detail": …}` is every FastAPI server's envelope, fal's too, and `{"error": …}` everybody's:
        # they count where Black Forest Labs sends the invoice.
        if exchange.seller == self.seller:
            return Claim.SHAPE
        return Claim.MAYBE if exchange.provider == self.provider else Claim.NO

    def normalize(self, exchange: Exchange) -> Normalized:
        """Return the facts of a submit, a task or an error."""
        body = _object(exchange.body)
        status = body.get("status") or body.get("state")
        if isinstance(status, str):
            return self._task(exchange, body, _spelled(status))
        if "polling_url" in body or ("id" in body and not _has_error(body)):
            return self._submit(exchange, body)
        return self._error(exchange, body)

    def _submit(self, exchange: Exchange, body: Json) -> Normalized:
        facts = exchange.facts(
            self,
            model=_model(exchange),
            size=_size(exchange),
            terminal=False,
            images_delivered=0,
            quoted=amount(body.get("cost")),
            money_unit="credit" if body.get("cost") is not None else None,
            task_id=scalar_text(body.get("id")),
            signal=_signals(exchange, body),
        )
        return facts, _megapixels(body)

    def _task(self, exchange: Exchange, body: Json, status: str) -> Normalized:
        is_ready = status == "Ready"
        message, code, category = _reasons(body, is_moderated=status in _MODERATED)
        delivered = _delivered(body) if is_ready else 0
        cost = amount(body["cost"]) if "cost" in body else None
        # The cost of a submit is a quote, that of a finished task is settled; only Ready consumes
        # credits (https://help.bfl.ai/articles/4212278032, checked 2026-11-22).
        is_settled = cost is not None and (is_ready or (not cost and status in _FINISHED))
        facts = exchange.facts(
            self,
            model=_model(exchange),
            size=_size(exchange),
            status=status,
            code=code,
            message=message,
            category=category or None,
            terminal=_is_terminal(body, status),
            images_delivered=delivered,
            images_withheld=1 if status == "Content Moderated" else None,
            settled=cost if is_settled else None,
            quoted=None if is_settled else cost,
            money_unit=None if cost is None else "credit",
            task_id=scalar_text(body.get("id")),
            signal=_signals(exchange, body),
        )
        return facts, _megapixels(body) if is_ready or status not in _FINISHED else ()

    def _error(self, exchange: Exchange, body: Json) -> Normalized:
        detail = body.get("detail")
        first = next((item for item in items(detail) if isinstance(item, dict)), None)
        message, code, _ = _reasons(body, is_moderated=False)
        if first is not None:
            message = _joined(detail) or message
        elif message is None:
            message = text(exchange.body)
        facts = exchange.facts(
            self,
            model=_model(exchange),
            code=code,
            message=message,
            error_type=text(first.get("type")) if first else None,
            param=_param(first, body),
            images_delivered=0,
            retry_after_s=number(body.get("retry_after")),
            signal=_signals(exchange, body),
        )
        return facts, ()


def _is_bfl_host(host: str) -> bool:
    # Tasks are regional: api.eu2.bfl.ai, api.us2.bfl.ai and more (checked 2026-11-22).
    return host.endswith((".bfl.ai", ".bfl.ml"))


def _object(body: object) -> Json:
    """Return the object of *body*, the last one of a list."""
    if isinstance(body, list | tuple):
        body = next((item for item in reversed(body) if isinstance(item, dict)), None)
    return mapping(body)


def _spelled(status: str) -> str:
    """Return *status* as Black Forest Labs spells it, where wrappers changed its case or its blanks."""
    if status in _FINISHED or status in _RUNNING:
        return status
    return _SPELLINGS.get(status.lower().replace("_", " "), status)


def _claim_of(status: str, body: Json) -> Claim:
    if status in _MODERATED or status == "Task not found":
        return Claim.CERTAIN
    if status in _FINISHED or status in _RUNNING:
        return Claim.SHAPE if not _TASK_KEYS.isdisjoint(body) else Claim.MAYBE
    if {"id", "status", "webhook_url"} <= body.keys():  # the answer to a submit that asks for a webhook
        return Claim.SHAPE
    return Claim.MAYBE if {"id", "result", "progress", "details", "preview"} <= body.keys() else Claim.NO


def _has_error(body: Json) -> bool:
    return "error" in body or "detail" in body or "message" in body


def _model(exchange: Exchange) -> str | None:
    """Return the endpoint name in `/v1/<model>`; a look-up names none."""
    if not exchange.url:
        return None
    path = exchange.url.partition("?")[0]
    before, _, name = path.rpartition("/")
    return name if before.endswith("/v1") and name and name not in _NOT_MODELS else None


def _signals(exchange: Exchange, body: Json) -> dict[str, Signal] | None:
    if "input_mp" not in body and not exchange.request and not exchange.account_facts and not exchange.url:
        return None
    found: dict[str, Signal] = {}
    has_images = _has_input_images(exchange, body)
    if has_images is not None:
        found["has_input_images"] = has_images
    if exchange.account_facts:
        balance = amount(exchange.account_facts.get("balance"))
        if balance is not None:
            found["has_balance"] = balance > 0
    if exchange.url and "get_result" in exchange.url and "status" not in body and "state" not in body:
        found["is_poll"] = True
    return found or None


def _has_input_images(exchange: Exchange, body: Json) -> bool | None:
    """Return whether input images were priced; None when neither answer nor request tells."""
    megapixels = amount(body.get("input_mp"))
    if megapixels is not None:
        return megapixels > 0
    if not exchange.request:
        return None
    return any(exchange.request.get(key) for key in _INPUT_KEYS)


def _size(exchange: Exchange) -> str | None:
    """Return the size asked for."""
    if not exchange.request:
        return None
    width, height = count(exchange.request.get("width")), count(exchange.request.get("height"))
    return f"{width}x{height}" if width and height else None


def _megapixels(body: Json) -> tuple[UsageRow, ...]:
    """Return the megapixels that the answer tells, those of the output and of the input images."""
    return tuple(
        UsageRow(component, "megapixel", megapixels)
        for component, key in (("image", "output_mp"), ("input", "input_mp"))
        if key in body and (megapixels := _whole(body[key]))
    )


def _whole(megapixels: object) -> int | None:
    """Return megapixels as they are billed: a started one counts whole (1.98 costs 2, 2026-01-21)."""
    exact = amount(megapixels)
    return None if exact is None else int(exact.to_integral_value(ROUND_CEILING))


def _delivered(body: Json) -> int | None:
    """Return the outputs of a Ready task; None when it does not show its result."""
    if "result" not in body:
        return _outputs(body["sample"]) if "sample" in body else None
    result = body["result"]
    if not isinstance(result, dict):
        return _outputs(result)
    return next((outputs for key in _SAMPLE_KEYS if (outputs := _outputs(result.get(key)))), 0)


def _outputs(value: object) -> int:
    if isinstance(value, list | tuple):
        return sum(1 for item in value if item)
    return 1 if value and isinstance(value, str | dict) else 0


def _is_terminal(body: Json, status: str) -> bool | None:
    if status in _FINISHED:
        return True
    if status in _RUNNING:
        return False
    if "webhook_url" in body and not body.get("result"):
        return False  # the answer to a submit that asks for a webhook
    # A status that nobody listed: a progress short of its end, and no result, is a running task.
    progress = number(body.get("progress"))
    is_short = progress is not None and (progress < 1 or 1 < progress < 100)  # noqa: PLR2004  a share or a percentage
    return False if is_short and not body.get("result") else None


def _reasons(body: Json, *, is_moderated: bool) -> tuple[str | None, str | None, tuple[str, ...]]:
    """Return message, code and filter categories, wherever the answer puts them."""
    details = body.get("details")
    category: tuple[str, ...] = ()
    detail = body.get("detail")
    message = text(body.get("message")) or text(detail)
    if isinstance(detail, dict):
        message = message or text(detail.get("message")) or text(detail.get("error"))
    error = body.get("error")
    code = text(error)
    if isinstance(error, dict):
        code = scalar_text(error.get("code")) or text(error.get("type"))
        message = message or text(error.get("message"))
    if details:
        found, category = _details(details)
        message = message or found
        if is_moderated and found and not category:
            category = (found,)
    if message is None and code is not None and isinstance(error, str):
        message = error
    return message, code if code is None or " " not in code else None, category


def _details(details: object) -> tuple[str | None, tuple[str, ...]]:
    """Return the words and the moderation reasons of `details`: an object, a list or a text."""
    if isinstance(details, dict):
        reasons = next((value for key, value in details.items() if "reason" in str(key).lower()), None)
        words = next((text(details[key]) for key in ("error", "message", "detail") if text(details.get(key))), None)
        return words, _texts(reasons)
    return (text(details), ()) if isinstance(details, str) else (None, _texts(details))


def _texts(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,) if value else ()
    return tuple(item for item in items(value) if isinstance(item, str) and item)


def _joined(detail: object) -> str | None:
    """Return the messages of a FastAPI error list in one line."""
    found = [text(cast("Json", item).get("msg")) for item in items(detail)[:5] if isinstance(item, dict)]
    return "; ".join(message for message in found if message) or None


def _param(first: Json | None, body: Json) -> str | None:
    """Return the parameter that an error names."""
    if first is not None:
        place = items(first.get("loc"))
        return scalar_text(place[-1]) if place else None
    details = body.get("details")
    if isinstance(details, dict) and body.get("error") == "validation_error":
        return next((key for key in details if isinstance(key, str)), None)
    return None
