"""Fold the events of a streamed Responses answer into the response they build."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policyengine.native import mapping, mappings, text
from policyengine_openai.envelope import error_in
from policyengine_openai.events import event_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policyengine_openai.envelope import JSON

__all__ = ["read_response"]

_ITEM_EVENTS = ("response.output_item.added", "response.output_item.done")
_ENDS = {"response.completed": "completed", "response.failed": "failed", "response.incomplete": "incomplete"}


def read_response(body: object) -> tuple[JSON, tuple[JSON, JSON] | None]:
    """Return the response in *body*, and the error in it with the object that holds it."""
    if isinstance(body, list):
        return _folded(event_of(chunk) for chunk in body)
    event = event_of(body)
    if _is_event(event):
        return _folded([event])
    return event, _error(event)


def _is_event(event: JSON) -> bool:
    kind = event.get("type")
    return isinstance(kind, str) and (kind.startswith("response.") or kind == "error")


def _error(holder: JSON) -> tuple[JSON, JSON] | None:
    found = None if holder.get("output") and not holder.get("error") else error_in(holder)
    return None if found is None else (holder, found)


def _folded(events: Iterable[JSON]) -> tuple[JSON, tuple[JSON, JSON] | None]:
    """Return the last state of the response, with the items that only earlier events carry."""
    response: dict[str, object] = {}
    seen: dict[str | int, JSON] = {}
    error: tuple[JSON, JSON] | None = None
    for event in events:
        kind = text(event.get("type")) or ""
        if kind in _ITEM_EVENTS:
            item = mapping(event.get("item"))
            seen[text(item.get("id")) or len(seen)] = item
            continue
        response |= mapping(event.get("response")) or (event if "output" in event else {})
        if kind.startswith("response."):
            response["status"] = text(response.get("status")) or _ENDS.get(kind, "in_progress")
        if kind in _ENDS or not kind.startswith("response."):
            error = _error(event) or error
    if (items := _items(response, seen)) or "output" in response:
        response["output"] = items
    response["status"] = text(response.get("status")) or ("failed" if error else "in_progress")
    return response, error


def _items(response: JSON, seen: dict[str | int, JSON]) -> list[JSON]:
    """Return the items of the last state, and those that a gateway forgot to repeat in it.

    Some send `response.completed` with an empty `output`
    (github.com/Wei-Shaw/sub2api/pull/3381, checked 2026-11-22).
    """
    told = {text(item.get("id")) or -number: item for number, item in enumerate(mappings(response.get("output")), 1)}
    for key, item in seen.items():
        if key not in told or (item.get("result") and not told[key].get("result")):
            told[key] = item
    return list(told.values())
