"""Test that claims are judged in three values, and money by the places it is written with."""

from __future__ import annotations

from decimal import Decimal
from itertools import product
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policyengine.view.findings import Finding
from policyengine.view.judge import agrees, holds_for
from policyengine.view.model import Says

if TYPE_CHECKING:
    from policyengine.view.model import Share

FREE = Says(values=("free",))


def word(value: str, seller: str = "toy-inc") -> Finding:
    return Finding(seller=seller, scenario="one", word=value)


def money(low: str, high: str | None) -> Finding:
    return Finding(seller="toy-inc", scenario="one", amount=(Decimal(low), None if high is None else Decimal(high)))


@pytest.mark.parametrize(
    ("value", "truth"),
    [("free", True), ("na", True), ("charged", False), ("credited", False), ("unknown", None), ("conditional", None)],
)
def test_a_bill_value_is_right_wrong_or_open(value: str, truth: bool | None) -> None:  # noqa: FBT001  the three values
    assert agrees(FREE, word(value)) is truth


def test_a_claim_that_leaves_it_open_agrees_with_what_is_open() -> None:
    says = Says(values=("unknown",))

    assert agrees(says, word("unknown")) is True
    assert agrees(says, word("charged")) is False


@pytest.mark.parametrize(
    ("about", "low", "high", "truth"),
    [
        ("0.039", "0.0387", "0.0387", True),
        ("0.039", "0.0672", "0.0672", False),
        ("0.039", "0.0385", "0.0394", None),
        ("0.039", "0", "0.06", None),
        ("0.039", "0.01", None, None),
        ("0.039", "0.05", None, False),
        ("0.000", "0", "0.0004", True),
        ("0.000", "0", "0.05", None),
        ("0.000", "0.001", "0.05", False),
        ("50", "50", "50", True),
        ("50", "49.2", "49.2", False),
    ],
)
def test_an_amount_is_right_when_it_rounds_to_the_text(
    about: str,
    low: str,
    high: str | None,
    truth: bool | None,  # noqa: FBT001
) -> None:
    assert agrees(Says(about=Decimal(about)), money(low, high)) is truth


@pytest.mark.parametrize(
    ("low", "high", "truth"),
    [("0", "0.0009", True), ("0", "0.001", None), ("0", None, None), ("0.001", "0.002", False), ("0.002", None, False)],
)
def test_an_amount_is_below(low: str, high: str | None, truth: bool | None) -> None:  # noqa: FBT001
    assert agrees(Says(below=Decimal("0.001")), money(low, high)) is truth


@given(st.decimals("0", "999", places=9), st.integers(0, 6))
def test_every_amount_is_about_itself_rounded(amount: Decimal, places: int) -> None:
    about = amount.quantize(Decimal(1).scaleb(-places))

    assert agrees(Says(about=about), money(str(amount), str(amount))) is True


@pytest.mark.parametrize(
    ("share", "values", "truth"),
    [
        ("all", ["free", "free"], True),
        ("all", ["free", "unknown"], None),
        ("all", ["unknown", "charged"], False),
        ("some", ["charged", "free"], True),
        ("some", ["charged", "unknown"], None),
        ("some", ["charged", "charged"], False),
        ("none", ["charged", "charged"], True),
        ("none", ["charged", "unknown"], None),
        ("none", ["charged", "free"], False),
        ("most", ["free", "free", "charged"], True),
        ("most", ["free", "charged"], False),
        ("most", ["free", "unknown", "charged"], None),
        ("most", ["free", "charged", "charged"], False),
    ],
)
def test_a_share_of_the_answers(share: Share, values: list[str], truth: bool | None) -> None:  # noqa: FBT001
    assert holds_for(Says(values=("free",), share=share), [word(value) for value in values]) is truth


def test_nobody_can_say_anything_of_no_answer() -> None:
    assert holds_for(FREE, []) is None


@given(st.lists(st.sampled_from(["free", "charged", "unknown"]), min_size=1, max_size=5))
def test_what_is_decided_stays_so_whatever_the_open_ones_turn_out_to_be(values: list[str]) -> None:
    shares: tuple[Share, ...] = ("all", "most", "some", "none")
    for share in shares:
        says = Says(values=("free",), share=share)
        told = holds_for(says, [word(value) for value in values])
        ends = {
            holds_for(says, [word(value) for value in filled])
            for filled in product(*([value] if value != "unknown" else ["free", "charged"] for value in values))
        }
        assert told in (None, *ends)
        assert told is None or ends == {told}
        assert told is not None or ends == {True, False}


@pytest.mark.parametrize(
    ("values", "truth"),
    [
        ({"one": "free", "other": "charged"}, True),
        ({"one": "free", "other": "free"}, False),
        ({"one": "free", "other": "unknown"}, None),
        ({"one": "conditional", "other": "conditional"}, True),
        ({"one": "unknown", "other": "unknown"}, None),
    ],
)
def test_it_varies_when_sellers_differ_or_one_makes_it_depend(
    values: dict[str, str],
    truth: bool | None,  # noqa: FBT001
) -> None:
    findings = [word(value, seller) for seller, value in values.items()]

    assert holds_for(Says(share="varies"), findings) is truth
