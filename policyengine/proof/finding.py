"""Say what a proof found: where, how grave, under which code, and what to do."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct

from policyengine.rules.model import FindingCode
from policyengine.toml import positions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policyengine.rules.layers import RuleBook
    from policyengine.rules.load import LoadedRules
    from policyengine.sets.witness import Witness
    from policyengine.toml import PositionMap

__all__ = ["CODES", "At", "Finding", "Places", "Severity", "finding", "place_in", "shown"]

Severity = Literal["error", "warning", "information"]
"""An error fails the check, a warning is shown, information is counted."""

CODES: Mapping[FindingCode, Severity] = {
    "shadowed": "error",
    "contradiction": "error",
    "dead-dates": "error",
    "gap": "error",
    "unbilled": "error",
    "unfilled": "error",
    "evidence-missing": "error",
    "evidence-unquoted": "error",
    "misspelled": "warning",
    "evidence-old": "warning",
    "not-decided": "warning",
    "overlap": "information",
    "undecided-bill": "information",
    "not-indexable": "information",
}
"""What is looked for, with its severity; a waiver that waives nothing is an error, too."""


class Finding(Struct, frozen=True, kw_only=True):
    """Say what is wrong with a rule, or worth knowing, with facts that show it."""

    file: str
    line: int
    column: int
    severity: Severity
    code: FindingCode | Literal["waiver-unused"]
    rule: str
    """The id of the rule, or the name of what has none; a waiver repeats it."""
    message: str
    fix: str
    """What to do about it, in one line."""
    covered_by: tuple[str, ...] = ()
    """For a shadowed rule, the earlier ones that leave nothing to it."""
    witness: dict[str, Any] | None = None
    """`{"facts": {…}}`, as `imgpolicy explain` reads it; None where there is nothing to show."""

    def __str__(self) -> str:
        """Return the finding in one line, in the form that editors and terminals link."""
        return f"{self.file}:{self.line}:{self.column}: {self.severity} {self.code}: {self.message} · {self.fix}"


class At(Struct, frozen=True):
    """Say where something stands."""

    file: str
    line: int
    column: int


class Places:
    """Know where rules stand, and whose they are."""

    def __init__(self, book: RuleBook) -> None:
        """Take the files of *book*."""
        self._home = {rule.rule.id: (file, index) for file in book.files for index, rule in enumerate(file.rules)}

    def rule(self, name: str, *path: str | int) -> At:
        """Return where the rule *name* stands, or what stands at *path* in it."""
        file, index = self._home[name]
        if path:
            return place_in(file, "rule", index, *path)
        return At(file.source.file, file.rules[index].place.line, 1)

    def origin(self, name: str) -> str:
        """Return whose the rule *name* is: `user`, `bundled` or `plugin`."""
        return self._home[name][0].source.origin


def place_in(file: LoadedRules, *path: str | int) -> At:
    """Return where *path* stands in *file*."""
    return At(file.source.file, *_positions(file.source.data).key(path))


def finding(
    code: FindingCode,
    at: At,
    *,
    rule: str,
    message: str,
    fix: str,
    **more: Any,  # noqa: ANN401
) -> Finding:
    """Return a finding of the severity that goes with *code*."""
    return Finding(
        file=at.file,
        line=at.line,
        column=at.column,
        severity=CODES[code],
        code=code,
        rule=rule,
        message=message,
        fix=fix,
        **more,
    )


@lru_cache(64)
def _positions(data: bytes) -> PositionMap:
    return positions(data.decode())


def shown(witness: Witness | None) -> dict[str, Any] | None:
    """Return *witness* as `imgpolicy explain` reads it."""
    return None if witness is None else {"facts": witness.given}
