"""Decide a labelled corpus and compare the verdicts with its labels."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from policyengine.cli.loading import engine_for
from policyengine.cli.output import print_table
from policyengine.corpus import Score, Tally, score_corpus
from policyengine.errors import InputError
from policyengine.vocabulary import COMPONENTS

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EPILOG = """examples:
  imgpolicy corpus recordings/
  imgpolicy corpus recordings/ --json

A corpus is a folder per platform with `labels.json` (labels by name) and a file per name: an
object with the answer under `native` (or `body`) and what is known beside it: http_status,
headers, request, seller. A label may hold outcome, stage, images_delivered, bill and route;
where it holds a list, each value of it is accepted.
"""
_HEADER = ("folder", "decided", "outcome", "stage", "images", *COMPONENTS, "route")


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of `corpus`."""
    parser.add_argument("directory", metavar="DIR", help="the labelled corpus")
    parser.add_argument("--json", action="store_true", help="print the whole score as one JSON object")


def run(arguments: Namespace) -> int:
    """Print the score; exit with 1 when an answer could not be decided."""
    directory = Path(arguments.directory)
    if not directory.is_dir():
        msg = f"{directory}: no such directory"
        raise InputError(msg)
    score = score_corpus(engine_for(arguments), directory)
    if arguments.json:
        print(msgspec.json.encode(score).decode())
    else:
        for one in score.disagreements:
            print(f"{one.name}: {one.field} is {one.got!r}, labelled {one.accepted!r}")
        print_table(_HEADER, [*(_row(name, part) for name, part in score.providers.items()), _row("all", score)])
    return 0 if score.decided.agree == score.decided.of else 1


def _row(name: str, score: Score) -> tuple[object, ...]:
    tallies = (score.decided, score.outcome, score.stage, score.images, *score.bill.values(), score.route)
    return (name, *map(_share, tallies))


def _share(tally: Tally) -> str:
    return f"{tally.agree}/{tally.of}"
