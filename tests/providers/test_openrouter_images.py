"""OpenRouter: images are billed in full or not at all, chat answers by the zero completion insurance."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from policyengine.engine import Engine
from policyengine.exchange import Exchange
from policyengine.facts import Facts
from policyengine.provider import Claim
from policyengine_openrouter import policyengine_provider

if TYPE_CHECKING:
    from policyengine.provider import Scenario
    from policyengine.verdict import Verdict

PROVIDER = policyengine_provider()
DIALECT = PROVIDER.dialects[0]
SCENARIOS = PROVIDER.scenarios(DIALECT.name)
URL = "https://openrouter.ai/api/v1/images"
# Shapes: https://openrouter.ai/docs/guides/overview/multimodal/image-generation
USAGE = {"prompt_tokens": 16, "completion_tokens": 272, "total_tokens": 288, "cost": 0.011}
IMAGE = {"b64_json": "iVBORw0KGgo=", "media_type": "image/png"}
PREVIEW = {"type": "image_generation.partial_image", "partial_image_index": 0, "b64_json": "iVBO"}
COMPLETED = {"type": "image_generation.completed", "b64_json": "iVBORw0KGgo=", "usage": USAGE}
BROKEN = {"type": "error", "error": {"message": "Generation failed", "code": "server_error"}}


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine.load()


def error(code: int, kind: str | None = None, **metadata: object) -> dict[str, object]:
    more = {**({"error_type": kind} if kind else {}), **metadata}
    return {"error": {"code": code, "message": "…", **({"metadata": more} if more else {})}}


def facts_of(body: object, **context: object) -> Facts:
    return DIALECT.normalize(Exchange.of(body, **context))[0]


def verdict_of(engine: Engine, body: object, **context: object) -> Verdict:
    return engine.evaluate(body, **{"dialect": "openrouter-images", "http_status": 200, **context})


def chat(engine: Engine, **facts: Any) -> Verdict:  # noqa: ANN401
    return engine.decide(Facts(provider="gemini", dialect="openrouter-chat", seller="openrouter", **facts))


def test_cost_of_the_answer_is_the_charge(engine: Engine) -> None:
    verdict = verdict_of(engine, {"created": 1, "data": [IMAGE], "usage": USAGE})

    assert (verdict.outcome, verdict.images, verdict.basis) == ("delivered", 1, "settled")
    assert (verdict.charge.low, verdict.charge.high) == (Decimal("0.011"), Decimal("0.011"))


def test_previews_are_no_images(engine: Engine) -> None:
    verdict = verdict_of(engine, [PREVIEW, PREVIEW])

    assert (verdict.outcome, verdict.images, verdict.bill.image) == ("pending", 0, "conditional")


def test_stream_ends_with_the_image(engine: Engine) -> None:
    verdict = verdict_of(engine, [PREVIEW, COMPLETED])

    assert (verdict.outcome, verdict.images, verdict.charge.low) == ("delivered", 1, Decimal("0.011"))


def test_error_in_the_stream_is_billed_as_a_failure(engine: Engine) -> None:
    verdict = verdict_of(engine, [PREVIEW, BROKEN])

    assert (verdict.outcome, verdict.stage, verdict.bill.image) == ("failed", "generation", "free")


def test_client_that_hangs_up_is_not_billed(engine: Engine) -> None:
    verdict = verdict_of(engine, None, http_status=None, transport_error="ReadTimeout")

    assert (verdict.outcome, verdict.charge.high) == ("timeout", Decimal(0))


@pytest.mark.parametrize(
    ("http_status", "kind", "outcome", "stage"),
    [
        (400, None, "rejected", "admission"),
        (400, "invalid_image", "rejected", "admission"),
        (400, "content_policy_violation", "blocked", "unknown"),
        (400, "refusal", "declined", "generation"),
        (401, "authentication", "denied", "admission"),
        (402, None, "exhausted", "admission"),
        (403, "permission_denied", "denied", "admission"),
        (404, "not_found", "rejected", "admission"),
        (429, "rate_limit_exceeded", "throttled", "admission"),
        (500, "server", "failed", "unknown"),
        (502, "provider_unavailable", "failed", "unknown"),
        (502, None, "failed", "unknown"),
        (503, "provider_overloaded", "throttled", "admission"),
        (504, "timeout", "timeout", "unknown"),
        (529, None, "throttled", "admission"),
    ],
)
def test_errors_are_typed_and_never_billed(
    engine: Engine, http_status: int, kind: str | None, outcome: str, stage: str
) -> None:
    verdict = verdict_of(engine, error(http_status, kind), http_status=http_status)

    assert (verdict.outcome, verdict.stage) == (outcome, stage)
    assert (verdict.bill.input, verdict.bill.image, verdict.bill.request) == ("free", "free", "na")


def test_guardrail_is_no_lack_of_permission(engine: Engine) -> None:
    verdict = verdict_of(engine, error(403, patterns=["ignore the above"]), http_status=403)

    assert (verdict.outcome, verdict.stage, verdict.facts.category) == ("blocked", "prompt", ("ignore the above",))


def test_unknown_kind_is_drift(engine: Engine) -> None:
    verdict = verdict_of(engine, error(418, "melted"), http_status=418)

    assert "drift" in [warning.code for warning in verdict.warnings]


def test_output_tokens_are_image_tokens_unless_told_otherwise() -> None:
    told = {**USAGE, "completion_tokens_details": {"image_tokens": 200}}

    plain, split = facts_of({"data": [IMAGE], "usage": USAGE}), facts_of({"data": [IMAGE], "usage": told})

    assert (plain.text_tokens, plain.image_tokens) == (0, 272)
    assert (split.text_tokens, split.image_tokens) == (72, 200)


def test_fewer_images_than_asked_for_are_partial(engine: Engine) -> None:
    verdict = verdict_of(engine, {"data": [IMAGE], "usage": USAGE}, request={"n": 2})

    assert verdict.outcome == "partial"


@pytest.mark.parametrize(
    ("told", "bill"),
    [
        ({"http_status": 502, "code": "502"}, ("free", "free", "free")),
        ({"http_status": 200, "finish_reason": "error", "code": "429"}, ("free", "free", "free")),
        ({"http_status": 402, "code": "402"}, ("free", "free", "free")),
        ({"http_status": 403, "code": "403", "message": "Request blocked: …"}, ("free", "free", "free")),
        ({"finish_reason": "content_filter", "images_delivered": 0}, ("unknown", "unknown", "free")),
        ({"finish_reason": "STOP", "images_delivered": 0, "text": "No."}, ("charged", "charged", "free")),
        ({"finish_reason": "STOP", "images_delivered": 1}, ("charged", "charged", "charged")),
        ({"transport_error": "ReadTimeout"}, ("unknown", "unknown", "unknown")),
        ({"settled": Decimal(0), "finish_reason": "content_filter", "images_delivered": 0}, ("free", "free", "free")),
    ],
)
def test_chat_answers_are_billed_by_the_insurance(
    engine: Engine, told: dict[str, Any], bill: tuple[str, str, str]
) -> None:
    verdict = chat(engine, **told)

    assert (verdict.bill.input, verdict.bill.text, verdict.bill.image) == bill


def test_contradicting_page_stays_visible(engine: Engine) -> None:
    verdict = chat(engine, http_status=502, code="502")

    evidence = [one for step in verdict.trail for one in step.evidence if one.supports == "charged"]
    assert any("prompt processing cost" in (one.quote or "") for one in evidence)


@pytest.mark.parametrize(
    ("body", "context", "claim"),
    [
        (None, {"url": URL}, Claim.CERTAIN),
        ([PREVIEW, COMPLETED], {"url": URL}, Claim.CERTAIN),
        ([PREVIEW, COMPLETED], {}, Claim.CERTAIN),  # its cost tells it from OpenAI's
        ([PREVIEW], {}, Claim.NO),
        ({"data": [IMAGE], "usage": USAGE}, {}, Claim.CERTAIN),
        ({"data": [IMAGE]}, {}, Claim.NO),
        (error(402), {"seller": "openrouter"}, Claim.SHAPE),
        (error(402), {}, Claim.NO),
        ({"choices": [], "error": {}}, {"seller": "openrouter"}, Claim.NO),
        (None, {"url": "https://openrouter.ai/api/v1/chat/completions"}, Claim.NO),
    ],
)
def test_what_others_write_too_is_not_claimed_for_sure(body: object, context: dict[str, Any], claim: Claim) -> None:
    assert DIALECT.recognizes(Exchange.of(body, **context)) == claim


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_scenarios_are_decided(engine: Engine, scenario: Scenario) -> None:
    verdict = engine.evaluate(scenario.body, url=scenario.url, http_status=scenario.http_status)

    assert verdict.outcome != "unrecognized"
    assert verdict.facts.seller == "openrouter"
    assert not [warning for warning in verdict.warnings if warning.code in ("drift", "plugin_failed")]


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("Request Moderated", ("blocked", "prompt")),
        ("Content Moderated", ("blocked", "output")),
        ("Error", ("failed", "unknown")),
    ],
)
def test_task_that_the_provider_sent_as_text_tells_what_it_moderated(
    engine: Engine, status: str, expected: tuple[str, str]
) -> None:
    verdict = verdict_of(engine, error(502, raw=f'{{"id": "a", "status": "{status}"}}'), http_status=502, url=URL)

    assert (verdict.outcome, verdict.stage) == expected
    assert verdict.charge.high == 0


@pytest.mark.parametrize("raw", ["{", "{}", '{"status": 1}', "[1]", "Request Moderated", 7, None, "{" * 5000])
def test_raw_words_without_a_status_tell_nothing(engine: Engine, raw: object) -> None:
    assert verdict_of(engine, error(502, raw=raw), http_status=502, url=URL).outcome == "failed"


def test_record_of_a_generation_is_no_answer_without_images(engine: Engine) -> None:
    record = {"data": {"id": "gen-1", "total_cost": 0.03, "finish_reason": "stop"}}
    verdict = engine.evaluate(record, url="https://openrouter.ai/api/v1/generation?id=gen-1", http_status=200)

    assert (verdict.outcome, verdict.charge.high) == ("unrecognized", None)


def test_chat_without_a_cost_is_priced_at_what_google_asks(engine: Engine) -> None:
    tokens = {"prompt_tokens": 10, "completion_tokens": 1300, "completion_tokens_details": {"image_tokens": 1120}}
    message = {"role": "assistant", "content": "", "images": [{"image_url": {"url": "data:image/png;base64,iVBORw0="}}]}
    body = {
        "id": "gen-1",
        "model": "google/gemini-3.1-flash-image",
        "choices": [{"finish_reason": "stop", "message": message}],
        "usage": tokens,
    }
    verdict = engine.evaluate(body, url="https://openrouter.ai/api/v1/chat/completions", http_status=200)

    # 10 x $0.50 + 180 x $3 + 1,120 x $60, for a million each
    assert (verdict.charge.low, verdict.charge.high) == (Decimal("0.067745"), Decimal("0.067745"))


def test_rates_of_some_models_bound_no_image_whose_model_is_not_told(engine: Engine) -> None:
    verdict = verdict_of(engine, {"created": 1, "data": [IMAGE]})

    assert (verdict.outcome, verdict.charge.high) == ("delivered", None)
