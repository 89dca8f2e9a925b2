"""Test that whatever callers have in hand becomes an exchange, and that nothing a platform sends raises."""

from __future__ import annotations

import http
import io
import json
import re
import tracemalloc
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from policyengine.errors import InputError
from policyengine.exchange import Exchange
from policyengine.intake import MAX_BODY_BYTES, decoded, exchange_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

BODY = {"toy": {"code": "x"}}
RAW = json.dumps(BODY).encode()


def read(source: object, **context: Any) -> Exchange:  # noqa: ANN401
    return exchange_of(source, context)


@pytest.mark.parametrize(
    "source",
    [
        RAW,
        RAW.decode(),
        bytearray(RAW),
        memoryview(RAW),
        BODY,
        b"\xef\xbb\xbf" + RAW,
        "\ufeff" + RAW.decode(),
        b"\n " + RAW + b"\r\n",
        Exchange(body=RAW),
        Exchange(body=bytearray(RAW)),
    ],
)
def test_json_is_read_from_whatever_holds_it(source: object) -> None:
    exchange = read(source)

    assert (exchange.body, exchange.fault) == (BODY, None)


BROKEN: dict[str, tuple[bytes, object, str]] = {
    "empty": (b"", None, "empty body"),
    "html": (b"<html>502 Bad Gateway</html>", "<html>502 Bad Gateway</html>", "not JSON"),
    "html with a data address": (
        b'<img src="data:image/png;base64,AA">',
        '<img src="data:image/png;base64,AA">',
        "not JSON",
    ),
    "truncated": (b'{"toy": {"code"', '{"toy": {"code"', "not JSON"),
    "two values": (b"{} {}", "{} {}", "not JSON"),
    "NaN": (b'{"a": NaN}', '{"a": NaN}', "not JSON"),
    "huge integer": (b'{"a": ' + b"9" * 5000 + b"}", '{"a": ' + "9" * 4090, "not JSON"),
    "huge float": (b'{"a": 1e999}', '{"a": 1e999}', "not JSON"),
    "invalid UTF-8": (b'{"a": "\xff"}', '{"a": "\ufffd"}', "not JSON"),
    "lone surrogate": (b'{"a": "\\ud800"}', '{"a": "\\ud800"}', "not JSON"),
    "deep": (b"[" * 100_000, "[" * 4096, "not JSON"),
    "deep and closed": (b"[" * 100_000 + b"]" * 100_000, "[" * 4096, "not JSON"),
    "picture": (b"\x89PNG\r\n\x1a\n\x00", "\ufffdPNG\r\n\x1a\n\x00", "not JSON"),
    "NUL": (b"\x00", "\x00", "not JSON"),
    "marks without end": (b"\xef\xbb\xbf" * 5000 + b"{}", "\ufeff" * 4096, "not JSON"),
}


@pytest.mark.parametrize(("data", "body", "fault"), BROKEN.values(), ids=BROKEN)
def test_what_is_no_json_is_kept_as_text_with_the_reason(data: bytes, body: object, fault: str) -> None:
    exchange = read(data, http_status=502)

    assert exchange.body == body
    assert exchange.fault is not None
    assert fault in exchange.fault


def test_the_last_of_two_equal_keys_counts() -> None:
    assert read(b'{"a": 1, "a": 2}').body == {"a": 2}


@given(data=st.binary(max_size=300) | st.text(max_size=300) | st.from_regex(rb"(data:|\{|\[|\r|\n|\"|,){1,40}"))
def test_decoding_never_raises(data: bytes | str) -> None:
    decoded(data)


def test_a_text_with_a_lone_surrogate_is_no_json() -> None:
    assert read('{"a": "\ud800"}').body == '{"a": "\ud800"}'


def test_a_hundred_megabytes_are_read() -> None:
    image = b"A" * 100_000_000

    exchange = read(b'{"data": "' + image + b'"}')

    assert exchange.fault is None
    assert isinstance(exchange.body, dict)
    assert image.decode().startswith(exchange.body["data"])
    assert exchange.body["data"]


BULK = 100_000_000
ROOM: dict[str, tuple[bytes, bytes, bytes, float]] = {
    "json": (b'{"data": "', b"A", b'"}', 0.1),
    "text": (b"", b"A", b"", 0.1),
    "text that names data": (b'<img src="data:,', b"A", b'">', 0.1),
    "bytes that name data": (b"\x89PNG data:", b"\xff", b"", 0.1),
    "nested": (b"", b"[", b"", 0.1),
    "event": (b'data: {"data": "', b"A", b'"}\n\n', 5.1),
}


@pytest.mark.parametrize(("start", "filling", "end", "times"), ROOM.values(), ids=ROOM)
def test_a_hundred_megabytes_take_bounded_room(start: bytes, filling: bytes, end: bytes, times: float) -> None:
    body = start + filling * BULK + end
    tracemalloc.start()

    read(body)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < times * BULK


def test_of_a_hundred_megabytes_that_are_no_json_a_page_is_kept() -> None:
    assert len(str(read(b"A" * 100_000_000).body)) == 4096


