"""Print what a proof over the rules found: for people, as JSON, and as annotations of GitHub."""

from __future__ import annotations

import sys
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from policyengine.cli.output import printable
from policyengine.proof.check import prove
from policyengine.rules.given import given_inline

if TYPE_CHECKING:
    from argparse import Namespace

    from policyengine.engine import Engine
    from policyengine.errors import Diagnostic
    from policyengine.proof.check import Proof
    from policyengine.proof.finding import Finding

__all__ = ["annotation", "print_proof"]

_LEVELS = {"error": "error", "warning": "warning", "information": "notice"}


def print_proof(engine: Engine, arguments: Namespace) -> int:
    """Prove the rules of *engine*, print what was found, and return 1 when an error is among it."""
    proof = prove(engine, today=datetime.now(UTC).date(), oldest_days=arguments.days)
    for one in proof.findings:
        if arguments.json:
            print(msgspec.json.encode(one).decode())
        elif arguments.all or one.severity != "information":
            print(annotation(one) if arguments.github else _written(one))
    if not arguments.json:
        print(_counted(proof, is_all=arguments.all), file=sys.stderr if proof.errors else sys.stdout)
    return 1 if proof.errors else 0


def _written(one: Finding) -> str:
    """Return a finding with its witness below it, ready for `imgpolicy explain --given`."""
    said = printable(one)
    return said if one.witness is None else f"{said}\n    given = {printable(given_inline(one.witness['facts']))}"


def annotation(one: Finding | Diagnostic) -> str:
    """Return a finding or a fault as GitHub reads it in the log of a workflow."""
    title = getattr(one, "code", "fault")
    fix = f" · {fix}" if (fix := getattr(one, "fix", "")) else ""
    place = f"file={_value(one.file)},line={one.line},col={one.column},title={_value(title)}"
    return f"::{_LEVELS[one.severity]} {place}::{_message(f'{one.message}{fix}')}"


def _message(text: str) -> str:
    # The three characters that end a command or begin an escape in it (GitHub's toolkit, checked 2026-11-24:
    # https://github.com/actions/toolkit/blob/main/packages/core/src/command.ts).
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _value(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")


def _counted(proof: Proof, *, is_all: bool) -> str:
    by_severity = Counter(one.severity for one in proof.findings)
    parts = [f"{by_severity[name]} {name}s" for name in ("error", "warning")]
    if by_severity["information"]:
        codes = Counter(one.code for one in proof.findings if one.severity == "information")
        more = "" if is_all else "; --all shows them"
        told = ", ".join(f"{number} {code}" for code, number in sorted(codes.items()))
        parts.append(f"{by_severity['information']} for information ({told}{more})")
    if proof.waived:
        parts.append(f"{len(proof.waived)} waived")
    return f"proof: {', '.join(parts)}"
