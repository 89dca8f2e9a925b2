"""Write the facts of a verdict as TOML, ready for the `given` of an example."""

from __future__ import annotations

from datetime import datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING

import msgspec

from policyengine.facts import Facts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policyengine.verdict import Verdict

__all__ = ["given_inline", "given_toml"]

_IDENTITY = ("request_id", "task_id", "provider", "attempt")


def given_toml(verdict: Verdict) -> str:
    """Return the facts of *verdict* as an example to append to a rule; ids are left out."""
    import tomli_w  # noqa: PLC0415  only when something is written

    facts = verdict.facts
    told: dict[str, object] = {}
    for field in msgspec.structs.fields(Facts):
        value = getattr(facts, field.name)
        if field.name not in _IDENTITY and value not in (None, (), {}):
            told[field.name] = _toml(value)
    told |= {"outcome": verdict.outcome, "stage": verdict.stage}
    return "[[rule.example]]\n" + tomli_w.dumps({"rule": {"example": {"given": told}}})


def _toml(value: object) -> object:
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, dict):
        return {key: _toml(inner) for key, inner in value.items()}
    return int(value) if isinstance(value, Decimal) and value == value.to_integral_value() else value


def given_inline(given: Mapping[str, object]) -> str:
    """Return facts as the inline table that rule files write.

    >>> given_inline({"code": "a", "http_status": 400, "signal": {"is_poll": True}})
    '{ code = "a", http_status = 400, signal = { is_poll = true } }'
    """
    return f"{{ {', '.join(f'{name} = {_inline(value)}' for name, value in given.items())} }}"


def _inline(value: object) -> str:
    if isinstance(value, dict):
        return given_inline(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_inline, value))}]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return value.isoformat() if value.time() != time() else value.date().isoformat()
    return _quoted(value) if isinstance(value, str) else str(_toml(value))


def _quoted(text: str) -> str:
    """Return *text* as a basic string of TOML; what does not print is escaped."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    shown = (char if char.isprintable() else f"\\U{ord(char):08x}" for char in escaped)
    return f'"{"".join(shown)}"'
