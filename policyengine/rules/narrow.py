"""Make the key of an exchange that rules are worked out for, and work a condition out as far as a key tells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, cast

from msgspec import Struct

from policyengine.rules.compile import Reader, compiled_reader
from policyengine.rules.conditions import All, Any, Condition, Not, Test, compares

if TYPE_CHECKING:
    from policyengine.rules.fields import Field

__all__ = ["Key", "key_of", "narrowed", "tests_of"]

_FREE_TEXT = frozenset({"message", "text", "request_id", "task_id", "param"})
_VALUED_NUMBERS = frozenset({"http_status", "attempt"})
_ORDERED_KINDS = frozenset({"integer", "number", "amount", "time"})
_MOST_TESTS = 32  # tests of numbers that go into the key; more would cost more than they save


class Key(Struct, frozen=True):
    """Say what stands where in a key: values of facts, results of tests, and whether facts are there."""

    read: Reader
    """Returns the key, a tuple, of (facts, outcome, stage)."""
    values: Mapping[str, int]
    """The places of facts whose value is in the key."""
    tests: Mapping[Test, int]
    """The places of tests whose result is in the key."""
    presence: Mapping[str, int]
    """The places of facts of which the key says only whether they are there."""


def key_of(conditions: Sequence[Condition]) -> Key:
    """Return the key that tells most about *conditions* at little cost."""
    tests = list(dict.fromkeys(test for condition in conditions for test in tests_of(condition)))
    valued = list(dict.fromkeys(test.field for test in tests if _is_valued(test)))
    names = {field.name for field in valued}
    rest = [test for test in tests if test.field.name not in names]
    tested = [test for test in rest if test.field.kind in _ORDERED_KINDS][:_MOST_TESTS]
    known = names | {test.field.name for test in tested}
    present = list(dict.fromkeys(Test(test.field, "present", ()) for test in rest if test.field.name not in known))
    parts: list[Field | Test] = [*valued, *tested, *present]
    place: dict[Field | Test, int] = {part: index for index, part in enumerate(parts)}
    return Key(
        read=compiled_reader(parts),
        values={field.name: place[field] for field in valued},
        tests={test: place[test] for test in tested},
        presence={test.field.name: place[test] for test in present},
    )


def tests_of(condition: Condition) -> Iterator[Test]:
    """Yield every test of *condition*."""
    if isinstance(condition, Test):
        yield condition
    elif isinstance(condition, Not):
        yield from tests_of(condition.inner)
    else:
        for part in condition.parts:
            yield from tests_of(part)


def _is_valued(test: Test) -> bool:
    """Return whether the value of the fact belongs into the key: it is one of few, and compared whole."""
    field = test.field
    if field.kind == "boolean" or field.name in _VALUED_NUMBERS:
        return True
    return field.kind == "text" and test.operator == "equals" and field.name not in _FREE_TEXT


def narrowed(condition: Condition, key: Key, values: tuple[object, ...]) -> Condition | bool:
    """Return what is left of *condition* once the key says *values*: True, False, or the open part."""
    if isinstance(condition, Test):
        return _narrowed_test(condition, key, values)
    if isinstance(condition, Not):
        inner = narrowed(condition.inner, key, values)
        return not inner if isinstance(inner, bool) else Not(inner)
    settles = isinstance(condition, Any)
    left: list[Condition] = []
    for part in condition.parts:
        inner = narrowed(part, key, values)
        if isinstance(inner, bool):
            if inner is settles:
                return settles
        else:
            left.append(inner)
    if not left:
        return not settles
    if len(left) == 1:
        return left[0]
    return Any(tuple(left)) if settles else All(tuple(left))


def _narrowed_test(test: Test, key: Key, values: tuple[object, ...]) -> Condition | bool:
    place = key.values.get(test.field.name)
    if place is not None:
        return compares(test, values[place])
    place = key.tests.get(test)
    if place is not None:
        return cast("bool", values[place])
    place = key.presence.get(test.field.name)
    if place is None:
        return test
    if not values[place]:
        return False
    return True if test.operator == "present" else test
