"""Print the tables of `python -m benchmarks`."""

from __future__ import annotations

import argparse
import platform
import sys
from typing import TYPE_CHECKING

from benchmarks.decisions import decision_rows
from benchmarks.eight_cases import CASE_HEADER, case_rows
from benchmarks.imports import import_rows
from benchmarks.large_body import large_body_rows
from benchmarks.measure import Stopwatch
from benchmarks.proof import proof_rows
from benchmarks.small_body import small_body_rows
from policyengine import Engine

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from benchmarks.measure import Row

_HEADER = ("work", "time", "reference", "its time", "ratio", "target", "met")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run every benchmark and print one table of ratios, and one of the eight cases."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=main.__doc__)
    parser.add_argument("--quick", action="store_true", help="one short round of each: shows that it runs, no more")
    quick = parser.parse_args(arguments).quick
    watch = Stopwatch(rounds=1, least_s=0.0) if quick else Stopwatch()
    print(
        f"Python {platform.python_version()}, {platform.machine()}; CPU time, best of {watch.rounds} rounds in turn\n"
    )
    print_table([_HEADER, *(row.cells() for row in rows(watch, quick=quick))])
    print()
    print_table([CASE_HEADER, *case_rows(Engine.load())])
    return 0


def rows(watch: Stopwatch, *, quick: bool) -> Iterator[Row]:
    """Yield every line of the table of ratios."""
    engine = Engine.load()
    yield from small_body_rows(watch, engine)
    yield from large_body_rows(watch, engine)
    yield from decision_rows(watch, 1000 if quick else 10_000)
    yield from import_rows(1 if quick else 7)
    yield from proof_rows(100 if quick else 1000)


def print_table(lines: Iterable[tuple[str, ...]]) -> None:
    """Print *lines*, the first of them the header, as a Markdown table."""
    lines = list(lines)
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for number, line in enumerate(lines):
        print("|", " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)), "|")
        if not number:
            print("|", " | ".join("-" * width for width in widths), "|")


if __name__ == "__main__":
    sys.exit(main())
