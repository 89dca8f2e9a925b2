"""Print the tables of a view, and beside each cell what its own rules and what the evidence give."""

from __future__ import annotations

from argparse import ArgumentParser
from collections import Counter
from typing import TYPE_CHECKING

import msgspec

from policyengine.cli.compare import add_arguments
from policyengine.cli.loading import engine_for
from policyengine.cli.output import bold, print_csv, print_markdown, print_table, printable, warn
from policyengine.engine import Engine
from policyengine.errors import InputError
from policyengine.view.compare import Line, compare_view
from policyengine.view.load import load_view, view_directory
from policyengine.view.model import Cell

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterable, Sequence

    from policyengine.view.findings import Ground
    from policyengine.view.model import Row, Table, View

__all__ = ["run_view"]

_GOES_WITH_A_VIEW = ("view", "policy", "json", "csv", "markdown")
_HEADER = ("row", "column", "seller", "the text", "by its rules", "by the evidence", "agreement")
_BEHIND = ("rule or price", "source")
_MOST_GROUNDS = 3


def run_view(arguments: Namespace) -> int:
    """Print the view; exit with 1 when a cell is not what the view's own rules give."""
    _refuse_others(arguments)
    evidence = engine_for(arguments)
    directory = view_directory(arguments.view)
    claimed = Engine.load(directory, plugins=evidence.plugins)
    view = load_view(directory, evidence.plugins, sellers=tuple(evidence.policy.prices.sellers))
    lines = list(compare_view(view, claimed, evidence))
    judged = [line for line in lines if line.agreement is not None]
    if arguments.json:
        for line in lines:
            print(msgspec.json.encode(line).decode())
    elif arguments.csv:
        print_csv(("table", *_HEADER, *_BEHIND), ((line.table, *_cells(line), *_behind(line)) for line in judged))
    elif arguments.markdown:
        _print_markdown(view, judged)
    else:
        _print_text(view, judged)
    unsupported = [line for line in judged if not line.is_supported]
    for line in unsupported:
        where = f"{directory}: {line.table}, {line.row}, {line.column}"
        warn(printable(f"{where}: {line.text!r} is not what its rules give: {line.view}"))
    return 1 if unsupported else 0


def _refuse_others(arguments: Namespace) -> None:
    """Refuse what a view decides itself, such as the work and the sellers."""
    usual = ArgumentParser()
    add_arguments(usual)
    for name, value in vars(arguments).items():
        if name not in _GOES_WITH_A_VIEW and value != usual.get_default(name):
            msg = f"--{name.replace('_', '-')} does not go with --view: the view says itself what it compares"
            raise InputError(msg)


def _print_markdown(view: View, judged: Sequence[Line]) -> None:
    """Print each table as it stands, then its cells, each with what is behind the evidence."""
    print(f"# {printable(view.title)}\n\n{printable(view.source)} (read {view.checked})")
    for table in view.table:
        print(f"\n## {printable(table.title)}\n")
        print_markdown([column.name for column in table.column], [_as_it_stands(table, row) for row in table.row])
        lines = [line for line in judged if line.table == table.name]
        _print_notes(lines)
        print()
        print_markdown((*_HEADER, *_BEHIND), [(*_marked(line), *_behind(line)) for line in lines])
    print(f"\n{_conclusion(judged)}")


def _print_text(view: View, judged: Sequence[Line]) -> None:
    """Print each table as it stands, then its cells, then what is behind the evidence, numbered."""
    print(f"{bold(printable(view.title))}\n{printable(view.source)} (read {view.checked})")
    for table in view.table:
        print(f"\n{bold(printable(table.title))}\n")
        print_table(
            [printable(column.name) for column in table.column], [_as_it_stands(table, row) for row in table.row]
        )
        lines = [line for line in judged if line.table == table.name]
        _print_notes(lines)
        print()
        grounds = list(dict.fromkeys(ground for line in lines for ground in line.grounds[:_MOST_GROUNDS]))
        print_table((*_HEADER, "see"), [(*_cells(line), _numbers(line, grounds)) for line in lines])
        print()
        print_table(("see", *_BEHIND), [(number, *_named(ground)) for number, ground in enumerate(grounds, 1)])
    print(f"\n{_conclusion(judged)}")


def _print_notes(lines: Iterable[Line]) -> None:
    for row, note in dict.fromkeys((line.row, line.note) for line in lines if line.note):
        print(f"\n{printable(f'{row}: incomplete: {note}')}")


def _as_it_stands(table: Table, row: Row) -> list[object]:
    texts: list[object] = [cell.text if isinstance(cell, Cell) else cell for cell in row.cells]
    return [*texts, *["(no cell)"] * (len(table.column) - len(texts))]


def _cells(line: Line) -> Sequence[object]:
    text = "(row incomplete)" if line.note else line.text
    return line.row, line.column, line.seller, text, line.view, line.evidence, line.agreement


def _marked(line: Line) -> Sequence[object]:
    """Return the cells of *line*, a difference in bold."""
    *cells, agreement = _cells(line)
    return *cells, f"**{agreement}**" if agreement == "differs" else agreement


def _behind(line: Line) -> Sequence[object]:
    named = [_named(ground) for ground in line.grounds]
    return _joined(str(by) for by, _ in named), _joined(str(source) for _, source in named if source)


def _joined(texts: Iterable[str]) -> str:
    told = list(dict.fromkeys(texts))
    more = len(told) - _MOST_GROUNDS
    return "; ".join(told[:_MOST_GROUNDS]) + (f"; {more} more" if more > 0 else "")


def _named(ground: Ground) -> tuple[str, str | None]:
    quote = f' "{ground.quote}"' if ground.quote else ""
    source = f"{ground.source} (checked {ground.checked}){quote}" if ground.source else None
    return f"{ground.by}, {ground.at}", source


def _numbers(line: Line, grounds: Sequence[Ground]) -> str:
    numbers = ", ".join(str(grounds.index(ground) + 1) for ground in line.grounds[:_MOST_GROUNDS])
    return f"{numbers}, …" if len(line.grounds) > _MOST_GROUNDS else numbers


def _conclusion(judged: Sequence[Line]) -> str:
    counted = Counter(line.agreement for line in judged)
    return ", ".join(f"{counted[agreement]} {agreement}" for agreement in ("same", "differs", "cannot be said"))
