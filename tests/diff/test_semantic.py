from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from policyengine.diff.semantic import rule_changes
from policyengine.facts import Facts
from policyengine.vocabulary import PARTS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from policyengine.diff.semantic import RuleChange
    from policyengine.engine import Engine

    Load = Callable[[Mapping[str, str]], Engine]

AT = "2026-11-24T00:00:00Z"
CLASSIFY, BILL, ROUTE = "classify/toy.toml", "bill/toy-inc.toml", "route.toml"
Edited = tuple[str, str, str]
EDITS: dict[str, tuple[Edited, str, str]] = {
    "misspelled value": ((CLASSIFY, '"SAFETY"', '"SAFTEY"'), "toy.safety", "changed"),
    "narrower": ((CLASSIFY, '["QUEUED", "RUNNING"]', '["QUEUED"]'), "toy.pending", "changed"),
    "another outcome": ((CLASSIFY, 'outcome = "lost"', 'outcome = "failed"'), "toy.gone", "changed"),
    "another id": ((CLASSIFY, 'id = "toy.gone"\n', 'id = "toy.new"\nfrom = 2026-01-01\n'), "toy.gone", "removed"),
    "dates": (
        (BILL, 'id = "toy-inc.blocked"', 'id = "toy-inc.blocked"\nuntil = 2026-06-01'),
        "toy-inc.blocked",
        "changed",
    ),
    "less of a bill": ((BILL, 'input = "charged", image = "free"', 'image = "free"'), "toy-inc.blocked", "changed"),
    "another wait": ((ROUTE, "wait_s = 2", "wait_s = 3"), "toy-route.failed", "changed"),
}


def changes(engine_with: Load, toy_files: dict[str, str], *edits: Edited) -> tuple[Engine, Engine, list[RuleChange]]:
    files = dict(toy_files)
    for file, written, instead in edits:
        assert written in files[file]
        files[file] = files[file].replace(written, instead, 1)
    old, new = engine_with(toy_files), engine_with(files)
    found = rule_changes(old, new)
    assert found.undecided == ()
    return old, new, list(found.found)


@pytest.mark.parametrize(("edit", "rule", "what"), EDITS.values(), ids=EDITS)
def test_a_change_is_laid_to_the_rule_that_makes_it(
    engine_with: Load, toy_files: dict[str, str], edit: Edited, rule: str, what: str
) -> None:
    _, _, found = changes(engine_with, toy_files, edit)

    assert (rule, what) in {(change.rule, change.what) for change in found}
    assert all(change.rule.rpartition(".")[0] == rule.rpartition(".")[0] for change in found)


@pytest.mark.parametrize(("edit", "rule", "what"), EDITS.values(), ids=EDITS)
def test_every_answer_shown_is_decided_as_is_said(
    engine_with: Load, toy_files: dict[str, str], edit: Edited, rule: str, what: str
) -> None:
    del rule, what
    *engines, found = changes(engine_with, toy_files, edit)

    for change in found:
        for kind in change.kinds:
            asked = msgspec.to_builtins({**kind.given, "outcome": None, "stage": None})
            facts = msgspec.convert({"provider": "x", "dialect": "x", "seller": "x", "at": AT, **asked}, Facts)
            for engine, expected in zip(engines, (kind.old, kind.new), strict=True):
                key = {"classify": facts.dialect, "bill": facts.seller, "route": ""}[change.decision]
                ordered = engine.policy.rules.deciding(change.decision, key)
                deciders = ordered.per_component(facts, kind.given.get("outcome", ""), kind.given.get("stage", ""))
                decider = deciders[PARTS.index(kind.component) if kind.component else 0]
                assert (decider and decider.rule.id) == expected


def test_an_answer_shown_tells_only_what_matters(engine_with: Load, toy_files: dict[str, str]) -> None:
    _, _, (change,) = changes(engine_with, toy_files, EDITS["misspelled value"][0])

    assert change.kinds[0].given in (
        {"dialect": "toy-api", "seller": "toy-inc", "finish_reason": "SAFETY"},
        {"dialect": "toy-api", "seller": "toy-inc", "finish_reason": "SAFTEY"},
    )
    assert change.kinds[0].lists == ("toy-api", "toy-twin")


def test_the_whole_verdict_on_a_classified_answer_is_shown(engine_with: Load, toy_files: dict[str, str]) -> None:
    old, new, (change,) = changes(engine_with, toy_files, EDITS["misspelled value"][0])
    kind = next(kind for kind in change.kinds if kind.old == "toy.safety")

    assert (kind.old_verdict["outcome"], kind.old_verdict["bill_image"]) == ("blocked", "free")
    assert kind.new_verdict["outcome"] == "unrecognized"
    assert kind.new_verdict["fingerprint"] == new.fingerprint != old.fingerprint


def test_a_swap_of_rules_that_never_meet_is_equivalent(engine_with: Load, toy_files: dict[str, str]) -> None:
    first, second = (f"[[rule]]{part}" for part in toy_files[CLASSIFY].split("[[rule]]")[5:7])

    _, _, found = changes(engine_with, toy_files, (CLASSIFY, first + second, second + first))

    assert found == []  # no answer has two finish reasons


def test_a_swap_of_rules_that_overlap_is_laid_to_one_of_them(engine_with: Load, toy_files: dict[str, str]) -> None:
    rules = toy_files[CLASSIFY].split("[[rule]]")
    partial, delivered = (f"[[rule]]{part}" for part in rules[-2:])

    _, _, found = changes(engine_with, toy_files, (CLASSIFY, partial + delivered, f"{delivered}\n{partial.rstrip()}\n"))

    ((rule, what, kind),) = [(change.rule, change.what, change.kinds[0]) for change in found]
    assert rule in ("toy.partial", "toy.delivered")
    assert (what, kind.old, kind.new) == ("moved", "toy.partial", "toy.delivered")


@pytest.mark.parametrize(
    "edit",
    [
        (CLASSIFY, 'title = "Still running"', 'title = "It runs"'),
        (CLASSIFY, 'when.status = ["QUEUED", "RUNNING"]', 'when.status = ["RUNNING", "QUEUED"]'),
        (CLASSIFY, 'when.status = "FAILED"', 'when.any = [{ status = "FAILED" }, { status = "FAILED" }]'),
        (BILL, 'when.outcome = "blocked"', 'when.outcome = "blocked"\nwhen.at.ge = 0001-01-01'),
        (CLASSIFY, 'id = "toy.gone"', 'id = "toy.gone"\nstatus = "deprecated"'),
    ],
    ids=["title", "order of a list", "twice the same", "all of time", "status"],
)
def test_what_decides_the_same_is_equivalent(engine_with: Load, toy_files: dict[str, str], edit: Edited) -> None:
    _, _, found = changes(engine_with, toy_files, edit)

    assert found == []


def test_a_dropped_rule_is_removed(engine_with: Load, toy_files: dict[str, str]) -> None:
    rules = toy_files[CLASSIFY].split("[[rule]]")

    _, _, (change,) = changes(engine_with, toy_files, (CLASSIFY, f"[[rule]]{rules[3]}", ""))

    assert (change.rule, change.what, change.kinds[0].becomes) == ("toy.job-failed", "removed", "no rule decides")
