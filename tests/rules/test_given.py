"""Test that the facts of a verdict, written as an example, are the facts that were decided."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policyengine.facts import Facts
from policyengine.rules.examples import facts_of
from policyengine.rules.given import given_toml

if TYPE_CHECKING:
    from collections.abc import Callable

    from policyengine.engine import Engine
    from policyengine.errors import Diagnostic
    from policyengine.rules.load import LoadedRules

    LoadFile = Callable[..., tuple[LoadedRules | None, list[Diagnostic]]]

RULE = """\
decision = "route"

[[rule]]
id = "toy.one"
title = "One"
then = { action = "none", tag = "x" }

"""
AT = datetime(2026, 6, 1, 12, 30, tzinfo=UTC)
FACTS = Facts(provider="toy", dialect="toy-api", seller="toy-inc", at=AT)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)


@pytest.fixture
def given_of(engine: Engine) -> Callable[[Facts], str]:
    """Return a function that decides facts and writes them as an example."""
    return lambda facts: given_toml(engine.decide(facts))


def table(written: str) -> dict[str, Any]:
    (example,) = tomllib.loads(RULE + written, parse_float=Decimal)["rule"][0]["example"]
    given_: dict[str, Any] = example["given"]
    return given_


def test_an_example_can_be_appended_to_a_rule(given_of: Callable[[Facts], str], load_file: LoadFile) -> None:
    loaded, faults = load_file(RULE + given_of(msgspec.structs.replace(FACTS, message="No.", signal={"level": 2})))

    assert faults == []
    assert loaded is not None
    assert len(loaded.rules[0].rule.example) == 1


def test_what_was_decided_stands_beside_the_facts(given_of: Callable[[Facts], str]) -> None:
    told = table(given_of(msgspec.structs.replace(FACTS, finish_reason="SAFETY")))

    assert (told["outcome"], told["stage"], told["finish_reason"]) == ("blocked", "output", "SAFETY")


def test_ids_and_absent_facts_are_left_out(given_of: Callable[[Facts], str]) -> None:
    told = table(given_of(msgspec.structs.replace(FACTS, request_id="secret-1", task_id="secret-2", attempt=3)))

    assert set(told) == {"dialect", "seller", "at", "outcome", "stage"}


def test_amounts_are_exact(given_of: Callable[[Facts], str]) -> None:
    told = table(given_of(msgspec.structs.replace(FACTS, settled=Decimal("0.1"), quoted=Decimal("3.00"))))

    assert (told["settled"], told["quoted"]) == (Decimal("0.1"), 3)


def some_facts() -> st.SearchStrategy[Facts]:
    signals = st.fixed_dictionaries(
        {},
        optional={
            "hint": TEXT,
            "level": st.integers(0, 2**53),
            "sure": st.booleans(),
            "tags": st.lists(TEXT, min_size=1, max_size=3).map(tuple),
        },
    )
    told = {
        "model": TEXT,
        "message": TEXT,
        "text": TEXT,
        "tier": st.sampled_from(["batch", "flex"]),
        "http_status": st.integers(100, 599),
        "elapsed_s": st.floats(0, 1e6),
        "terminal": st.booleans(),
        "category": st.lists(TEXT, max_size=3).map(tuple),
        "settled": st.decimals(0, 10**6, places=12),
        "images_delivered": st.integers(0, 10),
        "account": st.fixed_dictionaries({}, optional={"mode": TEXT, "failures_today": st.integers(0, 99)}),
        "signal": signals,
    }
    return st.fixed_dictionaries({}, optional=told).map(lambda known: msgspec.structs.replace(FACTS, **known))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # an engine does not change
@given(facts=some_facts())
def test_facts_survive_the_way_through_an_example(facts: Facts, engine: Engine, load_file: LoadFile) -> None:
    verdict = engine.decide(facts)
    file, _ = load_file(RULE)
    assert file is not None

    again = facts_of(table(given_toml(verdict)), file, file.rules[0])

    assert {**msgspec.structs.asdict(again.facts), "provider": "toy"} == msgspec.structs.asdict(verdict.facts)
    assert (again.outcome, again.stage) == (verdict.outcome, verdict.stage)
