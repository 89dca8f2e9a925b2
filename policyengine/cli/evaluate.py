"""Decide recorded answers and print a table, NDJSON, CSV or a summary."""

from __future__ import annotations

import sys
from collections import Counter
from typing import TYPE_CHECKING

import msgspec

from policyengine.cli.deciding import Deciding
from policyengine.cli.loading import add_context_arguments
from policyengine.cli.output import print_csv, print_table, progress, warn
from policyengine.cli.reading import BadLine, column_map, read_all
from policyengine.errors import PolicyEngineError
from policyengine.explain import money, short_interval
from policyengine.summary import summarize

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterable, Iterator

    from policyengine.summary import Group
    from policyengine.verdict import Verdict

EPILOG = """examples:
  imgpolicy evaluate answer.json --http-status 200
  imgpolicy evaluate log.ndjson --column body=response --column http_status=status --summary
  tail -f calls.ndjson | imgpolicy evaluate - --json

A file holds one answer, an array of stream chunks, or one exchange a line or an array of
exchanges: objects with `body` and, if known, http_status, headers, url, request, at, model,
seller, account, account_facts, elapsed_s, attempt, transport_error, provider, dialect.
Other names: --column FIELD=COLUMN. Verdicts that --json printed are decided anew.
"""
_HEADER = (
    "answer",
    "seller",
    "outcome",
    "stage",
    "images",
    "input",
    "text",
    "image",
    "request",
    "basis",
    "charge",
    "next",
)
_SUMMARY = ("seller", "outcome", "rule", "n", "at least", "at most", "unpriced")


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of `evaluate`."""
    parser.add_argument("files", nargs="+", metavar="FILE", help="JSON or NDJSON; - for standard input")
    shape = parser.add_mutually_exclusive_group()
    shape.add_argument("--json", action="store_true", help="print one verdict a line as JSON")
    shape.add_argument("--csv", action="store_true", help="print flat records as CSV")
    shape.add_argument(
        "--summary", action="store_true", help="add up by seller, outcome and rule, the widest interval first"
    )
    parser.add_argument("--column", action="append", default=[], metavar="FIELD=COLUMN", help="where a field stands")
    parser.add_argument("--each", action="store_true", help="every element of an array is an answer of its own")
    add_context_arguments(parser)


def run(arguments: Namespace) -> int:
    """Decide every answer; exit with 1 when some could not be read."""
    bad: list[BadLine] = []
    decided = _decided(arguments, bad)
    if arguments.summary:
        groups = summarize(verdict for _, verdict in decided)
        print_table(_SUMMARY, [_group(group) for group in groups])
    elif arguments.json:
        for where, verdict in decided:
            print(msgspec.json.encode({"answer": where, **msgspec.to_builtins(verdict)}).decode())
    elif arguments.csv:
        _print_records(decided)
    else:
        verdicts = list(decided)
        print_table(_HEADER, [_row(where, verdict) for where, verdict in verdicts])
        _mind(verdict for _, verdict in verdicts)
    if bad:
        warn(f"{len(bad)} could not be read and were skipped")
    return 1 if bad else 0


def _decided(arguments: Namespace, bad: list[BadLine]) -> Iterator[tuple[str, Verdict]]:
    """Yield the verdict on each answer; report what cannot be read and go on."""
    columns = column_map(arguments.column)
    deciding = Deciding(arguments)
    for number, found in enumerate(read_all(arguments.files, columns, each=arguments.each), 1):
        progress(number)
        if isinstance(found, BadLine):
            _report(found, bad)
            continue
        try:
            yield from deciding.verdicts(found)
        except PolicyEngineError as error:
            _report(BadLine(found.where, str(error)), bad)


def _report(line: BadLine, bad: list[BadLine]) -> None:
    bad.append(line)
    print(f"{line.where}: {line.message}", file=sys.stderr)


def _row(where: str, verdict: Verdict) -> tuple[object, ...]:
    bill = verdict.bill
    return (
        where,
        verdict.facts.seller,
        verdict.outcome,
        verdict.stage,
        verdict.images,
        bill.input,
        bill.text,
        bill.image,
        bill.request,
        verdict.basis,
        short_interval(verdict.charge.low, verdict.charge.high),
        verdict.route.action,
    )


def _group(group: Group) -> tuple[object, ...]:
    return group.seller, group.outcome, group.rule, group.n, money(group.low), money(group.high), group.unpriced


def _mind(verdicts: Iterable[Verdict]) -> None:
    """Print each kind of warning once, with its number and its first message."""
    first: dict[str, str] = {}
    counted: Counter[str] = Counter()
    for verdict in verdicts:
        for warning in verdict.warnings:
            first.setdefault(warning.code, warning.message)
            counted[warning.code] += 1
    for code, number in counted.items():
        print(f"{code} ({number}): {first[code]}", file=sys.stderr)


def _print_records(decided: Iterator[tuple[str, Verdict]]) -> None:
    records = [{"answer": where, **verdict.record()} for where, verdict in decided]
    header = list(records[0]) if records else ["answer"]
    print_csv(header, [list(record.values()) for record in records])
