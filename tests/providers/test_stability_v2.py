"""Stability AI: images, artifacts, jobs and errors, and what they cost."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policyengine.engine import Engine
from policyengine.exchange import Exchange
from policyengine.provider import Claim
from policyengine_stability import policyengine_provider

if TYPE_CHECKING:
    from policyengine.facts import Facts
    from policyengine.verdict import Verdict

PROVIDER = policyengine_provider()
DIALECT = PROVIDER.dialects[0]
SCENARIOS = PROVIDER.scenarios("stability-v2")
HOST = "https://api.stability.ai"


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine.load()


def facts_of(body: object, **context: object) -> Facts:
    return DIALECT.normalize(Exchange.of(body, **context))[0]


def verdict_of(engine: Engine, body: object, **context: object) -> Verdict:
    return engine.evaluate(body, dialect="stability-v2", seller="stability", **context)


def error(name: str, text: str = "x") -> dict[str, object]:
    return {"id": "1f", "name": name, "errors": [text]}


def artifacts(*reasons: str) -> dict[str, object]:
    return {"artifacts": [{"base64": "aGk=", "seed": 1, "finishReason": reason} for reason in reasons]}


@pytest.mark.parametrize(
    ("body", "http_status", "outcome", "stage"),
    [
        ({"image": "aGk=", "finish_reason": "SUCCESS", "seed": 1}, 200, "delivered", "none"),
        ({"image": "aGk=", "finish_reason": "CONTENT_FILTERED", "seed": 1}, 200, "blocked", "output"),
        ({"image": "aGk=", "finish_reason": "UNHEARD_OF", "seed": 1}, 200, "unrecognized", "unknown"),
        (artifacts("SUCCESS", "SUCCESS"), 200, "delivered", "none"),
        (artifacts("SUCCESS", "CONTENT_FILTERED"), 200, "partial", "output"),
        (artifacts("CONTENT_FILTERED"), 200, "blocked", "output"),
        (artifacts("SUCCESS", "ERROR"), 200, "partial", "generation"),
        (artifacts("ERROR"), 200, "failed", "generation"),
        (error("content_moderation"), 403, "blocked", "prompt"),
        (error("permission_denied"), 403, "denied", "admission"),
        (error("unauthorized"), 401, "denied", "admission"),
        (error("payment_required"), 402, "exhausted", "admission"),
        (error("bad_request"), 400, "rejected", "admission"),
        (error("invalid_language"), 422, "rejected", "admission"),
        (error("payload_too_large"), 413, "rejected", "admission"),
        (error("rate_limit_exceeded"), 429, "throttled", "admission"),
        (error("internal_error"), 500, "failed", "unknown"),
        (error("not_found", "The specified engine (ID x) was not found."), 404, "rejected", "admission"),
        ({"id": "1f", "name": "server_error", "message": "try again"}, 500, "failed", "unknown"),
        ({"message": "Incorrect API key provided"}, 401, "denied", "admission"),
        ("Your organization does not have enough balance to request this action", None, "exhausted", "admission"),
        ({"id": "1f", "status": "in-progress"}, 202, "pending", "none"),
        ({"id": "1f"}, 200, "pending", "none"),
    ],
)
def test_answers_are_told_apart(
    engine: Engine, body: object, http_status: int | None, outcome: str, stage: str
) -> None:
    verdict = verdict_of(engine, body, http_status=http_status)

    assert (verdict.outcome, verdict.stage) == (outcome, stage)


def test_binary_image_is_read_from_the_headers() -> None:
    headers = {"Content-Type": "image/png", "Finish-Reason": "SUCCESS"}

    assert facts_of(b"\x89PNG", http_status=200, headers=headers).images_delivered == 1


def test_binary_image_that_was_blurred_is_not_delivered() -> None:
    headers = {"content-type": "image/png", "finish-reason": "CONTENT_FILTERED"}

    facts = facts_of(b"\x89PNG", http_status=200, headers=headers)

    assert (facts.images_delivered, facts.images_withheld) == (0, 1)


def test_logged_binary_answer_is_read() -> None:
    body = {"status": 200, "content_type": "image/png", "headers": {"finish-reason": "SUCCESS", "seed": "42"}}

    assert facts_of(body).images_delivered == 1


def test_result_that_is_gone_is_lost_and_not_a_bad_request(engine: Engine) -> None:
    verdict = verdict_of(engine, error("not_found"), http_status=404, url=f"{HOST}/v2beta/results/1f")

    assert (verdict.outcome, verdict.bill.image) == ("lost", "unknown")


@pytest.mark.parametrize(
    ("path", "model", "operation"),
    [
        ("/v2beta/stable-image/generate/core", "core", "generate"),
        ("/v2beta/stable-image/upscale/fast", "upscale/fast", "upscale"),
        ("/v1/generation/stable-diffusion-xl-1024-v1-0/text-to-image", "stable-diffusion-xl-1024-v1-0", "generate"),
        ("/v2beta/results/1f", None, "results"),
    ],
)
def test_address_names_model_and_operation(path: str, model: str | None, operation: str) -> None:
    facts = facts_of({"id": "1f"}, url=HOST + path)

    assert (facts.model, facts.operation) == (model, operation)


def test_request_names_the_model_of_the_shared_endpoint() -> None:
    url = f"{HOST}/v2beta/stable-image/generate/sd3"

    assert facts_of({"id": "1f"}, url=url, request={"model": "sd3.5-medium"}).model == "sd3.5-medium"


def test_the_answer_s_own_sentence_frees_a_flagged_request(engine: Engine) -> None:
    sentence = "Your request was flagged by our content moderation system, ... and you were not charged."

    verdict = verdict_of(engine, error("content_moderation", sentence), http_status=403)

    assert (verdict.bill.image, verdict.bill.basis["image"]) == ("free", "stated")


def test_blurred_image_of_version_2_stays_unknown(engine: Engine) -> None:
    body = {"image": "aGk=", "finish_reason": "CONTENT_FILTERED", "seed": 1}

    verdict = verdict_of(engine, body, url=f"{HOST}/v2beta/stable-image/generate/ultra")

    assert (verdict.bill.image, verdict.charge.low, verdict.charge.high) == ("unknown", Decimal(0), Decimal("0.08"))


def test_blurred_artifact_of_version_1_is_free(engine: Engine) -> None:
    verdict = verdict_of(engine, artifacts("CONTENT_FILTERED"))

    assert (verdict.bill.image, verdict.bill.basis["image"]) == ("free", "official")


def test_only_the_good_artifacts_are_charged(engine: Engine) -> None:
    verdict = verdict_of(engine, artifacts("SUCCESS", "CONTENT_FILTERED"), model="sd3.5-large")

    assert (verdict.images, verdict.charge.low) == (1, Decimal("0.065"))


@pytest.mark.parametrize("http_status", [401, 402, 413, 429])
def test_refusals_are_free_as_third_parties_report(engine: Engine, http_status: int) -> None:
    verdict = verdict_of(engine, {"message": "no"}, http_status=http_status)

    assert (verdict.bill.image, verdict.bill.basis["image"]) == ("free", "reported")


def test_server_error_stays_unknown(engine: Engine) -> None:
    assert verdict_of(engine, error("internal_error"), http_status=500).bill.image == "unknown"


def test_envelope_of_anybody_is_not_claimed() -> None:
    assert DIALECT.recognizes(Exchange.of({"message": "no"})) is Claim.NO


@given(st.text(max_size=60))
def test_any_address_is_read(path: str) -> None:
    facts, _ = DIALECT.normalize(Exchange(body={"id": "1f"}, url=f"{HOST}/{path}"))

    assert facts.terminal is False
