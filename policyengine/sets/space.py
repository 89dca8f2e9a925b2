"""Say which facts there are in one list of rules, and what each of them may be."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from msgspec.structs import replace

from policyengine.rules.model import CUMULATIVE
from policyengine.sets.lists import Lists
from policyengine.sets.spans import LAST, Spans, number_of, spans_of
from policyengine.sets.words import Clause, Words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from policyengine.engine import Engine
    from policyengine.rules.conditions import Test
    from policyengine.rules.fields import Field
    from policyengine.rules.model import Decision

__all__ = ["FactSet", "Space", "never", "only", "space_of", "told"]

FactSet = Words | Lists | Spans
"""The values that one fact may have."""

_ALWAYS = frozenset({"provider", "dialect", "seller", "attempt", "at", "outcome", "stage", "n"})
_SHOWN = ("dialect", "seller", "outcome", "stage")
_LEAST = {"attempt": 1, "n": 1, "http_status": 100}
_MOST = {"http_status": 999}
_ALL_TIMES = (
    (number_of(datetime.min.replace(tzinfo=UTC)), 0),
    (number_of(datetime.max.replace(tzinfo=UTC)) + 1, 0),
)


class Space:
    """Hold, for each fact, everything that it may be."""

    def __init__(
        self,
        fields: Mapping[str, Field],
        fixed: Mapping[str, FactSet] | None = None,
        usual: Mapping[str, tuple[object, ...]] | None = None,
    ) -> None:
        """Start from what the kinds of *fields* allow; facts in *fixed* may be that and nothing else.

        Counts and amounts are never negative, HTTP statuses have three digits, attempts count from 1, and every
        exchange has a time, a dialect and a seller. Witnesses take values from *usual* where they can.
        """
        self.usual = dict(usual or {})
        self._fields = fields
        self._full: dict[str, FactSet] = dict(fixed or {})
        self._sets: dict[Test, FactSet] = {}

    @property
    def required(self) -> tuple[str, ...]:
        """Return the facts that witnesses always tell."""
        return tuple(name for name in _SHOWN if name in self._fields)

    def full(self, name: str) -> FactSet:
        """Return everything that the fact called *name* may be."""
        found = self._full.get(name)
        if found is None:
            found = self._full[name] = _full(self._fields[name])
        return found

    def passing(self, test: Test) -> FactSet:
        """Return what the fact may be so that *test* holds."""
        found = self._sets.get(test)
        if found is None:
            found = self._sets[test] = _meet(_passing(test), self.full(test.field.name))
        return found

    def failing(self, test: Test) -> tuple[FactSet, ...]:
        """Return what the fact may be so that *test* does not hold, as disjoint sets."""
        full = self.full(test.field.name)
        pieces = (_meet(piece, full) for piece in self.passing(test).outside())
        return tuple(piece for piece in pieces if not piece.is_empty)


def space_of(decision: Decision, key: str, *engines: Engine) -> Space:
    """Return what the facts may be for the rules of *decision* for *key*: a dialect, a seller, or "" for the route.

    With several *engines* it is the space in which their lists can be compared. An answer of a dialect tells no
    signal that the dialect does not declare; a bill is made for each value of its alternatives.
    """
    files = [file for engine in engines for file in engine.policy.rules.files]
    fields = {name: field for file in files if file.content.decision == decision for name, field in file.fields.items()}
    fixed: dict[str, FactSet] = {}
    usual: dict[str, tuple[object, ...]] = {}
    for engine in engines:
        fixed |= _fixed(decision, key, engine, fields)
        for name, values in _usual(decision, key, engine):
            usual[name] = (*usual.get(name, ()), *values)
    return Space(fields, fixed, usual)


def _fixed(decision: Decision, key: str, engine: Engine, fields: Mapping[str, Field]) -> Mapping[str, FactSet]:
    """Return the facts that are the same, or always or never told, in all that one list of rules decides."""
    if decision == "bill":
        is_told = Words(absent=False, is_open=True)
        return {"seller": only(key), **dict.fromkeys(engine.policy.rules.alternatives(key), is_told)}
    if decision in CUMULATIVE:  # a request, which may leave open whom it goes to
        return dict.fromkeys(("provider", "seller"), Words(absent=True, is_open=True))
    dialect = engine.plugins.dialects.get(key)
    if dialect is None:
        return {"dialect": only(key)} if key else {}
    untold = [name for name in fields if name.startswith("signal.") and name[7:] not in dialect.signals]
    absent: dict[str, FactSet] = {name: never(_full(fields[name])) for name in untold}
    return {"dialect": only(key), "provider": only(dialect.provider), **absent}


def only(value: object) -> Words:
    """Return the set of *value* alone."""
    return Words(absent=False, values=frozenset({value}))


def never(values: FactSet) -> FactSet:
    """Return, for a fact that may be *values*, the set of absence alone."""
    if isinstance(values, Spans):
        return Spans(absent=True, is_whole=values.is_whole)
    return Words(absent=True) if isinstance(values, Words) else Lists(absent=True)


def told(values: FactSet) -> FactSet:
    """Return *values* without absence."""
    return replace(values, absent=False)


def _usual(decision: Decision, key: str, engine: Engine) -> Iterator[tuple[str, tuple[object, ...]]]:
    """Yield values that witnesses may take: what dialects have a word for."""
    dialects = engine.plugins.dialects
    if decision == "bill":
        chain = [*engine.policy.rules.chain(key)]
        named = {
            name for seller in chain for table in engine.policy.rules.bill_files(seller) for name in table.dialects
        }
        own = {name for name, dialect in dialects.items() if dialect.seller in chain} | named
        dialects = dict(sorted(dialects.items(), key=lambda item: item[0] not in own))
        yield from engine.policy.rules.alternatives(key).items()
    if key in dialects and decision == "classify":
        dialects = {key: dialects[key]}
    yield "dialect", tuple(dialects)
    yield "seller", tuple(dialect.seller for dialect in dialects.values())
    for dialect in dialects.values():
        for name, values in dialect.vocabulary.items():
            yield name, tuple(sorted(values))


def _full(field: Field) -> FactSet:
    absent = field.name not in _ALWAYS
    if field.kind == "texts":
        return Lists(absent=absent, is_told=True)
    if field.kind == "boolean":
        return Words(absent=absent, values=frozenset({True, False}))
    if field.kind == "text":
        return Words(absent=absent, values=frozenset(field.values), is_open=not field.values)
    if field.kind == "time":
        return Spans(absent=absent, cuts=_ALL_TIMES, is_whole=True)
    is_whole = field.kind == "integer"
    low = _LEAST.get(field.name, 0)
    start = (float("-inf"), 0) if field.name.startswith("signal.") else (low, 0)
    end = (_MOST[field.name] + 1, 0) if field.name in _MOST else LAST
    return Spans(absent=absent, cuts=(start, end), is_whole=is_whole)


def _passing(test: Test) -> FactSet:
    field = test.field
    if test.operator == "present":
        return _told(field)
    if field.kind == "texts":
        return Lists(absent=False, is_told=True, some=frozenset({_clause(test)}))
    if field.kind in ("text", "boolean"):
        if test.operator == "equals":
            return Words(absent=False, values=frozenset(test.operands))
        return Words(absent=False, is_open=True, must=frozenset({_clause(test)}))
    return spans_of(test)


def _told(field: Field) -> FactSet:
    if field.kind == "texts":
        return Lists(absent=False, is_told=True)
    if field.kind in ("text", "boolean"):
        return Words(absent=False, is_open=True)
    return Spans(absent=False, cuts=((float("-inf"), 0), LAST), is_whole=field.kind in ("integer", "time"))


def _clause(test: Test) -> Clause:
    return Clause(test.operator, tuple(map(str, test.operands)))


def _meet(one: FactSet, other: FactSet) -> FactSet:
    """Return what is in both sets of one fact, which are of one kind."""
    return one.meet(other)  # type: ignore[arg-type]
