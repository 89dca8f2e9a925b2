"""Hold twelve rules as data, the function that somebody would write instead, and exchanges to decide."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, NamedTuple

from policyengine.facts import Facts

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["RULES", "UNRECOGNIZED", "Condition", "Line", "by_hand", "exchanges", "record_of", "toml_of"]

Operand = str | int | list[str] | list[int]
UNRECOGNIZED = ("unrecognized", "unknown")


class Condition(NamedTuple):
    """Compare a fact: equals, in, contains, ge or present."""

    fact: str
    operator: str
    operand: Operand


class Line(NamedTuple):
    """Hold one of the rules; all of its conditions must hold."""

    name: str
    when: tuple[Condition, ...]
    then: tuple[str, str]


RULES = (
    Line("waived", (Condition("message", "contains", "not be charged"),), ("declined", "output")),
    Line("prompt", (Condition("block_reason", "in", ["SAFETY", "BLOCKLIST"]),), ("blocked", "prompt")),
    Line("other-prompt", (Condition("block_reason", "present", ""),), ("declined", "prompt")),
    Line("safety", (Condition("finish_reason", "equals", "IMAGE_SAFETY"),), ("blocked", "output")),
    Line("recitation", (Condition("finish_reason", "equals", "IMAGE_RECITATION"),), ("blocked", "output")),
    Line(
        "no-image",
        (Condition("finish_reason", "in", ["NO_IMAGE", "IMAGE_OTHER"]), Condition("http_status", "equals", 200)),
        ("declined", "output"),
    ),
    Line("delivered", (Condition("images_delivered", "ge", 1),), ("delivered", "none")),
    Line("quota", (Condition("http_status", "equals", 429),), ("throttled", "admission")),
    Line("key", (Condition("http_status", "in", [401, 403]),), ("denied", "admission")),
    Line(
        "moderated",
        (Condition("http_status", "equals", 400), Condition("message", "contains", "safety system")),
        ("blocked", "prompt"),
    ),
    Line("bad-request", (Condition("http_status", "equals", 400),), ("rejected", "admission")),
    Line("server", (Condition("http_status", "ge", 500),), ("failed", "unknown")),
)


def by_hand(facts: Facts) -> tuple[str, str]:  # noqa: C901, PLR0911  what it is for
    """Decide what the twelve rules decide."""
    message = facts.message
    lower = message.lower() if message is not None else ""
    if "not be charged" in lower:
        return ("declined", "output")
    block_reason = facts.block_reason
    if block_reason is not None:
        if block_reason in ("SAFETY", "BLOCKLIST"):
            return ("blocked", "prompt")
        return ("declined", "prompt")
    finish_reason = facts.finish_reason
    if finish_reason == "IMAGE_SAFETY":
        return ("blocked", "output")
    if finish_reason == "IMAGE_RECITATION":
        return ("blocked", "output")
    status = facts.http_status
    if status == 200 and finish_reason in ("NO_IMAGE", "IMAGE_OTHER"):  # noqa: PLR2004
        return ("declined", "output")
    images = facts.images_delivered
    if images is not None and images >= 1:
        return ("delivered", "none")
    if status == 429:  # noqa: PLR2004
        return ("throttled", "admission")
    if status in (401, 403):
        return ("denied", "admission")
    if status == 400:  # noqa: PLR2004
        if "safety system" in lower:
            return ("blocked", "prompt")
        return ("rejected", "admission")
    if status is not None and status >= 500:  # noqa: PLR2004
        return ("failed", "unknown")
    return UNRECOGNIZED


_MESSAGES = (
    None,
    None,
    None,
    "unable to show the generated image. you will not be charged for this request.",
    "your request was rejected by the safety system. request {}",
    "resource has been exhausted",
    "internal error; quote {} to support",
    "the image was filtered",
)
_STATUSES = (200, 200, 200, 200, 400, 401, 403, 404, 429, 500, 503, None)
_FINISHES = (None, "STOP", "STOP", "IMAGE_SAFETY", "IMAGE_RECITATION", "NO_IMAGE", "IMAGE_OTHER", "MAX_TOKENS")
_BLOCKS = (None, None, None, None, None, "SAFETY", "BLOCKLIST", "OTHER")


def exchanges(number: int = 1000) -> list[Facts]:
    """Return the facts of *number* exchanges, the same ones in every run; a quarter of the messages are unique."""
    rng = random.Random(12)  # noqa: S311  a sample, not a secret
    found = []
    for index in range(number):
        message = rng.choice(_MESSAGES)
        facts = Facts(
            provider="acme",
            dialect="acme",
            seller="acme",
            http_status=rng.choice(_STATUSES),
            finish_reason=rng.choice(_FINISHES),
            block_reason=rng.choice(_BLOCKS),
            images_delivered=rng.choice((None, 0, 0, 1)),
            message=None if message is None else message.format(index),
        )
        found.append(facts)
    return found


def record_of(facts: Facts) -> dict[str, object]:
    """Return *facts* as the mapping that other engines take."""
    names = ("http_status", "finish_reason", "block_reason", "images_delivered", "message")
    return {name: getattr(facts, name) for name in names}


def toml_of() -> str:
    """Return the rules as a rule file."""
    return 'decision = "classify"\ndialects = ["acme"]\n' + "".join(map(_rule, RULES))


_CONDITIONS: Mapping[str, str] = {
    "equals": "when.{0} = {1}",
    "in": "when.{0} = {1}",
    "contains": "when.{0}.contains = {1}",
    "ge": "when.{0}.ge = {1}",
    "present": "when.{0}.present = true",
}


def _rule(rule: Line) -> str:
    conditions = "\n".join(
        _CONDITIONS[one.operator].format(one.fact, repr(one.operand).replace("'", '"')) for one in rule.when
    )
    outcome, stage = rule.then
    effect = f'then = {{ outcome = "{outcome}", stage = "{stage}" }}'
    return f'\n[[rule]]\nid = "acme.{rule.name}"\ntitle = "{rule.name}"\n{conditions}\n{effect}\n'
