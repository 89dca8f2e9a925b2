"""Make small rule lists over few facts with few values, so that every case can be tried."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import product
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import strategies as st

from policyengine.facts import Facts
from policyengine.rules.conditions import parse_conditions
from policyengine.rules.fields import Field, fields_for
from policyengine.rules.model import BillEffect, ClassifyEffect, Rule
from policyengine.rules.ordered import BoundRule, Place
from policyengine.sets.space import Space
from policyengine.sets.words import Words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

FIELDS = {**fields_for("bill", ()), "signal.level": Field("signal.level", "integer")}
WORDS = ("a", "b", "ab", "AB", "ba", "c")
# What is tried of each fact: absence, all that conditions name, and something beside it.
VALUES: dict[str, tuple[object, ...]] = {
    "code": (None, *WORDS, "xaby", "x"),
    "message": (None, *WORDS, "ab ba", "b a", "ax", "xa", "abba"),
    "http_status": (None, 100, 200, 399, 400, 401, 999),
    "terminal": (None, True, False),
    "tier": (None, "standard", "batch", "flex", "priority"),
    "category": (None, ("a",), ("b",), ("ab",), ("a", "b"), ("c", "xab"), ("x",)),
    "settled": (None, Decimal(0), Decimal("0.5"), Decimal("0.7"), Decimal(1), Decimal(9)),
    "signal.level": (None, -1, 0, 1, 2, 3),
    "at": tuple(datetime(2026, 1, day, tzinfo=UTC) for day in (1, 2, 3)),
}
COMPARED: dict[str, tuple[object, ...]] = {
    **dict.fromkeys(("code", "message", "category"), WORDS),
    "http_status": (200, 400, 401),
    "terminal": (True, False),
    "tier": ("standard", "batch"),
    "settled": (0, Decimal("0.5"), 1),
    "signal.level": (0, 1, 2),
    "at": (date(2026, 1, 2), date(2026, 1, 3)),
}
OPERATORS = {
    "text": ("contains", "starts_with", "ends_with"),
    "texts": ("contains", "starts_with", "ends_with"),
    "boolean": (),
}
ORDER = ("gt", "ge", "lt", "le")

When = dict[str, object]
Case = tuple[Facts, str, str]


def bound(name: str, when: When, effect: Any = None) -> BoundRule:  # noqa: ANN401
    condition, faults = parse_conditions(when, FIELDS)
    assert faults == []
    then = effect or ClassifyEffect(outcome="failed", stage="unknown")
    decision: Any = "bill" if isinstance(then, BillEffect) else "classify"
    return BoundRule(decision, Rule(id=name, title=name, then=then), condition, Place("toy.toml", "/toy.toml", 1))


def comparisons(name: str) -> st.SearchStrategy[When]:
    field = FIELDS[name]
    one = st.sampled_from(COMPARED[name])
    several = one | st.lists(one, min_size=1, max_size=2)
    table = st.fixed_dictionaries(
        {}, optional={"present": st.booleans(), **dict.fromkeys(OPERATORS.get(field.kind, ORDER), several)}
    ).filter(bool)
    group, _, key = name.partition(".")
    test = several | table | st.fixed_dictionaries({"not": several | table})
    return test.map(lambda value: {group: {key: value}} if key else {group: value})


def nested(inner: st.SearchStrategy[When]) -> st.SearchStrategy[When]:
    lists = st.lists(inner, min_size=1, max_size=3)
    return st.one_of(
        st.tuples(st.sampled_from(["any", "all"]), lists).map(lambda pair: {pair[0]: pair[1]}),
        inner.map(lambda table: {"not": table}),
        st.tuples(inner, inner).map(lambda pair: {**pair[0], **pair[1]}),
    )


def whens(names: Sequence[str]) -> st.SearchStrategy[When]:
    """Return `when` tables on the facts called *names*."""
    return st.recursive(st.sampled_from(list(names)).flatmap(comparisons), nested, max_leaves=4)


def cases(names: Sequence[str]) -> Iterator[Case]:
    """Yield every case of the facts called *names*, others absent."""
    for values in product(*(VALUES[name] for name in names)):
        told = {name: value for name, value in zip(names, values, strict=True) if value is not None}
        told.setdefault("at", VALUES["at"][0])
        signal = {"level": level} if (level := told.pop("signal.level", None)) is not None else {}
        facts = Facts(provider="toy", dialect="toy-api", seller="toy-inc", signal=signal, **told)  # type: ignore[arg-type]
        yield facts, "failed", "unknown"


@pytest.fixture(scope="session")
def toys() -> SimpleNamespace:
    """Return what makes rules, conditions and cases of an invented dialect and seller, and their space."""
    named = {"provider": "toy", "dialect": "toy-api", "seller": "toy-inc", "outcome": "failed", "stage": "unknown"}
    space = Space(FIELDS, {name: Words(absent=False, values=frozenset({value})) for name, value in named.items()})
    return SimpleNamespace(rule=bound, whens=whens, cases=cases, space=space)
