"""Say what a change of rules and prices does: to every answer, or to those in a log."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from policyengine.cli.deciding import decided
from policyengine.cli.diff_pages import print_page, print_text
from policyengine.cli.output import progress, warn
from policyengine.cli.reading import BadLine, column_map, read_all
from policyengine.diff.log import compare_verdicts
from policyengine.diff.report import Report, Side
from policyengine.diff.semantic import rule_changes
from policyengine.diff.sides import Sides
from policyengine.diff.tables import table_changes
from policyengine.errors import PolicyEngineError
from policyengine.plugins import load_plugins

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator

    from policyengine.cli.reading import Found
    from policyengine.engine import Engine
    from policyengine.verdict import Verdict

EPILOG = """examples:
  imgpolicy diff HEAD~1 HEAD
  imgpolicy diff main --policy policy/
  imgpolicy diff main --policy policy/ --log calls.ndjson --markdown
  imgpolicy diff 01c9fb2a47de HEAD --bundles bundles/

OLD and NEW are directories, files that `imgpolicy bundle` wrote, fingerprints of such files in --bundles,
or git revisions. A revision is that of the policy directory, else of the repository you stand in. All
answers are read by the plugins that are installed: their code is not compared.

exit codes: 0 nothing changes, 1 something does, or it could not be decided, 2 wrong usage.
"""
_NOW = "now"


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of `diff`."""
    parser.add_argument("old", metavar="OLD", help="directory, bundle, fingerprint or git revision")
    parser.add_argument("new", metavar="NEW", nargs="?", help="the same; what is loaded now, when it is left out")
    parser.add_argument("--bundles", metavar="DIR", type=Path, help="a directory of bundles, for fingerprints")
    parser.add_argument("--log", metavar="FILE", help="recorded answers, facts or verdicts; - for standard input")
    parser.add_argument("--column", action="append", default=[], metavar="FIELD=COLUMN", help="where a field stands")
    shape = parser.add_mutually_exclusive_group()
    shape.add_argument("--json", action="store_true", help="print everything as one JSON object")
    shape.add_argument("--markdown", action="store_true", help="print a page for a pull request")


def run(arguments: Namespace) -> int:
    """Print what changes; exit with 1 when something does."""
    policy = None if arguments.policy is None else Path(arguments.policy)
    plugins = load_plugins()
    for problem in plugins.problems:
        warn(f"plugin left out: {problem}")
    sides = Sides(plugins=plugins, policy=policy, bundles=arguments.bundles)
    old, new = sides.engine(arguments.old), sides.engine(arguments.new)
    _warn(arguments.old, old, new)
    _warn(arguments.new or _NOW, new, old)
    bad: list[BadLine] = []
    report = Report(
        old=Side(arguments.old, old.fingerprint),
        new=Side(arguments.new or _NOW, new.fingerprint),
        tables=table_changes(old, new),
        rules=None if arguments.log else rule_changes(old, new),
        log=compare_verdicts(_verdicts(old, new, arguments, bad)) if arguments.log else None,
    )
    if arguments.json:
        print(report.to_json().decode())
    else:
        (print_page if arguments.markdown else print_text)(report)
    if bad:
        warn(f"{len(bad)} could not be decided by both and were skipped")
    return 0 if report.is_equivalent and not bad else 1


def _warn(name: str, engine: Engine, other: Engine) -> None:
    """Print what is odd about *engine* and not about the *other*, and all that both do without."""
    for fault in engine.policy.warnings:
        if fault.severity == "error" or fault not in other.policy.warnings:
            warn(f"{name}: {fault}")


def _verdicts(
    old: Engine, new: Engine, arguments: Namespace, bad: list[BadLine]
) -> Iterator[tuple[str, Verdict, Verdict]]:
    """Yield both verdicts on each answer of the log; report what cannot be decided and go on."""
    for number, found in enumerate(read_all([arguments.log], column_map(arguments.column)), 1):
        progress(number)
        try:
            if not isinstance(found, BadLine):
                yield from _both(old, new, found)
                continue
            line = found
        except PolicyEngineError as error:
            line = BadLine(found.where, str(error))
        bad.append(line)
        warn(f"{line.where}: {line.message}")


def _both(old: Engine, new: Engine, found: Found) -> Iterator[tuple[str, Verdict, Verdict]]:
    before, after = [*decided(old, found, {})], [*decided(new, found, {})]
    for (answer, first), (_, second) in zip(before, after, strict=True):
        yield answer, first, second
