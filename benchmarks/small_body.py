"""Measure a small failure body, from bytes to a verdict with its charge."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from benchmarks.measure import Result, ratio_of
from policyengine import Engine

if TYPE_CHECKING:
    from collections.abc import Iterator

_RATINGS = [
    {"category": f"HARM_CATEGORY_{name}", "probability": "NEGLIGIBLE"}
    for name in ("HARASSMENT", "HATE_SPEECH", "SEXUALLY_EXPLICIT", "DANGEROUS_CONTENT")
]
BLOCKED = msgspec.json.encode(
    {
        "candidates": [
            {
                "content": {"role": "model"},
                "finishReason": "IMAGE_SAFETY",
                "finishMessage": "Unable to show the generated image. It was filtered by the safety settings.",
                "index": 0,
                "safetyRatings": _RATINGS,
            }
        ],
        "usageMetadata": {
            "promptTokenCount": 1119,
            "totalTokenCount": 1119,
            "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 61}, {"modality": "IMAGE", "tokenCount": 1058}],
            "serviceTier": "standard",
        },
        "modelVersion": "gemini-3.1-flash-image",
        "responseId": "a1b2c3d4e5f6a7b8c9d0",
    }
)
MODERATED = msgspec.json.encode(
    {
        "error": {
            "message": "Your request was rejected by the safety system. safety_violations=[sexual].",
            "type": "image_generation_user_error",
            "param": None,
            "code": "moderation_blocked",
            "moderation_details": {"moderation_stage": "output", "categories": ["sexual"]},
        }
    }
)
_CASES = (
    ("gemini block", BLOCKED, {"provider": "gemini", "seller": "google-ai", "http_status": 200}),
    (
        "openai moderation",
        MODERATED,
        {"provider": "openai", "seller": "openai", "http_status": 400, "model": "gpt-image-2"},
    ),
)


def small_body_rows() -> Iterator[Result]:
    """Yield the cost of deciding small failures, as a multiple of decoding their bytes untyped."""
    engine = Engine.load()
    for name, body, context in _CASES:
        seconds, _, ratio = ratio_of(lambda: engine.evaluate(body, **context), lambda: msgspec.json.decode(body))  # noqa: B023
        work = f"bytes to verdict, {name}, {len(body)} B"
        yield Result(work=work, seconds=seconds, reference="msgspec.json.decode, untyped", ratio=ratio, target="<= 5")
