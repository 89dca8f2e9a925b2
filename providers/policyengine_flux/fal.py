"""Translate the API of fal: queue states, results, webhooks and its two families of errors.

Shapes: https://fal.ai/docs/documentation/model-apis/errors, …/request-errors and
…/inference/queue (checked 2026-11-24). Model errors list objects under `detail`;
request errors are flat, with `error_type`. Some endpoints still answer otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from msgspec.structs import replace

from policyengine.facts import Signal, UsageRow
from policyengine.native import amount, count, items, mapping, mappings, scalar_text, text
from policyengine.provider import Claim, Dialect, Normalized, Seller

if TYPE_CHECKING:
    from policyengine.exchange import Exchange
    from policyengine.facts import Facts
    from policyengine.money.tariff import Estimate, Tariff, Workload

__all__ = ["Fal", "FalSeller"]

Json = Mapping[str, object]

_RUNNING = frozenset({"IN_QUEUE", "IN_PROGRESS"})
_ENDS = frozenset({"COMPLETED", "OK", "ERROR"})
_CANCEL_ANSWERS = frozenset({"CANCELLATION_REQUESTED", "ALREADY_COMPLETED", "NOT_FOUND"})
_QUEUE_KEYS = frozenset({"request_id", "response_url", "status_url", "logs", "error_type", "queue_position"})
_FLAGS = ("has_nsfw_concepts", "nsfw_content_detected")  # the older models use the second name
_OWN_TYPES = frozenset(
    {
        "internal_server_error",
        "generation_timeout",
        "downstream_service_error",
        "downstream_service_unavailable",
        "content_policy_violation",
        "no_media_generated",
        "image_too_small",
        "image_too_large",
        "image_load_error",
        "file_download_error",
        "face_detection_error",
        "file_too_large",
        "feature_not_supported",
        "invalid_archive",
        "unsupported_image_format",
    }
)
_UPSTREAM = "Unexpected status code: "
_MEGAPIXEL = 1_048_576
_MOST_ROWS = 64  # images that are counted by their area, each in a row of its own
_UNITS = "x-fal-billable-units"
# https://fal.ai/models/fal-ai/flux/dev/api, ImageSize (checked 2026-11-22)
_PRESETS = {
    "square_hd": "1024x1024",
    "square": "512x512",
    "portrait_4_3": "768x1024",
    "portrait_16_9": "576x1024",
    "landscape_4_3": "1024x768",
    "landscape_16_9": "1024x576",
}
_NO_BOUND = "neither the answer nor the request tells the megapixels of input images"


class FalSeller(Seller):
    """Invoice what fal serves."""

    def estimate(self, workload: Workload, tariff: Tariff) -> tuple[Estimate, ...]:
        """Return what *workload* consumes, its size being named; nothing bounds the input images of an edit."""
        size = _PRESETS.get(workload.size or "", workload.size)
        found = super().estimate(replace(workload, size=size), tariff)
        return tuple(one if one.component != "input" else replace(one, high=None, why=_NO_BOUND) for one in found)


class Fal(Dialect):
    """Read what fal.run, queue.fal.run and fal's webhooks say."""

    name: ClassVar[str] = "fal"
    seller: ClassVar[str] = "fal"
    vocabulary: ClassVar[Mapping[str, frozenset[str]]] = {"status": _RUNNING | _ENDS | _CANCEL_ANSWERS}
    signals: ClassVar[Mapping[str, str]] = {
        "detail_types": "texts",  # the types of the listed model errors
        "upstream_status": "integer",  # the HTTP status that a webhook or a poll quotes
        "is_retryable": "boolean",  # what X-Fal-Retryable says
        "is_payload_lost": "boolean",  # the webhook could not carry the result
    }
    keys: ClassVar[frozenset[str]] = frozenset(
        {"status", "detail", "error_type", "images", "image", "requestId", *_FLAGS}
    )

    def recognizes(self, exchange: Exchange) -> Claim:
        """Return how much the address, the headers or the keys look like fal."""
        if exchange.url and _is_fal_host(exchange.host):
            return Claim.CERTAIN
        if exchange.headers and any(name.startswith("x-fal-") for name in exchange.headers):
            return Claim.CERTAIN
        body = _object(exchange.body)
        claim = _claim_of(body)
        if claim or "detail" not in body:
            return claim
        # `{"detail": …}` is every FastAPI server's envelope: it counts where fal sends the invoice.
        if exchange.seller == self.seller:
            return Claim.SHAPE
        return Claim.MAYBE if exchange.provider == self.provider else Claim.NO

    def normalize(self, exchange: Exchange) -> Normalized:
        """Return the facts of a queue state, a result, a webhook or an error."""
        body = _object(exchange.body)
        status = text(body.get("status"))
        answer = mapping(body["payload"]) if "payload" in body else body  # a webhook wraps the answer
        if status in _RUNNING or status in _CANCEL_ANSWERS:
            return self._interim(exchange, body, status)
        if "detail" in answer or body.get("error") or body.get("error_type") or status == "ERROR":
            return self._error(exchange, body, answer, status)
        if status == "OK" or "images" in answer or "image" in answer or any(flag in answer for flag in _FLAGS):
            return self._result(exchange, body, answer, status)
        if status is not None:
            return self._interim(exchange, body, status)
        return self._error(exchange, body, answer, None)

    def _interim(self, exchange: Exchange, body: Json, status: str | None) -> Normalized:
        # COMPLETED without an error tells that a result is there to be fetched, not which.
        facts = self._facts(
            exchange,
            body,
            status=status,
            terminal=False if status in _RUNNING or status in ("COMPLETED", "ALREADY_COMPLETED") else None,
            images_delivered=0,
        )
        return facts, ()

    def _result(self, exchange: Exchange, body: Json, answer: Json, status: str | None) -> Normalized:
        images = _images(answer)
        flags = _flags(answer)
        good = [image for index, image in enumerate(images) if index >= len(flags) or not flags[index]]
        is_lost = status == "OK" and not answer
        facts = self._facts(
            exchange,
            body,
            status=status,
            terminal=True,
            message=text(body.get("payload_error")),
            size=_size_of(images[0]) if images else None,
            images_delivered=len(good),
            images_withheld=sum(flags) or None,
            signal={"is_payload_lost": True} if is_lost else None,
        )
        return facts, _rows(good)

    def _error(self, exchange: Exchange, body: Json, answer: Json, status: str | None) -> Normalized:
        detail = answer.get("detail")
        listed = [*mappings(detail)]
        told = next((one for one in listed if one.get("type") == "content_policy_violation"), None)
        told = told or (listed[0] if listed else {})
        words = text(body.get("error")) or text(mapping(body.get("error")).get("message"))
        upstream = _upstream_status(words)
        facts = self._facts(
            exchange,
            body,
            status=status,
            terminal=True if status in _ENDS else None,
            error_type=text(told.get("type")) or text(body.get("error_type")) or _header(exchange, "x-fal-error-type"),
            message=_words(detail) or words or text(exchange.body),
            param=_param(told),
            category=tuple(name for name in items(told.get("categories"))[:20] if isinstance(name, str) and name),
            images_delivered=0,
            signal=_signals(exchange, listed, upstream),
        )
        return facts, ()

    def _facts(self, exchange: Exchange, body: Json, **signals: object) -> Facts:
        units = amount(exchange.headers.get(_UNITS)) if exchange.headers else None
        model = exchange.model or _model(exchange)
        if exchange.request:
            signals["images_requested"] = count(exchange.request.get("num_images"))
            signals["size"] = signals.get("size") or _size_asked(exchange.request.get("image_size"))
        return exchange.facts(
            self,
            model=model,
            operation="edit" if model and model.endswith("/edit") else None,
            # The header counts units of the model's own price; one that is absent is not zero
            # (https://github.com/fal-ai/fal, projects/fal/src/fal/api/api.py, checked 2026-11-22).
            settled=units,
            money_unit=None if units is None else "billable unit",
            task_id=scalar_text(body.get("request_id")),
            request_id=_header(exchange, "x-fal-request-id"),
            **signals,
        )


