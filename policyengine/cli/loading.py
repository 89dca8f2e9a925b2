"""Load the engine for a command, and tell about plugins that did not load."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policyengine.cli.arguments import count_from
from policyengine.cli.output import warn
from policyengine.engine import Engine

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

__all__ = ["add_context_arguments", "add_file_arguments", "engine_for"]


def engine_for(arguments: Namespace) -> Engine:
    """Return the engine of the policy directory that *arguments* name.

    Raises:
        PolicyFileError: files have faults.
    """
    engine = Engine.load(arguments.policy)
    for problem in engine.plugins.problems:
        warn(f"plugin left out: {problem}")
    for fault in engine.policy.warnings:
        if fault.severity == "error":
            warn(f"file left out: {fault}")
    return engine


def add_file_arguments(parser: ArgumentParser, *, nargs: str | None = None) -> None:
    """Add a file of answers and what may be known beside them."""
    parser.add_argument("file", metavar="FILE", nargs=nargs, help="JSON or NDJSON; - for standard input")
    parser.add_argument("--column", action="append", default=[], metavar="FIELD=COLUMN", help="where a field stands")
    add_context_arguments(parser)


def add_context_arguments(parser: ArgumentParser) -> None:
    """Add what a caller may know beside the answer."""
    group = parser.add_argument_group("what is known beside the answer")
    group.add_argument("--provider", help="narrow the dialects that are tried")
    group.add_argument("--dialect", help="the wire format, when it is not recognized")
    group.add_argument("--seller", help="who sends the invoice")
    group.add_argument("--account", help="a key of accounts.toml")
    group.add_argument("--model", help="the model that was called")
    group.add_argument("--http-status", type=count_from(100), help="the HTTP status of the answer")
    group.add_argument("--at", help="when it was submitted, ISO 8601")
    group.add_argument("--mode", help="the account's tariff: per-token, per-call")
    group.add_argument("--plan", help="the account's subscription plan")
    bundle = parser.add_argument_group("an engine of old, instead of the files")
    bundle.add_argument(
        "--bundle",
        metavar="FILE",
        help="what `imgpolicy bundle` wrote, or a directory of such files",
    )
    bundle.add_argument("--fingerprint", help="the engine to take from a directory of bundles")
