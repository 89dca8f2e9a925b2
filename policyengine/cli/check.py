"""Report every fault of every rule, price and account file."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import msgspec

from policyengine.engine import Engine
from policyengine.errors import Diagnostic, PolicyFileError
from policyengine.plugins import load_plugins

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Sequence

EPILOG = """examples:
  imgpolicy check
  imgpolicy check --policy policy/
  imgpolicy check --json
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of `check`."""
    parser.add_argument("--json", action="store_true", help="print one fault a line as JSON")


def run(arguments: Namespace) -> int:
    """Print the faults; exit with 1 when there are any."""
    plugins = load_plugins()
    counted = ""
    try:
        engine = Engine.load(arguments.policy, plugins=plugins)
        found: Sequence[Diagnostic] = engine.policy.warnings
        rules = len(engine.policy.rules.rules)
        prices = sum(1 for _ in engine.policy.prices.entries())
        counted = f"{rules} rules in {len(engine.policy.rules.files)} files, {prices} prices"
    except PolicyFileError as error:
        found = error.diagnostics
    found = [*found, *(Diagnostic(file=problem.plugin, message=problem.message) for problem in plugins.problems)]
    for fault in found:
        print(msgspec.json.encode(fault).decode() if arguments.json else fault)
    wrong = sum(fault.severity == "error" for fault in found)
    if not arguments.json:
        print(_conclusion(found, wrong, counted), file=sys.stderr if wrong else sys.stdout)
    return 1 if wrong else 0


def _conclusion(found: Sequence[Diagnostic], wrong: int, counted: str) -> str:
    warnings = len(found) - wrong
    mind = f", {warnings} warnings" if warnings else ""
    return f"{wrong} faults{mind}" if wrong else f"no faults{mind}: {counted}"
