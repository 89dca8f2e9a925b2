"""useapi.net: a flat subscription to drive one's own Midjourney account, which bills the GPU time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from policyengine.engine import Engine
from policyengine.exchange import Exchange
from policyengine_midjourney.useapi import Useapi

if TYPE_CHECKING:
    from policyengine.facts import Facts
    from policyengine.verdict import Verdict

# Shapes: https://useapi.net/docs/api-v2/get-jobs-jobid
URL = "https://cdn.example.com/grid.png"


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine.load()


def job(status: str, **more: object) -> dict[str, object]:
    return {"jobid": "j1", "verb": "imagine", "status": status, "created": "2026-01-09T02:04:49.667Z", **more}


def facts_of(body: object, **context: object) -> Facts:
    return Useapi().normalize(Exchange.of(body, **context))[0]


def verdict_of(engine: Engine, body: object, **context: object) -> Verdict:
    return engine.evaluate(body, provider="midjourney", **context)


@pytest.mark.parametrize(
    ("body", "outcome", "stage"),
    [
        (job("created"), "pending", "none"),
        (job("started"), "pending", "none"),
        (job("progress", content="**a** (55%) (fast)"), "pending", "none"),
        (job("completed", attachments=[{"url": URL}]), "delivered", "none"),
        (job("completed", attachments=[]), "lost", "delivery"),
        (job("completed", verb="describe"), "delivered", "none"),
        (job("cancelled"), "canceled", "unknown"),
        (job("moderated"), "blocked", "unknown"),
        (job("moderated", error="Banned prompt"), "blocked", "prompt"),
        (job("failed", error="Invalid parameter"), "rejected", "admission"),
        (job("failed", embeds=[{"title": "Image denied", "description": "…"}]), "blocked", "output"),
        (job("failed"), "failed", "unknown"),
        ({"error": "Unauthorized", "code": 401}, "denied", "admission"),
        ({"error": "Account has no subscription or subscription expired", "code": 402}, "exhausted", "admission"),
        ({"error": "Job not found", "code": 404}, "lost", "unknown"),
        ({"error": "Query is full", "code": 429}, "throttled", "admission"),
        ({"error": "Pending mod message", "code": 596}, "denied", "admission"),
    ],
)
def test_jobs_and_errors_are_told_apart(engine: Engine, body: object, outcome: str, stage: str) -> None:
    verdict = verdict_of(engine, body)

    assert (verdict.outcome, verdict.stage) == (outcome, stage)


def test_code_of_an_error_stands_in_for_the_http_status() -> None:
    assert facts_of({"error": "Unauthorized", "code": 401}).http_status == 401


def test_mode_that_ran_is_read_from_the_message() -> None:
    assert facts_of(job("completed", content="**a --turbo** - <@1> (fast)")).mode == "fast"


def test_listed_tiles_count_each() -> None:
    response = {"attachments": [{"url": URL}], "imageUx": [{"id": number, "url": URL} for number in range(4)]}

    assert facts_of(job("completed", response=response)).images_delivered == 4


def test_midjourney_bills_the_job_unless_the_caller_names_the_bridge(engine: Engine) -> None:
    body = job("completed", content="**a** (fast)", attachments=[{"url": URL}])

    assert verdict_of(engine, body).bill.request == "charged"
    assert verdict_of(engine, body, seller="useapi").bill.request == "free"


def test_error_of_no_certain_origin_is_read_by_its_transport(engine: Engine) -> None:
    assert engine.dialect_of(Exchange.of({"error": "Unauthorized", "code": 401})).name == "none"
