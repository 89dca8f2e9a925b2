"""The Responses API: a text model, its image calls, and what each of them consumed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from policyengine.exchange import Exchange
from policyengine.facts import UsageRow
from policyengine.provider import Claim
from policyengine_openai.responses import OpenAIResponses

if TYPE_CHECKING:
    from policyengine.facts import Facts

DONE = {"id": "ig_1", "type": "image_generation_call", "status": "completed", "result": "aGk=", "size": "1024x1024"}
BLOCK = {
    "code": "moderation_blocked",
    "message": "No.",
    "type": "x",
    "moderation_details": {"moderation_stage": "input"},
}
BLOCKED = {"id": "ig_2", "type": "image_generation_call", "status": "failed", "result": None, "error": BLOCK}
WORDS = {"type": "message", "content": [{"type": "output_text", "text": "A kite."}]}
TOOL = {"type": "image_generation", "model": "gpt-image-2", "n": 1}
USAGE = {"input_tokens": 2000, "input_tokens_details": {"cached_tokens": 1920}, "output_tokens": 70}
IMAGE_USAGE = {
    "input_tokens": 27,
    "input_tokens_details": {"text_tokens": 20, "image_tokens": 7},
    "output_tokens": 1756,
    "output_tokens_details": {"image_tokens": 1756, "text_tokens": 0},
}


def response(*output: object, **fields: object) -> dict[str, object]:
    whole = {"id": "resp_1", "object": "response", "status": "completed", "model": "gpt-5.4", "output": list(output)}
    return {**whole, "tools": [TOOL], "usage": USAGE, **fields}


def facts_of(body: object, **context: object) -> Facts:
    return OpenAIResponses().normalize(Exchange.of(body, **context))[0]


def rows_of(body: object) -> tuple[UsageRow, ...]:
    return OpenAIResponses().normalize(Exchange.of(body))[1]


def test_rows_name_the_model_that_consumed_them() -> None:
    assert rows_of(response(DONE, tool_usage={"image_gen": IMAGE_USAGE})) == (
        UsageRow("input", "token", 80, "gpt-5.4"),
        UsageRow("input", "cached_token", 1920, "gpt-5.4"),
        UsageRow("text", "token", 70, "gpt-5.4"),
        UsageRow("input", "token", 20, "gpt-image-2"),
        UsageRow("input", "image_token", 7, "gpt-image-2"),
        UsageRow("image", "token", 1756, "gpt-image-2"),
    )


def test_facts_sum_both_models() -> None:
    facts = facts_of(response(DONE, tool_usage={"image_gen": IMAGE_USAGE}))

    assert (facts.input_tokens, facts.text_tokens, facts.image_tokens) == (2027, 70, 1756)


def test_image_that_no_usage_counts_is_a_piece_of_the_tools_model() -> None:
    assert UsageRow("image", "image", 1, "gpt-image-2") in rows_of(response(DONE))
    assert UsageRow("image", "image", 1, "image_generation") in rows_of(response(DONE, tools=[]))


def test_cached_tokens_of_the_tool_are_split() -> None:
    cached = {
        **IMAGE_USAGE,
        "cached_tokens": 9,
        "cached_tokens_details": {"cached_text_tokens": 5, "cached_image_tokens": 4},
    }

    rows = rows_of(response(DONE, tool_usage={"image_gen": cached}))

    assert UsageRow("input", "cached_token", 5, "gpt-image-2") in rows
    assert UsageRow("input", "cached_image_token", 4, "gpt-image-2") in rows


@pytest.mark.parametrize("status", ["generating", "in_progress", "completed"])
def test_result_counts_whatever_the_call_says_of_itself(status: str) -> None:
    assert facts_of(response({**DONE, "status": status})).images_delivered == 1


def test_moderated_call_tells_code_and_side() -> None:
    facts = facts_of(response(BLOCKED, WORDS))

    assert (facts.code, facts.filter_stage, facts.images_delivered) == ("moderation_blocked", "prompt", 0)
    assert (facts.text, facts.signal["image_calls"]) == ("A kite.", 1)


def test_one_call_of_two_failed() -> None:
    facts = facts_of(response(DONE, BLOCKED))

    assert (facts.images_requested, facts.images_delivered, facts.images_withheld) == (2, 1, 1)


def test_refusal_is_text_and_a_signal() -> None:
    facts = facts_of(response({"type": "message", "content": [{"type": "refusal", "refusal": "No."}]}))

    assert (facts.text, facts.signal) == ("No.", {"image_calls": 0, "image_model": "gpt-image-2", "refusal": True})


@pytest.mark.parametrize(
    ("fields", "status", "reason", "code", "terminal"),
    [
        ({}, "completed", None, None, True),
        ({"status": "queued"}, "queued", None, None, False),
        ({"status": "in_progress"}, "in_progress", None, None, False),
        ({"status": "cancelled"}, "cancelled", None, None, True),
        (
            {"status": "incomplete", "incomplete_details": {"reason": "content_filter"}},
            "incomplete",
            "content_filter",
            None,
            True,
        ),
        (
            {"status": "failed", "error": {"code": "server_error", "message": "No."}},
            "failed",
            None,
            "server_error",
            True,
        ),
    ],
)
def test_state_is_read(
    fields: dict[str, object],
    status: str,
    reason: str | None,
    code: str | None,
    terminal: bool,  # noqa: FBT001
) -> None:
    facts = facts_of(response(**fields))

    assert (facts.status, facts.finish_reason, facts.code, facts.terminal) == (status, reason, code, terminal)


def test_excerpt_without_output_tells_no_delivery() -> None:
    facts = facts_of({"tools": [TOOL], "tool_usage": {"image_gen": {"input_tokens": 27, "output_tokens": 515}}})

    assert (facts.images_delivered, facts.model, facts.image_tokens) == (None, "gpt-image-2", 515)


CREATED = {"type": "response.created", "response": response(status="in_progress", usage=None)}
PREVIEW = {"type": "response.image_generation_call.partial_image", "partial_image_b64": "aGk="}
ITEM = {"type": "response.output_item.done", "item": {**DONE, "status": "generating"}}


@pytest.mark.parametrize(
    ("events", "delivered", "status", "code"),
    [
        ([CREATED, PREVIEW, ITEM, {"type": "response.completed", "response": response(DONE)}], 1, "completed", None),
        ([CREATED, ITEM, {"type": "response.completed", "response": response()}], 1, "completed", None),
        ([CREATED, ITEM], 1, "in_progress", None),
        ([CREATED, PREVIEW], 0, "in_progress", None),
        ([PREVIEW], 0, "in_progress", None),
        (
            [CREATED, {"type": "response.failed", "response": {"status": "failed", "error": {"code": "server_error"}}}],
            0,
            "failed",
            "server_error",
        ),
        (
            [CREATED, {"type": "error", "code": "server_error", "message": "No.", "param": None}],
            0,
            "in_progress",
            "server_error",
        ),
        (
            [{"event": "response.failed", "data": {"response": {"error": {"code": "x", "message": "No."}}}}],
            0,
            "failed",
            "x",
        ),
    ],
)
def test_events_build_the_response(events: list[object], delivered: int, status: str, code: str | None) -> None:
    facts = facts_of(events)

    assert (facts.images_delivered, facts.status, facts.code) == (delivered, status, code)


def test_served_tier_is_told_where_it_costs_otherwise() -> None:
    assert facts_of(response(DONE, service_tier="flex")).tier == "flex"
    assert facts_of(response(DONE, service_tier="default")).tier is None


def test_request_tells_the_tool_of_an_answer_that_failed() -> None:
    request = {"model": "gpt-5.4", "tools": [TOOL]}
    facts = facts_of({"error": {"code": "moderation_blocked", "message": "No."}}, request=request, http_status=400)

    assert (facts.model, facts.signal["image_model"], facts.images_requested) == ("gpt-5.4", "gpt-image-2", 1)


@pytest.mark.parametrize(
    ("body", "claim"),
    [
        (response(DONE), Claim.CERTAIN),
        ({"type": "response.failed", "response": {}}, Claim.CERTAIN),
        ([CREATED], Claim.CERTAIN),
        ({"tools": [TOOL], "tool_usage": {}}, Claim.SHAPE),
        ({"type": "error", "code": "x", "message": "No.", "sequence_number": 3}, Claim.SHAPE),
        ({"custom_id": "a", "response": {"body": response(DONE)}, "error": None}, Claim.CERTAIN),
        ({"error": {"code": "server_error"}}, Claim.NO),
        ({"created": 1, "data": [{"b64_json": "aGk="}]}, Claim.NO),
    ],
)
def test_claims_by_shape(body: object, claim: Claim) -> None:
    assert OpenAIResponses().recognizes(Exchange(body=body)) is claim
