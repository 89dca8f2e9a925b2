"""Azure OpenAI: filters, deployments, and how Azure is told from OpenAI."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from policyengine.exchange import Exchange
from policyengine.provider import Claim
from policyengine_openai import policyengine_sellers
from policyengine_openai.azure import AzureOpenAI
from policyengine_openai.images import OpenAIImages
from policyengine_openai.responses import OpenAIResponses

if TYPE_CHECKING:
    from policyengine.facts import Facts

ADDRESS = "https://studio.openai.azure.com/openai/deployments/prod-gpt-image-1-mini/images/generations?api-version=x"
IMAGE = {"created": 1_793_000_000, "data": [{"b64_json": "aGk="}]}
RESPONSE = {"object": "response", "status": "completed", "output": []}


def facts_of(body: object, **context: object) -> Facts:
    return AzureOpenAI().normalize(Exchange.of(body, **context))[0]


@pytest.mark.parametrize(
    ("context", "model"),
    [
        ({"url": ADDRESS}, "gpt-image-1-mini"),
        ({"request": {"model": "Dalle3-eu", "prompt": "a kite"}}, "dall-e-3"),
        ({"headers": {"x-ms-deployment-name": "gpt-image-1-5"}}, "gpt-image-1.5"),
        ({"request": {"model": "painter", "prompt": "a kite"}}, "painter"),
        ({"model": "gpt-image-2"}, "gpt-image-2"),
        ({}, None),
    ],
)
def test_deployment_named_after_its_model_tells_it(context: dict[str, object], model: str | None) -> None:
    assert facts_of(IMAGE, **context).model == model


def test_refusal_of_dalle_3_tells_the_model_of_a_deployment_that_does_not() -> None:
    words = "Your request was rejected as a result of our safety system. Your prompt may contain text that offends."
    body = {"error": {"code": "content_policy_violation", "message": words, "inner_error": {}}}

    assert facts_of(body, request={"model": "painter", "prompt": "a kite"}).model == "dall-e-3"


@pytest.mark.parametrize(
    ("status", "terminal"), [("notRunning", False), ("running", False), ("succeeded", True), ("failed", None)]
)
def test_job_of_dalle_2_tells_its_state(status: str, terminal: bool | None) -> None:  # noqa: FBT001  a table
    facts = facts_of({"created": 1_690_000_000, "id": "job-1", "status": status})

    assert (facts.status, facts.task_id, facts.model) == (status, "job-1", "dall-e-2")
    assert facts.terminal is (terminal if terminal is not None else True)


def test_filtered_item_is_withheld_and_tells_why() -> None:
    fault = {"code": "contentFilter", "message": "Generated image was filtered as a result of our safety system."}
    body = {"created": 1_690_000_000, "status": "succeeded", "data": [{"url": "https://x/a.png"}, {"error": fault}]}

    facts = facts_of(body)

    assert (facts.images_requested, facts.images_delivered, facts.images_withheld) == (2, 1, 1)
    assert facts.code == "contentFilter"


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"code": "content_policy_violation", "inner_error": {"code": "ResponsibleAIPolicyViolation"}}},
        {"error": {"code": "content_filter", "innererror": {}, "message": "No."}},
        {"created": 1, "error": {"code": "contentFilter", "message": "No."}},
        {
            "error": {
                "code": "429",
                "message": "Requests under Azure OpenAI API version x have exceeded call rate limit.",
            }
        },
        {"error": {"code": "Forbidden", "message": "Your resource has been temporarily blocked."}},
        {"created": 1, "status": "running", "id": "job-1"},
        {"created": 1, "data": [{"url": "https://x/a.png", "content_filter_results": {}}]},
    ],
)
def test_own_keys_codes_and_words_are_certain(body: object) -> None:
    assert AzureOpenAI().recognizes(Exchange(body=body)) is Claim.CERTAIN
    assert OpenAIImages().recognizes(Exchange(body=body)) < Claim.CERTAIN


@pytest.mark.parametrize(
    "context",
    [
        {"url": ADDRESS},
        {"headers": {"x-ms-region": "East US"}},
        {"headers": {"apim-request-id": "a"}},
        {"seller": "azure"},
    ],
)
def test_address_headers_and_seller_are_certain(context: dict[str, object]) -> None:
    assert AzureOpenAI().recognizes(Exchange.of(IMAGE, **context)) is Claim.CERTAIN
    assert OpenAIImages().recognizes(Exchange.of(IMAGE, **context)) < Claim.CERTAIN


def test_responses_on_azure_are_translated_as_responses_and_billed_by_azure() -> None:
    exchange = Exchange.of(RESPONSE, url="https://studio.openai.azure.com/openai/v1/responses")
    sellers = [seller.name for seller in policyengine_sellers() if seller.recognizes(exchange)]

    assert AzureOpenAI().recognizes(exchange) is Claim.NO
    assert OpenAIResponses().recognizes(exchange) is Claim.CERTAIN
    assert sellers == ["azure"]


@pytest.mark.parametrize("body", [IMAGE, {"error": {"code": "x", "message": "No."}}, {"error": "x"}, None, "No."])
def test_plain_answers_are_not_azures(body: object) -> None:
    assert AzureOpenAI().recognizes(Exchange(body=body)) is Claim.NO
