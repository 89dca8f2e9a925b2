"""AutoJourney: codes of the envelope, and states of the task in numbers or words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from policyengine.engine import Engine
from policyengine.exchange import Exchange

if TYPE_CHECKING:
    from policyengine.verdict import Verdict

# Shape: https://apifox.com/apidoc/shared/a015c89e-a894-4404-99a6-9bb604bc9435
URL = "https://cdn.example.com/grid.png"


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine.load()


def verdict_of(engine: Engine, code: int, **task: object) -> Verdict:
    return engine.evaluate({"code": code, "msg": "…", "data": task, "time": 1682678028532}, http_status=200)


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        (100000, "denied"),
        (100001, "exhausted"),
        (100002, "rejected"),
        (100003, "rejected"),
        (100004, "rejected"),
        (100005, "rejected"),
        (100006, "lost"),
        (100007, "rejected"),
        (100008, "exhausted"),
        (100099, "unrecognized"),
    ],
)
def test_codes_are_told_apart(engine: Engine, code: int, outcome: str) -> None:
    assert verdict_of(engine, code).outcome == outcome


@pytest.mark.parametrize(
    ("task", "outcome", "stage"),
    [
        ({"task_id": "1"}, "pending", "none"),
        ({"task_id": "1", "status_code": 0}, "pending", "none"),
        ({"task_id": "1", "status": "running"}, "pending", "none"),
        ({"task_id": "1", "status_code": 2, "image_url": URL}, "delivered", "none"),
        ({"task_id": "1", "status_code": 3}, "failed", "unknown"),
        ({"task_id": "1", "status": "banned"}, "blocked", "prompt"),
        ({"task_id": "1", "status": "invalid params"}, "rejected", "admission"),
        ({"task_id": "1", "status": "invalid link"}, "rejected", "admission"),
        ({"task_id": "1", "status": "timeout"}, "timeout", "unknown"),
        ({"task_id": "1", "status": "error"}, "failed", "unknown"),
    ],
)
def test_tasks_are_told_apart(engine: Engine, task: dict[str, object], outcome: str, stage: str) -> None:
    verdict = verdict_of(engine, 0, **task)

    assert (verdict.outcome, verdict.stage) == (outcome, stage)


def test_finished_task_whose_fields_are_not_known_does_not_tell_its_images(engine: Engine) -> None:
    assert verdict_of(engine, 0, task_id="1", status="finished").images is None


def test_nobody_says_what_a_task_costs(engine: Engine) -> None:
    assert verdict_of(engine, 0, task_id="1", status="finished", url=URL).bill.request == "unknown"


def test_envelope_is_recognized_by_its_four_keys(engine: Engine) -> None:
    body = {"code": 100006, "msg": "…", "data": {}, "time": 1682678028532}

    assert engine.dialect_of(Exchange.of(body)).name == "autojourney"
    assert engine.dialect_of(Exchange.of({**body, "extra": 1})).name == "none"
