"""Test that compiled conditions decide as the naive walk does, and that their tracebacks name the rule file."""

from __future__ import annotations

import traceback
from datetime import UTC, date, datetime
from decimal import Decimal, FloatOperation, localcontext
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from policyengine.facts import Facts
from policyengine.rules.compile import compiled, compiled_reader
from policyengine.rules.conditions import Condition, holds, parse_conditions
from policyengine.rules.conditions import Test as Comparison
from policyengine.rules.fields import Field, fields_for

SIGNALS = [
    Field("signal.hint", "text"),
    Field("signal.level", "integer"),
    Field("signal.sure", "boolean"),
    Field("signal.tags", "texts"),
]
FIELDS = {**fields_for("bill", ()), **{field.name: field for field in SIGNALS}}
FACTS = Facts(provider="toy", dialect="toy-api", seller="toy-inc")

TEXTS = ("a", "A", "ab", "BA", "\u0130", "i", "i\u0307", "\u00df", "ss", "\u212a", "k", "K", "a\ud800b", "\ud800", "1")
INTEGERS = (0, 1, 2, 200, 429, 2**53)
NUMBERS = (0, 1, Decimal("0.1"), Decimal("0.5"), Decimal("1.0"), 2)
TIMES = (date(2026, 1, 1), datetime(2026, 1, 1, 12, tzinfo=UTC), datetime(2026, 1, 2))  # noqa: DTZ001  TOML has local times
POOLS: dict[str, tuple[object, ...]] = {
    "text": TEXTS,
    "texts": TEXTS,
    "integer": INTEGERS,
    "number": NUMBERS,
    "amount": NUMBERS,
    "boolean": (True, False),
    "time": TIMES,
}
OPERATORS: dict[str, tuple[str, ...]] = {
    "text": ("contains", "starts_with", "ends_with"),
    "texts": ("contains", "starts_with", "ends_with"),
    "boolean": (),
}
_ORDER = ("gt", "ge", "lt", "le")


def operands(field: Field) -> st.SearchStrategy[object]:
    pool: tuple[object, ...] = field.values or POOLS[field.kind]
    one = st.sampled_from(pool)
    return one | st.lists(one, min_size=1, max_size=3)


def comparisons_of(field: Field) -> st.SearchStrategy[object]:
    compared = operands(Field(field.name, field.kind))
    table = st.fixed_dictionaries(
        {}, optional={"present": st.booleans(), **dict.fromkeys(OPERATORS.get(field.kind, _ORDER), compared)}
    ).filter(bool)
    return st.recursive(operands(field) | table, lambda inner: st.fixed_dictionaries({"not": inner}), max_leaves=2)


def keyed(field: Field, test: object) -> dict[str, object]:
    group, _, key = field.name.partition(".")
    return {group: {key: test}} if key else {group: test}


def tables() -> st.SearchStrategy[dict[str, object]]:
    leaf = st.sampled_from(sorted(FIELDS)).flatmap(
        lambda name: comparisons_of(FIELDS[name]).map(lambda test: keyed(FIELDS[name], test))
    )

    def nested(inner: st.SearchStrategy[dict[str, object]]) -> st.SearchStrategy[dict[str, object]]:
        lists = st.lists(inner, min_size=1, max_size=3)
        groups: list[st.SearchStrategy[dict[str, object]]] = [
            st.tuples(st.sampled_from(["any", "all"]), lists).map(lambda pair: {pair[0]: pair[1]}),
            inner.map(lambda table: {"not": table}),
            st.tuples(inner, inner).map(lambda pair: {**pair[0], **pair[1]}),
        ]
        return st.one_of(groups)

    return st.recursive(leaf, nested, max_leaves=5)


def value(field: Field) -> st.SearchStrategy[Any]:
    if field.values:
        return st.sampled_from(field.values)
    if field.kind == "texts":
        return st.lists(st.sampled_from(TEXTS), max_size=2).map(tuple)
    if field.kind == "time":
        return st.sampled_from([datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, 12, tzinfo=UTC)])
    if field.kind == "number":
        return st.sampled_from([0.0, 0.1, 0.5, 1.0, 2.0])
    if field.kind == "amount":
        return st.sampled_from([Decimal(0), Decimal("0.1"), Decimal("0.10"), Decimal(2)])
    return st.sampled_from(POOLS[field.kind])


