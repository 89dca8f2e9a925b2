"""Test what is listed of the sources, and which past days a rule changes."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from policyengine.evidence import Change, changes, sources

if TYPE_CHECKING:
    from collections.abc import Callable

    from policyengine import Engine
    from policyengine.evidence import CitedSource

    Load = Callable[[dict[str, str]], Engine]

TODAY = date(2026, 11, 24)
BILL = """\
decision = "bill"
seller = "toy-inc"

[[rule]]
id = "toy.one"
title = "One"
then = { image = "free" }
[[rule.evidence]]
basis = "reported"
source = "https://toy.test/page"
checked = 2026-01-10
[[rule.evidence]]
basis = "official"
source = "https://toy.test/page"
component = "image"
supports = "charged"
checked = 2026-11-20

[[rule]]
id = "toy.two"
title = "Two"
then = { image = "free" }
[[rule.evidence]]
basis = "inferred"
source = "ticket:OLD-1"
checked = 2026-01-09
"""
PRICES = """\
seller = "toy-inc"
currency = "EUR"

[[currencies]]
code = "EUR"
usd = "1.1"
from = 2026-01-01
source = "https://toy.test/rates"
checked = 2026-11-01

[[price]]
model = "toy-1"
per_call = "0.05"
source = "https://toy.test/page"
checked = 2026-11-22
"""


def cited(engine: Engine, **told: int) -> dict[str, CitedSource]:
    found = sources(engine.policy, TODAY, stale_after_days=told.get("stale"))
    return {one.source: one for one in found if "toy.test" in one.source or one.source.startswith("ticket:OLD")}


@pytest.fixture
def engine(engine_with: Load) -> Engine:
    return engine_with({"bill/toy-inc.toml": BILL, "prices/toy-inc.toml": PRICES})


def test_each_source_has_age_newest_day_and_bases_best_first(engine: Engine) -> None:
    page = cited(engine)["https://toy.test/page"]

    assert (page.age_days, page.checked, page.bases) == (2, date(2026, 11, 22), ("official", "reported"))


def test_what_leans_on_a_source_is_listed_with_its_place(engine: Engine) -> None:
    uses = cited(engine)["https://toy.test/page"].uses

    told = [(use.kind, use.name, use.file.rpartition("/")[2], use.line, use.basis, use.supports) for use in uses]
    assert told == [
        ("rule", "toy.one", "toy-inc.toml", 4, "reported", None),
        ("rule", "toy.one", "toy-inc.toml", 4, "official", "charged"),
        ("price", "toy-inc toy-1", "toy-inc.toml", 11, None, None),
    ]


def test_exchange_rates_lean_on_sources_too(engine: Engine) -> None:
    (use,) = cited(engine)["https://toy.test/rates"].uses

    assert (use.kind, use.name, use.line) == ("currency", "EUR", 4)


def test_the_longest_unread_comes_first(engine: Engine) -> None:
    assert [*cited(engine)] == ["ticket:OLD-1", "https://toy.test/rates", "https://toy.test/page"]


def test_stale_keeps_only_the_uses_that_are_older(engine: Engine) -> None:
    found = cited(engine, stale=100)

    assert {source: [use.name for use in one.uses] for source, one in found.items()} == {
        "ticket:OLD-1": ["toy.two"],
        "https://toy.test/page": ["toy.one"],
    }
    assert found["https://toy.test/page"].checked == date(2026, 1, 10)


@pytest.mark.parametrize(("stale", "listed"), [(318, True), (319, False)])
def test_stale_means_more_days_than_told(engine: Engine, stale: int, listed: bool) -> None:  # noqa: FBT001  a case
    assert (date(2026, 1, 9) - TODAY).days == -319
    assert ("ticket:OLD-1" in cited(engine, stale=stale)) is listed


def test_every_use_of_the_shipped_files_stands_where_it_says(engine: Engine) -> None:
    lines = {file.source.file: file.source.data.decode().splitlines() for file in engine.policy.rules.files}
    lines |= {file.file: file.data.decode().splitlines() for file in engine.policy.prices.files}

    for one in sources(engine.policy, TODAY):
        for use in one.uses:
            assert lines[use.file][use.line - 1].strip().startswith("[["), use


def rule(name: str, *lines: str, checked: str | None = "2026-11-05") -> str:
    evidence = f'[[rule.evidence]]\nbasis = "settled"\nsource = "ticket:X-1"\nchecked = {checked}\n' if checked else ""
    return "\n".join(["[[rule]]", f'id = "{name}"', 'title = "X"', *lines, 'then = { image = "free" }', evidence])


@pytest.fixture
def changed(engine_with: Load) -> Callable[..., list[Change]]:
    """Return a function that tells what the rules of a bill table change."""

    def tell(*rules: str, head: str = "") -> list[Change]:
        engine = engine_with({"bill/toy-inc.toml": f'decision = "bill"\nseller = "toy-inc"\n{head}' + "\n".join(rules)})
        return changes(engine.policy.rules, TODAY)

    return tell


SPANS: dict[str, tuple[list[str], tuple[str | None, str | None, int | None]]] = {
    "backdated": (["from = 2026-10-01"], ("2026-10-01", "2026-11-04", 35)),
    "from the day it was read": (["from = 2026-11-05"], (None, None, 0)),
    "in the future": (["from = 2027-01-01"], (None, None, 0)),
    "the day before it was read": (["from = 2026-11-04"], ("2026-11-04", "2026-11-04", 1)),
    "ends later": (["until = 2027-01-01"], (None, "2026-11-04", None)),
    "a window in the past": (["from = 2026-03-01", "until = 2026-04-01"], ("2026-03-01", "2026-03-31", 31)),
}


@pytest.mark.parametrize(("lines", "span"), SPANS.values(), ids=SPANS)
def test_days_before_the_evidence_was_read_are_changed(
    changed: Callable[..., list[Change]], lines: list[str], span: tuple[str | None, str | None, int | None]
) -> None:
    first, *_ = changed(rule("a", *lines))

    told = [None if day is None else day.isoformat() for day in (first.first, first.last)]
    assert (*told, first.days) == span
    assert (first.what, first.known) == ("decides", date(2026, 11, 5))


def test_a_rule_that_ended_in_the_past_no_longer_decides_the_days_after(changed: Callable[..., list[Change]]) -> None:
    _, after = changed(rule("a", "until = 2026-11-01"))

    assert (after.what, after.first, after.last, after.days) == (
        "no longer decides",
        date(2026, 11, 1),
        date(2026, 11, 4),
        4,
    )


def test_a_rule_that_ends_on_the_day_it_was_read_changes_nothing_after(changed: Callable[..., list[Change]]) -> None:
    (one,) = changed(rule("a", "until = 2026-11-05"))

    assert (one.what, one.last) == ("decides", date(2026, 11, 4))


def test_a_rule_that_replaces_another_names_it(changed: Callable[..., list[Change]]) -> None:
    (one,) = changed(rule("old"), rule("new", 'replace = "old"'))

    assert (one.rule, one.what, one.other, one.first, one.last) == (
        "new",
        "decides instead",
        "old",
        None,
        date(2026, 11, 4),
    )


def test_the_earliest_evidence_is_when_a_rule_became_known(changed: Callable[..., list[Change]]) -> None:
    more = '[[rule.evidence]]\nbasis = "settled"\nsource = "ticket:X-2"\nchecked = 2026-10-03\n'

    (one,) = changed(rule("a", "from = 2026-10-01") + more)

    assert (one.known, one.days) == (date(2026, 10, 3), 2)


@pytest.mark.parametrize("checked", [None, "2027-01-01"])
def test_without_evidence_of_the_past_all_days_up_to_today_count(
    changed: Callable[..., list[Change]], checked: str | None
) -> None:
    (one,) = changed(rule("a", "from = 2026-11-20", checked=checked))

    assert (one.last, one.days) == (date(2026, 11, 23), 4)


def test_a_disabled_rule_no_longer_decides_on_any_day(changed: Callable[..., list[Change]]) -> None:
    (one,) = changed(rule("a"), head='disable = ["a"]\n')

    assert (one.rule, one.what, one.first, one.last, one.days) == (
        "a",
        "no longer decides",
        None,
        date(2026, 11, 23),
        None,
    )


def test_rules_without_dates_and_rules_on_trial_change_no_past_day(changed: Callable[..., list[Change]]) -> None:
    assert changed(rule("a"), rule("b", "from = 2026-01-01", 'status = "experimental"')) == []
