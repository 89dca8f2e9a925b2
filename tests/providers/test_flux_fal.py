"""fal: queue states, results, webhooks and two families of errors, and what they cost."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from policyengine.engine import Engine
from policyengine.exchange import Exchange
from policyengine.facts import UsageRow
from policyengine.provider import Claim
from policyengine_flux import policyengine_provider
from policyengine_flux.fal import Fal

if TYPE_CHECKING:
    from policyengine.facts import Facts
    from policyengine.provider import Scenario
    from policyengine.verdict import Verdict

PROVIDER = policyengine_provider()
DIALECT = next(dialect for dialect in PROVIDER.dialects if isinstance(dialect, Fal))
SCENARIOS = PROVIDER.scenarios("fal")
UNITS = "x-fal-billable-units"


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine.load()


def facts_of(body: object, **context: object) -> Facts:
    return DIALECT.normalize(Exchange.of(body, **context))[0]


def rows_of(body: object, **context: object) -> tuple[UsageRow, ...]:
    return DIALECT.normalize(Exchange.of(body, **context))[1]


def verdict_of(engine: Engine, body: object, **context: object) -> Verdict:
    return engine.evaluate(body, dialect="fal", seller="fal", **context)


def error(error_type: str, *place: str) -> dict[str, object]:
    return {"detail": [{"loc": ["body", *place], "msg": "no", "type": error_type}]}


def images(*checked: str, width: int = 1024, height: int = 1024) -> dict[str, object]:
    listed = [{"url": "https://v3.fal.media/a.png", "width": width, "height": height} for _ in checked]
    return {"images": listed, "seed": 1, "has_nsfw_concepts": [one == "flagged" for one in checked]}


@pytest.mark.parametrize(
    ("body", "http_status", "outcome", "stage"),
    [
        ({"status": "IN_QUEUE", "request_id": "a"}, 200, "pending", "none"),
        ({"status": "IN_PROGRESS", "logs": []}, 202, "pending", "none"),
        ({"status": "COMPLETED", "request_id": "a"}, 200, "pending", "none"),
        ({"status": "COMPLETED", "error": "x", "error_type": "request_timeout"}, 200, "timeout", "unknown"),
        ({"status": "COMPLETED", "error": "x", "error_type": "runner_disconnected"}, 200, "failed", "unknown"),
        ({"status": "COMPLETED", "error": "it broke"}, 200, "failed", "unknown"),
        ({"status": "FROZEN"}, 200, "unrecognized", "unknown"),
        ({"status": "CANCELLATION_REQUESTED"}, 202, "canceled", "unknown"),
        ({"status": "ALREADY_COMPLETED"}, 400, "pending", "none"),
        ({"status": "NOT_FOUND"}, 404, "lost", "unknown"),
        (images("good"), 200, "delivered", "none"),
        (images("flagged"), 200, "blocked", "output"),
        (images("good", "flagged"), 200, "partial", "output"),
        ({"images": [{"url": "a"}], "nsfw_content_detected": [False]}, 200, "delivered", "none"),
        ({"images": [], "seed": 1}, 200, "declined", "generation"),
        ({"image": {"url": "a", "content_type": "image/png"}}, 200, "delivered", "none"),
        ({"status": "OK", "payload": images("good")}, None, "delivered", "none"),
        ({"status": "OK", "payload": None, "payload_error": "x"}, None, "lost", "delivery"),
        ({"status": "ERROR", "payload": error("content_policy_violation", "prompt")}, None, "blocked", "prompt"),
        ({"status": "ERROR", "error": "Unexpected status code: 422", "payload": None}, None, "rejected", "admission"),
        ({"status": "ERROR", "error": "Unexpected status code: 503", "payload": None}, None, "failed", "unknown"),
        ({"status": "ERROR", "error": "Unexpected status code: 504", "payload": None}, None, "timeout", "unknown"),
        (error("content_policy_violation", "prompt"), 422, "blocked", "prompt"),
        (error("content_policy_violation"), 422, "blocked", "prompt"),
        (error("no_media_generated"), 422, "declined", "generation"),
        (error("image_too_small", "image_url"), 422, "rejected", "admission"),
        (error("unheard_of", "image_url"), 422, "rejected", "admission"),
        (error("value_error", "prompt"), 400, "rejected", "admission"),
        (error("downstream_service_error"), 400, "failed", "unknown"),
        (error("internal_server_error"), 500, "failed", "unknown"),
        (error("generation_timeout"), 504, "timeout", "generation"),
        ({"detail": "x", "error_type": "runner_server_error"}, 500, "failed", "unknown"),
        ({"detail": "x", "error_type": "client_disconnected"}, 499, "canceled", "unknown"),
        ({"detail": "x", "error_type": "bad_request"}, 400, "rejected", "admission"),
        ({"detail": "x", "error_type": "runner_evaporated"}, None, "unrecognized", "unknown"),
        ({"detail": "User is locked. Reason: Exhausted balance."}, 403, "exhausted", "admission"),
        ({"detail": "User is locked. Reason: under review"}, 403, "denied", "admission"),
        ({"detail": "Path /x not found"}, 404, "rejected", "admission"),
        ({"detail": "Internal Server Error"}, 500, "failed", "unknown"),
    ],
)
def test_answers_are_told_apart(
    engine: Engine, body: object, http_status: int | None, outcome: str, stage: str
) -> None:
    verdict = verdict_of(engine, body, http_status=http_status)

    assert (verdict.outcome, verdict.stage) == (outcome, stage)


def test_refusal_outranks_the_errors_beside_it() -> None:
    body = {"detail": [{"type": "missing", "loc": ["body", "x"]}, {"type": "content_policy_violation"}]}

    facts = facts_of(body)

    assert (facts.error_type, facts.signal["detail_types"]) == (
        "content_policy_violation",
        ("missing", "content_policy_violation"),
    )


def test_error_names_its_field_and_its_categories() -> None:
    body = {"detail": [{"type": "content_policy_violation", "loc": ["body", "prompt"], "categories": ["violence", 7]}]}

    facts = facts_of(body)

    assert (facts.param, facts.category) == ("prompt", ("violence",))


def test_whole_body_is_no_field() -> None:
    assert facts_of(error("no_media_generated")).param is None


def test_billed_units_are_worth_what_the_model_s_unit_costs(engine: Engine) -> None:
    verdict = verdict_of(engine, images("kite"), model="fal-ai/flux/dev", headers={UNITS: "3"})

    assert (verdict.charge.low, verdict.charge.high, verdict.charge.source) == (
        Decimal("0.075"),
        Decimal("0.075"),
        "settled",
    )
    assert "settled_differs" in {warning.code for warning in verdict.warnings}


def test_units_of_a_model_with_two_prices_are_not_priced(engine: Engine) -> None:
    verdict = verdict_of(engine, images("kite"), model="fal-ai/flux-2-pro", headers={UNITS: "3"})

    assert verdict.charge.source == "computed"
    assert "settled_unpriced" in {warning.code for warning in verdict.warnings}


def test_model_that_is_not_told_is_bounded_by_the_dearest_of_either_unit(engine: Engine) -> None:
    request = {"image_size": {"width": 2048, "height": 2048}, "num_images": 4}

    charge = verdict_of(engine, None, transport_error="ReadTimeout", request=request).charge

    assert charge.high == Decimal("0.8")  # four of four megapixels at five cents, more than six cents apiece


@pytest.mark.parametrize("context", [{}, {"provider": "flux"}], ids=["nothing told", "provider told"])
def test_envelope_of_every_fastapi_server_is_nobody_s(engine: Engine, context: dict[str, str]) -> None:
    verdict = engine.evaluate({"detail": "Internal Server Error"}, http_status=500, **context)

    assert (verdict.facts.dialect, verdict.outcome, verdict.bill.image) == ("none", "failed", "unknown")


@pytest.mark.parametrize("seller", ["fal", "bfl"])
def test_envelope_of_every_fastapi_server_is_the_seller_s(engine: Engine, seller: str) -> None:
    assert engine.evaluate({"detail": "no"}, http_status=500, seller=seller).facts.dialect == seller


def test_answer_is_known_by_where_fal_keeps_its_images() -> None:
    body = {"images": [{"url": "https://v3b.fal.media/files/kite.png"}], "description": ""}

    assert DIALECT.recognizes(Exchange.of(body)) is Claim.CERTAIN


@pytest.mark.parametrize(("told", "retryable"), [("true", True), ("false", False), ("maybe", None)])
def test_retryable_header_is_a_signal(told: str, retryable: bool | None) -> None:  # noqa: FBT001
    facts = facts_of(error("internal_server_error"), headers={"X-Fal-Retryable": told})

    assert facts.signal.get("is_retryable") is retryable


def test_error_type_may_stand_in_the_header_alone() -> None:
    facts = facts_of({"detail": "x"}, headers={"X-Fal-Error-Type": "runner_disconnected"})

    assert facts.error_type == "runner_disconnected"


def test_started_megapixel_counts_whole_and_each_image_alone() -> None:
    rows = rows_of(images("good", "good", width=1920, height=1080))

    assert rows == (UsageRow("image", "megapixel", 2), UsageRow("image", "megapixel", 2))


def test_flagged_images_are_not_counted() -> None:
    facts, rows = DIALECT.normalize(Exchange.of(images("good", "flagged", "good")))

    assert (facts.images_delivered, facts.images_withheld, len(rows)) == (2, 1, 2)


def test_images_without_a_size_are_counted_by_the_piece() -> None:
    assert rows_of({"images": [{"url": "a"}, "data:image/png;base64,aGk="]}) == (UsageRow("image", "image", 2),)


@pytest.mark.parametrize(
    ("url", "model"),
    [
        ("https://fal.run/fal-ai/flux/dev", "fal-ai/flux/dev"),
        ("https://queue.fal.run/fal-ai/flux-pro/v1.1?fal_webhook=x", "fal-ai/flux-pro/v1.1"),
        ("https://queue.fal.run/fal-ai/flux/requests/5c1e/status", None),
        ("https://queue.fal.run/fal-ai/flux/requests/5c1e", None),
        ("https://api.fal.ai/v1/models/pricing", None),
        ("https://notfal.example/fal-ai/flux/dev", None),
    ],
)
def test_address_names_the_endpoint(url: str, model: str | None) -> None:
    assert facts_of({"images": []}, url=url).model == model


def test_absent_units_are_not_zero_units(engine: Engine) -> None:
    body = error("content_policy_violation", "prompt")

    with_header = verdict_of(engine, body, http_status=422, headers={UNITS: "0.00000000"}, model="fal-ai/flux/dev")
    without = verdict_of(engine, body, http_status=422, headers={"date": "x"}, model="fal-ai/flux/dev")

    assert (with_header.bill.image, with_header.bill.basis["image"]) == ("free", "settled")
    assert (without.bill.image, without.bill.on) == ("conditional", ("GPU time spent before the error",))


def test_billed_units_of_a_refusal_are_charged(engine: Engine) -> None:
    request = {"prompt": "x", "image_size": "square_hd"}

    verdict = verdict_of(
        engine,
        error("no_media_generated"),
        http_status=422,
        headers={UNITS: "1"},
        model="fal-ai/flux/dev",
        request=request,
    )

    assert (verdict.bill.image, verdict.charge.low) == ("charged", Decimal("0.025"))


@pytest.mark.parametrize(
    "body",
    [error("internal_server_error"), {"detail": "x", "error_type": "startup_timeout"}, {"detail": "Bad Gateway"}],
)
def test_server_errors_are_never_charged(engine: Engine, body: object) -> None:
    verdict = verdict_of(engine, body, http_status=502)

    assert (verdict.bill.image, verdict.bill.basis["image"]) == ("free", "official")


def test_timeout_that_a_status_reports_is_free_and_may_be_resent(engine: Engine) -> None:
    verdict = verdict_of(
        engine, {"status": "COMPLETED", "error": "x", "error_type": "request_timeout"}, http_status=200
    )

    assert (verdict.bill.image, verdict.route.action) == ("free", "backoff")


def test_timeout_of_the_client_stays_unknown(engine: Engine) -> None:
    verdict = verdict_of(engine, None, transport_error="ReadTimeout", model="fal-ai/flux/dev")

    assert (verdict.bill.image, verdict.route.action) == ("unknown", "look_up")


def test_flagged_image_stays_unknown(engine: Engine) -> None:
    verdict = verdict_of(engine, images("flagged"), http_status=200, model="fal-ai/flux/dev")

    assert verdict.bill.image == "unknown"


def test_first_megapixel_of_each_image_has_its_price(engine: Engine) -> None:
    body = images("good", "good", width=1920, height=1080)

    verdict = verdict_of(engine, body, http_status=200, model="fal-ai/flux-2-pro")

    assert (verdict.charge.low, verdict.charge.high) == (Decimal("0.09"), Decimal("0.09"))


def test_price_per_image_ignores_the_area(engine: Engine) -> None:
    verdict = verdict_of(engine, images("good", width=2048, height=2048), model="fal-ai/flux-pro/v1.1-ultra")

    assert verdict.charge.low == Decimal("0.06")


def test_named_size_bounds_a_pending_request(engine: Engine) -> None:
    request = {"prompt": "x", "image_size": "landscape_4_3"}

    verdict = verdict_of(engine, {"status": "IN_QUEUE"}, model="fal-ai/flux-2-pro", request=request)

    assert (verdict.charge.low, verdict.charge.high) == (Decimal(0), Decimal("0.03"))


def test_nothing_bounds_the_input_images_of_an_edit(engine: Engine) -> None:
    verdict = verdict_of(engine, images("good"), http_status=200, model="fal-ai/flux-2-flex/edit")

    assert (verdict.bill.input, verdict.charge.low, verdict.charge.high) == ("charged", Decimal("0.05"), None)


@pytest.mark.parametrize(
    ("body", "claim"),
    [
        ({"status": "IN_QUEUE", "request_id": "a"}, Claim.CERTAIN),
        ({"status": "IN_PROGRESS", "logs": []}, Claim.SHAPE),
        ({"status": "IN_PROGRESS", "progress": "50%", "action": "IMAGINE"}, Claim.NO),
        ({"images": [], "has_nsfw_concepts": []}, Claim.CERTAIN),
        ({"images": [{"url": "a"}], "seed": 1}, Claim.SHAPE),
        (error("content_policy_violation"), Claim.SHAPE),
        (error("missing"), Claim.NO),
        ({"detail": "Not Found"}, Claim.NO),
        ({"detail": "x", "error_type": "request_timeout"}, Claim.CERTAIN),
        ({"status": "Ready", "result": {}}, Claim.NO),
    ],
)
def test_only_its_own_keys_are_claimed(body: object, claim: Claim) -> None:
    assert DIALECT.recognizes(Exchange.of(body)) is claim


def test_header_of_fal_is_enough() -> None:
    assert DIALECT.recognizes(Exchange.of({"detail": "x"}, headers={UNITS: "0"})) is Claim.CERTAIN


@pytest.mark.parametrize("scenario", [one for one in SCENARIOS if one.body is not None], ids=lambda one: one.name)
def test_scenarios_are_recognized_among_all_dialects(engine: Engine, scenario: Scenario) -> None:
    exchange = Exchange.of(scenario.body, http_status=scenario.http_status, headers=scenario.headers, url=scenario.url)

    assert engine.dialect_of(exchange).name == "fal"
