"""Gemini answers under the invoices of Google: outcome, bill, and dollars to the last digit."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from policyengine.engine import Engine
from policyengine_gemini import policyengine_provider

if TYPE_CHECKING:
    from policyengine.provider import Scenario
    from policyengine.verdict import Verdict

PROVIDER = policyengine_provider()
FREE = {"input": "free", "text": "free", "image": "free", "request": "na"}
CHARGED = {"input": "charged", "text": "charged", "image": "charged", "request": "na"}
UNKNOWN = {"input": "unknown", "text": "unknown", "image": "unknown", "request": "na"}
NO_OUTPUT = {"input": "unknown", "text": "free", "image": "free", "request": "na"}
NO_IMAGE = {"input": "unknown", "text": "unknown", "image": "free", "request": "na"}
ANSWERED = {"input": "charged", "text": "charged", "image": "free", "request": "na"}
BY_IMAGE = {"input": "na", "text": "na", "request": "na"}
IMAGE = {"content": {"parts": [{"inlineData": {"mimeType": "image/png", "data": "aGk="}}]}, "finishReason": "STOP"}
DETAIL = [{"modality": "IMAGE", "tokenCount": 1120}]

TABLE = {
    "gemini-api/delivered": ("delivered", "none", CHARGED),
    "gemini-api/delivered-with-search": ("delivered", "none", {**CHARGED, "request": "conditional"}),
    "gemini-api/prompt-block": ("blocked", "prompt", NO_OUTPUT),
    "gemini-api/prompt-block-counted": ("blocked", "prompt", NO_OUTPUT),
    "gemini-api/image-safety": ("blocked", "output", NO_IMAGE),
    "gemini-api/image-safety-waived": ("blocked", "output", NO_IMAGE),
    "gemini-api/image-recitation": ("blocked", "output", NO_OUTPUT),
    "gemini-api/image-other-waived": ("declined", "generation", FREE),
    "gemini-api/no-image": ("declined", "generation", NO_IMAGE),
    "gemini-api/text-refusal": ("declined", "generation", ANSWERED),
    "gemini-api/account-disabled": ("denied", "admission", UNKNOWN),
    "gemini-api/internal-error": ("failed", "generation", UNKNOWN),
    "gemini-api/stream-interim": ("pending", "none", UNKNOWN),
    "gemini-api/stream-error": ("failed", "generation", UNKNOWN),
    "gemini-api/continuation": ("pending", "none", UNKNOWN),
    "gemini-api/invalid-argument": ("rejected", "admission", FREE),
    "gemini-api/bad-key": ("denied", "admission", FREE),
    "gemini-api/location": ("denied", "admission", FREE),
    "gemini-api/rate-limit": ("throttled", "admission", FREE),
    "gemini-api/prepay-depleted": ("exhausted", "admission", FREE),
    "gemini-api/free-tier": ("exhausted", "admission", FREE),
    "gemini-api/overloaded": ("throttled", "admission", FREE),
    "gemini-api/server-error": ("failed", "unknown", FREE),
    "gemini-api/deadline": ("timeout", "unknown", FREE),
    "gemini-api/client-timeout": ("timeout", "unknown", UNKNOWN),
    "vertex/delivered": ("delivered", "none", CHARGED),
    "vertex/prompt-block-message": ("blocked", "prompt", NO_OUTPUT),
    "vertex/image-prohibited": ("blocked", "output", NO_OUTPUT),
    "vertex/model-armor": ("blocked", "output", {**UNKNOWN, "image": "na"}),
    "vertex/provisioned": ("delivered", "none", {**dict.fromkeys(CHARGED, "conditional"), "request": "na"}),
    "vertex/permission-denied": ("denied", "admission", FREE),
    "vertex/capacity": ("throttled", "admission", FREE),
    "gemini-batch/delivered-line": ("delivered", "none", CHARGED),
    "gemini-batch/blocked-line": ("blocked", "output", NO_OUTPUT),
    "gemini-batch/error-line": ("failed", "unknown", UNKNOWN),
    "gemini-batch/bare-status": ("failed", "unknown", UNKNOWN),
    "gemini-batch/vertex-line": ("delivered", "none", CHARGED),
    "gemini-batch/job-running": ("pending", "none", UNKNOWN),
    "gemini-batch/job-expired": ("lost", "unknown", UNKNOWN),
    "gemini-batch/unreachable": ("failed", "unknown", UNKNOWN),
    "interactions/delivered": ("delivered", "none", CHARGED),
    "interactions/stream": ("delivered", "none", CHARGED),
    "interactions/text-refusal": ("declined", "generation", ANSWERED),
    "interactions/blocked": ("blocked", "output", UNKNOWN),
    "interactions/running": ("pending", "none", UNKNOWN),
    "interactions/result-gone": ("lost", "delivery", UNKNOWN),
    "interactions/invalid-request": ("rejected", "admission", FREE),
    "interactions/payment-required": ("exhausted", "admission", FREE),
    "interactions/rate-limit": ("throttled", "admission", FREE),
    "imagen/delivered": ("delivered", "none", {**BY_IMAGE, "image": "charged"}),
    "imagen/some-filtered": ("partial", "output", {**BY_IMAGE, "image": "charged"}),
    "imagen/all-filtered": ("blocked", "output", {**BY_IMAGE, "image": "free"}),
    "imagen/prompt-block": ("blocked", "prompt", {**BY_IMAGE, "image": "free"}),
    "imagen/prompt-block-as-text": ("blocked", "prompt", {**BY_IMAGE, "image": "free"}),
    "gemini-openai/delivered": ("delivered", "none", CHARGED),
    "gemini-openai/native-image-safety": ("blocked", "output", NO_OUTPUT),
    "gemini-openai/messages-refusal": ("declined", "generation", NO_OUTPUT),
    "gemini-openai/images-finish-reason": ("blocked", "output", NO_OUTPUT),
    "gemini-openai/task-blocked": ("blocked", "unknown", UNKNOWN),
    "gemini-openai/compatible-endpoint-error": ("rejected", "admission", FREE),
    "openrouter-chat/delivered": ("delivered", "none", None),
    "openrouter-chat/stream-error": ("throttled", "generation", None),
}


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine.load()


def scenarios() -> dict[str, Scenario]:
    return {
        f"{dialect.name}/{one.name}": one for dialect in PROVIDER.dialects for one in PROVIDER.scenarios(dialect.name)
    }


def verdict_of(engine: Engine, scenario: Scenario) -> Verdict:
    context: dict[str, Any] = {
        name: value
        for name in ("http_status", "headers", "request", "url", "transport_error", "model")
        if (value := getattr(scenario, name))
    }
    return engine.evaluate(scenario.body, provider="gemini", **context)


def test_every_scenario_is_in_the_table() -> None:
    assert sorted(TABLE) == sorted(scenarios())


@pytest.mark.parametrize("name", TABLE)
def test_scenarios_are_recognized_and_decided(engine: Engine, name: str) -> None:
    outcome, stage, bill = TABLE[name]

    verdict = verdict_of(engine, scenarios()[name])

    assert verdict.facts.dialect == name.partition("/")[0]
    assert (verdict.outcome, verdict.stage) == (outcome, stage)
    assert bill is None or verdict.bill.values() == bill
    assert not [warning for warning in verdict.warnings if warning.code == "drift"]


def evaluated(engine: Engine, body: object, model: str = "gemini-3.1-flash-image", **context: object) -> Verdict:
    given: dict[str, Any] = {"seller": "google-ai", "http_status": 200, **context}
    return engine.evaluate(body, provider="gemini", model=model, **given)


def answer(candidate: object, usage: object) -> dict[str, object]:
    return {"candidates": [candidate], "usageMetadata": usage}


@pytest.mark.parametrize(
    ("body", "low", "high"),
    [
        pytest.param(
            answer(
                IMAGE,
                {
                    "promptTokenCount": 12,
                    "candidatesTokenCount": 1120,
                    "totalTokenCount": 1132,
                    "candidatesTokensDetails": DETAIL,
                },
            ),
            "0.067206",
            "0.067206",
            id="1K image",
        ),
        pytest.param(
            answer(
                IMAGE,
                {
                    "promptTokenCount": 12,
                    "candidatesTokenCount": 1460,
                    "thoughtsTokenCount": 389,
                    "totalTokenCount": 1861,
                    "candidatesTokensDetails": DETAIL,
                },
            ),
            "0.069393",
            "0.069393",
            id="thinking and remainder at the text rate",
        ),
        pytest.param(
            answer({"finishReason": "IMAGE_PROHIBITED_CONTENT"}, {"promptTokenCount": 1119, "totalTokenCount": 1119}),
            "0",
            "0.0005595",
            id="filtered: the prompt at most",
        ),
        pytest.param(
            {
                "promptFeedback": {"blockReason": "SAFETY"},
                "usageMetadata": {"promptTokenCount": 8, "totalTokenCount": 8},
            },
            "0",
            "0.000004",
            id="blocked prompt: its tokens at most",
        ),
        pytest.param(
            answer(
                {"finishReason": "IMAGE_OTHER", "finishMessage": "You will not be charged for this request."},
                {"promptTokenCount": 300, "totalTokenCount": 300},
            ),
            "0",
            "0",
            id="waived in words",
        ),
    ],
)
def test_dollars_of_nano_banana_2(engine: Engine, body: object, low: str, high: str) -> None:
    charge = evaluated(engine, body).charge

    assert (charge.low, charge.high) == (Decimal(low), Decimal(high))


def test_a_blocked_pro_image_may_cost_prompt_and_thinking(engine: Engine) -> None:
    usage = {"promptTokenCount": 464, "candidatesTokenCount": 0, "thoughtsTokenCount": 291, "totalTokenCount": 755}

    charge = evaluated(engine, answer({"finishReason": "IMAGE_SAFETY"}, usage), "gemini-3-pro-image-preview").charge

    assert (charge.low, charge.high) == (Decimal(0), Decimal("0.00442"))


def test_the_sentence_in_the_models_own_words_waives_nothing(engine: Engine) -> None:
    text = "You will not be charged for this request."
    usage = {"promptTokenCount": 10, "candidatesTokenCount": 10, "totalTokenCount": 20}

    verdict = evaluated(engine, answer({"content": {"parts": [{"text": text}]}, "finishReason": "STOP"}, usage))

    assert verdict.bill.values() == ANSWERED


def test_waived_images_do_not_waive_the_request(engine: Engine) -> None:
    message = "The image was filtered out. You will not be charged for blocked images."

    verdict = evaluated(engine, {"candidates": [{"finishReason": "IMAGE_SAFETY", "finishMessage": message}]})

    assert verdict.bill.values() == NO_IMAGE
    assert verdict.bill.basis["image"] == "stated"


def test_a_text_model_has_no_image_to_bill(engine: Engine) -> None:
    body = answer(
        {"content": {"parts": [{"text": "Paris"}]}, "finishReason": "STOP"},
        {"promptTokenCount": 5, "totalTokenCount": 6},
    )

    assert evaluated(engine, body, "gemini-2.5-flash").bill.image == "na"


def test_the_tier_that_served_the_call_is_priced(engine: Engine) -> None:
    usage = {
        "promptTokenCount": 1000,
        "totalTokenCount": 2120,
        "candidatesTokensDetails": DETAIL,
        "trafficType": "ON_DEMAND_FLEX",
    }

    charge = evaluated(engine, answer(IMAGE, usage), seller="google-vertex").charge

    assert charge.high == Decimal("0.03385")


@pytest.mark.parametrize(
    ("model", "size", "dollars"),
    [
        ("gemini-3.1-flash-image", "512", "0.04482"),
        ("gemini-3.1-flash-image", "1K", "0.0672"),
        ("gemini-3.1-flash-image", "2K", "0.1008"),
        ("gemini-3.1-flash-image", "4K", "0.1512"),
        ("gemini-3.1-flash-lite-image", "1K", "0.0336"),
        ("gemini-3-pro-image", "2K", "0.1344"),
        ("gemini-3-pro-image", "4K", "0.24"),
        ("gemini-2.5-flash-image", "1K", "0.0387"),
        ("gemini-nano-banana-2.1", "1K", "0.0336"),
    ],
)
@pytest.mark.parametrize("seller", ["google-ai", "google-vertex"])
def test_an_image_costs_its_tokens_where_usage_is_missing(
    engine: Engine, seller: str, model: str, size: str, dollars: str
) -> None:
    request = {"contents": "a kite", "generationConfig": {"imageConfig": {"imageSize": size}}}

    lines = evaluated(engine, {"candidates": [IMAGE]}, model, seller=seller, request=request).charge.lines

    assert [line.high for line in lines if line.component == "image"] == [Decimal(dollars)]


@pytest.mark.parametrize(
    ("model", "dollars"), [("imagen-4.0-fast-generate-001", "0.02"), ("imagen-4.0-ultra-generate-001", "0.06")]
)
def test_imagen_costs_by_the_image(engine: Engine, model: str, dollars: str) -> None:
    body = {"predictions": [{"mimeType": "image/png", "bytesBase64Encoded": "aGk="}]}

    assert evaluated(engine, body, model, seller="google-vertex").charge.high == Decimal(dollars)


@pytest.mark.parametrize("reason", ["A_NEW_REASON", "FINISH_REASON_UNSPECIFIED"])
def test_an_unknown_finish_reason_decides_nothing(engine: Engine, reason: str) -> None:
    body = answer(
        {"content": {"parts": [{"text": "Some text"}]}, "finishReason": reason},
        {"promptTokenCount": 5, "totalTokenCount": 8},
    )

    verdict = evaluated(engine, body)

    assert (verdict.outcome, verdict.bill.values()) == ("unrecognized", UNKNOWN)


def test_an_unknown_finish_reason_is_reported_as_drift(engine: Engine) -> None:
    verdict = evaluated(engine, {"candidates": [{"finishReason": "A_NEW_REASON"}]})

    assert "drift" in [warning.code for warning in verdict.warnings]
