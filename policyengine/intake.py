"""Turn what callers have in hand into an exchange: bytes, mappings, SDK objects, responses, exceptions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeGuard

import msgspec

from policyengine.base64_jump import LONG, without_long_base64
from policyengine.errors import InputError
from policyengine.exchange import Exchange
from policyengine.native import mapping, number, scalar_text, timestamp

__all__ = ["MAX_BODY_BYTES", "decoded", "exchange_of"]

MAX_BODY_BYTES = 256 * 1024 * 1024
"""A larger body is not decoded; the largest real one, four 4K images in base64, is a fifth of this."""
_KEPT_TEXT = 4096  # characters of a body that is not JSON; enough for an error page's first words
_BOM = b"\xef\xbb\xbf"
_LINE_END = re.compile(r"\r\n|\n|\r")  # str.splitlines also splits at U+2028, which JSON strings may hold
_CLASS_NAME = re.compile(r"[A-Za-z_][\w.]{0,99}")
_DECODE = msgspec.json.Decoder().decode


def exchange_of(source: object, context: Mapping[str, Any]) -> Exchange:
    """Return *source* as an exchange; what *context* says wins over what *source* tells.

    Raises:
        InputError: *source* is none of the accepted kinds.
    """
    if type(source) is bytes and _is_tidy(context):
        body, fault = decoded(source)
        return Exchange(**{"body": body, "fault": fault, **context})
    if isinstance(source, Exchange):
        return _exchange_again(source, context)
    found = _read(source)
    found.update(_tidied(context))
    if found.get("http_status") is not None and "transport_error" not in context:
        found.pop("transport_error", None)  # an answer came, whatever it calls an exception
    if is_image(found.get("headers", {})):
        found["body"], found["fault"] = None, None
    return Exchange(**found)


def _exchange_again(source: Exchange, context: Mapping[str, Any]) -> Exchange:
    """Return *source* with *context*; a body that was put in undecoded is decoded."""
    changes = _tidied(context)
    if isinstance(source.body, bytes | bytearray | memoryview):
        changes["body"], changes["fault"] = decoded(bytes(source.body))
    return msgspec.structs.replace(source, **changes) if changes else source


_UNTIDY = frozenset({"headers", "request", "at", "elapsed_s", "attempt", "url", "account_facts"})


def _is_tidy(context: Mapping[str, Any]) -> bool:
    """Return whether *context* needs no tidying: the short way of most calls."""
    for name, value in context.items():
        if name in _UNTIDY or type(value) is not (int if name == "http_status" else str):
            return False
    return True


def is_image(headers: Mapping[str, str]) -> bool:
    """Return whether the answer is the picture itself and not a description of it."""
    return headers.get("content-type", "").lower().startswith("image/")


def decoded(body: bytes | str) -> tuple[object, str | None]:
    r"""Return the JSON value of *body* and None, or its text and why it is no JSON.

    Server-sent events are returned as the list of their data. Of long base64 texts in the JSON of
    bytes only the first characters are kept. Never raises.

    >>> decoded(b'data: {"a": 1}\n\ndata: [DONE]\n')
    ([{'a': 1}], None)
    """
    if len(body) > MAX_BODY_BYTES:
        return None, f"the body has {len(body)} bytes, more than {MAX_BODY_BYTES}"
    if len(body) > LONG and isinstance(body, bytes) and (short := without_long_base64(body)) is not None:
        values = _values([short])
        if values:
            return values[0], None
    try:
        return _DECODE(body), None
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        fault = f"not JSON: {error}" if body else "empty body"
    unmarked = body.removeprefix(_BOM) if isinstance(body, bytes) else body.removeprefix("\ufeff")
    values = _values([unmarked]) if len(unmarked) < len(body) else []
    if values:
        return values[0], None
    text = _text(unmarked)
    chunks = list(_event_data(text)) if "data:" in text else []
    return (chunks, None) if chunks else (text[:_KEPT_TEXT] or None, fault)


def _text(body: bytes | str) -> str:
    """Return the text of *body*: all of it where it may hold server-sent events, else its first words."""
    if isinstance(body, str):
        return body
    is_stream = body.startswith(b"data:") or b"\ndata:" in body or b"\rdata:" in body
    return (body if is_stream else body[: 4 * _KEPT_TEXT]).decode("utf-8", "replace")


def _event_data(text: str) -> Iterator[object]:
    """Yield the JSON of each server-sent event; a last event that broke off is left out.

    Some gateways part events by one line end and not by two: then each line is an event.
    """
    for event in re.split(r"\r?\n\r?\n", text):
        lines = [line[5:].strip() for line in _LINE_END.split(event) if line.startswith("data:")]
        whole = _values(["\n".join(lines)]) if lines else []
        yield from whole or (_values(lines) if len(lines) > 1 else [])


def _values(texts: Sequence[bytes | str]) -> list[object]:
    """Return the JSON values of *texts*, those left out that are none."""
    found: list[object] = []
    for text in texts:
        try:
            found.append(_DECODE(text))
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            continue
    return found


def _read(source: object) -> dict[str, Any]:
    """Return the fields of an exchange that *source* tells."""
    if isinstance(source, bytes | bytearray | memoryview | str):
        body, fault = decoded(source if isinstance(source, str) else bytes(source))
        return {"body": body, "fault": fault}
    if isinstance(source, Mapping):
        return _read_mapping(source)
    if isinstance(source, list | tuple):
        return {"body": [_plain(chunk) for chunk in source]}
    if isinstance(source, BaseException):
        return _read_exception(source)
    if hasattr(source, "status_code") and hasattr(source, "headers"):
        return _read_response(source)
    return {"body": _plain(source)}


def _read_mapping(source: Mapping[Any, Any]) -> dict[str, Any]:
    """Return a body; a log's rendering of an exception (`{"exception": "ReadTimeout"}`) as what it was."""
    body = source if isinstance(source, dict) else dict(source)
    name = body.get("exception")
    if isinstance(name, str) and _CLASS_NAME.fullmatch(name):
        return {"body": body, "transport_error": name.rpartition(".")[2]}
    return {"body": body}


