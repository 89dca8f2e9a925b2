"""Call plugins so that one that fails costs one verdict its facts and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from policyengine.facts import UsageRow
from policyengine.provider import Claim
from policyengine.verdict import VerdictWarning

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from policyengine.exchange import Exchange
    from policyengine.facts import Facts
    from policyengine.provider import Dialect, Seller

__all__ = ["check_quantities", "claim_of", "is_malformed", "plugin_failed", "shows_seller", "split_body"]


def plugin_failed(dialect: Dialect, what: str) -> VerdictWarning:
    """Return the warning that *dialect* failed, and how."""
    plugin = f"dialect {dialect.name!r} of provider {dialect.provider!r}"
    return VerdictWarning("plugin_failed", f"{plugin} {what}; only the transport was read")


def is_malformed(facts: Facts, usage: object) -> bool:
    """Return whether a plugin put values of wrong types into *facts* or *usage*."""
    try:
        msgspec.convert(msgspec.to_builtins(facts), type(facts), strict=True)
        msgspec.convert(msgspec.to_builtins(usage), tuple[UsageRow, ...], strict=True)
    except (msgspec.ValidationError, TypeError, ValueError):
        return True
    return False


def check_quantities(usage: Iterable[UsageRow]) -> None:
    """Raise ValueError for a quantity that is negative or no number."""
    for row in usage:
        if not row.quantity >= 0:
            msg = f"usage of {row.component} is {row.quantity}"
            raise ValueError(msg)


def split_body(dialect: Dialect, body: object) -> Sequence[object]:
    """Return the responses that *body* holds, going by *dialect*."""
    try:
        return dialect.split(body)
    except Exception:  # noqa: BLE001  a plugin that fails to split leaves the body whole
        return [body]


def claim_of(dialect: Dialect, exchange: Exchange) -> Claim:
    """Return how sure *dialect* is that *exchange* is its own."""
    try:
        return dialect.recognizes(exchange) or Claim.NO
    except Exception:  # noqa: BLE001  a plugin that fails to recognize claims nothing
        return Claim.NO


def shows_seller(seller: Seller, exchange: Exchange) -> bool:
    """Return whether *exchange* shows that *seller* invoices it."""
    try:
        return seller.recognizes(exchange)
    except Exception:  # noqa: BLE001  as above
        return False
