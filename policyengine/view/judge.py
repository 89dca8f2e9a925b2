"""Judge a claim about several answers in three values: right, wrong, or nobody can say (None)."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from typing import TYPE_CHECKING

from policyengine.money.exact import EXACT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from policyengine.view.findings import Finding
    from policyengine.view.model import Says, Share

__all__ = ["OPEN", "agrees", "holds_for"]

Truth = bool | None
OPEN = ("unknown", "conditional")
"""Bill values of which nobody can say whether they cost something."""


def agrees(says: Says, finding: Finding) -> Truth:
    """Return whether one answer is as *says* claims."""
    if finding.amount is not None:
        return _agrees_in_money(says, *finding.amount)
    if not says.values:
        return finding.is_notice
    if finding.word in says.values or (finding.word == "na" and "free" in says.values):
        return True
    return None if finding.word in OPEN else False


def _agrees_in_money(says: Says, low: Decimal, high: Decimal | None) -> Truth:
    """Return whether every amount from *low* to *high* is right, or none of them."""
    if says.below is not None:
        if low >= says.below:
            return False
        return True if high is not None and high < says.below else None
    about = Decimal(0) if says.about is None else says.about
    least, most = _rounded(low, about), None if high is None else _rounded(high, about)
    if least > about or (most is not None and most < about):
        return False
    return True if least == most == about else None


def _rounded(amount: Decimal, like: Decimal) -> Decimal:
    """Return *amount* with as many places as *like* is written with.

    >>> _rounded(Decimal("0.0387"), Decimal("0.039"))
    Decimal('0.039')
    """
    unit = Decimal(1).scaleb(min(int(like.as_tuple().exponent), 0))
    return amount.quantize(unit, rounding=ROUND_HALF_EVEN, context=EXACT)


def holds_for(says: Says, findings: Sequence[Finding]) -> Truth:
    """Return whether as many of *findings* are as *says* claims as it claims; nobody can say it of none."""
    if not findings:
        return None
    if says.share == "varies":
        return _varies(findings)
    return _SHARES[says.share]([agrees(says, finding) for finding in findings])


def _all(truths: Sequence[Truth]) -> Truth:
    if False in truths:
        return False
    return None if None in truths else True


def _some(truths: Sequence[Truth]) -> Truth:
    return _not(_all([_not(truth) for truth in truths]))


def _not(truth: Truth) -> Truth:
    return None if truth is None else not truth


def _none(truths: Sequence[Truth]) -> Truth:
    return _not(_some(truths))


def _most(truths: Sequence[Truth]) -> Truth:
    """Return whether it holds for more than half, whatever the open ones turn out to be."""
    if 2 * truths.count(True) > len(truths):
        return True
    return None if 2 * (len(truths) - truths.count(False)) > len(truths) else False


_SHARES: Mapping[Share, Callable[[Sequence[Truth]], Truth]] = {
    "all": _all,
    "most": _most,
    "some": _some,
    "none": _none,
}


def _varies(findings: Iterable[Finding]) -> Truth:
    """Return whether sellers differ, or one of them makes it depend on something."""
    by_seller: dict[str, set[str]] = {}
    for finding in findings:
        by_seller.setdefault(finding.seller, set()).add(finding.word)
    told = {frozenset(words - {"unknown"}) for words in by_seller.values()} - {frozenset()}
    if len(told) > 1 or any("conditional" in words for words in told):
        return True
    return None if any("unknown" in words for words in by_seller.values()) else False
