from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from policyengine import Engine
from policyengine.compare import STANDARD_WORK, Row, compare
from policyengine.vocabulary import OUTCOMES


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine.load()


@pytest.fixture(scope="module")
def rows(engine: Engine) -> list[Row]:
    return compare(engine)


def test_every_dialect_with_scenarios_is_compared(engine: Engine, rows: list[Row]) -> None:
    expected = {
        dialect.name
        for provider in engine.plugins.providers.values()
        for dialect in provider.dialects
        if provider.scenarios(dialect.name)
    }

    assert {row.dialect for row in rows} == expected


def test_no_scenario_goes_unrecognized(rows: list[Row]) -> None:
    unrecognized = [f"{row.dialect}/{row.scenario}" for row in rows if row.outcome == "unrecognized"]

    assert [name for name in unrecognized if "unknown" not in name and "unrecognized" not in name] == []
    assert {row.outcome for row in rows} <= set(OUTCOMES)


def test_a_free_failure_costs_nothing_and_no_share(rows: list[Row]) -> None:
    for row in rows:
        if set(row.bill.values().values()) <= {"free", "na"}:
            assert row.low == row.high == Decimal(0)
            assert row.share in (None, (Decimal(0), Decimal(0)))


def test_an_unknown_component_never_becomes_a_confident_zero(rows: list[Row]) -> None:
    for row in rows:
        if row.bill.image == "unknown" and row.success:
            assert row.high is None or row.high > 0


def test_a_failure_costs_no_more_than_a_success(rows: list[Row]) -> None:
    dearer = [
        f"{row.seller}/{row.scenario}: {row.high} of {row.success}"
        for row in rows
        if row.outcome not in ("delivered", "partial")
        and row.success
        and row.high is not None
        and row.high > row.success
    ]

    assert dearer == []


def test_the_same_answer_is_billed_by_every_seller_that_passes_it_on(rows: list[Row]) -> None:
    sellers = {row.seller for row in rows if row.dialect == "gemini-api"}

    assert {"google-ai", "apiyi"} <= sellers


def test_a_larger_image_makes_a_dearer_success(engine: Engine, rows: list[Row]) -> None:
    large = compare(engine, msgspec.structs.replace(STANDARD_WORK, size="4096x4096"))

    def success(found: list[Row]) -> list[Row]:
        return [
            row for row in found if row.seller == "google-ai" and row.model == "gemini-3.1-flash-image" and row.success
        ]

    assert success(large)[0].success > success(rows)[0].success  # type: ignore[operator]  # both were filtered for it
