"""Measure a small failure body, from bytes to a verdict with its charge."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from benchmarks.cost_peers import COST_PEERS, cost_peer
from benchmarks.measure import absent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.measure import Row, Stopwatch
    from policyengine import Engine

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
_CASES: tuple[tuple[str, bytes, dict[str, Any]], ...] = (
    ("gemini block", BLOCKED, {"provider": "gemini", "seller": "google-ai", "http_status": 200}),
    (
        "openai moderation",
        MODERATED,
        {"provider": "openai", "seller": "openai", "http_status": 400, "model": "gpt-image-2"},
    ),
)
_TIMES_FASTER = {"genai-prices": ">= 15", "litellm": ">= 50"}


def small_body_rows(watch: Stopwatch, engine: Engine) -> Iterator[Row]:
    """Yield what deciding small failures takes beside decoding their bytes, and beside the cost libraries."""
    for name, body, context in _CASES:
        work = f"bytes to verdict, {name}, {len(body)} B"
        decide = partial(engine.evaluate, body, **context)
        yield watch.ratio(work, decide, "msgspec, untyped decode", partial(msgspec.json.decode, body), "<= 5")
    _, body, context = _CASES[0]
    work = f"the same, gemini block, {len(body)} B"
    for peer in COST_PEERS:
        target = _TIMES_FASTER.get(peer, "")
        price = cost_peer(peer)
        if price is None:
            yield absent(work, peer, target)
        else:
            decide = partial(engine.evaluate, body, **context)
            yield watch.ratio(work, decide, f"{peer}, price only", partial(price, body, context), target or ">= 1")
