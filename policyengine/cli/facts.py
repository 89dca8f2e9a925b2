"""Show what rules see of an answer, as TOML to paste into an example."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policyengine.cli.loading import add_file_arguments, print_verdicts
from policyengine.rules.given import given_toml

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EPILOG = """examples:
  imgpolicy facts answer.json --http-status 200
  imgpolicy facts answer.json --provider PROVIDER >> my-example.toml
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of `facts`."""
    add_file_arguments(parser)


def run(arguments: Namespace) -> int:
    """Print the facts of every answer in the file; exit with 1 when some could not be read."""
    return print_verdicts(arguments, given_toml)
