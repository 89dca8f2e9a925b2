"""Print what each failure of the same piece of work costs at each seller."""

from __future__ import annotations

from decimal import Decimal  # noqa: TC003  the example in a docstring runs with it
from typing import TYPE_CHECKING

import msgspec

from policyengine.cli.loading import engine_for
from policyengine.cli.output import print_csv, print_markdown, print_table
from policyengine.compare import STANDARD_WORK, Row, compare
from policyengine.errors import InputError, nearest
from policyengine.explain import interval
from policyengine.money.tariff import Workload, megapixels

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterable, Sequence

EPILOG = """examples:
  imgpolicy compare
  imgpolicy compare --size 2048x2048 --quality high --markdown
  imgpolicy compare --seller SELLER --seller OTHER --csv
  imgpolicy compare --view NAME --markdown

A share is that of what the same work costs when it succeeds. `unknown` counts from nothing
to the whole price: nobody with authority says whether it is billed.
"""
_HEADER = (
    "platform",
    "seller",
    "model",
    "what happens",
    "stopped at",
    "input",
    "text",
    "image",
    "request",
    "basis",
    "free notice",
    "cost of the failure",
    "share of a success",
    "next",
)


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of `compare`."""
    shape = parser.add_mutually_exclusive_group()
    shape.add_argument("--json", action="store_true", help="print one row a line as JSON")
    shape.add_argument("--csv", action="store_true")
    shape.add_argument("--markdown", action="store_true")
    parser.add_argument("--view", metavar="NAME", help="what a text claims, beside the evidence; a name or a directory")
    parser.add_argument("--platform", action="append", help="only this provider; may be repeated")
    parser.add_argument("--seller", action="append", help="only this seller; may be repeated")
    parser.add_argument("--images", type=_count, default=STANDARD_WORK.images, help="images asked for")
    parser.add_argument("--size", type=_size, default=STANDARD_WORK.size, help="WxH")
    parser.add_argument("--quality", default=STANDARD_WORK.quality, help="low, medium, high")
    parser.add_argument("--prompt-tokens", type=_count, default=STANDARD_WORK.prompt_tokens)
    parser.add_argument(
        "--text-tokens", type=int, default=STANDARD_WORK.text_tokens, help="text and thinking beside the image"
    )


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
    engine = engine_for(arguments)
    _check_names(arguments.platform, engine.plugins.providers, "platform")
    _check_names(arguments.seller, engine.policy.prices.sellers, "seller")
    rows = [row for row in compare(engine, work) if _wanted(row, arguments)]
    if arguments.json:
        for row in rows:
            print(msgspec.json.encode(row).decode())
    elif arguments.csv:
        print_csv(_HEADER, map(_cells, rows))
    elif arguments.markdown:
        print_markdown(_HEADER, map(_cells, rows))
    else:
        print_table(_HEADER, map(_cells, rows))
    return 0


def _count(written: str) -> int:
    """Return a whole number from 1 on; argparse names the option when it is none."""
    number = int(written)
    if number < 1:
        raise ValueError
    return number


_count.__name__ = "number from 1 on"


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


def _cells(row: Row) -> Sequence[object]:
    bill = row.bill
    return (
        row.platform,
        row.seller,
        row.model,
        row.title,
        row.stage,
        bill.input,
        bill.text,
        bill.image,
        bill.request,
        row.basis,
        "yes" if row.notice else "no",
        interval(row.low, row.high),
        _share(row),
        row.action,
    )


def _share(row: Row) -> str:
    """Return the share in percent: one figure, two ends, or what is missing."""
    if row.share is None:
        return "-"
    low, high = row.share
    if high is None:
        return f"from {_percent(low)} on"
    return _percent(low) if low == high else f"{_percent(low)} to {_percent(high)}"


def _percent(share: Decimal) -> str:
    """Return a share such as 0.0338 as `3.4 %`.

    >>> _percent(Decimal("0.03381"))
    '3.4 %'
    """
    percent = share * 100
    return f"{percent:.0f} %" if percent == 0 or percent >= 10 else f"{percent:.2g} %"  # noqa: PLR2004
