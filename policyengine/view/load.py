"""Find a view and read its file: every fault at once, each at its place."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from policyengine.errors import InputError, PolicyFileError, nearest
from policyengine.money.tariff import megapixels
from policyengine.rules.conditions import Fault, parse_conditions, shown
from policyengine.rules.diagnose import in_order, placed
from policyengine.rules.fields import fields_for
from policyengine.rules.load import load_document
from policyengine.rules.source import Source, bundled_rules, read_source
from policyengine.view.model import Cell, Subject, View, merged

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from decimal import Decimal

    from policyengine.errors import Diagnostic
    from policyengine.plugins import PluginSet
    from policyengine.provider import Scenario
    from policyengine.rules.conditions import Path as KeyPath
    from policyengine.view.model import Row, Says, Table

__all__ = ["VIEW_FILE", "load_view", "read_view", "view_directory", "view_source"]

VIEW_FILE = "view.toml"
_AMOUNT_LIMIT = 10**6
_PLACES = 12


def view_directory(name: str) -> Path:
    """Return the directory of the view *name*: a bundled one, or a directory of yours.

    Raises:
        InputError: there is neither.
    """
    bundled = Path(str(bundled_rules() / "views"))
    known = sorted(path.parent.name for path in bundled.glob(f"*/{VIEW_FILE}"))
    if name in known:
        return bundled / name
    if (Path(name) / VIEW_FILE).is_file():
        return Path(name)
    if Path(name).is_dir():
        msg = f"{name}: has no {VIEW_FILE}, so it is no view"
    else:
        msg = f"{name!r} is no view and no directory{nearest(name, known)}"
    raise InputError(msg)


def load_view(directory: Path, plugins: PluginSet, *, sellers: Sequence[str]) -> View:
    """Return the view in *directory*, whose answers are those of *plugins*; *sellers* are the names it may use.

    Raises:
        PolicyFileError: the file has faults; it lists all of them.
    """
    view, faults = read_view(view_source(directory), plugins, sellers=sellers)
    if view is None or faults:
        raise PolicyFileError(faults)
    return view


def view_source(directory: Path) -> Source:
    """Return the file of the view in *directory*, read."""
    path = directory / VIEW_FILE
    return read_source(path, "user", str(path))


def read_view(
    source: Source, plugins: PluginSet, *, sellers: Sequence[str] = ()
) -> tuple[View | None, list[Diagnostic]]:
    """Return *source* as a view, or None, and every fault in it; any seller will do where *sellers* are not told."""
    view, faults = load_document(source, View, "view")
    if view is None:
        return None, faults
    check = _Check(plugins, sellers)
    found = [fault for index, table in enumerate(view.table) for fault in check.table(index, table)]
    return view, in_order(placed(source, [*found, *_named_twice(view)]))


def _named_twice(view: View) -> Iterator[Fault]:
    names = [table.name for table in view.table]
    for index, name in enumerate(names):
        if name in names[:index]:
            yield Fault(("table", index, "name"), f"{shown(name)} is named twice")


class _Check:
    """Find what types cannot say about a view."""

    def __init__(self, plugins: PluginSet, sellers: Sequence[str]) -> None:
        self._plugins = plugins
        self._sellers = sellers

    def table(self, index: int, table: Table) -> Iterator[Fault]:
        at: KeyPath = ("table", index)
        yield from self.subject(at, table)
        for place, column in enumerate(table.column):
            yield from self.subject((*at, "column", place), column)
        for place, row in enumerate(table.row):
            yield from self.subject((*at, "row", place), row)
            yield from self.row((*at, "row", place), table, row)

    def row(self, at: KeyPath, table: Table, row: Row) -> Iterator[Fault]:
        """Yield what is wrong with the cells of *row*."""
        cells, columns = len(row.cells), len(table.column)
        if cells > columns:
            yield Fault((*at, "cells"), f"{cells} cells under {columns} columns")
        elif cells < columns and row.incomplete is None:
            yield Fault((*at, "cells"), f"{cells} cells under {columns} columns; add some, or tell why in 'incomplete'")
        elif cells == columns and row.incomplete is not None:
            yield Fault((*at, "incomplete"), "the row has a cell under each column")
        for place, cell in enumerate(row.cells):
            if isinstance(cell, Cell):
                yield from self.subject((*at, "cells", place), cell)
                if cell.says is not None and row.incomplete is not None:
                    yield Fault((*at, "cells", place, "says"), "the row is incomplete: no column can be told")
                elif cell.says is not None and place < columns:
                    subject = merged(table, table.column[place], row, cell)
                    yield from self.claim((*at, "cells", place), subject, cell.says)

    def claim(self, at: KeyPath, subject: Subject, says: Says) -> Iterator[Fault]:
        """Yield what is wrong with what a cell says, given all that it speaks of."""
        if subject.asks is None:
            yield Fault((*at, "says"), "neither the cell nor its row, column or table 'asks' anything")
            return
        if wrong := _unfit(subject, says):
            yield Fault((*at, "says"), wrong)
        for name in ("about", "below"):
            if (amount := getattr(says, name)) is not None and not _is_amount(amount):
                yield Fault(
                    (*at, "says", name), f"{amount} is no amount; it runs from 0 to below a million, to 12 places"
                )
        if not subject.dialects:
            yield Fault(at, "no 'dialects': which answers does it speak of?")
        known = [one.name for name in subject.dialects for one in self._scenarios(name)]
        for name in subject.scenarios:
            if name not in known:
                message = f"no scenario of {' or '.join(subject.dialects)} is named {shown(name)}{nearest(name, known)}"
                yield Fault(at, message)

    def _scenarios(self, dialect: str) -> Sequence[Scenario]:
        found = self._plugins.dialects.get(dialect)
        return [] if found is None else self._plugins.providers[found.provider].scenarios(dialect)

    def subject(self, at: KeyPath, subject: Subject) -> Iterator[Fault]:
        """Yield what is wrong with the names, conditions and sizes of *subject*."""
        dialects = self._plugins.dialects
        for place, name in enumerate(subject.dialects):
            if name not in dialects:
                message = f"no installed plugin ships dialect {shown(name)}{nearest(name, tuple(dialects))}"
                yield Fault((*at, "dialects", place), message)
        for place, name in enumerate(subject.sellers):
            if self._sellers and name not in self._sellers:
                message = f"seller {shown(name)} has no rules and no prices{nearest(name, self._sellers)}"
                yield Fault((*at, "sellers", place), message)
        for fault in parse_conditions(subject.when, fields_for("bill", dialects.values()))[1]:
            yield Fault((*at, "when", *fault.path), fault.message)
        size = subject.work.size if subject.work else None
        if size is not None and megapixels(size) is None:
            yield Fault((*at, "work", "size"), f"{shown(size)} is no size; write WxH, such as '1024x1024'")


def _is_amount(amount: Decimal) -> bool:
    """Return whether *amount* is one that something may cost, with no more places than charges have."""
    return amount.is_finite() and 0 <= amount < _AMOUNT_LIMIT and int(amount.as_tuple().exponent) >= -_PLACES


def _unfit(subject: Subject, says: Says) -> str | None:
    """Return why a cell cannot say *says* to what is asked, or None."""
    amounts = [name for name in ("about", "below") if getattr(says, name) is not None]
    if subject.asks == "bill":
        fits = not amounts and bool(says.values) == (says.share != "varies")
        wanted = "'values', or 'share = \"varies\"'"
    elif subject.asks == "notice":
        fits, wanted = not amounts and not says.values, "'share' alone"
    else:
        fits, wanted = len(amounts) == 1 and not says.values, "'about' or 'below'"
    if not fits:
        return f"asked for a {subject.asks}, a cell says {wanted}"
    if subject.asks in ("bill", "rate") and not subject.of:
        return f"'of' is missing: which components the {subject.asks} is told of"
    return "'tier' is missing: whose discount it is" if subject.asks == "discount" and not subject.tier else None
