"""Imagen's :predict: predictions, filtered images, refused prompts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from policyengine.exchange import Exchange
from policyengine.facts import UsageRow
from policyengine.provider import Claim
from policyengine_gemini.imagen import Imagen

if TYPE_CHECKING:
    from policyengine.facts import Facts

DIALECT = Imagen()
IMAGE = {"mimeType": "image/png", "bytesBase64Encoded": "aGk="}
SOME = (
    "Your current safety filter threshold filtered out 2 generated images. You will not be charged for blocked images."
)
ALL = "Unable to show generated images. All images were filtered out. Support codes: 39322892, 15236754"
REFUSED = "Image generation failed with the following error: The prompt could not be submitted. Support codes: 42876398"


def facts_of(body: object, **context: object) -> Facts:
    return DIALECT.normalize(Exchange.of(body, **context))[0]


def asking_for(count: int) -> dict[str, object]:
    return {"instances": [{"prompt": "a kite"}], "parameters": {"sampleCount": count, "sampleImageSize": "2K"}}


@pytest.mark.parametrize(
    "body",
    [
        {"predictions": [IMAGE, {"mimeType": "image/png", "gcsUri": "gs://a/b.png"}]},
        {"generated_images": [{"image": {"image_bytes": "aGk="}}, {"image": {"gcs_uri": "gs://a/b.png"}}]},
        {"generatedImages": [{"image": {"imageBytes": "aGk="}}, {"image": {"gcsUri": "gs://a/b.png"}}]},
    ],
)
def test_images_are_counted_on_the_wire_and_in_the_sdks(body: object) -> None:
    found, rows = DIALECT.normalize(Exchange.of(body))

    assert (found.images_delivered, found.images_withheld, found.terminal) == (2, None, True)
    assert rows == (UsageRow("image", "image", 2),)


def test_the_request_tells_how_many_were_asked_for() -> None:
    found = facts_of({"predictions": [IMAGE, IMAGE, IMAGE]}, request=asking_for(4))

    assert (found.images_requested, found.images_missing, found.size) == (4, 1, "2K")


def test_the_message_tells_how_many_were_filtered() -> None:
    found = facts_of({"predictions": [IMAGE, IMAGE, {"raiFilteredReason": SOME}]})

    assert (found.images_delivered, found.images_withheld, found.images_requested, found.message) == (2, 2, 4, SOME)


def test_all_filtered_withholds_what_was_asked_for() -> None:
    found = facts_of({"predictions": [{"raiFilteredReason": ALL}]}, request=asking_for(4))

    assert (found.images_delivered, found.images_withheld, found.filter_stage) == (0, 4, "output")
    assert found.category == ("people or face", "celebrity")


def test_all_filtered_without_a_request_withholds_at_least_one() -> None:
    found = facts_of({"generated_images": [{"rai_filtered_reason": ALL}]})

    assert (found.images_withheld, found.images_requested) == (1, None)


def test_no_predictions_deliver_nothing() -> None:
    assert facts_of({"predictions": []}).images_delivered == 0
    assert facts_of({}).images_delivered is None


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"code": 400, "message": REFUSED, "status": "INVALID_ARGUMENT"}},
        [{"error": {"code": 400, "message": REFUSED}}],
        f"400 {REFUSED}",
        {"exception": f"Invalid argument: 400 {REFUSED}"},
    ],
)
def test_a_refused_prompt_reads_alike_in_every_rendering(body: object) -> None:
    found = facts_of(body)

    assert (found.code, found.error_type, found.http_status) == ("400", "INVALID_ARGUMENT", 400)
    assert (found.filter_stage, found.category, found.images_delivered) == ("prompt", ("other",), 0)


@pytest.mark.parametrize(
    ("body", "context", "claim"),
    [
        ({"predictions": [IMAGE]}, {}, Claim.CERTAIN),
        ({"predictions": [{"raiFilteredReason": ALL}]}, {}, Claim.CERTAIN),
        ({"predictions": [0.3, 0.7]}, {}, Claim.MAYBE),
        ({"predictions": []}, {}, Claim.MAYBE),
        ({"error": {"code": 400, "message": REFUSED}}, {}, Claim.CERTAIN),
        ({"error": {"code": 400, "message": "x"}}, {}, Claim.NO),
        ({"error": {"code": 429, "message": "x"}}, {"url": "https://a.b/models/imagen-4.0:predict"}, Claim.CERTAIN),
        ({"candidates": []}, {}, Claim.NO),
        (None, {}, Claim.NO),
    ],
)
def test_predictions_and_their_errors_are_claimed(body: object, context: dict[str, Any], claim: Claim) -> None:
    assert DIALECT.recognizes(Exchange.of(body, **context)) is claim
