"""Gemini answers in another API's shape: chat completions, messages, images, tasks."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from policyengine.exchange import Exchange
from policyengine.provider import Claim
from policyengine_gemini import policyengine_provider
from policyengine_gemini.gateway import GeminiOpenai, OpenrouterChat

if TYPE_CHECKING:
    from policyengine.facts import Facts

DIALECT = GeminiOpenai()
OPENROUTER = OpenrouterChat()
URI = "data:image/png;base64,aGk="
MODEL = "google/gemini-3.1-flash-image"


def facts_of(body: object, **context: object) -> Facts:
    return DIALECT.normalize(Exchange.of(body, **context))[0]


def completion(message: dict[str, object], reason: str | None = "stop", **more: object) -> dict[str, object]:
    choice = {"index": 0, "finish_reason": reason, "message": message, **more}
    return {"object": "chat.completion", "model": MODEL, "created": 1770000000, "choices": [choice]}


@pytest.mark.parametrize(
    "message",
    [
        {"content": None, "images": [{"type": "image_url", "image_url": {"url": URI}}]},
        {"content": [{"type": "text", "text": "Here."}, {"type": "image_url", "image_url": {"url": URI}}]},
        {"content": f"Here.\n![image]({URI})"},
    ],
)
def test_an_image_counts_wherever_a_gateway_puts_it(message: dict[str, object]) -> None:
    found = facts_of(completion(message))

    assert (found.images_delivered, found.finish_reason, found.model) == (1, "stop", "gemini-3.1-flash-image")
    assert found.text is None or "base64" not in found.text


def test_the_models_own_reason_wins_over_the_translation() -> None:
    body = completion({"content": ""}, "content_filter", native_finish_reason="IMAGE_SAFETY")

    assert facts_of(body).finish_reason == "IMAGE_SAFETY"


def test_a_refusal_in_its_own_field_is_what_the_model_wrote() -> None:
    assert facts_of(completion({"content": None, "refusal": "I can't."})).text == "I can't."


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        (
            {
                "prompt_tokens": 20,
                "completion_tokens": 1150,
                "total_tokens": 1170,
                "completion_tokens_details": {"image_tokens": 1120},
            },
            (20, 30, 1120),
        ),
        (
            {
                "prompt_tokens": 20,
                "completion_tokens": 1120,
                "total_tokens": 1240,
                "completion_tokens_details": {"image_tokens": 1120},
            },
            (20, 100, 1120),
        ),
        ({"prompt_tokens": 20, "completion_tokens": 1150}, (20, None, None)),
        ({"input_tokens": 9, "cache_read_input_tokens": 3, "output_tokens": 0}, (12, 0, 0)),
        ({}, (None, None, None)),
    ],
)
def test_tokens_of_both_usage_shapes(usage: dict[str, object], expected: tuple[object, ...]) -> None:
    body = completion({"images": [{"image_url": {"url": URI}}]}) | {"usage": usage}

    found = facts_of(body)

    assert (found.input_tokens, found.text_tokens, found.image_tokens) == expected


def test_a_streamed_completion_is_joined() -> None:
    chunks = [
        {"object": "chat.completion.chunk", "model": MODEL, "choices": [{"delta": {"content": "A "}}]},
        {"object": "chat.completion.chunk", "choices": [{"delta": {"images": [{"image_url": {"url": URI}}]}}]},
        {"object": "chat.completion.chunk", "choices": [{"delta": {}, "finish_reason": "stop"}]},
        {"object": "chat.completion.chunk", "choices": [], "usage": {"prompt_tokens": 5, "total_tokens": 5}},
    ]

    found = facts_of(chunks)

    assert (found.images_delivered, found.text, found.finish_reason, found.terminal) == (1, "A ", "stop", True)
    assert facts_of(chunks[:2]).terminal is False


def test_a_streamed_message_ends_with_its_last_counts() -> None:
    events = [
        {
            "type": "message_start",
            "message": {
                "type": "message",
                "model": "gemini-2.5-flash-image",
                "usage": {"input_tokens": 0, "output_tokens": 0},
            },
        },
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "No."}},
        {
            "type": "message_delta",
            "delta": {"stop_reason": "refusal"},
            "usage": {"input_tokens": 19, "output_tokens": 2},
        },
        {"type": "message_stop"},
    ]

    found = facts_of(events)

    assert (found.finish_reason, found.text, found.images_delivered) == ("refusal", "No.", 0)
    assert (found.input_tokens, found.text_tokens, found.image_tokens, found.model) == (
        19,
        2,
        0,
        "gemini-2.5-flash-image",
    )


def test_a_whole_message_reads_alike() -> None:
    body = {
        "type": "message",
        "model": "gemini-2.5-flash-image",
        "stop_reason": "end_turn",
        "content": [{"type": "image", "source": {}}],
    }

    assert facts_of(body).images_delivered == 1


def test_finish_reason_and_message_of_an_item_are_read() -> None:
    body = {"data": [{"finish_reason": "IMAGE_SAFETY", "finish_message": "I cannot complete this."}]}

    found = facts_of(body)

    assert (found.finish_reason, found.message, found.images_delivered) == (
        "IMAGE_SAFETY",
        "I cannot complete this.",
        0,
    )


def test_an_images_answer_without_images_delivers_nothing() -> None:
    found = facts_of(
        {"created": 1, "data": []}, request={"model": "gemini-3.1-flash-image", "size": "1024x1024", "n": 1}
    )

    assert (found.images_delivered, found.terminal, found.size, found.images_requested) == (0, True, "1K", 1)


@pytest.mark.parametrize(
    ("task", "terminal", "images"),
    [
        ({"status": "processing", "progress": 3}, False, 0),
        ({"status": "completed", "results": ["https://a/b.png"]}, True, 1),
        ({"status": "failed", "error": {"code": "content_policy_violation", "message": "x"}}, True, 0),
    ],
)
def test_a_gateways_task_is_a_state(task: dict[str, object], terminal: bool, images: int | None) -> None:  # noqa: FBT001
    found = facts_of({"object": "image.generation.task", "model": "gemini-3.1-flash-image", **task})

    assert (found.status, found.terminal, found.images_delivered) == (task["status"], terminal, images)


def test_what_moderation_flagged_is_named() -> None:
    body = {
        "error": {"code": 403, "message": "flagged", "metadata": {"reasons": ["violence"], "error_type": "moderation"}}
    }

    found = facts_of(body)

    assert (found.category, found.error_type, found.http_status) == (("violence",), "moderation", 403)


def test_an_error_inside_a_choice_is_an_error() -> None:
    body = completion({"content": ""}, "error", error={"code": 502, "message": "Upstream failed"})

    found = facts_of(body, http_status=200)

    assert (found.code, found.finish_reason, found.http_status) == ("502", None, 200)


def test_openrouter_reports_its_own_charge() -> None:
    body = completion({"images": [{"image_url": {"url": URI}}]}) | {"usage": {"prompt_tokens": 20, "cost": 0.06721}}

    found = OPENROUTER.normalize(Exchange.of(body))[0]

    assert (found.settled, found.money_unit, found.seller) == (Decimal("0.06721"), "USD", "openrouter")


@pytest.mark.parametrize(
    ("body", "context", "compatible", "openrouter"),
    [
        (completion({"content": "x"}), {}, Claim.CERTAIN, Claim.NO),
        (completion({"content": "x"}) | {"usage": {"cost": 0.1}}, {}, Claim.SHAPE, Claim.CERTAIN),
        (completion({"content": "x"}) | {"model": "openai/gpt-5"}, {}, Claim.MAYBE, Claim.NO),
        (completion({"images": []}) | {"model": "x"}, {}, Claim.SHAPE, Claim.NO),
        ({"data": [{"finish_reason": "IMAGE_SAFETY"}]}, {}, Claim.CERTAIN, Claim.NO),
        ({"data": [{"url": "https://a"}]}, {}, Claim.NO, Claim.NO),
        ({"data": [{"url": "https://a"}]}, {"model": "nano-banana-2"}, Claim.CERTAIN, Claim.NO),
        ({"error": {"code": 402, "message": "x"}}, {"seller": "openrouter"}, Claim.NO, Claim.CERTAIN),
        ({"error": {"message": "x"}}, {"request": {"model": "gemini-3-pro-image"}}, Claim.MAYBE, Claim.NO),
        ({"candidates": []}, {"model": "gemini-3-pro-image"}, Claim.NO, Claim.NO),
        (None, {}, Claim.NO, Claim.NO),
    ],
)
def test_shapes_are_claimed_by_model_and_marks(
    body: object, context: dict[str, Any], compatible: Claim, openrouter: Claim
) -> None:
    exchange = Exchange.of(body, **context)

    assert DIALECT.recognizes(exchange) is compatible
    assert OPENROUTER.recognizes(exchange) is openrouter


@pytest.mark.parametrize(
    ("body", "claim"),
    [
        ({"data": [{"url": "https://a"}]}, Claim.SHAPE),
        ({"error": {"message": "x", "type": "upstream_error", "code": "bad_response"}}, Claim.MAYBE),
        ({"error": {"message": "x", "code": 400}}, Claim.NO),
        ({"error": {"message": "x", "code": "quota_exceeded"}}, Claim.NO),
    ],
)
def test_foreign_shapes_are_claimed_when_the_provider_is_named(body: object, claim: Claim) -> None:
    named = next(dialect for dialect in policyengine_provider().dialects if dialect.name == "gemini-openai")

    assert named.recognizes(Exchange.of(body, provider="gemini")) is claim
