"""Ace Data Cloud: results, records of tasks, look-ups of several, and errors with a trace id."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from policyengine.engine import Engine
from policyengine.exchange import Exchange
from policyengine_midjourney.acedata import Acedata

if TYPE_CHECKING:
    from policyengine.facts import Facts
    from policyengine.verdict import Verdict

# Shapes: https://github.com/AceDataCloud/MidjourneyAPI/tree/main/docs
URL = "https://cdn.example.com/grid.png"
GRID: dict[str, object] = {"image_url": URL, "raw_image_url": URL, "progress": 100, "actions": ["reroll"]}
GRID |= {"task_id": "t1", "success": True}
FAILED = {"success": False, "error": {"code": "api_error", "message": "fetch failed"}, "task_id": "t2"}


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine.load()


def record(response: object) -> dict[str, object]:
    asked = {"mode": "relax", "prompt": "a kite", "action": "generate"}
    return {"id": "t1", "application_id": "a", "request": asked, "type": "imagine", "response": response}


def error(code: str, message: str = "…") -> dict[str, object]:
    return {"success": False, "error": {"code": code, "message": message}, "trace_id": "x"}


def facts_of(body: object, **context: object) -> Facts:
    return Acedata().normalize(Exchange.of(body, **context))[0]


def verdict_of(engine: Engine, body: object, **context: object) -> Verdict:
    return engine.evaluate(body, **{"http_status": 200, **context})


def test_grid_is_one_image_and_split_images_count_each() -> None:
    assert facts_of(GRID).images_delivered == 1
    assert facts_of({**GRID, "sub_image_urls": [URL] * 4}).images_delivered == 4


def test_record_is_read_through_to_its_response(engine: Engine) -> None:
    verdict = verdict_of(engine, record(GRID))

    assert (verdict.outcome, verdict.images, verdict.facts.mode, verdict.facts.operation) == (
        "delivered",
        1,
        "relax",
        "imagine",
    )


@pytest.mark.parametrize("body", [record({}), record(None), {"task_id": "t1", "trace_id": "x"}])
def test_task_without_a_response_is_pending(engine: Engine, body: object) -> None:
    assert verdict_of(engine, body).outcome == "pending"


def test_progress_below_100_is_pending(engine: Engine) -> None:
    assert verdict_of(engine, {**GRID, "progress": 55}).outcome == "pending"


def test_look_up_of_several_tasks_is_split(engine: Engine) -> None:
    body = {"items": [record(GRID), record(FAILED)], "count": 2}

    parts = engine.split(body)

    assert [engine.evaluate(part).outcome for part in parts] == ["delivered", "failed"]


def test_look_up_taken_whole_sums_the_images(engine: Engine) -> None:
    whole = verdict_of(engine, {"items": [record(GRID), record(GRID)], "count": 2})
    short = verdict_of(engine, {"items": [record(GRID), record(FAILED)], "count": 2})

    assert (whole.outcome, whole.images) == ("delivered", 2)
    assert (short.outcome, short.images) == ("partial", 1)


def test_description_asks_for_no_image(engine: Engine) -> None:
    verdict = verdict_of(engine, {"descriptions": ["a kite"]}, seller="acedata")

    assert (verdict.outcome, verdict.images) == ("delivered", 0)


@pytest.mark.parametrize(
    ("code", "http_status", "outcome"),
    [
        ("token_mismatched", 400, "denied"),
        ("invalid_token", 401, "denied"),
        ("used_up", 403, "exhausted"),
        ("forbidden", 403, "denied"),
        ("api_not_implemented", 400, "rejected"),
        ("bad_request", 400, "rejected"),
        ("too_many_requests", 429, "throttled"),
        ("api_error", 500, "failed"),
        ("timeout", 504, "timeout"),
        ("a_new_code", 200, "unrecognized"),
    ],
)
def test_errors_are_told_apart(engine: Engine, code: str, http_status: int, outcome: str) -> None:
    assert verdict_of(engine, error(code), http_status=http_status).outcome == outcome


def test_words_of_the_moderator_outweigh_the_code(engine: Engine) -> None:
    verdict = verdict_of(engine, error("task_failed", "Banned prompt detected"), http_status=500)

    assert (verdict.outcome, verdict.stage) == ("blocked", "prompt")


def test_trace_id_is_the_request_id() -> None:
    assert facts_of(error("api_error")).request_id == "x"


def test_imagine_is_free_while_the_free_quota_lasts(engine: Engine) -> None:
    verdict = verdict_of(engine, GRID)

    assert (verdict.bill.request, verdict.basis) == ("conditional", "official")


@pytest.mark.parametrize("body", [{**GRID, "actions": None, "sub_image_urls": [URL]}, error("api_error")])
def test_nobody_says_what_edits_and_failures_cost(engine: Engine, body: dict[str, object]) -> None:
    told = {key: value for key, value in body.items() if value is not None}

    assert verdict_of(engine, told).bill.request == "unknown"
