"""Amazon Bedrock: Stability's images, filter reasons and AWS errors, and what they cost."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policyengine.engine import Engine
from policyengine.exchange import Exchange
from policyengine.provider import Claim
from policyengine_stability import policyengine_provider
from policyengine_stability.bedrock import Bedrock, BedrockSeller

if TYPE_CHECKING:
    from policyengine.facts import Facts
    from policyengine.provider import Scenario
    from policyengine.verdict import Verdict

PROVIDER = policyengine_provider()
DIALECT = next(dialect for dialect in PROVIDER.dialects if isinstance(dialect, Bedrock))
SCENARIOS = PROVIDER.scenarios("bedrock")
RUNTIME = "https://bedrock-runtime.us-west-2.amazonaws.com"
LARGE = "stability.sd3-5-large-v1:0"
RAISED = "botocore.errorfactory.{0}: An error occurred ({0}) when calling the InvokeModel operation: {1}"


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine.load()


def facts_of(body: object, **context: object) -> Facts:
    return DIALECT.normalize(Exchange.of(body, **context))[0]


def verdict_of(engine: Engine, body: object, **context: object) -> Verdict:
    return engine.evaluate(body, dialect="bedrock", seller="aws-bedrock", **context)


def reasons(*told: str | None) -> dict[str, object]:
    return {"seeds": [1], "finish_reasons": list(told), "images": ["aGk=" for _ in told]}


def artifacts(*told: str) -> dict[str, object]:
    listed = [{"seed": 1, "base64": "aGk=", "finishReason": reason} for reason in told]
    return {"result": "success", "artifacts": listed}


@pytest.mark.parametrize(
    ("body", "http_status", "outcome", "stage"),
    [
        (reasons(None), 200, "delivered", "none"),
        (reasons("Filter reason: prompt"), 200, "blocked", "prompt"),
        (reasons("Filter reason: input image"), 200, "blocked", "prompt"),
        (reasons("Filter reason: output image"), 200, "blocked", "output"),
        (reasons("Inference error"), 200, "failed", "generation"),
        (reasons("Filter reason: moon"), 200, "unrecognized", "unknown"),
        (reasons(None, "Filter reason: output image"), 200, "partial", "output"),
        (reasons(None, "Inference error"), 200, "partial", "generation"),
        ({"finish_reasons": ["Filter reason: prompt"]}, 200, "blocked", "prompt"),
        (artifacts("SUCCESS"), 200, "delivered", "none"),
        (artifacts("SUCCESS", "CONTENT_FILTERED"), 200, "partial", "output"),
        (artifacts("CONTENT_FILTERED"), 200, "blocked", "output"),
        (artifacts("ERROR"), 200, "failed", "generation"),
        ({"images": ["aGk="]}, 200, "delivered", "none"),
        ({"images": []}, 200, "declined", "generation"),
        (
            {"images": [], "error": "The generated image has been blocked by our content filters."},
            200,
            "blocked",
            "output",
        ),
        (RAISED.format("ValidationException", "blocked by our content filters."), 400, "blocked", "prompt"),
        (RAISED.format("ValidationException", "invalid_prompts"), None, "blocked", "prompt"),
        (RAISED.format("ValidationException", "Malformed input request"), None, "rejected", "admission"),
        (RAISED.format("ThrottlingException", "slow down"), None, "throttled", "admission"),
        (RAISED.format("SolarFlareException", "hot"), None, "unrecognized", "unknown"),
        ({"__type": "com.amazon.coral#AccessDeniedException", "message": "no"}, 400, "denied", "admission"),
        ({"message": "You don't have access to the model with the specified model ID."}, 403, "denied", "admission"),
        ({"Error": {"Code": "ServiceQuotaExceededException", "Message": "no"}}, 400, "throttled", "admission"),
        ({"Error": {"Code": "ModelTimeoutException", "Message": "no"}}, 408, "timeout", "generation"),
        ({"Error": {"Code": "ModelErrorException", "Message": "no"}}, 424, "failed", "generation"),
        ({"message": "no"}, 500, "failed", "unknown"),
    ],
)
def test_answers_are_told_apart(
    engine: Engine, body: object, http_status: int | None, outcome: str, stage: str
) -> None:
    verdict = verdict_of(engine, body, http_status=http_status)

    assert (verdict.outcome, verdict.stage) == (outcome, stage)


def test_filtered_picture_in_the_answer_is_not_delivered() -> None:
    facts = facts_of(reasons("Filter reason: output image"))

    assert (facts.images_delivered, facts.images_withheld) == (0, 1)


def test_text_of_the_exception_is_read() -> None:
    facts = facts_of(RAISED.format("ValidationException", "Malformed input request"))

    assert (facts.code, facts.message) == ("ValidationException", "Malformed input request")


def test_code_may_stand_in_the_header_alone() -> None:
    headers = {"X-Amzn-ErrorType": "ThrottlingException:http://internal.amazon.com/", "x-amzn-requestid": "r"}

    facts = facts_of({"message": "no"}, headers=headers)

    assert (facts.code, facts.request_id) == ("ThrottlingException", "r")


def test_address_names_the_model() -> None:
    url = f"{RUNTIME}/model/stability.sd3-5-large-v1%3A0/invoke"

    assert facts_of(reasons(None), url=url).model == LARGE


def test_every_image_generated_is_charged(engine: Engine) -> None:
    verdict = verdict_of(engine, reasons(None), model=LARGE)

    assert (verdict.bill.image, verdict.bill.basis["image"], verdict.charge.low) == (
        "charged",
        "official",
        Decimal("0.08"),
    )


@pytest.mark.parametrize("reason", ["Filter reason: prompt", "Filter reason: output image", "Inference error"])
def test_filtered_call_stays_unknown(engine: Engine, reason: str) -> None:
    verdict = verdict_of(engine, reasons(reason), http_status=200, model=LARGE)

    assert (verdict.bill.image, verdict.charge.low, verdict.charge.high) == ("unknown", Decimal(0), Decimal("0.08"))


def test_error_instead_of_an_invocation_is_free_by_inference_only(engine: Engine) -> None:
    verdict = verdict_of(engine, RAISED.format("ValidationException", "invalid_prompts"), http_status=400)

    assert (verdict.bill.image, verdict.bill.basis["image"]) == ("free", "inferred")


def test_only_the_good_artifacts_are_charged(engine: Engine) -> None:
    body = artifacts("SUCCESS", "CONTENT_FILTERED")

    verdict = verdict_of(engine, body, model="stability.stable-diffusion-xl-v1")

    assert (verdict.images, verdict.charge.low, verdict.charge.high) == (1, Decimal("0.04"), Decimal("0.08"))


def test_timeout_warns_of_attempts_nobody_saw(engine: Engine) -> None:
    verdict = verdict_of(engine, None, transport_error="ReadTimeoutError", model=LARGE)

    assert "hidden_attempts" in {warning.code for warning in verdict.warnings}


def test_client_error_of_botocore_is_read_whole(engine: Engine) -> None:
    class ClientError(Exception):
        response = {  # noqa: RUF012  as botocore has it
            "Error": {"Code": "ThrottlingException", "Message": "Too many requests"},
            "ResponseMetadata": {"HTTPStatusCode": 429, "HTTPHeaders": {"x-amzn-requestid": "r"}},
        }

    verdict = engine.evaluate(ClientError("no"))

    assert (verdict.facts.dialect, verdict.outcome, verdict.facts.request_id) == ("bedrock", "throttled", "r")


@pytest.mark.parametrize("host", ["bedrock-runtime.us-west-2.amazonaws.com", "bedrock-runtime-fips.us-east-1.api.aws"])
def test_regional_hosts_are_recognized(host: str) -> None:
    exchange = Exchange.of({}, url=f"https://{host}/model/x/invoke")

    assert DIALECT.recognizes(exchange) is Claim.CERTAIN
    assert BedrockSeller("aws-bedrock").recognizes(exchange)


@pytest.mark.parametrize(
    ("body", "context", "claim"),
    [
        (reasons(None), {}, Claim.CERTAIN),
        (artifacts("SUCCESS"), {}, Claim.CERTAIN),
        ({"artifacts": [{"seed": 1, "finishReason": "SUCCESS"}]}, {}, Claim.NO),
        ({"__type": "ValidationException"}, {}, Claim.CERTAIN),
        ({"message": "no"}, {}, Claim.NO),
        ({"message": "no"}, {"seller": "aws-bedrock"}, Claim.CERTAIN),
        ({"message": "Could not resolve the foundation model"}, {}, Claim.SHAPE),
        ({"images": ["aGk="]}, {}, Claim.SHAPE),
        ({"images": [{"url": "a"}]}, {}, Claim.NO),
        (RAISED.format("ValidationException", "no"), {}, Claim.CERTAIN),
        ("An ordinary page", {}, Claim.NO),
    ],
)
def test_only_its_own_keys_are_claimed(body: object, context: dict[str, str], claim: Claim) -> None:
    assert DIALECT.recognizes(Exchange.of(body, **context)) is claim


def test_artifacts_are_told_from_those_of_stability(engine: Engine) -> None:
    ours = artifacts("SUCCESS")
    theirs = {"artifacts": ours["artifacts"]}

    assert engine.dialect_of(Exchange.of(ours)).name == "bedrock"
    assert engine.dialect_of(Exchange.of(theirs)).name == "stability-v2"


@pytest.mark.parametrize("scenario", [one for one in SCENARIOS if one.body is not None], ids=lambda one: one.name)
def test_scenarios_are_recognized_among_all_dialects(engine: Engine, scenario: Scenario) -> None:
    exchange = Exchange.of(scenario.body, http_status=scenario.http_status, headers=scenario.headers)

    assert engine.dialect_of(exchange).name == "bedrock"


@given(st.text(max_size=60))
def test_any_text_is_read(written: str) -> None:
    facts = facts_of(f"An error occurred (InvokeModel{written}")

    assert facts.images_delivered == 0
