"""Test what `imgpolicy test` prints, writes and fails on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from xml.etree.ElementTree import parse

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any
    from xml.etree.ElementTree import Element

    Run = Callable[..., Any]

FAILING = """\
decision = "bill"
seller = "acme"

[[rule]]
id = "acme.wrong"
title = "An example that does not hold"
when = { outcome = "failed", status = "Error" }
then = { image = "free" }
  [[rule.example]]
  given = { outcome = "failed", status = "error \\u0001\\uFFFF<&", account = { mode = "x" }, category = ["a"] }
  [[rule.near_miss]]
  given = { outcome = "delivered" }

[[rule]]
id = "acme.right"
title = "It decides"
when.http_status.ge = 100
then = { image = "charged" }
  [[rule.example]]
  given = { outcome = "failed", http_status = 500 }
  [[rule.near_miss]]
  given = { outcome = "failed" }
"""


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    (tmp_path / "policy" / "bill").mkdir(parents=True)
    (tmp_path / "policy" / "bill" / "acme.toml").write_text(FAILING)
    return tmp_path / "policy"


@pytest.fixture
def report(run: Run, policy: Path, tmp_path: Path) -> Callable[..., Element]:
    """Return a function that returns the JUnit report of a run."""

    def call(*arguments: str) -> Element:
        run("test", "--policy", str(policy), "--junit", str(tmp_path / "report.xml"), *arguments)
        return parse(tmp_path / "report.xml").getroot()  # noqa: S314  our own

    return call


def test_a_failure_shows_facts_decider_and_the_false_condition(run: Run, policy: Path) -> None:
    ran = run("test", "--policy", str(policy))

    head, facts, *_ = ran.out.splitlines()
    assert ran.code == 1
    assert head.endswith(
        r"acme.wrong: example 1: decided by no rule; status equals 'Error' is false: it is 'error \x01\uffff<&'"
    )
    told = r'outcome = "failed", status = "error \u0001\uffff<&", account = { mode = "x" }, category = ["a"]'
    assert facts == f"  given {{ {told} }}"


def test_a_failure_as_json_keeps_the_facts(run: Run, policy: Path) -> None:
    failure = json.loads(run("test", "--policy", str(policy), "--json").out)

    assert (failure["rule"], failure["kind"], failure["number"], failure["line"]) == ("acme.wrong", "example", 1, 4)
    assert failure["given"]["account"] == {"mode": "x"}
    assert failure["decided_by"] == []


def test_coverage_prints_what_is_not_covered_and_totals(run: Run, policy: Path) -> None:
    ran = run("test", "--policy", str(policy), "--coverage")

    place = f"{policy}/bill/acme.toml"
    assert f"{place}:4: acme.wrong: never decides\n" in ran.out
    assert f"{place}:4: acme.wrong: status equals 'Error': never true\n" in ran.out
    assert f"{place}:4: acme.wrong: image: asserted by no test\n" in ran.out
    assert f"{place}:14: " not in ran.out
    assert ran.out.splitlines()[-1].split() == ["all", "7", "10", "70"]


def test_coverage_as_json_holds_every_rule(run: Run, policy: Path) -> None:
    coverage = json.loads(run("test", "--policy", str(policy), "--coverage", "--json").out.splitlines()[-1])["coverage"]

    assert coverage["percent"] == 70
    assert coverage["totals"][-1] == {"kind": "all", "covered": 7, "of": 10}
    assert [rule["rule"] for rule in coverage["rules"]] == ["acme.wrong", "acme.right"]
    assert coverage["rules"][1]["conditions"] == [
        {"condition": "http_status ge 100", "seen_true": 1, "seen_false": 3},
    ]


@pytest.mark.parametrize(("least", "code"), [("70", 0), ("70.1", 1), ("100", 1)])
def test_too_little_coverage_fails(run: Run, policy: Path, least: str, code: int) -> None:
    holding = FAILING.replace("  [[rule.example]]\n", "  [[rule.near_miss]]\n", 1)
    (policy / "bill" / "acme.toml").write_text(holding)

    ran = run("test", "--policy", str(policy), "--fail-under", least)

    assert ran.code == code
    assert (f"coverage is 70 %, less than {least} %" in ran.err) is bool(code)


@pytest.mark.parametrize("wrong", ["nan", "-1", "101", "all"])
def test_a_threshold_that_is_no_percentage_is_refused(run: Run, wrong: str) -> None:
    ran = run("test", f"--fail-under={wrong}")

    assert ran.code == 2
    assert "is no percentage from 0 to 100" in ran.err


def test_the_report_has_a_suite_per_file_and_a_case_per_example(report: Callable[..., Element]) -> None:
    root = report()

    assert root.tag == "testsuites"
    assert [child.tag for child in root] == ["testsuite"] * len(root)
    suite = next(suite for suite in root if suite.get("name", "").endswith("acme.toml"))
    assert {name: suite.get(name) for name in ("tests", "failures", "errors")} == {
        "tests": "4",
        "failures": "1",
        "errors": "0",
    }
    assert [case.get("name") for case in suite] == [
        "acme.wrong example 1",
        "acme.wrong near_miss 1",
        "acme.right example 1",
        "acme.right near_miss 1",
    ]
    assert sum(int(one.get("tests", "")) for one in root) == int(root.get("tests", "")) == len([*root.iter("testcase")])


def test_the_report_says_why_and_holds_what_xml_cannot(report: Callable[..., Element]) -> None:
    failure = report().find(".//failure")

    assert failure is not None
    assert failure.get("message", "").startswith("decided by no rule; status equals 'Error' is false")
    assert 'status = "error \\u0001\ufffd<&"' in (failure.text or "")


def test_the_report_has_the_coverage_and_fails_below_the_threshold(report: Callable[..., Element]) -> None:
    *_, suite = report("--coverage", "--fail-under", "99")

    assert (suite.get("name"), suite.get("failures")) == ("coverage", "1")
    told = {case.get("name"): case for case in suite}
    assert "never decides" in (told["acme.wrong"].findtext("system-out") or "")
    assert told["acme.right"].find("system-out") is None
    failure = told["total"].find("failure")
    assert failure is not None
    assert failure.get("message") == "70 % covered, less than 99 %"


def test_the_report_does_not_fail_at_the_threshold(report: Callable[..., Element]) -> None:
    *_, suite = report("--coverage", "--fail-under", "70")

    assert suite.get("failures") == "0"


def test_a_report_that_cannot_be_written_is_one_line(run: Run, policy: Path) -> None:
    ran = run("test", "--policy", str(policy), "--junit", str(policy / "no" / "report.xml"))

    assert ran.code == 2
    assert ran.err.startswith("imgpolicy: ")
    assert ran.err.count("\n") == 1
