"""Translate Discord messages of the Midjourney bot, raw or as yokonsan's callbacks pass them on.

A message without a percentage is the last one of its job; the attachment of an earlier one
is a preview (https://github.com/yokonsan/midjourney-api/issues/68, checked 2026-11-22).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from policyengine.native import items, mapping, mappings, scalar_text, text
from policyengine.provider import Claim, Dialect, Normalized
from policyengine_midjourney.wording import mode_asked, mode_observed

if TYPE_CHECKING:
    from policyengine.exchange import Exchange
    from policyengine.facts import Signal

__all__ = ["DiscordMessage"]

Json = Mapping[str, object]

_RUNNING_TYPES = frozenset({"start", "generating"})
_TYPES = _RUNNING_TYPES | {"end", "error", "banned", "text", "verify"}
_UNFINISHED = ("%)", "(waiting to start)", "(paused)", "(queued)")
_FAILED = "Failed to process your command"
# Green embeds report no trouble, red and yellow ones do
# (https://github.com/trueai-org/midjourney-proxy, checked 2026-11-22).
_OK_COLOUR = 65280


class DiscordMessage(Dialect):
    """Read the messages that the Midjourney bot posts."""

    name: ClassVar[str] = "mj-discord"
    seller: ClassVar[str] = "midjourney"
    vocabulary: ClassVar[Mapping[str, frozenset[str]]] = {"status": _TYPES}
    signals: ClassVar[Mapping[str, str]] = {"title": "text"}  # title of the embed

    def recognizes(self, exchange: Exchange) -> Claim:
        """Return how much the keys look like a message of the bot."""
        body = _object(exchange.body)
        content = body.get("content")
        if not isinstance(content, str) or "choices" in body or "candidates" in body or "jobid" in body:
            return Claim.NO
        if "embeds" in body or "attachments" in body or "trigger_id" in body:
            return Claim.CERTAIN
        return Claim.SHAPE if "<@" in content or content.startswith(_FAILED) else Claim.NO

    def normalize(self, exchange: Exchange) -> Normalized:
        """Return the facts of one message."""
        body = _object(exchange.body)
        content = text(body.get("content"))
        status = text(body.get("type"))
        embed = next(mappings(body.get("embeds")), {})
        is_told = embed.get("color") == _OK_COLOUR  # /info, /describe and the like answer in words
        title = None if is_told else text(embed.get("title"))
        message = None if is_told else _words(title, text(embed.get("description")))
        if message is None and content is not None and content.startswith("Failed"):
            message = content
        is_running = status in _RUNNING_TYPES or (status is None and message is None and _is_unfinished(content))
        is_failed = message is not None or status in ("banned", "error")
        signal: dict[str, Signal] = {"title": title} if title else {}
        facts = exchange.facts(
            self,
            mode=mode_observed(content) or mode_asked(exchange.url, content),
            status=status,
            message=message,
            terminal=False if is_running else True if content or message or is_told else None,
            images_requested=0 if is_told else None,
            images_delivered=0 if is_running or is_failed or is_told else _attached(body),
            task_id=scalar_text(body.get("trigger_id")),
            signal=signal or None,
        )
        return facts, ()


def _object(body: object) -> Json:
    """Return the message in *body*: the last one of a list, or the text alone."""
    if isinstance(body, list | tuple):
        body = next((item for item in reversed(body) if isinstance(item, dict)), None)
    return {"content": body} if isinstance(body, str) and body.startswith(("**", _FAILED)) else mapping(body)


def _words(title: str | None, description: str | None) -> str | None:
    if title is None:
        return description
    return f"[{title}] {description}" if description else title


def _is_unfinished(content: str | None) -> bool:
    if content is None:
        return False
    folded = content.lower()
    return any(mark in folded for mark in _UNFINISHED)


def _attached(body: Json) -> int | None:
    return len(items(body["attachments"])) if "attachments" in body else None
