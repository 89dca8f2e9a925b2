"""Take out the findings that a rule file says are meant, and find waivers that waive nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policyengine.proof.finding import Finding, place_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from policyengine.rules.layers import RuleBook

__all__ = ["unused_waivers", "waived"]

_Key = tuple[str, str]


def waived(findings: Iterable[Finding], book: RuleBook) -> tuple[list[Finding], list[Finding]]:
    """Return the findings that stand, and those that some file waives.

    Which file is of no matter: a team's file for a dialect or a seller goes before the shipped one, where a finding
    about both may be waived already; and what is found about shipped rules can be waived in a file of one's own.
    """
    waivers = {(waiver.code, waiver.rule) for file in book.files for waiver in file.content.waive}
    standing: list[Finding] = []
    meant: list[Finding] = []
    for one in findings:
        (meant if _key(one) in waivers else standing).append(one)
    return standing, meant


def unused_waivers(meant: Iterable[Finding], book: RuleBook) -> Iterator[Finding]:
    """Yield a finding for each waiver that is not needed for any of the findings that are *meant*.

    A team whose rules close what a shipped file waives cannot delete the waiver there: only its own count then.
    """
    used = {_key(one) for one in meant}
    own = [file for file in book.files if file.source.origin == "user"]
    for file in own or book.files:
        for index, waiver in enumerate(file.content.waive):
            if (waiver.code, waiver.rule) in used:
                continue
            at = place_in(file, "waive", index)
            yield Finding(
                file=at.file,
                line=at.line,
                column=at.column,
                severity="error",
                code="waiver-unused",
                rule=waiver.rule,
                message=f"nothing is {waiver.code!r} about {waiver.rule!r}",
                fix="delete the waiver",
            )


def _key(one: Finding) -> _Key:
    return one.code, one.rule
