"""Audit the price book: against the lists of other projects, and by the age of its entries."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from policyengine.cli.arguments import day_of
from policyengine.cli.output import print_table, warn
from policyengine.errors import InputError
from policyengine.pricelists import Vendors, compare_prices, read_listings

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator
    from datetime import date
    from decimal import Decimal

    from policyengine.engine import Engine
    from policyengine.money.book import PriceBook
    from policyengine.pricelists.crosscheck import Comparison, Disagreement, SellersOf

_CHECK_HEADER = ("seller", "model", "component", "unit", "applies to", "ours", "theirs", "ratio", "whose", "their row")
_STALE_HEADER = ("days", "checked", "seller", "model", "from", "until", "file", "source")


def run(arguments: Namespace, engine: Engine) -> int:
    """Print what the audit finds; exit with 1 when it finds something."""
    return _check(arguments, engine) if arguments.check is not None else _stale(arguments, engine)


def _check(arguments: Namespace, engine: Engine) -> int:
    found = compare_prices(
        engine.policy.prices,
        read_listings(Path(arguments.check)),
        sellers_of=_sellers_of(engine, arguments.seller),
        today=day_of(None),
        on=day_of(arguments.at) if arguments.at else None,
    )
    if arguments.json:
        print(msgspec.json.encode(found).decode())
    else:
        if found.disagreements:
            print_table(_CHECK_HEADER, map(_check_row, found.disagreements))
            print()
        print("\n".join(_counts(found)))
    return 1 if found.disagreements else 0


def _sellers_of(engine: Engine, only: str | None) -> SellersOf:
    """Return what tells the seller that a vendor's name means, none where it is not *only* this one."""
    vendors = Vendors(engine.policy.prices.sellers, engine.plugins.providers)
    return lambda vendor: [name for name in vendors.sellers_of(vendor) if only in (None, name)]


def _check_row(one: Disagreement) -> tuple[object, ...]:
    unit = f"1,000,000 {one.unit}" if one.unit.endswith("token") else one.unit
    place = (one.seller, one.model, one.component, unit, one.applies_to)
    return (*place, _ours(one.ours_low, one.ours_high), f"{one.theirs:f}", one.ratio, one.whose, one.row)


def _ours(low: Decimal | None, high: Decimal | None) -> str:
    if low is None or high is None:
        return "not priced"
    return f"{low:f}" if low == high else f"{low:f} to {high:f}"


def _counts(found: Comparison) -> Iterator[str]:
    yield f"{len(found.disagreements)} prices disagree, {found.agreements} agree."
    yield (
        f"Not compared: {found.other_sellers} rows of other sellers, {found.other_models} rows of models without a "
        f"price here, {found.without_price} rows without a price, {found.other_tiers} prices of tiers and "
        f"{found.not_in_force} of days that have none here."
    )


def _stale(arguments: Namespace, engine: Engine) -> int:
    if arguments.stale < 0:
        msg = f"--stale {arguments.stale} is no age; write a number of days"
        raise InputError(msg)
    day = day_of(arguments.at)
    rows = sorted(
        (row for row in _aged(engine.policy.prices, day, arguments) if int(str(row[0])) > arguments.stale),
        key=lambda row: (-int(str(row[0])), *map(str, row[1:])),
    )
    if arguments.json:
        for row in rows:
            print(msgspec.json.encode(dict(zip(_STALE_HEADER, row, strict=True))).decode())
    elif rows:
        print_table(_STALE_HEADER, rows)
    else:
        warn(f"no price was checked more than {arguments.stale} days before {day}")
    return 1 if rows else 0


def _aged(book: PriceBook, day: date, arguments: Namespace) -> Iterator[tuple[object, ...]]:
    """Yield a row for each entry; those whose price has ended cannot be checked any more, and need `--all`."""
    for seller, file, entry in book.entries(arguments.seller):
        if arguments.all or entry.until is None or day < entry.until:
            age = (day - entry.checked).days
            yield age, entry.checked, seller, entry.model, entry.from_, entry.until, file, entry.source
