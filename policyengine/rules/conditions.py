"""Read conditions as data, check them against the facts, and decide them one by one."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from math import isinf
from typing import TYPE_CHECKING, cast

from msgspec import Struct

from policyengine.errors import nearest
from policyengine.rules.fields import Field

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from policyengine.rules.fields import Kind, Subject

__all__ = [
    "OPERATORS",
    "All",
    "Any",
    "Condition",
    "Fault",
    "Not",
    "Test",
    "compares",
    "holds",
    "parse_conditions",
    "read",
    "shown",
]

Operand = str | int | bool | float | Decimal | datetime


class Test(Struct, frozen=True, gc=False):
    """Compare one fact with operands; several operands mean any of them."""

    field: Field
    operator: str
    operands: tuple[Operand, ...]


class Not(Struct, frozen=True, gc=False):
    """Hold when the inner condition does not."""

    inner: Condition


class All(Struct, frozen=True, gc=False):
    """Hold when every part does."""

    parts: tuple[Condition, ...]


class Any(Struct, frozen=True, gc=False):
    """Hold when some part does."""

    parts: tuple[Condition, ...]


Condition = Test | Not | All | Any
Path = tuple[str | int, ...]


class Fault(Struct, frozen=True):
    """Say what is wrong with a condition, and at which path below `when`."""

    path: Path
    message: str


_TYPES: Mapping[str, tuple[str, tuple[type, ...]]] = {
    "text": ("text", (str,)),
    "texts": ("text", (str,)),
    "integer": ("an integer", (int,)),
    "number": ("a number", (int, Decimal)),
    "amount": ("a number", (int, Decimal)),
    "boolean": ("true or false", (bool,)),
    "time": ("a date or a time", (datetime, date)),
}
_TEXT_OPERATORS = frozenset({"contains", "starts_with", "ends_with"})
_ORDER_OPERATORS = frozenset({"gt", "ge", "lt", "le"})
OPERATORS: Mapping[Kind, frozenset[str]] = {
    "text": _TEXT_OPERATORS,
    "texts": _TEXT_OPERATORS,
    "integer": _ORDER_OPERATORS,
    "number": _ORDER_OPERATORS,
    "amount": _ORDER_OPERATORS,
    "time": _ORDER_OPERATORS,
    "boolean": frozenset(),
}
"""The operators that fit each kind of fact, beside `present` and `not`, which fit all."""
_GROUPS = ("any", "all", "not")
_NESTED = ("signal", "account")
_MAX_DEPTH = 8
_LONGEST_SHOWN = 60


def parse_conditions(when: Mapping[str, object], fields: Mapping[str, Field]) -> tuple[Condition, list[Fault]]:
    """Return the condition that a `when` table states, and every fault in it."""
    reader = _Reader(fields)
    return reader.table(when, (), 0), reader.faults


class _Reader:
    """Read one `when` table and collect its faults."""

    def __init__(self, fields: Mapping[str, Field]) -> None:
        self.fields = fields
        self.faults: list[Fault] = []

    def fault(self, path: Path, message: str) -> None:
        self.faults.append(Fault(path, message))

    def table(self, when: Mapping[str, object], path: Path, depth: int) -> Condition:
        parts: list[Condition] = []
        if path and not when:
            self.fault(path, "an empty table states no condition; name a fact")
        for key, value in when.items():
            here = (*path, key)
            if depth > _MAX_DEPTH:
                self.fault(here, f"conditions may nest {_MAX_DEPTH} deep at most")
            elif key in _GROUPS:
                parts.append(self.group(key, value, here, depth))
            elif key in _NESTED and isinstance(value, dict):
                parts.append(self.named(key, value, here, depth))
            else:
                parts.append(self.fact(key, value, here, depth))
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def named(self, group: str, value: Mapping[str, object], path: Path, depth: int) -> Condition:
        if not value:
            self.fault(path, f"an empty {group!r} states no condition; name a fact, as in {group}.name = …")
        return All(tuple(self.fact(f"{group}.{name}", inner, (*path, name), depth) for name, inner in value.items()))

    def group(self, key: str, value: object, path: Path, depth: int) -> Condition:
        if key == "not":
            if isinstance(value, dict):
                return Not(self.table(value, path, depth + 1))
            self.fault(path, "'not' takes a table of conditions")
            return All(())
        if not isinstance(value, list) or not value or not all(isinstance(item, dict) for item in value):
            self.fault(path, f"{key!r} takes a list of tables of conditions, at least one")
            return All(())
        parts = tuple(self.table(item, (*path, index), depth + 1) for index, item in enumerate(value))
        return Any(parts) if key == "any" else All(parts)

    def fact(self, name: str, value: object, path: Path, depth: int) -> Condition:
        field = self.fields.get(name)
        if field is None:
            self.fault(path, f"{shown(name)} is no fact{nearest(name, tuple(self.fields))}")
            return All(())
        return self.tests(field, value, path, depth)

    def tests(self, field: Field, value: object, path: Path, depth: int) -> Condition:
        if not isinstance(value, dict):
            return Test(field, "equals", self.operands(field, value, path))
        if not value:
            self.fault(path, f"no condition on {field.name!r}; give a value or an operator")
        parts = [self.operator(field, key, inner, (*path, key), depth) for key, inner in value.items()]
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def operator(self, field: Field, name: str, value: object, path: Path, depth: int) -> Condition:
        if name == "not":
            if depth <= _MAX_DEPTH:
                return Not(self.tests(field, value, path, depth + 1))
            self.fault(path, f"conditions may nest {_MAX_DEPTH} deep at most")
            return All(())
        if name == "present":
            if not isinstance(value, bool):
                self.fault(path, f"'present' takes true or false, not {shown(value)}")
            present = Test(field, "present", ())
            return present if value else Not(present)
        allowed = OPERATORS[field.kind]
        if name not in allowed:
            known = sorted({*allowed, "present", "not"})
            message = f"operator {shown(name)} does not fit {field.name!r}, which is {field.kind}{nearest(name, known)}"
            self.fault(path, message)
            return All(())
        return Test(field, name, self.operands(field, value, path, closed=False))

    def operands(self, field: Field, value: object, path: Path, *, closed: bool = True) -> tuple[Operand, ...]:
        if not isinstance(value, list):
            return (self.operand(field, value, path, closed=closed),)
        if not value:
            self.fault(path, "an empty list never matches")
        return tuple(self.operand(field, item, (*path, index), closed=closed) for index, item in enumerate(value))

    def operand(self, field: Field, value: object, path: Path, *, closed: bool) -> Operand:
        expected, types = _TYPES[field.kind]
        if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
            self.fault(path, f"{field.name!r} takes {expected}, not {shown(value)}")
            return ""
        if isinstance(value, Decimal):
            return self.decimal(field, value, path)
        if closed and field.values and value not in field.values:
            self.fault(path, f"{shown(value)} is no {field.name}{nearest(str(value), field.values)}")
        if value == "":
            why = "no fact is an empty text; write present = false" if closed else "an empty text is part of every text"
            self.fault(path, why)
        return _moment(value) if isinstance(value, date) else cast("Operand", value)

    def decimal(self, field: Field, value: Decimal, path: Path) -> Operand:
        """Return an operand of the type that the fact has, so that 0.1 equals 0.1 in any decimal context."""
        if not value.is_finite() or isinf(float(value)):
            self.fault(path, f"{field.name!r} takes a finite number, not {value}")
            return 0
        return value if field.kind == "amount" else float(value)


def shown(value: object) -> str:
    """Return *value* as faults quote it: short, numbers and times as TOML has them."""
    text = str(value) if isinstance(value, Decimal | date | time) else repr(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 1]}…"


def _moment(value: date) -> datetime:
    """Return a TOML date or time as an aware UTC time."""
    if not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def read(name: str, facts: Subject, outcome: str | None = None, stage: str | None = None) -> object:
    """Return the fact that conditions call *name*; None when it is absent."""
    group, _, key = name.partition(".")
    if name in ("outcome", "stage"):
        return outcome if name == "outcome" else stage
    value = cast("Mapping[str, object]", getattr(facts, group)).get(key) if key else getattr(facts, name)
    return None if value == () else value


def holds(condition: Condition, facts: Subject, outcome: str | None = None, stage: str | None = None) -> bool:
    """Decide *condition* by walking it: the reference that compiled rules are tested against."""
    if isinstance(condition, All):
        return all(holds(part, facts, outcome, stage) for part in condition.parts)
    if isinstance(condition, Any):
        return any(holds(part, facts, outcome, stage) for part in condition.parts)
    if isinstance(condition, Not):
        return not holds(condition.inner, facts, outcome, stage)
    return compares(condition, read(condition.field.name, facts, outcome, stage))


def compares(test: Test, value: object) -> bool:
    """Decide *test* on the *value* of its fact; an absent fact makes it false."""
    if value is None:
        return False
    if test.operator == "present":
        return True
    values = value if isinstance(value, tuple) else (value,)
    operation = _OPERATIONS[test.operator]
    return any(operation(item, operand) for item in values for operand in test.operands)


def _folded(text: object) -> bytes:
    """Return *text* with ASCII letters in lower case; no other letter changes."""
    return cast("str", text).encode("utf-8", "surrogatepass").lower()


_OPERATIONS: Mapping[str, Callable[[object, object], bool]] = {
    "equals": lambda value, operand: value == operand,
    "contains": lambda value, operand: _folded(operand) in _folded(value),
    "starts_with": lambda value, operand: _folded(value).startswith(_folded(operand)),
    "ends_with": lambda value, operand: _folded(value).endswith(_folded(operand)),
    "gt": lambda value, operand: value > operand,  # type: ignore[operator]  # kinds were checked at load
    "ge": lambda value, operand: value >= operand,  # type: ignore[operator]
    "lt": lambda value, operand: value < operand,  # type: ignore[operator]
    "le": lambda value, operand: value <= operand,  # type: ignore[operator]
}
