"""Test that native JSON of any shape is read without a raise."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation, localcontext
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policyengine import native

if TYPE_CHECKING:
    from collections.abc import Callable

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
STEP = st.integers(-3, 3) | st.text(max_size=3)
HUGE = 10**5000  # repr() and str() of it raise
GETTERS = [
    native.mapping,
    native.items,
    native.text,
    native.scalar_text,
    native.count,
    native.number,
    native.amount,
    native.epoch,
    native.timestamp,
]


@pytest.mark.parametrize("getter", GETTERS, ids=lambda getter: getter.__name__)
@given(value=JSON)
def test_getters_never_raise(getter: Callable[[object], object], value: object) -> None:
    getter(value)


@given(value=JSON, path=st.lists(STEP, max_size=4))
def test_dig_never_raises(value: object, path: list[str | int]) -> None:
    native.dig(value, *path)


@pytest.mark.parametrize("getter", GETTERS, ids=lambda getter: getter.__name__)
def test_an_integer_too_long_to_print_is_absent(getter: Callable[[object], object]) -> None:
    assert not getter(HUGE)


@pytest.mark.parametrize(
    ("path", "found"),
    [
        (("a", 0, "b"), 1),
        (("a", -1, "b"), 1),
        (("a", 1, "b"), None),
        (("a", -2, "b"), None),
        (("empty", -1), None),
        (("a", "b"), None),
        (("x",), None),
        ((), {"a": [{"b": 1}], "empty": []}),
    ],
)
def test_dig_returns_none_where_the_path_breaks_off(path: tuple[str | int, ...], found: object) -> None:
    assert native.dig({"a": [{"b": 1}], "empty": []}, *path) == found


@pytest.mark.parametrize(
    ("value", "counted"),
    [
        (3, 3),
        (3.0, 3),
        (0, 0),
        (2**53, 2**53),
        (2**53 + 1, None),
        (-1, None),
        (True, None),
        (1.5, None),
        (float("nan"), None),
        (float("inf"), None),
        (1e300, None),
        ("3", None),
        (None, None),
    ],
)
def test_counts_are_plausible_whole_numbers(value: object, counted: int | None) -> None:
    assert native.count(value) == counted


@pytest.mark.parametrize(
    ("value", "exact"),
    [
        (0.04, "0.04"),
        ("0.040", "0.040"),
        (" 1.5 ", "1.5"),
        (3, "3"),
        (Decimal("0.1"), "0.1"),
        ("1e-7", "1E-7"),
        (True, None),
        (-1, None),
        ("-0.01", None),
        ("NaN", None),
        ("Infinity", None),
        ("1e999", None),
        (float("nan"), None),
        (float("inf"), None),
        ("0." + "1" * 100_000, None),
        ("four", None),
        ("", None),
        ([], None),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_amounts_are_exact_or_absent(value: object, exact: str | None) -> None:
    found = native.amount(value)

    assert (None if found is None else str(found)) == exact


def test_amounts_are_the_same_in_any_decimal_context() -> None:
    with localcontext() as context:
        context.prec = 1
        context.traps[InvalidOperation] = False

        assert native.amount("four") is None
        assert native.amount("0.123456789") == Decimal("0.123456789")


@pytest.mark.parametrize(("value", "found"), [("x", "x"), ("", None), (5, "5"), (True, None), (5.0, None)])
def test_codes_may_be_numbers(value: object, found: str | None) -> None:
    assert native.scalar_text(value) == found


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        (1_750_000_000, datetime(2025, 6, 15, 15, 6, 40, tzinfo=UTC)),
        (1_750_000_000_000, datetime(2025, 6, 15, 15, 6, 40, tzinfo=UTC)),
        ("1750000000", datetime(2025, 6, 15, 15, 6, 40, tzinfo=UTC)),
        (0, None),
        (-5, None),
        (1e18, None),
        (None, None),
    ],
)
def test_epochs_may_count_milliseconds(value: object, moment: datetime | None) -> None:
    assert native.epoch(value) == moment


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("2026-06-01T12:00:00Z", datetime(2026, 6, 1, 12, tzinfo=UTC)),
        ("2026-06-01T12:00:00.123456789Z", datetime(2026, 6, 1, 12, 0, 0, 123456, UTC)),
        ("2026-06-01T12:00:00+02:00", datetime(2026, 6, 1, 10, tzinfo=UTC)),
        ("2026-06-01T12:00:00", datetime(2026, 6, 1, 12, tzinfo=UTC)),
        ("2026-06-01", datetime(2026, 6, 1, tzinfo=UTC)),
        ("0001-01-01T00:00:00+23:59", None),
        ("yesterday", None),
        (5, None),
    ],
)
def test_timestamps_are_read_as_utc(value: object, moment: datetime | None) -> None:
    assert native.timestamp(value) == moment


def test_arrays_of_objects_skip_everything_else() -> None:
    assert list(native.mappings([{"a": 1}, None, 5, [], {}])) == [{"a": 1}, {}]
    assert list(native.mappings("x")) == []
