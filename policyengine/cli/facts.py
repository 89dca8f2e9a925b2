"""Show what rules see of an answer, as TOML to paste into an example."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from policyengine.cli.deciding import print_verdicts
from policyengine.cli.loading import add_file_arguments
from policyengine.rules.given import given_toml

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from policyengine.verdict import Verdict

EPILOG = """examples:
  imgpolicy facts answer.json --http-status 200
  imgpolicy facts answer.json --provider PROVIDER >> my-example.toml
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of `facts`."""
    add_file_arguments(parser)
    parser.add_argument("--json", action="store_true", help="print facts and usage of an answer a line as JSON")


def run(arguments: Namespace) -> int:
    """Print the facts of every answer in the file; exit with 1 when some could not be read."""
    return print_verdicts(arguments, _json if arguments.json else given_toml)


def _json(verdict: Verdict) -> str:
    """Return what `evaluate` and `diff` read instead of the answer."""
    return msgspec.json.encode({"facts": verdict.facts, "usage": verdict.usage}).decode()
