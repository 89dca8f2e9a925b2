"""Replicate: predictions and problem documents, and what they cost by the image or by the second."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from policyengine.engine import Engine
from policyengine.exchange import Exchange
from policyengine.facts import UsageRow
from policyengine.provider import Claim
from policyengine_flux import policyengine_provider
from policyengine_flux.replicate import Replicate

if TYPE_CHECKING:
    from policyengine.facts import Facts
    from policyengine.provider import Scenario
    from policyengine.verdict import Verdict

PROVIDER = policyengine_provider()
DIALECT = next(dialect for dialect in PROVIDER.dialects if isinstance(dialect, Replicate))
SCENARIOS = PROVIDER.scenarios("replicate")
FLUX = "black-forest-labs/flux-dev"
HASH = "0a1b" * 16


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine.load()


def facts_of(body: object, **context: object) -> Facts:
    return DIALECT.normalize(Exchange.of(body, **context))[0]


def verdict_of(engine: Engine, body: object, **context: object) -> Verdict:
    return engine.evaluate(body, dialect="replicate", seller="replicate", **context)


def prediction(status: str, images: int = 0, **told: object) -> dict[str, object]:
    output = [f"https://replicate.delivery/{index}.webp" for index in range(images)]
    return {"id": "p", "status": status, "model": FLUX, "version": "hidden", "output": output or None, **told}


RAN: dict[str, Any] = {"started_at": "2026-11-20T10:00:00Z", "metrics": {"predict_time": 2.5}}
FOUR: dict[str, Any] = {"input": {"num_outputs": 4}}


@pytest.mark.parametrize(
    ("body", "http_status", "outcome", "stage"),
    [
        (prediction("starting"), 201, "pending", "none"),
        (prediction("processing"), 200, "pending", "none"),
        (prediction("processing", 1), 201, "delivered", "none"),
        (prediction("processing", 2, **FOUR), 201, "pending", "none"),
        (prediction("processing", 4, **FOUR), 201, "delivered", "none"),
        (prediction("succeeded", 1), 200, "delivered", "none"),
        (prediction("succeeded", 3, **FOUR), 200, "partial", "output"),
        (prediction("succeeded", 4, **FOUR), 200, "delivered", "none"),
        (prediction("succeeded", logs="NSFW content detected"), 200, "blocked", "output"),
        (prediction("succeeded"), 200, "declined", "generation"),
        (prediction("succeeded", data_removed=True), 200, "lost", "delivery"),
        (prediction("aborted"), 200, "canceled", "admission"),
        (prediction("canceled", **RAN), 200, "canceled", "generation"),
        (prediction("canceled", started_at=None), 200, "canceled", "admission"),
        (prediction("failed", error="NSFW content detected. Try another."), 200, "blocked", "output"),
        (prediction("failed", error="All generated images contained NSFW content."), 200, "blocked", "output"),
        (prediction("failed", error="The input or output was flagged. (E005)"), 200, "blocked", "unknown"),
        (prediction("failed", error="Prediction failed: flagged as sensitive"), 200, "blocked", "unknown"),
        (prediction("failed", error="Request Moderated"), 200, "blocked", "prompt"),
        (prediction("failed", error="No memory (E1001)"), 200, "failed", "generation"),
        (prediction("failed", error="It did not start (E6716)"), 200, "failed", "admission"),
        (prediction("failed", error="cannot identify image file", **RAN), 200, "rejected", "admission"),
        (prediction("failed", error="boom", **RAN), 200, "failed", "generation"),
        (prediction("failed", error="boom"), 200, "failed", "unknown"),
        (prediction("frozen"), 200, "unrecognized", "unknown"),
        ({"title": "Unauthenticated", "detail": "no", "status": 401}, None, "denied", "admission"),
        ({"title": "Insufficient credit", "detail": "no", "status": 402}, None, "exhausted", "admission"),
        ({"title": "Input validation failed", "detail": "no", "status": 422}, None, "rejected", "admission"),
        ({"detail": "Request was throttled. Your rate limit resets in ~30s."}, 429, "throttled", "admission"),
        ({"detail": "Internal error", "status": 500}, None, "failed", "unknown"),
        ("ReplicateError Details: title: Insufficient credit", None, "exhausted", "admission"),
    ],
)
def test_answers_are_told_apart(
    engine: Engine, body: object, http_status: int | None, outcome: str, stage: str
) -> None:
    verdict = verdict_of(engine, body, http_status=http_status)

    assert (verdict.outcome, verdict.stage) == (outcome, stage)


@pytest.mark.parametrize(
    ("output", "images"),
    [
        (None, 0),
        ("https://replicate.delivery/a.png", 1),
        ("data:image/png;base64,aGk=", 1),
        ("A poem about kites.", 0),
        (["https://replicate.delivery/a.png", "not an address"], 1),
        ({"image": "https://replicate.delivery/a.png", "seed": 7}, 1),
    ],
)
def test_files_are_counted(output: object, images: int) -> None:
    assert facts_of({"status": "succeeded", "output": output}).images_delivered == images


def test_prediction_tells_its_model_size_time_and_number() -> None:
    inputs = {"num_outputs": 2, "width": 512, "height": 768}
    facts = facts_of(prediction("starting", input=inputs, created_at="2026-11-20T10:00:00.5Z"))

    assert (facts.model, facts.size, facts.images_requested, facts.task_id) == (FLUX, "512x768", 2, "p")
    assert facts.at is not None
    assert facts.at.isoformat() == "2026-11-20T10:00:00.500000+00:00"


def test_address_names_the_model_of_an_error() -> None:
    url = "https://api.replicate.com/v1/models/black-forest-labs/flux-dev/predictions"

    assert facts_of({"detail": "no"}, url=url).model == FLUX


@pytest.mark.parametrize(
    ("body", "seconds"),
    [
        ({"detail": "Request was throttled. Your rate limit resets in ~30s."}, 30),
        ({"detail": "Request was throttled. Your rate limit resets in ~30s.", "retry_after": 4}, 4),
        ({"detail": "Request was throttled. Your rate limit resets in ~soon."}, None),
    ],
)
def test_wait_is_read_from_field_or_words(body: object, seconds: float | None) -> None:
    assert facts_of(body, http_status=429).retry_after_s == seconds


def test_low_credit_shows_as_a_throttle_with_a_signal() -> None:
    detail = "Request was throttled. Your rate limit is reduced while you have less than $5.0 in credit."

    assert facts_of({"detail": detail}, http_status=429).signal == {"is_credit_low": True}


def test_gpu_time_and_images_are_usage() -> None:
    _, rows = DIALECT.normalize(Exchange.of(prediction("succeeded", 1, **RAN)))

    assert rows == (UsageRow("image", "image", 1), UsageRow("request", "gpu_second", Decimal("2.5")))


def test_maintained_model_is_charged_by_the_image_and_not_by_time(engine: Engine) -> None:
    verdict = verdict_of(engine, prediction("succeeded", 3, **FOUR, **RAN))

    assert (verdict.bill.image, verdict.bill.request, verdict.charge.low) == ("charged", "na", Decimal("0.075"))


@pytest.mark.parametrize("model", [None, "someone/kites"])
def test_version_is_charged_by_the_time_of_hardware_nobody_named(engine: Engine, model: str | None) -> None:
    verdict = verdict_of(engine, {**prediction("succeeded", 1, **RAN), "model": model, "version": HASH})

    assert (verdict.bill.input, verdict.bill.text, verdict.bill.image) == ("na", "na", "na")
    assert verdict.bill.request == "charged"
    assert (verdict.charge.low, verdict.charge.high) == (Decimal("0.0005625"), Decimal("0.0038125"))


def test_maintained_model_run_by_its_hash_keeps_its_price(engine: Engine) -> None:
    verdict = verdict_of(engine, {**prediction("succeeded", 1, **RAN), "version": HASH})

    assert verdict.charge.low == Decimal("0.025")


@pytest.mark.parametrize(
    ("told", "request_value"),
    [
        (prediction("aborted"), "free"),
        (prediction("canceled", started_at=None), "free"),
        (prediction("failed", started_at=None, error="late (E6716)"), "free"),
        (prediction("canceled", **RAN), "charged"),
        (prediction("failed", error="boom", **RAN), "charged"),
        (prediction("failed", error="NSFW content detected.", **RAN), "charged"),
        (prediction("succeeded", **RAN), "charged"),
        (prediction("starting"), "conditional"),
    ],
)
def test_time_that_ran_is_charged(engine: Engine, told: dict[str, object], request_value: str) -> None:
    verdict = verdict_of(engine, {**told, "version": HASH, "model": "someone/kites"})

    assert (verdict.bill.image, verdict.bill.request) == ("na", request_value)


def test_failure_of_a_model_priced_by_output_is_free_by_inference_only(engine: Engine) -> None:
    verdict = verdict_of(engine, prediction("failed", error="flagged (E005)", **RAN))

    assert (verdict.bill.image, verdict.bill.basis["image"]) == ("free", "inferred")


def test_cancellation_of_a_model_priced_by_output_is_unknown(engine: Engine) -> None:
    assert verdict_of(engine, prediction("canceled", **RAN)).bill.image == "unknown"


def test_run_megapixels_and_input_are_charged_each(engine: Engine) -> None:
    inputs = {"width": 1024, "height": 1024, "input_images": []}
    body = prediction("succeeded", 1, input=inputs, model="black-forest-labs/flux-2-pro", **RAN)

    verdict = verdict_of(engine, body)

    assert (verdict.bill.input, verdict.bill.image, verdict.bill.request) == ("free", "charged", "charged")
    assert verdict.charge.low == Decimal("0.03")


def test_nothing_bounds_input_images(engine: Engine) -> None:
    inputs = {"width": 1024, "height": 1024, "input_images": ["https://example.com/a.png"]}
    body = prediction("succeeded", 1, input=inputs, model="black-forest-labs/flux-2-pro", **RAN)

    verdict = verdict_of(engine, body)

    assert (verdict.bill.input, verdict.charge.high) == ("charged", None)


def test_submit_poll_and_end_are_one_task(engine: Engine) -> None:
    exchanges = [prediction("starting"), prediction("processing"), prediction("succeeded", 1, **RAN)]

    verdict = engine.evaluate_task(exchanges, dialect="replicate", seller="replicate")

    assert (verdict.outcome, verdict.charge.low) == ("delivered", Decimal("0.025"))


@pytest.mark.parametrize(
    ("body", "claim"),
    [
        ({"status": "starting", "urls": {"get": "https://api.replicate.com/v1/predictions/p"}}, Claim.CERTAIN),
        (prediction("starting"), Claim.SHAPE),
        ({"status": "failed", "id": "a"}, Claim.NO),
        ({"status": "Pending", "id": "a", "input": {}}, Claim.NO),
        ({"title": "Not found", "detail": "no", "status": 404}, Claim.SHAPE),
        ({"detail": "Not Found"}, Claim.NO),
        ("ReplicateError Details: title: x", Claim.SHAPE),
    ],
)
def test_only_its_own_keys_are_claimed(body: object, claim: Claim) -> None:
    assert DIALECT.recognizes(Exchange.of(body)) is claim


@pytest.mark.parametrize("scenario", [one for one in SCENARIOS if one.body is not None], ids=lambda one: one.name)
def test_scenarios_are_recognized_among_all_dialects(engine: Engine, scenario: Scenario) -> None:
    assert engine.dialect_of(Exchange.of(scenario.body, http_status=scenario.http_status)).name == "replicate"
