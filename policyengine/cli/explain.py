"""Explain the verdict on answers in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policyengine.cli.loading import add_file_arguments, print_verdicts
from policyengine.explain import explain

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EPILOG = """examples:
  imgpolicy explain answer.json --provider PROVIDER --seller SELLER
  pbpaste | imgpolicy explain - --seller SELLER --mode per-call

`imgpolicy providers` lists the providers, their dialects and the sellers.
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of `explain`."""
    add_file_arguments(parser)


def run(arguments: Namespace) -> int:
    """Explain every answer in the file; exit with 1 when some could not be read."""
    return print_verdicts(arguments, lambda verdict: f"{explain(verdict)}\n")
