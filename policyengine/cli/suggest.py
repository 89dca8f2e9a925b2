"""Write the examples and near misses that rules lack, as TOML to paste below each rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policyengine.cli.loading import engine_for
from policyengine.cli.output import printable
from policyengine.errors import InputError, nearest
from policyengine.rules.given import given_inline

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from policyengine.proof.suggest import Suggestion

EPILOG = """examples:
  imgpolicy suggest
  imgpolicy suggest --policy policy/
  imgpolicy suggest RULE RULE
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of `suggest`."""
    parser.add_argument("rules", nargs="*", metavar="RULE", help="ids of rules; all by default")


def run(arguments: Namespace) -> int:
    """Print what rules lack, file by file and rule by rule.

    Raises:
        InputError: an id is that of no rule.
    """
    from policyengine.proof.suggest import suggestions  # noqa: PLC0415  help needs none of it

    engine = engine_for(arguments)
    known = tuple(engine.policy.rules.rules)
    for name in arguments.rules:
        if name not in known:
            msg = f"there is no rule {name!r}{nearest(name, known)}"
            raise InputError(msg)
    printed = None
    for one in suggestions(engine):
        name = one.rule.rule.id
        if arguments.rules and name not in arguments.rules:
            continue
        if name != printed:
            print(f"# {printable(one.rule.place.file)}:{one.rule.place.line}: below {name}")
        printed = name
        print(_written(one))
    return 0


def _written(one: Suggestion) -> str:
    lines = [f"  [[rule.{one.kind}]]  # {one.why}", f"  given = {given_inline(one.given)}"]
    if one.decided_by is not None:
        lines.append(f'  decided_by = "{one.decided_by}"')
    return "\n".join(map(printable, lines))
