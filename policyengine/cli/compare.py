"""Print what each failure of the same piece of work costs at each seller."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from policyengine.cli.arguments import add_narrowing, check_narrowing, count_from, day_of, is_wanted, size
from policyengine.cli.loading import engine_for
from policyengine.cli.output import bold, print_csv, print_table
from policyengine.comparison import STANDARD_WORK, Row, compare
from policyengine.comparison.page import (
    CSV_HEADER,
    TEXT_HEADER,
    by_platform,
    csv_cells,
    markdown,
    text_cells,
    work_in_words,
)
from policyengine.money.tariff import Workload

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Sequence
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
    add_narrowing(parser)
    parser.add_argument("--images", type=count_from(1), default=STANDARD_WORK.images, help="images asked for")
    parser.add_argument("--size", type=size, default=STANDARD_WORK.size, help="WxH")
    parser.add_argument("--quality", default=STANDARD_WORK.quality, help="low, medium, high")
    parser.add_argument(
        "--prompt-tokens", type=count_from(1), default=STANDARD_WORK.prompt_tokens, help="tokens of the prompt's text"
    )
    parser.add_argument(
        "--text-tokens",
        type=count_from(0),
        default=STANDARD_WORK.text_tokens,
        help="text and thinking beside the image",
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
    check_narrowing(arguments, engine)
    rows = [row for row in compare(engine, work, day=day) if is_wanted(row, arguments)]
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
