"""Put our answers on the eight cases beside what the cost libraries say."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from benchmarks.cost_peers import COST_PEERS, cost_peer
from benchmarks.measure import NOT_INSTALLED
from benchmarks.peer_cases import CASES
from policyengine.vocabulary import COMPONENTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any

    from benchmarks.peer_cases import Case
    from policyengine import Engine
    from policyengine.verdict import Verdict

__all__ = ["CASE_HEADER", "case_rows"]

CASE_HEADER = ("case", "charge in dollars", "right", "decided by", *COST_PEERS)


def case_rows(engine: Engine) -> Iterator[tuple[str, ...]]:
    """Yield a line for each case: our interval, whether it is right, the rule that says so, and the peers' answers."""
    peers = [cost_peer(name) for name in COST_PEERS]
    for name, case in CASES.items():
        verdict = engine.evaluate(case.body, **case.context)
        yield name, _interval(verdict), _right(verdict, case), _reason(verdict), *(_asked(peer, case) for peer in peers)


def _interval(verdict: Verdict) -> str:
    low, high = verdict.charge.low, verdict.charge.high
    if high is None:
        return f"{_dollars(low)} or more"
    return _dollars(low) if low == high else f"{_dollars(low)} to {_dollars(high)}"


def _dollars(amount: Decimal) -> str:
    return f"{amount.normalize():f}"


def _right(verdict: Verdict, case: Case) -> str:
    high = None if case.high is None else Decimal(case.high)
    is_right = (verdict.charge.low, verdict.charge.high) == (Decimal(case.low), high)
    has_reason = any(step.decision == "bill" and step.evidence for step in verdict.trail)
    return "yes" if is_right and has_reason else "no"


def _reason(verdict: Verdict) -> str:
    """Return the rules that decided the bill."""
    return ", ".join(dict.fromkeys(step.rule for step in verdict.trail if step.component in COMPONENTS))


def _asked(peer: Callable[[bytes, Mapping[str, Any]], object] | None, case: Case) -> str:
    if peer is None:
        return NOT_INSTALLED
    try:
        return str(peer(case.body, case.context))
    except Exception as error:  # noqa: BLE001  what a peer raises is its answer
        return type(error).__name__