def _plain(source: object) -> object:
    """Return an SDK object as plain JSON values.

    Raises:
        InputError: *source* cannot be turned into a mapping.
    """
    if source is None or isinstance(source, str | int | float | dict | list):
        return source
    if isinstance(source, bytes):
        return decoded(source)[0]
    for method, arguments in _DUMPS:
        if callable(dump := getattr(source, method, None)):
            try:
                return dump(**arguments)
            except TypeError:  # another library's method of the same name
                continue
            except Exception as error:
                msg = f"cannot read {type(source).__name__}: its {method}() raised {error!r}"
                raise InputError(msg) from error
    msg = (
        f"cannot read {type(source).__name__!r} as an exchange; "
        "pass bytes, a mapping, a list of chunks, an SDK object, a response or an exception"
    )
    raise InputError(msg)


_DUMPS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("model_dump", {"mode": "json", "warnings": False}),  # pydantic 2, where most SDKs stand
    ("model_dump", {}),
    ("to_dict", {}),
    ("_asdict", {}),
)


def _read_response(response: Any) -> dict[str, Any]:  # noqa: ANN401
    """Read an httpx or requests response, or anything with the same attributes.

    Raises:
        InputError: the body of a streamed response was not read yet.
    """
    try:
        content = response.content
    except Exception as error:
        msg = f"the {type(response).__name__} has no body yet ({error}); read it before you evaluate it"
        raise InputError(msg) from error
    request = _told(response, "request")
    sent = _told(request, "content") or _told(request, "body")
    found = _read(content if isinstance(content, bytes | str) else _plain(content))
    found |= {
        "http_status": response.status_code if isinstance(response.status_code, int) else None,
        "headers": _lower_keys(response.headers),
        "url": str(url) if (url := _told(response, "url") or _told(request, "url")) else None,
        "request": _request(sent),
        "elapsed_s": _elapsed(response),
    }
    return found


def _told(source: object, name: str) -> Any:  # noqa: ANN401
    """Return an attribute, or None where it is missing or httpx raises: a request unset, a form streamed, no close."""
    try:
        return getattr(source, name, None)
    except RuntimeError:
        return None


def _elapsed(response: object) -> float | None:
    elapsed = _told(response, "elapsed")
    return elapsed.total_seconds() if isinstance(elapsed, timedelta) else None


def _read_exception(error: BaseException) -> dict[str, Any]:
    """Return the answer an SDK's exception carries, or the exception itself as a transport error."""
    response = getattr(error, "response", None)
    if isinstance(response, Mapping):
        return _read_response_mapping(response)
    if hasattr(response, "status_code") and hasattr(response, "headers"):
        try:
            return _read_response(response)
        except InputError:
            pass  # a streamed error body; status, headers and the exception's own attributes are what is left
    status = _status_of(error) or _status_of(response)
    body = getattr(error, "body", None) or getattr(error, "details", None)
    if not isinstance(body, Mapping):
        if status is None:
            return {"body": None, "transport_error": type(error).__name__, **_sent_with(error)}
        # urllib.error.HTTPError, aiohttp.ClientResponseError: an answer came, its body is not here
        headers = getattr(error, "headers", None) or getattr(response, "headers", None)
        return {"body": None, "http_status": status, "headers": _lower_keys(headers), **_sent_with(error)}
    # Some SDKs hand out the inner error object, not the envelope that came (checked 2026-11-22).
    whole = body if "error" in body else {"error": dict(body)}
    return {"body": dict(whole), "http_status": status, **_sent_with(error)}


