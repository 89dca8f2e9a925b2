"""Test what `imgpolicy evidence` prints and when it fails."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., Any]

RULES = """\
decision = "bill"
seller = "acme"

[[rule]]
id = "acme.old"
title = "Old"
then = { image = "charged" }
  [[rule.evidence]]
  basis = "official"
  source = "https://acme.test/old"
  checked = 2025-01-01

[[rule]]
id = "acme.new"
title = "New"
replace = "acme.old"
from = 2026-06-01
then = { image = "free" }
  [[rule.evidence]]
  basis = "official"
  source = "https://acme.test/old"
  checked = 2026-06-11
  [[rule.evidence]]
  basis = "reported"
  source = "https://acme.test/old"
  component = "image"
  supports = "charged"
  checked = 2026-06-11
"""


@pytest.fixture
def policy(tmp_path: Path) -> str:
    (tmp_path / "policy" / "bill").mkdir(parents=True)
    (tmp_path / "policy" / "bill" / "acme.toml").write_text(RULES)
    return str(tmp_path / "policy")


def test_a_source_is_printed_with_all_that_leans_on_it(run: Run, policy: str) -> None:
    ran = run("evidence", "--policy", policy, "--at", "2026-06-21")

    assert ran.code == 0
    place = f"{policy}/bill/acme.toml"
    lines = ran.out.splitlines()
    start = lines.index("10 days, checked 2026-06-11, official, reported: https://acme.test/old")
    assert lines[start + 1 : start + 4] == [
        f"  rule acme.old  [{place}:4], official, checked 2025-01-01",
        f"  rule acme.new  [{place}:13], official",
        f"  rule acme.new  [{place}:13], reported, on image, for 'charged' instead",
    ]


def test_stale_sources_are_findings(run: Run, policy: str) -> None:
    ran = run("evidence", "--policy", policy, "--at", "2026-06-21", "--stale", "500")

    assert ran.code == 1
    assert ran.out.splitlines() == [
        "536 days, checked 2025-01-01, official: https://acme.test/old",
        f"  rule acme.old  [{policy}/bill/acme.toml:4]",
    ]


def test_nothing_stale_is_said(run: Run, policy: str) -> None:
    ran = run("evidence", "--policy", policy, "--at", "2026-06-21", "--stale", "9999")

    assert (ran.code, ran.out) == (0, "")
    assert ran.err == "imgpolicy: nothing was last read more than 9999 days before 2026-06-21\n"


def test_csv_has_a_row_for_each_use_with_its_own_age(run: Run, policy: str) -> None:
    ran = run("evidence", "--policy", policy, "--at", "2026-06-21", "--csv")

    rows = [row for row in csv.DictReader(io.StringIO(ran.out)) if row["source"] == "https://acme.test/old"]
    assert [(row["days"], row["what leans on it"]) for row in rows] == [
        ("536", "rule acme.old"),
        ("10", "rule acme.new"),
        ("10", "rule acme.new"),
    ]


def test_markdown_has_the_same_rows(run: Run, policy: str) -> None:
    ran = run("evidence", "--policy", policy, "--at", "2026-06-21", "--stale", "500", "--markdown")

    assert ran.out.splitlines()[2].startswith("| 536 | 2025-01-01 | official | rule acme.old | ")


def test_json_has_a_source_a_line(run: Run, policy: str) -> None:
    (line,) = run("evidence", "--policy", policy, "--at", "2026-06-21", "--stale", "500", "--json").out.splitlines()

    told = json.loads(line)
    assert (told["source"], told["age_days"], told["bases"]) == ("https://acme.test/old", 536, ["official"])
    assert [use["name"] for use in told["uses"]] == ["acme.old"]


def test_changes_show_the_past_days_of_a_replacement(run: Run, policy: str) -> None:
    ran = run("evidence", "--policy", policy, "--changes")

    assert ran.code == 0
    (row,) = (line for line in ran.out.splitlines() if line.startswith("acme.new"))
    assert "2026-06-01 to 2026-06-10  10    decides instead of acme.old  2026-06-11" in row


def test_changes_as_json_count_the_days(run: Run, policy: str) -> None:
    told = json.loads(run("evidence", "--policy", policy, "--changes", "--json").out.splitlines()[0])

    assert (told["rule"], told["first"], told["last"], told["days"]) == ("acme.new", "2026-06-01", "2026-06-10", 10)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(("--stale", "-1"), "is no age"), (("--at", "soon"), "is no day"), (("--stale", "1", "--changes"), "not allowed")],
)
def test_wrong_arguments_are_refused(run: Run, arguments: tuple[str, ...], message: str) -> None:
    ran = run("evidence", *arguments)

    assert ran.code == 2
    assert message in ran.err
