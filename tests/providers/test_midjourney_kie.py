"""Kie: the flag of a Midjourney task, the state of a market task, and results inside a string."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from policyengine.engine import Engine
from policyengine.exchange import Exchange
from policyengine_midjourney.kie import Kie

if TYPE_CHECKING:
    from policyengine.facts import Facts
    from policyengine.verdict import Verdict

# Shapes: https://docs.kie.ai/mj-api/get-mj-task-details, https://docs.kie.ai/market/common/get-task-detail
URLS = [f"https://cdn.example.com/{number}.png" for number in range(4)]


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine.load()


def answer(code: int = 200, **task: object) -> dict[str, object]:
    return {"code": code, "msg": "success" if code == 200 else "…", "data": {"taskId": "t1", **task} if task else None}


def facts_of(body: object) -> Facts:
    return Kie().normalize(Exchange.of(body))[0]


def verdict_of(engine: Engine, body: object, **context: object) -> Verdict:
    return engine.evaluate(body, **{"http_status": 200, "seller": "kie", **context})


@pytest.mark.parametrize(
    ("task", "outcome", "stage"),
    [
        ({"successFlag": 0}, "pending", "none"),
        (
            {"successFlag": 1, "resultInfoJson": {"resultUrls": [{"resultUrl": url} for url in URLS]}},
            "delivered",
            "none",
        ),
        ({"successFlag": 1, "resultInfoJson": None}, "lost", "delivery"),
        ({"successFlag": 2, "errorMessage": "…"}, "failed", "unknown"),
        ({"successFlag": 3, "errorMessage": "…"}, "failed", "generation"),
        ({"successFlag": 3, "errorMessage": "[Banned prompt detected] …"}, "blocked", "prompt"),
        ({"successFlag": 2, "errorMessage": "flagged as violating content policies"}, "blocked", "unknown"),
        ({"state": "waiting"}, "pending", "none"),
        ({"state": "queuing"}, "pending", "none"),
        ({"state": "generating"}, "pending", "none"),
        ({"state": "success", "resultJson": json.dumps({"resultUrls": URLS})}, "delivered", "none"),
        ({"state": "fail", "failCode": "422", "failMsg": "prompt is empty"}, "rejected", "admission"),
        ({"state": "fail", "failCode": "501", "failMsg": "…"}, "failed", "generation"),
        ({"resultUrls": URLS}, "delivered", "none"),
        ({"state": "melting"}, "unrecognized", "unknown"),
    ],
)
def test_tasks_are_told_apart(engine: Engine, task: dict[str, object], outcome: str, stage: str) -> None:
    verdict = verdict_of(engine, answer(200, **task))

    assert (verdict.outcome, verdict.stage) == (outcome, stage)


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        (401, "denied"),
        (402, "exhausted"),
        (404, "lost"),
        (422, "rejected"),
        (429, "throttled"),
        (455, "failed"),
        (500, "failed"),
        (501, "failed"),
        (505, "rejected"),
    ],
)
def test_code_in_the_body_decides_and_not_the_http_status(engine: Engine, code: int, outcome: str) -> None:
    assert verdict_of(engine, answer(code)).outcome == outcome


def test_submit_is_pending(engine: Engine) -> None:
    assert verdict_of(engine, {"code": 200, "msg": "success", "data": {"taskId": "t1"}}).outcome == "pending"


def test_results_inside_a_string_are_counted() -> None:
    assert facts_of(answer(state="success", resultJson=json.dumps({"resultUrls": URLS[:2]}))).images_delivered == 2


def test_cost_time_is_no_money() -> None:
    facts = facts_of(answer(state="success", costTime=15000))

    assert (facts.settled, facts.quoted, facts.money_unit) == (None, None, None)


def test_speed_stands_inside_the_written_parameters() -> None:
    assert facts_of(answer(successFlag=0, paramJson='{"speed": "Relax"}')).mode == "relax"


@pytest.mark.parametrize(
    "task", [{"state": "success", "resultJson": json.dumps({"resultUrls": URLS})}, {"state": "fail"}]
)
def test_nobody_says_what_a_task_costs(engine: Engine, task: dict[str, object]) -> None:
    verdict = verdict_of(engine, answer(200, **task))

    assert (verdict.bill.request, verdict.charge.is_unpriced) == ("unknown", True)


def test_task_is_recognized_without_a_seller(engine: Engine) -> None:
    assert engine.dialect_of(Exchange.of(answer(state="waiting"))).name == "kie"
