"""Decide the answers on which cost libraries were compared: the ones they get wrong are the reason to exist."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from policyengine import Engine

MODEL = "gemini-3.1-flash-image"
IMAGE = {"inlineData": {"mimeType": "image/png", "data": "iVBORw0KGgo="}}


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine.load()


def gemini(usage: dict[str, Any] | None, **candidate: object) -> bytes:
    body: dict[str, Any] = {"candidates": [candidate], "modelVersion": MODEL}
    return msgspec.json.encode({**body, **({} if usage is None else {"usageMetadata": usage})})


def success(**usage: object) -> bytes:
    counted = {"promptTokenCount": 12, "candidatesTokensDetails": [{"modality": "IMAGE", "tokenCount": 1120}], **usage}
    return gemini(counted, content={"parts": [IMAGE]}, finishReason="STOP")


GOOGLE = {"provider": "gemini", "seller": "google-ai", "http_status": 200}
PROMPT_BLOCK = {"promptFeedback": {"blockReason": "SAFETY"}, "modelVersion": MODEL}
WAIVER = "Unable to show the generated image. You will not be charged for this request."
OPENAI_SUCCESS = {
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
MODERATED = {
    "error": {
        "message": "Your request was rejected by the safety system.",
        "type": "image_generation_user_error",
        "code": "moderation_blocked",
    }
}
CASES: dict[str, tuple[bytes, dict[str, Any], str, str | None]] = {
    "a success": (success(candidatesTokenCount=1120, totalTokenCount=1132), GOOGLE, "0.067206", "0.067206"),
    "a2 thinking and text that no detail lists": (
        success(candidatesTokenCount=1460, thoughtsTokenCount=389, totalTokenCount=1861),
        GOOGLE,
        "0.069393",
        "0.069393",
    ),
    "b blocked image": (
        gemini({"promptTokenCount": 1119, "totalTokenCount": 1119}, finishReason="IMAGE_SAFETY"),
        GOOGLE,
        "0",
        "0.0005595",
    ),
    "c blocked prompt, nothing counted": (msgspec.json.encode(PROMPT_BLOCK), GOOGLE, "0", None),
    "c2 blocked prompt, counted": (
        msgspec.json.encode({**PROMPT_BLOCK, "usageMetadata": {"promptTokenCount": 8, "totalTokenCount": 8}}),
        GOOGLE,
        "0",
        "0.000004",
    ),
    "d waived in words": (
        gemini({"promptTokenCount": 300, "totalTokenCount": 300}, finishReason="IMAGE_OTHER", finishMessage=WAIVER),
        GOOGLE,
        "0",
        "0",
    ),
    "e gpt-image-1 with an input image": (
        msgspec.json.encode(OPENAI_SUCCESS),
        {"provider": "openai", "seller": "openai", "http_status": 200, "model": "gpt-image-1"},
        "0.04269",
        "0.04269",
    ),
    "f moderated": (
        msgspec.json.encode(MODERATED),
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


@pytest.mark.parametrize("case", CASES)
def test_the_charge_is_what_is_known_and_no_more(engine: Engine, case: str) -> None:
    body, context, low, high = CASES[case]

    charge = engine.evaluate(body, **context).charge

    assert charge.low == Decimal(low)
    assert charge.high == (None if high is None else Decimal(high))


@pytest.mark.parametrize("case", CASES)
def test_the_charge_has_a_reason(engine: Engine, case: str) -> None:
    body, context, _, _ = CASES[case]

    verdict = engine.evaluate(body, **context)

    assert any(step.decision == "bill" and step.evidence for step in verdict.trail)


def test_the_waiver_is_read_only_in_the_platforms_own_field(engine: Engine) -> None:
    in_text = gemini(
        {"promptTokenCount": 300, "candidatesTokenCount": 20, "totalTokenCount": 320},
        content={"parts": [{"text": WAIVER}]},
        finishReason="STOP",
    )

    verdict = engine.evaluate(in_text, **GOOGLE)

    assert (verdict.bill.input, verdict.bill.text) == ("charged", "charged")


def test_the_two_waivers_have_two_subjects(engine: Engine) -> None:
    images_only = "The image was filtered out. You will not be charged for blocked images."
    body = gemini(
        {"promptTokenCount": 464, "thoughtsTokenCount": 291, "totalTokenCount": 755},
        finishReason="IMAGE_SAFETY",
        finishMessage=images_only,
    )

    verdict = engine.evaluate(body, **GOOGLE)

    assert (verdict.bill.input, verdict.bill.image) == ("unknown", "free")
    assert verdict.charge.high == Decimal("0.001105")
