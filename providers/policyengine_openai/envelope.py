"""Find the error in an answer, whatever envelope the platform or a gateway put round it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import msgspec

from policyengine.native import items, mapping, mappings, scalar_text, text
from policyengine_openai.wording import from_repr

__all__ = ["JSON", "error_in", "error_in_text", "status_in"]

JSON = Mapping[str, object]

_MAX_LAYERS = 4
_MAX_TEXT = 65_536  # characters of a message that are searched for an error inside it
_DECODE = msgspec.json.Decoder().decode
_OWN_WORDS = ("message", "msg", "errorMessage", "error_message", "errorMsg", "error_msg", "detail", "reason")
_OWN_CODES = ("code", "errorKey", "error_code", "errorCode", "statusCode", "status_code")
_PAYLOADS = ("data", "output", "choices", "result", "results", "images")
_NO_ERROR = frozenset({"0", "200", "201", "success", "ok"})
_STATUS_KEYS = ("status_code", "statusCode", "http_status", "status")
_LOWEST_ERROR, _HIGHEST_ERROR = 400, 599


def error_in(body: JSON) -> JSON | None:
    """Return the error of *body*, the innermost one where a gateway wrapped it; None when there is none.

    >>> error_in({"error": {"code": "x", "message": '(Reason: {"error": {"code": "Forbidden"}})'}})["code"]
    'Forbidden'
    """
    error = body.get("error")
    if type(error) is not dict or not error:
        error = _unusual(body, error)
        if error is None:
            return None
    message = error.get("message")
    if (type(message) is str and "{" in message) or "error" in error or "metadata" in error or "raw" in error:
        return _unwrapped(error)
    return cast("JSON", error)


def error_in_text(written: str) -> JSON:
    """Return what a body that is no JSON says: an error page, a log line, the text of an exception."""
    return _unwrapped({"message": written[:_MAX_TEXT]})


def status_in(body: JSON, error: JSON) -> int | None:
    """Return the HTTP status that a gateway repeats in the body, for when the answer's own is not known."""
    for value in (*(body.get(key) for key in _STATUS_KEYS), error.get("status"), error.get("code")):
        written = scalar_text(value)
        if written and written.isdigit() and _LOWEST_ERROR <= int(written[:4]) <= _HIGHEST_ERROR:
            return int(written[:4])
    return None


def _unusual(body: JSON, error: object) -> dict[str, object] | None:
    """Return an error that stands elsewhere than in an `error` object."""
    if type(error) is str and error:
        return _named(body, error)
    if isinstance(error, list):
        return dict(next(mappings(error), {})) or None
    response = body.get("response")
    if type(response) is dict and type(response.get("error")) is dict:  # `response.failed` and `error` events
        return dict(response["error"])
    if "errors" in body and (first := next(mappings(body["errors"]), None)):
        return dict(first)
    return _flattened(body)


def _named(body: JSON, error: str) -> dict[str, object]:
    """Return an error given as one string: the message, or a code where the message stands beside it."""
    words = next((word for key in _OWN_WORDS if (word := text(body.get(key)))), None)
    if words is None:
        return {"message": error, "code": body.get("code")}
    return {"code": body.get("code") or error, "message": words}


def _flattened(body: JSON) -> dict[str, object] | None:
    """Return an error whose fields stand at the top of the body."""
    if any(body.get(key) for key in _PAYLOADS):
        return None
    code = next((code for key in _OWN_CODES if (code := scalar_text(body.get(key)))), None)
    words = next((words for key in _OWN_WORDS if (words := _words(body.get(key)))), None)
    if (
        "moderation_stage" not in body
        and "moderation_details" not in body
        and (words is None or (code or "").lower() in _NO_ERROR)
    ):
        return None
    return {**body, "code": code, "message": words}


def _words(value: object) -> str | None:
    """Return the words of a message that may itself be an object, or a list of validation faults."""
    if isinstance(value, str):
        return value or None
    first = mapping(items(value)[0]) if items(value) else mapping(value)
    return next((words for key in _OWN_WORDS if (words := text(first.get(key)))), None)


def _unwrapped(error: JSON) -> JSON:
    """Return *error* with what an error inside it says; the inner one is nearer to what happened."""
    for _ in range(_MAX_LAYERS):
        inner = _inner(error)
        if not inner:
            break
        told = {key: value for key, value in inner.items() if value is not None and value != ""}
        error = {**{key: value for key, value in error.items() if key not in ("error", "metadata", "raw")}, **told}
    return error


def _inner(error: JSON) -> JSON:
    """Return the error inside *error*: nested, in a gateway's metadata, or written out in its message."""
    nested = error.get("error")
    if type(nested) is dict:
        return cast("JSON", nested)
    if type(nested) is str and (found := _written(nested)):
        return found
    if "metadata" in error or "raw" in error:
        return _metadata(error)
    message = error.get("message")
    return _written(message) if type(message) is str else {}


def _metadata(error: JSON) -> JSON:
    """Return what OpenRouter adds to an upstream's error.

    `error_type` is the code, `raw` the upstream's own words, `patterns` and `reasons` what a guardrail
    flagged in the prompt (openrouter.ai/docs/api/reference/errors-and-debugging, checked 2026-11-22).
    """
    added = mapping(error.get("metadata"))
    raw = added.get("raw", error.get("raw"))
    found: dict[str, object] = {"code": text(added.get("error_type"))}
    if isinstance(raw, dict):
        found |= mapping(raw.get("error")) or raw
    elif isinstance(raw, str) and raw:
        found |= _written(raw) or {"message": f"{text(error.get('message')) or ''}: {raw[:_MAX_TEXT]}"}
    if added.get("patterns") or added.get("reasons") or added.get("flagged_input"):
        found |= {"moderation_stage": "input", "categories": added.get("reasons")}
    return found


def _written(message: str) -> JSON:
    """Return the error object that stands in *message* as JSON or as Python's rendering of it."""
    start, end = message.find("{"), message.rfind("}")
    if start < 0 or end < start or len(message) > _MAX_TEXT:
        return {}
    try:
        inner = _DECODE(message[start : end + 1])
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return from_repr(message[start : end + 1])
    if not isinstance(inner, dict):
        return {}
    error = inner.get("error")
    if isinstance(error, dict):
        return error
    told = {key: inner[key] for key in ("code", "message", "type", "param") if key in inner}
    return {**told, "message": error} if isinstance(error, str) else told
