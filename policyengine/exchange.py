"""Hold one exchange in its native form: the request, if known, and what came back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from msgspec import Struct

from policyengine.facts import Facts
from policyengine.native import count, number, text, utc

if TYPE_CHECKING:
    from policyengine.provider import Dialect

__all__ = ["Exchange"]

_LISTED = ("category", "signal")  # the facts that may hold lists
_TOLD = ("model", "elapsed_s")  # what the caller says of these, and of the time, wins over the payload


class Exchange(Struct, frozen=True, kw_only=True):
    """Hold what one call sent and got, untranslated.

    Make one with `Exchange.of`, which accepts bytes, mappings, lists of chunks,
    SDK objects, httpx and requests responses, and exceptions.
    """

    body: object = None
    """The decoded answer: an object, a list of stream chunks, a string, or None; of long base64 texts the beginning."""
    http_status: int | None = None
    headers: Mapping[str, str] = {}
    """Answer headers; names in lower case."""
    url: str | None = None
    """The address that was called."""
    request: Mapping[str, object] = {}
    """The request body as sent."""
    transport_error: str | None = None
    """The name of the client's exception, when no whole answer arrived."""
    fault: str | None = None
    """Why the answer could not be decoded as JSON, when it could not."""
    provider: str | None = None
    """Narrows the dialects that are tried."""
    dialect: str | None = None
    seller: str | None = None
    account: str | None = None
    """A key of `accounts.toml`."""
    model: str | None = None
    at: datetime | None = None
    elapsed_s: float | None = None
    attempt: int = 1
    account_facts: Mapping[str, str | int] = {}
    """mode, plan, failures_today and what else a seller's bill depends on."""

    @classmethod
    def of(cls, source: object, **context: Any) -> Exchange:  # noqa: ANN401
        """Return *source* as an exchange, with what the caller knows in *context*.

        >>> Exchange.of(b'{"candidates": null}', http_status=200).body
        {'candidates': None}
        """
        from policyengine.intake import exchange_of  # noqa: PLC0415  intake builds on this module

        return exchange_of(source, context)

    @property
    def host(self) -> str:
        """Return the host that was called, in lower case; "" when not known."""
        if not self.url:
            return ""
        try:
            return urlsplit(self.url).hostname or ""
        except ValueError:  # half an IPv6 address
            return ""

    def facts(self, dialect: Dialect, **signals: Any) -> Facts:  # noqa: ANN401
        """Return facts made of the *signals* a dialect read and what the exchange itself tells.

        A signal that is None counts as not read. What the caller said of the model
        wins over the payload, the payload over the request.
        """
        known = signals
        if None in known.values():
            known = {name: value for name, value in signals.items() if value is not None}
        for name in _LISTED:
            if name in known:
                known[name] = _frozen(known[name])
        if self.request:
            self._fill_from_request(known)
        if self.headers:
            self._fill_from_headers(known)
        self._fill_from_caller(known)
        return Facts(
            provider=dialect.provider,
            dialect=dialect.name,
            seller=self.seller or dialect.seller,
            attempt=self.attempt,
            **known,
        )

    def _fill_from_caller(self, known: dict[str, Any]) -> None:
        if "http_status" not in known:
            known["http_status"] = self.http_status
        if "transport_error" not in known:
            known["transport_error"] = self.transport_error
        for name in _TOLD:
            value = getattr(self, name)
            if value is not None:
                known[name] = value
        if self.at is not None:
            known["at"] = utc(self.at)
        if self.account_facts:
            known["account"] = dict(self.account_facts)

    def _fill_from_request(self, known: dict[str, Any]) -> None:
        for fact in ("model", "size", "quality"):
            if fact not in known and (value := text(self.request.get(fact))):
                known[fact] = value
        if "images_requested" not in known:
            known["images_requested"] = count(self.request.get("n"))
        prompt = self.request.get("prompt")
        if isinstance(prompt, str) and not any("image" in name for name in self.request):
            known.setdefault("prompt_bytes", len(prompt.encode("utf-8", "surrogatepass")))

    def _fill_from_headers(self, known: dict[str, Any]) -> None:
        headers = self.headers
        if "request_id" not in known:
            known["request_id"] = headers.get("x-request-id") or None
        if "retry_after_s" not in known:
            known["retry_after_s"] = _retry_after_s(headers)
        if "at" not in known and "date" in headers:
            known["at"] = _http_date(headers["date"])


def _retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Return the seconds of a Retry-After header; a time counts from that of the answer (RFC 9110, section 10.2.3)."""
    written = headers.get("retry-after")
    if written is None:
        return None
    seconds = number(written)
    if seconds is not None:
        return seconds
    until, since = _http_date(written), _http_date(headers.get("date", ""))
    return max(0.0, (until - since).total_seconds()) if until and since else None


def _frozen(value: object) -> object:
    """Return lists as tuples: what decides is remembered by the facts, which must not change."""
    if isinstance(value, dict):
        return {name: _frozen(inner) for name, inner in value.items()}
    return tuple(value) if isinstance(value, list) else value


def _http_date(written: str) -> datetime | None:
    from email.utils import parsedate_to_datetime  # noqa: PLC0415  only when a Date header is all there is

    try:
        return utc(parsedate_to_datetime(written))
    except (ValueError, OverflowError, TypeError):
        return None
