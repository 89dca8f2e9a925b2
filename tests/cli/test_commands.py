from __future__ import annotations

import csv
import json
import subprocess
import sys
import tomllib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from policyengine.cli.main import COMMANDS

if TYPE_CHECKING:
    from pathlib import Path

Run = Callable[..., Any]
Written = Callable[[str, object], str]
WAIVED = {
    "candidates": [
        {"finishReason": "IMAGE_OTHER", "finishMessage": "No image was made. You will not be charged for this request."}
    ],
    "usageMetadata": {"promptTokenCount": 300, "totalTokenCount": 300},
    "modelVersion": "gemini-3.1-flash-image",
}
GOOGLE = ("--provider", "gemini", "--seller", "google-ai", "--http-status", "200")
RULE = """
decision = "bill"
seller = "acme"

[[rule]]
id = "acme.delivered"
title = "Acme charges a call that delivers"
when.outcome = "delivered"
then = {{ request = "charged" }}
  [[rule.evidence]]
  basis = "official"
  source = "contract:2026-17"
  checked = 2026-11-01
  [[rule.example]]
  given = {{ outcome = "{outcome}" }}
  [[rule.near_miss]]
  given = {{ outcome = "failed" }}
"""
PRICES = """
seller = "acme"
[[price]]
model = "acme-1"
per_call = "0.05"
source = "contract:2026-17"
checked = 2026-11-01
"""


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    for folder, content in (("bill", RULE.format(outcome="delivered")), ("prices", PRICES)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "acme.toml").write_text(content, encoding="utf-8")
    return tmp_path


def test_explain_names_rule_place_evidence_and_arithmetic(run: Run, written: Written) -> None:
    ran = run("explain", written("answer.json", WAIVED), *GOOGLE)

    assert ran.code == 0
    assert "google-ai.waives-request, rules/bill/google-ai.toml:" in ran.out
    assert '"You will not be charged for this request"' in ran.out
    assert "https://" in ran.out
    assert "How much: $0.00" in ran.out
    assert "rewrite_once" in ran.out


def test_facts_can_be_pasted_into_an_example(run: Run, written: Written) -> None:
    ran = run("facts", written("answer.json", WAIVED), *GOOGLE)

    given = tomllib.loads(f"[[rule]]\n{ran.out}")["rule"][0]["example"][0]["given"]
    assert given["finish_reason"] == "IMAGE_OTHER"
    assert given["input_tokens"] == 300
    assert (given["outcome"], given["stage"]) == ("declined", "generation")


def test_compare_covers_every_platform_with_intervals(run: Run) -> None:
    ran = run("compare", "--json")

    rows = [json.loads(line) for line in ran.out.splitlines()]
    assert {row["platform"] for row in rows} >= {"gemini", "openai", "flux", "midjourney", "stability"}
    assert all(row["high"] is None or float(row["low"]) <= float(row["high"]) for row in rows)


def test_compare_prints_a_table_per_platform(run: Run) -> None:
    ran = run("compare", "--seller", "bfl", "--seller", "stability", "--at", "2026-11-24")

    head, _, tables = ran.out.partition("\n\n")
    assert head.endswith("; prices of 2026-11-24")
    assert [table.splitlines()[0] for table in tables.split("\n\n")] == ["flux", "stability"]
    assert all(table.splitlines()[-1].split()[2] == "delivered" for table in tables.split("\n\n"))


def test_compare_prints_numbers_as_csv(run: Run) -> None:
    ran = run("compare", "--csv", "--seller", "bfl")

    rows = list(csv.DictReader(ran.out.splitlines()))
    moderated = next(row for row in rows if "bfl/content-moderated" in row["samples"])
    assert (moderated["low_usd"], moderated["high_usd"], float(moderated["share_high"])) == ("0", "0", 0)
    assert (moderated["outcome"], moderated["stage"], moderated["image"]) == ("blocked", "output", "free")
    assert (moderated["filter"], moderated["setting"]) == ("adjustable", "safety_tolerance")
    assert moderated["filter source"].startswith("https://")
    assert {row["seller"] for row in rows} == {"bfl"}


def test_compare_prints_markdown(run: Run) -> None:
    ran = run("compare", "--markdown", "--platform", "flux")

    title, _, header, *lines = ran.out.splitlines()
    assert title == "## flux"
    assert {line.count("|") - line.count("\\|") for line in (header, *lines)} == {header.count("|")}
    assert "gemini" not in ran.out


