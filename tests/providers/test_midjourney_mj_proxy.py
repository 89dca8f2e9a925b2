# ruff: noqa: RUF001  the platforms' own words
"""The midjourney-proxy family: the status decides, not the code, and Midjourney bills at the finish."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policyengine.engine import Engine
from policyengine.exchange import Exchange
from policyengine.facts import Facts
from policyengine_midjourney import policyengine_provider
from policyengine_midjourney.mj_proxy import MjProxy
from policyengine_midjourney.wording import mode_observed, title_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from policyengine.provider import Dialect, Scenario
    from policyengine.verdict import Verdict

PROVIDER = policyengine_provider()
DIALECT = PROVIDER.dialects[0]
SCENARIOS = [(dialect, scenario) for dialect in PROVIDER.dialects for scenario in PROVIDER.scenarios(dialect.name)]
GRID = "https://cdn.example.com/grid.png"


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine.load()


def task(status: str, reason: str | None = None, **more: object) -> dict[str, object]:
    body: dict[str, object] = {"id": "1700000000000001", "action": "IMAGINE", "status": status, "failReason": reason}
    return body | {"imageUrl": GRID if status == "SUCCESS" else "", "prompt": "a kite"} | more


def facts_of(body: object, **context: object) -> Facts:
    return DIALECT.normalize(Exchange.of(body, **context))[0]


def verdict_of(engine: Engine, body: object, *, seller: str = "midjourney", **context: object) -> Verdict:
    return engine.evaluate(body, dialect="mj-proxy", seller=seller, **context)


@pytest.mark.parametrize("status", ["NOT_START", "SUBMITTED", "IN_PROGRESS", "MODAL", "QUEUED", "UNKNOWN", "PENDING"])
def test_running_statuses_are_pending(engine: Engine, status: str) -> None:
    assert verdict_of(engine, task(status)).outcome == "pending"


@pytest.mark.parametrize(
    ("body", "outcome", "stage"),
    [
        ({"code": 1, "description": "ok", "result": "1700000000000001"}, "pending", "none"),
        ({"code": 1, "description": "ok", "result": 1320098173412546}, "pending", "none"),
        ({"code": 22, "description": "排队中，前面还有1个任务", "result": "1700000000000001"}, "pending", "none"),
        ({"code": 21, "description": "Waiting for window confirm", "result": "1700000000000001"}, "pending", "none"),
        ({"code": 21, "description": "Parameter error"}, "rejected", "admission"),
        (
            {"code": 21, "description": "任务已存在", "properties": {"status": "SUCCESS", "imageUrl": GRID}},
            "delivered",
            "none",
        ),
        ({"code": 21, "description": "任务已存在", "properties": {"status": "IN_PROGRESS"}}, "pending", "none"),
        ({"code": 23, "description": "队列已满，请稍后尝试", "result": "1"}, "throttled", "admission"),
        ({"code": 23, "description": "System error"}, "failed", "unknown"),
        ({"code": 24, "description": "可能包含敏感词", "properties": {"bannedWord": "x"}}, "blocked", "prompt"),
        ({"code": 24, "description": "Account unavailable"}, "denied", "admission"),
        ({"code": 25, "description": "Insufficient balance"}, "exhausted", "admission"),
        ({"code": 30, "description": "当前分组负载已饱和，请稍后再试"}, "throttled", "admission"),
        ({"code": 3, "description": "无可用的账号实例"}, "denied", "admission"),
        ({"code": 3, "description": "任务不存在或已失效"}, "lost", "unknown"),
        ({"code": 3, "description": "关联任务不存在或已失效"}, "rejected", "admission"),
        ({"code": 4, "description": "quota_not_enough", "type": "new_api_error"}, "exhausted", "admission"),
        ({"code": 4, "description": "prompt不能为空"}, "rejected", "admission"),
        ({"code": 9, "description": "提交失败，队列已满，请稍后重试"}, "throttled", "admission"),
        ({"code": 9, "description": "提交失败，系统异常"}, "failed", "unknown"),
        ({"code": 5, "description": "do_request_failed"}, "failed", "unknown"),
        ({"code": 77, "description": "something new"}, "unrecognized", "unknown"),
    ],
)
def test_submits_are_told_apart(engine: Engine, body: object, outcome: str, stage: str) -> None:
    verdict = verdict_of(engine, body)

    assert (verdict.outcome, verdict.stage) == (outcome, stage)


@pytest.mark.parametrize(
    ("reason", "outcome", "stage"),
    [
        ("[Invalid parameter] Unrecognized parameter(s): `--abc`", "rejected", "admission"),
        ("Invalid link!, Could not fetch", "rejected", "admission"),
        ("Invalid Form Body", "rejected", "admission"),
        ("[Empty prompt] Imagine what?", "rejected", "admission"),
        ("[Duplicate images detected] …", "rejected", "admission"),
        ("Job action restricted, You can not submit batch jobs in relax mode.", "rejected", "admission"),
        ("[Banned prompt] Sorry! …", "blocked", "prompt"),
        ("[Banned prompt detected] Sorry! …", "blocked", "prompt"),
        ("Banned image prompt, …", "blocked", "prompt"),
        ("Sorry! Our AI moderators feel this prompt is against our community standards", "blocked", "prompt"),
        ("可能包含敏感词", "blocked", "prompt"),
        ("[Action needed to continue] Our AI moderator …", "pending", "none"),
        ("[Job queued] …", "pending", "none"),
        ("[Queue full] …", "throttled", "admission"),
        ("[Request cancelled due to output filters] …", "blocked", "output"),
        ("[Request cancelled due to image filters] …", "blocked", "output"),
        ("[Image denied] …", "blocked", "output"),
        ("Content moderation filter triggered.", "blocked", "unknown"),
        ("[Pending mod message] …", "denied", "admission"),
        ("[Blocked] You have been blocked", "denied", "admission"),
        ("[Subscription required] …", "denied", "admission"),
        ("[Subscription paused] …", "denied", "admission"),
        ("[Plan Cancelled] …", "denied", "admission"),
        ("[Tos not accepted] …", "denied", "admission"),
        ("[Action required to continue] …", "denied", "admission"),
        ("[Please complete the task] captcha", "denied", "admission"),
        ("[Credits exhausted] You've run out of hours!", "exhausted", "admission"),
        ("Sorry! Could not complete the job!", "failed", "unknown"),
        ("Failed to process your command :c", "failed", "unknown"),
        ("Internal error", "failed", "unknown"),
        ("Unknown Integration", "failed", "unknown"),
        ("任务失败，请重试", "failed", "unknown"),
        ("服务异常，请稍后重试", "failed", "unknown"),
        ("获取渠道信息失败，请联系管理员，渠道ID：7", "failed", "unknown"),
        ("任务超时", "timeout", "unknown"),
        ("执行超时 5 分钟", "timeout", "unknown"),
        ("任务提交超时", "timeout", "unknown"),
        ("任务超时，自动取消", "timeout", "unknown"),
        ("上游任务超时（超过1小时）", "timeout", "unknown"),
        ("强制取消", "canceled", "unknown"),
        (None, "failed", "unknown"),
    ],
)
def test_fail_reasons_are_told_apart(engine: Engine, reason: str | None, outcome: str, stage: str) -> None:
    verdict = verdict_of(engine, task("FAILURE", reason))

    assert (verdict.outcome, verdict.stage) == (outcome, stage)


def test_appeal_is_not_final(engine: Engine) -> None:
    assert not verdict_of(engine, task("FAILURE", "[Action needed to continue] …")).final


@pytest.mark.parametrize("action", ["DESCRIBE", "SHORTEN", "SEED", "INFO", "PIC_READER"])
def test_text_task_delivers_nothing_of_nothing(engine: Engine, action: str) -> None:
    verdict = verdict_of(engine, task("SUCCESS", action=action))

    assert (verdict.outcome, verdict.images, verdict.facts.images_requested) == ("delivered", 0, 0)


def test_seed_is_not_a_task_id(engine: Engine) -> None:
    verdict = verdict_of(engine, {"code": 1, "description": "success", "result": "2423423423"})

    assert (verdict.outcome, verdict.facts.task_id) == ("delivered", None)


def test_uploaded_images_end_the_call(engine: Engine) -> None:
    assert verdict_of(engine, {"code": 1, "description": "ok", "result": [GRID]}).final


def test_grid_is_one_image_and_tiles_count_each() -> None:
    assert facts_of(task("SUCCESS")).images_delivered == 1
    assert facts_of(task("SUCCESS", imageUrls=[{"url": GRID}] * 4)).images_delivered == 4


def test_success_without_an_image_is_lost(engine: Engine) -> None:
    verdict = verdict_of(engine, task("SUCCESS", imageUrl=""))

    assert (verdict.outcome, verdict.stage) == ("lost", "delivery")


def test_success_outweighs_a_fail_reason(engine: Engine) -> None:
    body = {"status": "success", "task_id": "1", "progress": "50%", "imageUrl": GRID, "failReason": "filter triggered"}

    assert verdict_of(engine, body).outcome == "delivered"


def test_row_of_new_api_is_read() -> None:
    row = {"id": 7, "mj_id": "1700000000000001", "action": "IMAGINE", "status": "FAILURE", "fail_reason": "任务超时"}

    facts = facts_of(row)

    assert (facts.task_id, facts.message) == ("1700000000000001", "任务超时")


@pytest.mark.parametrize(
    "wrap",
    [
        lambda row: {"code": "success", "message": "", "data": row},
        lambda row: {"success": True, "message": "", "data": {"items": [row], "total": 1}},
        lambda row: [row],
    ],
)
def test_wrapped_task_is_unwrapped(wrap: Callable[[object], object]) -> None:
    assert facts_of(wrap(task("SUCCESS"))).images_delivered == 1


@pytest.mark.parametrize(
    "wrap", [lambda rows: rows, lambda rows: {"data": rows}, lambda rows: {"success": True, "data": {"items": rows}}]
)
def test_task_list_is_split(wrap: Callable[[object], object]) -> None:
    rows = [task("SUCCESS"), task("FAILURE")]

    assert list(DIALECT.split(wrap(rows))) == rows


def test_single_task_is_not_split() -> None:
    body = task("SUCCESS")

    assert list(DIALECT.split(body)) == [body]


@pytest.mark.parametrize(
    ("body", "context", "mode"),
    [
        (task("SUCCESS", properties={"messageContent": "**a kite --turbo** - <@1> (fast)"}), {}, "fast"),
        (task("SUCCESS", mode="RELAX"), {}, "relax"),
        (task("SUCCESS"), {"url": "https://proxy.example.com/mj-turbo/mj/task/1/fetch"}, "turbo"),
        (task("SUCCESS", prompt="a kite --relax"), {}, "relax"),
        (task("SUBMITTED"), {"request": {"accountFilter": {"modes": ["FAST"]}}}, "fast"),
        (task("SUBMITTED"), {"request": {"accountFilter": {"modes": ["FAST", "RELAX"]}}}, None),
        (task("SUCCESS"), {}, None),
    ],
)
def test_mode_that_ran_outweighs_mode_asked(body: object, context: dict[str, object], mode: str | None) -> None:
    assert facts_of(body, **context).mode == mode


def test_stealth_does_not_hide_the_mode() -> None:
    assert mode_observed("**a kite** - <@1> (relaxed, stealth)") == "relax"


def test_long_sentence_has_no_title() -> None:
    assert title_of("x" * 61 + ", y") is None


def test_relax_is_free(engine: Engine) -> None:
    verdict = verdict_of(engine, task("SUCCESS", mode="relax"))

    assert (verdict.bill.request, verdict.charge.high) == ("free", Decimal(0))


def test_mode_that_is_not_told_leaves_the_bill_conditional(engine: Engine) -> None:
    verdict = verdict_of(engine, task("SUCCESS"))

    assert verdict.bill.request == "conditional"
    assert "mode" in verdict.bill.on


def test_errors_cost_no_gpu_time(engine: Engine) -> None:
    verdict = verdict_of(engine, task("FAILURE", "Internal error", mode="fast"))

    assert (verdict.bill.request, verdict.basis) == ("free", "official")


def test_nobody_says_what_a_job_costs_that_moderation_stopped_midway(engine: Engine) -> None:
    verdict = verdict_of(engine, task("FAILURE", "[Image denied] …", mode="fast"))

    assert (verdict.bill.request, verdict.charge.low) == ("unknown", Decimal(0))


def test_proxy_timeout_may_have_cost_the_job(engine: Engine) -> None:
    assert verdict_of(engine, task("FAILURE", "任务超时", mode="fast")).bill.request == "unknown"


@pytest.mark.parametrize(
    ("plan", "mode", "dollars_per_minute"),
    [
        ("basic", "fast", Decimal(10) / 198),
        ("standard", "fast", Decimal(30) / 900),
        ("mega", "turbo", Decimal(240) / 3600),
        ("top-up", "fast", Decimal(4) / 60),
    ],
)
def test_plan_hours_price_the_gpu_minute(engine: Engine, plan: str, mode: str, dollars_per_minute: Decimal) -> None:
    verdict = verdict_of(engine, task("SUCCESS", mode=mode), account_facts={"plan": plan})

    assert verdict.charge.low == (dollars_per_minute * Decimal("0.93")).quantize(Decimal("1e-12"))
    assert verdict.charge.high == (dollars_per_minute * Decimal("1.04")).quantize(Decimal("1e-12"))


def test_repeated_submit_runs_no_job(engine: Engine) -> None:
    body = {"code": 21, "description": "任务已存在", "properties": {"status": "SUCCESS", "imageUrl": GRID}}

    assert verdict_of(engine, body).bill.request == "free"


def test_new_api_takes_its_quota_at_submit(engine: Engine) -> None:
    verdict = verdict_of(engine, {"code": 1, "description": "ok", "result": "1700000000000001"}, seller="new-api")

    assert (verdict.bill.request, verdict.charge.is_unpriced) == ("charged", True)


def test_new_api_returns_its_quota_on_failure(engine: Engine) -> None:
    verdict = verdict_of(engine, task("FAILURE", "Internal error", quota=1000), seller="new-api")

    assert (verdict.bill.request, verdict.charge.high) == ("credited", Decimal(0))


def test_quota_of_a_row_is_its_price(engine: Engine) -> None:
    verdict = verdict_of(engine, task("SUCCESS", quota=50_000), seller="new-api")

    assert (verdict.charge.low, verdict.charge.high) == (Decimal("0.1"), Decimal("0.1"))


@pytest.mark.parametrize(("dialect", "scenario"), SCENARIOS, ids=lambda value: value.name)
def test_scenarios_are_recognized(engine: Engine, dialect: Dialect, scenario: Scenario) -> None:
    # A job of useapi.net has `status` and `created`, which Azure's video jobs have too.
    provider = PROVIDER.name if dialect.name == "useapi" else None

    assert engine.dialect_of(Exchange.of(scenario.body, provider=provider)).name == dialect.name


@given(st.integers())
def test_any_stamp_is_read(stamp: int) -> None:
    facts, _ = MjProxy().normalize(Exchange(body={"status": "SUCCESS", "submitTime": stamp}))

    assert facts.at is None or facts.at.tzinfo is not None


def test_a_prompt_banned_midway_is_not_called_free() -> None:
    body = {
        "id": "1",
        "action": "IMAGINE",
        "status": "FAILURE",
        "progress": "93%",
        "failReason": "Banned prompt detected",
    }

    verdict = Engine.load().evaluate(body, provider="midjourney", seller="midjourney", account_facts={"plan": "pro"})

    assert (verdict.outcome, verdict.bill.request) == ("blocked", "unknown")


@pytest.mark.parametrize("operation", ["IMAGINE", "imagine", "v7_diffusion", "Edit", None])
def test_an_imagine_takes_a_minute_by_whatever_name(engine: Engine, operation: str | None) -> None:
    told = Facts(
        provider="midjourney", dialect="mj-web", seller="midjourney", operation=operation, mode="fast",
        status="completed", terminal=True, images_delivered=1, account={"plan": "standard"},
    )  # fmt: skip
    verdict = engine.decide(told)

    # 0.93 to 1.04 minutes, 15 hours for $30
    assert verdict.charge.low == Decimal("0.031")
    assert verdict.charge.high == Decimal("0.034666666667")
