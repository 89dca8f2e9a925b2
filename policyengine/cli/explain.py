"""Explain the verdict on answers in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policyengine.cli.loading import add_file_arguments, verdicts_of
from policyengine.cli.output import warn
from policyengine.cli.reading import BadLine

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EPILOG = """examples:
  imgpolicy explain answer.json --provider gemini --seller google-ai
  pbpaste | imgpolicy explain - --seller apiyi --mode per-call
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of `explain`."""
    add_file_arguments(parser)


def run(arguments: Namespace) -> int:
    """Explain every answer in the file; exit with 1 when some could not be read."""
    bad = 0
    for verdict in verdicts_of(arguments):
        if isinstance(verdict, BadLine):
            warn(f"{verdict.where}: {verdict.message}")
            bad += 1
        else:
            print(verdict.explain(), end="\n\n")
    return 1 if bad else 0
