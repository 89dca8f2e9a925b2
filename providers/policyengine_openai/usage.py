"""Count tokens: read OpenAI's usage objects, in the spellings of its endpoints and of LiteLLM."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from policyengine.facts import UsageRow
from policyengine.native import count, mapping, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from policyengine_openai.envelope import JSON

__all__ = ["Tokens", "image_usage", "summed", "svg_usage", "text_usage"]


class Tokens(Struct, frozen=True, kw_only=True):
    """Count what one model consumed; None where the usage object does not say."""

    model: str | None = None
    """The model, where it is not the one of the call."""
    input: int | None = None
    text: int | None = None
    image: int | None = None
    input_images: int = 0
    """The image tokens among the input."""
    cached: int = 0
    """The cached text tokens among the input."""
    cached_images: int = 0
    """The cached image tokens among the input."""

    def rows(self) -> Iterator[UsageRow]:
        """Yield what the invoice may list; input rows sum to *input*."""
        fresh_images = self.input_images - self.cached_images
        fresh = (self.input or 0) - self.input_images - self.cached
        for component, unit, quantity in (
            ("input", "token", fresh),
            ("input", "cached_token", self.cached),
            ("input", "image_token", fresh_images),
            ("input", "cached_image_token", self.cached_images),
            ("text", "token", self.text or 0),
            ("image", "token", self.image or 0),
        ):
            if quantity:
                yield UsageRow(component, unit, quantity, self.model)


def image_usage(usage: JSON, *, model: str | None = None) -> Tokens | None:
    """Return the tokens of an image model: an Images answer's `usage`, or `tool_usage.image_gen`.

    Where `output_tokens_details` is missing all output counts as image tokens: openai-python 3.54.0
    calls the field "the number of image tokens in the output image" (types/image_gen_completed_event.py).
    """
    given, made = _details(usage, "input", "prompt"), _details(usage, "output", "completion")
    sent_images, sent_text = count(given.get("image_tokens")), count(given.get("text_tokens"))
    total = _total(usage, "input", "prompt", (sent_images, sent_text))
    image, words = count(made.get("image_tokens")), count(made.get("text_tokens"))
    output = _total(usage, "output", "completion", (image, words))
    if not total and not output:
        return None  # nothing counted: absent, or a gateway's zeros
    if image is None and output is not None:
        image = output - min(words or 0, output)
    elif words is None and image is not None and output is not None and output > image:
        words = output - image
    sent_images = min(sent_images or 0, total or 0)
    cached, cached_images = _cached(usage, given, total or 0, sent_images)
    return Tokens(
        model=model,
        input=total,
        text=words,
        image=image,
        input_images=sent_images,
        cached=cached,
        cached_images=cached_images,
    )


def text_usage(usage: JSON, *, model: str | None = None) -> Tokens | None:
    """Return the tokens of the mainline model of a Responses answer; reasoning is part of the output."""
    total = _total(usage, "input", "prompt", ())
    output = _total(usage, "output", "completion", ())
    if total is None and output is None:
        return None
    cached = count(_details(usage, "input", "prompt").get("cached_tokens")) or 0
    return Tokens(model=model, input=total, text=output, cached=min(cached, total or 0))


def svg_usage(usage: JSON) -> Tokens | None:
    """Return the tokens of SVG authoring, which another model does and OpenAI counts apart."""
    total, output = count(usage.get("input_tokens")), count(usage.get("output_tokens"))
    if total is None and output is None:
        return None
    return Tokens(model=text(usage.get("model")), input=total, text=output)


def summed(counts: Sequence[Tokens]) -> dict[str, object]:
    """Return the token facts of several usage objects together; absent only where all are."""
    if not counts:
        return {}
    return {
        "input_tokens": _sum(tokens.input for tokens in counts),
        "text_tokens": _sum(tokens.text for tokens in counts),
        "image_tokens": _sum(tokens.image for tokens in counts),
    }


def _sum(values: Iterable[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _details(usage: JSON, *names: str) -> JSON:
    return next((found for name in names if (found := mapping(usage.get(f"{name}_tokens_details")))), {})


def _total(usage: JSON, name: str, other: str, parts: tuple[int | None, ...]) -> int | None:
    """Return the total of one direction, at least the sum of its parts.

    LiteLLM writes `prompt_tokens: 0` beside the true `input_tokens`
    (github.com/BerriAI/litellm/issues/18541, checked 2026-11-22), so the larger one counts.
    """
    told = [count(usage.get(f"{name}_tokens")), count(usage.get(f"{other}_tokens"))]
    known = [
        value
        for value in (*told, sum(part or 0 for part in parts) if any(part is not None for part in parts) else None)
        if value is not None
    ]
    return max(known) if known else None


def _cached(usage: JSON, given: JSON, total: int, images: int) -> tuple[int, int]:
    """Return the cached text and the cached image tokens, never more than there are of each."""
    words = total - images
    told = count(usage.get("cached_tokens"))
    told = count(given.get("cached_tokens")) if told is None else told
    split = mapping(usage.get("cached_tokens_details")) or mapping(given.get("cached_tokens_details"))
    if not split:
        text_part = min(told or 0, words)
        return text_part, min((told or 0) - text_part, images)
    cached_text = count(split.get("cached_text_tokens", split.get("text_tokens"))) or 0
    cached_images = count(split.get("cached_image_tokens", split.get("image_tokens"))) or 0
    return min(cached_text, words), min(cached_images, images)
