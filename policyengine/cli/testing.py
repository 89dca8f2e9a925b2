"""Run the examples and near misses that the rules carry."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import msgspec

from policyengine.cli.loading import engine_for
from policyengine.rules.examples import run_examples, untested

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EPILOG = """examples:
  imgpolicy test
  imgpolicy test --policy policy/
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of `test`."""
    parser.add_argument("--json", action="store_true", help="print one failure a line as JSON")


def run(arguments: Namespace) -> int:
    """Print the failures; exit with 1 when there are any."""
    book = engine_for(arguments).policy.rules
    ran, failures = run_examples(book)
    for failure in failures:
        print(msgspec.json.encode(failure).decode() if arguments.json else failure)
    lacking = untested(book)
    for rule in lacking:
        missing = " and no ".join(kind for kind in ("example", "near_miss") if not getattr(rule.rule, kind))
        print(f"{rule.place.file}:{rule.place.line}: {rule.rule.id} has no {missing}", file=sys.stderr)
    if not arguments.json:
        held = ran - len(failures)
        print(
            f"{held} of {ran} examples and near misses hold; {len(lacking)} of {len(book.rules)} rules lack one of them"
        )
    return 1 if failures else 0
