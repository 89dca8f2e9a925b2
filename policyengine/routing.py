"""Turn a route rule into what to do now, on this attempt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policyengine.verdict import Route

if TYPE_CHECKING:
    from policyengine.facts import Facts
    from policyengine.rules.model import RouteEffect

__all__ = ["UNROUTED", "route_for"]

UNROUTED = Route(action="look_up", tag="unrouted", retry=False, advice="no route rule matches; look at the answer")
_RESENDING = frozenset({"backoff", "rewrite_once"})


def route_for(effect: RouteEffect, facts: Facts) -> Route:
    """Return *effect* for the attempt that *facts* tell of; a wait the platform asks for is honoured."""
    left = max(0, effect.max_attempts - facts.attempt)
    retry = left > 0 and effect.action in _RESENDING
    waits = retry or effect.action == "poll"
    return Route(
        action=effect.action,
        tag=effect.tag,
        retry=retry,
        wait_s=max(_backoff_s(effect, facts.attempt), facts.retry_after_s or 0.0) if waits else 0.0,
        attempts_left=left,
        advice=effect.advice,
    )


def _backoff_s(effect: RouteEffect, attempt: int) -> float:
    """Return the wait before the next try: the same each time, or doubled from one to the next."""
    wait = float(effect.wait_s)
    if effect.backoff == "exponential":
        wait *= 2.0 ** max(0, min(attempt - 1, 32))
    return min(wait, float(effect.max_wait_s))
