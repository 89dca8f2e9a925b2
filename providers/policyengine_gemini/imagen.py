"""Translate Imagen's :predict of Vertex AI, and what the SDKs make of it.

https://docs.cloud.google.com/vertex-ai/generative-ai/docs/image/responsible-ai-imagen, checked 2026-11-22.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from policyengine.facts import UsageRow
from policyengine.native import count, items, mapping, mappings, text
from policyengine.provider import Claim, Dialect
from policyengine_gemini.request import image_size, request_signals
from policyengine_gemini.rpc import (
    ERROR_SIGNALS,
    error_in,
    error_signals,
    is_imagen_error,
    status_of_answer,
    text_error,
)
from policyengine_gemini.support_codes import filter_side, named_categories, support_codes
from policyengine_gemini.vocabulary import RPC_STATUSES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from policyengine.exchange import Exchange
    from policyengine.provider import Normalized

__all__ = ["Imagen"]

_LISTS = ("predictions", "generated_images", "generatedImages")
_IMAGE_KEYS = ("bytesBase64Encoded", "bytes_base64_encoded", "gcsUri", "gcs_uri", "imageBytes", "image_bytes")
_FILTERED_OUT = re.compile(r"filtered out (\d{1,3}) generated image")


class Imagen(Dialect):
    """Imagen 3 and 4; priced by the image, with one prediction for each image that passed the filters."""

    name = "imagen"
    keys = frozenset({*_LISTS, "error", "code", "exception"})
    seller = "google-vertex"
    vocabulary: ClassVar[Mapping[str, frozenset[str]]] = {"error_type": RPC_STATUSES}
    signals: ClassVar[Mapping[str, str]] = ERROR_SIGNALS

    def recognizes(self, exchange: Exchange) -> Claim:
        """Return CERTAIN for predictions of images and for the words with which Imagen's errors begin."""
        body = exchange.body
        if isinstance(body, dict):
            for key in _LISTS:
                if key in body:
                    listed = mapping(next(iter(items(body[key])), None))
                    return Claim.CERTAIN if _is_image(listed) or _reason(listed) else Claim.MAYBE
        elif not isinstance(body, str | list):
            return Claim.NO
        if exchange.url and exchange.url.endswith(":predict"):
            return Claim.CERTAIN
        return Claim.CERTAIN if is_imagen_error(_error(body) or {}) else Claim.NO

    def normalize(self, exchange: Exchange) -> Normalized:
        """Return the facts and the images of one prediction."""
        body = exchange.body
        error = _error(body)
        found = _requested(exchange)
        if error is not None:
            found |= {"images_delivered": 0, "terminal": True}
            if exchange.http_status is None and exchange.transport_error is None:
                found["http_status"] = status_of_answer(error)
            return exchange.facts(self, **{**found, **error_signals(error)}), ()
        predictions = [*_predictions(mapping(body))]
        if not any(key in mapping(body) for key in _LISTS):
            return exchange.facts(self, **found), ()
        images = sum(_is_image(prediction) for prediction in predictions)
        found |= {"images_delivered": images, "terminal": True}
        _add_filtered(found, [reason for prediction in predictions if (reason := _reason(prediction))], images)
        return exchange.facts(self, **found), (UsageRow("image", "image", images),)


def _error(body: object) -> Mapping[str, object] | None:
    """Return the error of *body*, which may be a one-element list or the text of an exception."""
    if isinstance(body, str):
        return text_error(body)
    if isinstance(body, list | tuple):
        body = body[0] if len(body) == 1 else None
    return error_in(body) if isinstance(body, dict) else None


def _requested(exchange: Exchange) -> dict[str, object]:
    """Return what was asked for: parameters on the wire, config in the SDKs."""
    if not exchange.request and not exchange.url:
        return {}
    found = request_signals(exchange)
    request = exchange.request
    for options in (mapping(request.get("parameters")), mapping(request.get("config"))):
        for key in ("sampleCount", "sample_count", "numberOfImages", "number_of_images"):
            if (asked := count(options.get(key))) is not None:
                found["images_requested"] = asked
        for key in ("sampleImageSize", "sample_image_size", "imageSize", "image_size"):
            if size := image_size(options.get(key)):
                found["size"] = size
    return found


def _predictions(body: Mapping[str, object]) -> Iterator[Mapping[str, object]]:
    for key in _LISTS:
        yield from mappings(body.get(key))


def _is_image(prediction: Mapping[str, object]) -> bool:
    image = mapping(prediction.get("image"))
    return any(prediction.get(key) or image.get(key) for key in _IMAGE_KEYS)


def _reason(prediction: Mapping[str, object]) -> str | None:
    return text(prediction.get("raiFilteredReason") or prediction.get("rai_filtered_reason"))


def _add_filtered(found: dict[str, object], reasons: list[str], images: int) -> None:
    """Add what the filter says of the images it took out, and how many they were."""
    if not reasons:
        return
    message = "\n".join(dict.fromkeys(reasons))
    named = [int(match[1]) for reason in reasons if (match := _FILTERED_OUT.search(reason))]
    asked = found.get("images_requested")
    withheld = sum(named) or (max(1, asked - images) if isinstance(asked, int) else len(reasons))
    found |= {"message": message, "images_withheld": withheld}
    if named and asked is None:
        found["images_requested"] = images + withheld
    codes = [code for reason in reasons for code in support_codes(reason)]
    if codes:
        found["signal"] = {"support_codes": tuple(codes)}
        found["filter_stage"] = filter_side(codes)
        found["category"] = named_categories(codes) or None
