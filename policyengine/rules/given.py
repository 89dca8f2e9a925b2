"""Write the facts of a verdict as TOML, ready for the `given` of an example."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import msgspec

from policyengine.facts import Facts

if TYPE_CHECKING:
    from policyengine.verdict import Verdict

__all__ = ["given_toml"]

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
