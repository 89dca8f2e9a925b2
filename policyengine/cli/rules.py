"""List the rules in the order in which they decide."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policyengine.cli.arguments import refuse_unknown
from policyengine.cli.loading import engine_for
from policyengine.cli.output import bold, print_table
from policyengine.vocabulary import PARTS

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator

    from policyengine.engine import Engine
    from policyengine.rules.model import Decision
    from policyengine.rules.ordered import BoundRule

EPILOG = """examples:
  imgpolicy rules
  imgpolicy rules --seller SELLER
  imgpolicy rules --dialect DIALECT --policy policy/
"""
_HEADER = ("rule", "status", "decides", "origin", "title")


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of `rules`."""
    parser.add_argument("--dialect", help="only the rules that classify answers of this dialect")
    parser.add_argument("--seller", help="only the rules by which this seller bills")


def run(arguments: Namespace) -> int:
    """Print a table for each list of rules."""
    engine = engine_for(arguments)
    for title, decision, key in _lists(engine, arguments):
        book = engine.policy.rules
        rules = [*book.deciding(decision, key).rules, *book.experimental(decision, key).rules]
        print(bold(f"{title}, {len(rules)} rules"))
        print_table(_HEADER, [_row(rule) for rule in rules])
        print()
    return 0


def _lists(engine: Engine, arguments: Namespace) -> Iterator[tuple[str, Decision, str]]:
    if arguments.dialect is not None:
        yield f"classify {engine.plugins.dialect(arguments.dialect).name}", "classify", arguments.dialect
    if arguments.seller is not None:
        refuse_unknown(arguments.seller, engine.policy.prices.sellers)
        yield f"bill of {arguments.seller}", "bill", arguments.seller
    if arguments.dialect is None and arguments.seller is None:
        for dialect in engine.plugins.dialects:
            yield f"classify {dialect}", "classify", dialect
        for seller in engine.policy.rules.sellers():
            yield f"bill of {seller}", "bill", seller
        yield "route", "route", ""
        yield "preflight", "preflight", ""


def _row(rule: BoundRule) -> tuple[object, ...]:
    return (rule.rule.id, rule.rule.status, _effect(rule), f"{rule.place.file}:{rule.place.line}", rule.rule.title)


def _effect(rule: BoundRule) -> str:
    then = rule.rule.then
    if rule.decision == "classify":
        return f"{then.outcome}/{then.stage}"
    if rule.decision == "route":
        return str(then.action)
    if rule.decision == "preflight":
        return str(then.severity)
    return " ".join(f"{name}={value}" for name in PARTS if (value := getattr(then, name)) is not None)
