"""Test that a submit, its polls and its webhooks are one task with one charge."""

from __future__ import annotations

from decimal import Decimal
from itertools import permutations
from random import Random
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from policyengine.errors import InputError
from policyengine.exchange import Exchange
from policyengine.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from policyengine.engine import Engine

    Load = Callable[[Mapping[str, str]], Engine]


def toy(*, usage: Any = (), http_status: int = 200, at: str = "2026-06-15T00:00:00Z", **facts: Any) -> Exchange:  # noqa: ANN401
    body = {"toy": facts, "usage": list(usage)}
    return Exchange.of(body, http_status=http_status, seller="toy-inc", at=at)


SUBMIT = toy(model="toy-1", size="1K", images_requested=1, status="QUEUED", task_id="t-1", signal={"hint": "turbo"})
POLL = toy(status="RUNNING", at="2026-06-15T00:00:05Z")
DONE = toy(
    status="DONE",
    images_delivered=1,
    at="2026-06-15T00:01:00Z",
    usage=[
        {"component": "input", "unit": "token", "quantity": 1000},
        {"component": "text", "unit": "token", "quantity": 0},
    ],
)
FAILED = toy(status="FAILED", at="2026-06-15T00:01:00Z")
GONE = toy(code="task_gone", http_status=404)
BROKEN = Exchange(transport_error="ReadTimeout", dialect="toy-api", seller="toy-inc")
SERVER_ERROR = toy(message="oops", http_status=500)
THROTTLED = toy(http_status=429, signal={"hint": "slow down"})


def task(engine: Engine, *exchanges: Exchange) -> Verdict:
    return engine.evaluate_task(exchanges)


def test_a_submit_six_polls_and_two_webhooks_are_one_verdict_and_one_charge(engine: Engine) -> None:
    verdict = task(engine, SUBMIT, *[POLL] * 5, DONE, DONE, POLL)

    assert (verdict.outcome, verdict.images) == ("delivered", 1)
    assert (verdict.charge.low, verdict.charge.high) == (Decimal("0.041"), Decimal("0.041"))


@pytest.mark.parametrize("order", [*permutations([SUBMIT, POLL, DONE, DONE])], ids=map(str, range(24)))
def test_neither_order_nor_duplicates_change_the_answer(engine: Engine, order: tuple[Exchange, ...]) -> None:
    verdict = task(engine, *order)

    assert (verdict.outcome, verdict.charge.low, verdict.charge.high) == (
        "delivered",
        Decimal("0.041"),
        Decimal("0.041"),
    )


def test_what_the_end_does_not_tell_is_taken_from_the_submit(engine: Engine) -> None:
    facts = task(engine, SUBMIT, DONE).facts

    assert (facts.model, facts.size, facts.images_requested, facts.task_id) == ("toy-1", "1K", 1, "t-1")
    assert facts.signal == {"hint": "turbo"}
    assert facts.at is not None
    assert facts.at.isoformat() == "2026-06-15T00:00:00+00:00"


@pytest.mark.parametrize(
    ("exchanges", "outcome"),
    [
        ([SUBMIT], "pending"),
        ([SUBMIT, POLL, FAILED], "failed"),
        ([SUBMIT, POLL, SERVER_ERROR], "pending"),
        ([SUBMIT, POLL, THROTTLED], "pending"),
        ([SUBMIT, POLL, BROKEN], "pending"),
        ([SUBMIT, SERVER_ERROR, FAILED, SERVER_ERROR], "failed"),
        ([SUBMIT, DONE, GONE], "delivered"),
        ([SUBMIT, DONE, FAILED], "delivered"),
        ([SUBMIT, FAILED, GONE], "failed"),
        ([SUBMIT, POLL, GONE], "lost"),
        ([SUBMIT, GONE, POLL], "pending"),
        ([BROKEN], "timeout"),
        ([SERVER_ERROR], "failed"),
        ([SERVER_ERROR, THROTTLED], "throttled"),
        ([BROKEN, SUBMIT, POLL], "pending"),
    ],
    ids=lambda value: value if isinstance(value, str) else str(len(value)),
)
def test_the_last_end_state_decides_and_failed_polls_do_not(
    engine: Engine, exchanges: list[Exchange], outcome: str
) -> None:
    assert task(engine, *exchanges).outcome == outcome


