"""Print the JSON Schema of a kind of file, or write all of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from policyengine.plugins import load_plugins
from policyengine.rules.described import described_schema
from policyengine.rules.schema import SCHEMA_KINDS

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EPILOG = """examples:
  imgpolicy schema bill
  imgpolicy schema --write policy/.schema

A rule file names its schema in its first line: `#:schema ../.schema/bill.json`.
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of `schema`."""
    parser.add_argument("kind", nargs="?", choices=SCHEMA_KINDS, help="the kind of file")
    parser.add_argument("--write", metavar="DIR", help="write the schema of every kind below DIR")


def run(arguments: Namespace) -> int:
    """Print or write schemas; without a kind list the kinds."""
    if arguments.write:
        home = Path(arguments.write)
        home.mkdir(parents=True, exist_ok=True)
        for kind in SCHEMA_KINDS:
            (home / f"{kind}.json").write_text(_written(kind), encoding="utf-8")
            print(home / f"{kind}.json")
    elif arguments.kind:
        print(_written(arguments.kind), end="")
    else:
        print("\n".join(SCHEMA_KINDS))
    return 0


def _written(kind: str) -> str:
    document = described_schema(kind, load_plugins().dialects.values())
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
