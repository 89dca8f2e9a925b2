from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from policyengine import Engine
from policyengine.rules.coverage import coverage_of
from policyengine.rules.examples import run_examples, untested
from policyengine.rules.model import BillEffect

if TYPE_CHECKING:
    from policyengine.rules.layers import RuleBook


@pytest.fixture(scope="module")
def book() -> RuleBook:
    return Engine.load().policy.rules


def test_every_example_and_near_miss_holds(book: RuleBook) -> None:
    ran, failures = run_examples(book)

    assert [str(failure) for failure in failures] == []
    assert ran >= 2 * len(book.rules)


def test_every_rule_has_an_example_and_a_near_miss(book: RuleBook) -> None:
    assert [rule.rule.id for rule in untested(book)] == []


def test_every_rule_but_routes_cites_evidence(book: RuleBook) -> None:
    lacking = [name for name, rule in book.rules.items() if rule.decision != "route" and not rule.rule.evidence]

    assert lacking == []


def test_what_is_called_free_rests_on_more_than_a_wish(book: RuleBook) -> None:
    """A component is free because somebody says so, or because the answer counts none of it."""
    for name, rule in book.rules.items():
        then = rule.rule.then
        if isinstance(then, BillEffect) and "free" in (then.input, then.text, then.image, then.request):
            supporting = [one for one in rule.rule.evidence if one.supports in (None, "free")]
            assert supporting, name


def test_every_price_has_a_source_and_a_day() -> None:
    for seller, file, entry in Engine.load().policy.prices.entries():
        assert entry.source.startswith(("https://", "contract:")), (seller, file, entry.model)
        assert entry.checked.year >= 2026, (seller, file, entry.model)


def test_nothing_is_left_out_of_the_shipped_files() -> None:
    policy = Engine.load().policy

    assert [str(fault) for fault in policy.warnings] == []


def test_every_rule_and_condition_is_shown_by_an_example(book: RuleBook) -> None:
    gaps = [f"{one.rule}: {gap}" for one in coverage_of(book).rules for gap in one.gaps]

    assert gaps == []
