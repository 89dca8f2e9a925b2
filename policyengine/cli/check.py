"""Report every fault of every rule, price and account file."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import msgspec

from policyengine.engine import Engine
from policyengine.errors import Diagnostic, InputError, PolicyFileError
from policyengine.plugins import load_plugins

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Sequence

EPILOG = """examples:
  imgpolicy check
  imgpolicy check --policy policy/
  imgpolicy check --proof
  imgpolicy check --proof --days 90 --github
  imgpolicy check --proof --json | jq -c 'select(.code == "gap").witness' | imgpolicy explain -
"""
_OLDEST_DAYS = 180


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of `check`."""
    shape = parser.add_mutually_exclusive_group()
    shape.add_argument("--json", action="store_true", help="print one fault a line as JSON")
    shape.add_argument("--github", action="store_true", help="print annotations for a workflow of GitHub")
    group = parser.add_argument_group("proof")
    group.add_argument("--proof", action="store_true", help="analyse what the rules decide and what they leave open")
    group.add_argument("--all", action="store_true", help="print findings for information, not only their number")
    about_days = f"the age at which evidence should be read again, {_OLDEST_DAYS} days"
    group.add_argument("--days", type=int, default=_OLDEST_DAYS, metavar="N", help=about_days)


def run(arguments: Namespace) -> int:
    """Print the faults; exit with 1 when there are any.

    Raises:
        InputError: the age of evidence is negative.
    """
    if arguments.days < 0:
        msg = f"--days {arguments.days}: give a number of days, 0 or more"
        raise InputError(msg)
    plugins = load_plugins()
    counted, engine = "", None
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
        print(_written(fault, arguments))
    wrong = sum(fault.severity == "error" for fault in found)
    if not arguments.json:
        print(_conclusion(found, wrong, counted), file=sys.stderr if wrong else sys.stdout)
    is_unproved = arguments.proof and engine is not None and _print_proof(engine, arguments)
    return 1 if wrong or is_unproved else 0


def _written(fault: Diagnostic, arguments: Namespace) -> str:
    if arguments.json:
        return msgspec.json.encode(fault).decode()
    if not arguments.github:
        return str(fault)
    from policyengine.cli.proof import annotation  # noqa: PLC0415  a proof loads far more than a check needs

    return annotation(fault)


def _print_proof(engine: Engine, arguments: Namespace) -> int:
    from policyengine.cli.proof import print_proof  # noqa: PLC0415  as above

    return print_proof(engine, arguments)


def _conclusion(found: Sequence[Diagnostic], wrong: int, counted: str) -> str:
    warnings = len(found) - wrong
    mind = f", {_counted(warnings, 'warning')}" if warnings else ""
    return f"{_counted(wrong, 'fault')}{mind}" if wrong else f"no faults{mind}: {counted}"


def _counted(number: int, name: str) -> str:
    return f"{number} {name}" if number == 1 else f"{number} {name}s"
