"""Measure what importing the package costs, in a fresh interpreter."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from benchmarks.measure import Result

if TYPE_CHECKING:
    from collections.abc import Iterator

_RUNS = 7
_PROGRAM = """
import time
def pages():
    with open("/proc/self/statm") as status:
        return int(status.read().split()[1])
before = time.process_time(), pages()
{statement}
after = time.process_time(), pages()
print(after[0] - before[0], 4 * (after[1] - before[1]))
"""
_STATEMENTS = (
    ("import policyengine", "import policyengine", "<= 0.1 s"),
    ("from policyengine import Engine", "from policyengine import Engine", ""),
    ("Engine.load(), all bundled rules and prices", "from policyengine import Engine; Engine.load()", ""),
)


def import_rows() -> Iterator[Result]:
    """Yield the CPU seconds and the memory of each import."""
    for name, statement, target in _STATEMENTS:
        runs = [_run(statement) for _ in range(_RUNS)]
        seconds = min(run[0] for run in runs)
        memory = min(run[1] for run in runs) / 1024
        yield Result(work=name, seconds=seconds, reference=f"{memory:.1f} MiB more", target=target)


def _run(statement: str) -> tuple[float, int]:
    program = _PROGRAM.format(statement=statement)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)  # noqa: S603  own text
    seconds, memory = done.stdout.split()
    return float(seconds), int(memory)
