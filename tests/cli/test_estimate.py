from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

Run = Callable[..., Any]
WORKLOAD = """
[work]
images_per_month = 2000
prices_on = 2026-11-22
"""


@pytest.fixture
def workload(tmp_path: Path) -> str:
    path = tmp_path / "workload.toml"
    path.write_text(WORKLOAD, encoding="utf-8")
    return str(path)


def test_estimate_shows_sellers_side_by_side_and_cites_the_mix(run: Run, workload: str) -> None:
    ran = run("estimate", workload)

    assert ran.code == 0
    assert {"google-ai", "openai", "bfl", "stability"} <= {line.split(" ")[0] for line in ran.out.splitlines() if line}
    assert "policy 2.50 % (blocked at output), refusal 4.00 % (declined at generation)" in ran.out
    assert "question 8: 5 to 8 % of calls fail" in ran.out


def test_estimate_says_which_classes_a_seller_has_no_sample_of(run: Run, workload: str) -> None:
    ran = run("estimate", workload, "--seller", "bfl")

    assert (
        "refusal: no sample shows declined at generation; counted from nothing to a whole success: bfl/bfl" in ran.out
    )


def test_estimate_in_json_keeps_both_ends_and_the_classes(run: Run, workload: str) -> None:
    ran = run("estimate", workload, "--json")

    rows = [json.loads(line) for line in ran.out.splitlines()]
    assert {row["platform"] for row in rows} >= {"gemini", "openai", "flux", "midjourney", "stability"}
    assert all(
        row["per_image_high"] is None or float(row["per_image_low"]) <= float(row["per_image_high"]) for row in rows
    )
    assert all([one["name"] for one in row["classes"]] == ["policy", "refusal"] for row in rows)
    assert "simulated" not in rows[0]


def test_an_unpriced_seller_is_null_and_says_why(run: Run, workload: str) -> None:
    ran = run("estimate", workload, "--json", "--seller", "new-api")

    row = json.loads(ran.out)
    assert row["month_high"] is None
    assert any(note.startswith("success: unpriced, ") for note in row["notes"])


def test_estimate_in_csv_has_a_column_per_figure(run: Run, workload: str) -> None:
    ran = run("estimate", workload, "--csv", "--seller", "bfl", "--monte-carlo", "20")

    (row,) = csv.DictReader(io.StringIO(ran.out))
    assert (row["seller"], row["success_low"]) == ("bfl", "0.030000000000")
    assert float(row["month_high_p05"]) <= float(row["month_high_p95"])
    assert "question 8" in row["source of the failure shares"]


def test_estimate_in_markdown_is_a_table(run: Run, workload: str) -> None:
    ran = run("estimate", workload, "--markdown", "--platform", "flux")

    assert ran.out.startswith("| seller | dialect |")
    assert "| bfl | bfl |" in ran.out
    assert "gemini" not in ran.out


def test_the_same_seed_prints_the_same(run: Run, workload: str) -> None:
    first, again, other = (
        run("estimate", workload, "--seller", "openai", "--monte-carlo", "30", "--seed", seed).out
        for seed in ("1", "1", "2")
    )

    assert "5 to 95 % of months" in first
    assert first == again != other


def test_facts_that_nobody_tells_are_named(run: Run, workload: str) -> None:
    ran = run("estimate", workload, "--seller", "apiyi")

    assert "apiyi/gemini-api: depends on account.mode (per-token: $0.0" in ran.out
    assert "tell it under [seller.apiyi]" in ran.out


def test_faults_of_the_workload_are_placed_and_exit_with_two(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "workload.toml"
    path.write_text(WORKLOAD.replace("2000", '"many"'), encoding="utf-8")

    ran = run("estimate", str(path))

    assert ran.code == 2
    assert f"{path}:3:20: " in ran.err


def test_an_unknown_seller_names_the_nearest(run: Run, workload: str) -> None:
    ran = run("estimate", workload, "--seller", "opneai")

    assert ran.code == 2
    assert "did you mean 'openai'?" in ran.err
