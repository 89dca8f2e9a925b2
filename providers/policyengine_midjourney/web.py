"""Translate midjourney.com's own web application, as bridges without Discord call it.

Sample: https://github.com/trueai-org/midjourney-proxy, src/Midjourney.Tests/ResTest.cs
(added 2026-01-20, checked 2026-11-22).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from policyengine.native import items, mapping, mappings, scalar_text, text
from policyengine.provider import Claim, Dialect, Normalized
from policyengine_midjourney.wording import mode_asked

if TYPE_CHECKING:
    from policyengine.exchange import Exchange
    from policyengine.facts import Signal

__all__ = ["MidjourneyWeb"]

Json = Mapping[str, object]

_RUNNING = frozenset({"running", "queued", "pending", "starting"})


class MidjourneyWeb(Dialect):
    """Read the submits and job states of midjourney.com."""

    name: ClassVar[str] = "mj-web"
    seller: ClassVar[str] = "midjourney"
    vocabulary: ClassVar[Mapping[str, frozenset[str]]] = {
        "error_type": frozenset({"banned_prompt_detected", "invalid_parameter"}),
        "status": _RUNNING | {"completed"},
    }
    signals: ClassVar[Mapping[str, str]] = {
        "banned_word": "text",  # word that the moderator names
        "allows_appeal": "boolean",  # the block may be appealed: it is not final
    }

    def recognizes(self, exchange: Exchange) -> Claim:
        """Return how much the host or the keys look like the web application."""
        if exchange.host.endswith("midjourney.com"):
            return Claim.CERTAIN
        body = mapping(exchange.body)
        if isinstance(body.get("success"), list) and isinstance(body.get("failure"), list):
            return Claim.CERTAIN
        return Claim.CERTAIN if "current_status" in body and "full_command" in body else Claim.NO

    def normalize(self, exchange: Exchange) -> Normalized:
        """Return the facts of a submit or of a job."""
        body = mapping(exchange.body)
        job = next(mappings(body.get("success")), body)
        is_accepted = bool(items(body.get("success")))
        # A submit of several jobs may refuse some: those that were accepted run and cost their time.
        failure = None if is_accepted else next(mappings(body.get("failure")), None)
        status = text(body.get("current_status"))
        facts = exchange.facts(
            self,
            operation=text(body.get("job_type")) or text(body.get("event_type")),
            mode=mode_asked(exchange.url, body.get("full_command")),
            status=status,
            error_type=text(failure.get("type")) if failure else None,
            message=text((failure or {}).get("message")) or text(body.get("error")) or text(exchange.body),
            terminal=False if is_accepted or status in _RUNNING else True if failure or status else None,
            images_delivered=None if status == "completed" else 0,
            task_id=scalar_text((failure or job).get("job_id")) or scalar_text(job.get("id")),
            signal=_signals(failure) if failure else None,
        )
        return facts, ()


def _signals(failure: Json) -> dict[str, Signal] | None:
    extra = mapping(failure.get("extra"))
    found: dict[str, Signal] = {}
    if word := text(extra.get("banned_word")):
        found["banned_word"] = word
    if isinstance(allowed := extra.get("allow_appeal"), bool):
        found["allows_appeal"] = allowed
    return found or None
