"""Plant defects into copies of the shipped rules, and hold that the tools report each one that changes a decision.

Which rules are hit is drawn by a fixed seed. `pytest -s` prints which tool catches what.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from datetime import date as day
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import pytest

from policyengine.diff.semantic import rule_changes
from policyengine.engine import Engine
from policyengine.facts import Facts
from policyengine.plugins import load_plugins
from policyengine.policy.load import policy_of
from policyengine.policy.sources import gathered
from policyengine.proof.check import prove
from policyengine.rules.examples import facts_of, run_examples
from policyengine.vocabulary import PARTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from policyengine.diff.semantic import RuleChanges
    from policyengine.plugins import PluginSet
    from policyengine.policy.sources import Gathered
    from policyengine.rules.examples import Given
    from policyengine.rules.load import LoadedRules
    from policyengine.rules.source import Source

SEED, DEFECTS = 20261124, 60
TODAY = day(2026, 11, 24)
_RULE = re.compile(r"^\[\[rule\]\]\n", re.MULTILINE)
_ID = re.compile(r'^id\s*= "(.+)"$', re.MULTILINE)
_WHEN = re.compile(r"^(when\.\S+)\s+= (.+)\n", re.MULTILINE)
_THEN = re.compile(r'^(then\s+=.*?)"([a-z_]+)"', re.MULTILINE)
_TEXT = re.compile(r'"([^"\\]{3,})"')
_OTHERWISE = {
    "charged": "free",
    "free": "charged",
    "unknown": "free",
    "credited": "charged",
    "conditional": "charged",
    "blocked": "declined",
    "declined": "blocked",
    "backoff": "none",
    "none": "backoff",
}


class Rule(NamedTuple):
    """Hold one rule as it is written, and those beside it."""

    name: str
    text: str
    following: str
    """The text of the next rule of the file; "" for the last."""
    others: str
    """The text of the whole file."""


Mutate = Callable[[Rule, Random], str | None]
"""Returns what stands instead of the rule and the one that follows; None where it does not fit."""


def _conditions(rule: Rule) -> list[re.Match[str]]:
    """Return the conditions that stand on one line."""
    return [line for line in _WHEN.finditer(rule.text) if line[2].count("[") == line[2].count("]")]


def _replaced(rule: Rule, start: int, end: int, instead: str) -> str:
    return rule.text[:start] + instead + rule.text[end:] + rule.following


def _after_title(rule: Rule, line: str) -> str:
    return re.sub(r"(?m)^(title\s*=.*\n)", lambda title: title[1] + line, rule.text, count=1) + rule.following


def swap(rule: Rule, random: Random) -> str | None:
    del random
    return f"{rule.following.rstrip()}\n\n{rule.text}" if rule.following else None


def widen(rule: Rule, random: Random) -> str | None:
    lines = _conditions(rule)
    if len(lines) < 2:
        return None
    line = random.choice(lines)
    return _replaced(rule, line.start(), line.end(), "")


def narrow(rule: Rule, random: Random) -> str | None:
    del random
    return None if "http_status" in rule.text else _after_title(rule, "when.http_status.not = 200\n")


def misspell(rule: Rule, random: Random) -> str | None:
    found = [(line, text) for line in _conditions(rule) for text in _TEXT.finditer(line[2])]
    if not found:
        return None
    line, text = random.choice(found)
    place = random.randrange(len(text[1]) - 1)
    letters = [*text[1]]
    letters[place : place + 2] = reversed(letters[place : place + 2])
    start = line.start(2) + text.start(1)
    return _replaced(rule, start, start + len(text[1]), "".join(letters))


def drop(rule: Rule, random: Random) -> str | None:
    del random
    return rule.following


def date(rule: Rule, random: Random) -> str | None:
    if re.search(r"(?m)^(from|until) ", rule.text):
        return None
    return _after_title(rule, random.choice(("until = 2026-01-01\n", "from = 2031-01-01\n")))


def value(rule: Rule, random: Random) -> str | None:
    """Put another value of the same fact in the place of one, as it stands elsewhere in the file."""
    found = []
    for line in _conditions(rule):
        elsewhere = [other[2] for other in _WHEN.finditer(rule.others) if other[1] == line[1]]
        known = {text for written in elsewhere for text in _TEXT.findall(written)} - {*_TEXT.findall(line[2])}
        found += [(line, text, other) for text in _TEXT.finditer(line[2]) for other in sorted(known)]
    if not found:
        return None
    line, text, other = random.choice(found)
    start = line.start(2) + text.start(1)
    return _replaced(rule, start, start + len(text[1]), other)


def effect(rule: Rule, random: Random) -> str | None:
    del random
    then = _THEN.search(rule.text)
    instead = _OTHERWISE.get(then[2]) if then else None
    return _replaced(rule, then.start(2), then.end(2), instead) if then and instead else None


MUTATIONS: tuple[Mutate, ...] = (swap, widen, narrow, misspell, drop, date, value, effect)


class Defect(NamedTuple):
    """Hold a copy of the rules with one defect."""

    kind: str
    rules: frozenset[str]
    """The rules of which one is to be named: that which was hit, both of those that were swapped."""
    file: str
    found: Gathered


def mutants(found: Gathered) -> Iterator[Defect]:
    """Yield the defects, each kind as often as the others."""
    random = Random(SEED)  # noqa: S311  it draws examples
    sources = [one for one in found.sources if one.kind == "rules" and b'decision = "preflight"' not in one.data]
    weights = [len(_RULE.findall(source.data.decode())) for source in sources]
    seen: set[bytes] = set()
    number = 0
    while number < DEFECTS:
        (source,) = random.choices(sources, weights)
        head, *rules = _RULE.split(source.data.decode())
        texts = [f"[[rule]]\n{rule}" for rule in rules]
        place = random.randrange(len(texts))
        after = texts[place + 1] if place + 1 < len(texts) else ""
        rule = Rule(_name(texts[place]), texts[place], after, source.data.decode())
        mutate = MUTATIONS[number % len(MUTATIONS)]
        instead = mutate(rule, random)
        if instead is None:
            continue
        data = "".join((head, *texts[:place], instead, *texts[place + 2 :])).encode()
        if data in seen or data == source.data:
            continue
        seen.add(data)
        number += 1
        hit = {rule.name, _name(after)} if mutate is swap else {rule.name}
        yield Defect(mutate.__name__, frozenset(hit), source.file, with_data(found, source, data))


def _name(text: str) -> str:
    told = _ID.search(text)
    return told[1] if told else ""


def with_data(found: Gathered, source: Source, data: bytes) -> Gathered:
    changed = msgspec.structs.replace(source, data=data)
    return msgspec.structs.replace(found, sources=tuple(changed if one is source else one for one in found.sources))


class Case(NamedTuple):
    """Hold a defect with the engine before and after."""

    defect: Defect
    before: Engine
    after: Engine
    changes: RuleChanges
    """What `diff` says of the two."""
    known: frozenset[tuple[str, ...]]
    """What a proof says before the defect."""


def by_check(case: Case) -> set[str]:
    """Return the rules that `check` names: those at whose lines it finds a fault."""
    lines = next(one for one in case.defect.found.sources if one.file == case.defect.file).data.decode().splitlines()
    named = set()
    for fault in case.after.policy.warnings:
        if fault.severity == "error" and fault.file == case.defect.file:
            ids = [told[1] for line in lines[: fault.line + 2] if (told := _ID.match(line))]
            named |= {*ids[-1:]}
    return named


def by_test(case: Case) -> set[str]:
    """Return the rules that `test` names: whose example fails, and what it says of others."""
    _, failures = run_examples(case.after.policy.rules)
    words = (re.findall(r"[a-z0-9_.-]+", f"{failure.rule} {failure.message}") for failure in failures)
    return {word.rstrip(".") for told in words for word in told}


def by_proof(case: Case) -> set[str]:
    """Return the rules that `check --proof` names, and did not before the defect."""
    news = proved(case.after) - case.known
    return {word for one in news for word in re.findall(r"[a-z0-9_.-]+", " ".join(one))}


def proved(engine: Engine) -> frozenset[tuple[str, ...]]:
    """Return what a proof finds wrong: the rule, and what is said of it and of others."""
    found = prove(engine, today=TODAY).findings
    return frozenset((one.rule, one.message, *one.covered_by) for one in found if one.severity in ("error", "warning"))


def by_diff(case: Case) -> set[str]:
    """Return the rules that `diff` names as what makes the difference."""
    return {change.rule for change in case.changes.found}


METHODS: Mapping[str, Callable[[Case], set[str]]] = {
    "check": by_check,
    "test": by_test,
    "check --proof": by_proof,
    "diff": by_diff,
}
ALONE = ("check", "test", "check --proof")
"""The methods that need nothing to compare with."""


@pytest.fixture(scope="module")
def plugins() -> PluginSet:
    return load_plugins()


@pytest.fixture(scope="module")
def cases(plugins: PluginSet, tmp_path_factory: pytest.TempPathFactory) -> list[Case]:
    found = gathered(plugins)
    bundle = tmp_path_factory.mktemp("bundle") / "unmutated.json"
    bundle.write_bytes(Engine(policy_of(found, plugins), plugins).bundle())
    before = Engine.load_bundle(bundle, plugins=plugins)
    known = proved(before)
    after = ((defect, Engine(policy_of(defect.found, plugins), plugins)) for defect in mutants(found))
    return [Case(defect, before, engine, rule_changes(before, engine), known) for defect, engine in after]


def test_every_defect_that_changes_a_decision_is_reported_at_its_rule(cases: list[Case]) -> None:
    changed = [case for case in cases if decides_otherwise(case)]
    reports = [reported(case) for case in changed]

    catches = Counter(name for report in reports for name in report)
    alone = sum(not report.keys().isdisjoint(ALONE) for report in reports)
    print(f"\n{len(cases)} defects, {len(changed)} change a decision; {alone} caught without a comparison: {catches}")  # noqa: T201
    unnamed = [
        (case.defect.kind, sorted(case.defect.rules))
        for case, report in zip(changed, reports, strict=True)
        if case.defect.rules.isdisjoint(set().union(*report.values()))
    ]
    assert unnamed == []
    assert all(case.changes.undecided == () for case in cases)
    assert len(cases) == DEFECTS
    assert len(changed) >= DEFECTS * 3 // 4
    assert catches["diff"] == len(changed)
    assert alone >= len(changed) // 3


def reported(case: Case) -> dict[str, set[str]]:
    """Return what each method names; of those that compare nothing, the first that finds anything: proofs take time."""
    found: dict[str, set[str]] = {}
    for name, method in METHODS.items():
        if name not in ALONE or found.keys().isdisjoint(ALONE):
            found |= {name: named} if (named := method(case)) else {}
    return found


def decides_otherwise(case: Case) -> bool:
    """Return whether an answer is decided otherwise, by trying those that rules carry and those that `diff` shows."""
    shown = [kind for change in case.changes.found for kind in change.kinds]
    probes = [as_facts(one.given) for one in shown]
    for file in case.before.policy.rules.files:
        if file.source.file == case.defect.file:
            probes += [
                (one.facts, one.outcome, one.stage) for one in written_beside(file) if isinstance(one.facts, Facts)
            ]
    return any(decided(case.before, *probe) != decided(case.after, *probe) for probe in probes)


def as_facts(given: Mapping[str, Any]) -> tuple[Facts, str | None, str | None]:
    told = {name: value for name, value in given.items() if name not in ("outcome", "stage")}
    facts = {"provider": "x", "dialect": "x", "seller": "x", "at": "2026-11-24T00:00:00Z", **msgspec.to_builtins(told)}
    return msgspec.convert(facts, Facts), given.get("outcome"), given.get("stage")


def written_beside(file: LoadedRules) -> Iterator[Given]:
    """Yield the facts of all examples and near misses of *file*."""
    for rule in file.rules:
        for given in [one.given for one in rule.rule.example] + [one.given for one in rule.rule.near_miss]:
            yield facts_of(given, file, rule)


def decided(engine: Engine, facts: Facts, outcome: str | None, stage: str | None) -> list[object]:
    """Return what every list of rules says of *facts*."""
    keys = (("classify", facts.dialect), ("bill", facts.seller), ("route", ""))
    said: list[object] = []
    for decision, key in keys:
        rules = engine.policy.rules.deciding(decision, key)  # type: ignore[arg-type]  # one of the three
        deciders = rules.per_component(facts, outcome or "", stage or "")
        said += [
            rule and (getattr(rule.rule.then, name, rule.rule.then), getattr(rule.rule.then, "quantity", None))
            for rule, name in zip(deciders, PARTS, strict=True)
        ]
    return said
