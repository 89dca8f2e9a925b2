from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from policyengine.bundle import bundle_of
from policyengine.engine import Engine
from policyengine.policy.fingerprint import fingerprint_of

if TYPE_CHECKING:
    from pathlib import Path

Run = Callable[..., Any]
Written = Callable[[str, object], str]
BILL = """
decision = "bill"
seller = "acme"

[[rule]]
id = "acme.delivered"
title = "A call that delivers costs the fee"
when.outcome = "delivered"
then = { request = "charged" }

[[rule]]
id = "acme.blocked"
title = "A call that was blocked is free"
when.outcome = "blocked"
then = { request = "free" }
"""
BLOCKED = {"candidates": [{"finishReason": "IMAGE_SAFETY"}], "usageMetadata": {"promptTokenCount": 300}}


def test_an_old_verdict_is_explained_by_the_bundle_that_made_it(run: Run, tmp_path: Path, written: Written) -> None:
    (tmp_path / "policy" / "bill").mkdir(parents=True)
    bill = tmp_path / "policy" / "bill" / "acme.toml"
    bill.write_text(BILL, "utf-8")
    line = {"body": BLOCKED, "provider": "gemini", "seller": "acme", "at": "2026-11-10T08:00:00Z"}
    answers = written("log.ndjson", [line, {**line, "seller": "google-ai"}])
    run("bundle", "-o", f"{tmp_path}/bundles/", "--policy", str(tmp_path / "policy"))
    old = run("evaluate", answers, "--json", "--policy", str(tmp_path / "policy")).out
    verdicts = tmp_path / "verdicts.ndjson"
    verdicts.write_text(old, "utf-8")
    bill.write_text(BILL.replace('"free"', '"charged"'), "utf-8")

    explained = run("explain", str(verdicts), "--bundle", f"{tmp_path}/bundles")
    again = run("evaluate", str(verdicts), "--json", "--bundle", f"{tmp_path}/bundles")

    assert "request: A call that was blocked is free" in explained.out
    fingerprint = json.loads(old.splitlines()[0])["fingerprint"]
    assert f"Decided by engine {fingerprint[:12]}." in explained.out
    assert [strip(one) for one in again.out.splitlines()] == [strip(one) for one in old.splitlines()]


def strip(line: str) -> str:
    return line.partition(",")[2]  # without the place it was read from


def test_a_bundle_prints_to_standard_output(run: Run) -> None:
    ran = run("bundle", "-o", "-")

    assert json.loads(ran.out)["fingerprint"] == Engine.load().fingerprint


def test_a_bundle_that_cannot_be_written_is_an_error(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", "utf-8")

    ran = run("bundle", "-o", f"{tmp_path}/file/x.json")

    assert ran.code == 2
    assert "Not a directory" in ran.err or "File exists" in ran.err


@pytest.mark.parametrize("where", [".", "bundle.json"])
def test_plugins_that_are_not_as_they_were_are_told(
    run: Run, tmp_path: Path, written: Written, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    policy = Engine.load().policy
    made = msgspec.structs.replace(policy.made, plugins={**policy.made.plugins, "gone": "gone 3"})
    fingerprint = fingerprint_of(policy.sources, made)
    bundle = tmp_path / ("bundle.json" if where != "." else f"{fingerprint}.json")
    bundle.write_bytes(bundle_of(msgspec.structs.replace(policy, made=made, fingerprint=fingerprint)))
    answer = written("answer.json", BLOCKED)
    monkeypatch.chdir(tmp_path)

    ran = run("evaluate", answer, "--bundle", f"./{where}", "--fingerprint", fingerprint)

    assert ran.code == 0
    assert "when the bundle was made, plugin 'gone' was gone 3, now it is not installed" in ran.err


def test_facts_take_nothing_beside_them(run: Run, written: Written, tmp_path: Path) -> None:
    facts = tmp_path / "facts.ndjson"
    facts.write_text(run("facts", written("answer.json", BLOCKED), "--json").out, "utf-8")

    ran = run("evaluate", str(facts), "--seller", "azure")

    assert ran.code == 1
    assert f"{facts}: holds facts, which seller would change; evaluate the answer itself" in ran.err


def test_facts_that_are_none_are_a_bad_line(run: Run, written: Written) -> None:
    line = {"facts": {"provider": "x", "dialect": "y", "seller": "z", "http_status": "many"}, "usage": []}

    ran = run("evaluate", written("facts.ndjson", [line, line]))

    assert ran.code == 1
    assert "facts.ndjson:1: its facts cannot be read: Expected `int | null`, got `str`" in ran.err