_STATUSES = ("status_code", "status", "code")  # in this order: aiohttp warns of a look at its old `code`


def _status_of(source: object) -> int | None:
    """Return the HTTP status that *source* tells, under whatever name."""
    return next((int(value) for name in _STATUSES if _is_status(value := getattr(source, name, None))), None)


def _sent_with(error: BaseException) -> dict[str, Any]:
    """Return address and body of the request that an SDK's or httpx's exception carries, if it does."""
    request = _told(error, "request")
    url, sent = _told(request, "url"), _told(request, "content") or _told(request, "body")
    found: dict[str, Any] = {"url": str(url)} if url else {}
    if isinstance(sent, bytes | str):
        found["request"] = _request(sent)
    return found


def _is_status(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 100 <= value <= 599  # noqa: PLR2004


def _read_response_mapping(response: Mapping[Any, Any]) -> dict[str, Any]:
    """Read the answer that botocore's ClientError carries as a mapping."""
    told = mapping(response.get("ResponseMetadata"))
    status = told.get("HTTPStatusCode")
    return {
        "body": dict(response),
        "http_status": status if _is_status(status) else None,
        "headers": _lower_keys(told.get("HTTPHeaders")),
    }


def _lower_keys(headers: object) -> dict[str, str]:
    """Return headers with names in lower case and values as text."""
    if not hasattr(headers, "items"):
        return {}
    return {str(name).lower(): str(value) for name, value in headers.items() if scalar_text(value)}


def _request(sent: object) -> Mapping[str, object]:
    if isinstance(sent, bytes | str):
        start = sent[:64].lstrip()[:1]
        sent = decoded(sent)[0] if start in ("{", b"{") else None  # a form or a picture is not decoded
    return mapping(sent)


def _tidied(context: Mapping[str, Any]) -> dict[str, Any]:
    """Return the caller's context in the exchange's own types.

    Raises:
        InputError: `at` is no time, `http_status` or `attempt` no whole number, a name no text.
    """
    tidy = {name: value for name, value in context.items() if value is not None}
    for name, value in tidy.items():
        if name in _TIDIES:
            tidy[name] = _TIDIES[name](name, value)
    return tidy


def _name(name: str, value: object) -> str:
    if isinstance(value, str):
        return value
    msg = f"{name}={value!r} is not text"
    raise InputError(msg)


def _account_facts(name: str, value: object) -> dict[str, str | int]:
    """Return the facts that are told; one that is None is not."""
    facts = {key: told for key, told in value.items() if told is not None} if isinstance(value, Mapping) else None
    if facts is None or not all(isinstance(told, str | int) for told in facts.values()):
        msg = f"{name}={value!r} is not a mapping of names to texts and whole numbers"
        raise InputError(msg)
    return facts


def _whole(name: str, value: object) -> int:
    """Return *value* as a plain integer: one of an enumeration, or digits out of a log."""
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 10:  # noqa: PLR2004
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return int(value)
    msg = f"{name}={value!r} is not a whole number"
    raise InputError(msg)


def _moment(name: str, at: object) -> datetime:
    if isinstance(at, datetime) and at.tzinfo is not None:
        if at.tzinfo is UTC:
            return at
        at = at.isoformat()
    moment = timestamp(at)
    if moment is None:
        msg = f"{name}={at!r} is not a time; pass an aware datetime or an ISO 8601 string"
        raise InputError(msg)
    return moment


_TIDIES: Mapping[str, Callable[[str, Any], object]] = {
    "headers": lambda _, value: _lower_keys(value),
    "request": lambda _, value: _request(value),
    "account_facts": _account_facts,
    "url": lambda _, value: str(value),  # clients have types of their own for it
    "elapsed_s": lambda _, value: number(value),
    "at": _moment,
    "http_status": _whole,
    "attempt": _whole,
    **dict.fromkeys(("provider", "dialect", "seller", "account", "model", "transport_error"), _name),
}
"""What makes each word of the context tidy."""
