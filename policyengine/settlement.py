"""Let an amount that the answer reports stand: as the charge when it is settled, as a bound when it is quoted."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import msgspec

from policyengine.money.exact import difference, product, rounded
from policyengine.verdict import Charge, VerdictWarning

if TYPE_CHECKING:
    from policyengine.facts import Facts
    from policyengine.money.book import PriceBook

__all__ = ["settled_charge"]

_TOLERANCE = Decimal("0.0000005")  # payloads print dollars with six decimals


def settled_charge(
    computed: Charge, facts: Facts, outcome: str, book: PriceBook
) -> tuple[Charge, tuple[VerdictWarning, ...]]:
    """Return the charge of *facts*: what their payload settled or quoted, else *computed*.

    The payload must come from the seller that sends the invoice: amounts of anybody else do not count.
    """
    if facts.settled is not None:
        return _settled(computed, facts, facts.settled, book)
    if outcome != "pending" or facts.quoted is None:
        return computed, ()
    dollars = _dollars(facts.quoted, facts, book)
    if dollars is None:
        return computed, ()
    return msgspec.structs.replace(computed, low=Decimal(0), high=dollars, source="quoted"), ()


def _settled(
    computed: Charge, facts: Facts, amount: Decimal, book: PriceBook
) -> tuple[Charge, tuple[VerdictWarning, ...]]:
    dollars = _dollars(amount, facts, book) if amount else Decimal(0)
    if dollars is None:
        message = f"the answer reports {amount} {facts.money_unit or 'of an unnamed unit'}, whose worth is not known"
        return computed, (VerdictWarning("settled_unpriced", message),)
    charge = msgspec.structs.replace(
        computed, low=dollars, high=dollars, source="settled", computed_low=computed.low, computed_high=computed.high
    )
    if computed.high is None:
        return charge, ()
    if difference(computed.low, _TOLERANCE) <= dollars and difference(dollars, _TOLERANCE) <= computed.high:
        return charge, ()
    message = f"the answer reports ${dollars}, the rates give ${computed.low} to ${computed.high}"
    return charge, (VerdictWarning("settled_differs", message),)


def _dollars(amount: Decimal, facts: Facts, book: PriceBook) -> Decimal | None:
    """Return *amount* in dollars; None when its unit has no price."""
    unit = facts.money_unit
    if unit is None:
        return None
    worth = book.usd_per(unit, facts.at) if unit.isupper() else book.credit_worth(facts, unit)
    return None if worth is None else rounded(product(amount, worth))
