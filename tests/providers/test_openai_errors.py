"""Error envelopes of OpenAI, of Azure and of the gateways that rewrite them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from policyengine.exchange import Exchange
from policyengine_openai.images import OpenAIImages
from policyengine_openai.wording import model_in, request_id_in, wait_in

if TYPE_CHECKING:
    from policyengine.facts import Facts

FORBIDDEN: dict[str, object] = {
    "error": {"code": "Forbidden", "message": "Your resource has been temporarily blocked."}
}


def facts_of(body: object, **context: object) -> Facts:
    return OpenAIImages().normalize(Exchange.of(body, **context))[0]


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        ({"error": {"code": "x", "message": "No."}}, "x", "No."),
        ({"error": {"code": None, "message": "No.", "param": ""}}, None, "No."),
        ({"error": {"error": {"code": "x", "message": "No."}}}, "x", "No."),
        ({"error": "No."}, None, "No."),
        ({"error": "rate_limited", "message": "No."}, "rate_limited", "No."),
        ({"error": [{"code": "x", "message": "No."}]}, "x", "No."),
        ({"errors": [{"code": 7003, "message": "No."}]}, "7003", "No."),
        ({"success": False, "error": {"code": "x", "message": "No."}}, "x", "No."),
        ({"success": False, "message": "No."}, None, "No."),
        ({"errorKey": "x", "errorMessage": "No."}, "x", "No."),
        ({"code": "x", "message": "No.", "param": None, "type": "error"}, "x", "No."),
        ({"code": -1, "msg": "余额不足"}, "-1", "余额不足"),
        ({"detail": "No."}, None, "No."),
        ({"detail": [{"loc": ["body", "size"], "msg": "No.", "type": "missing"}]}, None, "No."),
        ({"type": "error", "error": {"code": "x", "message": "No."}}, "x", "No."),
        ([{"error": {"code": "x", "message": "No."}}], "x", "No."),
        ('{"error": {"code": "x", "message": "No."}}', "x", "No."),
        ("upstream said {'error': {'code': 'x', 'message': \"No.\"}}", "x", "No."),
        ({"code": 200, "msg": "success", "data": None}, None, None),
    ],
)
def test_error_is_found_in_any_envelope(body: object, code: str | None, message: str | None) -> None:
    facts = facts_of(body)

    assert (facts.code, facts.message) == (code, message)


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_inner_error_outranks_the_gateway_that_wrapped_it(layers: int) -> None:
    body = FORBIDDEN
    for _ in range(layers):
        body = {"error": {"code": "content_policy_violation", "message": f"Refused. (Reason: {json.dumps(body)})"}}

    assert facts_of(body, http_status=422).code == "Forbidden"


def test_gateway_keeps_its_code_where_the_inner_error_has_none() -> None:
    body = {
        "error": {"code": "upstream", "type": "new_api_error", "message": '{"error": {"message": "No.", "code": ""}}'}
    }

    facts = facts_of(body)

    assert (facts.code, facts.error_type, facts.message) == ("upstream", "new_api_error", "No.")


def test_openrouter_metadata_tells_code_raw_words_and_flagged_prompt() -> None:
    raw = {
        "error": {"code": 429, "message": "Provider returned error", "metadata": {"raw": "slow", "error_type": "busy"}}
    }
    flagged = {"error": {"code": 403, "message": "No.", "metadata": {"reasons": ["violence"], "flagged_input": "x"}}}

    assert (facts_of(raw).code, facts_of(raw).message) == ("busy", "Provider returned error: slow")
    assert (facts_of(flagged).filter_stage, facts_of(flagged).category) == ("prompt", ("violence",))


@pytest.mark.parametrize(("stage", "side"), [("input", "prompt"), ("output", "output"), ("unknown", None), (7, None)])
def test_moderation_stage_tells_the_side(stage: object, side: str | None) -> None:
    details = {"moderation_stage": stage, "categories": ["sexual"]}
    nested = {"error": {"code": "moderation_blocked", "message": "No.", "moderation_details": details}}
    flat = {"code": "moderation_blocked", **details}

    assert facts_of(nested).filter_stage == side
    assert facts_of(flat).filter_stage == side
    assert facts_of(nested).category == facts_of(flat).category == ("sexual",)


def test_categories_stand_in_the_message_of_older_answers() -> None:
    body = {"error": {"code": "moderation_blocked", "message": "Refused. safety_violations=[sexual, violence]."}}

    assert facts_of(body).category == ("sexual", "violence")


@pytest.mark.parametrize("key", ["inner_error", "innererror"])
@pytest.mark.parametrize("results", ["content_filter_results", "content_filter_result"])
def test_azure_categories_are_those_marked_as_filtered(key: str, results: str) -> None:
    marked = {"hate": {"filtered": False}, "violence": {"filtered": True, "severity": "high"}, "jailbreak": None}
    body = {"error": {"code": "content_filter", "message": "No.", key: {results: marked}}}

    assert facts_of(body).category == ("violence",)


def test_status_repeated_in_the_body_stands_in_for_a_missing_one() -> None:
    assert facts_of({"status_code": 500, "error": {"message": "No."}}).http_status == 500
    assert facts_of({"error": {"code": "429", "message": "No."}}).http_status == 429
    assert facts_of({"error": {"code": "429", "message": "No."}}, http_status=200).http_status == 200


@pytest.mark.parametrize(
    ("words", "seconds"),
    [
        ("Please try again in 12s. Visit the limits page.", 12.0),
        ("Please try again in 1m30.5s.", 90.5),
        ("Please try again in 6m0s.", 360.0),
        ("Please try again in 1h2m.", 3720.0),
        ("Please try again in 250ms.", 0.25),
        ("Please retry after 26 seconds.", 26.0),
        ("Please try again in a moment.", None),
        ("No.", None),
    ],
)
def test_wait_is_read_from_the_words(words: str, seconds: float | None) -> None:
    assert wait_in(words) == seconds


@pytest.mark.parametrize(
    ("words", "model"),
    [
        ("The model `gpt-image-9` does not exist", "gpt-image-9"),
        ("The model 'gpt-image-2' does not support the 'input_fidelity' parameter.", "gpt-image-2"),
        ("Rate limit reached for gpt-image-1 (for limit gpt-image) in organization org-1", "gpt-image-1"),
        ("The model is overloaded", None),
    ],
)
def test_model_is_read_from_the_words(words: str, model: str | None) -> None:
    assert model_in(words) == model


def test_request_id_of_the_gateway_comes_before_that_of_the_platform() -> None:
    assert request_id_in("include the request ID req_1. (request id: 2026abc)") == "2026abc"
    assert request_id_in("include the request ID req_1. safety_violations=[sexual].") == "req_1"
    assert request_id_in("No.") is None


@pytest.mark.parametrize(
    ("headers", "request_id", "wait_s"),
    [
        ({"x-request-id": "a"}, "a", None),
        ({"apim-request-id": "b"}, "b", None),
        ({"x-oneapi-request-id": "c", "retry-after-ms": "1500"}, "c", 1.5),
        ({"retry-after": "3", "retry-after-ms": "2500"}, None, 2.5),
    ],
)
def test_headers_tell_id_and_wait(headers: dict[str, str], request_id: str | None, wait_s: float | None) -> None:
    facts = facts_of({"error": {"message": "No."}}, headers=headers)

    assert (facts.request_id, facts.retry_after_s) == (request_id, wait_s)


@pytest.mark.parametrize(
    ("error", "model"),
    [
        (
            {
                "code": "content_policy_violation",
                "message": "Your request was rejected as a result of our safety system. Your prompt may contain text.",
            },
            "dall-e-3",
        ),
        (
            {
                "code": None,
                "type": "invalid_request_error",
                "message": "Your request was rejected as a result of our safety system.",
            },
            "dall-e-2",
        ),
        ({"code": "content_policy_violation", "message": "Your request was rejected by the safety system."}, None),
        ({"code": "moderation_blocked", "message": "Your request was rejected by the safety system."}, None),
    ],
)
def test_words_of_a_refusal_tell_the_generation(error: object, model: str | None) -> None:
    assert facts_of({"error": error}).model == model


def test_words_never_outrank_the_model_that_the_caller_names() -> None:
    body = {"error": {"message": "Your request was rejected as a result of our safety system."}}

    assert facts_of(body, request={"model": "mine", "prompt": "a kite"}).model == "mine"
