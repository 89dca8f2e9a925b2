"""Write the comparison for people: `python -m policyengine.comparison` prints docs/comparison.md."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from policyengine.cli.output import markdown_lines
from policyengine.comparison import STANDARD_WORK, Row, compare, prices_checked
from policyengine.explain import short_interval
from policyengine.money.exact import EXACT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from decimal import Decimal

    from policyengine.engine import Engine
    from policyengine.money.tariff import Workload
    from policyengine.rules.model import Evidence

__all__ = [
    "CSV_HEADER",
    "TEXT_HEADER",
    "by_platform",
    "comparison_page",
    "csv_cells",
    "markdown",
    "text_cells",
    "work_in_words",
]

TEXT_HEADER = ("seller", "model", "failure", "cost", "of a success", "evidence", "rate limit", "filter", "next")
CSV_HEADER = (
    "platform",
    "seller",
    "models",
    "outcome",
    "stage",
    "what happens",
    "low_usd",
    "high_usd",
    "share_low",
    "share_high",
    "input",
    "text",
    "image",
    "request",
    "basis",
    "checked",
    "source",
    "free notice",
    "rate limit",
    "rate limit source",
    "filter",
    "setting",
    "filter source",
    "next",
    "samples",
)
_MARKDOWN_HEADER = (
    "seller",
    "model",
    "failure",
    "what happens",
    "cost",
    "of a success",
    "bill",
    "evidence",
    "free notice",
    "rate limit",
    "filter",
    "next",
    "samples",
)
_RATE_LIMITS = {"counted": "counts", "not_counted": "does not count", "unknown": "unknown", "na": "-"}
_FILTERS = {"adjustable": "adjustable", "fixed": "fixed", "unknown": "unknown", "na": "-"}
_PAGE = """# Comparison

