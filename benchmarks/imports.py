"""Measure what importing the package costs, in a fresh interpreter."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING

from benchmarks.measure import Row, absent, written

if TYPE_CHECKING:
    from collections.abc import Iterator

_PROGRAM = """
import os, time
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
def pages():
    with open("/proc/self/statm") as status:
        return int(status.read().split()[1])
before = time.process_time(), pages()
{statement}
after = time.process_time(), pages()
print(after[0] - before[0], 4 * (after[1] - before[1]))
"""
_OURS = (
    ("import policyengine", "<= 0.1", "<= 12"),
    ("from policyengine import Engine", "", ""),
    ("from policyengine import Engine; Engine.load()", "", ""),
)
_PEERS = {"genai_prices": "genai-prices", "runcost": "runcost-ai", "litellm": "litellm"}


def import_rows(runs: int = 7) -> Iterator[Row]:
    """Yield the CPU seconds and the memory of each import; the least of *runs*."""
    for statement, most_s, most_mib in _OURS:
        yield from _rows(statement, runs, most_s, most_mib)
    for module, name in _PEERS.items():
        if find_spec(module) is None:
            yield absent(f"import {module}", name)
        else:
            yield from _rows(f"import {module}", min(runs, 3))


def _rows(statement: str, runs: int, most_s: str = "", most_mib: str = "") -> Iterator[Row]:
    found = [_run(statement) for _ in range(runs)]
    seconds, mib = min(run[0] for run in found), min(run[1] for run in found) / 1024
    yield Row(work=statement, measured=written(seconds), reference="", ratio=seconds, target=most_s, unit="s")
    yield Row(work="  its memory", measured=f"{mib:.3g} MiB", reference="", ratio=mib, target=most_mib, unit="MiB")


def _run(statement: str) -> tuple[float, int]:
    program = _PROGRAM.replace("{statement}", statement)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)  # noqa: S603  own text
    seconds, memory = done.stdout.split()
    return float(seconds), int(memory)
