"""Test what a route rule means on one attempt."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from policyengine.facts import Facts
from policyengine.routing import UNROUTED, route_for
from policyengine.rules.model import RouteEffect

FACTS = Facts(provider="toy", dialect="toy-api", seller="toy-inc")


def route(attempt: int = 1, retry_after_s: float | None = None, **told: Any) -> Any:  # noqa: ANN401
    effect = msgspec.convert({"action": "backoff", "tag": "t", "max_attempts": 4, **told}, RouteEffect)
    return route_for(effect, msgspec.structs.replace(FACTS, attempt=attempt, retry_after_s=retry_after_s))


@pytest.mark.parametrize(
    ("attempt", "retry", "left"), [(1, True, 3), (3, True, 1), (4, False, 0), (9, False, 0), (0, True, 4)]
)
def test_attempts_run_out(attempt: int, retry: bool, left: int) -> None:  # noqa: FBT001
    found = route(attempt)

    assert (found.retry, found.attempts_left) == (retry, left)


@pytest.mark.parametrize(
    ("backoff", "waits"),
    [("none", [2, 2, 2]), ("fixed", [2, 2, 2]), ("exponential", [2, 4, 7])],
)
def test_waits_grow_as_the_rule_says(backoff: str, waits: list[float]) -> None:
    found = [route(attempt, backoff=backoff, wait_s=2, max_wait_s=7).wait_s for attempt in (1, 2, 3)]

    assert found == waits


@pytest.mark.parametrize("attempt", [0, -5, 1000])
def test_odd_attempts_do_no_harm(attempt: int) -> None:
    found = route(attempt, backoff="exponential", wait_s=Decimal("0.5"), max_wait_s=60, max_attempts=100)

    assert 0 <= found.wait_s <= 60


def test_a_wait_that_the_platform_asks_for_is_honoured() -> None:
    assert route(retry_after_s=90.0, wait_s=2, max_wait_s=30).wait_s == 90
    assert route(retry_after_s=1.0, wait_s=2).wait_s == 2


@pytest.mark.parametrize(
    ("action", "retry", "wait_s"),
    [
        ("backoff", True, 5),
        ("rewrite_once", True, 5),
        ("poll", False, 5),
        ("none", False, 0),
        ("change_prompt", False, 0),
        ("stop_and_alert", False, 0),
        ("look_up", False, 0),
    ],
)
def test_only_resending_is_a_retry_and_polling_waits_too(action: str, retry: bool, wait_s: float) -> None:  # noqa: FBT001
    found = route(action=action, wait_s=5)

    assert (found.retry, found.wait_s) == (retry, wait_s)


def test_after_the_last_attempt_there_is_nothing_to_wait_for() -> None:
    assert route(4, wait_s=5, retry_after_s=60.0).wait_s == 0


def test_without_a_rule_a_person_looks() -> None:
    assert (UNROUTED.action, UNROUTED.retry) == ("look_up", False)
