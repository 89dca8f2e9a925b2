"""Tell what a reader should know before trusting a verdict."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from policyengine.fallback import FALLBACK
from policyengine.verdict import VerdictWarning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policyengine.exchange import Exchange
    from policyengine.facts import Facts
    from policyengine.provider import Dialect
    from policyengine.verdict import Bill, Charge

__all__ = ["STALE_AFTER_DAYS", "charge_warnings", "fact_warnings"]

STALE_AFTER_DAYS = 90
_UNSURE = ("timeout", "failed", "throttled")


def fact_warnings(facts: Facts, dialect: Dialect, exchange: Exchange) -> Iterator[VerdictWarning]:
    """Yield what is odd about the answer itself: no JSON, values nobody knows, attempts nobody saw."""
    if exchange.fault is not None:
        yield VerdictWarning("body", exchange.fault)
    elif dialect is FALLBACK and exchange.body is not None:
        yield VerdictWarning(
            "dialect_unknown", "no dialect claims the answer for sure; only the transport was read; pass dialect="
        )
    for name, known in dialect.vocabulary.items():
        value = getattr(facts, name, None) or facts.signal.get(name)
        if isinstance(value, str) and value not in known:
            yield VerdictWarning("drift", f"{name} {value!r} is not in the vocabulary of {dialect.name}")
    if facts.transport_error is not None and dialect.hidden_retries:
        yield VerdictWarning(
            "hidden_attempts",
            f"the usual client resends up to {dialect.hidden_retries} times unseen; each attempt may be billed",
        )


def charge_warnings(bill: Bill, charge: Charge, facts: Facts) -> Iterator[VerdictWarning]:
    """Yield what is unsure about the money."""
    if bill.on:
        yield VerdictWarning("conditional", f"depends on {', '.join(bill.on)}")
    if charge.is_unpriced:
        notes = dict.fromkeys(f"{line.component}: {line.note}" for line in charge.lines if line.high is None)
        yield VerdictWarning("unpriced", "; ".join(notes))
    estimated = [line for line in charge.lines if line.value == "charged" and line.quantity is None and line.unit]
    if estimated:
        parts = ", ".join(dict.fromkeys(line.component for line in estimated))
        yield VerdictWarning("usage_missing", f"the answer does not say how much was consumed: {parts}")
    yield from _stale(charge, facts)


def _stale(charge: Charge, facts: Facts) -> Iterator[VerdictWarning]:
    if facts.at is None or not charge.lines:
        return
    day = facts.at.date()
    seen = {line.price.checked for line in charge.lines if line.price is not None}
    for checked in sorted(seen):
        age = (day - date.fromisoformat(checked)).days
        if age > STALE_AFTER_DAYS:
            yield VerdictWarning("stale_price", f"the price was last checked on {checked}, {age} days before the call")
