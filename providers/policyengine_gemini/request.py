"""Read the request of an image call: what was asked for, of which model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policyengine.native import count, items, mapping, mappings, text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from policyengine.exchange import Exchange

__all__ = ["image_size", "model_name", "request_signals"]

_SIZES = {
    # One size has several spellings in requests (google-genai 3.4.0, checked 2026-11-22); prices use the last.
    "512P": "512",
    "512PX": "512",
    "IMAGE_SIZE_FIVE_TWELVE": "512",
    "IMAGE_SIZE_ONE_K": "1K",
    "IMAGE_SIZE_TWO_K": "2K",
    "IMAGE_SIZE_FOUR_K": "4K",
}


def model_name(written: object) -> str | None:
    """Return a model's id without what stands before it.

    >>> model_name("publishers/google/models/gemini-3.1-flash-image")
    'gemini-3.1-flash-image'
    """
    name = text(written)
    return name if name is None or "/" not in name else name.rstrip("/").rpartition("/")[2] or None


def image_size(written: object) -> str | None:
    """Return an image size in the spelling of the price list."""
    size = text(written)
    return _SIZES.get(size.upper(), size) if size else None


def request_signals(exchange: Exchange) -> dict[str, object]:
    """Return what the request of *exchange* asked for; empty when the request is not known."""
    request = exchange.request
    config = mapping(request.get("generationConfig") or request.get("generation_config") or request.get("config"))
    image = mapping(config.get("imageConfig") or config.get("image_config"))
    found: dict[str, object] = {
        "model": model_name(request.get("model")) or _model_of_url(exchange.url),
        "size": image_size(image.get("imageSize") or image.get("image_size")),
        "images_requested": count(config.get("candidateCount", config.get("candidate_count"))),
    }
    if "contents" in request:
        found["operation"] = "edit" if any(_is_blob(part) for part in _parts(request["contents"])) else "generate"
    return {name: value for name, value in found.items() if value is not None}


def _model_of_url(url: str | None) -> str | None:
    """Return the model in `…/models/<model>:generateContent`."""
    path = (url or "").partition("?")[0].partition("#")[0]
    return path.rpartition("/models/")[2].partition(":")[0] or None if "/models/" in path else None


def _parts(contents: object) -> Iterator[Mapping[str, object]]:
    """Yield the parts of a request; the SDKs also take them without the content around them."""
    for content in mappings(contents if isinstance(contents, list) else [contents]):
        yield content
        yield from mappings(items(content.get("parts")))


def _is_blob(part: Mapping[str, object]) -> bool:
    return any(key in part for key in ("inlineData", "inline_data", "fileData", "file_data"))
