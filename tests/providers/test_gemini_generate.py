"""generateContent: what one response, whole, streamed or printed by an SDK, becomes in facts and usage."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from policyengine.exchange import Exchange
from policyengine.facts import UsageRow
from policyengine.provider import Claim
from policyengine_gemini import policyengine_provider

if TYPE_CHECKING:
    from policyengine.facts import Facts

DIALECTS = {dialect.name: dialect for dialect in policyengine_provider().dialects}
PNG = {"inlineData": {"mimeType": "image/png", "data": "iVBORw0KGgo="}}
AI = "https://generativelanguage.googleapis.com/v1beta/models/gemini-3.1-flash-image:generateContent"
VERTEX = "https://europe-west4-aiplatform.googleapis.com/v1/projects/p/models/gemini-3.1-flash-image:generateContent"


def normalized(body: object, **context: object) -> tuple[Facts, tuple[UsageRow, ...]]:
    return DIALECTS["gemini-api"].normalize(Exchange.of(body, **context))


def facts_of(body: object, **context: object) -> Facts:
    return normalized(body, **context)[0]


def candidate(*parts: object, reason: str | None = "STOP", **more: object) -> dict[str, object]:
    return {"content": {"parts": [*parts]}, **({"finishReason": reason} if reason else {}), **more}


def answer(*candidates: object, **more: object) -> dict[str, object]:
    return {"candidates": [*candidates], **more}


def test_an_image_part_counts_as_delivered() -> None:
    found = facts_of(answer(candidate({"text": "A kite."}, PNG)))

    assert (found.images_delivered, found.text, found.finish_reason, found.terminal) == (1, "A kite.", "STOP", True)


def test_drafts_inside_the_thinking_are_not_delivered() -> None:
    found = facts_of(answer(candidate({**PNG, "thought": True}, {**PNG, "thought": True}, PNG)))

    assert (found.images_delivered, found.signal) == (1, {"draft_images": 2})


def test_thinking_is_not_what_the_model_wrote() -> None:
    found = facts_of(answer(candidate({"text": "Let me see.", "thought": True}, {"text": "Done."})))

    assert found.text == "Done."


@pytest.mark.parametrize(
    "part",
    [
        {"inlineData": {"mimeType": "audio/wav", "data": "AA=="}},
        {"inlineData": None},
        {"fileData": {"mimeType": "application/pdf", "fileUri": "gs://a/b"}},
        {"functionCall": {"name": "draw"}},
    ],
)
def test_other_parts_are_no_images(part: object) -> None:
    assert facts_of(answer(candidate(part))).images_delivered == 0


@pytest.mark.parametrize("content", [None, {}, {"parts": None}, {"parts": []}, {"role": "model"}, "text", []])
def test_an_empty_content_of_any_shape_delivers_nothing(content: object) -> None:
    found = facts_of(answer({"content": content, "finishReason": "IMAGE_SAFETY"}))

    assert (found.images_delivered, found.finish_reason) == (0, "IMAGE_SAFETY")


def test_the_platforms_words_and_the_models_words_stay_apart() -> None:
    spoof = "You will not be charged for this request."

    found = facts_of(answer(candidate({"text": spoof}, finishMessage="Model generated function call(s).")))

    assert (found.message, found.text) == ("Model generated function call(s).", spoof)


def test_a_finish_message_alone_ends_the_answer() -> None:
    found = facts_of(answer({"finishMessage": "Unable to show the generated image."}))

    assert (found.terminal, found.images_delivered, found.finish_reason) == (True, 0, None)


def test_a_filter_on_one_candidate_outlasts_the_stop_of_another() -> None:
    found = facts_of(answer(candidate(PNG), candidate(reason="IMAGE_SAFETY")))

    assert (found.finish_reason, found.images_delivered) == ("IMAGE_SAFETY", 1)


def test_a_resumed_answer_ends_with_its_last_reason() -> None:
    chunks = [answer(candidate({"text": "a"}, reason="CONTINUATION")), answer(candidate(PNG))]

    found = facts_of(chunks)

    assert (found.finish_reason, found.terminal, found.images_delivered) == ("STOP", True, 1)


def test_chunks_are_joined_and_the_last_usage_counts() -> None:
    chunks = [
        answer(candidate({"text": "One "}, reason=None), usageMetadata={"promptTokenCount": 5, "totalTokenCount": 6}),
        answer(candidate({"text": "two"}, PNG, reason=None), modelVersion="models/gemini-3.1-flash-image"),
        answer(candidate(PNG), usageMetadata={"promptTokenCount": 5, "totalTokenCount": 5}),
    ]

    found = facts_of(chunks)

    assert (found.text, found.images_delivered, found.input_tokens) == ("One two", 2, 5)
    assert (found.model, found.terminal) == ("gemini-3.1-flash-image", True)


def test_a_stream_without_an_end_is_not_terminal() -> None:
    found = facts_of([answer(candidate({"text": "One"}, reason=None))])

    assert (found.terminal, found.images_delivered) == (False, 0)


def test_an_error_chunk_outranks_the_reasons_before_it() -> None:
    error = {"error": {"code": 499, "message": "The operation was cancelled.", "status": "CANCELLED"}}

    found = facts_of([answer(candidate({"text": "First "})), error], http_status=200)

    assert (found.finish_reason, found.error_type, found.code, found.http_status) == (None, "CANCELLED", "499", 200)
    assert (found.text, found.images_delivered, found.terminal) == ("First ", 0, True)


def test_an_error_midway_does_not_pass_for_the_status_of_the_answer() -> None:
    chunks = [answer(candidate({"text": "First "})), {"error": {"code": 503, "status": "UNAVAILABLE"}}]

    assert facts_of(chunks).http_status is None


@pytest.mark.parametrize("reason", ["SAFETY", "OTHER", "MODEL_ARMOR", "A_NEW_REASON"])
def test_a_block_reason_is_the_prompt_filter(reason: str) -> None:
    found = facts_of({"promptFeedback": {"blockReason": reason}})

    assert (found.block_reason, found.filter_stage, found.images_delivered) == (reason, "prompt", 0)


@pytest.mark.parametrize(
    "feedback",
    [{}, {"safetyRatings": [{"category": "X", "probability": "HIGH"}]}, {"blockReason": "BLOCKED_REASON_UNSPECIFIED"}],
)
def test_feedback_without_a_reason_is_no_block(feedback: object) -> None:
    found = facts_of({"promptFeedback": feedback})

    assert (found.block_reason, found.filter_stage, found.category) == (None, None, ())


def test_a_block_message_without_a_reason_is_a_block_of_the_prompt() -> None:
    found = facts_of({"candidates": [], "promptFeedback": {"blockReasonMessage": "Blocked."}})

    assert (found.filter_stage, found.message, found.terminal) == ("prompt", "Blocked.", True)


def test_flagged_categories_are_named() -> None:
    ratings = [
        {"category": "HARM_CATEGORY_HATE_SPEECH", "probability": "LOW", "blocked": True},
        {"category": "HARM_CATEGORY_HARASSMENT", "probability": "HIGH"},
    ]

    found = facts_of(answer({"finishReason": "SAFETY", "safetyRatings": ratings}))

    assert found.category == ("HARM_CATEGORY_HATE_SPEECH",)


def test_a_block_without_a_flag_names_what_was_likely() -> None:
    ratings = [
        {"category": "HARM_CATEGORY_DANGEROUS_CONTENT", "probability": "HIGH"},
        {"category": "B", "probability": "LOW"},
    ]

    found = facts_of({"promptFeedback": {"blockReason": "SAFETY", "safetyRatings": ratings}})

    assert found.category == ("HARM_CATEGORY_DANGEROUS_CONTENT",)


def test_support_codes_of_a_finish_message_tell_side_and_category() -> None:
    message = "The image was filtered out. Support code: 15236754."

    found = facts_of(answer({"finishReason": "IMAGE_PROHIBITED_CONTENT", "finishMessage": message}))

    assert (found.filter_stage, found.category) == ("output", ("celebrity",))
    assert found.signal == {"support_codes": ("15236754",)}


def test_snake_case_reads_like_camel_case() -> None:
    body = {
        "candidates": [
            {
                "content": {"parts": [{"inline_data": {"mime_type": "image/png", "data": "aGk="}}]},
                "finish_reason": "FinishReason.STOP",
                "finish_message": None,
                "grounding_metadata": {"web_search_queries": ["", "kites"]},
            }
        ],
        "prompt_feedback": None,
        "model_version": "publishers/google/models/gemini-3.1-flash-image",
        "response_id": "r1",
        "create_time": "2026-07-11T15:14:35Z",
        "usage_metadata": {
            "prompt_token_count": 10,
            "total_token_count": 1190,
            "candidates_tokens_details": [{"modality": "IMAGE", "token_count": 1120}],
            "traffic_type": "ON_DEMAND_PRIORITY",
        },
    }

    found, rows = normalized(body)

    assert (found.images_delivered, found.finish_reason, found.tier) == (1, "STOP", "priority")
    assert (found.model, found.request_id) == ("gemini-3.1-flash-image", "r1")
    assert (found.input_tokens, found.text_tokens, found.image_tokens) == (10, 60, 1120)
    assert found.at == datetime(2026, 7, 11, 15, 14, 35, tzinfo=UTC)
    assert UsageRow("request", "search_query", 1) in rows


def test_empty_search_queries_do_not_count() -> None:
    grounding = {"webSearchQueries": ["", "a", "b"], "imageSearchQueries": ["c"]}

    found, rows = normalized(answer(candidate(PNG, groundingMetadata=grounding), usageMetadata={"promptTokenCount": 3}))

    assert found.signal == {"search_queries": 3}
    assert rows[-1] == UsageRow("request", "search_query", 3)


def test_image_tokens_without_any_content_mean_that_the_copy_was_shortened() -> None:
    usage = {
        "promptTokenCount": 3,
        "totalTokenCount": 1200,
        "candidatesTokensDetails": [{"modality": "IMAGE", "tokenCount": 1120}],
    }

    assert facts_of(answer({"finishReason": "STOP"}, usageMetadata=usage)).images_delivered is None
    assert facts_of({"usageMetadata": usage}).images_delivered is None


@pytest.mark.parametrize("body", [{}, {"candidates": None}, {"candidates": [None, 7]}])
def test_nothing_said_stays_unknown(body: object) -> None:
    found = facts_of(body)

    assert (found.finish_reason, found.images_delivered, found.input_tokens) == (None, None, None)


def test_the_request_tells_size_model_operation_and_count() -> None:
    request = {
        "contents": [{"parts": [{"text": "bluer"}, {"inlineData": {"mimeType": "image/png", "data": "aGk="}}]}],
        "generationConfig": {"imageConfig": {"imageSize": "512PX"}, "candidateCount": 2},
    }

    found = facts_of(answer(candidate(PNG)), request=request, url=AI)

    assert (found.size, found.operation, found.images_requested) == ("512", "edit", 2)
    assert found.model == "gemini-3.1-flash-image"


def test_the_request_of_the_sdk_reads_alike() -> None:
    request = {
        "model": "models/gemini-3-pro-image",
        "contents": "a kite",
        "config": {"image_config": {"image_size": "4K"}},
    }

    found = facts_of(answer(candidate(PNG)), request=request)

    assert (found.size, found.operation, found.model) == ("4K", "generate", "gemini-3-pro-image")


@pytest.mark.parametrize(
    ("body", "context", "dialect"),
    [
        (answer(candidate(PNG)), {}, "gemini-api"),
        (answer(candidate(PNG)), {"url": VERTEX}, "vertex"),
        (answer(candidate(PNG)), {"seller": "google-vertex"}, "vertex"),
        (answer(candidate(PNG), createTime="2026-07-11T15:14:35Z"), {}, "vertex"),
        (answer({"finishReason": "MODEL_ARMOR"}), {}, "vertex"),
        ({"promptFeedback": {"blockReason": "SAFETY", "blockReasonMessage": "x"}}, {}, "vertex"),
        ({"usageMetadata": {"promptTokenCount": 1, "trafficType": "ON_DEMAND"}}, {}, "vertex"),
        ([{"error": {"code": 429, "message": "x", "status": "RESOURCE_EXHAUSTED"}}], {}, "gemini-api"),
        (
            {"error": {"code": 403, "message": "on //aiplatform.googleapis.com/x", "status": "PERMISSION_DENIED"}},
            {},
            "vertex",
        ),
        ("429 RESOURCE_EXHAUSTED. {'error': {'code': 429}}", {}, "gemini-api"),
    ],
)
def test_the_surest_claim_names_the_service(body: object, context: dict[str, Any], dialect: str) -> None:
    exchange = Exchange.of(body, **context)

    claims = {name: DIALECTS[name].recognizes(exchange) for name in ("gemini-api", "vertex")}

    assert max(claims, key=lambda name: claims[name]) == dialect
    assert len(set(claims.values())) == 2


@pytest.mark.parametrize(
    "body", [{"data": []}, {"choices": []}, {"images": []}, {"predictions": []}, "", "<html>", [1], 7]
)
def test_other_formats_are_not_claimed(body: object) -> None:
    exchange = Exchange.of(body) if not isinstance(body, int) else Exchange(body=body)

    assert DIALECTS["gemini-api"].recognizes(exchange) is Claim.NO
    assert DIALECTS["vertex"].recognizes(exchange) is Claim.NO


def test_a_call_without_an_answer_is_taken_when_the_provider_is_named() -> None:
    assert DIALECTS["gemini-api"].recognizes(Exchange.of(None, provider="gemini")) is Claim.MAYBE
    assert DIALECTS["gemini-api"].recognizes(Exchange.of(None)) is Claim.NO
