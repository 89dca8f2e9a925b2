"""Tell the model from names and shapes: a deployment's name, an answer only DALL-E gives, a refusal's words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policyengine.native import items, mapping, text

if TYPE_CHECKING:
    from policyengine_openai.envelope import JSON

__all__ = ["IMAGE_TOOL", "implied_by_answer", "implied_by_refusal", "implied_by_status", "model_behind"]

IMAGE_TOOL = "image_generation"
"""The model of a Responses image call where `tools[].model` is not echoed: the tool's default of that day."""

_GPT_IMAGE_KEYS = ("usage", "background", "output_format", "quality", "size", "model")
_BLOB_HOST = "oaidalleapiprodscus.blob.core.windows.net"
# Longest first: "gpt-image-1" is part of "gpt-image-1.5".
_FAMILIES = (
    "gpt-image-2.6-sunburst",
    "gpt-image-2.6-flare",
    "gpt-image-2.5-sunburst",
    "gpt-image-2.5-flare",
    "gpt-image-1-mini",
    "gpt-image-1.5",
    "gpt-image-1",
    "gpt-image-2",
    "dall-e-3",
    "dall-e-2",
)
_JOB_STATUSES = ("notRunning", "running", "succeeded", "failed")
_DALLE3_WORDS = ("Your prompt may contain text", "Image descriptions generated from your prompt")
_DALLE2_WORDS = "Your request was rejected as a result of our safety system"


def model_behind(deployment: str | None) -> str | None:
    """Return the model that a deployment is named after; None when its name does not tell.

    >>> model_behind("prod-Dalle3-eu"), model_behind("gpt-image-1-5"), model_behind("painter")
    ('dall-e-3', 'gpt-image-1.5', None)
    """
    plain = _letters(deployment or "")
    return next((family for family in _FAMILIES if _letters(family) in plain), None)


def _letters(name: str) -> str:
    return "".join(char for char in name.lower() if char.isalnum())


def implied_by_answer(body: JSON) -> str | None:
    """Return the DALL-E model that alone answers like this.

    Only DALL-E answered without usage, size and quality; of the two, dall-e-3 revises the prompt
    (developers.openai.com/api/reference/resources/images, checked 2026-11-22).
    """
    if any(body.get(key) is not None for key in _GPT_IMAGE_KEYS):
        return None
    data = [mapping(item) for item in items(body.get("data"))[:10]]
    if any(text(item.get("revised_prompt")) for item in data):
        return "dall-e-3"
    return "dall-e-2" if any(f"//{_BLOB_HOST}/" in str(item.get("url"))[:100] for item in data) else None


def implied_by_refusal(known: JSON) -> str | None:
    """Return the DALL-E model that refuses in these words.

    dall-e-3 answers `content_policy_violation` and says which text offends, also on Azure
    (github.com/openai/openai-java/issues/446); dall-e-2 had no code at all
    (community.openai.com/t/232241; both checked 2026-11-22). The gpt-image models say `moderation_blocked`.
    """
    words, code = known.get("message"), known.get("code")
    if not isinstance(words, str) or _DALLE2_WORDS not in words:
        return None
    if code == "content_policy_violation" and any(mark in words for mark in _DALLE3_WORDS):
        return "dall-e-3"
    return "dall-e-2" if code is None and known.get("error_type") in (None, "invalid_request_error") else None


def implied_by_status(body: JSON) -> str | None:
    """Return dall-e-2 for an asynchronous job: on Azure it alone answered so (api-version 2023-06-01-preview)."""
    return "dall-e-2" if "created" in body and body.get("status") in _JOB_STATUSES else None
