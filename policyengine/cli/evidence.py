"""List the sources that rules and prices lean on, and which past days dated and replacing rules change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from policyengine.cli.arguments import day_of
from policyengine.cli.loading import engine_for
from policyengine.cli.output import bold, print_csv, print_markdown, print_table, warn
from policyengine.errors import InputError
from policyengine.evidence import changes, sources
from policyengine.explain import printable

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator, Sequence

    from policyengine.engine import Engine
    from policyengine.evidence import Change, CitedSource, Use

EPILOG = """examples:
  imgpolicy evidence
  imgpolicy evidence --stale 180
  imgpolicy evidence --csv > evidence.csv
  imgpolicy evidence --changes --policy policy/
"""
_HEADER = ("days", "checked", "basis", "what leans on it", "where", "source")
_CHANGES_HEADER = ("rule", "where", "on past days", "days", "what it does", "known since")


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of `evidence`."""
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--stale", metavar="DAYS", type=int, help="only what was last read more than DAYS ago; exit with 1 if any"
    )
    what.add_argument(
        "--changes", action="store_true", help="which past days dated, replacing and disabled rules change"
    )
    parser.add_argument("--at", metavar="DATE", help="the day (UTC) from which ages count; today unless given")
    shape = parser.add_mutually_exclusive_group()
    shape.add_argument("--json", action="store_true", help="print one JSON object a line")
    shape.add_argument("--csv", action="store_true", help="print CSV, a row for each rule and price")
    shape.add_argument("--markdown", action="store_true", help="print a Markdown table, with the same rows")


def run(arguments: Namespace) -> int:
    """Print the sources or the changes; with `--stale` exit with 1 when there are any."""
    if arguments.stale is not None and arguments.stale < 0:
        msg = f"--stale {arguments.stale} is no age; write a number of days"
        raise InputError(msg)
    engine = engine_for(arguments)
    return _changes(engine, arguments) if arguments.changes else _sources(engine, arguments)


def _sources(engine: Engine, arguments: Namespace) -> int:
    today = day_of(arguments.at)
    found = sources(engine.policy, today, stale_after_days=arguments.stale)
    if arguments.json:
        for one in found:
            print(msgspec.json.encode(one).decode())
    elif arguments.csv or arguments.markdown:
        _print_table(arguments, _HEADER, [row for one in found for row in _rows(one)])
    else:
        for one in found:
            print("\n".join(map(printable, _lines(one))))
    if arguments.stale is None:
        return 0
    if not found:
        warn(f"nothing was last read more than {arguments.stale} days before {today}")
    return 1 if found else 0


def _print_table(arguments: Namespace, header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    print_rows = print_csv if arguments.csv else print_markdown if arguments.markdown else print_table
    print_rows(header, rows)


def _rows(one: CitedSource) -> Iterator[tuple[object, ...]]:
    """Yield a row for each use, with its own age."""
    for use in one.uses:
        age = one.age_days + (one.checked - use.checked).days
        yield age, use.checked, use.basis, f"{use.kind} {use.name}", f"{use.file}:{use.line}", one.source


def _lines(one: CitedSource) -> Iterator[str]:
    bases = ", ".join(one.bases) or "price"
    yield bold(f"{one.age_days} days, checked {one.checked}, {bases}: {one.source}")
    yield from (f"  {_use(use, one)}" for use in one.uses)


def _use(use: Use, one: CitedSource) -> str:
    """Return what leans on the source, and what is not so with all of its uses."""
    about = f", on {use.component}" if use.component else ""
    against = f", for {use.supports!r} instead" if use.supports else ""
    basis = f", {use.basis}" if use.basis and len(one.bases) > 1 else ""
    earlier = f", checked {use.checked}" if use.checked != one.checked else ""
    return f"{use.kind} {use.name}  [{use.file}:{use.line}]{basis}{about}{against}{earlier}"


def _changes(engine: Engine, arguments: Namespace) -> int:
    found = changes(engine.policy.rules, day_of(arguments.at))
    if arguments.json:
        for one in found:
            print(msgspec.json.encode({**msgspec.structs.asdict(one), "days": one.days}).decode())
    else:
        _print_table(arguments, _CHANGES_HEADER, [_change(one) for one in found])
    return 0


def _change(one: Change) -> tuple[object, ...]:
    days = "all" if one.days is None else one.days
    other = f" of {one.other}" if one.what == "decides instead" else f"; {one.other} does" if one.other else ""
    return one.rule, f"{one.file}:{one.line}", _span(one), days, f"{one.what}{other}", one.known


def _span(one: Change) -> str:
    if one.last is None:
        return "none"
    return f"up to {one.last}" if one.first is None else f"{one.first} to {one.last}"
