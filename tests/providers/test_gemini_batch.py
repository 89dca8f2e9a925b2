"""The Batch API: lines, inlined responses, bare statuses and jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from policyengine.exchange import Exchange
from policyengine.provider import Claim
from policyengine_gemini.batch import GeminiBatch

if TYPE_CHECKING:
    from policyengine.facts import Facts

DIALECT = GeminiBatch()
RESPONSE = {
    "candidates": [
        {"content": {"parts": [{"inlineData": {"mimeType": "image/png", "data": "aGk="}}]}, "finishReason": "STOP"}
    ],
    "usageMetadata": {
        "promptTokenCount": 9,
        "totalTokenCount": 1189,
        "candidatesTokensDetails": [{"modality": "IMAGE", "tokenCount": 1120}],
    },
    "modelVersion": "gemini-3.1-flash-image",
}


def facts_of(body: object, **context: object) -> Facts:
    return DIALECT.normalize(Exchange.of(body, **context))[0]


def test_a_line_is_an_answer_at_the_price_of_a_batch() -> None:
    found = facts_of({"key": "a-1", "response": RESPONSE})

    assert (found.images_delivered, found.tier, found.task_id, found.text_tokens) == (1, "batch", "a-1", 60)


def test_a_line_of_vertex_tells_the_request() -> None:
    request = {"contents": [], "generationConfig": {"imageConfig": {"imageSize": "2K"}}}

    found = facts_of({"request": request, "status": "", "response": RESPONSE, "processed_time": "x"})

    assert (found.images_delivered, found.size) == (1, "2K")


def test_a_failed_line_of_vertex_has_its_error_in_the_status() -> None:
    status = 'Bad Request: {"error": {"code": 400, "message": "bad size", "status": "INVALID_ARGUMENT"}}'

    found = facts_of({"request": {}, "status": status, "response": {}})

    assert (found.error_type, found.message, found.code) == ("INVALID_ARGUMENT", "bad size", "400")


def test_a_status_in_plain_words_is_the_message() -> None:
    assert facts_of({"request": {}, "status": "Cancelled.", "response": None}).message == "Cancelled."


@pytest.mark.parametrize(
    "body",
    [
        {"key": "a", "error": {"code": 13, "message": "An internal error has occurred."}},
        {"error": {"code": 13, "message": "An internal error has occurred."}, "metadata": {"key": "a"}},
        {"code": 13, "message": "An internal error has occurred."},
        [{"code": 13, "message": "An internal error has occurred."}],
        {"key": "a", "response": {"error": {"code": 13, "message": "An internal error has occurred."}}},
    ],
)
def test_an_item_that_failed_has_no_http_status(body: object) -> None:
    found = facts_of(body)

    assert (found.error_type, found.code, found.http_status, found.images_delivered) == ("INTERNAL", "13", None, 0)


def test_the_code_of_an_item_is_no_http_status_even_when_it_looks_like_one() -> None:
    assert facts_of({"key": "a", "error": {"code": 503, "message": "x"}}).http_status is None


@pytest.mark.parametrize(
    ("job", "status", "terminal", "images"),
    [
        ({"state": "JOB_STATE_RUNNING"}, "JOB_STATE_RUNNING", False, 0),
        ({"metadata": {"state": "BATCH_STATE_PENDING"}}, "BATCH_STATE_PENDING", False, 0),
        ({"state": "JobState.JOB_STATE_SUCCEEDED", "dest": {"file_name": "f"}}, "JOB_STATE_SUCCEEDED", True, None),
        ({"state": "JOB_STATE_CANCELLING"}, "JOB_STATE_CANCELLING", False, 0),
        ({"state": "JOB_STATE_PARTIALLY_SUCCEEDED"}, "JOB_STATE_PARTIALLY_SUCCEEDED", True, None),
    ],
)
def test_a_job_without_its_answers_is_a_state(
    job: dict[str, object], status: str, *, terminal: bool, images: int | None
) -> None:
    found = facts_of({"name": "batches/a", **job})

    assert (found.status, found.terminal, found.images_delivered) == (status, terminal, images)
    assert found.task_id == "batches/a"


def test_the_error_of_a_job_is_read() -> None:
    found = facts_of({"name": "batches/a", "state": "JOB_STATE_FAILED", "error": {"code": 3, "message": "bad file"}})

    assert (found.status, found.error_type, found.message) == ("JOB_STATE_FAILED", "INVALID_ARGUMENT", "bad file")


@pytest.mark.parametrize(
    "job",
    [
        {"name": "batches/a", "state": "JOB_STATE_SUCCEEDED", "dest": {"inlinedResponses": [{"response": RESPONSE}]}},
        {
            "name": "batches/a",
            "response": {"inlinedResponses": {"inlinedResponses": [{"response": RESPONSE}]}},
            "done": True,
        },
    ],
)
def test_a_job_with_one_answer_is_that_answer(job: object) -> None:
    assert facts_of(job).images_delivered == 1


def test_a_job_is_split_into_its_answers() -> None:
    lines = [{"response": RESPONSE}, {"error": {"code": 13, "message": "x"}}]

    assert list(DIALECT.split({"dest": {"inlined_responses": lines}})) == lines
    assert list(DIALECT.split(lines)) == lines
    assert list(DIALECT.split({"key": "a", "response": RESPONSE})) == [{"key": "a", "response": RESPONSE}]


@pytest.mark.parametrize(
    ("body", "claim"),
    [
        ({"key": "a", "response": RESPONSE}, Claim.CERTAIN),
        ({"request": {}, "status": "", "response": RESPONSE}, Claim.CERTAIN),
        ({"name": "batches/a", "metadata": {"state": "BATCH_STATE_RUNNING"}}, Claim.CERTAIN),
        ([{"key": "a", "response": RESPONSE}], Claim.CERTAIN),
        ({"code": 13, "message": "x"}, Claim.SHAPE),
        ({"code": 429, "message": "x"}, Claim.NO),
        (RESPONSE, Claim.NO),
        ({"state": "done", "response": "x"}, Claim.NO),
        ({"error": {"code": 400, "message": "x"}}, Claim.NO),
        (None, Claim.NO),
    ],
)
def test_lines_and_jobs_are_claimed(body: object, claim: Claim) -> None:
    assert DIALECT.recognizes(Exchange.of(body)) is claim
