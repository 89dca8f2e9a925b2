"""Test that whatever a platform or a network hands over becomes a verdict or an error of our own, and is written."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import httpx
import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policyengine.facts import Facts, UsageRow
from policyengine.money.exact import summed
from policyengine.verdict import Verdict
from policyengine.vocabulary import COMPONENTS, TIERS

if TYPE_CHECKING:
    from policyengine.engine import Engine

ONCE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
TOY = b'{"toy": {"status": "FAILED"}}'
BODIES: dict[str, object] = {
    "nothing": None,
    "empty": b"",
    "spaces": b" \n\t",
    "html": b"<!doctype html><title>502</title>",
    "words": b"upstream connect error",
    "truncated": TOY[:-3],
    "NaN": b'{"toy": NaN}',
    "huge integer": b'{"toy": ' + b"9" * 100_000 + b"}",
    "huge number": b'{"toy": 1e400}',
    "invalid UTF-8": b'{"toy": "\xff\xfe"}',
    "UTF-16": '{"toy": 1}'.encode("utf-16"),
    "NUL": b"\x00" * 100,
    "deep array": b"[" * 100_000 + b"]" * 100_000,
    "deep object": b'{"toy":' * 100_000 + b"1" + b"}" * 100_000,
    "png": b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
    "webp in text": b"RIFF\x00\x00\x00\x00WEBPdata: {",
    "string": b'"toy"',
    "number": b"5",
    "null": b"null",
    "empty array": b"[]",
    "empty object": b"{}",
    "array of arrays": [[[]]],
    "null chunk": [None],
    "odd keys": {1: 2, None: 3},
    "broken events": b"data: {\n\ndata: \n\n",
    "events without an end": b'data: {"toy": {"status": "RUNNING"}}\n\n',
    "surrogate": {"other": "\ud800"},
}


@pytest.mark.parametrize("status", [None, 200, 503])
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_what_nobody_can_read_is_a_verdict_that_is_written_and_not_free(
    engine: Engine, body: object, status: int | None
) -> None:
    verdict = engine.evaluate(body, http_status=status, at="2026-06-15T00:00:00Z")

    assert Verdict.from_json(verdict.to_json()) == verdict
    assert verdict.outcome == ("failed" if status == 503 else "unrecognized")
    assert verdict.charge.high is None
    assert verdict.explain()


def test_the_last_of_two_equal_keys_decides(engine: Engine) -> None:
    body = b'{"toy": {"status": "QUEUED"}, "toy": {"status": "FAILED"}}'

    assert engine.evaluate(body, seller="toy-inc").outcome == "failed"


@pytest.mark.parametrize(
    "error",
    [
        httpx.ReadTimeout("slow"),
        httpx.ConnectTimeout("slow"),
        httpx.RemoteProtocolError("closed"),
        requests.exceptions.ConnectionError(),
        requests.exceptions.ReadTimeout(),
        asyncio.CancelledError(),
        TimeoutError(),
        ConnectionResetError(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_exception_without_an_answer_is_a_timeout_of_unknown_cost(engine: Engine, error: BaseException) -> None:
    verdict = engine.evaluate(error, provider="toy", seller="toy-inc", at="2026-06-15T00:00:00Z")

    assert (verdict.outcome, verdict.facts.transport_error) == ("timeout", type(error).__name__)
    assert verdict.bill.image == "unknown"
    assert Verdict.from_json(verdict.to_json()) == verdict


def test_an_answer_that_broke_off_is_a_timeout_and_not_what_its_status_says(engine: Engine) -> None:
    verdict = engine.evaluate(TOY[:-3], http_status=200, transport_error="ReadTimeout", dialect="toy-api")

    assert verdict.outcome == "timeout"


def test_an_answer_of_a_hundred_megabytes_is_decided(engine: Engine) -> None:
    body = b'{"toy": {"images_delivered": 1, "model": "toy-1", "text": "' + b"A" * 100_000_000 + b'"}}'

    assert engine.evaluate(body, seller="toy-inc").outcome == "delivered"


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
COUNT = st.none() | st.integers(0, 2**53)
FACTS = st.builds(
    Facts,
    provider=st.just("toy"),
    dialect=st.sampled_from(["toy-api", "toy-twin", "none"]),
    seller=st.sampled_from(["toy-inc", "toy-twin-inc", "nobody"]),
    model=st.none() | st.sampled_from(["toy-1", "else/toy-1", "toy-9", ""]),
    tier=st.none() | st.sampled_from(TIERS),
    size=st.none() | st.sampled_from(["1K", "4K", "1024x1024", "9x9", "odd"]),
    quality=st.none() | TEXT,
    at=st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001  bounds are naive
    attempt=st.integers(-1, 5000),
    http_status=st.none() | st.integers(100, 599),
    status=st.none() | st.sampled_from(["QUEUED", "FAILED", "DONE"]),
    finish_reason=st.none() | st.sampled_from(["SAFETY", "STOP", "NEW"]),
    retry_after_s=st.none() | st.floats(0, 1e9),
    images_requested=COUNT,
    images_delivered=COUNT,
    images_withheld=COUNT,
    input_tokens=COUNT,
    text_tokens=COUNT,
    settled=st.none() | st.decimals(0, 1000, places=9),
    quoted=st.none() | st.decimals(0, 1000, places=9),
    money_unit=st.none() | st.sampled_from(["USD", "CNY", "credit", "quota"]),
)
USAGE = st.lists(
    st.builds(
        UsageRow,
        st.sampled_from([str(component) for component in COMPONENTS]),
        st.sampled_from(["token", "cached_token", "image", "megapixel", "call", "odd"]),
        st.integers(0, 2**53) | st.decimals(0, 1000, places=6),
        st.none() | st.sampled_from(["toy-1", "toy-9"]),
    ),
    max_size=4,
)


@ONCE
@given(facts=FACTS, usage=USAGE)
def test_any_facts_make_a_verdict_that_survives_json(engine: Engine, facts: Facts, usage: list[UsageRow]) -> None:
    verdict = engine.decide(facts, usage)

    assert Verdict.from_json(verdict.to_json()) == verdict
    assert verdict.explain()
    assert verdict.record()


@ONCE
@given(facts=FACTS, usage=USAGE)
def test_any_charge_is_an_interval_whose_parts_sum_to_it(engine: Engine, facts: Facts, usage: list[UsageRow]) -> None:
    charge = engine.decide(facts, usage).charge

    assert charge.low >= 0
    assert charge.high is None or charge.low <= charge.high
    if charge.source == "computed":
        highs = [line.high for line in charge.lines]
        assert charge.low == summed(line.low for line in charge.lines)
        assert charge.high == (None if None in highs else summed(high for high in highs if high is not None))


@ONCE
@given(facts=FACTS, usage=USAGE)
def test_what_is_not_known_never_becomes_a_confident_zero(engine: Engine, facts: Facts, usage: list[UsageRow]) -> None:
    verdict = engine.decide(facts, usage)

    unknown = {component for component, value in verdict.bill.values().items() if value == "unknown"}
    assert unknown <= {line.component for line in verdict.charge.lines}
    for line in verdict.charge.lines:
        if line.value == "unknown" and line.high == 0:
            assert line.quantity == 0 or line.at_most == 0 or line.gross == 0
