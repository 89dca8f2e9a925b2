from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from policyengine.diff.tables import TableChange, table_changes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from policyengine.engine import Engine

    Load = Callable[[Mapping[str, str]], Engine]

PRICES, BILL, ACCOUNTS = "prices/toy-inc.toml", "bill/toy-inc.toml", "accounts.toml"
PREFLIGHT = "preflight.toml"
ADVICE = """
decision = "preflight"
[[rule]]
id = "ours.few-words"
title = "A short prompt"
when.words.lt = 30
then = { severity = "warning", advice = "describe the scene" }
"""
LATER = """
[[price]]
model = "toy-1"
from = 2026-09-01
mode = "fast"
per_call = "3"
source = "https://toy.test/pricing"
checked = 2026-09-02

[[currencies]]
code = "EUR"
usd = "1.1"
from = 2026-01-01
source = "https://toy.test/pricing"
checked = 2026-09-02
"""


def change(table: str, entry: str, field: str, old: str | None, new: str | None) -> TableChange:
    return TableChange(table=table, entry=entry, field=field, old=old, new=new)


TOY = "toy-inc toy-1 (own)"
EDITS: dict[str, tuple[tuple[str, str, str], list[TableChange]]] = {
    "amount": ((PRICES, '"4K" = "0.12"', '"4K" = "0.24"'), [change("price", TOY, "per_image.4K", "0.12", "0.24")]),
    "amount gone": ((PRICES, ', "4K" = "0.12"', ""), [change("price", TOY, "per_image.4K", "0.12", None)]),
    "written otherwise": ((PRICES, '"0.12"', '"0.120"'), []),
    "checked again": ((PRICES, "2026-06-01", "2026-11-24"), []),
    "new entries": (
        (PRICES, 'seller = "toy-inc"\n', f'seller = "toy-inc"\n{LATER}'),
        [
            change("currency", "EUR from 2026-01-01", "usd", None, "1.1"),
            change("price", "toy-inc toy-1 from 2026-09-01 fast (own)", "per_call", None, "3"),
        ],
    ),
    "host": (
        (BILL, '"eu.toy.test"', '"us.toy.test"'),
        [
            change("host", "us.toy.test", "seller", None, "toy-inc"),
            change("host", "eu.toy.test", "seller", "toy-inc", None),
        ],
    ),
    "open fact": (
        (BILL, "hosts =", 'alternatives."account.plan" = ["a", "b"]\nhosts ='),
        [change("open fact", "toy-inc", "account.plan", None, "a, b")],
    ),
    "basis": (
        (BILL, 'basis = "reported"', 'basis = "official"'),
        [change("basis", "toy-inc.blocked", "input", "reported", "official")],
    ),
    "advice": (
        (PREFLIGHT, "words.lt = 30", "words.lt = 20"),
        [change("preflight", "ours.few-words", "when", '{"words": {"lt": 30}}', '{"words": {"lt": 20}}')],
    ),
    "account": (
        (ACCOUNTS, "# none", '[account.prod]\nseller = "toy-inc"\nfacts.seats = 5'),
        [
            change("account", "prod", "seller", None, "toy-inc"),
            change("account", "prod", "facts.seats", None, "5"),
        ],
    ),
}


@pytest.mark.parametrize(("edit", "expected"), EDITS.values(), ids=EDITS)
def test_a_change_beside_the_rules_is_told_with_both_values(
    engine_with: Load, toy_files: dict[str, str], edit: tuple[str, str, str], expected: list[TableChange]
) -> None:
    file, written, instead = edit
    files = {**toy_files, ACCOUNTS: "# none\n", PREFLIGHT: ADVICE}
    old = engine_with(files)
    assert written in files[file]

    new = engine_with({**files, file: files[file].replace(written, instead)})

    assert list(table_changes(old, new)) == expected


def test_entries_with_one_name_are_numbered(engine_with: Load, toy_files: dict[str, str]) -> None:
    entry = toy_files[PRICES].partition("\n\n")[2]
    old = engine_with({**toy_files, PRICES: f"{toy_files[PRICES]}\n{entry}"})

    new = engine_with({**toy_files, PRICES: f"{toy_files[PRICES]}\n{entry.replace('0.04', '0.05')}"})

    assert [(one.entry, one.new) for one in table_changes(old, new)] == [(f"{TOY} #2", "0.05")]