def test_a_body_beyond_the_limit_is_not_decoded() -> None:
    body, fault = decoded(bytes(MAX_BODY_BYTES + 1))

    assert body is None
    assert fault == "the body has 268435457 bytes, more than 268435456"


STREAMS: dict[str, tuple[str, list[object]]] = {
    "events": ('data: {"a": 1}\n\ndata: {"a": 2}\n\n', [{"a": 1}, {"a": 2}]),
    "end mark": ('data: {"a": 1}\n\ndata: [DONE]\n\n', [{"a": 1}]),
    "named": ('event: error\nid: 7\ndata: {"a": 1}\n\n', [{"a": 1}]),
    "comments": (': ping\n\ndata: {"a": 1}\n\n', [{"a": 1}]),
    "carriage returns": ('data: {"a": 1}\r\n\r\ndata: {"a": 2}\r\n\r\n', [{"a": 1}, {"a": 2}]),
    "several lines": ('data: {"a":\ndata: 1}\n\n', [{"a": 1}]),
    "single line ends": ('data: {"a": 1}\ndata: {"a": 2}\ndata: [DONE]\n', [{"a": 1}, {"a": 2}]),
    "broken off": ('data: {"a": 1}\n\ndata: {"a": 2', [{"a": 1}]),
    "line separator in a text": ('data: {"a": "x\u2028y\x85z"}\n\n', [{"a": "x\u2028y\x85z"}]),
    "no space": ('data:{"a":1}\n\n', [{"a": 1}]),
    "mark": ('\ufeffdata: {"a": 1}\n\n', [{"a": 1}]),
    "lone carriage returns": ('data: {"a": 1}\r\rdata: {"a": 2}\r\r', [{"a": 1}, {"a": 2}]),
}


@pytest.mark.parametrize(("written", "chunks"), STREAMS.values(), ids=STREAMS)
def test_server_sent_events_become_chunks(written: str, chunks: list[object]) -> None:
    assert (read(written.encode()).body, read(written).body) == (chunks, chunks)
    assert read(written).fault is None


class Model:
    """Stand for an SDK object."""

    def __init__(self, **told: Any) -> None:  # noqa: ANN401
        self.told = told

    def model_dump(self, *, mode: str = "python", warnings: bool = True) -> dict[str, Any]:
        assert (mode, warnings) == ("json", False)
        return self.told


class PlainModel:
    def to_dict(self) -> dict[str, Any]:
        return BODY


class Broken:
    def model_dump(self, **_: Any) -> dict[str, Any]:  # noqa: ANN401
        raise ValueError("lazy field")  # noqa: EM101, TRY003


def test_sdk_objects_are_dumped() -> None:
    assert read(Model(**BODY)).body == BODY
    assert read(PlainModel()).body == BODY


def test_chunks_may_be_objects_mappings_and_bytes() -> None:
    assert read([Model(a=1), {"a": 2}, b'{"a": 3}', None]).body == [{"a": 1}, {"a": 2}, {"a": 3}, None]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (object(), "cannot read 'object' as an exchange; pass bytes, a mapping"),
        (Broken(), "cannot read Broken: its model_dump() raised ValueError('lazy field')"),
        (iter([1]), "cannot read 'list_iterator'"),
        ([object()], "cannot read 'object'"),
    ],
)
def test_what_cannot_be_read_is_an_input_error(source: object, message: str) -> None:
    with pytest.raises(InputError, match=message.replace("(", r"\(").replace(")", r"\)")):
        read(source)


def answer(_: httpx.Request) -> httpx.Response:
    return httpx.Response(429, content=iter([RAW]), headers={"Retry-After": "3", "X-Request-Id": "r-1"})


def test_an_httpx_response_brings_everything_along() -> None:
    client = httpx.Client(transport=httpx.MockTransport(answer))

    exchange = read(client.post("https://api.toy.test/v1", json={"model": "toy-1", "n": 2}))

    assert (exchange.body, exchange.http_status, exchange.host) == (BODY, 429, "api.toy.test")
    assert (exchange.headers["retry-after"], exchange.headers["x-request-id"]) == ("3", "r-1")
    assert exchange.request == {"model": "toy-1", "n": 2}
    assert isinstance(exchange.elapsed_s, float)


def test_an_httpx_response_without_a_request_is_read() -> None:
    exchange = read(httpx.Response(200, content=RAW))

    assert (exchange.body, exchange.url, exchange.request, exchange.elapsed_s) == (BODY, None, {}, None)


def test_an_httpx_response_to_an_uploaded_form_is_read() -> None:
    client = httpx.Client(transport=httpx.MockTransport(answer))

    exchange = read(client.post("https://api.toy.test/v1", files={"image": io.BytesIO(b"png")}, data={"n": "2"}))

    assert (exchange.body, exchange.request) == (BODY, {})


def test_a_streamed_httpx_response_must_be_read_first() -> None:
    def chunks() -> Iterator[bytes]:
        yield RAW

    response = httpx.Response(200, content=chunks())

    with pytest.raises(InputError, match=r"the Response has no body yet .* read it before you evaluate it"):
        read(response)

    response.read()
    assert read(response).body == BODY


