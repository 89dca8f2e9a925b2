"""Hold the eight answers on which cost libraries were compared, with the charge that is known and no more."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

__all__ = ["CASES", "GOOGLE", "MODEL", "Case", "gemini"]

MODEL = "gemini-3.1-flash-image"
GOOGLE = {"provider": "gemini", "seller": "google-ai", "http_status": 200}
_IMAGE = {"inlineData": {"mimeType": "image/png", "data": "iVBORw0KGgo="}}
_WAIVER = "Unable to show the generated image. You will not be charged for this request."
_PROMPT_BLOCK = {"promptFeedback": {"blockReason": "SAFETY"}, "modelVersion": MODEL}
_OPENAI_SUCCESS = {
    "created": 1_780_000_000,
    "data": [{"b64_json": "iVBORw0KGgo="}],
    "quality": "medium",
    "size": "1024x1024",
    "usage": {
        "input_tokens": 50,
        "input_tokens_details": {"text_tokens": 10, "image_tokens": 40},
        "output_tokens": 1056,
        "total_tokens": 1106,
    },
}
_MODERATED = {
    "error": {
        "message": "Your request was rejected by the safety system.",
        "type": "image_generation_user_error",
        "code": "moderation_blocked",
    }
}


class Case(NamedTuple):
    """Hold an answer, what the caller knows beside it, and the ends of its charge in dollars."""

    body: bytes
    context: dict[str, Any]
    low: str
    high: str | None


def gemini(usage: dict[str, Any] | None, **candidate: object) -> bytes:
    """Return an answer with one *candidate*."""
    body: dict[str, Any] = {"candidates": [candidate], "modelVersion": MODEL}
    return msgspec.json.encode({**body, **({} if usage is None else {"usageMetadata": usage})})


def _success(**usage: object) -> bytes:
    counted = {"promptTokenCount": 12, "candidatesTokensDetails": [{"modality": "IMAGE", "tokenCount": 1120}], **usage}
    return gemini(counted, content={"parts": [_IMAGE]}, finishReason="STOP")


CASES: dict[str, Case] = {
    "a success": Case(_success(candidatesTokenCount=1120, totalTokenCount=1132), GOOGLE, "0.067206", "0.067206"),
    "a2 thinking and text that no detail lists": Case(
        _success(candidatesTokenCount=1460, thoughtsTokenCount=389, totalTokenCount=1861),
        GOOGLE,
        "0.069393",
        "0.069393",
    ),
    "b blocked image": Case(
        gemini({"promptTokenCount": 1119, "totalTokenCount": 1119}, finishReason="IMAGE_SAFETY"),
        GOOGLE,
        "0",
        "0.0005595",
    ),
    "c blocked prompt, nothing counted": Case(msgspec.json.encode(_PROMPT_BLOCK), GOOGLE, "0", None),
    "c2 blocked prompt, counted": Case(
        msgspec.json.encode({**_PROMPT_BLOCK, "usageMetadata": {"promptTokenCount": 8, "totalTokenCount": 8}}),
        GOOGLE,
        "0",
        "0.000004",
    ),
    "d waived in words": Case(
        gemini({"promptTokenCount": 300, "totalTokenCount": 300}, finishReason="IMAGE_OTHER", finishMessage=_WAIVER),
        GOOGLE,
        "0",
        "0",
    ),
    "e gpt-image-1 with an input image": Case(
        msgspec.json.encode(_OPENAI_SUCCESS),
        {"provider": "openai", "seller": "openai", "http_status": 200, "model": "gpt-image-1"},
        "0.04269",
        "0.04269",
    ),
    "f moderated": Case(
        msgspec.json.encode(_MODERATED),
        {
            "provider": "openai",
            "seller": "openai",
            "http_status": 400,
            "request": {"model": "gpt-image-1", "prompt": "a cat", "size": "1024x1024", "quality": "medium"},
            "at": "2026-06-01T00:00:00Z",
        },
        "0",
        "0.042265",
    ),
}
