"""List the prices that hold on a day, with their sources."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import msgspec

from policyengine.cli.loading import engine_for
from policyengine.cli.output import print_table, warn
from policyengine.errors import InputError, nearest

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator

    from policyengine.engine import Engine
    from policyengine.money.entry import PriceEntry

EPILOG = """examples:
  imgpolicy prices
  imgpolicy prices openai --at 2026-03-01
  imgpolicy prices google-ai --all --json
"""
_HEADER = ("seller", "model", "from", "until", "applies to", "component", "unit", "price", "checked", "source")


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of `prices`."""
    parser.add_argument("seller", nargs="?", help="only this seller")
    parser.add_argument("--at", metavar="DATE", help="the day (UTC) on which they hold; today unless given")
    parser.add_argument("--all", action="store_true", help="every entry, past and future ones too")
    parser.add_argument("--json", action="store_true", help="print one price a line as JSON")


def run(arguments: Namespace) -> int:
    """Print the price entries; exit with 1 when there are none."""
    engine = engine_for(arguments)
    known = tuple(engine.policy.prices.sellers)
    if arguments.seller is not None and arguments.seller not in known:
        msg = f"seller {arguments.seller!r} is not known{nearest(arguments.seller, known)}"
        raise InputError(msg)
    rows = list(_rows(engine, arguments))
    if arguments.json:
        for row in rows:
            print(msgspec.json.encode(dict(zip(_HEADER, row, strict=True))).decode())
    else:
        print_table(_HEADER, rows)
    if not rows:
        warn("no price holds on that day")
    return 0 if rows else 1


def _day(written: str | None) -> date:
    try:
        return date.fromisoformat(written) if written else datetime.now(UTC).date()
    except ValueError as error:
        msg = f"--at {written!r} is no day; write YYYY-MM-DD"
        raise InputError(msg) from error


def _rows(engine: Engine, arguments: Namespace) -> Iterator[tuple[object, ...]]:
    day = _day(arguments.at)
    for seller, file, entry in engine.policy.prices.entries(arguments.seller):
        if arguments.all or holds_on(entry, day):
            for tier in (None, *entry.tier):
                for rate in engine.policy.prices.rates(seller, entry, tier):
                    currency = engine.policy.prices.currency_of(file)
                    yield (
                        seller,
                        entry.model,
                        entry.from_,
                        entry.until,
                        _conditions(entry, tier, rate.size, rate.quality),
                        rate.component,
                        rate.unit if rate.per == 1 else f"{rate.per:,} {rate.unit}",
                        f"{rate.amount.normalize():f} {currency}",
                        entry.checked,
                        entry.source,
                    )


def holds_on(entry: PriceEntry, day: date) -> bool:
    """Return whether *entry* is in force on *day*."""
    return (entry.from_ or day) <= day and (entry.until is None or day < entry.until)


def _conditions(entry: PriceEntry, tier: str | None, size: str | None, quality: str | None) -> str:
    told = [tier, entry.mode, entry.operation, *entry.account.values(), size, quality]
    return ", ".join(value for value in told if value) or "-"
