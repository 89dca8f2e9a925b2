"""Dispatch `imgpolicy COMMAND`: only the command that runs is imported."""

from __future__ import annotations

import argparse
import os
import sys
from importlib import import_module
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import ModuleType

__all__ = ["COMMANDS", "command_parser", "main", "top_parser"]


class Command(NamedTuple):
    """Name the module of a command and say what it does."""

    module: str
    summary: str


COMMANDS: Mapping[str, Command] = {
    "evaluate": Command("evaluate", "decide recorded answers: what happened, what is billed, what to do next"),
    "explain": Command("explain", "explain the verdict on one answer: rules, evidence, arithmetic"),
    "facts": Command("facts", "show what rules see of an answer, as TOML to paste into `given`"),
    "compare": Command("compare", "compare what each failure costs at each seller"),
    "estimate": Command("estimate", "estimate what a month of work costs per effective image at each seller"),
    "preflight": Command("preflight", "advise on a call before it is made, and quote what it costs"),
    "prices": Command("prices", "list the prices that hold on a day"),
    "rules": Command("rules", "list the rules in the order in which they decide"),
    "check": Command("check", "report every fault of every rule, price and account file"),
    "suggest": Command("suggest", "write the examples and near misses that rules lack, as TOML to paste"),
    "test": Command("testing", "run the examples and near misses that the rules carry"),
    "evidence": Command("evidence", "list the sources that rules and prices lean on, with their age"),
    "diff": Command("diff", "say what a change of rules and prices does, to every answer or to those of a log"),
    "bundle": Command("bundle", "write all rules and prices into one file that decides the same"),
    "corpus": Command("corpus", "decide a labelled corpus and compare with its labels"),
    "providers": Command("providers", "list the installed plugins, their dialects and sellers"),
    "new": Command("new", "write the first files of a rule, a seller or a provider"),
    "schema": Command("schema", "print the JSON Schema of a kind of file"),
    "completion": Command("completion", "print the script that completes commands and names in a shell"),
}
_EPILOG = (
    "exit codes: 0 all right, 1 findings, 2 wrong usage or unreadable input. `imgpolicy COMMAND --help` has examples."
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that *arguments* name and return its exit code."""
    argv = list(sys.argv[1:] if arguments is None else arguments)
    _prepare_streams()
    try:
        if not argv or argv[0] not in COMMANDS:
            return _top(argv)
        parser, module = command_parser(argv[0])
        return _run(module.run, parser.parse_args(argv[1:]))
    except KeyboardInterrupt:
        return 130


def command_parser(name: str) -> tuple[argparse.ArgumentParser, ModuleType]:
    """Return the parser of one command and its module, which is imported."""
    summary = COMMANDS[name].summary
    module = import_module(f"policyengine.cli.{COMMANDS[name].module}")
    parser = argparse.ArgumentParser(
        prog=f"imgpolicy {name}",
        description=f"{summary[0].upper()}{summary[1:]}.",
        epilog=module.EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--policy", metavar="DIR", default=os.environ.get("IMGPOLICY_DIR") or None, help="a policy directory"
    )
    module.add_arguments(parser)
    return parser, module


def top_parser() -> tuple[argparse.ArgumentParser, argparse._SubParsersAction[argparse.ArgumentParser]]:
    """Return the parser before the command, and where commands are added."""
    parser = argparse.ArgumentParser(
        prog="imgpolicy",
        description="Was my image generation charged, how much, says who, and what do I do next?",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="store_true", help="print the version")
    return parser, parser.add_subparsers(title="commands", metavar="COMMAND")


def _top(argv: Sequence[str]) -> int:
    """Print help or version, or refuse what is no command."""
    parser, commands = top_parser()
    for name, command in COMMANDS.items():
        commands.add_parser(name, help=command.summary, add_help=False)
    told = parser.parse_args(argv)
    if told.version:
        import policyengine  # noqa: PLC0415

        print(policyengine.__version__)
        return 0
    parser.print_help(sys.stdout if argv else sys.stderr)
    return 0 if argv else 2


def _prepare_streams() -> None:
    """Write data as UTF-8 wherever it goes, escape what a terminal cannot show, and stand in for closed streams."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115  for as long as we run
    out = sys.stdout
    if isinstance(out, TextIOWrapper):
        out.reconfigure(encoding=out.encoding if out.isatty() else "utf-8", errors="backslashreplace")


def _run(run: object, arguments: argparse.Namespace) -> int:
    """Run a command; print our own errors and those of the system in one line, let any other keep its traceback."""
    from policyengine.errors import PolicyEngineError  # noqa: PLC0415

    try:
        code = run(arguments)  # type: ignore[operator]  # every command module has run(arguments) -> int
        sys.stdout.flush()
    except PolicyEngineError as error:
        print(f"imgpolicy: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        _drop_output()
        return 0
    except OSError as error:
        if error.filename is None:
            _drop_output()
        print(f"imgpolicy: {error.filename or 'standard output'}: {error.strerror or error}", file=sys.stderr)
        return 2
    return int(code)


def _drop_output() -> None:
    """Send to nowhere what is still to be written, which would fail again when the process ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