def test_a_failed_poll_leaves_no_facts_behind(engine: Engine) -> None:
    assert task(engine, SUBMIT, THROTTLED, FAILED).facts.signal == {"hint": "turbo"}


def test_two_rows_of_the_same_unit_are_both_kept(engine: Engine) -> None:
    rows = [{"component": "image", "unit": "image", "quantity": 1}] * 2
    done = toy(status="DONE", images_delivered=2, usage=rows)

    verdict = task(engine, SUBMIT, done, done)

    assert len(verdict.usage) == 2


def test_what_the_end_does_not_count_is_taken_from_a_poll(engine: Engine) -> None:
    poll = toy(status="RUNNING", usage=[{"component": "text", "unit": "token", "quantity": 7}])

    verdict = task(engine, SUBMIT, poll, DONE)

    assert [(row.component, row.quantity) for row in verdict.usage] == [("input", 1000), ("text", 0)]
    assert [(row.component, row.quantity) for row in task(engine, SUBMIT, poll, FAILED).usage] == [("text", 7)]


def test_warnings_of_all_exchanges_are_kept_once(engine: Engine) -> None:
    odd = toy(status="RUNNING", finish_reason="ODD")

    codes = [warning.code for warning in task(engine, SUBMIT, odd, odd, BROKEN, DONE).warnings]

    assert codes.count("drift") == 1
    assert codes.count("hidden_attempts") == 1


def test_a_task_may_be_given_as_responses(engine: Engine) -> None:
    responses = [
        httpx.Response(200, json={"toy": {"status": "QUEUED", "model": "toy-1"}}),
        httpx.Response(200, json={"toy": {"status": "FAILED"}}),
    ]

    assert engine.evaluate_task(responses, seller="toy-inc").outcome == "failed"


def test_a_task_of_no_exchanges_is_an_input_error(engine: Engine) -> None:
    with pytest.raises(InputError, match="a task needs at least one exchange"):
        engine.evaluate_task([])


ACCOUNTS = """
[account.prod]
seller = "toy-shop"
base_url = "https://shop.test/v1"
plan = "pro"
"""
SHOP = 'decision = "bill"\nseller = "toy-shop"\nextends = "toy-inc"\n'
AT_SHOP = Exchange.of({"toy": {"status": "QUEUED", "model": "toy-1"}}, url="https://shop.test/v1/images")
WEBHOOK = Exchange.of({"toy": {"status": "DONE", "images_delivered": 1}})


@pytest.mark.parametrize("order", [(AT_SHOP, WEBHOOK), (WEBHOOK, AT_SHOP), (AT_SHOP, WEBHOOK, WEBHOOK)])
def test_the_seller_that_the_submit_shows_also_sends_the_invoice_of_the_webhook(
    engine_with: Load, toy_files: dict[str, str], order: tuple[Exchange, ...]
) -> None:
    engine = engine_with({**toy_files, "accounts.toml": ACCOUNTS, "bill/shop.toml": SHOP})

    verdict = engine.evaluate_task(order)

    assert (verdict.outcome, verdict.facts.seller, verdict.facts.account) == ("delivered", "toy-shop", {"plan": "pro"})
    assert "seller_assumed" not in [warning.code for warning in verdict.warnings]


def test_a_seller_that_nobody_shows_is_assumed_once(engine: Engine) -> None:
    verdict = engine.evaluate_task([WEBHOOK, WEBHOOK])

    assert verdict.facts.seller == "toy-inc"
    assert [warning.code for warning in verdict.warnings].count("seller_assumed") == 1


@pytest.mark.parametrize("seed", range(20))
def test_a_task_in_any_disorder_is_one_charge(engine: Engine, seed: int) -> None:
    exchanges = [SUBMIT, *[POLL] * 6, DONE, DONE, BROKEN, SERVER_ERROR, GONE]
    Random(seed).shuffle(exchanges)  # noqa: S311  not for secrets

    verdict = engine.evaluate_task(exchanges)

    assert (verdict.outcome, verdict.charge.low, verdict.charge.high) == (
        "delivered",
        Decimal("0.041"),
        Decimal("0.041"),
    )


def test_a_task_survives_json_and_can_be_billed_again(engine: Engine) -> None:
    verdict = task(engine, SUBMIT, POLL, DONE)

    again = engine.rebill(Verdict.from_json(verdict.to_json()), seller="toy-inc")

    assert again == verdict
