"""Test that what a key of an exchange tells of conditions never changes what they decide."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from policyengine.facts import Facts
from policyengine.rules.compile import compiled
from policyengine.rules.conditions import All, Condition, Not, holds
from policyengine.rules.conditions import Any as AnyOf
from policyengine.rules.conditions import Test as Comparison
from policyengine.rules.narrow import key_of, narrowed
from policyengine.rules.narrow import tests_of as comparisons_of

When = dict[str, object]
Whens = st.SearchStrategy[When]
Exchanges = st.SearchStrategy[tuple[Facts, str | None, str | None]]
Read = Callable[[When], Condition]

FACTS = Facts(provider="toy", dialect="toy-api", seller="toy-inc")


def facts(**told: Any) -> Facts:  # noqa: ANN401
    return msgspec.structs.replace(FACTS, **told)


@given(data=st.data())
def test_narrowed_conditions_decide_as_whole_ones(
    data: st.DataObject, whens: Whens, exchanges: Exchanges, condition_of: Read
) -> None:
    conditions = [condition_of(when) for when in data.draw(st.lists(whens, min_size=1, max_size=6))]
    key = key_of(conditions)

    for exchange in data.draw(st.lists(exchanges, min_size=1, max_size=4)):
        values = key.read(*exchange)
        for condition in conditions:
            left = narrowed(condition, key, values)
            decided = left if isinstance(left, bool) else holds(left, *exchange)
            assert decided is holds(condition, *exchange)


@given(data=st.data())
def test_exchanges_with_equal_keys_leave_equal_conditions(
    data: st.DataObject, whens: Whens, exchanges: Exchanges, condition_of: Read
) -> None:
    """A key is looked up by equality, so True and 1, 0.0 and -0.0 must be worth the same."""
    conditions = [condition_of(when) for when in data.draw(st.lists(whens, min_size=1, max_size=4))]
    key = key_of(conditions)
    left: dict[object, list[Condition | bool]] = {}

    for exchange in data.draw(st.lists(exchanges, min_size=2, max_size=6)):
        values = key.read(*exchange)
        found = [narrowed(condition, key, values) for condition in conditions]
        assert left.setdefault(values, found) == found


@given(data=st.data())
def test_what_is_left_compiles_and_decides_alike(
    data: st.DataObject, whens: Whens, exchanges: Exchanges, condition_of: Read
) -> None:
    condition, exchange = condition_of(data.draw(whens)), data.draw(exchanges)
    key = key_of([condition])

    left = narrowed(condition, key, key.read(*exchange))

    if not isinstance(left, bool):
        assert compiled(left, file="rules.toml", line=1)(*exchange) is holds(condition, *exchange)


TOLD: dict[str, tuple[When, dict[str, object], object]] = {
    "value that matches": ({"finish_reason": "SAFETY"}, {"finish_reason": "SAFETY"}, True),
    "value that does not": ({"finish_reason": "SAFETY"}, {"finish_reason": "STOP"}, False),
    "value absent": ({"finish_reason": "SAFETY"}, {}, False),
    "status in a range": ({"http_status": {"ge": 500, "lt": 600}}, {"http_status": 503}, True),
    "flag": ({"terminal": False}, {"terminal": False}, True),
    "number": ({"images_missing": {"gt": 0}}, {"images_requested": 2, "images_delivered": 1}, True),
    "amount": ({"settled": {"gt": Decimal("0.5")}}, {"settled": Decimal("0.4")}, False),
    "text absent": ({"message": {"contains": "x"}}, {}, False),
    "text present": ({"message": {"present": True}}, {"message": "x"}, True),
    "list empty": ({"category": {"present": True}}, {}, False),
    "negated": ({"not": {"terminal": True}}, {"terminal": True}, False),
    "any with one that holds": (
        {"any": [{"message": {"contains": "x"}}, {"terminal": True}]},
        {"message": "y", "terminal": True},
        True,
    ),
    "all with one that does not": ({"message": {"contains": "x"}, "terminal": True}, {"message": "x"}, False),
}


@pytest.mark.parametrize(("when", "told", "decided"), TOLD.values(), ids=TOLD)
def test_key_decides(condition_of: Read, when: When, told: dict[str, object], decided: object) -> None:
    condition = condition_of(when)
    key = key_of([condition])

    assert narrowed(condition, key, key.read(facts(**told), None, None)) is decided


def test_only_the_open_part_is_left(condition_of: Read) -> None:
    condition = condition_of({"terminal": True, "message": {"contains": "x"}})
    key = key_of([condition])

    left = narrowed(condition, key, key.read(facts(terminal=True, message="y"), None, None))

    assert left == condition_of({"message": {"contains": "x"}})


def test_the_key_holds_no_free_text(condition_of: Read) -> None:
    """Messages differ from call to call: as values they would make every key a new one."""
    told: When = {"message": "a", "text": "b", "request_id": "c", "task_id": "d", "param": "e"}
    key = key_of([condition_of(told)])

    assert key.read(facts(**told), None, None) == (True,) * 5


def test_a_key_of_many_tests_stays_short(condition_of: Read) -> None:
    conditions = [condition_of({"elapsed_s": {"gt": second}}) for second in range(100)]
    key = key_of(conditions)

    values = key.read(facts(elapsed_s=50.5), None, None)

    assert len(values) <= 32
    found = [narrowed(condition, key, values) for condition in conditions]
    assert sum(one is True for one in found) + sum(one is False for one in found) == 32
    assert all(
        holds(left, facts(elapsed_s=50.5)) is (second < 50.5)
        for second, left in enumerate(found)
        if not isinstance(left, bool)
    )


def test_every_test_of_a_condition_is_found(condition_of: Read) -> None:
    one, two, three = (condition_of({name: "x"}) for name in ("code", "status", "param"))

    assert list(comparisons_of(All((one, Not(AnyOf((two, three))))))) == [one, two, three]
    assert isinstance(one, Comparison)
