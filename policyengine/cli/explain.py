"""Explain the verdict on answers in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policyengine.cli.deciding import Deciding, print_verdicts
from policyengine.cli.loading import add_file_arguments
from policyengine.errors import InputError
from policyengine.explain import explain

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EPILOG = """examples:
  imgpolicy explain answer.json --provider PROVIDER --seller SELLER
  imgpolicy explain verdict.json --bundle bundles/
  pbpaste | imgpolicy explain - --seller SELLER --mode per-call
  imgpolicy explain --given '{ outcome = "blocked", stage = "output", seller = "SELLER" }'
  imgpolicy check --proof --json | jq -c 'select(.witness).witness' | imgpolicy explain -

`imgpolicy providers` lists the providers, their dialects and the sellers.
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of `explain`."""
    parser.add_argument("--given", metavar="FACTS", help="facts as an example has them, in place of a file")
    add_file_arguments(parser, nargs="?")


def run(arguments: Namespace) -> int:
    """Explain every answer in the file; exit with 1 when some could not be read.

    Raises:
        InputError: neither a file nor facts are given, or both are.
    """
    if (arguments.file is None) == (arguments.given is None):
        msg = "name a file of answers, or give facts with --given"
        raise InputError(msg)
    if arguments.given is None:
        return print_verdicts(arguments, lambda verdict: f"{explain(verdict)}\n")
    from policyengine.cli.given import parse_given, verdict_on  # noqa: PLC0415  facts are seldom given

    print(explain(verdict_on(Deciding(arguments).engine(), parse_given(arguments.given))))
    return 0
