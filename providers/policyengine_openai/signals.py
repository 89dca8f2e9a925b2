"""Turn an error object into facts: code, type, words, and the side of the filter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policyengine.native import mapping, number, scalar_text, text
from policyengine_openai.envelope import error_in_text, status_in
from policyengine_openai.wording import categories_in, http_status_in, model_in, request_id_in, wait_in

if TYPE_CHECKING:
    from policyengine.exchange import Exchange
    from policyengine_openai.envelope import JSON

__all__ = ["error_facts", "header_facts", "text_facts"]

_SIDES = {"input": "prompt", "output": "output"}
_FILTER_RESULTS = ("content_filter_results", "content_filter_result")
_AZURE_INNER = ("inner_error", "innererror")
_AZURE_KEYS = (*_AZURE_INNER, *_FILTER_RESULTS)
_MAX_CATEGORIES = 32
# Azure: apim-request-id, x-ms-request-id. one-api and its forks answer under names of their own.
_ID_HEADERS = ("apim-request-id", "x-ms-request-id", "x-api-request-id", "x-oneapi-request-id")


def error_facts(exchange: Exchange, body: JSON, error: JSON) -> dict[str, object]:
    """Return the facts that *error*, found in *body*, tells."""
    known: dict[str, object] = {"images_delivered": 0, "terminal": True}
    if code := error.get("code"):
        known["code"] = code if type(code) is str else scalar_text(code)
    if kind := error.get("type"):
        known["error_type"] = text(kind)
    if param := error.get("param"):
        known["param"] = text(param)
    words = error.get("message")
    if type(words) is not str:
        words = text(error.get("msg")) or text(error.get("reason")) or text(error.get("detail")) or ""
    details = error.get("moderation_details")
    moderated = details if type(details) is dict else error
    stage = moderated.get("moderation_stage")
    if type(stage) is str and stage in _SIDES:
        known["filter_stage"] = _SIDES[stage]
    category = _names(moderated["categories"]) if "categories" in moderated else ()
    if words:
        known["message"] = words
        category = category or categories_in(words)
        _read_words(exchange, words, known)
    if not category and any(key in error for key in _AZURE_KEYS):
        category = _filtered(error)
    if category:
        known["category"] = category
    if exchange.http_status is None:
        known["http_status"] = status_in(body, error)
    return known


def header_facts(exchange: Exchange, known: dict[str, object]) -> None:
    """Add what headers tell beyond `x-request-id` and `retry-after`, which every exchange reads itself."""
    headers = exchange.headers
    if known.get("request_id") is None and "x-request-id" not in headers:
        known["request_id"] = next((headers[name] for name in _ID_HEADERS if name in headers), None)
    if "retry-after-ms" in headers and known.get("retry_after_s") is None:
        wait = number(headers["retry-after-ms"])
        known["retry_after_s"] = None if wait is None else wait / 1000


def text_facts(exchange: Exchange, written: str) -> dict[str, object]:
    """Return the facts of a body that is no JSON: an error page, or the text of an exception."""
    known = error_facts(exchange, {}, error_in_text(written))
    if known.get("http_status") is None and exchange.http_status is None:
        known["http_status"] = http_status_in(written)
    return known


def _read_words(exchange: Exchange, words: str, known: dict[str, object]) -> None:
    """Add what stands only in prose; a refusal by moderation tells no wait and no model."""
    if "x-request-id" not in exchange.headers and (request_id := request_id_in(words)):
        known["request_id"] = request_id
    if known.get("code") == "moderation_blocked":
        return
    if "again in " in words or "etry after " in words:
        known["retry_after_s"] = wait_in(words)
    if exchange.model is None and not exchange.request and ("odel " in words or "reached for " in words):
        known["model"] = model_in(words)


def _names(value: object) -> tuple[str, ...]:
    if type(value) is not list:
        return ()
    return tuple([name for name in value if type(name) is str and name][:_MAX_CATEGORIES])


def _filtered(error: JSON) -> tuple[str, ...]:
    """Return the categories that Azure marks as filtered; often none is, even on a refusal.

    github.com/BerriAI/litellm/issues/16072 (checked 2026-11-22) shows a refusal with nothing marked,
    so these never decide anything.
    """
    inner = next((inner for key in _AZURE_INNER if (inner := mapping(error.get(key)))), error)
    results = next((found for key in _FILTER_RESULTS if (found := mapping(inner.get(key)))), {})
    return tuple(
        name for name, result in results.items() if isinstance(result, dict) and result.get("filtered") is True
    )
