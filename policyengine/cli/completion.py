"""`imgpolicy completion SHELL`: print the script that completes commands, options and names in a shell."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from policyengine.errors import PolicyEngineError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["EPILOG", "add_arguments", "run"]

EPILOG = """\
examples:
  imgpolicy completion bash > ~/.local/share/bash-completion/completions/imgpolicy
  imgpolicy completion zsh > ~/.zfunc/_imgpolicy
  imgpolicy completion fish > ~/.config/fish/completions/imgpolicy.fish

The script needs no Python while it completes. Print it anew after an upgrade or a new plugin."""

_SHELLS = ("bash", "zsh", "fish", "tcsh")
_FILES = ("FILE", "WORKLOAD.toml")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    parser.add_argument("shell", choices=_SHELLS, help="the shell to complete in")


def run(arguments: argparse.Namespace) -> int:
    """Print the script for one shell."""
    try:
        import shtab  # noqa: PLC0415  the extra `completion`
    except ModuleNotFoundError as error:
        msg = "completion scripts are written by the package shtab: pip install 'imagegen-policyengine[completion]'"
        raise PolicyEngineError(msg) from error
    parser = _whole_parser()
    names = _names(arguments.policy)
    for action in _actions(parser):
        if action.metavar == "DIR":
            action.complete = shtab.DIRECTORY  # type: ignore[attr-defined]  # shtab reads it
        elif action.metavar in _FILES:
            action.complete = shtab.FILE  # type: ignore[attr-defined]  # as above
        elif action.dest in names:
            action.choices = names[action.dest]
    print(shtab.complete(parser, arguments.shell))
    return 0


def _whole_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands, which no other command needs as a whole."""
    from policyengine.cli.main import COMMANDS, command_parser, top_parser  # noqa: PLC0415  it imports this module

    parser, commands = top_parser()
    for name, command in COMMANDS.items():
        own, _ = command_parser(name)
        commands.add_parser(name, help=command.summary, parents=[own], add_help=False)
    return parser


def _names(policy: str | None) -> dict[str, list[str]]:
    """Return what options that take a name may be given, by option."""
    from policyengine.engine import Engine  # noqa: PLC0415

    engine = Engine.load(policy)
    providers = sorted(engine.plugins.providers)
    return {
        "dialect": sorted(engine.plugins.dialects),
        "provider": providers,
        "platform": providers,
        "seller": sorted({*engine.plugins.sellers, *engine.policy.rules.sellers()}),
    }


def _actions(parser: argparse.ArgumentParser) -> Iterable[argparse.Action]:
    """Yield the arguments of *parser* and of its commands."""
    for action in parser._actions:  # noqa: SLF001  argparse has no public list of them
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            for command in action.choices.values():
                yield from _actions(command)
        else:
            yield action
