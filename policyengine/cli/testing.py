"""Run the examples and near misses that the rules carry, and measure what they cover."""

from __future__ import annotations

import sys
from argparse import ArgumentTypeError
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from policyengine.cli.loading import engine_for
from policyengine.cli.output import print_table
from policyengine.explain import printable
from policyengine.rules.examples import cases, failure_of, untested

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from policyengine.rules.coverage import Coverage
    from policyengine.rules.examples import Failure
    from policyengine.rules.layers import RuleBook

EPILOG = """examples:
  imgpolicy test
  imgpolicy test --policy policy/ --coverage
  imgpolicy test --coverage --fail-under 95 --junit report.xml

Coverage counts the rules of the policy directory; without one, the bundled rules.
"""
_ALL = 100


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of `test`."""
    parser.add_argument("--json", action="store_true", help="print one failure a line as JSON, then the coverage")
    parser.add_argument("--junit", metavar="FILE", type=Path, help="write JUnit XML to FILE as well")
    parser.add_argument(
        "--coverage", action="store_true", help="show which rules and conditions no example or near miss exercises"
    )
    parser.add_argument(
        "--fail-under", metavar="PERCENT", type=_percent, help="with --coverage: exit with 1 below this coverage"
    )


def _percent(written: str) -> Decimal:
    try:
        percent = Decimal(written)
    except InvalidOperation:
        percent = Decimal(-1)
    if not percent.is_finite() or not 0 <= percent <= _ALL:
        msg = f"{written!r} is no percentage from 0 to {_ALL}"
        raise ArgumentTypeError(msg)
    return percent


def run(arguments: Namespace) -> int:
    """Print the failures and the coverage; exit with 1 when there are failures, or too little is covered."""
    book = engine_for(arguments).policy.rules
    results = [(case, failure_of(case)) for case in cases(book)]
    failures = [failure for _, failure in results if failure is not None]
    coverage = _coverage(arguments, book)
    for failure in failures:
        print(msgspec.json.encode(failure).decode() if arguments.json else _text(failure))
    _tell_untested(book, len(results), len(failures), as_text=not arguments.json)
    if coverage is not None:
        _print_coverage(coverage, as_json=arguments.json)
    if arguments.junit is not None:
        from policyengine.cli.junit import write_junit  # noqa: PLC0415  only when asked for

        write_junit(arguments.junit, results, coverage, arguments.fail_under)
    return 1 if failures or _is_too_little(coverage, arguments.fail_under) else 0


def _text(failure: Failure) -> str:
    return printable("\n  ".join([str(failure), *failure.details()]))


def _tell_untested(book: RuleBook, ran: int, failed: int, *, as_text: bool) -> None:
    lacking = untested(book)
    for rule in lacking:
        missing = " and no ".join(kind for kind in ("example", "near_miss") if not getattr(rule.rule, kind))
        print(f"{rule.place.file}:{rule.place.line}: {rule.rule.id} has no {missing}", file=sys.stderr)
    if as_text:
        lack = f"{len(lacking)} of {len(book.rules)} rules lack one of them"
        print(f"{ran - failed} of {ran} examples and near misses hold; {lack}")


def _coverage(arguments: Namespace, book: RuleBook) -> Coverage | None:
    if not arguments.coverage and arguments.fail_under is None:
        return None
    from policyengine.rules.coverage import coverage_of  # noqa: PLC0415  only when asked for

    return coverage_of(book)


def _print_coverage(coverage: Coverage, *, as_json: bool) -> None:
    """Print what is not covered, and the totals; as JSON everything."""
    if as_json:
        told = {"percent": float(coverage.percent), "totals": coverage.totals(), "rules": coverage.rules}
        print(msgspec.json.encode({"coverage": told}).decode())
        return
    for rule in coverage.rules:
        for gap in rule.gaps:
            print(printable(f"{rule.file}:{rule.line}: {rule.rule}: {gap}"))
    print_table(
        ("covered", "", "of", "%"),
        [(total.kind, total.covered, total.of, total.percent) for total in coverage.totals()],
    )


def _is_too_little(coverage: Coverage | None, least: Decimal | None) -> bool:
    if coverage is None or least is None or coverage.percent >= least:
        return False
    print(f"coverage is {coverage.percent} %, less than {least} %", file=sys.stderr)
    return True
