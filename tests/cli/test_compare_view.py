"""Test what `imgpolicy compare --view` prints and how it ends."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from policyengine.view.load import view_directory

if TYPE_CHECKING:
    from pathlib import Path

Run = Callable[..., Any]


def test_text_shows_the_tables_the_verdicts_and_what_is_behind_them(run: Run) -> None:
    ran = run("compare", "--view", "article")

    assert (ran.code, ran.err) == (0, "")
    assert (
        "Layer 1 Block         blockReason: SAFETY         ❌ No/Minimal charge  ❌ Not charged       ~$0.000"
        in ran.out
    )
    assert "DALL-E 3 (OpenAI)    ❌ No charge             ❌ No explicit statement  (no cell)" in ran.out
    assert "DALL-E 3 (OpenAI): incomplete: three cells under four columns" in ran.out
    line = next(line for line in ran.out.splitlines() if line.startswith("1K Image") and "differs" in line)
    number = line.split()[-1]
    behind = next(line for line in ran.out.splitlines() if line.startswith(f"{number}  "))
    assert "https://ai.google.dev/gemini-api/docs/pricing (checked 20" in behind


def test_markdown_marks_differences_with_rule_and_source(run: Run) -> None:
    ran = run("compare", "--view", "article", "--markdown")

    line = next(line for line in ran.out.splitlines() if line.startswith("| Flux.1 Pro | Input") and "| bfl |" in line)
    assert ran.code == 0
    assert "| **differs** |" in line
    assert "bfl.only-ready-costs, rules/bill/bfl.toml:" in line
    assert "https://help.bfl.ai/articles/4212278032 (checked 20" in line


def test_json_holds_every_cell_of_every_complete_row(run: Run) -> None:
    ran = run("compare", "--view", "article", "--json")

    lines = [json.loads(line) for line in ran.out.splitlines()]
    texts = {line["text"] for line in lines}
    assert {"~$0.039 / image", "IMAGE_SAFETY / OTHER", 'Contains "not be charged"', "✅ Fast hours credited"} <= texts
    assert {line["agreement"] for line in lines} == {None, "same", "differs", "cannot be said"}


def test_csv_has_a_line_for_each_judged_cell(run: Run) -> None:
    ran = run("compare", "--view", "article", "--csv")

    rows = list(csv.DictReader(io.StringIO(ran.out)))
    assert {row["table"] for row in rows} == {"prices", "scenarios", "platforms"}
    assert all(row["agreement"] for row in rows)


def test_a_text_that_the_rules_do_not_give_is_told_and_fails(run: Run, tmp_path: Path) -> None:
    copy = tmp_path / "mine"
    shutil.copytree(view_directory("article"), copy)
    prices = copy / "prices" / "google-ai.toml"
    prices.write_text(prices.read_text(encoding="utf-8").replace('"0.039"', '"0.067"'), encoding="utf-8")

    ran = run("compare", "--view", str(copy))

    assert ran.code == 1
    assert "'~$0.039 / image' is not what its rules give: $0.067" in ran.err


@pytest.mark.parametrize("option", ["--size=2048x2048", "--seller=openai", "--images=2"])
def test_what_the_view_says_itself_is_refused(run: Run, option: str) -> None:
    ran = run("compare", "--view", "article", option)

    assert ran.code == 2
    assert f"{option.split('=', maxsplit=1)[0]} does not go with --view" in ran.err


def test_an_unknown_view_is_refused(run: Run) -> None:
    ran = run("compare", "--view", "artcle")

    assert ran.code == 2
    assert "'artcle' is no view and no directory; did you mean 'article'?" in ran.err


def test_the_view_loads_as_a_policy_directory(run: Run) -> None:
    directory = str(view_directory("article"))

    assert run("check", "--policy", directory).code == 0
    assert run("test", "--policy", directory).code == 0
