"""Test that a verdict survives JSON, tells its weakest basis, and logs no prompt."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal, Inexact, localcontext
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from policyengine.errors import InputError
from policyengine.facts import Facts, UsageRow
from policyengine.rules.model import Evidence
from policyengine.verdict import (
    Alternative,
    Bill,
    Charge,
    ChargeLine,
    PriceRef,
    Route,
    Step,
    Verdict,
    VerdictWarning,
)
from policyengine.vocabulary import ACTIONS, BASES, BILL_VALUES, COMPONENTS, OUTCOMES, STAGES, TIERS

if TYPE_CHECKING:
    from collections.abc import Mapping

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
MAYBE = st.none() | TEXT
AMOUNT = st.decimals(0, 10**6, places=12)
BOUND = st.none() | AMOUNT
TIME = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  bounds are naive
SIGNAL = TEXT | st.integers(0, 99) | st.booleans() | st.lists(TEXT, max_size=2).map(tuple)

FACTS = st.builds(
    Facts,
    provider=TEXT,
    dialect=TEXT,
    seller=TEXT,
    model=MAYBE,
    tier=st.none() | st.sampled_from(TIERS),
    at=st.none() | TIME,
    elapsed_s=st.none() | st.floats(0, 1e6),
    http_status=st.none() | st.integers(100, 599),
    message=MAYBE,
    category=st.lists(TEXT, max_size=2).map(tuple),
    settled=BOUND,
    terminal=st.none() | st.booleans(),
    signal=st.dictionaries(TEXT, SIGNAL, max_size=3),
    account=st.dictionaries(TEXT, TEXT | st.integers(0, 99), max_size=2),
)
USAGE = st.builds(UsageRow, TEXT, TEXT, st.integers(0, 2**53) | AMOUNT, MAYBE)
EVIDENCE = st.builds(
    Evidence,
    basis=st.sampled_from(BASES),
    source=TEXT.map(lambda text: f"https://x.test/{text}"),
    checked=st.dates(date(2020, 1, 1), date(2030, 1, 1)),
    quote=MAYBE,
    component=st.none() | st.sampled_from(COMPONENTS),
)
STEP = st.builds(
    Step,
    decision=TEXT,
    rule=TEXT,
    title=TEXT,
    file=TEXT,
    line=st.integers(1, 999),
    component=MAYBE,
    evidence=st.lists(EVIDENCE, max_size=2).map(tuple),
)
LINE = st.builds(
    ChargeLine,
    component=st.sampled_from(COMPONENTS),
    value=st.sampled_from(BILL_VALUES),
    unit=TEXT,
    quantity=BOUND,
    rate=BOUND,
    low=AMOUNT,
    high=BOUND,
    price=st.none() | st.builds(PriceRef, seller=TEXT, model=TEXT, source=TEXT, checked=TEXT, file=TEXT),
    note=MAYBE,
)
CHARGE = st.builds(
    Charge,
    low=AMOUNT,
    high=BOUND,
    source=st.sampled_from(["computed", "settled", "quoted"]),
    lines=st.lists(LINE, max_size=2).map(tuple),
    alternatives=st.lists(
        st.builds(Alternative, given=st.dictionaries(TEXT, TEXT, max_size=2), low=AMOUNT, high=BOUND), max_size=2
    ).map(tuple),
    computed_low=BOUND,
)
BILL = st.builds(
    Bill,
    **dict.fromkeys(COMPONENTS, st.sampled_from(BILL_VALUES)),
    basis=st.dictionaries(st.sampled_from(COMPONENTS), st.sampled_from(BASES)),
    on=st.lists(TEXT, max_size=2).map(tuple),
)
VERDICT = st.builds(
    Verdict,
    outcome=st.sampled_from(OUTCOMES),
    stage=st.sampled_from(STAGES),
    images=st.none() | st.integers(0, 10),
    bill=BILL,
    charge=CHARGE,
    route=st.builds(
        Route, action=st.sampled_from(ACTIONS), tag=TEXT, retry=st.booleans(), wait_s=st.floats(0, 1e6), advice=MAYBE
    ),
    facts=FACTS,
    usage=st.lists(USAGE, max_size=2).map(tuple),
    trail=st.lists(STEP, max_size=2).map(tuple),
    experimental=st.lists(STEP, max_size=1).map(tuple),
    warnings=st.lists(st.builds(VerdictWarning, TEXT, TEXT), max_size=2).map(tuple),
    fingerprint=TEXT,
)


@given(verdict=VERDICT)
def test_a_verdict_survives_json(verdict: Verdict) -> None:
    written = verdict.to_json()

    assert Verdict.from_json(written) == verdict
    assert Verdict.from_json(written.decode()) == verdict


@given(verdict=VERDICT)
def test_a_verdict_reads_the_same_in_any_decimal_context(verdict: Verdict) -> None:
    written = verdict.explain()

    with localcontext() as context:
        context.prec = 2
        context.traps[Inexact] = True
        assert verdict.explain() == written


@given(verdict=VERDICT)
def test_a_record_is_flat_and_is_json(verdict: Verdict) -> None:
    record = verdict.record()

    assert json.loads(json.dumps(record)) == record
    assert all(value is None or isinstance(value, str | int | float | bool) for value in record.values())


def test_what_is_no_verdict_is_refused() -> None:
    with pytest.raises(InputError, match="missing required field"):
        Verdict.from_json(b"{}")
    with pytest.raises(InputError, match="truncated"):
        Verdict.from_json(b"{")


def bill(values: Mapping[str, str], basis: Mapping[str, str]) -> Bill:
    whole: dict[str, object] = {**dict.fromkeys(map(str, COMPONENTS), "na"), **values, "basis": dict(basis)}
    return msgspec.convert(whole, Bill)


@pytest.mark.parametrize(
    ("values", "basis", "weakest"),
    [
        ({"image": "free"}, {"image": "stated"}, "stated"),
        ({"image": "free", "text": "free"}, {"image": "stated", "text": "reported"}, "reported"),
        ({"image": "free", "text": "unknown"}, {"image": "stated"}, "inferred"),
        ({"image": "free"}, {}, "inferred"),
        ({}, {}, "inferred"),
    ],
)
def test_the_basis_is_the_weakest_of_what_there_is(values: dict[str, str], basis: dict[str, str], weakest: str) -> None:
    assert bill(values, basis).weakest == weakest


def test_a_bill_is_read_by_component() -> None:
    one = bill({"image": "free"}, {})

    assert one["image"] == "free"
    assert one.values() == {"input": "na", "text": "na", "image": "free", "request": "na"}
    with pytest.raises(KeyError):
        one["basis"]


@pytest.mark.parametrize(
    ("low", "high", "exact", "unpriced"), [("1", "1", True, False), ("0", "1", False, False), ("0", None, False, True)]
)
def test_a_charge_tells_whether_it_is_exact_or_has_no_bound(
    low: str,
    high: str | None,
    exact: bool,  # noqa: FBT001
    unpriced: bool,  # noqa: FBT001
) -> None:
    charge = Charge(low=Decimal(low), high=None if high is None else Decimal(high))

    assert (charge.is_exact, charge.is_unpriced) == (exact, unpriced)


def test_a_record_holds_neither_the_prompt_nor_the_models_words() -> None:
    facts = Facts(
        provider="toy", dialect="toy-api", seller="toy-inc", text="SECRET", message="SECRET", request_id="r-1"
    )
    verdict = Verdict(
        outcome="blocked",
        stage="output",
        images=0,
        bill=bill({"image": "free"}, {"image": "stated"}),
        charge=Charge(low=Decimal(0), high=Decimal("0.04")),
        route=Route(action="change_prompt", tag="x", retry=False),
        facts=facts,
    )

    record = verdict.record()

    assert "SECRET" not in str(record)
    assert (record["request_id"], record["charge_low_usd"], record["charge_high_usd"]) == ("r-1", "0", "0.04")
    assert (record["bill_image"], record["basis"], record["action"]) == ("free", "stated", "change_prompt")


def evidence(basis: str, day: int, **told: str) -> Evidence:
    written = {"basis": basis, "source": "https://toy.test", "checked": f"2026-06-{day:02}", **told}
    return msgspec.convert(written, Evidence)


@pytest.mark.parametrize(
    ("value", "best"),
    [("free", ("official", 3)), ("charged", ("settled", 1)), ("unknown", ("official", 3))],
)
def test_the_best_evidence_is_the_surest_and_newest_that_does_not_disagree(value: str, best: tuple[str, int]) -> None:
    step = Step(
        decision="bill",
        rule="toy-inc.blocked",
        title="",
        file="",
        line=1,
        component="image",
        evidence=(
            evidence("settled", 1, supports="charged"),
            evidence("official", 2),
            evidence("official", 3),
            evidence("reported", 4),
            evidence("stated", 5, component="input"),
        ),
    )

    found = step.best_evidence(value)

    assert found is not None
    assert (found.basis, found.checked.day) == best


def test_nothing_speaks_for_a_step_whose_evidence_is_on_other_components() -> None:
    step = Step(
        decision="bill",
        rule="toy-inc.blocked",
        title="",
        file="",
        line=1,
        component="image",
        evidence=(evidence("stated", 1, component="input"),),
    )

    assert step.best_evidence("free") is None
