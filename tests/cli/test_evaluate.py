from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

BLOCKED = {
    "candidates": [{"content": {"parts": []}, "finishReason": "IMAGE_SAFETY", "index": 0}],
    "usageMetadata": {"promptTokenCount": 1119, "totalTokenCount": 1119},
    "modelVersion": "gemini-3.1-flash-image",
}
WAIVED = {
    "candidates": [
        {"finishReason": "IMAGE_OTHER", "finishMessage": "No image was made. You will not be charged for this request."}
    ],
    "usageMetadata": {"promptTokenCount": 300, "totalTokenCount": 300},
    "modelVersion": "gemini-3.1-flash-image",
}
Run = Callable[..., Any]
Written = Callable[[str, object], str]
GOOGLE = ("--provider", "gemini", "--seller", "google-ai", "--http-status", "200")


def test_one_answer_is_one_row(run: Run, written: Written) -> None:
    ran = run("evaluate", written("answer.json", BLOCKED), *GOOGLE)

    header, row = ran.out.splitlines()
    assert ran.code == 0
    assert header.split()[:3] == ["answer", "seller", "outcome"]
    assert "google-ai" in row
    assert "blocked" in row
    assert "$0.00 to $0.0005595" in row


def test_json_is_one_verdict_a_line(run: Run, written: Written) -> None:
    ran = run("evaluate", "--json", written("log.ndjson", [BLOCKED, WAIVED]), *GOOGLE)

    verdicts = [json.loads(line) for line in ran.out.splitlines()]
    assert [verdict["outcome"] for verdict in verdicts] == ["blocked", "declined"]
    assert verdicts[1]["charge"]["high"] == "0"
    assert verdicts[0]["answer"].endswith("log.ndjson:1")


def test_csv_holds_flat_records_without_prompts(run: Run, written: Written) -> None:
    exchange = {"body": BLOCKED, "http_status": 200, "request": {"prompt": "a secret garden", "model": "m"}}

    ran = run(
        "evaluate",
        "--csv",
        written("log.ndjson", [exchange, exchange]),
        "--provider",
        "gemini",
        "--seller",
        "google-ai",
    )

    records = list(csv.DictReader(io.StringIO(ran.out)))
    assert [record["outcome"] for record in records] == ["blocked", "blocked"]
    assert "secret" not in ran.out


def test_summary_adds_up_and_puts_the_widest_interval_first(run: Run, written: Written) -> None:
    ran = run("evaluate", "--summary", written("log.ndjson", [WAIVED, BLOCKED, BLOCKED]), *GOOGLE)

    rows = [line.split() for line in ran.out.splitlines()[1:]]
    assert [(row[1], row[3], row[5]) for row in rows] == [("blocked", "2", "$0.001119"), ("declined", "1", "$0.00")]


def test_bad_lines_are_told_with_their_number_and_skipped(run: Run, written: Written) -> None:
    ran = run("evaluate", "--json", written("log.ndjson", [BLOCKED, '{"broken', BLOCKED]), *GOOGLE)

    assert ran.code == 1
    assert len(ran.out.splitlines()) == 2
    assert "log.ndjson:2: not JSON" in ran.err
    assert "1 could not be read" in ran.err


def test_columns_map_another_log_format(run: Run, written: Written) -> None:
    row = {"response": {"error": {"message": "x", "type": "server_error"}}, "code": 503}
    columns = ("--column", "body=response", "--column", "http_status=code")

    ran = run(
        "evaluate", "--json", written("log.ndjson", [row, row]), *columns, "--provider", "openai", "--seller", "openai"
    )

    assert [json.loads(line)["outcome"] for line in ran.out.splitlines()] == ["failed", "failed"]


def test_an_array_of_chunks_is_one_answer_unless_each_is_asked(run: Run, written: Written) -> None:
    path = written("stream.json", [BLOCKED, BLOCKED])

    assert len(run("evaluate", "--json", path, *GOOGLE).out.splitlines()) == 1
    assert len(run("evaluate", "--json", "--each", path, *GOOGLE).out.splitlines()) == 2


def test_a_dash_reads_standard_input(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    class Stdin:
        buffer = io.BytesIO(json.dumps(BLOCKED).encode())

    monkeypatch.setattr(sys, "stdin", Stdin())

    assert "blocked" in run("evaluate", "-", *GOOGLE).out


def test_an_error_page_is_decided_by_its_status(run: Run, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text("<html>502 Bad Gateway</html>")

    ran = run("evaluate", "--json", str(page), "--http-status", "502", "--provider", "openai", "--seller", "openai")

    assert json.loads(ran.out)["outcome"] == "failed"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["missing.json"], "missing.json: No such file"),
        (["-", "--column", "bodi=x"], "write FIELD=COLUMN"),
        (["-", "--policy", "nowhere"], "nowhere"),
    ],
)
def test_wrong_usage_exits_with_two_and_one_line(
    run: Run, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    class Stdin:
        buffer = io.BytesIO(b"{}")

    monkeypatch.setattr(sys, "stdin", Stdin())

    ran = run("evaluate", *arguments)

    assert ran.code == 2
    assert said in ran.err
    assert "Traceback" not in ran.err


def test_an_unknown_name_is_told_with_the_nearest(run: Run, written: Written) -> None:
    ran = run("evaluate", written("a.json", BLOCKED), "--provider", "gemni")

    assert ran.code == 2
    assert "did you mean 'gemini'?" in ran.err
