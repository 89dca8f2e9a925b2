"""Test that every scenario gets the verdict that stands in tests/golden/, one file per dialect.

A verdict that changed on purpose is written anew with `pytest tests/test_golden.py --update-golden`;
the change of the file is part of the commit and is what a reviewer reads.
"""

from __future__ import annotations

from difflib import unified_diff
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from policyengine.engine import Engine
from policyengine.plugins import load_plugins
from policyengine.vocabulary import COMPONENTS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from decimal import Decimal

    from policyengine.provider import Dialect, Scenario
    from policyengine.verdict import Verdict

GOLDEN = Path(__file__).parent / "golden"
PLUGINS = load_plugins()
DIALECTS = sorted(PLUGINS.dialects.values(), key=lambda dialect: dialect.name)
AT = "2026-11-22T12:00:00Z"  # a verdict depends on the day: rules and prices have dates


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine.load()


def verdict_on(engine: Engine, dialect: Dialect, scenario: Scenario) -> Verdict:
    return engine.evaluate(scenario.body, dialect=dialect.name, **{"at": AT, **scenario.context})


def written(engine: Engine, dialect: Dialect) -> str:
    """Return the verdicts on the scenarios of *dialect*, as its golden file has them."""
    scenarios = PLUGINS.providers[dialect.provider].scenarios(dialect.name)
    return "\n\n".join(
        "\n".join([scenario.name, *lines_of(verdict_on(engine, dialect, scenario))]) for scenario in scenarios
    )


def lines_of(verdict: Verdict) -> Iterator[str]:
    yield f"  {verdict.outcome}, {verdict.stage}; images {verdict.images}; route {verdict.route.action}"
    for component in COMPONENTS:
        if (value := verdict.bill[component]) != "na":
            yield f"  {component:8}{value} ({verdict.bill.basis.get(component) or 'no evidence'})"
    if verdict.bill.on:
        yield f"  on      {', '.join(verdict.bill.on)}"
    yield f"  charge  {dollars(verdict.charge.low)} to {dollars(verdict.charge.high)}, {verdict.charge.source}"
    yield f"  rules   {' '.join(step.rule for step in verdict.trail)}"


def dollars(amount: Decimal | None) -> str:
    return "no bound" if amount is None else f"${amount.normalize():f}"


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_verdicts_are_the_golden_ones(engine: Engine, dialect: Dialect, request: pytest.FixtureRequest) -> None:
    file = GOLDEN / f"{dialect.name}.txt"
    now = written(engine, dialect) + "\n"
    if request.config.getoption("--update-golden"):
        file.write_text(now, encoding="utf-8")

    before = file.read_text(encoding="utf-8") if file.is_file() else ""
    if before != now:
        changes = unified_diff(before.splitlines(), now.splitlines(), f"golden/{file.name}", "now", lineterm="", n=4)
        pytest.fail("\n".join([*changes, "", "meant so? pytest tests/test_golden.py --update-golden"]), pytrace=False)


def test_every_golden_file_is_of_a_dialect() -> None:
    assert {file.stem for file in GOLDEN.iterdir()} == set(PLUGINS.dialects)
