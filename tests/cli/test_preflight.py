"""Test what `imgpolicy preflight` reads, prints and fails on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., Any]

FINE = " ".join(["word"] * 30)


def test_the_command_line_alone_is_a_request(run: Run) -> None:
    ran = run(
        "preflight", "--seller", "google-ai", "--model", "gemini-3.1-flash-image", "--size", "1K", "--prompt", FINE
    )

    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("A call of gemini-3.1-flash-image, invoiced by google-ai\n  1 image, 30 words, size 1K\n")
    assert "What to mind" not in ran.out
    assert "What it costs: from $0.00 if it fails to $0.06" in ran.out


def test_critical_advice_is_a_finding(run: Run) -> None:
    ran = run("preflight", "--provider", "gemini", "--prompt", f"Edit this passport {FINE}")

    assert ran.code == 1
    assert "  critical: Identity documents" in ran.out


def test_other_advice_is_none(run: Run) -> None:
    ran = run("preflight", "--provider", "gemini", "--words", "29")

    assert ran.code == 0
    assert "preflight.too-short" in ran.out


def test_every_option_reaches_the_request(run: Run) -> None:
    ran = run(
        *("preflight", "--json", "--provider", "gemini", "--seller", "apiyi", "--model", "m", "--mode", "per-call"),
        *("--plan", "p", "--tier", "batch", "--speed", "fast", "--size", "1K", "--quality", "high", "-n", "2"),
        *("--words", "3", "--input-tokens", "7", "--input-megapixels", "1.5", "--input-image"),
    )

    request = json.loads(ran.out)["request"]
    del request["at"]
    assert request == {
        "provider": "gemini",
        "seller": "apiyi",
        "model": "m",
        "tier": "batch",
        "mode": "fast",
        "size": "1K",
        "quality": "high",
        "n": 2,
        "words": 3,
        "input_tokens": 7,
        "input_megapixels": 1.5,
        "has_input_image": True,
        "account": {"mode": "per-call", "plan": "p"},
    }


def test_no_reference_image_may_be_told(run: Run) -> None:
    assert json.loads(run("preflight", "--json", "--no-input-image").out)["request"]["has_input_image"] is False


@pytest.mark.parametrize("name", ["one.json", "array.json", "lines.ndjson"])
def test_requests_are_read_from_a_file(run: Run, written: Callable[[str, object], str], name: str) -> None:
    request = {"provider": "gemini", "prompt": "a cat", "at": "2026-11-01", "size": "1K"}
    content: object = request if name == "one.json" else [request, request]

    ran = run("preflight", written(name, content), "--json", "--size", "2K")

    lines = [json.loads(line)["request"] for line in ran.out.splitlines()]
    assert ran.code == 0
    assert lines == lines[:1] * (1 if name == "one.json" else 2)
    assert (lines[0]["size"], lines[0]["words"], lines[0]["at"]) == ("2K", 2, "2026-11-01T00:00:00Z")


def test_a_request_that_cannot_be_read_takes_no_other_down(run: Run, written: Callable[[str, object], str]) -> None:
    lines = [
        '{"promt": "a"}',
        '{"n": "2"}',
        '{"provider": "gemnii"}',
        "[]",
        "5",
        "{",
        '{"provider": "gemini", "words": 30}',
    ]

    ran = run("preflight", written("requests.ndjson", lines), "--json")

    assert ran.code == 1
    assert len(ran.out.splitlines()) == 1
    told = [line.rpartition("requests.ndjson:")[2] for line in ran.err.splitlines()]
    assert told == [
        "1: 'promt' is no part of a request; did you mean 'prompt'?",
        "2: the request cannot be read: Expected `int`, got `str` - at `$.n`",
        "3: provider 'gemnii' is not known; did you mean 'gemini'?",
        "4: no request: write a JSON object, an array of them, or one a line",
        "5: no request: write a JSON object, an array of them, or one a line",
        "6: not JSON: Input data was truncated",
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--provider", "gemnii"), "did you mean 'gemini'"),
        (("-n", "0"), "'n' is 0; it is 1 at least"),
        (("--account", "prod"), "account 'prod' is not known"),
        (("nowhere.json",), "nowhere.json: No such file"),
    ],
)
def test_a_wrong_request_on_the_command_line_is_refused(run: Run, arguments: tuple[str, ...], message: str) -> None:
    ran = run("preflight", *arguments)

    assert ran.code == 2
    assert ran.err.startswith("imgpolicy: ")
    assert message in ran.err


def test_the_rules_are_listed_in_their_order(run: Run) -> None:
    listed = run("rules").out.partition("\npreflight, ")[2]

    assert "preflight.identity-document    stable  critical" in listed


def test_a_call_of_which_nothing_is_told_is_wrong_usage(run: Run) -> None:
    ran = run("preflight")

    assert ran.code == 2
    assert "nothing is told of the call" in ran.err
