"""Define the request: one call before it is made, in the form that rules of `preflight` read."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime
from itertools import pairwise

import msgspec
from msgspec import Struct

from policyengine.errors import InputError
from policyengine.native import utc
from policyengine.vocabulary import Tier

__all__ = ["Request", "completed"]

_NO_SPACES = re.compile(
    "[\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff\u3005-\u30ff\u3105-\u312f\u31f0-\u31ff\u3400-\u4dbf"
    "\u4e00-\u9fff\ua000-\ua48f\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff]"
)
"""Letters of scripts that put no spaces between words: Thai, Lao, Tibetan, Burmese, Khmer, Japanese, Chinese, Yi."""


class Request(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Hold what rules may read about a call that is yet to be made; absent is None, never 0 or ""."""

    provider: str | None = None
    """The plugin whose platform is called."""
    model: str | None = None
    """The model that is asked for."""
    seller: str | None = None
    """Who will send the invoice."""
    tier: Tier | None = None
    """The service tier that is asked for; absent means standard."""
    size: str | None = None
    """The image size in the platform's own spelling."""
    quality: str | None = None
    """The image quality in the platform's own spelling."""
    mode: str | None = None
    """The speed mode of a queue: fast, relax or turbo."""
    n: int = 1
    """Images asked for."""
    at: datetime | None = None
    """When it will be submitted (UTC); the present when nothing tells."""

    prompt: str | None = None
    """The text of the prompt."""
    words: int | None = None
    """Words of the prompt; counted unless given, and absent where its script puts no spaces between words."""
    terms: tuple[str, ...] = ()
    """The words of the prompt and each two neighbours, in lower case: `passport`, `identity card`."""
    input_tokens: int | None = None
    """Tokens of the prompt and its images, where they were counted before the call."""
    has_input_image: bool | None = None
    """Whether reference images go with the prompt."""
    input_megapixels: float | None = None
    """Megapixels of the largest reference image."""

    account: dict[str, str | int] = {}
    """What is known of the account: mode, plan, failures_today."""


def completed(request: Request) -> Request:
    """Return *request* with what follows from it: the time, and words and terms of the prompt.

    Raises:
        InputError: a value has the wrong type or is below zero.
    """
    checked = _checked(request)
    filled: dict[str, object] = {"at": datetime.now(UTC) if checked.at is None else utc(checked.at)}
    if checked.prompt is not None:
        found = _words(checked.prompt)
        if checked.words is None and not _NO_SPACES.search(checked.prompt):
            filled["words"] = len(found)
        filled["terms"] = checked.terms or tuple(dict.fromkeys([*found, *map(" ".join, pairwise(found))]))
    if checked.input_megapixels is not None and checked.has_input_image is None:
        filled["has_input_image"] = True
    return msgspec.structs.replace(checked, **filled)


def _words(prompt: str) -> list[str]:
    """Return the words of *prompt* in lower case: letters, digits, marks on them, and `'` and `-` between them."""
    parted = "".join(_kept(letter) for letter in unicodedata.normalize("NFC", prompt).lower())
    stripped = (word.strip("'-") for word in parted.split())
    return [word for word in stripped if any(letter.isalnum() for letter in word)]


def _kept(letter: str) -> str:
    """Return *letter* where it is part of a word, nothing where it only shapes one, else a space."""
    if letter.isalnum() or letter in "'-" or unicodedata.category(letter)[0] == "M":
        return letter
    if letter == "\u2019":
        return "'"
    return "" if unicodedata.category(letter) == "Cf" else " "


def _checked(request: Request) -> Request:
    try:
        checked = msgspec.convert(msgspec.structs.asdict(request), Request)
    except msgspec.ValidationError as error:
        msg = f"the request cannot be read: {error}"
        raise InputError(msg) from error
    lowest = {"n": 1, "words": 0, "input_tokens": 0, "input_megapixels": 0}
    for name, low in lowest.items():
        value = getattr(checked, name)
        if value is not None and not low <= value < float("inf"):
            msg = f"the request cannot be read: {name!r} is {value}; it is {low} at least"
            raise InputError(msg)
    return checked
