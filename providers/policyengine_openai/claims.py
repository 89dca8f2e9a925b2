"""Tell by shape which of the three dialects an exchange is written in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policyengine.native import items, mapping, text
from policyengine.provider import Claim
from policyengine_openai.events import event_of, is_image_event

if TYPE_CHECKING:
    from policyengine.exchange import Exchange
    from policyengine_openai.envelope import JSON

__all__ = ["is_azure_address", "is_azure_headers", "of_azure", "of_images", "of_responses"]

_OWN_HOST = "api.openai.com"
_AZURE_HOSTS = (".openai.azure.com", ".cognitiveservices.azure.com", ".services.ai.azure.com")
_AZURE_HEADERS = ("apim-request-id", "x-ms-region", "x-ms-deployment-name")
_AZURE_KEYS = frozenset({"inner_error", "innererror", "content_filter_results", "content_filter_result"})
_AZURE_ITEM_KEYS = ("content_filter_results", "prompt_filter_results")
_AZURE_CODES = frozenset(
    {"contentFilter", "ResponsibleAIPolicyViolation", "DeploymentNotFound", "OperationNotSupported"}
)
_AZURE_WORDS = (
    "Azure OpenAI",
    "aka.ms/",
    "Azure AI",
    "resource has been temporarily blocked",
    "invalid subscription key",
)
_AZURE_JOBS = ("notRunning", "running", "succeeded", "failed")
_IMAGE_PATHS = ("/images/generations", "/images/edits", "/images/variations")
_OTHERS = frozenset({"candidates", "promptFeedback", "predictions", "artifacts", "urls", "choices", "polling_url"})
_LOGGED_ERROR = ("code", "param", "type")  # the fields of openai-node's errors, as logs render them
_LOGGED_TEXT = ("Error code: ", "openai.", "litellm.")  # str() of an SDK's exception
_LARGEST_PLAIN_ERROR = 4  # keys of a body whose `error` is a mere string


def of_images(exchange: Exchange) -> Claim:
    """Return how surely *exchange* is an Images answer of OpenAI or of a gateway that speaks like it."""
    body = exchange.body
    if type(body) is dict:
        claim = _images_body(body)
    elif type(body) is list and body:
        first = event_of(body[0])
        is_own = len(body) == 1 or (is_image_event(first) and "cost" not in mapping(event_of(body[-1]).get("usage")))
        claim = _images_body(first) if is_own else Claim.NO
    else:
        claim = Claim.MAYBE if type(body) is str and body.startswith(_LOGGED_TEXT) else Claim.NO
    if exchange.url and claim < Claim.CERTAIN:
        claim = max(claim, _images_address(exchange))
    if claim is Claim.NO and exchange.provider == "openai" and of_responses(exchange) is Claim.NO:
        return Claim.MAYBE
    return claim


def of_responses(exchange: Exchange) -> Claim:
    """Return how surely *exchange* is an answer of the Responses API, OpenAI's or Azure's."""
    body = exchange.body
    if exchange.url and exchange.url.partition("?")[0].endswith("/responses"):
        return Claim.CERTAIN if exchange.host == _OWN_HOST or is_azure_address(exchange) else Claim.SHAPE
    if type(body) is dict:
        return Claim.NO if len(body) == 1 and "error" in body else _responses_body(body)
    if type(body) is list and body:
        return max(_responses_body(event_of(body[0])), _responses_body(event_of(body[-1])))
    return Claim.NO


def of_azure(exchange: Exchange) -> Claim:
    """Return how surely *exchange* is an Images answer of Azure."""
    body = exchange.body
    if type(body) is list and len(body) == 1:
        body = body[0]
    if type(body) is dict and _azure_body(body):
        return Claim.CERTAIN
    shown = exchange.seller == "azure" or (exchange.url and is_azure_address(exchange))
    if not shown and not (exchange.headers and is_azure_headers(exchange)):
        return Claim.NO
    return Claim.CERTAIN if of_responses(exchange) is Claim.NO else Claim.NO


def is_azure_address(exchange: Exchange) -> bool:
    """Return whether a resource on Azure was called."""
    return bool(exchange.url) and exchange.host.endswith(_AZURE_HOSTS)


def is_azure_headers(exchange: Exchange) -> bool:
    """Return whether the answer has headers of Azure's API management."""
    return bool(exchange.headers) and any(name in exchange.headers for name in _AZURE_HEADERS)


