"""TTAPI: a submit says SUCCESS too, the task names its quota, and 30 illegal prompts a day are forgiven."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from policyengine.engine import Engine
from policyengine.exchange import Exchange
from policyengine_midjourney.ttapi import Ttapi

if TYPE_CHECKING:
    from policyengine.facts import Facts
    from policyengine.verdict import Verdict

# Shapes: https://docs.ttapi.io/grids/en/development/response
TILES = [f"https://cdn.example.com/0_{number}.png" for number in range(4)]
BANNED = "[Banned prompt detected] Sorry! Our AI moderator thinks this prompt is probably against …"


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine.load()


def task(status: str, message: str = "", **data: object) -> dict[str, object]:
    return {"status": status, "message": message, "jobId": "j1", "data": {"jobId": "j1", **data} if data else None}


def facts_of(body: object, **context: object) -> Facts:
    return Ttapi().normalize(Exchange.of(body, **context))[0]


def verdict_of(engine: Engine, body: object, **context: object) -> Verdict:
    return engine.evaluate(body, **{"http_status": 200, **context})


@pytest.mark.parametrize("name", ["jobId", "job_id"])
def test_submit_that_succeeded_is_pending(engine: Engine, name: str) -> None:
    verdict = verdict_of(engine, {"status": "SUCCESS", "message": "success", "data": {name: "j1"}})

    assert (verdict.outcome, verdict.final, verdict.bill.request) == ("pending", False, "conditional")


def test_tiles_and_their_copies_are_the_same_images() -> None:
    assert facts_of(task("SUCCESS", quota="4", images=TILES, cdnImages=TILES)).images_delivered == 4


def test_grid_is_one_image() -> None:
    assert facts_of(task("SUCCESS", progress="100", cdnImage="https://…", images=None)).images_delivered == 1


def test_quota_of_the_task_is_the_charge(engine: Engine) -> None:
    verdict = verdict_of(engine, task("SUCCESS", action="imagine", quota="2", images=TILES))

    assert (verdict.bill.request, verdict.basis) == ("charged", "settled")
    assert (verdict.charge.low, verdict.charge.high) == (Decimal("0.02"), Decimal("0.02"))


def test_quota_of_a_running_task_bounds_it(engine: Engine) -> None:
    verdict = verdict_of(engine, task("ON_QUEUE", action="imagine", quota="2"))

    assert (verdict.charge.low, verdict.charge.high) == (Decimal(0), Decimal("0.02"))


def test_task_that_succeeded_without_an_image_is_lost(engine: Engine) -> None:
    assert verdict_of(engine, task("SUCCESS", action="imagine", quota="2", images=[])).outcome == "lost"


def test_description_asks_for_no_image(engine: Engine) -> None:
    verdict = verdict_of(engine, task("SUCCESS", action="describe", quota="1"))

    assert (verdict.outcome, verdict.images) == ("delivered", 0)


@pytest.mark.parametrize(
    ("http_status", "outcome"),
    [
        (400, "rejected"),
        (401, "denied"),
        (402, "exhausted"),
        (404, "rejected"),
        (429, "throttled"),
        (499, "throttled"),
        (500, "failed"),
        (504, "timeout"),
    ],
)
def test_http_statuses_of_a_refused_submit(engine: Engine, http_status: int, outcome: str) -> None:
    body = {"status": "FAILED", "message": "…", "data": None}

    assert verdict_of(engine, body, http_status=http_status).outcome == outcome


@pytest.mark.parametrize(
    ("message", "outcome", "stage"),
    [
        (BANNED, "blocked", "prompt"),
        ("[Image denied] Request cancelled due to image filters", "blocked", "output"),
        ("[TTAPI image filter] …", "blocked", "prompt"),
        ("prompt violation", "blocked", "prompt"),
        ("[Invalid link!] …", "rejected", "admission"),
        ("[Invalid parameter] Invalid value", "rejected", "admission"),
        ("insufficient quota", "exhausted", "admission"),
        ("Failed to process your command :c", "failed", "unknown"),
        ("Unknown Integration", "failed", "unknown"),
        ("Job Timeout", "timeout", "unknown"),
        ("something new", "failed", "unknown"),
    ],
)
def test_failed_tasks_are_told_apart(engine: Engine, message: str, outcome: str, stage: str) -> None:
    verdict = verdict_of(engine, task("FAILED", message))

    assert (verdict.outcome, verdict.stage) == (outcome, stage)


def test_new_status_is_not_recognized(engine: Engine) -> None:
    verdict = verdict_of(engine, {"status": "PARKED", "jobId": "j1"}, dialect="ttapi")

    assert verdict.outcome == "unrecognized"
    assert "drift" in [warning.code for warning in verdict.warnings]


@pytest.mark.parametrize(
    ("failures", "bill"), [(1, "credited"), (30, "credited"), (31, "charged"), (None, "conditional")]
)
def test_thirty_illegal_prompts_a_day_are_forgiven(engine: Engine, failures: int | None, bill: str) -> None:
    account = None if failures is None else {"failures_today": failures}

    verdict = verdict_of(engine, task("FAILED", BANNED), account_facts=account)

    assert verdict.bill.request == bill


def test_open_count_is_named(engine: Engine) -> None:
    assert verdict_of(engine, task("FAILED", BANNED)).bill.on == ("account.failures_today",)


def test_nobody_says_what_a_failure_of_the_platform_costs(engine: Engine) -> None:
    verdict = verdict_of(engine, task("FAILED", "[Internal error] …"))

    assert verdict.bill.request == "unknown"
    assert "platform-side" in verdict.bill.recourse[0]


@pytest.mark.parametrize(
    ("request_", "mode"),
    [({"prompt": "a"}, "fast"), ({"mode": "relax"}, "relax"), ({"prompt": "a --turbo"}, "fast"), ({}, None)],
)
def test_mode_is_fast_unless_asked_otherwise(request_: dict[str, object], mode: str | None) -> None:
    assert facts_of(task("ON_QUEUE", quota="2"), request=request_).mode == mode
