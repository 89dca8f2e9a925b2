"""Define the facts: one exchange in the form that every rule reads, whatever the platform."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Literal

from msgspec import Struct

from policyengine.vocabulary import Tier

__all__ = ["Facts", "Signal", "UsageRow"]

Signal = str | int | bool | tuple[str, ...]
"""The value of a fact that only one dialect declares (`signal.<name>`)."""


class Facts(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Hold what rules may read about one exchange; absent is None, never 0 or ""."""

    provider: str
    """The plugin that translated the exchange."""
    dialect: str
    """The wire format it was written in."""
    seller: str
    """Who sends the invoice for this call."""
    model: str | None = None
    """The model that served the call, as the platform or the request names it."""
    tier: Tier | None = None
    """The service tier that served the call; absent means standard."""
    operation: str | None = None
    """What was asked for: generate, edit, describe, upscale and so on."""
    size: str | None = None
    """The image size in the platform's own spelling, such as `1024x1024` or `2K`."""
    quality: str | None = None
    """The image quality in the platform's own spelling."""
    mode: str | None = None
    """The speed mode of a queue: fast, relax or turbo."""

    at: datetime | None = None
    """When the request was submitted (UTC); the engine fills it with the present when nothing tells."""
    elapsed_s: float | None = None
    """Seconds between the request and the end of its answer."""
    attempt: int = 1
    """The number of this attempt at the same piece of work, counted from 1."""

    http_status: int | None = None
    """The HTTP status of the answer."""
    transport_error: str | None = None
    """The name of the client's exception when no whole answer arrived."""
    status: str | None = None
    """The job status in the platform's own spelling."""
    code: str | None = None
    """The platform's error code, as text."""
    error_type: str | None = None
    """The platform's error type or class."""
    param: str | None = None
    """The request parameter that an error names."""
    block_reason: str | None = None
    """Why the prompt was refused, in the platform's own spelling."""
    finish_reason: str | None = None
    """Why generation ended, in the platform's own spelling."""
    filter_stage: Literal["prompt", "output"] | None = None
    """The side of the filter, when the payload or its support code says so."""
    category: tuple[str, ...] = ()
    """What a filter named: the categories it flagged."""
    message: str | None = None
    """The platform's words: finish message, error message or fail reason."""
    text: str | None = None
    """What the model wrote beside or instead of an image."""
    retry_after_s: float | None = None
    """Seconds the platform asks to wait before the next try."""

    prompt_bytes: int | None = None
    """UTF-8 bytes of the prompt in the request, when it was sent without images: bounds its tokens."""
    images_requested: int | None = None
    """Images asked for."""
    images_delivered: int | None = None
    """Images in the answer; drafts and previews do not count."""
    images_withheld: int | None = None
    """Images that the answer says were made or tried and not handed over."""
    input_tokens: int | None = None
    """Tokens of the prompt, cached ones and input images included."""
    text_tokens: int | None = None
    """Text output tokens, thinking included."""
    image_tokens: int | None = None
    """Image output tokens."""
    terminal: bool | None = None
    """Whether the payload is an end state; False for a stream that broke off or a job still running."""

    quoted: Decimal | None = None
    """The amount that the payload announces before the work is done."""
    settled: Decimal | None = None
    """The amount that the payload reports as charged."""
    money_unit: str | None = None
    """The unit of `quoted` and `settled`: USD, credit, quota and so on."""

    request_id: str | None = None
    """The platform's id of the call."""
    task_id: str | None = None
    """The platform's id of the job."""

    signal: dict[str, Signal] = {}
    """What one dialect says and no other does."""
    account: dict[str, str | int] = {}
    """What is known of the account: mode, plan, failures_today."""

    @property
    def images_missing(self) -> int | None:
        """Return how many requested images are neither delivered nor accounted for as withheld."""
        if self.images_requested is None or self.images_delivered is None:
            return None
        return max(0, self.images_requested - self.images_delivered - (self.images_withheld or 0))


class UsageRow(Struct, frozen=True):
    """Count one thing that was consumed."""

    component: str
    """The bill component it belongs to."""
    unit: str
    """token, cached_token, image_token, cached_image_token, image, megapixel, call, gpu_minute, gpu_second,
    search_query, quota."""
    quantity: int | Decimal
    """How many units."""
    model: str | None = None
    """The model that consumed them, when it is not the one of the facts."""
