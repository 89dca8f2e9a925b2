"""Read Google's error envelope: `google.rpc.Status` as JSON, bare, wrapped, or as an exception's text.

https://ai.google.dev/gemini-api/docs/api-errors, checked 2026-11-22.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from policyengine.native import count, dig, mapping, mappings, number, scalar_text, text
from policyengine_gemini.support_codes import filter_side, named_categories, support_codes
from policyengine_gemini.vocabulary import RPC_CODES, RPC_STATUSES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = [
    "ERROR_SIGNALS",
    "error_in",
    "error_signals",
    "is_google_error",
    "is_imagen_error",
    "status_of_answer",
    "text_error",
]

ERROR_SIGNALS = {
    "error_reason": "text",
    "detail_types": "texts",
    "quota_limit": "integer",
    "quota_ids": "texts",
    "support_codes": "texts",
}
"""Declared facts of an error: ErrorInfo.reason, the kinds of detail, the limit and the ids of the used-up quota."""

# As text, google-genai's APIError is "429 RESOURCE_EXHAUSTED. {…}", an error of Vertex's older client "… 400 Image …".
_STATUS_TEXT = re.compile(r"(?:^|\s)([45]\d\d) (?:([A-Z_]{5,30})\. )?")
_RETRY_IN = re.compile(r"retry in (\d{1,6}(?:\.\d{1,9})?)(ms|s)")
_LIMIT = re.compile(r"\blimit: (\d{1,15})\b")
_KEPT_TEXT = 2048


def error_in(body: Mapping[str, object]) -> Mapping[str, object] | None:
    """Return the error that *body* carries: under `error`, as itself, or as the text of an exception."""
    error = body.get("error")
    if error:
        return mapping(error) if isinstance(error, dict) else text_error(text(error))
    if "message" in body and "code" in body and not body.get("candidates"):
        return body
    if "exception" in body:
        return text_error(text(body["exception"]))
    return None


def text_error(written: str | None) -> Mapping[str, object] | None:
    """Return the text of an exception or an error page as an error."""
    if written is None:
        return None
    found = _STATUS_TEXT.search(written[:_KEPT_TEXT])
    if found is None:
        return {"message": written[:_KEPT_TEXT]}
    message = written[found.end() : found.end() + _KEPT_TEXT] or written[:_KEPT_TEXT]
    return {"code": int(found[1]), "status": found[2], "message": message}


def is_google_error(error: object) -> bool:
    """Return whether *error* has the fields that Google's envelope has and others do not."""
    known = mapping(error)
    if text(known.get("status")) in RPC_STATUSES:
        return True
    types = (text(detail.get("@type")) for detail in mappings(known.get("details")))
    return any(name is not None and "googleapis.com" in name for name in types)


def is_imagen_error(error: Mapping[str, object]) -> bool:
    """Return whether *error* begins as Imagen's errors do."""
    message = error.get("message")
    return isinstance(message, str) and "image generation failed" in message[:_KEPT_TEXT].lower()


def status_of_answer(error: Mapping[str, object]) -> int | None:
    """Return the HTTP status an error envelope repeats as its code."""
    code = error.get("code")
    return code if isinstance(code, int) and 400 <= code < 600 else None  # noqa: PLR2004


def error_signals(error: Mapping[str, object]) -> dict[str, object]:
    """Return the facts that *error* tells; a code without a status is given the status it stands for."""
    code = error.get("code")
    status = text(error.get("status"))
    if status is None and isinstance(code, int):
        status = RPC_CODES.get(code)
    message = text(error.get("message"))
    found: dict[str, object] = {"code": scalar_text(code), "error_type": status, "message": message}
    signal: dict[str, object] = {}
    _read_message(message or "", found, signal)
    details = error.get("details")
    if isinstance(details, list | tuple):
        _read_details(details, found, signal)
    if signal:
        found["signal"] = signal
    return found


def _read_message(message: str, found: dict[str, object], signal: dict[str, object]) -> None:
    """Add what the words themselves carry: support codes, a wait, a limit."""
    if codes := support_codes(message):
        signal["support_codes"] = codes
        found["filter_stage"] = filter_side(codes)
        found["category"] = named_categories(codes) or None
    if "limit: " in message and (limit := _LIMIT.search(message)):
        signal["quota_limit"] = int(limit[1])
    if "retry in " in message and (wait := _RETRY_IN.search(message)):
        found["retry_after_s"] = float(wait[1]) / (1000 if wait[2] == "ms" else 1)


def _read_details(details: object, found: dict[str, object], signal: dict[str, object]) -> None:
    """Add what the typed details say: RetryInfo, ErrorInfo, QuotaFailure, BadRequest."""
    kinds: list[str] = []
    for detail in mappings(details):
        kind = (text(detail.get("@type")) or "").rpartition(".")[2]
        if kind:
            kinds.append(kind)
        if reason := text(detail.get("reason")):
            signal["error_reason"] = reason
        if (wait := _seconds(detail.get("retryDelay", detail.get("retry_delay")))) is not None:
            found["retry_after_s"] = wait
        if field := text(dig(detail, "fieldViolations", 0, "field")):
            found["param"] = field
        _read_quota(detail, signal)
    if kinds:
        signal["detail_types"] = tuple(kinds)


def _read_quota(detail: Mapping[str, object], signal: dict[str, object]) -> None:
    """Add the quotas that are used up; the lowest limit counts, for 0 means that waiting cannot help."""
    limits = [*_limits(detail)]
    if limits:
        signal["quota_limit"] = min(limits)
    ids = [name for violation in mappings(detail.get("violations")) if (name := text(violation.get("quotaId")))]
    if ids:
        signal["quota_ids"] = tuple(ids)


def _limits(detail: Mapping[str, object]) -> Iterator[int]:
    written = [mapping(detail.get("metadata")).get("quota_limit_value")]
    written += [violation.get("quotaValue") for violation in mappings(detail.get("violations"))]
    for value in written:
        exact = number(value)
        if exact is not None and (limit := count(exact)) is not None:
            yield limit


def _seconds(delay: object) -> float | None:
    """Return a protobuf duration: "34s", "34.07s" or {"seconds": 34}."""
    if isinstance(delay, str):
        return number(delay.removesuffix("s"))
    return number(mapping(delay).get("seconds"))
