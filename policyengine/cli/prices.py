"""List the prices that hold on a day, with their sources; check, export and import price files."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

import msgspec

from policyengine.cli.arguments import day_of, refuse_unknown
from policyengine.cli.loading import engine_for
from policyengine.cli.output import print_table, warn
from policyengine.errors import InputError
from policyengine.money.book import is_dated

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator

    from policyengine.engine import Engine
    from policyengine.money.entry import PriceEntry

EPILOG = """examples:
  imgpolicy prices
  imgpolicy prices SELLER --at 2026-03-01
  imgpolicy prices SELLER --all --json
  imgpolicy prices --stale 90
  imgpolicy prices --check price-lists/
  imgpolicy prices export SELLER --format csv -o prices.csv
  imgpolicy prices import prices.csv --seller SELLER -o policy/prices/prices.toml
"""
_HEADER = ("seller", "model", "from", "until", "applies to", "component", "unit", "price", "checked", "source")
_TRANSFERS = ("export", "import")


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of `prices`."""
    parser.add_argument("seller", nargs="?", help="only this seller; or `export [SELLER]`, or `import FILE`")
    parser.add_argument("operand", nargs="?", help="the SELLER to export, or the FILE to import")
    parser.add_argument("--at", metavar="DATE", help="the day (UTC) on which they hold; today unless given")
    parser.add_argument("--all", action="store_true", help="every entry, past and future ones too")
    parser.add_argument("--json", action="store_true", help="print JSON")
    audit = parser.add_mutually_exclusive_group()
    audit.add_argument("--check", metavar="DIR", help="compare with the price lists of other projects in DIR")
    audit.add_argument("--stale", metavar="DAYS", type=int, help="list entries that were checked more than DAYS ago")
    transfer = parser.add_argument_group("export and import")
    transfer.add_argument("--format", choices=("toml", "json", "csv"), help="of the export; toml unless given")
    transfer.add_argument("--file", metavar="NAME", help="the price file to export, of a seller that has several")
    transfer.add_argument("--seller", metavar="SELLER", dest="of", help="whose prices to export or to import")
    transfer.add_argument("-o", metavar="FILE", dest="output", help="write here, not to standard output")


def run(arguments: Namespace) -> int:
    """Print the price entries; exit with 1 when there are none, or when an audit finds something."""
    if arguments.seller in _TRANSFERS:
        return int(import_module("policyengine.cli.price_transfer").run(arguments))
    _refuse_strays(arguments)
    engine = engine_for(arguments)
    refuse_unknown(arguments.seller, engine.policy.prices.sellers)
    if arguments.check is not None or arguments.stale is not None:
        return int(import_module("policyengine.cli.price_audit").run(arguments, engine))
    rows = list(_rows(engine, arguments))
    if arguments.json:
        for row in rows:
            print(msgspec.json.encode(dict(zip(_HEADER, row, strict=True))).decode())
    else:
        print_table(_HEADER, rows)
    if not rows:
        warn("no price holds on that day")
    return 0 if rows else 1


def _refuse_strays(arguments: Namespace) -> None:
    """Refuse what only `export` and `import` take."""
    told = {"--format": arguments.format, "--file": arguments.file, "--seller": arguments.of, "-o": arguments.output}
    stray = arguments.operand or next((name for name, value in told.items() if value is not None), None)
    if stray is not None:
        msg = f"{stray!r} goes with `prices export` or `prices import`"
        raise InputError(msg)


def _rows(engine: Engine, arguments: Namespace) -> Iterator[tuple[object, ...]]:
    day = day_of(arguments.at)
    for seller, file, entry in engine.policy.prices.entries(arguments.seller):
        if arguments.all or is_dated(entry, day):
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


def _conditions(entry: PriceEntry, tier: str | None, size: str | None, quality: str | None) -> str:
    told = [tier, entry.mode, entry.operation, *entry.account.values(), size, quality]
    return ", ".join(value for value in told if value) or "-"
