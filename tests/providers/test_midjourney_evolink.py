"""EvoLink: credits are reserved at the start and come back when the task fails."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from policyengine.engine import Engine
from policyengine.exchange import Exchange
from policyengine_midjourney.evolink import Evolink

if TYPE_CHECKING:
    from policyengine.facts import Facts
    from policyengine.verdict import Verdict

# Shapes: https://docs.evolink.ai/en/api-manual/task-management/error-codes
URLS = [f"https://cdn.example.com/{number}.png" for number in range(4)]


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine.load()


def task(status: str, code: str | None = None, **more: object) -> dict[str, object]:
    body: dict[str, object] = {"id": "task-1", "object": "image.generation.task", "model": "mj-v7", "status": status}
    return {**body, **({"error": {"code": code, "message": "…"}} if code else {}), **more}


def facts_of(body: object, **context: object) -> Facts:
    return Evolink().normalize(Exchange.of(body, **context))[0]


def verdict_of(engine: Engine, body: object, **context: object) -> Verdict:
    return engine.evaluate(body, **{"http_status": 200, **context})


@pytest.mark.parametrize(
    ("code", "outcome", "stage"),
    [
        ("content_policy_violation", "blocked", "unknown"),
        ("invalid_parameters", "rejected", "admission"),
        ("image_processing_error", "rejected", "admission"),
        ("image_dimension_mismatch", "rejected", "admission"),
        ("request_cancelled", "canceled", "unknown"),
        ("generation_failed_no_content", "declined", "generation"),
        ("service_error", "failed", "unknown"),
        ("generation_timeout", "timeout", "unknown"),
        ("resource_exhausted", "throttled", "admission"),
        ("quota_exceeded", "throttled", "admission"),
        ("service_unavailable", "failed", "unknown"),
        ("resource_not_found", "lost", "unknown"),
        ("unknown_error", "failed", "unknown"),
    ],
)
def test_error_codes_are_told_apart(engine: Engine, code: str, outcome: str, stage: str) -> None:
    verdict = verdict_of(engine, task("failed", code))

    assert (verdict.outcome, verdict.stage) == (outcome, stage)


def test_failed_task_is_credited(engine: Engine) -> None:
    verdict = verdict_of(engine, task("failed", "service_error"))

    assert (verdict.bill.request, verdict.basis) == ("credited", "official")


def test_nobody_says_what_a_canceled_task_costs(engine: Engine) -> None:
    assert verdict_of(engine, task("failed", "request_cancelled")).bill.request == "unknown"


def test_grid_of_which_some_were_filtered_is_charged(engine: Engine) -> None:
    verdict = verdict_of(engine, task("completed", results=URLS[:3]))

    assert (verdict.outcome, verdict.stage, verdict.bill.request) == ("partial", "output", "charged")


def test_whole_grid_is_delivered(engine: Engine) -> None:
    assert verdict_of(engine, task("completed", results=URLS)).outcome == "delivered"


def test_other_models_are_not_expected_to_make_four(engine: Engine) -> None:
    assert verdict_of(engine, task("completed", results=URLS[:1], model="gpt-4o-image")).outcome == "delivered"


def test_reserved_credits_are_a_quote(engine: Engine) -> None:
    body = task("pending", usage={"billing_rule": "per_call", "credits_reserved": 1.8})

    facts = facts_of(body)

    assert (facts.quoted, facts.money_unit, facts.settled) == (Decimal("1.8"), "credit", None)
    assert verdict_of(engine, body).bill.request == "conditional"


def test_speed_is_read_from_the_request() -> None:
    assert facts_of(task("pending"), request={"model_params": {"speed": "turbo"}}).mode == "turbo"


@pytest.mark.parametrize(("model", "dialect"), [("mj-v7", "evolink"), ("gemini-3.1-flash-image", "gemini-openai")])
def test_gemini_models_are_left_to_the_gemini_dialect(engine: Engine, model: str, dialect: str) -> None:
    assert engine.dialect_of(Exchange.of(task("failed", "service_error", model=model))).name == dialect


def test_failed_gemini_task_is_credited_too(engine: Engine) -> None:
    body = task("failed", "content_policy_violation", model="gemini-3.1-flash-image")

    verdict = verdict_of(engine, body, seller="evolink")

    assert verdict.bill.values() == {"input": "na", "text": "na", "image": "na", "request": "credited"}
