"""OpenAI and Azure answers under their invoices: outcome, bill, and dollars to the last digit."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from policyengine.engine import Engine
from policyengine_openai import policyengine_provider

if TYPE_CHECKING:
    from policyengine.provider import Scenario
    from policyengine.verdict import Verdict

PROVIDER = policyengine_provider()
UNKNOWN = ("unknown", "na", "unknown", "na")
ANY_UNKNOWN = ("unknown", "unknown", "unknown", "na")
CHARGED = ("charged", "na", "charged", "na")
ANY_CHARGED = ("charged", "charged", "charged", "na")
BY_IMAGE = ("na", "na", "charged", "na")
FREE = ("free", "na", "free", "na")
ANSWERED = ("charged", "charged", "free", "na")
LATER = ("conditional", "conditional", "conditional", "na")

TABLE = {
    "openai-images/success": ("delivered", "none", CHARGED),
    "openai-images/success-two": ("delivered", "none", CHARGED),
    "openai-images/success-edit-with-text-output": ("delivered", "none", ANY_CHARGED),
    "openai-images/success-dalle": ("delivered", "none", BY_IMAGE),
    "openai-images/success-streamed": ("delivered", "none", CHARGED),
    "openai-images/partial": ("partial", "unknown", CHARGED),
    "openai-images/previews-only": ("timeout", "unknown", UNKNOWN),
    "openai-images/no-data": ("declined", "generation", UNKNOWN),
    "openai-images/blocked-prompt": ("blocked", "prompt", UNKNOWN),
    "openai-images/blocked-output": ("blocked", "output", UNKNOWN),
    "openai-images/blocked-somewhere": ("blocked", "unknown", UNKNOWN),
    "openai-images/blocked-dalle": ("blocked", "prompt", ("na", "na", "unknown", "na")),
    "openai-images/rejected-parameter": ("rejected", "admission", UNKNOWN),
    "openai-images/rejected-image": ("rejected", "admission", UNKNOWN),
    "openai-images/denied-key": ("denied", "admission", UNKNOWN),
    "openai-images/denied-verification": ("denied", "admission", UNKNOWN),
    "openai-images/throttled": ("throttled", "admission", UNKNOWN),
    "openai-images/exhausted": ("exhausted", "admission", UNKNOWN),
    "openai-images/failed": ("failed", "unknown", UNKNOWN),
    "openai-images/timeout": ("timeout", "unknown", UNKNOWN),
    "openai-images/gateway-wrapped": ("denied", "admission", ANY_UNKNOWN),
    "openai-images/gateway-no-channel": ("rejected", "admission", ANY_UNKNOWN),
    "openai-images/batch-expired": ("throttled", "admission", FREE),
    "openai-responses/success": ("delivered", "none", ANY_CHARGED),
    "openai-responses/success-uncounted": ("delivered", "none", ANY_CHARGED),
    "openai-responses/success-streamed": ("delivered", "none", ANY_CHARGED),
    "openai-responses/text-instead": ("declined", "generation", ANSWERED),
    "openai-responses/refusal": ("declined", "generation", ANSWERED),
    "openai-responses/incomplete": ("declined", "generation", ANSWERED),
    "openai-responses/filtered": ("blocked", "output", ("charged", "charged", "unknown", "na")),
    "openai-responses/call-blocked": ("blocked", "output", ("charged", "charged", "unknown", "na")),
    "openai-responses/failed": ("failed", "generation", ANY_UNKNOWN),
    "openai-responses/failed-policy": ("blocked", "unknown", ANY_UNKNOWN),
    "openai-responses/rejected-image": ("rejected", "admission", ANY_UNKNOWN),
    "openai-responses/queued": ("pending", "none", LATER),
    "openai-responses/canceled": ("canceled", "unknown", ANY_UNKNOWN),
    "azure-openai/success": ("delivered", "none", BY_IMAGE),
    "azure-openai/success-gpt-image": ("delivered", "none", CHARGED),
    "azure-openai/blocked-prompt": ("blocked", "prompt", BY_IMAGE),
    "azure-openai/blocked-output": ("blocked", "output", ("charged", "na", "unknown", "na")),
    "azure-openai/partial": ("partial", "output", BY_IMAGE),
    "azure-openai/running": ("pending", "none", ("na", "na", "conditional", "na")),
    "azure-openai/denied-account": ("denied", "admission", FREE),
    "azure-openai/denied-key": ("denied", "admission", FREE),
    "azure-openai/throttled": ("throttled", "admission", FREE),
    "azure-openai/rejected-deployment": ("rejected", "admission", ANY_UNKNOWN),
    "azure-openai/deadline": ("timeout", "unknown", ("charged", "na", "unknown", "na")),
}


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine.load()


def scenarios() -> list[tuple[str, Scenario]]:
    return [
        (f"{dialect.name}/{scenario.name}", scenario)
        for dialect in PROVIDER.dialects
        for scenario in PROVIDER.scenarios(dialect.name)
    ]


def evaluated(engine: Engine, scenario: Scenario) -> Verdict:
    names = ("http_status", "headers", "request", "url", "transport_error", "model")
    context = {name: value for name in names if (value := getattr(scenario, name))}
    return engine.evaluate(scenario.body, provider="openai", **context)


def test_every_scenario_has_a_verdict_in_the_table() -> None:
    assert sorted(name for name, _ in scenarios()) == sorted(TABLE)


@pytest.mark.parametrize(("name", "scenario"), scenarios(), ids=[name for name, _ in scenarios()])
def test_scenario_is_recognized_and_decided(engine: Engine, name: str, scenario: Scenario) -> None:
    outcome, stage, bill = TABLE[name]

    verdict = evaluated(engine, scenario)

    assert verdict.facts.dialect == name.partition("/")[0]
    assert (verdict.outcome, verdict.stage) == (outcome, stage)
    assert tuple(verdict.bill.values().values()) == bill


def image_answer(usage: object, **fields: object) -> dict[str, object]:
    return {"created": 1_781_047_765, "data": [{"b64_json": "aGk="}], "usage": usage, **fields}


USAGE = {
    "input_tokens": 50,
    "input_tokens_details": {"text_tokens": 10, "image_tokens": 40},
    "output_tokens": 1056,
    "total_tokens": 1106,
}
TEXT_USAGE = {
    "input_tokens": 221,
    "input_tokens_details": {"image_tokens": 194, "text_tokens": 27},
    "output_tokens": 415,
    "output_tokens_details": {"image_tokens": 272, "text_tokens": 143},
}


@pytest.mark.parametrize(
    ("body", "context", "dollars"),
    [
        (image_answer(USAGE), {"model": "gpt-image-1"}, "0.04269"),
        (
            image_answer({**USAGE, "prompt_tokens": 0, "completion_tokens": 0}),
            {"model": "openai/gpt-image-1"},
            "0.04269",
        ),
        (image_answer(TEXT_USAGE), {"model": "gpt-image-1.5"}, "0.011821"),
        (image_answer({"input_tokens": 9, "output_tokens": 196}), {"model": "gpt-image-2-2026-04-21"}, "0.005925"),
        (image_answer(USAGE), {"model": "gpt-image-1", "seller": "azure"}, "0.04269"),
        (
            {"created": 1_760_000_000, "data": [{"url": "https://x/a.png"}, {"url": "https://x/b.png"}]},
            {"request": {"model": "dall-e-2", "prompt": "a kite", "n": 2, "size": "256x256"}},
            "0.032",
        ),
    ],
)
def test_delivered_images_cost_the_list_price(
    engine: Engine, body: object, context: dict[str, Any], dollars: str
) -> None:
    charge = engine.evaluate(body, provider="openai", http_status=200, **context).charge

    assert (charge.low, charge.high) == (Decimal(dollars), Decimal(dollars))


def test_image_without_counts_costs_what_size_and_quality_take(engine: Engine) -> None:
    body = image_answer(None, size="1536x864", quality="low")

    image = next(
        line
        for line in engine.evaluate(body, provider="openai", model="gpt-image-2").charge.lines
        if line.component == "image"
    )

    assert (image.low, image.high) == (Decimal("0.0036"), Decimal("0.0036"))


def test_both_models_of_a_response_are_priced(engine: Engine) -> None:
    scenario = next(scenario for name, scenario in scenarios() if name == "openai-responses/success")

    verdict = evaluated(engine, scenario)

    text = Decimal("0.0000025") * 2200 + Decimal("0.000015") * 60
    image = Decimal("0.000005") * 27 + Decimal("0.00003") * 1756
    assert (verdict.charge.low, verdict.charge.high) == (text + image, text + image)


def test_same_refusal_is_unknown_at_openai_and_charged_at_azure(engine: Engine) -> None:
    body = {"error": {"code": "moderation_blocked", "message": "Refused by the safety system."}}

    own = engine.evaluate(body, provider="openai", http_status=400, model="gpt-image-2")
    other = engine.rebill(own, seller="azure")

    assert (own.bill.input, other.bill.input) == ("unknown", "charged")
    assert (own.bill.image, other.bill.image) == ("unknown", "unknown")
    assert other.bill.basis["input"] == "official"


def test_blocked_image_costs_between_nothing_and_the_whole(engine: Engine) -> None:
    scenario = next(scenario for name, scenario in scenarios() if name == "openai-images/blocked-output")

    charge = evaluated(engine, scenario).charge

    prompt_bytes = len("a red kite over dunes")
    assert charge.low == 0
    assert charge.high == Decimal("0.00003") * 1756 + Decimal("0.000005") * prompt_bytes


def test_evidence_that_disagrees_is_kept_with_an_unknown_bill(engine: Engine) -> None:
    scenario = next(scenario for name, scenario in scenarios() if name == "openai-images/blocked-output")

    billed = [step for step in evaluated(engine, scenario).trail if step.component == "image"]

    assert {evidence.supports for step in billed for evidence in step.evidence} >= {"free", "charged"}


def test_batch_line_costs_half(engine: Engine) -> None:
    line = {
        "custom_id": "kite-1",
        "response": {"status_code": 200, "request_id": "req_9", "body": image_answer(USAGE)},
        "error": None,
    }

    charge = engine.evaluate(line, provider="openai", model="gpt-image-1").charge

    assert charge.high == Decimal("0.04269") / 2


def test_timeout_warns_of_attempts_that_nobody_saw(engine: Engine) -> None:
    verdict = engine.evaluate(None, provider="openai", transport_error="APITimeoutError", model="gpt-image-2")

    assert "hidden_attempts" in {warning.code for warning in verdict.warnings}


@pytest.mark.parametrize(
    ("error", "status", "outcome", "stage"),
    [
        ({"code": "brand_new", "message": "Something else."}, 200, "unrecognized", "unknown"),
        ({"code": "brand_new", "message": "Something else."}, 503, "failed", "unknown"),
        ({"type": "shell_api_error", "message": "No."}, 451, "blocked", "unknown"),
        ({"code": "400", "message": "litellm.ContentPolicyViolationError: No."}, 400, "blocked", "unknown"),
        ({"code": "convert_request_failed", "type": "packy_api_error", "message": "No."}, 500, "rejected", "admission"),
        ({"code": 529, "message": "Provider returned error"}, 529, "throttled", "admission"),
        ({"code": 402, "message": "No."}, None, "exhausted", "admission"),
        ({"type": "new_api_error", "message": "用户额度不足, 剩余额度: 0"}, 403, "exhausted", "admission"),
        ({"type": "new_api_error", "message": "当前分组上游负载已饱和"}, 500, "throttled", "admission"),
        ({"type": "invalid_request_error", "message": "You can retry your request."}, 500, "failed", "unknown"),
        ({"code": "rate_limit_exceeded", "message": "No."}, 200, "throttled", "generation"),
        ({"code": "server_error", "message": "Generation failed"}, 200, "failed", "generation"),
    ],
)
def test_gateway_errors_are_told_apart(
    engine: Engine, error: object, status: int | None, outcome: str, stage: str
) -> None:
    verdict = engine.evaluate({"error": error}, dialect="openai-images", http_status=status)

    assert (verdict.outcome, verdict.stage) == (outcome, stage)
