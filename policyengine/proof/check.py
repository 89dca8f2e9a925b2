"""Prove a whole policy: every check over every list of rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from policyengine.proof.answers import Answers, answers_of, answers_to
from policyengine.proof.bills import bill_gaps
from policyengine.proof.contradiction import contradictions
from policyengine.proof.evidence import evidence_findings
from policyengine.proof.finding import Finding, Places
from policyengine.proof.gaps import word_gaps
from policyengine.proof.listed import Listed, lists_of
from policyengine.proof.overlap import Pair, overlaps
from policyengine.proof.reach import reach_of, unreached
from policyengine.proof.reads import misspelled, unfilled, unindexed
from policyengine.proof.waivers import unused_waivers, waived
from policyengine.rules.model import CUMULATIVE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    from policyengine.engine import Engine

__all__ = ["OLDEST_DAYS", "Proof", "prove"]

OLDEST_DAYS = 180
"""The age at which evidence should be read again."""


class Proof(Struct, frozen=True):
    """Hold what a proof found."""

    findings: tuple[Finding, ...]
    """What stands, file by file."""
    waived: tuple[Finding, ...]
    """What a rule file says is meant."""

    @property
    def errors(self) -> int:
        """Return how many findings fail the check."""
        return sum(one.severity == "error" for one in self.findings)


def prove(engine: Engine, *, today: date, oldest_days: int = OLDEST_DAYS) -> Proof:
    """Return everything that set analysis finds about the rules of *engine*, evidence as old as of *today*."""
    book = engine.policy.rules
    standing, meant = waived(_findings(engine, today, oldest_days), book)
    findings = sorted([*standing, *unused_waivers(meant, book)], key=_order)
    return Proof(tuple(findings), tuple(sorted(meant, key=_order)))


def _order(one: Finding) -> tuple[object, ...]:
    return one.file, one.line, one.column, one.code, one.rule


def _findings(engine: Engine, today: date, oldest_days: int) -> Iterator[Finding]:
    book = engine.policy.rules
    places = Places(book)
    answers = answers_of(engine)
    lists = tuple(lists_of(engine))
    yield from unreached((reach for listed in lists for reach in reach_of(listed, places)), places, book)
    yield from _contradictions_in_advice(engine, places)
    yield from _fallen_through(engine, lists, answers)
    yield from unfilled(book, answers, places)
    yield from misspelled(book, answers, places)
    yield from unindexed(book, places)
    yield from evidence_findings(book, places, today=today, oldest_days=oldest_days)
    seen: set[Pair] = set()
    for listed in lists:
        yield from overlaps(listed, answers_to(listed.decision, listed.key, engine, answers), places, seen)


def _contradictions_in_advice(engine: Engine, places: Places) -> Iterator[Finding]:
    """Yield what never holds in lists of which every rule that matches counts: nothing there comes first."""
    for decision in CUMULATIVE:
        listed = Listed(engine, decision, "")
        for placed in listed.rules:
            yield from contradictions(engine.policy.rules.rules[placed.rule.rule.id], [listed], places)


def _fallen_through(engine: Engine, lists: Sequence[Listed], answers: Mapping[str, Answers]) -> Iterator[Finding]:
    for listed in lists:
        if listed.decision == "classify" and listed.key in answers:
            yield from word_gaps(listed, answers[listed.key], engine)
        elif listed.decision == "bill":
            yield from bill_gaps(listed, answers_to(listed.decision, listed.key, engine, answers), engine)
