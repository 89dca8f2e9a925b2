"""Black Forest Labs: what a submit, a poll, a webhook or an error says, and what it costs."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from policyengine.engine import Engine
from policyengine.exchange import Exchange
from policyengine.facts import UsageRow
from policyengine.provider import Claim
from policyengine_flux import policyengine_provider

if TYPE_CHECKING:
    from policyengine.facts import Facts
    from policyengine.verdict import Verdict

PROVIDER = policyengine_provider()
DIALECT = PROVIDER.dialects[0]
SCENARIOS = PROVIDER.scenarios("bfl")


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine.load()


def facts_of(body: object, **context: object) -> Facts:
    return DIALECT.normalize(Exchange.of(body, **context))[0]


def rows_of(body: object, **context: object) -> tuple[UsageRow, ...]:
    return DIALECT.normalize(Exchange.of(body, **context))[1]


def verdict_of(engine: Engine, body: object, **context: object) -> Verdict:
    return engine.evaluate(body, dialect="bfl", seller="bfl", **context)


@pytest.mark.parametrize(
    ("body", "http_status", "outcome", "stage"),
    [
        ({"id": "a", "status": "Request Moderated", "result": None}, 200, "blocked", "prompt"),
        ({"id": "a", "status": "Content Moderated"}, 200, "blocked", "output"),
        ({"id": "a", "status": "Task not found", "result": None}, 404, "lost", "unknown"),
        ({"detail": "Task not found"}, 404, "lost", "unknown"),
        ({"detail": "Not Found"}, 404, "rejected", "admission"),
        ({"id": "a", "status": "Reasoning"}, 200, "pending", "none"),
        ({"id": "a", "status": "Upsampling", "progress": 0.4, "result": None}, 200, "pending", "none"),
        ({"id": "a", "status": "Expired", "progress": None, "result": None}, 200, "unrecognized", "unknown"),
        ({"id": "a", "polling_url": "https://api.bfl.ai/v1/get_result?id=a"}, 200, "pending", "none"),
        ({"id": "a", "status": "Pending", "webhook_url": "https://example.com"}, 200, "pending", "none"),
        ({"state": "Ready", "result": {"sample": "https://example.com/a.png"}}, 200, "delivered", "none"),
        ({"id": "a", "status": "Ready", "result": None}, 200, "lost", "delivery"),
        ({"id": "a", "status": "Failed"}, 200, "failed", "unknown"),
        ({"id": "a", "status": "request_moderated"}, 200, "blocked", "prompt"),
        ({"id": "a", "status": "created", "webhook_url": "https://example.com"}, 200, "pending", "none"),
        ({"status": "Error", "error": "content_policy_violation"}, None, "blocked", "unknown"),
        ({"status": "Error", "details": "The generated image violated the policy"}, 200, "blocked", "output"),
        ({"status": "Error", "details": {"error": "Unsupported image format"}}, 200, "rejected", "admission"),
        ({"detail": "Invalid API key format"}, 422, "denied", "admission"),
        (
            {"detail": [{"type": "missing", "loc": ["body", "prompt"], "msg": "Field required"}]},
            422,
            "rejected",
            "admission",
        ),
        ({"error": "validation_error", "message": "no", "details": {"width": "16"}}, None, "rejected", "admission"),
        ({"detail": "Internal Server Error"}, 500, "failed", "unknown"),
    ],
)
def test_answers_are_told_apart(
    engine: Engine, body: object, http_status: int | None, outcome: str, stage: str
) -> None:
    verdict = verdict_of(engine, body, http_status=http_status)

    assert (verdict.outcome, verdict.stage) == (outcome, stage)


@pytest.mark.parametrize(
    "details",
    [{"Moderation Reasons": ["Violence"]}, ["Violence"], "Violence", {"reasons": "Violence"}],
)
def test_moderation_reasons_become_categories(details: object) -> None:
    facts = facts_of({"id": "a", "status": "Request Moderated", "details": details})

    assert facts.category == ("Violence",)


@pytest.mark.parametrize(
    ("result", "images"),
    [
        ({"sample": "https://example.com/a.png"}, 1),
        ({"sample": {"url": "https://example.com/a.png"}}, 1),
        ({"samples": ["a", "b"]}, 2),
        ("https://example.com/a.png", 1),
        ({"sample": ""}, 0),
        ({}, 0),
    ],
)
def test_samples_are_counted(result: object, images: int) -> None:
    assert facts_of({"status": "Ready", "result": result}).images_delivered == images


def test_result_that_is_not_shown_leaves_the_images_untold() -> None:
    assert facts_of({"status": "Ready"}).images_delivered is None


def test_cost_of_a_submit_is_a_quote() -> None:
    facts = facts_of({"id": "a", "polling_url": "u", "cost": 4.5, "input_mp": 0, "output_mp": 1.98})

    assert (facts.quoted, facts.settled, facts.money_unit) == (Decimal("4.5"), None, "credit")


def test_cost_of_a_ready_task_is_settled() -> None:
    facts = facts_of({"status": "Ready", "result": {"sample": "u"}, "cost": 74.0})

    assert (facts.quoted, facts.settled) == (None, Decimal("74.0"))


def test_cost_echoed_by_a_moderated_task_is_not_settled() -> None:
    facts = facts_of({"status": "Content Moderated", "cost": 4.5})

    assert facts.settled is None


def test_started_megapixel_counts_whole() -> None:
    rows = rows_of({"id": "a", "polling_url": "u", "input_mp": 1.5, "output_mp": 1.98})

    assert rows == (UsageRow("image", "megapixel", 2), UsageRow("input", "megapixel", 2))


def test_model_is_the_endpoint() -> None:
    url = "https://api.eu2.bfl.ai/v1/flux-2-pro?x=1"

    assert facts_of({"id": "a", "polling_url": "u"}, url=url).model == "flux-2-pro"


def test_look_up_names_no_model() -> None:
    assert facts_of({"detail": "no"}, url="https://api.bfl.ai/v1/get_result?id=a").model is None


def test_retry_after_in_the_body_is_read() -> None:
    assert facts_of({"error": "rate_limit_exceeded", "message": "x", "retry_after": 5}).retry_after_s == 5


def test_payment_required_with_a_balance_is_back_pressure(engine: Engine) -> None:
    verdict = verdict_of(engine, {"detail": "Insufficient credits"}, http_status=402, account_facts={"balance": 1013})

    assert (verdict.outcome, verdict.route.action) == ("throttled", "backoff")


def test_payment_required_alone_is_exhaustion(engine: Engine) -> None:
    verdict = verdict_of(engine, {"detail": "Insufficient credits"}, http_status=402)

    assert (verdict.outcome, verdict.route.action) == ("exhausted", "stop_and_alert")


def test_only_ready_costs(engine: Engine) -> None:
    for scenario in SCENARIOS:
        if scenario.name in ("success", "settled", "accepted", "task-not-found", "client-timeout"):
            continue
        verdict = verdict_of(engine, scenario.body, http_status=scenario.http_status, model=scenario.model)
        assert (scenario.name, verdict.bill.image, verdict.charge.high) == (scenario.name, "free", Decimal(0))


def test_moderation_is_free_by_the_seller_s_own_word(engine: Engine) -> None:
    verdict = verdict_of(engine, {"status": "Content Moderated"}, model="flux-2-pro")

    assert verdict.bill.basis == {"input": "official", "image": "official"}


def test_pending_task_is_bounded_by_its_quote(engine: Engine) -> None:
    body = {"id": "a", "polling_url": "u", "cost": 4.5, "input_mp": 0, "output_mp": 1.98}

    verdict = verdict_of(engine, body, model="flux-2-pro")

    assert (verdict.bill.input, verdict.bill.image) == ("free", "conditional")
    assert (verdict.charge.low, verdict.charge.high) == (Decimal(0), Decimal("0.045"))


def test_ready_task_is_priced_by_the_size_asked_for(engine: Engine) -> None:
    request = {"prompt": "x", "width": 1920, "height": 1080}

    verdict = verdict_of(engine, {"status": "Ready", "result": {"sample": "u"}}, model="flux-2-pro", request=request)

    assert verdict.charge.is_exact
    assert verdict.charge.low == Decimal("0.045")


def test_input_images_that_nobody_told_leave_the_charge_open(engine: Engine) -> None:
    verdict = verdict_of(engine, {"status": "Ready", "result": {"sample": "u"}}, model="flux-2-pro")

    assert (verdict.bill.input, verdict.charge.high) == ("conditional", None)


@pytest.mark.parametrize(("at", "dollars"), [("2026-01-27T23:59:59Z", "0.06"), ("2026-01-28T00:00:00Z", "0.05")])
def test_flex_keeps_its_price_of_the_day(engine: Engine, at: str, dollars: str) -> None:
    request = {"prompt": "x", "width": 1024, "height": 1024}
    body = {"status": "Ready", "result": {"sample": "u"}}

    verdict = verdict_of(engine, body, model="flux-2-flex", request=request, at=at)

    assert verdict.charge.low == Decimal(dollars)


def test_settled_cost_is_the_charge(engine: Engine) -> None:
    verdict = verdict_of(engine, {"status": "Ready", "result": {"sample": "u"}, "cost": 74.0})

    assert (verdict.charge.source, verdict.charge.low, verdict.bill.basis["image"]) == (
        "settled",
        Decimal("0.74"),
        "settled",
    )


def test_task_that_one_host_does_not_know_may_be_charged_elsewhere(engine: Engine) -> None:
    verdict = verdict_of(engine, {"id": "a", "status": "Task not found"}, http_status=404)

    assert (verdict.bill.image, verdict.route.action) == ("unknown", "look_up")


def test_failed_look_up_says_nothing_of_the_task(engine: Engine) -> None:
    url = "https://api.bfl.ai/v1/get_result?id=a"

    verdict = verdict_of(engine, {"detail": "Service unavailable"}, http_status=503, url=url)

    assert verdict.bill.image == "unknown"


def test_submit_and_polls_are_one_task(engine: Engine) -> None:
    exchanges = [
        {"id": "a", "polling_url": "u", "cost": 3, "input_mp": 0, "output_mp": 1.0},
        {"id": "a", "status": "Pending"},
        {"id": "a", "status": "Content Moderated"},
        {"id": "a", "status": "Content Moderated"},
    ]

    verdict = engine.evaluate_task(exchanges, dialect="bfl", seller="bfl", model="flux-2-pro")

    assert (verdict.outcome, verdict.charge.high) == ("blocked", Decimal(0))


@pytest.mark.parametrize("host", ["api.bfl.ai", "api.eu2.bfl.ai", "api.isr.bfl.ai"])
def test_regional_hosts_are_recognized(host: str) -> None:
    assert DIALECT.recognizes(Exchange.of({}, url=f"https://{host}/v1/flux-dev")) is Claim.CERTAIN


def test_foreign_host_that_ends_alike_is_not_recognized() -> None:
    assert DIALECT.recognizes(Exchange.of({}, url="https://notbfl.ai/v1/flux-dev")) is Claim.NO


def test_answer_to_a_submit_with_a_webhook_is_claimed_whatever_its_status() -> None:
    body = {"id": "gen_1", "status": "submitted", "webhook_url": "https://example.com/hook"}

    assert DIALECT.recognizes(Exchange.of(body)) is Claim.SHAPE
    assert facts_of(body).terminal is False
