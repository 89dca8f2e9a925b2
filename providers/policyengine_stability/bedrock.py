"""Translate what Amazon Bedrock answers for Stability's models: images, filter reasons, AWS errors.

Shapes: https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-stability-diffusion.html
(checked 2026-11-24). Filtered requests answer 200. AWS errors come as `{"message": …}`, as
`{"__type": …}`, as botocore's `{"Error": {…}}`, or as the text of its exception.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from policyengine.facts import UsageRow
from policyengine.native import count, items, mapping, text
from policyengine.provider import Claim, Dialect, Normalized, Seller

if TYPE_CHECKING:
    from policyengine.exchange import Exchange

__all__ = ["Bedrock", "BedrockSeller"]

Json = Mapping[str, object]

_SUCCESS = "SUCCESS"
_FAULTS = ("Inference error", "ERROR")
_FILTERS = (
    "Filter reason: output image",
    "CONTENT_FILTERED",
    "Filter reason: input image",
    "Filter reason: prompt",
)
_CODES = frozenset(
    {
        "AccessDeniedException",
        "ConflictException",
        "ExpiredTokenException",
        "IncompleteSignature",
        "InternalServerException",
        "InvalidSignatureException",
        "ModelErrorException",
        "ModelNotReadyException",
        "ModelStreamErrorException",
        "ModelTimeoutException",
        "ResourceNotFoundException",
        "ServiceQuotaExceededException",
        "ServiceUnavailableException",
        "ThrottlingException",
        "TooManyRequestsException",
        "UnrecognizedClientException",
        "ValidationException",
    }
)
_EXCEPTION = "An error occurred ("
_OWN_WORDS = ("foundation model", "Malformed input request", "content filters", "filtered words", "Bedrock")


class BedrockSeller(Seller):
    """Invoice what Amazon Bedrock serves, in any region."""

    def recognizes(self, exchange: Exchange) -> bool:
        """Return whether the call went to a runtime endpoint of Bedrock."""
        return _is_bedrock_host(exchange.host)


class Bedrock(Dialect):
    """Read InvokeModel's answers of Stability's models, and Bedrock's errors."""

    name: ClassVar[str] = "bedrock"
    seller: ClassVar[str] = "aws-bedrock"
    vocabulary: ClassVar[Mapping[str, frozenset[str]]] = {
        "finish_reason": frozenset({_SUCCESS, *_FAULTS, *_FILTERS}),
        "code": _CODES,
    }
    keys: ClassVar[frozenset[str]] = frozenset(
        {"finish_reasons", "artifacts", "images", "message", "Message", "__type", "Error"}
    )
    # botocore's legacy mode sends a request up to five times, after read timeouts too
    # (https://boto3.amazonaws.com/v1/documentation/api/latest/guide/retries.html, checked 2026-11-24).
    hidden_retries: ClassVar[int] = 4

    def recognizes(self, exchange: Exchange) -> Claim:
        """Return how much the address, the headers or the keys look like Bedrock."""
        if exchange.url and _is_bedrock_host(exchange.host):
            return Claim.CERTAIN
        body = exchange.body
        if isinstance(body, str):
            return Claim.CERTAIN if _EXCEPTION in body and "InvokeModel" in body else Claim.NO
        found = _object(body)
        claim = _claim_of(found)
        # `{"message": …}` is anybody's envelope: it counts where Amazon sends the invoice or the headers.
        is_ours = exchange.seller == self.seller or "x-amzn-errortype" in exchange.headers
        return Claim.CERTAIN if not claim and is_ours and ("message" in found or "Message" in found) else claim

    def normalize(self, exchange: Exchange) -> Normalized:
        """Return the facts of the images or of an error."""
        body = _object(exchange.body)
        if "finish_reasons" in body:
            reasons = items(body["finish_reasons"]) or [body["finish_reasons"]]
            return self._images(exchange, reasons, _pictures(body.get("images")))
        if "artifacts" in body:
            artifacts = [mapping(one) for one in items(body["artifacts"])]
            reasons = [one.get("finishReason") for one in artifacts]
            return self._images(exchange, reasons, [one.get("base64") for one in artifacts])
        if "images" in body and not body.get("error"):
            return self._images(exchange, (), _pictures(body["images"]))
        return self._error(exchange, body)

    def _images(self, exchange: Exchange, reasons: Sequence[object], pictures: Sequence[object]) -> Normalized:
        found = [reason for reason in reasons if isinstance(reason, str) and reason != _SUCCESS]
        # A filtered picture may still stand in the answer, blurred or empty: it is not delivered.
        good = [
            picture
            for index, picture in enumerate(pictures)
            if picture and (index >= len(reasons) or reasons[index] in (None, _SUCCESS))
        ]
        facts = exchange.facts(
            self,
            model=_model(exchange),
            size=_size(exchange),
            finish_reason=_worst(found) or (_SUCCESS if _SUCCESS in reasons else None),
            terminal=True,
            images_requested=count(exchange.request.get("samples")) or (len(reasons) if len(reasons) > 1 else None),
            images_delivered=len(good),
            images_withheld=sum(1 for reason in found if reason in _FILTERS) or None,
        )
        return facts, (UsageRow("image", "image", len(good)),) if good else ()

    def _error(self, exchange: Exchange, body: Json) -> Normalized:
        code, message = _told(body, exchange.body)
        if code is None and exchange.headers:
            code = exchange.headers.get("x-amzn-errortype", "").partition(":")[0] or None
        facts = exchange.facts(
            self,
            model=_model(exchange),
            size=_size(exchange),
            code=code,
            message=message,
            images_delivered=0,
            request_id=exchange.headers.get("x-amzn-requestid") if exchange.headers else None,
        )
        return facts, ()


