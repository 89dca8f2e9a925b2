"""Print what each failure of the same piece of work costs at each seller."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from policyengine.cli.loading import engine_for
from policyengine.cli.output import bold, print_csv, print_table
from policyengine.cli.prices import day_of
from policyengine.compare import STANDARD_WORK, Row, compare
from policyengine.comparison import CSV_HEADER, TEXT_HEADER, by_platform, csv_cells, markdown, text_cells, work_in_words
from policyengine.errors import InputError, nearest
from policyengine.money.tariff import Workload, megapixels

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterable, Sequence
    from datetime import date

EPILOG = """examples:
  imgpolicy compare
  imgpolicy compare --size 2048x2048 --quality high --markdown
  imgpolicy compare --seller SELLER --seller OTHER --csv
  imgpolicy compare --view NAME --markdown

A row is a class of failure at a seller, the dearest first; what was delivered comes last.
A share is that of what the same work costs when it succeeds. An interval from $0.00 means that
nobody with authority says whether the failure is billed, and `?` that nothing bounds it.
`evidence` is the best there is for the component that rests on the weakest. `rate limit` says whether the
failure counts toward it, `filter` whether a setting changes what was stopped. The other shapes
show more: each component, sources, the free notice, the setting, the samples.
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of `compare`."""
    shape = parser.add_mutually_exclusive_group()
    shape.add_argument("--json", action="store_true", help="print one row a line as JSON")
    shape.add_argument("--csv", action="store_true", help="print every column as CSV")
    shape.add_argument("--markdown", action="store_true", help="print a table per platform as Markdown")
    parser.add_argument("--view", metavar="NAME", help="what a text claims, beside the evidence; a name or a directory")
    parser.add_argument("--platform", action="append", help="only this provider; may be repeated")
    parser.add_argument("--seller", action="append", help="only this seller; may be repeated")
    parser.add_argument("--images", type=_count, default=STANDARD_WORK.images, help="images asked for")
    parser.add_argument("--size", type=_size, default=STANDARD_WORK.size, help="WxH")
    parser.add_argument("--quality", default=STANDARD_WORK.quality, help="low, medium, high")
    parser.add_argument("--prompt-tokens", type=_count, default=STANDARD_WORK.prompt_tokens)
    parser.add_argument(
        "--text-tokens", type=_whole, default=STANDARD_WORK.text_tokens, help="text and thinking beside the image"
    )
    parser.add_argument("--at", metavar="DATE", help="the day (UTC) whose prices and rules hold; today unless given")


def run(arguments: Namespace) -> int:
    """Print the comparison."""
    if arguments.view:
        from policyengine.cli.compare_view import run_view  # noqa: PLC0415  only when it is asked for

        return run_view(arguments)
    work = Workload(
        images=arguments.images,
        size=arguments.size,
        quality=arguments.quality,
        prompt_tokens=arguments.prompt_tokens,
        text_tokens=arguments.text_tokens,
    )
    day = day_of(arguments.at)
    engine = engine_for(arguments)
    _check_names(arguments.platform, engine.plugins.providers, "platform")
    _check_names(arguments.seller, engine.policy.prices.sellers, "seller")
    rows = [row for row in compare(engine, work, day=day) if _wanted(row, arguments)]
    if arguments.json:
        for row in rows:
            print(msgspec.json.encode(row).decode())
    elif arguments.csv:
        print_csv(CSV_HEADER, map(csv_cells, rows))
    elif arguments.markdown:
        print(markdown(rows))
    else:
        _print_text(rows, work, day)
    return 0


def _print_text(rows: Sequence[Row], work: Workload, day: date) -> None:
    """Print a table per platform below what was compared."""
    print(f"{work_in_words(work)}; prices of {day}")
    for platform, group in by_platform(rows):
        print(f"\n{bold(platform)}")
        print_table(TEXT_HEADER, map(text_cells, group))


def _count(written: str) -> int:
    """Return a whole number from 1 on; argparse names the option when it is none."""
    number = int(written)
    if number < 1:
        raise ValueError
    return number


_count.__name__ = "number from 1 on"


def _whole(written: str) -> int:
    """Return a whole number from 0 on."""
    number = int(written)
    if number < 0:
        raise ValueError
    return number


_whole.__name__ = "number from 0 on"


def _size(written: str) -> str:
    if megapixels(written) is None:
        raise ValueError
    return written


_size.__name__ = "size, such as 1024x1024"


def _check_names(names: Sequence[str] | None, known: Iterable[str], kind: str) -> None:
    known = tuple(known)
    for name in names or ():
        if name not in known:
            msg = f"{kind} {name!r} is not known{nearest(name, known)}"
            raise InputError(msg)


def _wanted(row: Row, arguments: Namespace) -> bool:
    return row.platform in (arguments.platform or [row.platform]) and row.seller in (arguments.seller or [row.seller])
