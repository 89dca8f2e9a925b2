"""Fold a submit, its polls and its webhooks into the facts of one task."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from policyengine.errors import InputError
from policyengine.warning import ABOUT_THE_ANSWER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policyengine.facts import Facts, UsageRow
    from policyengine.verdict import Verdict, VerdictWarning

__all__ = ["fold"]

_CARRIED = (
    "model",
    "tier",
    "operation",
    "size",
    "quality",
    "mode",
    "quoted",
    "money_unit",
    "images_requested",
    "prompt_bytes",
    "task_id",
    "request_id",
)


def fold(verdicts: Sequence[Verdict]) -> tuple[Facts, tuple[UsageRow, ...], list[VerdictWarning]]:
    """Return facts, usage and warnings of the task that *verdicts* are the exchanges of.

    The last end state wins; what it does not tell is taken from earlier exchanges. Duplicates
    change nothing, and a poll that failed on its way says nothing of the task.

    Raises:
        InputError: there are no *verdicts*.
    """
    if not verdicts:
        msg = "a task needs at least one exchange"
        raise InputError(msg)
    last = _deciding(verdicts)
    told = [one for one in verdicts if one is last or _tells(one)]
    facts = last.facts
    filled: dict[str, object] = {}
    for name in _CARRIED:
        if getattr(facts, name) is None:
            filled[name] = next((value for one in told if (value := getattr(one.facts, name)) is not None), None)
    filled["signal"] = {name: value for one in (*told, last) for name, value in one.facts.signal.items()}
    filled["at"] = min((one.facts.at for one in verdicts if one.facts.at), default=None)
    filled["account"] = {name: value for one in (*verdicts, last) for name, value in one.facts.account.items()}
    invoicing = _invoicing(verdicts, last)
    filled["seller"] = invoicing.facts.seller
    facts = msgspec.structs.replace(facts, **{name: value for name, value in filled.items() if value is not None})
    about = [warning for one in verdicts for warning in one.warnings if warning.code in ABOUT_THE_ANSWER]
    about += [warning for warning in invoicing.warnings if warning.code in _ABOUT_THE_SELLER]
    return facts, _usage(last, told), list(dict.fromkeys(about))


_ABOUT_THE_SELLER = ("seller_assumed", "seller_unknown")


def _invoicing(verdicts: Sequence[Verdict], last: Verdict) -> Verdict:
    """Return the exchange that shows the seller: a webhook comes without the address that the submit went to."""
    sure = [one for one in (*verdicts, last) if all(warning.code != "seller_assumed" for warning in one.warnings)]
    return (sure or [last])[-1]


def _tells(verdict: Verdict) -> bool:
    """Return whether an exchange says anything of the task: a poll that failed on its way does not."""
    return not verdict.final or verdict.facts.status is not None or verdict.outcome in ("delivered", "partial", "lost")


def _deciding(verdicts: Sequence[Verdict]) -> Verdict:
    """Return the exchange that tells how the task ended, or how far it got."""
    ends = [one for one in verdicts if one.final]
    delivered = [one for one in ends if one.outcome in ("delivered", "partial")]
    ended = [one for one in ends if one.facts.status is not None and one.outcome != "lost"]
    seen = [one for one in verdicts if _tells(one)]
    return (delivered or ended or seen or list(verdicts))[-1]


def _usage(last: Verdict, verdicts: Sequence[Verdict]) -> tuple[UsageRow, ...]:
    """Return the usage of *last*, and of other exchanges what it does not count."""
    rows = list(last.usage)
    for one in reversed(verdicts):
        counted = {(row.component, row.unit, row.model) for row in rows}
        rows += [row for row in one.usage if (row.component, row.unit, row.model) not in counted]
    return tuple(rows)
