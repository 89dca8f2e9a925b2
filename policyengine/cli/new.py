"""Write the first files of a rule, a seller or a provider."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from policyengine.engine import Engine
from policyengine.errors import InputError, nearest
from policyengine.fallback import FALLBACK, NOBODY
from policyengine.rules.model import RULE_ID_PATTERN
from policyengine.scaffold import new_provider, new_rule, new_seller
from policyengine.scaffold.names import free_name

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Sequence

EPILOG = """examples:
  imgpolicy new rule ours.refunds --seller pixelmarkt   a bill rule, policy/bill/ours.refunds.toml
  imgpolicy new rule ours.outages --provider acme       a rule that says what happened
  imgpolicy new rule ours.retries                       a rule that says what to do next
  imgpolicy new seller pixelmarkt                       policy/bill/pixelmarkt.toml, policy/prices/pixelmarkt.toml
  imgpolicy new provider acme                           ./acme, a distribution to install with pip

Rules and sellers go into the policy directory that --policy names, `policy` if none. Nothing is ever overwritten.
"""
_HOME = "policy"


def add_arguments(parser: ArgumentParser) -> None:
    """Add a parser for each kind of thing."""
    kinds = parser.add_subparsers(title="kinds", metavar="KIND", required=True)
    rule = _kind(kinds, "rule", "a rule, as an experiment that decides nothing yet")
    rule.add_argument("id", metavar="ID", help="the id of the rule, such as ours.refunds")
    owner = rule.add_mutually_exclusive_group()
    owner.add_argument("--seller", help="a bill rule of this seller")
    owner.add_argument("--provider", help="a rule that classifies answers of this provider")
    rule.set_defaults(make=_rule)
    seller = _kind(kinds, "seller", "a seller: a bill table and a price file")
    seller.add_argument("name", metavar="NAME")
    seller.set_defaults(make=_seller)
    provider = _kind(kinds, "provider", "a provider: a distribution with a dialect, rules, samples and tests")
    provider.add_argument("name", metavar="NAME")
    provider.add_argument("--directory", metavar="DIR", help="where to write it; ./NAME if not given")
    provider.set_defaults(make=_provider)


def _kind(kinds: argparse._SubParsersAction[ArgumentParser], name: str, summary: str) -> ArgumentParser:
    parser = kinds.add_parser(name, help=summary, description=f"Write {summary}.")
    parser.add_argument("--policy", metavar="DIR", default=argparse.SUPPRESS, help="a policy directory")
    return parser


def run(arguments: Namespace) -> int:
    """Write the files, name them, and say what to do with them."""
    written, then = arguments.make(arguments)
    for path in written:
        print(path)
    print(f"next: {then}", file=sys.stderr)
    return 0


def _rule(arguments: Namespace) -> tuple[Sequence[Path], str]:
    home, engine = _policy(arguments)
    _check_id(arguments.id, engine)
    decision, dialects = "route", tuple[str, ...]()
    if arguments.provider is not None:
        decision, dialects = "classify", tuple(one.name for one in engine.plugins.dialects_of(arguments.provider))
    if arguments.seller is not None:
        decision = "bill"
        _check_known(arguments.seller, tuple(engine.policy.prices.sellers))
    written = new_rule(home, decision, rule_id=arguments.id, seller=arguments.seller or "", dialects=dialects)
    return written, f"edit it, then imgpolicy check --policy {home} && imgpolicy test --policy {home}"


def _seller(arguments: Namespace) -> tuple[Sequence[Path], str]:
    home, engine = _policy(arguments)
    name = free_name("seller", arguments.name, {*engine.policy.prices.sellers, NOBODY})
    return new_seller(home, name), f"fill in hosts, evidence and prices, then imgpolicy check --policy {home}"


def _provider(arguments: Namespace) -> tuple[Sequence[Path], str]:
    engine = Engine.load()
    plugins = engine.plugins
    taken = {*plugins.providers, *plugins.dialects, *engine.policy.prices.sellers, FALLBACK.name, NOBODY}
    name = free_name("provider", arguments.name, taken)
    directory = Path(arguments.directory or name)
    written = new_provider(directory, name)
    place = directory if directory.is_absolute() else f"./{directory}"
    return (
        written,
        f"pip install --editable '{place}[test]' && pytest {place}; {place}/README.md says what to replace",
    )


def _policy(arguments: Namespace) -> tuple[Path, Engine]:
    """Return the policy directory to write into, there or not, and the engine that it gives."""
    home = Path(arguments.policy or _HOME)
    return home, Engine.load(home if home.is_dir() else None)


def _check_id(written: str, engine: Engine) -> None:
    if re.fullmatch(RULE_ID_PATTERN, written) is None:
        msg = f"{written!r} is no rule id: lower-case letters, digits, and . _ - between them"
        raise InputError(msg)
    if (rule := engine.policy.rules.rules.get(written)) is not None:
        msg = f"rule {written!r} exists already: {rule.place.file}:{rule.place.line}; choose another id"
        raise InputError(msg)


def _check_known(seller: str, sellers: Sequence[str]) -> None:
    if seller not in sellers:
        msg = f"seller {seller!r} is not known{nearest(seller, sellers)} (imgpolicy new seller makes one)"
        raise InputError(msg)
