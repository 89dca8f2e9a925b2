"""Make conditions on every kind of fact, and exchanges to decide them on, traps included."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import strategies as st

from policyengine.facts import Facts
from policyengine.rules.conditions import Condition, parse_conditions
from policyengine.rules.fields import Field, fields_for

if TYPE_CHECKING:
    from collections.abc import Callable

SIGNALS = (
    Field("signal.hint", "text"),
    Field("signal.level", "integer"),
    Field("signal.sure", "boolean"),
    Field("signal.tags", "texts"),
)
FIELDS = {**fields_for("bill", ()), **{field.name: field for field in SIGNALS}}
FACTS = Facts(provider="toy", dialect="toy-api", seller="toy-inc")

# Dotted capital I, sharp s and the Kelvin sign change under Unicode case folding, halves of a
# surrogate pair under encoding; "1" and "True" are what careless comparisons take for 1 and True.
TEXTS = (
    "a",
    "A",
    "ab",
    "BA",
    "\u0130",
    "i",
    "i\u0307",
    "\u00df",
    "ss",
    "\u1e9e",
    "\u212a",
    "k",
    "K",
    "a\ud800b",
    "\ud800",
    "\udc00",
    "\U00010000",
    "1",
    "True",
)
INTEGERS = (0, 1, 2, 200, 429, 2**53, 10**40)
AMOUNTS = (0, 1, Decimal("0.1"), Decimal("0.5"), Decimal("1.0"), 2)
DAYS = (date(2026, 1, 1), datetime(2026, 1, 1, 12, tzinfo=UTC), datetime(2026, 1, 2))  # noqa: DTZ001  TOML has local times
OPERANDS: dict[str, tuple[object, ...]] = {
    "text": TEXTS,
    "texts": TEXTS,
    "integer": INTEGERS,
    "number": AMOUNTS,
    "amount": AMOUNTS,
    "boolean": (True, False),
    "time": DAYS,
}
VALUES: dict[str, tuple[object, ...]] = {
    **OPERANDS,
    "integer": (*INTEGERS, True, False),
    "number": (0.0, -0.0, 0.1, 0.5, 1.0, 2, True, float("nan"), float("inf")),
    "amount": (Decimal(0), Decimal("0.1"), Decimal("0.10"), Decimal(2), 1),
    "boolean": (True, False, 0, 1),
    "time": (
        datetime(2026, 1, 1, tzinfo=UTC),
        datetime(2026, 1, 1, 12, tzinfo=UTC),
        datetime(2026, 1, 1, 14, tzinfo=timezone(timedelta(hours=2))),
    ),
}
_TEXT_OPERATORS = ("contains", "starts_with", "ends_with")
OPERATORS: dict[str, tuple[str, ...]] = {"text": _TEXT_OPERATORS, "texts": _TEXT_OPERATORS, "boolean": ()}
_ORDER = ("gt", "ge", "lt", "le")

When = dict[str, object]
Exchange = tuple[Facts, str | None, str | None]


def one_or_more(pool: tuple[object, ...]) -> st.SearchStrategy[object]:
    one = st.sampled_from(pool)
    return one | st.lists(one, min_size=1, max_size=3)


def comparisons_of(field: Field) -> st.SearchStrategy[object]:
    compared = one_or_more(OPERANDS[field.kind])
    table = st.fixed_dictionaries(
        {}, optional={"present": st.booleans(), **dict.fromkeys(OPERATORS.get(field.kind, _ORDER), compared)}
    ).filter(bool)
    equal = one_or_more(field.values or OPERANDS[field.kind])
    return st.recursive(equal | table, lambda inner: st.fixed_dictionaries({"not": inner}), max_leaves=2)


def keyed(field: Field, test: object) -> When:
    group, _, key = field.name.partition(".")
    return {group: {key: test}} if key else {group: test}


def nested(inner: st.SearchStrategy[When]) -> st.SearchStrategy[When]:
    lists = st.lists(inner, min_size=1, max_size=3)
    groups: list[st.SearchStrategy[When]] = [
        st.tuples(st.sampled_from(["any", "all"]), lists).map(lambda pair: {pair[0]: pair[1]}),
        inner.map(lambda table: {"not": table}),
        st.tuples(inner, inner).map(lambda pair: {**pair[0], **pair[1]}),
    ]
    return st.one_of(groups)


def told(field: Field) -> st.SearchStrategy[Any]:
    pool: tuple[object, ...] = field.values or VALUES[field.kind]
    if field.kind == "texts":
        return st.lists(st.sampled_from(pool), max_size=2).map(tuple)
    return st.sampled_from(pool)


def grouped(group: str) -> st.SearchStrategy[dict[str, object]]:
    """Return facts of *group* by their names inside it; "" stands for those that belong to none."""
    derived = ("outcome", "stage", "images_missing")
    named = {field.name: field for field in FIELDS.values() if field.name not in derived}
    within = {name: field for name, field in named.items() if name.rpartition(".")[0] == group}
    return st.fixed_dictionaries({}, optional={name.rpartition(".")[2]: told(field) for name, field in within.items()})


def decided(name: str) -> st.SearchStrategy[str | None]:
    return st.none() | st.sampled_from(FIELDS[name].values)


@pytest.fixture(scope="session")
def whens() -> st.SearchStrategy[When]:
    """Return `when` tables without a fault."""
    leaf = st.sampled_from(sorted(FIELDS)).flatmap(
        lambda name: comparisons_of(FIELDS[name]).map(lambda test: keyed(FIELDS[name], test))
    )
    return st.recursive(leaf, nested, max_leaves=5)


@pytest.fixture(scope="session")
def exchanges() -> st.SearchStrategy[Exchange]:
    """Return facts with an outcome and a stage."""
    facts = st.builds(
        lambda plain, signal, account: msgspec.structs.replace(FACTS, **plain, signal=signal, account=account),
        grouped(""),
        grouped("signal"),
        grouped("account"),
    )
    return st.tuples(facts, decided("outcome"), decided("stage"))


@pytest.fixture(scope="session")
def condition_of() -> Callable[[When], Condition]:
    """Return a function that reads a `when` table without a fault."""

    def read(when: When) -> Condition:
        condition, faults = parse_conditions(when, FIELDS)
        assert faults == []
        return condition

    return read
