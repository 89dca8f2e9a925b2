"""Fold the events of a streamed Images answer: partial images are previews and never count."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from policyengine.intake import decoded
from policyengine.native import mapping, text
from policyengine_openai.envelope import JSON, error_in

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Events", "event_of", "is_image_event", "read_events"]

_FAMILIES = {"image_generation.": "generate", "image_edit.": "edit"}


class Events(Struct, frozen=True):
    """Hold what the events of one answer amount to."""

    completed: tuple[JSON, ...] = ()
    """The events that carry a finished image."""
    error: tuple[JSON, JSON] | None = None
    """The event that reports an error, and the error in it."""
    operation: str | None = None


def event_of(chunk: object) -> JSON:
    """Return the event in *chunk*, also one that a client keeps as `{"event": …, "data": {…}}`."""
    event = mapping(chunk)
    if "event" not in event or "data" not in event:
        return event
    data = event["data"]
    if isinstance(data, str):
        data = decoded(data)[0]
    inner = mapping(data)
    return inner if "type" in inner else {"type": event["event"], **inner}


def is_image_event(event: JSON) -> bool:
    """Return whether *event* belongs to a streamed Images answer."""
    kind = event.get("type")
    return isinstance(kind, str) and kind.startswith(("image_generation.", "image_edit."))


def read_events(chunks: Iterable[object]) -> Events:
    """Return what *chunks* amount to; the last error counts."""
    completed: list[JSON] = []
    error: tuple[JSON, JSON] | None = None
    operation: str | None = None
    for chunk in chunks:
        event = event_of(chunk)
        kind = text(event.get("type")) or ""
        operation = next((name for family, name in _FAMILIES.items() if kind.startswith(family)), operation)
        if kind.endswith(".completed") and (text(event.get("b64_json")) or text(event.get("url"))):
            completed.append(event)
        elif (found := error_in(event)) is not None:
            error = event, found
    return Events(tuple(completed), error, operation)