def _is_fal_host(host: str) -> bool:
    return host == "fal.run" or host.endswith((".fal.run", ".fal.ai"))


def _object(body: object) -> Json:
    """Return the object of *body*: the last one of a stream, the result in what fal-js returns."""
    if isinstance(body, list | tuple):
        body = next((item for item in reversed(body) if isinstance(item, dict)), None)
    found = mapping(body)
    # `{data, requestId}` (https://github.com/fal-ai/fal-js, libs/client/src/types/common.ts, checked 2026-11-24)
    if "requestId" in found and isinstance(found.get("data"), dict):
        return {"request_id": found["requestId"], **mapping(found["data"])}
    return found


def _claim_of(body: Json) -> Claim:
    if "gateway_request_id" in body or any(flag in body for flag in _FLAGS):
        return Claim.CERTAIN
    status = body.get("status")
    if isinstance(status, str):
        return _claim_of_status(status, body)
    if isinstance(body.get("error_type"), str) and "detail" in body:
        return Claim.CERTAIN
    if "detail" in body:
        return _claim_of_detail(body["detail"])
    return _claim_of_images(body)


def _claim_of_images(body: Json) -> Claim:
    first = mapping((items(body.get("images")) or (body.get("image"),))[0])
    if "fal.media/" in str(first.get("url")):  # where fal keeps what it made
        return Claim.CERTAIN
    if "images" in body:
        return Claim.SHAPE if "seed" in body and "url" in first else Claim.NO
    return Claim.SHAPE if "content_type" in first else Claim.NO


