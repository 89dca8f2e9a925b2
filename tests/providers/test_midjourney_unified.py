"""LegNext, GoAPI and PiAPI: one task format, and failures that are refunded up to a daily number."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from policyengine.engine import Engine
from policyengine.exchange import Exchange
from policyengine_midjourney.unified import Goapi, Legnext

if TYPE_CHECKING:
    from policyengine.facts import Facts
    from policyengine.verdict import Verdict

# Shapes: https://piapi.ai/docs/midjourney-api/imagine and the package legnext 0.3.0
NO_ERROR = {"code": 0, "raw_message": "", "message": "", "detail": None}
GRID = "https://cdn.example.com/grid.png"
BANNED = {"code": 10000, "raw_message": "Banned prompt detected", "message": "task failed", "detail": None}


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine.load()


def job(status: str, *, usage: object = None, error: object = NO_ERROR, **more: object) -> dict[str, object]:
    body: dict[str, object] = {"job_id": "j1", "model": "midjourney", "task_type": "diffusion", "status": status}
    return {**body, "input": {}, "output": {}, "meta": {"usage": usage}, "error": error, **more}


def wrapped(status: str, *, mode: str = "fast", error: object = NO_ERROR, **output: object) -> dict[str, object]:
    inner = {"task_id": "t1", "model": "midjourney", "task_type": "imagine", "status": status, "error": error}
    task = {**inner, "input": {"process_mode": mode}, "output": output, "meta": {}}
    return {"code": 200, "data": task, "message": "success"}


def older(status: str, *errors: str, mode: str = "fast") -> dict[str, object]:
    meta = {"task_type": "imagine", "process_mode": mode, "quota_frozen": 9}
    result = {"error_messages": list(errors)} if errors else {"image_url": GRID}
    return {"task_id": "t1", "status": status, "meta": meta, "task_result": result}


def facts_of(body: object) -> Facts:
    return Legnext().normalize(Exchange.of(body))[0]


def verdict_of(engine: Engine, body: object, **context: object) -> Verdict:
    return engine.evaluate(body, **{"http_status": 200, **context})


@pytest.mark.parametrize(
    ("body", "dialect"), [(job("pending"), "legnext"), (wrapped("pending"), "piapi"), (older("processing"), "goapi")]
)
def test_layout_tells_the_seller(engine: Engine, body: object, dialect: str) -> None:
    assert engine.dialect_of(Exchange.of(body)).name == dialect


@pytest.mark.parametrize("seller", ["goapi", "piapi", "legnext"])
def test_seller_that_is_named_reads_every_layout(engine: Engine, seller: str) -> None:
    for body in (job("pending"), wrapped("pending"), older("processing")):
        assert engine.dialect_of(Exchange.of(body, seller=seller)).name == seller


def test_address_tells_the_seller(engine: Engine) -> None:
    verdict = verdict_of(engine, wrapped("Completed", image_url=GRID), url="https://api.goapi.ai/api/v1/task/t1")

    assert (verdict.facts.dialect, verdict.facts.seller) == ("goapi", "goapi")


def test_reseller_that_relays_a_chat_is_left_to_the_chat_dialects(engine: Engine) -> None:
    body = {"id": "x", "object": "chat.completion", "model": "gemini-3.1-flash-image", "choices": []}

    assert engine.dialect_of(Exchange.of(body, seller="piapi")).name == "gemini-openai"


@pytest.mark.parametrize("status", ["Completed", "completed", "COMPLETED"])
def test_case_of_a_status_does_not_matter(engine: Engine, status: str) -> None:
    assert verdict_of(engine, wrapped(status, image_url=GRID)).outcome == "delivered"


@pytest.mark.parametrize("status", ["pending", "staged", "Processing"])
def test_waiting_tasks_are_pending(engine: Engine, status: str) -> None:
    verdict = verdict_of(engine, wrapped(status))

    assert (verdict.outcome, verdict.bill.request) == ("pending", "conditional")
    assert verdict.bill.on == ("the task succeeds",)


def test_older_submit_that_succeeded_is_pending(engine: Engine) -> None:
    body = {"task_id": "t1", "status": "success", "message": ""}

    assert verdict_of(engine, body, seller="goapi").outcome == "pending"


def test_error_of_code_0_is_none() -> None:
    facts = facts_of(job("completed", output={"image_url": GRID}))

    assert (facts.code, facts.message) == (None, None)


def test_listed_tiles_outweigh_the_grid() -> None:
    assert facts_of(job("completed", output={"image_url": GRID, "image_urls": [GRID] * 4})).images_delivered == 4


def test_points_are_settled_at_the_end_and_quoted_before() -> None:
    ended = facts_of(job("completed", usage={"type": "point", "frozen": 0, "consume": 80}))
    running = facts_of(job("pending", usage={"type": "point", "frozen": 80, "consume": 0}))

    assert (ended.settled, ended.quoted, ended.money_unit) == (Decimal(80), None, "point")
    assert (running.settled, running.quoted) == (None, Decimal(80))


def test_points_that_are_still_frozen_are_not_settled() -> None:
    facts = facts_of(job("failed", usage={"type": "point", "frozen": 80, "consume": 0}))

    assert (facts.settled, facts.quoted) == (None, Decimal(80))


def test_older_task_quotes_its_frozen_quota() -> None:
    facts = Goapi().normalize(Exchange.of(older("processing")))[0]

    assert (facts.quoted, facts.money_unit) == (Decimal(9), "quota")


def test_failed_job_that_consumed_nothing_is_free(engine: Engine) -> None:
    verdict = verdict_of(engine, job("failed", usage={"type": "point", "frozen": 0, "consume": 0}, error=BANNED))

    assert (verdict.bill.request, verdict.basis, verdict.charge.high) == ("free", "settled", Decimal(0))


def test_legnext_does_not_say_what_becomes_of_frozen_points(engine: Engine) -> None:
    assert verdict_of(engine, job("failed", error=BANNED)).bill.request == "unknown"


@pytest.mark.parametrize("seller", ["goapi", "piapi"])
@pytest.mark.parametrize(("failures", "bill"), [(60, "credited"), (61, "charged"), (None, "conditional")])
def test_sixty_incorrect_tasks_a_day_are_forgiven(engine: Engine, seller: str, failures: int | None, bill: str) -> None:
    account = {} if failures is None else {"failures_today": failures}

    verdict = verdict_of(engine, wrapped("failed", error=BANNED), seller=seller, account_facts=account)

    assert verdict.bill.request == bill


@pytest.mark.parametrize(("seller", "plan"), [("goapi", "hobbyist"), ("piapi", "free")])
def test_free_plans_are_blocked_and_not_charged(engine: Engine, seller: str, plan: str) -> None:
    account = {"plan": plan, "failures_today": 30}

    verdict = verdict_of(engine, wrapped("failed", error=BANNED), seller=seller, account_facts=account)

    assert verdict.bill.request == "credited"


def test_failure_of_the_platform_is_refunded_whatever_the_count(engine: Engine) -> None:
    error = {**BANNED, "raw_message": "Failed to process your command :c"}

    verdict = verdict_of(engine, wrapped("failed", error=error), account_facts={"failures_today": 99})

    assert (verdict.outcome, verdict.bill.request, verdict.charge.high) == ("failed", "credited", Decimal(0))


@pytest.mark.parametrize(
    ("mode", "low", "high"), [("fast", "0.045", "0.045"), ("turbo", "0.1", "0.1"), ("relax", "0.015", "0.05")]
)
def test_goapi_prices_the_mode(engine: Engine, mode: str, low: str, high: str) -> None:
    verdict = verdict_of(engine, older("finished", mode=mode))

    assert (verdict.charge.low, verdict.charge.high) == (Decimal(low), Decimal(high))


def test_piapi_prices_by_version(engine: Engine) -> None:
    verdict = verdict_of(engine, wrapped("completed", image_url=GRID))

    assert (verdict.charge.low, verdict.charge.high) == (Decimal("0.045"), Decimal("0.07"))


@pytest.mark.parametrize(("code", "outcome"), [(401, "denied"), (402, "exhausted"), (429, "throttled")])
def test_codes_of_a_refused_submit(engine: Engine, code: int, outcome: str) -> None:
    body = {"code": code, "message": "…", "data": None}

    assert verdict_of(engine, body, seller="piapi", http_status=None).outcome == outcome
