"""Google's errors: google.rpc.Status wrapped, bare, in a list, and as an exception's text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from policyengine.exchange import Exchange
from policyengine_gemini import policyengine_provider
from policyengine_gemini.rpc import text_error

if TYPE_CHECKING:
    from policyengine.facts import Facts

DIALECT = policyengine_provider().dialects[0]
TYPE = "type.googleapis.com/google.rpc."


def facts_of(body: object, **context: object) -> Facts:
    return DIALECT.normalize(Exchange.of(body, **context))[0]


def error(
    code: object = 429, status: str | None = "RESOURCE_EXHAUSTED", message: str = "x", *details: object
) -> dict[str, object]:
    return {"error": {"code": code, "message": message, "status": status, "details": [*details]}}


@pytest.mark.parametrize(
    "body",
    [
        error(403, "PERMISSION_DENIED"),
        [error(403, "PERMISSION_DENIED")],
        {"code": 403, "message": "x", "status": "PERMISSION_DENIED"},
        {"candidates": None, **error(403, "PERMISSION_DENIED")},
        "403 PERMISSION_DENIED. {'error': {'message': 'x'}}",
        {"exception": "google.genai.errors.ClientError: 403 PERMISSION_DENIED. x"},
    ],
)
def test_every_rendering_of_an_error_reads_alike(body: object) -> None:
    found = facts_of(body)

    assert (found.code, found.error_type, found.http_status) == ("403", "PERMISSION_DENIED", 403)
    assert (found.images_delivered, found.terminal) == (0, True)


def test_the_callers_status_wins_over_the_code_in_the_body() -> None:
    assert facts_of(error(429), http_status=200).http_status == 200


def test_a_broken_connection_is_not_given_a_status() -> None:
    assert facts_of(error(429), transport_error="ReadTimeout").http_status is None


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (13, "INTERNAL"),
        (8, "RESOURCE_EXHAUSTED"),
        (404, "NOT_FOUND"),
        (504, "DEADLINE_EXCEEDED"),
        (418, None),
        ("13", None),
    ],
)
def test_a_code_without_a_status_is_given_its_name(code: object, status: str | None) -> None:
    assert facts_of({"error": {"code": code, "message": "x"}}).error_type == status


def test_typed_details_become_facts() -> None:
    body = error(
        429,
        "RESOURCE_EXHAUSTED",
        "x",
        {
            "@type": TYPE + "QuotaFailure",
            "violations": [{"quotaId": "PerDay-FreeTier", "quotaValue": "250"}, {"quotaId": "PerMinute"}],
        },
        {"@type": TYPE + "RetryInfo", "retryDelay": "34.5s"},
        {"@type": TYPE + "ErrorInfo", "reason": "RATE_LIMIT_EXCEEDED", "metadata": {"quota_limit_value": "10"}},
    )

    found = facts_of(body)

    assert found.retry_after_s == 34.5
    assert found.signal == {
        "detail_types": ("QuotaFailure", "RetryInfo", "ErrorInfo"),
        "quota_limit": 10,
        "quota_ids": ("PerDay-FreeTier", "PerMinute"),
        "error_reason": "RATE_LIMIT_EXCEEDED",
    }


def test_a_bad_request_names_its_field() -> None:
    body = error(
        400,
        "INVALID_ARGUMENT",
        "x",
        {"@type": TYPE + "BadRequest", "fieldViolations": [{"field": "generation_config"}]},
    )

    assert facts_of(body).param == "generation_config"


@pytest.mark.parametrize(
    ("message", "limit", "wait"),
    [
        ("Quota exceeded for metric: a/b, limit: 0, model: m", 0, None),
        ("limit: 250\nPlease retry in 34.074s.", 250, 34.074),
        ("Please retry in 512.5ms.", None, 0.5125),
        ("the limit is high", None, None),
    ],
)
def test_the_words_tell_limit_and_wait(message: str, limit: int | None, wait: float | None) -> None:
    found = facts_of(error(429, "RESOURCE_EXHAUSTED", message))

    assert found.signal.get("quota_limit") == limit
    assert found.retry_after_s == (pytest.approx(wait) if wait else None)


def test_retry_info_wins_over_the_words() -> None:
    body = error(
        429,
        "RESOURCE_EXHAUSTED",
        "Please retry in 34.074s.",
        {"@type": TYPE + "RetryInfo", "retryDelay": {"seconds": 40}},
    )

    assert facts_of(body).retry_after_s == 40


@pytest.mark.parametrize(
    "details", [None, 7, "x", [None, 7, []], [{"@type": 7, "violations": 7, "metadata": []}], {"a": 1}]
)
def test_details_of_any_shape_are_survived(details: object) -> None:
    assert facts_of({"error": {"code": 400, "message": "x", "details": details}}).code == "400"


@pytest.mark.parametrize("value", ["text of an error", True, ["list"], 7])
def test_an_error_that_is_no_object_is_still_an_error(value: object) -> None:
    found = facts_of({"error": value})

    assert found.message == (value if isinstance(value, str) else None)


def test_a_page_of_a_proxy_is_a_message() -> None:
    found = facts_of("<html>502 Bad Gateway</html>", http_status=502)

    assert (found.http_status, found.error_type) == (502, None)
    assert found.message == "<html>502 Bad Gateway</html>"


def test_the_text_of_an_exception_keeps_what_follows_its_status() -> None:
    assert text_error("Invalid argument: 400 Image generation failed: x") == {
        "code": 400,
        "status": None,
        "message": "Image generation failed: x",
    }