def _is_bedrock_host(host: str) -> bool:
    # bedrock-runtime.us-west-2.amazonaws.com, bedrock-runtime-fips.… (checked 2026-11-24)
    return host.startswith("bedrock-runtime") and host.endswith((".amazonaws.com", ".amazonaws.com.cn", ".api.aws"))


def _object(body: object) -> Json:
    """Return the object of *body*, the last one of a list."""
    if isinstance(body, list | tuple):
        body = next((item for item in reversed(body) if isinstance(item, dict)), None)
    return mapping(body)


def _claim_of(body: Json) -> Claim:
    if "finish_reasons" in body or "__type" in body:
        return Claim.CERTAIN
    if "artifacts" in body:
        return Claim.CERTAIN if "result" in body else Claim.NO  # Stability's own version 1 has no result
    if "Code" in mapping(body.get("Error")):
        return Claim.CERTAIN
    pictures = items(body.get("images"))
    if (pictures and isinstance(pictures[0], str)) or ("images" in body and isinstance(body.get("error"), str)):
        return Claim.SHAPE  # Amazon's own image models
    message = body.get("message") or body.get("Message")
    if not isinstance(message, str) or "name" in body or "code" in body:
        return Claim.NO
    return Claim.SHAPE if any(words in message for words in _OWN_WORDS) else Claim.NO


def _pictures(images: object) -> Sequence[object]:
    return [text(image) for image in items(images)]


def _worst(found: Sequence[str]) -> str | None:
    """Return the finish reason that tells most: one that nobody knows, a fault, a filter."""
    order = (*_FAULTS, *_FILTERS)
    unknown = next((reason for reason in found if reason not in order), None)
    return unknown or next((reason for reason in order if reason in found), None)


def _told(body: Json, whole: object) -> tuple[str | None, str | None]:
    """Return code and message, wherever the answer puts them."""
    error = mapping(body.get("Error"))
    if error:
        return text(error.get("Code")), text(error.get("Message"))
    kind = text(body.get("__type"))
    message = text(body.get("message")) or text(body.get("Message")) or text(body.get("error"))
    if kind is not None or message is not None:
        return kind and kind.rpartition("#")[2], message
    return _read_exception(whole) if isinstance(whole, str) else (None, None)


def _read_exception(written: str) -> tuple[str | None, str | None]:
    """Return code and message of botocore's `An error occurred (<code>) when calling the … operation: <message>`."""
    code, _, rest = written.partition(_EXCEPTION)[2].partition(")")
    message = rest.partition("operation: ")[2].strip()
    return code or None, message or written or None


def _model(exchange: Exchange) -> str | None:
    """Return the model in `/model/<id>/invoke`."""
    if not exchange.url or "/model/" not in exchange.url:
        return None
    name = exchange.url.partition("/model/")[2].partition("/")[0]
    return name.replace("%3A", ":").replace("%3a", ":") or None


def _size(exchange: Exchange) -> str | None:
    """Return the size asked for; the newer models take an aspect ratio and nothing else."""
    if not exchange.request:
        return None
    width, height = count(exchange.request.get("width")), count(exchange.request.get("height"))
    return f"{width}x{height}" if width and height else None
