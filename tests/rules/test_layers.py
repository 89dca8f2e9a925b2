"""Test in which order rules decide: layers, replacements, dates, extensions."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from policyengine.facts import Facts
from policyengine.rules.layers import RuleBook, cross_faults

if TYPE_CHECKING:
    from collections.abc import Callable

    from policyengine.errors import Diagnostic
    from policyengine.rules.load import LoadedRules

    LoadFile = Callable[..., tuple[LoadedRules | None, list[Diagnostic]]]

FACTS = Facts(provider="toy", dialect="toy-api", seller="toy-inc", at=datetime(2026, 6, 1, tzinfo=UTC))


def rule(name: str, value: str, *lines: str) -> str:
    return "\n".join(["[[rule]]", f'id = "{name}"', f'title = "{name}"', *lines, value, ""])


def outcome(name: str, what: str, *lines: str) -> str:
    return rule(name, f'then = {{ outcome = "{what}", stage = "unknown" }}', *lines)


def charge(name: str, what: str, *lines: str) -> str:
    return rule(name, f'then = {{ image = "{what}" }}', *lines)


def classify(dialect: str, *rules: str, disable: str = "[]") -> str:
    return "\n".join([f'decision = "classify"\ndialects = ["{dialect}"]\ndisable = {disable}', *rules])


def bill(seller: str, *rules: str, head: str = "") -> str:
    return "\n".join([f'decision = "bill"\nseller = "{seller}"', head, *rules])


def files_of(load_file: LoadFile, *written: tuple[Any, str]) -> list[LoadedRules]:
    found = []
    for index, (origin, text) in enumerate(written):
        loaded, faults = load_file(text, file=f"{origin}-{index}.toml", origin=origin)
        assert faults == []
        assert loaded is not None
        found.append(loaded)
    return found


def book_of(load_file: LoadFile, *written: tuple[Any, str]) -> RuleBook:
    files = files_of(load_file, *written)
    assert cross_faults(files) == []
    return RuleBook(files)


def ids(book: RuleBook, decision: Any = "classify", key: str = "toy-api") -> list[str]:  # noqa: ANN401
    return [one.rule.id for one in book.deciding(decision, key).rules]


def decided_on(book: RuleBook, day: datetime, decision: Any = "classify", key: str = "toy-api") -> str | None:  # noqa: ANN401
    found = book.deciding(decision, key).first(msgspec.structs.replace(FACTS, at=day))
    return found.rule.id if found else None


def test_own_rules_come_before_common_ones_and_the_users_before_bundled_ones(load_file: LoadFile) -> None:
    book = book_of(
        load_file,
        ("bundled", classify("*", outcome("bundled.common", "failed"))),
        ("bundled", classify("toy-api", outcome("bundled.own", "failed"))),
        ("user", classify("*", outcome("user.common", "failed"))),
        ("user", classify("toy-api", outcome("user.own", "failed"))),
        ("user", classify("toy-twin", outcome("user.other", "failed"))),
    )

    assert ids(book) == ["user.own", "bundled.own", "user.common", "bundled.common"]


def test_the_common_rules_serve_a_dialect_nobody_knows(load_file: LoadFile) -> None:
    book = book_of(load_file, ("bundled", classify("*", outcome("common", "failed"))))

    assert ids(book, key="new-api") == ["common"]


def test_disabled_rules_do_not_decide(load_file: LoadFile) -> None:
    book = book_of(
        load_file,
        ("bundled", classify("toy-api", outcome("a", "failed"), outcome("b", "failed"))),
        ("user", classify("*", disable='["a"]')),
    )

    assert ids(book) == ["b"]


def test_a_replacement_takes_the_place_of_the_rule_it_replaces(load_file: LoadFile) -> None:
    book = book_of(
        load_file,
        ("bundled", classify("toy-api", outcome("a", "failed", 'when.code = "x"'), outcome("rest", "failed"))),
        ("user", classify("toy-api", outcome("ours", "blocked", 'replace = "rest"'))),
    )

    assert ids(book) == ["a", "ours"]


@pytest.mark.parametrize(
    ("day", "decided"),
    [
        (datetime(2026, 4, 30, 23, 59, 59, 999999, UTC), "old"),
        (datetime(2026, 5, 1, tzinfo=UTC), "new"),
        (datetime(2026, 5, 31, 23, 59, 59, 999999, UTC), "new"),
        (datetime(2026, 6, 1, tzinfo=UTC), "old"),
    ],
)
def test_outside_its_dates_the_replaced_rule_still_decides(load_file: LoadFile, day: datetime, decided: str) -> None:
    book = book_of(
        load_file,
        ("bundled", classify("toy-api", outcome("old", "failed"))),
        (
            "user",
            classify(
                "toy-api", outcome("new", "blocked", 'replace = "old"', "from = 2026-05-01", "until = 2026-06-01")
            ),
        ),
    )

    assert decided_on(book, day) == decided


def test_two_replacements_share_the_calendar(load_file: LoadFile) -> None:
    book = book_of(
        load_file,
        ("bundled", classify("toy-api", outcome("old", "failed"))),
        (
            "user",
            classify(
                "toy-api",
                outcome("may", "blocked", 'replace = "old"', "from = 2026-05-01", "until = 2026-06-01"),
                outcome("july", "blocked", 'replace = "old"', "from = 2026-07-01"),
            ),
        ),
    )

    days = [datetime(2026, month, 15, tzinfo=UTC) for month in (4, 5, 6, 7)]
    assert [decided_on(book, day) for day in days] == ["old", "may", "old", "july"]


def test_a_replacement_may_be_replaced(load_file: LoadFile) -> None:
    book = book_of(
        load_file,
        ("bundled", classify("toy-api", outcome("a", "failed"), outcome("last", "failed"))),
        ("user", classify("toy-api", outcome("c", "failed", 'replace = "b"'), outcome("b", "failed", 'replace = "a"'))),
    )

    assert ids(book) == ["c", "last"]


def test_a_disabled_replacement_replaces_nothing(load_file: LoadFile) -> None:
    book = book_of(
        load_file,
        ("bundled", classify("toy-api", outcome("a", "failed"))),
        ("user", classify("toy-api", outcome("b", "failed", 'replace = "a"'), disable='["b"]')),
    )

    assert ids(book) == ["a"]


def test_an_experimental_replacement_leaves_the_rule_in_place(load_file: LoadFile) -> None:
    book = book_of(
        load_file,
        ("bundled", classify("toy-api", outcome("a", "failed"))),
        ("user", classify("toy-api", outcome("b", "failed", 'replace = "a"', 'status = "experimental"'))),
    )

    assert ids(book) == ["a"]
    assert [one.rule.id for one in book.experimental("classify", "toy-api").rules] == ["b"]


def test_deprecated_rules_still_decide(load_file: LoadFile) -> None:
    book = book_of(load_file, ("bundled", classify("toy-api", outcome("a", "failed", 'status = "deprecated"'))))

    assert ids(book) == ["a"]


def test_dates_are_those_of_the_rule(load_file: LoadFile) -> None:
    book = book_of(
        load_file, ("user", classify("toy-api", outcome("a", "failed", "from = 2026-01-01", "until = 2026-02-01")))
    )

    days = [
        datetime(2025, 12, 31, 23, 59, tzinfo=UTC),
        datetime(2026, 1, 1, tzinfo=UTC),
        datetime(2026, 2, 1, tzinfo=UTC),
    ]
    assert [decided_on(book, day) for day in days] == [None, "a", None]


def test_a_reseller_takes_over_rules_after_its_own(load_file: LoadFile) -> None:
    book = book_of(
        load_file,
        ("bundled", bill("maker", charge("maker.a", "free"))),
        ("bundled", bill("shop", charge("shop.a", "free"), head='extends = "maker"')),
        ("user", bill("corner", charge("corner.a", "free"), head='extends = "shop"')),
        ("bundled", bill("*", charge("any.a", "free"))),
    )

    assert ids(book, "bill", "corner") == ["corner.a", "shop.a", "maker.a", "any.a"]
    assert ids(book, "bill", "maker") == ["maker.a", "any.a"]


def test_a_resellers_replacement_is_not_the_makers(load_file: LoadFile) -> None:
    book = book_of(
        load_file,
        ("bundled", bill("maker", charge("maker.a", "free"))),
        ("user", bill("shop", charge("shop.a", "charged", 'replace = "maker.a"'), head='extends = "maker"')),
    )

    assert ids(book, "bill", "shop") == ["shop.a"]
    assert ids(book, "bill", "maker") == ["maker.a"]


def test_alternatives_of_the_seller_stand_before_those_it_takes_over(load_file: LoadFile) -> None:
    book = book_of(
        load_file,
        ("bundled", bill("maker", head='[alternatives]\n"account.mode" = ["a", "b"]\n"account.plan" = ["x"]')),
        ("bundled", bill("shop", head='extends = "maker"\n[alternatives]\n"account.mode" = ["c"]')),
    )

    assert book.alternatives("shop") == {"account.mode": ("c",), "account.plan": ("x",)}
    assert book.alternatives("nobody") == {}


def test_rule_books_pickle(load_file: LoadFile) -> None:
    book = book_of(load_file, ("user", classify("toy-api", outcome("a", "failed", "from = 2026-01-01"))))
    assert decided_on(book, datetime(2026, 5, 1, tzinfo=UTC)) == "a"

    again = pickle.loads(pickle.dumps(book))  # noqa: S301  our own bytes

    assert decided_on(again, datetime(2026, 5, 1, tzinfo=UTC)) == "a"


A = outcome("a", "failed")
CROSS: dict[str, tuple[list[str], list[str]]] = {
    "id given twice": (
        [classify("toy-api", A), classify("*", A)],
        ["user-1.toml:5:6: rule[0].id: rule id 'a' is taken by user-0.toml:4; give this rule its own"],
    ),
    "disable that names no rule": (
        [classify("toy-api", outcome("toy.one", "failed"), disable='["toy.two", "toy.oen"]')],
        [
            "user-0.toml:3:12: disable[0]: there is no rule 'toy.two'; did you mean 'toy.one'?",
            "user-0.toml:3:23: disable[1]: there is no rule 'toy.oen'; did you mean 'toy.one'?",
        ],
    ),
    "replace that names no rule": (
        [classify("toy-api", outcome("toy.one", "failed"), outcome("b", "failed", 'replace = "toy.oen"'))],
        ["user-0.toml:12:11: rule[1].replace: there is no classify rule 'toy.oen'; did you mean 'toy.one'?"],
    ),
    "replace of itself": (
        [classify("toy-api", outcome("a", "failed", 'replace = "a"'))],
        ["user-0.toml:7:11: rule[0].replace: 'replace' goes round in a circle: a -> a"],
    ),
    "replace in a circle": (
        [classify("toy-api", outcome("a", "failed", 'replace = "b"'), outcome("b", "failed", 'replace = "a"'))],
        [
            "user-0.toml:7:11: rule[0].replace: 'replace' goes round in a circle: a -> b -> a",
            "user-0.toml:13:11: rule[1].replace: 'replace' goes round in a circle: b -> a -> b",
        ],
    ),
    "replace across decisions": (
        [classify("toy-api", A), bill("x", charge("b", "free", 'replace = "a"'))],
        ["user-1.toml:7:11: rule[0].replace: there is no bill rule 'a'; known are b"],
    ),
    "replace that has no hold": (
        [bill("maker", charge("maker.a", "free")), bill("shop", charge("shop.a", "free", 'replace = "maker.a"'))],
        ["user-1.toml:7:11: rule[0].replace: 'maker.a' stands in user-0.toml, which serves none that this file serves"],
    ),
    "extends that names nobody": (
        [bill("maker"), bill("shop", head='extends = "makr"')],
        ["user-1.toml:3:11: extends: 'makr' has no bill table; did you mean 'maker'?"],
    ),
    "extends in a circle": (
        [bill("a", head='extends = "b"'), bill("b", head='extends = "a"'), bill("c", head='extends = "a"')],
        [
            "user-0.toml:3:11: extends: 'extends' goes round in a circle: a -> b -> a",
            "user-1.toml:3:11: extends: 'extends' goes round in a circle: b -> a -> b",
        ],
    ),
    "extends of itself": (
        [bill("a", head='extends = "a"')],
        ["user-0.toml:3:11: extends: 'extends' goes round in a circle: a -> a"],
    ),
    "too many combinations": (
        [
            bill("a", head=f"alternatives = {{ mode = {list('abcdefgh')}, quality = {list('abcdefgh')} }}"),
            bill("b", head='extends = "a"\nalternatives = { operation = ["x", "y"] }'),
        ],
        ["user-1.toml:4:16: alternatives: more than 64 combinations; name fewer facts or values"],
    ),
}


@pytest.mark.parametrize(("written", "messages"), CROSS.values(), ids=CROSS)
def test_faults_between_files_are_placed(load_file: LoadFile, written: list[str], messages: list[str]) -> None:
    files = files_of(load_file, *(("user", text) for text in written))

    assert [str(fault) for fault in cross_faults(files)] == messages


def test_a_replacement_of_a_common_rule_for_one_dialect_has_hold(load_file: LoadFile) -> None:
    book = book_of(
        load_file,
        ("bundled", classify("*", outcome("common", "failed"))),
        ("user", classify("toy-api", outcome("ours", "blocked", 'replace = "common"'))),
    )

    assert ids(book) == ["ours"]
    assert ids(book, key="toy-twin") == ["common"]
