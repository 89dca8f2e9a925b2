"""Test that an exception becomes the answer it carries, or a transport error."""

from __future__ import annotations

import asyncio
import io
import json
import urllib.error
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


def test_a_logged_exception_is_a_transport_error() -> None:
    assert read({"exception": "httpx.ReadTimeout"}).transport_error == "ReadTimeout"
    assert read({"exception": "it broke, badly"}).transport_error is None