def _claim_of_status(status: str, body: Json) -> Claim:
    if status == "IN_QUEUE" or "fal.run" in str(body.get("response_url") or body.get("cancel_url")):
        return Claim.CERTAIN
    if status in _RUNNING or status == "COMPLETED":
        return Claim.NO if "progress" in body or _QUEUE_KEYS.isdisjoint(body) else Claim.SHAPE
    if status in _CANCEL_ANSWERS:
        return Claim.SHAPE if len(body) == 1 else Claim.NO
    return Claim.SHAPE if status in ("OK", "ERROR") and "payload" in body else Claim.NO


def _claim_of_detail(detail: object) -> Claim:
    """Return how much `detail` looks like fal: FastAPI's own validation errors do not tell whose they are."""
    if isinstance(detail, str):
        return Claim.CERTAIN if "fal.ai/" in detail or "User is locked" in detail else Claim.NO
    first = next(mappings(detail), {})
    if "fal.ai/errors" in str(first.get("url")):
        return Claim.CERTAIN
    return Claim.SHAPE if text(first.get("type")) in _OWN_TYPES else Claim.NO


def _images(answer: Json) -> Sequence[object]:
    """Return the images of a result, whether there is a list of them or one."""
    listed = answer["images"] if "images" in answer else [answer.get("image")]
    return [image for image in items(listed) if _is_image(image)]


def _is_image(image: object) -> bool:
    if isinstance(image, dict):
        return bool(text(image.get("url")) or text(image.get("content")) or text(image.get("file_data")))
    return isinstance(image, str) and bool(image)


def _flags(answer: Json) -> list[bool]:
    """Return for each image whether the safety checker flagged it."""
    told = next((answer[name] for name in _FLAGS if name in answer), None)
    return [told] if isinstance(told, bool) else [flag is True for flag in items(told)]


def _size_of(image: object) -> str | None:
    width, height = count(mapping(image).get("width")), count(mapping(image).get("height"))
    return f"{width}x{height}" if width and height else None


def _size_asked(size: object) -> str | None:
    return _size_of(size) or text(size)


def _rows(images: Sequence[object]) -> tuple[UsageRow, ...]:
    """Return the area of each image, a started megapixel counted whole; their number where an area is not told."""
    areas = [_area(image) for image in images[:_MOST_ROWS]]
    if len(areas) < len(images) or None in areas:
        return (UsageRow("image", "image", len(images)),)
    return tuple(UsageRow("image", "megapixel", area) for area in areas if area is not None)


def _area(image: object) -> int | None:
    width, height = count(mapping(image).get("width")), count(mapping(image).get("height"))
    return -(-width * height // _MEGAPIXEL) if width and height else None


def _model(exchange: Exchange) -> str | None:
    """Return the endpoint that was called; the address of a queued request names only its app."""
    if not exchange.url or not exchange.host.endswith("fal.run"):
        return None
    path = exchange.url.partition("://")[2].partition("/")[2].partition("?")[0].strip("/")
    return path if path and "/requests/" not in f"{path}/" else None


def _signals(exchange: Exchange, listed: Sequence[Json], upstream: int | None) -> dict[str, Signal] | None:
    found: dict[str, Signal] = {}
    types = tuple(name for one in listed[:20] if (name := text(one.get("type"))))
    if types:
        found["detail_types"] = types
    if upstream is not None:
        found["upstream_status"] = upstream
    told = _header(exchange, "x-fal-retryable")
    if told in ("true", "false"):
        found["is_retryable"] = told == "true"
    return found or None


def _header(exchange: Exchange, name: str) -> str | None:
    return exchange.headers.get(name) or None if exchange.headers else None


def _upstream_status(words: str | None) -> int | None:
    """Return the status in the words a webhook has for every failure."""
    if words is None or not words.startswith(_UPSTREAM):
        return None
    digits = words[len(_UPSTREAM) : len(_UPSTREAM) + 3]
    return int(digits) if digits.isascii() and digits.isdecimal() else None


def _words(detail: object) -> str | None:
    """Return the words of an error in one line."""
    if isinstance(detail, dict):
        return text(detail.get("message")) or text(detail.get("msg")) or text(detail.get("error"))
    if isinstance(detail, str):
        return detail or None
    found = [words for item in items(detail)[:5] if (words := text(mapping(item).get("msg")))]
    return "; ".join(found) or None


def _param(told: Json) -> str | None:
    """Return the field that an error names; `["body"]` alone names none."""
    place = items(told.get("loc"))
    last = scalar_text(place[-1]) if place else None
    return None if last == "body" else last
