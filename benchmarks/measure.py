"""Time functions and hold them against a reference: the minimum of several rounds in turn, in CPU seconds."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from time import process_time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = ["NOT_INSTALLED", "Each", "Row", "Stopwatch", "absent", "written"]

NOT_INSTALLED = "not installed"
_COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {"<=": operator.le, ">=": operator.ge}


@dataclass(frozen=True, kw_only=True)
class Row:
    """Hold one line of the table: what was done, what it is held against, and what was aimed at."""

    work: str
    measured: str
    reference: str
    against: str = ""
    """What the reference took."""
    ratio: float | None = None
    target: str = ""
    """`<= 5` or `>= 15`; "" where nothing is aimed at."""
    unit: str = "x"

    @property
    def met(self) -> str:
        """Return yes, no, or "" where there is no target or nothing was measured."""
        if not self.target or self.ratio is None:
            return ""
        comparison, bound = self.target.split()
        return "yes" if _COMPARISONS[comparison](self.ratio, float(bound)) else "no"

    def cells(self) -> tuple[str, ...]:
        """Return the cells of the line."""
        ratio = "" if self.ratio is None else f"{self.ratio:.3g} {self.unit}"
        target = f"{self.target} {self.unit}" if self.target else ""
        return self.work, self.measured, self.reference, self.against, ratio, target, self.met


def absent(work: str, peer: str, target: str = "") -> Row:
    """Return the line of a peer that is not there."""
    return Row(work=work, measured="", reference=peer, against=NOT_INSTALLED, target=target)


@dataclass(frozen=True)
class Each:
    """Do one thing with each of many cases; what counts is the time of one."""

    do: Callable[[Any], object]
    cases: Sequence[object]

    def __call__(self) -> None:
        """Do it with all of them."""
        do = self.do
        for case in self.cases:
            do(case)


@dataclass(frozen=True)
class Stopwatch:
    """Measure with as many rounds, each as long, as the caller has time for."""

    rounds: int = 15
    least_s: float = 0.05

    def ratio(
        self, work: str, ours: Callable[[], object], reference: str, theirs: Callable[[], object], target: str = ""
    ) -> Row:
        """Return *ours* over *theirs*, or *theirs* over *ours* where the target is to be so many times faster."""
        mine, other = self.in_turn(ours, theirs)
        ratio = other / mine if target.startswith(">=") else mine / other
        return Row(
            work=work, measured=written(mine), reference=reference, against=written(other), ratio=ratio, target=target
        )

    def in_turn(self, *works: Callable[[], object]) -> list[float]:
        """Return the CPU seconds of one call of each of *works*: their rounds alternate, the best one counts."""
        loops = [self._loops(work) for work in works]
        rounds = [[_round_s(work, n) / n for work, n in zip(works, loops, strict=True)] for _ in range(self.rounds)]
        best = [min(column) for column in zip(*rounds, strict=True)]
        return [
            seconds / (len(work.cases) if isinstance(work, Each) else 1)
            for seconds, work in zip(best, works, strict=True)
        ]

    def _loops(self, work: Callable[[], object]) -> int:
        loops = 1
        while _round_s(work, loops) < self.least_s:
            loops *= 2
        return loops


def written(seconds: float) -> str:
    """Return a time as people read it."""
    for unit, scale in (("s", 1.0), ("ms", 1e3), ("us", 1e6)):
        if seconds * scale >= 1:
            return f"{seconds * scale:.3g} {unit}"
    return f"{seconds * 1e9:.0f} ns"


def _round_s(work: Callable[[], object], loops: int) -> float:
    start = process_time()
    for _ in range(loops):
        work()
    return process_time() - start
