"""Test what an exchange itself tells of the facts."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest

from policyengine.exchange import Exchange

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policyengine.facts import Facts
    from policyengine.plugins import PluginSet
    from policyengine.provider import Dialect


@pytest.fixture
def dialect(plugins: PluginSet) -> Dialect:
    return plugins.dialects["toy-api"]


def facts(dialect: Dialect, exchange: Exchange, **signals: Any) -> Facts:  # noqa: ANN401
    return exchange.facts(dialect, **signals)


def test_dialect_and_seller_are_filled_in(dialect: Dialect) -> None:
    found = facts(dialect, Exchange())

    assert (found.provider, found.dialect, found.seller) == ("toy", "toy-api", "toy-inc")
    assert facts(dialect, Exchange(seller="resale")).seller == "resale"


def test_what_the_caller_says_of_the_model_wins_over_the_payload_and_that_over_the_request(dialect: Dialect) -> None:
    request = {"model": "asked"}

    assert facts(dialect, Exchange(request=request)).model == "asked"
    assert facts(dialect, Exchange(request=request), model="served").model == "served"
    assert facts(dialect, Exchange(request=request, model="told"), model="served").model == "told"


def test_signals_that_are_none_count_as_not_read(dialect: Dialect) -> None:
    found = facts(
        dialect, Exchange(http_status=200, request={"n": 2}), http_status=None, images_requested=None, code=None
    )

    assert (found.http_status, found.images_requested, found.code) == (200, 2, None)


@pytest.mark.parametrize(
    ("request_body", "told"),
    [
        ({"size": "1K", "quality": "high", "n": 3}, ("1K", "high", 3)),
        ({"size": 5, "quality": "", "n": "3"}, (None, None, None)),
        ({"n": -1}, (None, None, None)),
        ({"n": True}, (None, None, None)),
    ],
)
def test_the_request_bounds_the_work(
    dialect: Dialect, request_body: dict[str, object], told: tuple[object, ...]
) -> None:
    found = facts(dialect, Exchange(request=request_body))

    assert (found.size, found.quality, found.images_requested) == told


@pytest.mark.parametrize(
    ("request_body", "size"),
    [
        ({"prompt": "a \u00e4"}, 4),
        ({"prompt": "\ud800"}, 3),
        ({"prompt": ""}, 0),
        ({"prompt": "x", "image": "…"}, None),
        ({"prompt": "x", "input_images": []}, None),
        ({"prompt": ["x"]}, None),
        ({}, None),
    ],
)
def test_a_prompt_without_images_is_measured_in_bytes(
    dialect: Dialect, request_body: dict[str, object], size: int | None
) -> None:
    assert facts(dialect, Exchange(request=request_body)).prompt_bytes == size


@pytest.mark.parametrize(
    ("headers", "name", "value"),
    [
        ({"x-request-id": "r-1"}, "request_id", "r-1"),
        ({"retry-after": "2.5"}, "retry_after_s", 2.5),
        ({"retry-after": "soon"}, "retry_after_s", None),
        ({"retry-after": "-1"}, "retry_after_s", None),
        ({"retry-after": "nan"}, "retry_after_s", None),
        ({"date": "Mon, 01 Jun 2026 12:00:00 GMT"}, "at", datetime(2026, 6, 1, 12, tzinfo=UTC)),
        ({"date": "Mon, 01 Jun 2026 12:00:00 +0200"}, "at", datetime(2026, 6, 1, 10, tzinfo=UTC)),
        ({"date": "x"}, "at", None),
    ],
)
def test_headers_tell_what_the_payload_does_not(
    dialect: Dialect, headers: dict[str, str], name: str, value: object
) -> None:
    assert getattr(facts(dialect, Exchange(headers=headers)), name) == value


def test_payload_wins_over_headers(dialect: Dialect) -> None:
    headers = {"x-request-id": "header", "retry-after": "1", "date": "Mon, 01 Jun 2026 12:00:00 GMT"}
    at = datetime(2026, 5, 1, tzinfo=UTC)

    found = facts(dialect, Exchange(headers=headers), request_id="payload", retry_after_s=9.0, at=at)

    assert (found.request_id, found.retry_after_s, found.at) == ("payload", 9.0, at)


@pytest.mark.parametrize(
    "at",
    [
        datetime(2026, 6, 1, 1, tzinfo=timezone(timedelta(hours=2))),
        datetime(2026, 5, 31, 23, tzinfo=UTC),
        datetime(2026, 5, 31, 23),  # noqa: DTZ001  a time without an offset is read as UTC
    ],
)
def test_times_are_kept_in_utc(dialect: Dialect, at: datetime) -> None:
    found = facts(dialect, Exchange(at=at)).at

    assert found is not None
    assert found.isoformat() == "2026-05-31T23:00:00+00:00"


@pytest.fixture
def far_away(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Set the clock of the machine to another zone."""
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("far_away")
@pytest.mark.parametrize(
    "exchange",
    [
        Exchange(at=datetime(2026, 5, 31, 23)),  # noqa: DTZ001  a time without an offset
        Exchange(headers={"date": "Sun, 31 May 2026 23:00:00 -0000"}),
    ],
    ids=["told", "header"],
)
def test_the_zone_of_the_machine_does_not_matter(dialect: Dialect, exchange: Exchange) -> None:
    assert facts(dialect, exchange).at == datetime(2026, 5, 31, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://API.Toy.test:8443/v1?x=1", "api.toy.test"),
        ("https://user@api.toy.test/v1", "api.toy.test"),
        ("https://api.toy.test.evil.test/", "api.toy.test.evil.test"),
        ("http://[::1", ""),
        ("not an address", ""),
        ("", ""),
        (None, ""),
    ],
)
def test_host_is_that_of_the_address(url: str | None, host: str) -> None:
    assert Exchange(url=url).host == host


def test_account_facts_are_copied(dialect: Dialect) -> None:
    told = {"mode": "per-call"}

    found = facts(dialect, Exchange(account_facts=told))

    assert found.account == told
    assert found.account is not told
