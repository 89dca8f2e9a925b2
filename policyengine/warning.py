"""Tell what a reader should know before trusting a verdict."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from policyengine.errors import nearest
from policyengine.fallback import FALLBACK
from policyengine.verdict import VerdictWarning

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policyengine.exchange import Exchange
    from policyengine.facts import Facts
    from policyengine.money.book import PriceBook
    from policyengine.provider import Dialect
    from policyengine.verdict import Bill, Charge, ChargeLine

__all__ = [
    "ABOUT_THE_ANSWER",
    "ABOUT_THE_MONEY",
    "STALE_AFTER_DAYS",
    "charge_warnings",
    "fact_warnings",
    "unlisted",
]

STALE_AFTER_DAYS = 90
ABOUT_THE_ANSWER = frozenset({"body", "dialect_unknown", "drift", "hidden_attempts", "plugin_failed"})
"""The codes of warnings that hold whoever sends the invoice."""
ABOUT_THE_MONEY = frozenset(
    {
        "conditional",
        "settled_differs",
        "settled_unpriced",
        "stale_price",
        "tier_unpriced",
        "unpriced",
        "usage_missing",
    }
)
"""The codes of warnings that each decision on the same facts makes anew."""


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
        if value is not None and value not in known and isinstance(value, str):
            yield VerdictWarning("drift", f"{name} {value!r} is not in the vocabulary of {dialect.name}")
    if facts.transport_error is not None and dialect.hidden_retries:
        yield VerdictWarning(
            "hidden_attempts",
            f"the usual client resends up to {dialect.hidden_retries} times unseen; each attempt may be billed",
        )


def unlisted(seller: str, prices: PriceBook) -> list[VerdictWarning]:
    """Return a warning when neither rules nor prices name *seller*."""
    if seller in prices.sellers:
        return []
    known = nearest(seller, tuple(prices.sellers))
    return [VerdictWarning("seller_unknown", f"seller {seller!r} has no rules and no prices{known}")]


def charge_warnings(bill: Bill, charge: Charge, facts: Facts) -> Iterator[VerdictWarning]:
    """Yield what is unsure about the money."""
    if bill.on:
        yield VerdictWarning("conditional", f"depends on {', '.join(bill.on)}")
    if charge.is_unpriced:
        by_note: dict[str, list[str]] = {}
        for line in charge.lines:
            if line.high is None:
                by_note.setdefault(line.note or "not priced", []).append(line.component)
        parts = (f"{', '.join(components)}: {note}" for note, components in by_note.items())
        yield VerdictWarning("unpriced", "; ".join(parts))
    if charge.lines:
        yield from _line_warnings(charge.lines, facts)


def _line_warnings(lines: Sequence[ChargeLine], facts: Facts) -> Iterator[VerdictWarning]:
    """Yield what is unsure about the quantities and the rates."""
    estimated = dict.fromkeys(line.component for line in lines if _is_estimated(line))
    if estimated:
        yield VerdictWarning("usage_missing", f"the answer does not say how much was consumed: {', '.join(estimated)}")
    if facts.tier not in (None, "standard") and any("for tier" in (line.note or "") for line in lines):
        yield VerdictWarning("tier_unpriced", f"no price for tier {facts.tier}: the standard one was taken")
    day = facts.at.date() if facts.at else None
    for checked in dict.fromkeys(line.price.checked for line in lines if line.price is not None):
        if day is not None and day > _fresh_until(checked):
            message = f"the price was last checked on {checked}, more than {STALE_AFTER_DAYS} days before the call"
            yield VerdictWarning("stale_price", message)


def _is_estimated(line: ChargeLine) -> bool:
    return line.value == "charged" and line.estimated


@lru_cache(maxsize=1024)
def _fresh_until(checked: str) -> date:
    """Return the last day on which a price *checked* on that day is fresh."""
    return date.fromisoformat(checked) + timedelta(days=STALE_AFTER_DAYS)
