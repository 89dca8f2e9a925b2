"""Load the engine for a command, and tell about plugins that did not load."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policyengine.cli.output import warn
from policyengine.cli.reading import BadLine, column_map, read_all
from policyengine.engine import Engine
from policyengine.errors import InputError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable, Iterator

    from policyengine.cli.reading import Recorded
    from policyengine.verdict import Verdict

__all__ = ["add_context_arguments", "add_file_arguments", "context_of", "engine_for", "print_verdicts", "verdicts_of"]


def engine_for(arguments: Namespace) -> Engine:
    """Return the engine of the policy directory that *arguments* name.

    Raises:
        PolicyFileError: files have faults.
    """
    engine = Engine.load(arguments.policy)
    for problem in engine.plugins.problems:
        warn(f"plugin left out: {problem}")
    for fault in engine.policy.warnings:
        if fault.severity == "error":
            warn(f"file left out: {fault}")
    return engine


def add_file_arguments(parser: ArgumentParser, *, nargs: str | None = None) -> None:
    """Add a file of answers and what may be known beside them."""
    parser.add_argument("file", metavar="FILE", nargs=nargs, help="JSON or NDJSON; - for standard input")
    parser.add_argument("--column", action="append", default=[], metavar="FIELD=COLUMN", help="where a field stands")
    add_context_arguments(parser)


def verdicts_of(arguments: Namespace) -> Iterator[Verdict | BadLine]:
    """Yield the verdict on each answer of the file, and the lines that cannot be read."""
    engine = engine_for(arguments)
    known = context_of(arguments, engine)
    for found in read_all([arguments.file], column_map(arguments.column)):
        if isinstance(found, BadLine):
            yield found
        elif found.facts is not None:
            yield _on_facts(engine, found)
        else:
            yield from map(engine.evaluate, engine.split(found.body, **{**found.context, **known}))


def print_verdicts(arguments: Namespace, write: Callable[[Verdict], str]) -> int:
    """Print each verdict as *write* puts it; return 1 when some answers could not be read."""
    bad = 0
    for verdict in verdicts_of(arguments):
        if isinstance(verdict, BadLine):
            warn(f"{verdict.where}: {verdict.message}")
            bad += 1
        else:
            print(write(verdict))
    return 1 if bad else 0


def _on_facts(engine: Engine, found: Recorded) -> Verdict | BadLine:
    from policyengine.cli.given import verdict_on  # noqa: PLC0415  few files hold facts

    try:
        return verdict_on(engine, found.facts or {})
    except InputError as error:
        return BadLine(found.where, str(error))


def add_context_arguments(parser: ArgumentParser) -> None:
    """Add what a caller may know beside the answer."""
    group = parser.add_argument_group("what is known beside the answer")
    group.add_argument("--provider", help="narrow the dialects that are tried")
    group.add_argument("--dialect", help="the wire format, when it is not recognized")
    group.add_argument("--seller", help="who sends the invoice")
    group.add_argument("--account", help="a key of accounts.toml")
    group.add_argument("--model", help="the model that was called")
    group.add_argument("--http-status", type=int, help="the HTTP status of the answer")
    group.add_argument("--at", help="when it was submitted, ISO 8601")
    group.add_argument("--mode", help="the account's tariff: per-token, per-call")
    group.add_argument("--plan", help="the account's subscription plan")


def context_of(arguments: Namespace, engine: Engine) -> dict[str, object]:
    """Return the context that *arguments* give, as `Engine.evaluate` takes it.

    Raises:
        DialectError, AccountError, InputError: a name or a time is not known; better told once than for every line.
    """
    engine.split(None, **_told(arguments))
    return _told(arguments)


def _told(arguments: Namespace) -> dict[str, object]:
    names = ("provider", "dialect", "seller", "account", "model", "http_status", "at")
    context = {name: value for name in names if (value := getattr(arguments, name)) is not None}
    account = {name: value for name in ("mode", "plan") if (value := getattr(arguments, name)) is not None}
    return {**context, **({"account_facts": account} if account else {})}