What the same failure costs at each seller, for one same piece of work:
{work}.
A row is one class of failure at one seller: an outcome, and where it stopped ([Concepts](concepts.md#outcome)). Samples
of one class that are billed alike share a row, others stay apart. Within a platform what costs most at worst comes
first; what arrived, in part or whole, comes last, to measure the failures by. An interval from $0.00 means that
nobody with authority says whether it is billed, or that it depends on what no answer tells; `?` is an end that nothing
bounds. *of a success* is the cost as a share of what the same work costs when it succeeds; *bill* what the seller does
with each component of its tariff; *evidence* the best there is for the component that rests on the weakest, and the
day on which it was last read, `none` where nothing speaks for it; *free notice* the sentence by which the answer itself
says what is free; *rate limit* whether the failure counts toward the seller's limits; *filter* whether a setting of the
customer's changes what was stopped; *next* what the bundled route rules say to do. `unknown` means that no source says.

Prices and rules are those of {day}, the day on which the newest bundled price was checked: the page changes when
prices or rules do, and never by the calendar. `imgpolicy compare` prints the same for today, for other work and
with your own rules. An answer that is not final, or that no rule recognizes, is no class of failure and has no row.
This page is written by `python -m policyengine.comparison > docs/comparison.md`."""


def comparison_page(engine: Engine) -> str:
    """Return the page that compares every seller of *engine* on the day its newest price was checked."""
    day = prices_checked(engine)
    head = _PAGE.format(work=work_in_words(STANDARD_WORK), day=day.isoformat())
    return f"{head}\n\n{markdown(compare(engine, day=day))}\n"


def work_in_words(work: Workload) -> str:
    """Return *work* as people say it."""
    images = "1 image" if work.images == 1 else f"{work.images} images"
    return (
        f"{images} of {work.size} at {work.quality} quality, "
        f"{work.prompt_tokens} tokens of prompt, {work.text_tokens} tokens of text and thinking"
    )


def by_platform(rows: Iterable[Row]) -> Iterator[tuple[str, list[Row]]]:
    """Yield each platform with its *rows*, which come in the order of platforms."""
    for platform, group in groupby(rows, key=lambda row: row.platform):
        yield platform, list(group)


def markdown(rows: Iterable[Row]) -> str:
    """Return *rows* as a table per platform."""
    return "\n\n".join(
        f"## {platform}\n\n" + "\n".join(markdown_lines(_MARKDOWN_HEADER, map(_markdown_cells, group)))
        for platform, group in by_platform(rows)
    )


def text_cells(row: Row) -> Sequence[object]:
    """Return the cells of *row* that fit a terminal."""
    more = f" +{len(row.models) - 1}" if len(row.models) > 1 else ""
    return (
        row.seller,
        f"{row.models[0]}{more}" if row.models else None,
        _failure(row),
        short_interval(row.low, row.high),
        _share(row),
        f"{row.evidence.basis} {row.evidence.checked}" if row.evidence else "none",
        _RATE_LIMITS[row.rate_limit],
        _FILTERS[row.filter],
        row.action,
    )


def csv_cells(row: Row) -> Sequence[object]:
    """Return every cell of *row*, numbers plain."""
    share = row.share or (None, None)
    evidence = row.evidence
    return (
        row.platform,
        row.seller,
        ", ".join(row.models),
        row.outcome,
        row.stage,
        "; ".join(row.titles),
        *(end if end is None else f"{end.normalize(EXACT):f}" for end in (row.low, row.high)),
        *(end if end is None else f"{end:.4f}" for end in share),
        *row.bill.values().values(),
        *((evidence.basis, evidence.checked, evidence.source) if evidence else (None, None, None)),
        row.notice,
        row.rate_limit,
        row.rate_limit_evidence and row.rate_limit_evidence.source,
        row.filter,
        row.bill.setting if row.filter == "adjustable" else None,
        row.filter_evidence and row.filter_evidence.source,
        row.action,
        ", ".join(row.samples),
    )


def _markdown_cells(row: Row) -> Sequence[object]:
    setting = f": {row.bill.setting}" if row.filter == "adjustable" and row.bill.setting else ""
    return (
        row.seller,
        ", ".join(row.models) or None,
        _failure(row),
        "; ".join(row.titles),
        short_interval(row.low, row.high),
        _share(row),
        ", ".join(f"{component} {value}" for component, value in row.bill.values().items() if value != "na"),
        _cited(row.evidence) if row.evidence else "none",
        f'"{row.notice}"' if row.notice else "no",
        _RATE_LIMITS[row.rate_limit] + _in_brackets(row.rate_limit_evidence),
        _FILTERS[row.filter] + setting + _in_brackets(row.filter_evidence),
        row.action,
        ", ".join(row.samples),
    )


def _failure(row: Row) -> str:
    """Return a class as words: `blocked at output`."""
    if row.stage == "none":
        return row.outcome
    return f"{row.outcome}, stage unknown" if row.stage == "unknown" else f"{row.outcome} at {row.stage}"


def _cited(evidence: Evidence) -> str:
    basis = f"[{evidence.basis}]({evidence.source})" if evidence.source.startswith("http") else evidence.basis
    return f"{basis} {evidence.checked}"


def _in_brackets(evidence: Evidence | None) -> str:
    return f" ({_cited(evidence)})" if evidence else ""


def _share(row: Row) -> str:
    """Return the share in percent: one figure, two ends, or `-` where the cost of a success is not known."""
    if row.share is None:
        return "-"
    low, high = row.share
    if high is None:
        return f"{_percent(low)} to ?"
    return _percent(low) if low == high else f"{_percent(low)} to {_percent(high)}"


def _percent(share: Decimal) -> str:
    """Return a share such as 0.0338 as `3.4 %`.

    >>> from decimal import Decimal
    >>> _percent(Decimal("0.03381"))
    '3.4 %'
    """
    percent = share * 100
    return f"{percent:.0f} %" if percent == 0 or percent >= 10 else f"{percent:.2g} %"  # noqa: PLR2004


def main() -> None:
    """Print the page for the bundled rules and the installed plugins."""
    from policyengine.engine import Engine  # noqa: PLC0415  only when the page is printed

    print(comparison_page(Engine.load()), end="")  # noqa: T201
