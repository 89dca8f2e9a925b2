"""Count tokens from `usageMetadata`, which is complete on successes and irregular on failures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from policyengine.facts import UsageRow
from policyengine.native import count, items, mapping, text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policyengine.vocabulary import Tier

__all__ = ["Tokens", "image_share", "split", "tier_of", "tokens_of", "usage_rows"]


class Tokens(Struct, frozen=True):
    """Hold the tokens of one answer; None where the payload does not tell."""

    input: int | None
    """Prompt and tool-use prompt, cached tokens included."""
    cached: int
    text: int | None
    """Text and thinking."""
    image: int | None


_TIERS: dict[str, Tier] = {
    "standard": "standard",
    "default": "standard",
    "flex": "flex",
    "priority": "priority",
    "batch": "batch",
    # Vertex says the same in trafficType (google-genai 3.4.0, checked 2026-11-22).
    "on_demand": "standard",
    "on_demand_priority": "priority",
    "on_demand_flex": "flex",
}
_DETAILS = (
    "candidatesTokensDetails",
    "candidates_tokens_details",
    "candidatesTokensDetail",  # so in public samples of the GA Pro model, checked 2026-11-22
)


def tier_of(name: object) -> Tier | None:
    """Return the tier that a service tier or a traffic type means."""
    return _TIERS.get(name.lower()) if isinstance(name, str) else None


def tokens_of(usage: Mapping[str, object], *, images: int | None) -> Tokens:
    """Return the tokens of *usage*, an answer's `usageMetadata`, given the *images* that came with it.

    The total is trusted before the parts: on refusals `candidatesTokenCount` may be missing,
    null, or a copy of `thoughtsTokenCount`, while total less prompt has held on every
    complete answer (public answers of gemini-3-pro-image, checked 2026-11-22).
    """
    get = usage.get
    prompt = count(get("promptTokenCount", get("prompt_token_count")))
    total = count(get("totalTokenCount", get("total_token_count")))
    if tool := get("toolUsePromptTokenCount") or get("tool_use_prompt_token_count"):
        prompt = (prompt or 0) + (count(tool) or 0)
    output = None if total is None or prompt is None else total - prompt
    if output is None or output < 0:
        output = _sum_of_parts(usage)
    text_tokens, image_tokens = split(output, _image_detail(usage), images)
    cached = get("cachedContentTokenCount") or get("cached_content_token_count")
    return Tokens(prompt, min(count(cached) or 0, prompt or 0) if cached else 0, text_tokens, image_tokens)


def _sum_of_parts(usage: Mapping[str, object]) -> int | None:
    """Return candidates plus thoughts, for answers without a usable total."""
    get = usage.get
    candidates = count(get("candidatesTokenCount", get("candidates_token_count")))
    thoughts = count(get("thoughtsTokenCount", get("thoughts_token_count")))
    if candidates is None and thoughts is None:
        return None
    return (candidates or 0) + (thoughts or 0)


def _image_detail(usage: Mapping[str, object]) -> int | None:
    """Return the IMAGE tokens among the candidates' details; None when no detail names images."""
    for key in _DETAILS:
        if details := usage.get(key):
            return image_share(details)
    return None


def image_share(details: object) -> int | None:
    """Return the IMAGE tokens of a list of {modality, tokenCount}; None when it has none or does not count them."""
    total = None
    for item in items(details):
        detail = mapping(item)
        if (text(detail.get("modality")) or "").upper() == "IMAGE":
            tokens = count(detail.get("tokenCount", detail.get("token_count", detail.get("tokens"))))
            if tokens is None:
                return None  # an image without a count is not one of 0 tokens
            total = (total or 0) + tokens
    return total


def split(output: int | None, image: int | None, images: int | None) -> tuple[int | None, int | None]:
    """Return text and image tokens of *output*, *image* of which the details count as such.

    The remainder is text and thinking. Without a detail the two shares cannot be told
    apart, unless there is no output or the answer is known to hold no image.
    """
    if image is not None:
        return (None if output is None else max(0, output - image)), image
    if output is None or (output and images != 0):
        return None, None
    return output, 0


def usage_rows(tokens: Tokens, *, searches: int = 0) -> tuple[UsageRow, ...]:
    """Return what was consumed; input images cost what text costs on every Gemini tariff and are not split off."""
    rows = []
    if tokens.input is not None:
        rows.append(UsageRow("input", "token", tokens.input - tokens.cached))
        if tokens.cached:
            rows.append(UsageRow("input", "cached_token", tokens.cached))
    if tokens.text is not None:
        rows.append(UsageRow("text", "token", tokens.text))
    if tokens.image:
        rows.append(UsageRow("image", "token", tokens.image))
    if searches:
        rows.append(UsageRow("request", "search_query", searches))
    return tuple(rows)