def test_a_streamed_async_response_must_be_read_first() -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield RAW

    with pytest.raises(InputError, match="has no body yet"):
        read(httpx.Response(200, content=chunks()))


def made(status: int, content: bytes, **headers: str) -> requests.Response:
    response = requests.Response()
    response.status_code = status
    response._content = content  # noqa: SLF001  requests has no other way to make one by hand
    response.headers.update(headers)
    response.url = "https://api.toy.test/v1"
    response.elapsed = timedelta(seconds=1.5)
    response.request = requests.Request("POST", response.url, json={"n": 2}).prepare()
    return response


def test_a_requests_response_brings_everything_along() -> None:
    exchange = read(made(503, RAW, **{"Retry-After": "3"}))

    assert (exchange.body, exchange.http_status, exchange.host) == (BODY, 503, "api.toy.test")
    assert (exchange.headers, exchange.request, exchange.elapsed_s) == ({"retry-after": "3"}, {"n": 2}, 1.5)


@pytest.mark.parametrize("kind", ["image/png", "Image/WEBP"])
def test_a_picture_is_no_body_and_no_fault(kind: str) -> None:
    exchange = read(made(200, b"\x89PNG\r\n", **{"Content-Type": kind}))

    assert (exchange.body, exchange.fault) == (None, None)
    assert read(b"\x89PNG", headers={"Content-Type": kind}).fault is None


def test_what_the_caller_says_wins_over_the_response() -> None:
    exchange = read(made(200, RAW), http_status=500, request={"n": 9}, url="https://other.test", elapsed_s=None)

    assert (exchange.http_status, exchange.request, exchange.host) == (500, {"n": 9}, "other.test")
    assert exchange.elapsed_s == 1.5


@pytest.mark.parametrize("source", [RAW, BODY, Exchange(body=BODY)], ids=["bytes", "mapping", "exchange"])
@pytest.mark.parametrize(
    ("context", "name", "value"),
    [
        ({"at": "2026-06-01T12:00:00+02:00"}, "at", datetime(2026, 6, 1, 10, tzinfo=UTC)),
        (
            {"at": datetime(2026, 6, 1, 12, tzinfo=timezone(timedelta(hours=2)))},
            "at",
            datetime(2026, 6, 1, 10, tzinfo=UTC),
        ),
        ({"headers": {"X-Request-ID": "r", "Age": 5}}, "headers", {"x-request-id": "r", "age": "5"}),
        ({"request": b'{"n": 2}'}, "request", {"n": 2}),
        ({"request": "prompt=x"}, "request", {}),
        ({"http_status": http.HTTPStatus.OK}, "http_status", 200),
        ({"http_status": "503"}, "http_status", 503),
        ({"http_status": None}, "http_status", None),
        ({"attempt": None}, "attempt", 1),
        ({"attempt": 3}, "attempt", 3),
        ({"elapsed_s": "1.5"}, "elapsed_s", 1.5),
        ({"elapsed_s": float("nan")}, "elapsed_s", None),
        ({"account_facts": None}, "account_facts", {}),
        ({"account_facts": {"mode": None, "failures_today": 3}}, "account_facts", {"failures_today": 3}),
        ({"url": httpx.URL("https://api.toy.test/v1")}, "url", "https://api.toy.test/v1"),
        ({"seller": "resale"}, "seller", "resale"),
    ],
)
def test_context_is_tidied_whatever_the_source(
    source: object, context: dict[str, Any], name: str, value: object
) -> None:
    found = getattr(read(source, **context), name)

    assert found == value
    if isinstance(found, datetime):
        assert found.tzinfo is UTC


@pytest.mark.parametrize("source", [RAW, BODY, Exchange(body=BODY)], ids=["bytes", "mapping", "exchange"])
@pytest.mark.parametrize(
    ("context", "message"),
    [
        ({"at": "yesterday"}, "at='yesterday' is not a time"),
        ({"at": datetime(2026, 6, 1)}, "is not a time; pass an aware datetime"),  # noqa: DTZ001
        ({"at": 5}, "at=5 is not a time"),
        ({"http_status": "OK"}, "http_status='OK' is not a whole number"),
        ({"http_status": True}, "http_status=True is not a whole number"),
        ({"http_status": 200.5}, "http_status=200.5 is not a whole number"),
        ({"attempt": "second"}, "attempt='second' is not a whole number"),
        ({"account_facts": {"mode": ["a"]}}, "account_facts={'mode': ['a']} is not a mapping of names"),
        ({"account_facts": "per-call"}, "account_facts='per-call' is not a mapping of names"),
        ({"model": 5}, "model=5 is not text"),
        ({"transport_error": TimeoutError("x")}, "transport_error=TimeoutError('x') is not text"),
    ],
)
def test_context_that_cannot_be_read_is_an_input_error(source: object, context: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=re.escape(message)):
        read(source, **context)


def test_a_misspelled_word_of_the_context_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="http_stauts"):
        read(RAW, http_stauts=200)
