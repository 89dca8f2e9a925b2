"""Test that the benchmarks run and compare like with like; how fast anything is, no test says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks import cost_peers, rule_peers
from benchmarks.__main__ import main
from benchmarks.decisions import decided, many_rules, twelve_rules
from benchmarks.measure import Each, Row, Stopwatch
from benchmarks.twelve_rules import by_hand, exchanges
from policyengine.facts import Facts

if TYPE_CHECKING:
    from collections.abc import Callable


def test_the_function_by_hand_decides_what_the_twelve_rules_decide() -> None:
    rules = twelve_rules()
    facts = [*exchanges(), Facts(provider="acme", dialect="acme", seller="acme", message="You will NOT be Charged.")]

    assert [by_hand(one) for one in facts] == [decided(rules, one) for one in facts]


def test_every_rule_decides_some_exchange() -> None:
    rules = twelve_rules()
    deciding = {rule.rule.id for one in exchanges() if (rule := rules.first(one))}

    assert deciding == {rule.rule.id for rule in rules.rules}


def test_many_rules_are_as_many_as_asked_for() -> None:
    assert "".join(many_rules(2500)).count("[[rule]]") == 2500


def test_the_whole_table_is_printed_without_any_peer(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("benchmarks.imports", cost_peers.__name__, rule_peers.__name__):
        monkeypatch.setattr(f"{module}.find_spec", lambda _: None)

    assert main(["--quick"]) == 0

    printed = capsys.readouterr().out
    for work in ("bytes to verdict", "2.0 MB", "12 rules", "load 1000 rules", "kept by", "import policyengine"):
        assert work in printed
    peers = [line for line in printed.splitlines() if "not installed" in line]
    assert {*cost_peers.COST_PEERS, *rule_peers.RULE_PEERS} == {
        name for name in (*cost_peers.COST_PEERS, *rule_peers.RULE_PEERS) if any(name in line for line in peers)
    }


@pytest.mark.parametrize(
    ("ratio", "target", "met"),
    [
        (4.9, "<= 5", "yes"),
        (5.1, "<= 5", "no"),
        (15, ">= 15", "yes"),
        (14, ">= 15", "no"),
        (1, "", ""),
        (None, "<= 5", ""),
    ],
)
def test_a_row_says_whether_its_target_is_met(ratio: float | None, target: str, met: str) -> None:
    assert Row(work="", measured="", reference="", ratio=ratio, target=target).met == met


class StoppedWatch(Stopwatch):
    def in_turn(self, *works: Callable[[], object]) -> list[float]:
        return [float(sum(works[0].cases)), float(sum(works[1].cases))]  # type: ignore[attr-defined]  # all are Each


@pytest.mark.parametrize(("target", "ratio"), [("<= 5", 0.05), ("", 0.05), (">= 15", 20.0)])
def test_to_be_so_many_times_faster_is_the_ratio_the_other_way_round(target: str, ratio: float) -> None:
    row = StoppedWatch().ratio("ours", Each(abs, [1]), "theirs", Each(abs, [20]), target)

    assert row.ratio == ratio


def test_the_time_of_each_is_that_of_one_case() -> None:
    calls: list[object] = []

    Stopwatch(rounds=3, least_s=0.0).in_turn(Each(calls.append, [1, 2]))

    assert calls == [1, 2] * 4  # one to see how long it takes