def some_facts() -> st.SearchStrategy[Facts]:
    plain = {
        name: value(field)
        for name, field in FIELDS.items()
        if "." not in name and name not in ("outcome", "stage", "images_missing")
    }
    signal = {field.name.partition(".")[2]: value(field) for field in SIGNALS}
    account = {
        "mode": st.sampled_from(TEXTS),
        "plan": st.sampled_from(TEXTS),
        "failures_today": st.sampled_from(INTEGERS),
    }
    return st.builds(
        lambda told, signals, accounts: msgspec.structs.replace(FACTS, **told, signal=signals, account=accounts),
        st.fixed_dictionaries({}, optional=plain),
        st.fixed_dictionaries({}, optional=signal),
        st.fixed_dictionaries({}, optional=account),
    )


def decided(name: str) -> st.SearchStrategy[str | None]:
    return st.none() | st.sampled_from(FIELDS[name].values)


def condition_of(when: dict[str, object]) -> Condition:
    condition, faults = parse_conditions(when, FIELDS)
    assert faults == []
    return condition


@given(when=tables(), facts=some_facts(), outcome=decided("outcome"), stage=decided("stage"))
def test_compiled_condition_decides_as_the_naive_walk(
    when: dict[str, object], facts: Facts, outcome: str | None, stage: str | None
) -> None:
    condition = condition_of(when)

    match = compiled(condition, file="rules.toml", line=1)

    assert match(facts, outcome, stage) is holds(condition, facts, outcome, stage)


@given(facts=some_facts(), outcome=decided("outcome"))
def test_reader_returns_values_and_results_of_tests(facts: Facts, outcome: str | None) -> None:
    test = condition_of({"http_status": {"ge": 400}})
    assert isinstance(test, Comparison)

    read = compiled_reader([FIELDS["outcome"], FIELDS["signal.hint"], test])

    assert read(facts, outcome, None) == (outcome, facts.signal.get("hint"), holds(test, facts))


@pytest.mark.parametrize(
    "when",
    [
        {"at": {"ge": date(2026, 1, 1), "lt": date(2027, 1, 1)}},
        {"at": [date(2026, 1, 1), date(2026, 1, 2)]},
        {"quoted": {"lt": Decimal("0.04")}},
        {"settled": [Decimal("0.04"), Decimal("0.05")]},
        {"elapsed_s": {"gt": Decimal("0.5")}},
    ],
    ids=["time", "times", "amount", "amounts", "number"],
)
def test_values_that_are_no_python_literals_compile(when: dict[str, object]) -> None:
    match = compiled(condition_of(when), file="rules.toml", line=1)

    assert match(FACTS, None, None) is False


def test_conditions_hold_in_any_decimal_context() -> None:
    match = compiled(condition_of({"elapsed_s": {"gt": Decimal("0.5")}}), file="rules.toml", line=1)

    with localcontext() as context:
        context.traps[FloatOperation] = True
        context.prec = 1

        assert match(msgspec.structs.replace(FACTS, elapsed_s=0.75), None, None) is True


def test_traceback_points_to_the_rule_file_and_line() -> None:
    match = compiled(condition_of({"message": {"contains": "x"}}), file="/team/rules/classify/toy.toml", line=42)
    wrong = msgspec.structs.replace(FACTS, message=5)

    with pytest.raises(AttributeError) as caught:
        match(wrong, None, None)

    frames = traceback.extract_tb(caught.value.__traceback__)
    assert ("/team/rules/classify/toy.toml", 42) in [(frame.filename, frame.lineno) for frame in frames]


def test_compiled_functions_reach_no_builtins() -> None:
    match = compiled(condition_of({"quoted": {"gt": Decimal("0.5")}}), file="rules.toml", line=1)

    assert match.__globals__["__builtins__"] == {}