def _images_address(exchange: Exchange) -> Claim:
    path = exchange.url.partition("?")[0] if exchange.url else ""
    if not path.endswith(_IMAGE_PATHS):
        return Claim.NO
    return Claim.CERTAIN if exchange.host == _OWN_HOST else Claim.MAYBE


def _images_body(body: JSON) -> Claim:
    if error := body.get("error"):
        return _error_claim(body, error)
    if is_image_event(body):
        return Claim.CERTAIN
    if "data" in body and "created" in body:
        return _data_claim(body)
    if "custom_id" in body:
        return _images_body(mapping(mapping(body.get("response")).get("body")))
    return _excerpt_claim(body)


def _excerpt_claim(body: JSON) -> Claim:
    """Return how surely fields that somebody kept of an answer are this family's."""
    if "moderation_stage" in body:
        return Claim.SHAPE
    if "errorKey" in body or all(name in body for name in _LOGGED_ERROR):
        return Claim.MAYBE
    return _usage_claim(body)


def _error_claim(body: JSON, error: object) -> Claim:
    """Return how surely an error envelope is OpenAI's; the half of the world that copied it makes most a maybe."""
    if isinstance(error, str):
        return Claim.MAYBE if len(body) <= _LARGEST_PLAIN_ERROR and "id" not in body else Claim.NO
    if not isinstance(error, dict) or (len(body) > 1 and _is_of_others(body)):
        return Claim.NO
    kind, status = error.get("type"), error.get("status")
    if "moderation_details" in error or (isinstance(kind, str) and kind.endswith("image_generation_user_error")):
        return Claim.SHAPE
    if isinstance(status, str) and status.isupper():  # google.rpc.Status: "INVALID_ARGUMENT"
        return Claim.NO
    return Claim.MAYBE if "message" in error or "code" in error or kind else Claim.NO


def _is_of_others(body: JSON) -> bool:
    """Return whether the keys beside an error belong to another dialect."""
    return not _OTHERS.isdisjoint(body) or _responses_body(body) is not Claim.NO


def _data_claim(body: JSON) -> Claim:
    data = body["data"]
    if not isinstance(data, list):
        return Claim.MAYBE if data is None else Claim.NO
    first = mapping(data[0]) if data else {}
    if "object" in body or (data and not any(name in first for name in ("url", "b64_json", "revised_prompt", "error"))):
        return Claim.MAYBE
    return Claim.NO if "cost" in mapping(body.get("usage")) else Claim.SHAPE  # OpenRouter reports `usage.cost`


def _usage_claim(body: JSON) -> Claim:
    """Return a weak claim on an excerpt of which only the usage was kept."""
    usage = mapping(body.get("usage"))
    if not usage or "cost" in usage or not _OTHERS.isdisjoint(body):
        return Claim.NO
    details = ("input_tokens_details", "output_tokens_details", "prompt_tokens_details", "completion_tokens_details")
    return Claim.MAYBE if any("image_tokens" in mapping(usage.get(name)) for name in details) else Claim.NO


def _responses_body(body: JSON) -> Claim:
    kind = body.get("type")
    if body.get("object") == "response" or (isinstance(kind, str) and kind.startswith("response.")):
        return Claim.CERTAIN
    if "tool_usage" in body or "incomplete_details" in body or (kind == "error" and "sequence_number" in body):
        return Claim.SHAPE
    output = items(body.get("output"))
    if output and text(mapping(output[0]).get("type")):
        return Claim.SHAPE
    if "custom_id" in body:
        return _responses_body(mapping(mapping(body.get("response")).get("body")))
    return Claim.NO


def _azure_body(body: JSON) -> bool:
    """Return whether keys, codes or words are Azure's own."""
    error = body.get("error")
    if type(error) is dict:
        code = error.get("code")
        if (isinstance(code, str) and code in _AZURE_CODES) or not _AZURE_KEYS.isdisjoint(error):
            return True
        words = error.get("message")
        return (
            isinstance(words, str)
            and "type" not in error
            and "{" not in words
            and any(mark in words for mark in _AZURE_WORDS)
        )
    if body.get("status") in _AZURE_JOBS and type(body.get("created")) is int:
        return True
    data = items(body.get("data"))
    return bool(data) and any(name in mapping(data[0]) for name in _AZURE_ITEM_KEYS)
