"""Samples of every reseller say what their sellers bill."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from policyengine.engine import Engine
from policyengine_midjourney import policyengine_provider
from policyengine_midjourney.shapes import addresses, written_object

if TYPE_CHECKING:
    from policyengine.provider import Dialect

PROVIDER = policyengine_provider()
NAMES = ("ttapi", "legnext", "goapi", "piapi", "kie", "acedata", "evolink", "useapi", "autojourney")
DIALECTS = [dialect for dialect in PROVIDER.dialects if dialect.name in NAMES]


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine.load()


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_every_dialect_has_a_success_and_failures(dialect: Dialect, engine: Engine) -> None:
    outcomes = {
        engine.evaluate(scenario.body, dialect=dialect.name, http_status=scenario.http_status).outcome
        for scenario in PROVIDER.scenarios(dialect.name)
    }

    assert {"delivered", "pending"} <= outcomes
    assert outcomes & {"blocked", "failed", "rejected"}


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_reseller_bills_the_task_and_nothing_else(dialect: Dialect, engine: Engine) -> None:
    for scenario in PROVIDER.scenarios(dialect.name):
        verdict = engine.evaluate(scenario.body, dialect=dialect.name, http_status=scenario.http_status)

        assert (verdict.bill.input, verdict.bill.text, verdict.bill.image) == ("na", "na", "na")


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_broken_connection_is_a_timeout(dialect: Dialect, engine: Engine) -> None:
    assert engine.evaluate(None, dialect=dialect.name, transport_error="ReadTimeout").outcome == "timeout"


def test_copies_of_the_same_tiles_are_not_added_up() -> None:
    assert addresses(["a", "b"], ["c", "d"]) == 2


def test_list_without_pictures_gives_way_to_the_next() -> None:
    assert addresses([None, ""], ["c"]) == 1


@pytest.mark.parametrize("written", ["", "{", "[1]", "{" * 2000, 7, None, ["x"]])
def test_what_is_no_written_object_is_empty(written: object) -> None:
    assert written_object(written) == {}
