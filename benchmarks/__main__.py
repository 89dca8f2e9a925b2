"""Print the table of `python -m benchmarks`."""

from __future__ import annotations

import platform
import sys
from typing import TYPE_CHECKING

from benchmarks.imports import import_rows
from benchmarks.small_body import small_body_rows

if TYPE_CHECKING:
    from benchmarks.measure import Result

HEADER = f"{'work':<46} {'time':>12} {'reference':<30} {'ratio':>8} {'target':>8}"


def main() -> int:
    """Run every benchmark and print one row each."""
    print(f"Python {platform.python_version()}, {platform.machine()}; minima of several runs, CPU time\n")
    print(HEADER)
    results: list[Result] = [*small_body_rows(), *import_rows()]
    for result in results:
        print(result.row())
    return 0


if __name__ == "__main__":
    sys.exit(main())
