"""Time functions: the minimum of several runs, in CPU seconds."""

from __future__ import annotations

from dataclasses import dataclass
from time import process_time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Result", "best_s", "ratio_of"]

_ROUNDS = 15
_LEAST_S = 0.05


@dataclass(frozen=True, kw_only=True)
class Result:
    """Hold one measurement and what it is held against."""

    work: str
    seconds: float
    reference: str
    ratio: float | None = None
    target: str = ""

    def row(self) -> str:
        """Return the line of the table."""
        ratio = "" if self.ratio is None else f"{self.ratio:.2f}"
        return f"{self.work:<46} {_written(self.seconds):>12} {self.reference:<30} {ratio:>8} {self.target:>8}"


def _written(seconds: float) -> str:
    for unit, scale in (("s", 1.0), ("ms", 1e3), ("us", 1e6)):
        if seconds * scale >= 1:
            return f"{seconds * scale:.2f} {unit}"
    return f"{seconds * 1e9:.0f} ns"


def best_s(work: Callable[[], object]) -> float:
    """Return the CPU seconds of one call of *work*, the best of several rounds."""
    loops = _loops(work)
    return min(_round_s(work, loops) for _ in range(_ROUNDS)) / loops


def ratio_of(work: Callable[[], object], reference: Callable[[], object]) -> tuple[float, float, float]:
    """Return (seconds of *work*, seconds of *reference*, the ratio), the two measured in turn."""
    mine, theirs = _loops(work), _loops(reference)
    pairs = [(_round_s(work, mine) / mine, _round_s(reference, theirs) / theirs) for _ in range(_ROUNDS)]
    ours = min(pair[0] for pair in pairs)
    best = min(pair[1] for pair in pairs)
    return ours, best, ours / best


def _loops(work: Callable[[], object]) -> int:
    loops = 1
    while _round_s(work, loops) < _LEAST_S:
        loops *= 2
    return loops


def _round_s(work: Callable[[], object], loops: int) -> float:
    start = process_time()
    for _ in range(loops):
        work()
    return process_time() - start
