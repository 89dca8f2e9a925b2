"""Raise one class per thing a caller would do differently.

PolicyEngineError
├── PolicyFileError        rule, price or account files have faults (`.diagnostics`)
├── DialectError           the wire format is not known or not certain
├── AccountError           `account=` names no account of the policy directory
├── InputError             a file or an argument cannot be read as an exchange
└── MissingExtraError      an optional package is not installed
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "AccountError",
    "Diagnostic",
    "DialectError",
    "InputError",
    "MissingExtraError",
    "PolicyEngineError",
    "PolicyFileError",
    "nearest",
]


class Diagnostic(Struct, frozen=True, kw_only=True):
    """Say what is wrong with a file, where, and what to write instead."""

    file: str
    """The file, as the caller named it."""
    line: int = 1
    """Counted from 1."""
    column: int = 1
    """Counted from 1."""
    message: str
    """What was found and what was expected."""
    severity: str = "error"
    """`error` keeps the file from loading; `warning` does not."""

    def __str__(self) -> str:
        """Return the line in the form that editors and terminals link."""
        mark = "" if self.severity == "error" else f"{self.severity}: "
        return f"{self.file}:{self.line}:{self.column}: {mark}{self.message}"


class PolicyEngineError(Exception):
    """Be the base of every error that this library raises on purpose."""


class PolicyFileError(PolicyEngineError):
    """Report every fault of every rule, price and account file at once."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        """Keep *diagnostics* as an attribute and print them one a line."""
        super().__init__(tuple(diagnostics))
        self.diagnostics = tuple(diagnostics)

    def __str__(self) -> str:
        """Return the faults, one a line."""
        return "\n".join(map(str, self.diagnostics))


class DialectError(PolicyEngineError):
    """Say that a dialect, provider or seller name is not known, or that several dialects fit."""

    def __init__(self, message: str, candidates: Sequence[str] = ()) -> None:
        """Keep the *candidates* that the caller may choose from."""
        super().__init__(message, tuple(candidates))
        self.message = message
        self.candidates = tuple(candidates)

    def __str__(self) -> str:
        """Return the message."""
        return self.message


class AccountError(PolicyEngineError):
    """Say that an account is not in `accounts.toml`."""


class InputError(PolicyEngineError):
    """Say that a file or a line cannot be read as an exchange."""


class MissingExtraError(PolicyEngineError):
    """Say that an optional package is not installed."""

    def __init__(self, what: str, extra: str) -> None:
        """Name *what* needs it and the *extra* that brings it."""
        super().__init__(what, extra)
        self.what = what
        self.extra = extra

    def __str__(self) -> str:
        """Return what to do."""
        return f"{self.what} needs an extra: pip install 'imagegen-policyengine[{self.extra}]'"


def nearest(name: str, known: Sequence[str]) -> str:
    """Return `; did you mean 'x'?` for the closest of *known*, else the list of them.

    >>> nearest("finish_raeson", ["finish_reason", "model"])
    "; did you mean 'finish_reason'?"
    """
    from difflib import get_close_matches  # noqa: PLC0415  only when something is wrong

    close = get_close_matches(name, known, n=1)
    if close:
        return f"; did you mean {close[0]!r}?"
    listed = ", ".join(sorted(known)[:12])
    return f"; known are {listed}{', …' if len(known) > 12 else ''}"  # noqa: PLR2004
