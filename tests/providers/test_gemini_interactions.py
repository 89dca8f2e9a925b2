"""The Interactions API: statuses, steps, events, usage and error codes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from policyengine.exchange import Exchange
from policyengine.facts import UsageRow
from policyengine.provider import Claim
from policyengine_gemini.interactions import Interactions

if TYPE_CHECKING:
    from policyengine.facts import Facts

DIALECT = Interactions()
IMAGE = {"type": "image", "mime_type": "image/png", "data": "aGk="}


def facts_of(body: object, **context: object) -> Facts:
    return DIALECT.normalize(Exchange.of(body, **context))[0]


def interaction(*steps: object, status: str = "completed", **more: object) -> dict[str, object]:
    return {"id": "v1_a", "status": status, "steps": [*steps], **more}


def output(*content: object) -> dict[str, object]:
    return {"type": "model_output", "content": [*content]}


def test_images_of_the_output_count_and_those_of_the_thoughts_do_not() -> None:
    thought = {"type": "thought", "summary": [IMAGE]}

    found = facts_of(
        interaction(
            thought, {"type": "user_input", "content": [IMAGE]}, output({"type": "text", "text": "Here."}, IMAGE)
        )
    )

    assert (found.images_delivered, found.text, found.status, found.terminal) == (1, "Here.", "completed", True)
    assert found.task_id == "v1_a"


def test_outputs_of_the_early_versions_read_alike() -> None:
    found = facts_of(
        {"status": "completed", "outputs": [{"type": "thought"}, {"type": "text", "text": "Here."}, IMAGE]}
    )

    assert (found.images_delivered, found.text) == (1, "Here.")


def test_a_refusal_in_words_delivers_nothing() -> None:
    found = facts_of(interaction(output({"type": "text", "text": "I can't."})))

    assert (found.images_delivered, found.text) == (0, "I can't.")


def test_a_status_without_steps_does_not_tell_images() -> None:
    assert facts_of({"object": "interaction", "status": "completed"}).images_delivered is None


@pytest.mark.parametrize(
    ("status", "terminal"),
    [
        ("completed", True),
        ("failed", True),
        ("cancelled", True),
        ("incomplete", True),
        ("budget_exceeded", True),
        ("in_progress", False),
        ("queued", False),
        ("requires_action", False),
        ("requires_continuation", False),
    ],
)
def test_each_status_is_an_end_or_is_not(status: str, terminal: bool) -> None:  # noqa: FBT001
    assert facts_of(interaction(status=status)).terminal is terminal


def test_tokens_are_text_thinking_and_image() -> None:
    usage = {
        "total_input_tokens": 12,
        "total_output_tokens": 1180,
        "total_thought_tokens": 90,
        "total_cached_tokens": 4,
        "total_tokens": 1282,
        "output_tokens_by_modality": [{"modality": "text", "tokens": 60}, {"modality": "image", "tokens": 1120}],
        "grounding_tool_count": [{"type": "google_search", "count": 2}, {"type": "google_maps", "count": 1}],
    }

    found, rows = DIALECT.normalize(Exchange.of(interaction(output(IMAGE), usage=usage)))

    assert (found.input_tokens, found.text_tokens, found.image_tokens) == (12, 150, 1120)
    assert rows == (
        UsageRow("input", "token", 8),
        UsageRow("input", "cached_token", 4),
        UsageRow("text", "token", 150),
        UsageRow("image", "token", 1120),
        UsageRow("request", "search_query", 2),
    )


def test_tokens_without_a_total_are_summed_from_the_parts() -> None:
    usage = {"total_input_tokens": 12, "total_output_tokens": 30, "total_thought_tokens": 5}

    found = facts_of(interaction(output({"type": "text", "text": "no"}), usage=usage))

    assert (found.text_tokens, found.image_tokens) == (35, 0)


def test_events_become_one_interaction() -> None:
    events = [
        {
            "event_type": "interaction.created",
            "interaction": {"id": "v1_b", "status": "in_progress", "model": "gemini-3.1-flash-image"},
        },
        {"event_type": "step.delta", "index": 0, "delta": {"type": "thought_summary", "content": IMAGE}},
        {"event_type": "step.delta", "index": 1, "delta": {"type": "text", "text": "A "}},
        {"event_type": "step.delta", "index": 1, "delta": {"type": "text", "text": "kite."}},
        {"event_type": "step.delta", "index": 2, "delta": {"type": "image", "data": "aG"}},
        {"event_type": "step.delta", "index": 2, "delta": {"type": "image", "data": "k="}},
        {
            "event_type": "interaction.completed",
            "interaction": {"id": "v1_b", "status": "completed", "usage": {"total_input_tokens": 3}},
        },
    ]

    found = facts_of(events)

    assert (found.images_delivered, found.text, found.status, found.terminal) == (1, "A kite.", "completed", True)
    assert (found.model, found.input_tokens) == ("gemini-3.1-flash-image", 3)


def test_events_without_an_end_are_not_terminal() -> None:
    found = facts_of([{"event_type": "step.delta", "index": 0, "delta": {"type": "text", "text": "A"}}])

    assert (found.terminal, found.images_delivered) == (False, 0)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"error": {"code": "invalid_request", "message": "x"}}, "invalid_request"),
        ({"event_type": "error", "error": {"code": "not_found", "message": "x"}}, "not_found"),
        (
            [
                {"event_type": "interaction.created", "interaction": {"status": "in_progress"}},
                {"event_type": "error", "error": {"code": "safety"}},
            ],
            "safety",
        ),
        (interaction(status="failed", errors=[{"code": "image_safety", "message": "x"}]), "image_safety"),
        (interaction({"type": "model_output", "error": {"code": 13, "message": "x"}}, status="failed"), "13"),
    ],
)
def test_errors_are_read_wherever_they_stand(body: object, code: str) -> None:
    found = facts_of(body)

    assert (found.code, found.terminal, found.images_delivered) == (code, True, 0)


def test_diagnostics_of_a_completed_interaction_are_no_failure() -> None:
    assert facts_of(interaction(output(IMAGE), errors=[{"code": "api_error"}])).code is None


def test_the_request_tells_the_size() -> None:
    request = {
        "model": "gemini-3.1-flash-image",
        "input": "a kite",
        "generation_config": {"image_config": {"image_size": "2K"}},
    }

    found = facts_of(interaction(output(IMAGE)), request=request)

    assert (found.size, found.model) == ("2K", "gemini-3.1-flash-image")


@pytest.mark.parametrize(
    ("body", "claim"),
    [
        (interaction(), Claim.CERTAIN),
        ({"object": "interaction", "status": "queued"}, Claim.CERTAIN),
        ([{"event_type": "interaction.created", "interaction": {}}], Claim.CERTAIN),
        ({"event_type": "error", "error": {"code": "api_error"}}, Claim.CERTAIN),
        ({"error": {"code": "quota_exceeded", "message": "x"}}, Claim.SHAPE),
        ({"error": {"code": "rate_limit_exceeded", "message": "x", "type": "requests"}}, Claim.NO),
        ({"type": "error", "error": {"code": "api_error"}}, Claim.NO),
        ({"status": "completed", "output": "x"}, Claim.NO),
        ({"error": {"code": [], "message": "x"}}, Claim.NO),
        (None, Claim.NO),
    ],
)
def test_interactions_events_and_their_errors_are_claimed(body: object, claim: Claim) -> None:
    assert DIALECT.recognizes(Exchange.of(body)) is claim
