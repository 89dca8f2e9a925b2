"""The Images API: what a generation, an edit, a stream and a batch line tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from policyengine.exchange import Exchange
from policyengine.facts import UsageRow
from policyengine.provider import Claim
from policyengine_openai.images import OpenAIImages

if TYPE_CHECKING:
    from policyengine.facts import Facts

PIXELS = "iVBORw0KGgo"
USAGE = {
    "input_tokens": 50,
    "input_tokens_details": {"text_tokens": 10, "image_tokens": 40},
    "output_tokens": 1056,
    "output_tokens_details": {"image_tokens": 1056, "text_tokens": 0},
    "total_tokens": 1106,
}


def facts_of(body: object, **context: object) -> Facts:
    return OpenAIImages().normalize(Exchange.of(body, **context))[0]


def rows_of(body: object, **context: object) -> tuple[UsageRow, ...]:
    return OpenAIImages().normalize(Exchange.of(body, **context))[1]


def answer(*items: object, **fields: object) -> dict[str, object]:
    return {"created": 1_781_047_765, "data": list(items), **fields}


def test_only_items_with_pixels_or_an_address_count() -> None:
    body = answer({"b64_json": PIXELS}, {"url": "https://example.com/a.png"}, {"b64_json": ""}, {"revised_prompt": "x"})

    assert facts_of(body).images_delivered == 2


def test_usage_is_split_by_what_the_tariff_prices() -> None:
    assert rows_of(answer({"b64_json": PIXELS}, usage=USAGE)) == (
        UsageRow("input", "token", 10),
        UsageRow("input", "image_token", 40),
        UsageRow("image", "token", 1056),
        UsageRow("text", "token", 0),
    )


def test_all_output_counts_as_image_where_details_are_missing() -> None:
    bare = {"input_tokens": 50, "input_tokens_details": USAGE["input_tokens_details"], "output_tokens": 1056}

    facts = facts_of(answer({"b64_json": PIXELS}, usage=bare))

    assert (facts.image_tokens, facts.text_tokens) == (1056, None)


def test_zeros_of_a_gateway_are_no_count() -> None:
    zeros = {"input_tokens": 0, "output_tokens": 0, "total_tokens": 0}
    body = answer({"b64_json": PIXELS}, usage=zeros)

    assert facts_of(body).image_tokens is None
    assert rows_of(body) == (UsageRow("image", "image", 1),)


def test_dalle_is_counted_by_the_piece() -> None:
    body = answer({"url": "https://example.com/a.png", "revised_prompt": "A kite."})

    assert rows_of(body) == (UsageRow("image", "image", 1),)


@pytest.mark.parametrize(
    ("body", "model"),
    [
        (answer({"url": "https://example.com/a.png", "revised_prompt": "A kite."}), "dall-e-3"),
        (answer({"url": "https://oaidalleapiprodscus.blob.core.windows.net/private/a.png"}), "dall-e-2"),
        (answer({"b64_json": PIXELS, "revised_prompt": "A kite."}, usage=USAGE), None),
        (answer({"b64_json": PIXELS, "revised_prompt": "A kite."}, quality="high"), None),
        (answer({"b64_json": PIXELS}), None),
    ],
)
def test_model_is_told_only_by_what_one_model_answers(body: object, model: str | None) -> None:
    assert facts_of(body).model == model


def test_request_fills_in_documented_defaults() -> None:
    facts = facts_of(answer({"url": "https://example.com/a.png"}), request={"model": "dall-e-3", "prompt": "a kite"})

    assert (facts.images_requested, facts.size, facts.quality) == (1, "1024x1024", "standard")


def test_auto_tells_no_size_and_no_quality() -> None:
    facts = facts_of(answer({"b64_json": PIXELS}, size="auto", quality="auto"))

    assert (facts.size, facts.quality) == (None, None)


@pytest.mark.parametrize(
    ("body", "delivered"),
    [
        (answer(), 0),
        ({"created": 1_781_047_765, "data": None}, 0),
        ({"created": 1_781_047_765}, 0),
        ({"weird": 1}, None),
        ({"usage": USAGE}, None),
        ({"created": None, "data": None, "usage": None, "weird": 1}, None),
    ],
)
def test_answer_without_images_is_told_from_no_answer(body: object, delivered: int | None) -> None:
    assert facts_of(body, http_status=200).images_delivered == delivered


def test_svg_authoring_is_counted_for_its_own_model() -> None:
    svg = {"model": "gpt-5.4", "input_tokens": 300, "output_tokens": 900, "reasoning_tokens": 100, "total_tokens": 1200}
    body = answer({"b64_json": PIXELS}, usage=USAGE, svg_usage=svg)

    facts = facts_of(body)

    assert (facts.input_tokens, facts.text_tokens, facts.image_tokens) == (350, 900, 1056)
    assert UsageRow("text", "token", 900, "gpt-5.4") in rows_of(body)


PREVIEW = {"type": "image_generation.partial_image", "b64_json": PIXELS, "partial_image_index": 0}
FINAL = {"type": "image_generation.completed", "b64_json": PIXELS, "quality": "low", "usage": USAGE}
BROKEN = {"type": "error", "error": {"code": "moderation_blocked", "message": "No.", "type": "x"}}


@pytest.mark.parametrize(
    ("chunks", "delivered", "terminal", "code"),
    [
        ([PREVIEW, FINAL], 1, True, None),
        ([PREVIEW], 0, False, None),
        ([PREVIEW, BROKEN], 0, True, "moderation_blocked"),
        ([FINAL, FINAL], 2, True, None),
        ([FINAL, BROKEN], 1, True, "moderation_blocked"),
        ([], 0, False, None),
    ],
)
def test_stream_ends_with_final_images_or_an_error(
    chunks: list[object],
    delivered: int,
    terminal: bool,  # noqa: FBT001  a table of the outcome
    code: str | None,
) -> None:
    facts = facts_of(chunks)

    assert (facts.images_delivered, facts.terminal, facts.code) == (delivered, terminal, code)


def test_events_kept_beside_their_names_are_read() -> None:
    chunks = [
        {"event": "image_edit.partial_image", "data": {"b64_json": PIXELS}},
        {"event": "image_edit.completed", "data": '{"b64_json": "aGk=", "size": "1024x1536"}'},
    ]

    facts = facts_of(chunks)

    assert (facts.images_delivered, facts.operation, facts.size) == (1, "edit", "1024x1536")


def test_single_event_is_read_like_a_stream() -> None:
    assert facts_of(FINAL).images_delivered == 1
    assert facts_of(PREVIEW).terminal is False


def test_batch_line_tells_status_id_and_tier() -> None:
    line = {
        "id": "batch_req_1",
        "custom_id": "kite-1",
        "response": {"status_code": 200, "request_id": "req_9", "body": answer({"b64_json": PIXELS}, usage=USAGE)},
        "error": None,
    }

    facts = facts_of(line)

    assert (facts.tier, facts.request_id, facts.http_status, facts.images_delivered) == ("batch", "req_9", 200, 1)


def test_batch_file_is_split_into_its_lines() -> None:
    lines: list[object] = [
        {"custom_id": "a", "response": {}, "error": None},
        {"custom_id": "b", "response": {}, "error": None},
    ]

    assert OpenAIImages().split(lines) == lines
    assert OpenAIImages().split([PREVIEW]) == [[PREVIEW]]


@pytest.mark.parametrize(
    ("body", "claim"),
    [
        (answer({"b64_json": PIXELS}), Claim.SHAPE),
        (FINAL, Claim.CERTAIN),
        ([PREVIEW], Claim.CERTAIN),
        ({"error": {"message": "No.", "type": "invalid_request_error", "code": None}}, Claim.MAYBE),
        ({"error": {"type": "packy_image_generation_user_error"}}, Claim.SHAPE),
        ({"error": {"message": "No.", "moderation_details": {}}}, Claim.SHAPE),
        ({"code": "moderation_blocked", "moderation_stage": "output", "categories": []}, Claim.SHAPE),
        ({"errorKey": "insufficient_balance", "errorMessage": "No."}, Claim.MAYBE),
        ({"error": "Unauthorized"}, Claim.MAYBE),
        ("Error code: 400 - {'error': {}}", Claim.MAYBE),
        ({"error": {"code": 400, "message": "No.", "status": "INVALID_ARGUMENT"}}, Claim.NO),
        ({"error": {"message": "No."}, "candidates": []}, Claim.NO),
        ({"error": "x", "id": "p1", "status": "failed"}, Claim.NO),
        (answer({"b64_json": PIXELS}, usage={"cost": 0.04}), Claim.NO),
        ({"object": "response", "error": {"code": "server_error"}}, Claim.NO),
        ("Bad Gateway", Claim.NO),
    ],
)
def test_claims_by_shape(body: object, claim: Claim) -> None:
    assert OpenAIImages().recognizes(Exchange(body=body)) is claim


def test_own_address_is_certain() -> None:
    own = Exchange(body=None, url="https://api.openai.com/v1/images/generations")

    assert OpenAIImages().recognizes(own) is Claim.CERTAIN


def test_provider_named_by_the_caller_makes_anything_a_maybe() -> None:
    assert OpenAIImages().recognizes(Exchange(body={"detail": "No."}, provider="openai")) is Claim.MAYBE
