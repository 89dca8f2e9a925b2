"""Test that the article's cells are what its rules give, and that the evidence stands beside them with its source."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from policyengine import Engine
from policyengine.rules.examples import run_examples
from policyengine.view.compare import Line, compare_view
from policyengine.view.load import load_view, view_directory
from policyengine.view.model import Cell, View

NB2 = "Nano Banana 2 (Gemini 3.1 Flash Image)"
PRO = "Nano Banana Pro (Gemini 3 Pro Image)"
INPUT, OUTPUT, COST = "Input Token Charge", "Output Token Charge", "Total Cost per Request"
NOTICE = 'Explicit "Free" Notice'


@pytest.fixture(scope="module")
def evidence() -> Engine:
    return Engine.load()


@pytest.fixture(scope="module")
def claimed() -> Engine:
    return Engine.load(view_directory("article"))


@pytest.fixture(scope="module")
def view(evidence: Engine) -> View:
    return load_view(view_directory("article"), evidence.plugins, sellers=tuple(evidence.policy.prices.sellers))


@pytest.fixture(scope="module")
def lines(view: View, claimed: Engine, evidence: Engine) -> list[Line]:
    return list(compare_view(view, claimed, evidence))


def test_every_cell_is_what_the_rules_of_the_article_give(lines: list[Line]) -> None:
    unsupported = [(line.row, line.column, line.text, line.view) for line in lines if not line.is_supported]

    assert unsupported == []


def test_the_rules_of_the_article_load_and_hold_their_examples(claimed: Engine) -> None:
    ran, failures = run_examples(claimed.policy.rules)

    assert [str(fault) for fault in claimed.policy.warnings] == []
    assert [str(failure) for failure in failures] == []
    assert ran > 0


def test_every_price_of_the_article_cites_it(claimed: Engine, view: View) -> None:
    cited = {
        entry.source for _, file, entry in claimed.policy.prices.entries() if str(view_directory("article")) in file
    }

    assert cited == {view.source}


def test_every_row_has_its_cells_but_one(view: View) -> None:
    short = [
        [cell.text if isinstance(cell, Cell) else cell for cell in row.cells]
        for table in view.table
        for row in table.row
        if len(row.cells) < len(table.column)
    ]

    assert {table.name: len(table.row) for table in view.table} == {"prices": 6, "scenarios": 5, "platforms": 5}
    assert short == [["DALL-E 3 (OpenAI)", "❌ No charge", "❌ No explicit statement"]]


def test_every_cell_of_a_complete_row_but_names_and_signals_claims_something(lines: list[Line]) -> None:
    silent = {line.column for line in lines if line.agreement is None and line.note is None}

    assert silent == {"Billing Dimension", "Scenario", "finishReason / blockReason", "Platform"}


def test_the_incomplete_row_claims_nothing_and_shows_the_evidence(lines: list[Line]) -> None:
    row = [line for line in lines if line.row == "DALL-E 3 (OpenAI)"]
    texts, beside = row[:3], row[3:]

    assert [(line.column, line.text) for line in texts] == [
        ("", "DALL-E 3 (OpenAI)"),
        ("", "❌ No charge"),
        ("", "❌ No explicit statement"),
    ]
    assert [line.agreement for line in beside] == ["cannot be said"] * 3
    assert all(line.text is None and line.view == "" and line.evidence and line.note for line in beside)


class Beside(NamedTuple):
    row: str
    column: str
    seller: str
    agreement: str
    evidence: str
    behind: str


NB2_PRICE, PRO_PRICE = "price of gemini-3.1-flash-image", "price of gemini-3-pro-image"
BESIDE = [
    Beside("Input Token Price", NB2, "google-ai", "same", "$0.50 per 1M", NB2_PRICE),
    Beside("Output Token Price", NB2, "google-ai", "differs", "text: $3.00 per 1M; image: $60.00 per 1M", NB2_PRICE),
    Beside("1K Image (≤1024px)", NB2, "google-ai", "differs", "$0.0672", NB2_PRICE),
    Beside("1K Image (≤1024px)", PRO, "google-ai", "same", "$0.1344", PRO_PRICE),
    Beside("2K Image", NB2, "google-ai", "differs", "$0.1008", NB2_PRICE),
    Beside("4K Image", NB2, "google-ai", "differs", "$0.1512", NB2_PRICE),
    Beside("4K Image", PRO, "google-ai", "same", "$0.24", PRO_PRICE),
    Beside("Batch API Discount", NB2, "google-ai", "same", "50 %", NB2_PRICE),
    Beside("Success (1K)", INPUT, "google-ai", "same", "charged", "google-ai.delivered"),
    Beside("Success (1K)", COST, "google-ai", "differs", "$0.06745", NB2_PRICE),
    Beside("Layer 1 Block", INPUT, "google-ai", "same", "unknown", "google-ai.blocked-input"),
    Beside("Layer 1 Block", COST, "apiyi", "cannot be said", "$0.00009 to $0.055", "apiyi.tokens-without-image"),
    Beside("Layer 2 Block", INPUT, "google-ai", "cannot be said", "unknown", "google-ai.blocked-input"),
    Beside("No-Charge Disclaimer", COST, "google-ai", "cannot be said", "$0.00 to $0.00115", "google-ai.blocked-input"),
    Beside("No-Charge Disclaimer", COST, "apiyi", "differs", "$0.00657 to $0.055", "apiyi.tokens-without-image"),
]


@pytest.mark.parametrize("case", BESIDE, ids=lambda case: f"{case.row}-{case.seller}")
def test_a_cell_stands_beside_the_evidence(lines: list[Line], case: Beside) -> None:
    line = only(lines, case.row, case.column, case.seller)

    assert (line.agreement, line.evidence) == (case.agreement, case.evidence)
    assert line.grounds[0].by == case.behind
    assert line.grounds[0].source is not None


@pytest.mark.parametrize(
    ("row", "column", "seller", "behind"),
    [
        ("Nano Banana 2 / Pro", "Output Charge on Failure", "google-ai", "google-ai.text-answer"),
        ("Midjourney", "Output Charge on Failure", "midjourney", "midjourney.errors-are-free"),
        ("Stable Diffusion 3", "Input Charge on Failure", "stability, aws-bedrock", "price of stable-image-core"),
        ("Flux.1 Pro", "Input Charge on Failure", "bfl", "bfl.only-ready-costs"),
        ("Flux.1 Pro", NOTICE, "bfl", "bfl.only-ready-costs"),
    ],
)
def test_a_platform_differs_by_a_rule(lines: list[Line], row: str, column: str, seller: str, behind: str) -> None:
    line = only(lines, row, column, seller)

    assert line.agreement == "differs"
    assert line.grounds[0].by == behind
    assert line.grounds[0].source is not None


def test_the_source_shown_is_the_best_that_speaks_for_the_evidence(lines: list[Line]) -> None:
    line = only(lines, "Layer 2 Block", INPUT, "google-ai")

    assert line.grounds[0].source == "https://ai.google.dev/gemini-api/docs/billing"


def test_every_difference_has_a_rule_or_a_price_and_its_source_behind_it(lines: list[Line]) -> None:
    bare = [
        (line.row, line.column, line.seller)
        for line in lines
        if line.agreement == "differs" and not any(ground.source for ground in line.grounds)
    ]

    assert bare == []


def test_every_rule_behind_a_cell_stands_where_it_is_said_to(lines: list[Line], evidence: Engine) -> None:
    rules = evidence.policy.rules.rules
    named = {ground for line in lines for ground in line.grounds if not ground.by.startswith("price of ")}

    assert named
    for ground in named:
        place = rules[ground.by].place
        assert ground.at == f"{place.file}:{place.line}"
        if Path(place.path).is_file():
            assert Path(place.path).read_text(encoding="utf-8").splitlines()[place.line - 1] == "[[rule]]"


def only(lines: list[Line], row: str, column: str, seller: str) -> Line:
    found = [line for line in lines if (line.row, line.column, line.seller) == (row, column, seller)]
    assert len(found) == 1
    return found[0]