@pytest.mark.parametrize(
    ("option", "written", "code"),
    [
        ("--text-tokens", "-1", 2),
        ("--text-tokens", "0", 0),
        ("--prompt-tokens", "0", 2),
        ("--images", "0", 2),
        ("--size", "large", 2),
        ("--at", "tomorrow", 2),
        ("--seller", "blf", 2),
    ],
)
def test_compare_refuses_work_that_cannot_be(run: Run, option: str, written: str, code: int) -> None:
    ran = run("compare", "--platform", "stability", option, written)

    assert ran.code == code
    assert "Traceback" not in ran.err


def test_prices_hold_on_a_day(run: Run, policy: Path) -> None:
    ran = run("prices", "acme", "--policy", str(policy), "--at", "2026-11-02")

    assert ran.code == 0
    assert "0.05 USD" in ran.out


def test_prices_of_an_unknown_seller_are_wrong_usage(run: Run) -> None:
    ran = run("prices", "opneai")

    assert ran.code == 2
    assert "did you mean 'openai'?" in ran.err


def test_rules_show_the_order_and_the_origin(run: Run, policy: Path) -> None:
    ran = run("rules", "--seller", "acme", "--policy", str(policy))

    assert "acme.delivered" in ran.out
    assert "request=charged" in ran.out
    assert "acme.toml:5" in ran.out


def test_check_passes_and_counts(run: Run, policy: Path) -> None:
    ran = run("check", "--policy", str(policy))

    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("no faults")


def test_check_reports_the_faults_of_all_files(run: Run, policy: Path) -> None:
    (policy / "bill" / "acme.toml").write_text(RULE.format(outcome="delivered").replace("when.outcome", "when.outcom"))
    (policy / "prices" / "acme.toml").write_text(PRICES.replace('"0.05"', "0.05"))

    ran = run("check", "--policy", str(policy))

    assert ran.code == 1
    assert "bill/acme.toml:8:15: rule[0].when.outcom: 'outcom' is no fact; did you mean 'outcome'?" in ran.out
    assert "prices/acme.toml:5:12: price[0].per_call" in ran.out


def test_a_failing_example_says_which_condition_is_false(run: Run, policy: Path) -> None:
    (policy / "bill" / "acme.toml").write_text(RULE.format(outcome="partial"))

    ran = run("test", "--policy", str(policy))

    assert ran.code == 1
    assert "acme.delivered: example 1" in ran.out
    assert "outcome equals 'delivered' is false: it is 'partial'" in ran.out


def test_corpus_counts_agreement_per_folder(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "gemini"
    folder.mkdir()
    label = {"outcome": ["declined", "blocked"], "stage": "output", "images_delivered": 0, "bill": {"image": "free"}}
    (folder / "labels.json").write_text(json.dumps({"waived": label}))
    (folder / "waived.json").write_text(json.dumps({"native": WAIVED, "http_status": 200, "seller": "google-ai"}))

    score = json.loads(run("corpus", str(tmp_path), "--json").out)

    assert score["decided"] == {"agree": 1, "of": 1}
    assert score["outcome"] == {"agree": 1, "of": 1}
    assert score["stage"] == {"agree": 0, "of": 1}
    assert score["bill"]["image"] == {"agree": 1, "of": 1}
    assert score["providers"]["gemini"]["route"] == {"agree": 0, "of": 0}
    assert score["disagreements"] == [
        {"name": "gemini/waived", "field": "stage", "got": "generation", "accepted": "output"}
    ]


def test_providers_lists_dialects_and_sellers(run: Run) -> None:
    ran = run("providers")

    assert ran.code == 0
    assert "gemini-api" in ran.out
    assert "imagegen-policyengine" in ran.out


def test_schema_is_json_with_the_facts_of_conditions(run: Run) -> None:
    document = json.loads(run("schema", "bill").out)

    assert "finish_reason" in document["$defs"]["When"]["properties"]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_examples(run: Run, command: str) -> None:
    ran = run(command, "--help")

    assert ran.code == 0
    assert f"imgpolicy {command}" in ran.out.split("examples:")[1]


def test_no_command_prints_help_and_exits_with_two(run: Run) -> None:
    ran = run()

    assert ran.code == 2
    assert "evaluate" in ran.err


def test_the_module_runs_as_the_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "policyengine", "--version"], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip()[0].isdigit()
