"""Test that an exception becomes the answer it carries, or a transport error."""

from __future__ import annotations

import asyncio
import http
import io
import json
import urllib.error
import warnings
from email.message import Message
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import requests

from policyengine.intake import exchange_of

if TYPE_CHECKING:
    from policyengine.exchange import Exchange

BODY = {"toy": {"code": "x"}}
RAW = json.dumps(BODY).encode()


def read(source: object, **context: Any) -> Exchange:  # noqa: ANN401
    return exchange_of(source, context)


@pytest.mark.parametrize(
    "error",
    [
        httpx.ReadTimeout("slow"),
        httpx.ConnectError("down"),
        asyncio.CancelledError(),
        TimeoutError(),
        KeyboardInterrupt(),
        requests.exceptions.ConnectionError(),
        requests.exceptions.ReadTimeout(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_exception_without_an_answer_is_a_transport_error(error: BaseException) -> None:
    exchange = read(error, attempt=2)

    assert (exchange.transport_error, exchange.body, exchange.http_status) == (type(error).__name__, None, None)
    assert exchange.attempt == 2


def test_an_exception_brings_the_request_along() -> None:
    request = httpx.Request("POST", "https://api.toy.test/v1", json={"n": 2})

    exchange = read(httpx.ReadTimeout("slow", request=request))

    assert (exchange.host, exchange.request) == ("api.toy.test", {"n": 2})


def test_an_exception_after_an_uploaded_form_brings_the_address_along() -> None:
    request = httpx.Request("POST", "https://api.toy.test/v1", files={"image": io.BytesIO(b"png")})

    exchange = read(httpx.ReadTimeout("slow", request=request))

    assert (exchange.host, exchange.request) == ("api.toy.test", {})


def test_an_exception_with_a_response_is_that_response() -> None:
    request = httpx.Request("POST", "https://api.toy.test/v1")
    response = httpx.Response(429, content=RAW, request=request)

    exchange = read(httpx.HTTPStatusError("429", request=request, response=response))

    assert (exchange.body, exchange.http_status, exchange.transport_error) == (BODY, 429, None)


class ApiError(Exception):
    """Stand for an SDK's own error."""

    def __init__(self, **told: Any) -> None:  # noqa: ANN401
        super().__init__("failed")
        for name, value in told.items():
            setattr(self, name, value)


@pytest.mark.parametrize(
    ("told", "body", "status"),
    [
        ({"status_code": 400, "body": {"code": "x"}}, {"error": {"code": "x"}}, 400),
        ({"code": 429, "details": {"error": {"status": "X"}}}, {"error": {"status": "X"}}, 429),
        ({"code": "bad", "body": {"code": "bad"}}, {"error": {"code": "bad"}}, None),
        ({"response": {"Error": {"Code": "X"}, "ResponseMetadata": {"HTTPStatusCode": 400, "HTTPHeaders": {"A": "b"}}}},
         {"Error": {"Code": "X"}, "ResponseMetadata": {"HTTPStatusCode": 400, "HTTPHeaders": {"A": "b"}}}, 400),
    ],
)  # fmt: skip
def test_an_sdk_error_brings_its_body_along(told: dict[str, Any], body: object, status: int | None) -> None:
    exchange = read(ApiError(**told))

    assert (exchange.body, exchange.http_status, exchange.transport_error) == (body, status, None)


def test_an_sdk_error_with_a_streamed_response_falls_back_on_its_own_words() -> None:
    response = httpx.Response(400, content=iter([RAW]))

    exchange = read(ApiError(response=response, status_code=400, body={"code": "x"}))

    assert (exchange.body, exchange.http_status) == ({"error": {"code": "x"}}, 400)


def test_an_http_error_of_the_standard_library_keeps_status_and_headers() -> None:
    headers = Message()
    headers["Retry-After"] = "5"
    error = urllib.error.HTTPError("https://api.toy.test", 429, "Too Many", headers, io.BytesIO())

    exchange = read(error)
    error.close()

    assert (exchange.http_status, exchange.headers, exchange.transport_error) == (429, {"retry-after": "5"}, None)


def test_a_streamed_answer_that_was_not_read_still_has_its_status() -> None:
    request = httpx.Request("POST", "https://api.toy.test/v1")
    response = httpx.Response(429, content=iter([RAW]), headers={"Retry-After": "5"}, request=request)

    exchange = read(httpx.HTTPStatusError("429", request=request, response=response))

    assert (exchange.http_status, exchange.headers["retry-after"], exchange.host) == (429, "5", "api.toy.test")
    assert exchange.transport_error is None


@pytest.mark.parametrize(
    "told",
    [
        {"status_code": 503},
        {"status": 503, "headers": {}},
        {"code": 503, "status": "UNAVAILABLE"},
        {"code": http.HTTPStatus.SERVICE_UNAVAILABLE},
    ],
)
def test_an_exception_that_tells_a_status_is_an_answer(told: dict[str, Any]) -> None:
    exchange = read(ApiError(**told))

    assert (exchange.http_status, exchange.transport_error) == (503, None)
    assert type(exchange.http_status) is int


@pytest.mark.parametrize("told", [{"code": 14}, {"code": "x"}, {"status_code": True}, {"status": None}])
def test_an_exception_whose_code_is_no_status_is_a_transport_error(told: dict[str, Any]) -> None:
    assert read(ApiError(**told)).transport_error == "ApiError"


class Deprecated(Exception):  # noqa: N818  it stands for aiohttp's ClientResponseError
    status = 502

    @property
    def code(self) -> int:
        warnings.warn("use status", DeprecationWarning, stacklevel=2)
        return 502


def test_an_old_name_of_the_status_is_not_looked_at() -> None:
    assert read(Deprecated()).http_status == 502


@pytest.mark.parametrize(("context", "error"), [({}, "NullPointerException"), ({"http_status": 500}, None)])
def test_an_answer_that_names_an_exception_arrived(context: dict[str, Any], error: str | None) -> None:
    body = {"exception": "java.lang.NullPointerException", "message": "x"}

    exchange = read(body, **context)

    assert (exchange.transport_error, exchange.body) == (error, body)


def test_what_the_caller_says_of_the_transport_stands() -> None:
    assert read({"exception": "A"}, http_status=200, transport_error="ReadTimeout").transport_error == "ReadTimeout"


def test_a_logged_exception_is_a_transport_error() -> None:
    assert read({"exception": "httpx.ReadTimeout"}).transport_error == "ReadTimeout"
    assert read({"exception": "it broke, badly"}).transport_error is None
