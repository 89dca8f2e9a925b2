"""Explain the verdict on answers in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policyengine.cli.loading import add_context_arguments, context_of, engine_for
from policyengine.cli.output import warn
from policyengine.cli.reading import BadLine, column_map, read_all

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EPILOG = """examples:
  imgpolicy explain answer.json --provider gemini --seller google-ai
  pbpaste | imgpolicy explain - --seller apiyi --mode per-call
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of `explain`."""
    parser.add_argument("file", metavar="FILE", help="JSON or NDJSON; - for standard input")
    parser.add_argument("--column", action="append", default=[], metavar="FIELD=COLUMN", help="where a field stands")
    add_context_arguments(parser)


def run(arguments: Namespace) -> int:
    """Explain every answer in the file; exit with 1 when some could not be read."""
    engine = engine_for(arguments)
    known = context_of(arguments, engine)
    bad = 0
    for found in read_all([arguments.file], column_map(arguments.column)):
        if isinstance(found, BadLine):
            warn(f"{found.where}: {found.message}")
            bad += 1
            continue
        for exchange in engine.split(found.body, **{**found.context, **known}):
            print(engine.evaluate(exchange).explain(), end="\n\n")
    return 1 if bad else 0
