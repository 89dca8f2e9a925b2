"""Make facts out of a box: the fewest that it takes, ready for `given` and for `imgpolicy explain`."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from itertools import product
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from policyengine.facts import Facts
from policyengine.rules.conditions import holds
from policyengine.sets.spans import Spans, moment_of, number_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from policyengine.rules.conditions import Condition
    from policyengine.sets.region import Box
    from policyengine.sets.space import FactSet, Space

__all__ = ["Witness", "witness_of"]

_USUAL_DAY = number_of(datetime(2026, 11, 24, tzinfo=UTC))
_COUNTED = ("images_requested", "images_delivered", "images_withheld")
_MISSING = "images_missing"
_DECIDED = ("outcome", "stage")
_USUAL: Mapping[str, tuple[object, ...]] = {
    "http_status": (200, 400, 500),
    "at": (_USUAL_DAY,),
    "outcome": ("failed",),
    "stage": ("unknown", "none"),
}
_FEW = (1, 0, 2)


class Witness(Struct, frozen=True):
    """Hold facts that show something, with outcome and stage where they were decided before."""

    facts: Facts
    given: dict[str, Any]
    """The same, as an example has them: only what matters, `signal` and `account` as tables."""

    @property
    def outcome(self) -> str | None:
        """Return what happened, for bill and route rules."""
        return self.given.get("outcome")

    @property
    def stage(self) -> str | None:
        """Return where it stopped, for bill and route rules."""
        return self.given.get("stage")

    def meets(self, condition: Condition) -> bool:
        """Return whether *condition* holds, by the reference interpreter."""
        return holds(condition, self.facts, self.outcome, self.stage)


def witness_of(box: Box, space: Space) -> Witness | None:
    """Return facts of *box*, those that may be absent left out; None when it contradicts itself.

    That is so where fewer images are missing than were requested and neither delivered nor withheld.
    """
    counted = _counted(box, space) if _MISSING in box else {}
    if counted is None:
        return None
    told: dict[str, object] = {}
    for name in dict.fromkeys((*space.required, *box)):
        values = box.get(name) or space.full(name)
        if name == _MISSING or (_MISSING in box and name in _COUNTED) or values.absent:
            continue
        told[name] = _value(name, values, space)
    told |= counted
    written = {name: [*value] if isinstance(value, tuple) else value for name, value in told.items()}
    return Witness(facts=_facts(told), given=_nested(written))


def _value(name: str, values: FactSet, space: Space) -> object:
    """Return a value of *values* as `Facts` holds it."""
    liked = space.usual.get(name) or _USUAL.get(name, ())
    if not isinstance(values, Spans):
        return values.example(liked)
    number = values.example([*(value for value in liked if isinstance(value, int)), *_FEW])
    return _OF_KIND[name](number or 0) if name in _OF_KIND else number


_OF_KIND: Mapping[str, Callable[[Any], object]] = {
    "at": moment_of,
    "elapsed_s": float,
    "retry_after_s": float,
    "quoted": Decimal,
    "settled": Decimal,
}


def _counted(box: Box, space: Space) -> dict[str, object] | None:
    """Return counts of images of which those that are missing are what *box* says; None when there are none.

    If there are any, then some where all but one of requested, delivered, withheld and missing lie at an edge of
    what they may be: the four are tied by one sum.
    """
    allowed = [_spans(name, box, space) for name in (*_COUNTED, _MISSING)]
    missing = allowed.pop()
    for counts in _sums([_edges(spans) for spans in allowed], _edges(missing)):
        if not all(_may_be(spans, count) for spans, count in zip(allowed, counts, strict=True)):
            continue
        told: dict[str, object] = {
            name: count for name, count in zip(_COUNTED, counts, strict=True) if count is not None
        }
        if _may_be(missing, _facts(told).images_missing):
            return told
    return None


def _spans(name: str, box: Box, space: Space) -> Spans:
    values = box.get(name) or space.full(name)
    if not isinstance(values, Spans):
        msg = f"{name!r} holds no numbers"
        raise TypeError(msg)
    return values


def _edges(spans: Spans) -> list[int | None]:
    absent: list[int | None] = [None] if spans.absent else []
    return [*absent, *dict.fromkeys(int(number) for number in spans.examples((0, 1)))]


def _may_be(spans: Spans, count: int | None) -> bool:
    return spans.absent if count is None else spans.admits(count)


def _sums(edges: Sequence[Sequence[int | None]], missing: Sequence[int | None]) -> Iterator[tuple[int | None, ...]]:
    """Yield counts requested, delivered and withheld: edges all three, or two and what the sum makes of the third."""
    for requested, delivered, withheld in product(*edges):
        yield requested, delivered, withheld
        if requested is None or delivered is None:
            continue
        for lacking in missing:
            rest = (withheld or 0) + (lacking or 0)
            yield delivered + rest, delivered, withheld
            yield requested, requested - rest, withheld
            yield requested, delivered, requested - delivered - (lacking or 0)


def _facts(told: Mapping[str, object]) -> Facts:
    """Return *told* as facts; what every exchange has is made up where it is not told."""
    made_up = {"provider": "example", "dialect": "example", "seller": "example", "at": moment_of(_USUAL_DAY)}
    plain: dict[str, Any] = {**made_up, **_nested(told)}
    for name in _DECIDED:
        plain.pop(name, None)
    return Facts(**plain)


def _nested(told: Mapping[str, object]) -> dict[str, Any]:
    """Return *told* with what belongs to `signal` and `account` in tables of their own."""
    given: dict[str, Any] = {}
    for name, value in told.items():
        group, _, key = name.partition(".")
        if key:
            given.setdefault(group, {})[key] = value
        else:
            given[name] = value
    return given
