"""Translate the API of Replicate: predictions, their webhooks, and problem documents.

Shapes: https://replicate.com/docs/reference/http and
https://replicate.com/docs/topics/predictions/lifecycle (checked 2026-11-24).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from msgspec.structs import replace

from policyengine.facts import Signal, UsageRow
from policyengine.native import amount, count, items, mapping, mappings, number, scalar_text, text, timestamp
from policyengine.provider import Claim, Dialect, Normalized, Seller

if TYPE_CHECKING:
    from decimal import Decimal

    from policyengine.exchange import Exchange
    from policyengine.money.tariff import Estimate, Tariff, Workload

__all__ = ["Replicate", "ReplicateSeller"]

Json = Mapping[str, object]

_RUNNING = frozenset({"starting", "processing"})
_ENDS = frozenset({"succeeded", "failed", "canceled", "aborted"})
_PREDICTION_KEYS = frozenset({"urls", "version", "input", "metrics", "data_removed"})
_HOST = "api.replicate.com"
_RUN_VERSION = "run-version"
_ASKED_KEYS = ("num_outputs", "number_of_images", "num_images", "n")
_INPUT_KEYS = ("input_image", "input_images", "image", "images", "image_prompt", "image_input", "control_image", "mask")
_VERSION_LENGTH = 64
_RESETS_IN = "resets in ~"
_NO_BOUND = "neither the answer nor the request tells the megapixels of input images"


class ReplicateSeller(Seller):
    """Invoice what Replicate runs."""

    def estimate(self, workload: Workload, tariff: Tariff) -> tuple[Estimate, ...]:
        """Return what *workload* consumes; nothing bounds its input images."""
        found = super().estimate(workload, tariff)
        return tuple(one if one.component != "input" else replace(one, high=None, why=_NO_BOUND) for one in found)


class Replicate(Dialect):
    """Read what api.replicate.com answers and what its webhooks carry."""

    name: ClassVar[str] = "replicate"
    seller: ClassVar[str] = "replicate"
    vocabulary: ClassVar[Mapping[str, frozenset[str]]] = {"status": _RUNNING | _ENDS}
    signals: ClassVar[Mapping[str, str]] = {
        "is_started": "boolean",  # the model ran, however short
        "is_data_removed": "boolean",  # inputs and outputs were deleted, as they are after an hour
        "has_input_images": "boolean",  # input megapixels are part of some prices
        "is_credit_low": "boolean",  # the rate is reduced because the credit runs out
        "is_look_up": "boolean",  # the call asked for one prediction and got none
    }
    keys: ClassVar[frozenset[str]] = frozenset({"status", "detail", "title"})

    def recognizes(self, exchange: Exchange) -> Claim:
        """Return how much the address or the keys look like Replicate."""
        if exchange.url and exchange.host == _HOST:
            return Claim.CERTAIN
        if isinstance(exchange.body, str):
            return Claim.SHAPE if exchange.body.startswith("ReplicateError") else Claim.NO
        body = _object(exchange.body)
        claim = _claim_of(body)
        return Claim.SHAPE if not claim and "detail" in body and exchange.seller == self.seller else claim

    def normalize(self, exchange: Exchange) -> Normalized:
        """Return the facts of a prediction or of an error."""
        body = _object(exchange.body)
        status = text(body.get("status"))
        if status is not None:
            return self._prediction(exchange, body, status)
        return self._error(exchange, body)

    def _prediction(self, exchange: Exchange, body: Json, status: str) -> Normalized:
        inputs = mapping(body.get("input")) or mapping(exchange.request.get("input"))
        asked = next((found for key in _ASKED_KEYS if (found := count(inputs.get(key)))), None)
        delivered = _outputs(body.get("output"))
        seconds = amount(mapping(body.get("metrics")).get("predict_time"))
        message = _words(body.get("error"))
        facts = exchange.facts(
            self,
            model=text(body.get("model")) or _model(exchange),
            operation=_operation(body.get("version")),
            size=_size(inputs),
            at=timestamp(body.get("created_at")),
            status=status,
            code=_code(message),
            message=message,
            # `Prefer: wait` may bring the outputs while the status still says processing.
            terminal=delivered >= (asked or 1) if status in _RUNNING else True if status in _ENDS else None,
            images_requested=asked,
            images_delivered=delivered,
            images_withheld=_withheld(body, status, asked, delivered),
            task_id=scalar_text(body.get("id")),
            signal=_signals(body, status, inputs, seconds),
        )
        return facts, _rows(seconds, delivered)

    def _error(self, exchange: Exchange, body: Json) -> Normalized:
        message = _words(body.get("detail")) or text(exchange.body)
        is_low = message is not None and "in credit" in message and "hrottled" in message
        field = next(mappings(body.get("invalid_fields")), {}).get("field")
        facts = exchange.facts(
            self,
            model=_model(exchange),
            http_status=exchange.http_status or count(body.get("status")),
            error_type=text(body.get("title")),
            code=_code(message),
            message=message,
            param=text(field),
            images_delivered=0,
            retry_after_s=_wait(body, message),
            signal=_error_signals(exchange, is_low=is_low),
        )
        return facts, ()


def _error_signals(exchange: Exchange, *, is_low: bool) -> dict[str, Signal] | None:
    found: dict[str, Signal] = {}
    if is_low:
        found["is_credit_low"] = True
    # /v1/predictions/<id> is one prediction; /v1/predictions makes one.
    if exchange.url and exchange.url.partition("?")[0].partition("/v1/predictions/")[2]:
        found["is_look_up"] = True
    return found or None


def _object(body: object) -> Json:
    """Return the object of *body*, the last one of a list."""
    if isinstance(body, list | tuple):
        body = next((item for item in reversed(body) if isinstance(item, dict)), None)
    return mapping(body)


def _claim_of(body: Json) -> Claim:
    status = body.get("status")
    if isinstance(status, str):
        if _HOST in str(mapping(body.get("urls")).get("get")):
            return Claim.CERTAIN
        is_known = status in _RUNNING or status in _ENDS
        return Claim.SHAPE if is_known and "id" in body and not _PREDICTION_KEYS.isdisjoint(body) else Claim.NO
    detail = body.get("detail")
    if not isinstance(detail, str):
        return Claim.NO
    if "replicate.com/" in detail or detail.startswith("Request was throttled. Your rate limit"):
        return Claim.CERTAIN
    return Claim.SHAPE if "title" in body and isinstance(status, int) else Claim.NO


def _model(exchange: Exchange) -> str | None:
    """Return the model in `/v1/models/<owner>/<name>/predictions`."""
    if not exchange.url:
        return None
    steps = exchange.url.partition("/v1/models/")[2].split("/")
    return f"{steps[0]}/{steps[1]}" if len(steps) > 2 and steps[1] else None  # noqa: PLR2004


def _operation(version: object) -> str | None:
    """Return `run-version` for the hash of a version: models that Replicate maintains have none or a short name."""
    return _RUN_VERSION if isinstance(version, str) and len(version) == _VERSION_LENGTH else None


def _size(inputs: Json) -> str | None:
    width, height = count(inputs.get("width")), count(inputs.get("height"))
    return f"{width}x{height}" if width and height else None


def _outputs(output: object) -> int:
    """Return the files in *output*: an address, a list of them, or an object that holds some."""
    if isinstance(output, str):
        return 1 if output.startswith(("https://", "http://", "data:")) else 0
    if isinstance(output, dict):
        output = [*output.values()]
    return sum(_outputs(item) for item in items(output) if isinstance(item, str))


def _withheld(body: Json, status: str, asked: int | None, delivered: int) -> int | None:
    """Return the images that the safety checker dropped, as the log of a finished prediction tells."""
    logs = body.get("logs")
    if status != "succeeded" or not isinstance(logs, str) or "NSFW" not in logs:
        return None
    return max(0, (asked or 1) - delivered) or None


def _signals(body: Json, status: str, inputs: Json, seconds: Decimal | None) -> dict[str, Signal] | None:
    found: dict[str, Signal] = {}
    if body.get("started_at") or seconds:
        found["is_started"] = True
    elif status == "aborted" or ("started_at" in body and status in _ENDS):
        found["is_started"] = False
    if body.get("data_removed") is True:
        found["is_data_removed"] = True
    if inputs:
        found["has_input_images"] = any(inputs.get(key) for key in _INPUT_KEYS)
    return found or None


def _rows(seconds: Decimal | None, delivered: int) -> tuple[UsageRow, ...]:
    rows = (UsageRow("image", "image", delivered),) if delivered else ()
    return (*rows, UsageRow("request", "gpu_second", seconds)) if seconds else rows


def _words(error: object) -> str | None:
    if isinstance(error, dict):
        return text(error.get("message")) or text(error.get("detail"))
    return text(error)


def _code(message: str | None) -> str | None:
    """Return the code at the end of an error, as in `… (E005)`."""
    if message is None:
        return None
    before, _, rest = message.rpartition("(E")
    digits = rest[:4].rstrip(") .")
    return f"E{digits}" if before and digits.isascii() and digits.isdecimal() else None


def _wait(body: Json, message: str | None) -> float | None:
    """Return the seconds to wait, from the field or from the words that replace it."""
    seconds = number(body.get("retry_after"))
    if seconds is not None or message is None or _RESETS_IN not in message:
        return seconds
    return number(message.partition(_RESETS_IN)[2].partition("s")[0][:6])
