"""Print what a month of work costs per effective image at each seller."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import msgspec

from policyengine.cli.arguments import add_narrowing, check_narrowing, count_from, is_wanted
from policyengine.cli.loading import engine_for
from policyengine.cli.output import print_csv, print_markdown, print_table
from policyengine.estimate import Forecast, forecast, load_workload, simulate, standard_workload
from policyengine.explain import interval

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator, Sequence

    from policyengine.estimate import FailureClass, Simulated
    from policyengine.verdict import Alternative

    Priced = tuple[Forecast, Simulated | None]

EPILOG = """examples:
  imgpolicy estimate workload.toml
  imgpolicy estimate workload.toml --seller SELLER --seller OTHER --markdown
  imgpolicy estimate workload.toml --monte-carlo 1000 --seed 7 --json

An effective image is one that arrives: its cost is all spend, failures and retries included,
over the images that arrive. Amounts are exact expectations; an interval comes from bills that
are unknown or conditional, or from facts that nobody tells. docs/estimate.md has the model.
"""
_HEADER = (
    "seller",
    "dialect",
    "model",
    "a success",
    "per effective image",
    "calls per piece of work",
    "without an image",
    "month",
    "of it for failures",
)
_SPREAD = "per effective image, 5 to 95 % of months"
_QUANTILES = ("p05", "p50", "p95")
_SPREADS = ("per_image_low", "per_image_high", "month_low", "month_high")
_FIELDS = (
    "platform",
    "seller",
    "dialect",
    "model",
    "success_low",
    "success_high",
    "per_image_low",
    "per_image_high",
    "month_low",
    "month_high",
    "failures_low",
    "failures_high",
    "attempts_low",
    "attempts_high",
    "without_image_low",
    "without_image_high",
)
_MICRO_DOLLAR = Decimal("0.000001")
_CENT = Decimal("0.01")
_MOST_LISTED = 4


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of `estimate`."""
    parser.add_argument(
        "workload",
        metavar="WORKLOAD.toml",
        nargs="?",
        help="images a month, their size, failures; the standard work without it",
    )
    shape = parser.add_mutually_exclusive_group()
    shape.add_argument("--json", action="store_true", help="print one seller a line as JSON")
    shape.add_argument("--csv", action="store_true", help="print both ends of each interval as CSV")
    shape.add_argument("--markdown", action="store_true", help="print a table as Markdown")
    add_narrowing(parser)
    parser.add_argument(
        "--monte-carlo", type=count_from(1), metavar="N", help="simulate N months to show how they spread"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the simulation; the same seed, the same months")


def run(arguments: Namespace) -> int:
    """Print the estimate."""
    engine = engine_for(arguments)
    sellers = tuple(engine.policy.prices.sellers)
    check_narrowing(arguments, engine)
    file = load_workload(arguments.workload, sellers=sellers) if arguments.workload else standard_workload()
    found = [one for one in forecast(engine, file) if is_wanted(one, arguments)]
    priced = list(zip(found, _simulated(found, file.work.images_per_month, arguments), strict=True))
    if arguments.json:
        for one, spread in priced:
            print(msgspec.json.encode(_record(one, spread)).decode())
    elif arguments.csv:
        _print_csv(priced, file.mix)
    else:
        _print_for_people(priced, file.mix, arguments)
    return 0


def _simulated(found: Sequence[Forecast], images: int, arguments: Namespace) -> Sequence[Simulated | None]:
    if arguments.monte_carlo is None:
        return [None] * len(found)
    return simulate(found, images=images, months=arguments.monte_carlo, seed=arguments.seed)


def _record(one: Forecast, spread: Simulated | None) -> dict[str, object]:
    """Return what JSON tells: everything but the chains behind it."""
    told = {name: value for name, value in msgspec.structs.asdict(one).items() if name != "bounds"}
    return told if spread is None else {**told, "simulated": spread}


def _print_csv(priced: Sequence[Priced], mix: Sequence[FailureClass]) -> None:
    """Print a column per figure; the sources of the failure shares stand in the last one."""
    simulated = [f"{name}_{percent}" for name in _SPREADS for percent in _QUANTILES]
    sources = "; ".join(dict.fromkeys(one.source for one in mix if one.source))
    has_spread = any(spread is not None for _, spread in priced)
    header = (*_FIELDS, *(simulated if has_spread else ()), "notes", "source of the failure shares")
    print_csv(header, ([*_figures(*one), "; ".join(one[0].notes), sources or None] for one in priced))


def _figures(one: Forecast, spread: Simulated | None) -> Iterator[object]:
    for field in _FIELDS:
        value = getattr(one, field)
        yield f"{value:f}" if isinstance(value, Decimal) else value
    for name in _SPREADS if spread is not None else ():
        yield from (getattr(getattr(spread, name), percent) for percent in _QUANTILES)


def _print_for_people(priced: Sequence[Priced], mix: Sequence[FailureClass], arguments: Namespace) -> None:
    header = (*_HEADER, _SPREAD) if arguments.monte_carlo else _HEADER
    show = print_markdown if arguments.markdown else print_table
    show(header, (tuple(_cells(*one)) for one in priced))
    print(f"\n{_expected(mix)}\n")
    for line in (*_sources(mix), *_notes([one for one, _ in priced])):
        print(f"- {line}")


def _cells(one: Forecast, spread: Simulated | None) -> Iterator[object]:
    yield from (one.seller, one.dialect, one.model)
    yield _dollars(one.success_low, one.success_high, _MICRO_DOLLAR)
    yield _dollars(one.per_image_low, one.per_image_high, _MICRO_DOLLAR)
    yield _range(f"{one.attempts_low:.3f}", f"{one.attempts_high:.3f}")
    yield _range(_percent(one.without_image_low), _percent(one.without_image_high))
    yield _dollars(one.month_low, one.month_high, _CENT)
    yield _dollars(one.failures_low, one.failures_high, _CENT)
    if spread is not None:
        yield _spread(spread)


def _dollars(low: Decimal, high: Decimal | None, unit: Decimal) -> str:
    """Return an interval rounded to *unit*: it is an expectation, no invoice.

    >>> _dollars(Decimal("0.067860000000"), Decimal("0.067877647059"), _MICRO_DOLLAR)
    '$0.06786 to $0.067878'
    """
    return interval(low.quantize(unit), None if high is None else high.quantize(unit))


def _range(low: str, high: str) -> str:
    return low if low == high else f"{low} to {high}"


def _percent(share: Decimal) -> str:
    """Return a share such as 0.0276 as `2.76 %`.

    >>> _percent(Decimal("0.0276"))
    '2.76 %'
    """
    return f"{share * 100:.2f} %"


def _spread(spread: Simulated) -> str:
    low, high = spread.per_image_low.p05, spread.per_image_high.p95
    return "-" if low is None else _dollars(low, high, _MICRO_DOLLAR)


def _expected(mix: Sequence[FailureClass]) -> str:
    told = (f"{one.name} {_percent(one.share)} ({one.outcome}{f' at {one.stage}' if one.stage else ''})" for one in mix)
    return f"Failures expected, of all calls: {', '.join(told) or 'none'}."


def _sources(mix: Sequence[FailureClass]) -> Iterator[str]:
    """Yield each source once, with the classes whose shares it gives."""
    by_source: dict[str, list[str]] = {}
    for one in mix:
        by_source.setdefault(one.source or "not told", []).append(one.name)
    for source, names in by_source.items():
        yield f"source of the shares ({', '.join(names)}): {source}"


def _notes(found: Sequence[Forecast]) -> Iterator[str]:
    """Yield each note once, with the sellers it holds for."""
    by_note: dict[str, list[str]] = {}
    for one in found:
        for note in one.notes:
            by_note.setdefault(note, []).append(f"{one.seller}/{one.dialect}")
        if len({(each.low, each.high) for each in one.alternatives}) > 1:
            yield f"{one.seller}/{one.dialect}: {_depends(one.alternatives)}; tell it under [seller.{one.seller}]"
    for note, names in by_note.items():
        yield f"{note}: {', '.join(names)}"


def _depends(alternatives: Sequence[Alternative]) -> str:
    """Return which untold facts the cost per effective image depends on, and how if they are few."""
    facts = ", ".join(dict.fromkeys(name for one in alternatives for name in one.given))
    if len(alternatives) > _MOST_LISTED:
        return f"depends on {facts}"
    return f"depends on {facts} ({', '.join(map(_alternative, alternatives))})"


def _alternative(one: Alternative) -> str:
    return f"{' and '.join(one.given.values())}: {_dollars(one.low, one.high, _MICRO_DOLLAR)}"
