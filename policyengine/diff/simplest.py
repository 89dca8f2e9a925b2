"""Leave out of an answer what does not matter to the two rules that decide it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from policyengine.facts import Facts
from policyengine.rules.model import Decision
from policyengine.vocabulary import PARTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from policyengine.rules.ordered import OrderedRules

__all__ = ["Asked", "simplest"]

_KEPT = frozenset({"provider", "outcome", "stage", "at"})
_KEYS: Mapping[str, frozenset[str]] = {
    "classify": frozenset({"dialect", "seller"}),
    "bill": frozenset({"seller"}),
    "route": frozenset(),
}
"""The facts that say which rules are asked, and who bills."""
_DEFAULTS = {field.encode_name: field for field in msgspec.structs.fields(Facts)}


class Asked(Struct, frozen=True):
    """Hold facts, and the same as an example has them, with outcome and stage where they were decided before."""

    decision: Decision
    facts: Facts
    given: dict[str, Any]


def simplest(asked: Asked, component: str | None, *lists: OrderedRules) -> Asked:
    """Return *asked* without the facts that none of *lists* needs to decide *component* by the same rule."""
    wanted = _deciders(asked, component, lists)
    before = None
    while before != asked:  # what is left out may make room for more
        before = asked
        for name in [*_names(asked)]:
            fewer = _without(asked, name)
            if _deciders(fewer, component, lists) == wanted:
                asked = fewer
    return asked


def _deciders(asked: Asked, component: str | None, lists: tuple[OrderedRules, ...]) -> list[str | None]:
    outcome, stage = asked.given.get("outcome"), asked.given.get("stage")
    if component is None:
        found = [ordered.first(asked.facts, outcome, stage) for ordered in lists]
    else:
        place = PARTS.index(component)
        found = [ordered.per_component(asked.facts, outcome or "", stage or "")[place] for ordered in lists]
    return [rule.rule.id if rule else None for rule in found]


def _names(asked: Asked) -> Iterator[tuple[str, str | None]]:
    """Yield the facts that may be left out, the last ones first; those in tables with the name of the table."""
    for name, value in reversed(asked.given.items()):
        if isinstance(value, dict):
            yield from ((name, key) for key in reversed(value))
        elif name not in _KEPT | _KEYS[asked.decision]:
            yield name, None


def _without(asked: Asked, name: tuple[str, str | None]) -> Asked:
    field, key = name
    if key is None:
        facts = msgspec.structs.replace(asked.facts, **{field: _default(field)})
        return Asked(asked.decision, facts, {other: value for other, value in asked.given.items() if other != field})
    table = {other: value for other, value in getattr(asked.facts, field).items() if other != key}
    given = {**asked.given, field: table} if table else {k: v for k, v in asked.given.items() if k != field}
    return Asked(asked.decision, msgspec.structs.replace(asked.facts, **{field: table}), given)


def _default(name: str) -> object:
    default = _DEFAULTS[name].default
    return "example" if default is msgspec.NODEFAULT else default
