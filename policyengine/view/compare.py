"""Set each cell of a view beside what its own rules give and what the evidence gives."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from policyengine.explain import interval
from policyengine.money.exact import EXACT
from policyengine.view.answers import answers
from policyengine.view.findings import Ground, Side, billed, findings, ruled
from policyengine.view.judge import agrees, holds_for
from policyengine.view.model import Cell, Subject, merged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from policyengine.engine import Engine
    from policyengine.view.answers import Answer
    from policyengine.view.findings import Finding
    from policyengine.view.model import Ask, Row, Says, Share, Table, View

__all__ = ["Agreement", "Line", "compare_view"]

Agreement = Literal["same", "differs", "cannot be said"]
_CENT = Decimal("0.01")
_AGREEMENTS: Mapping[bool | None, Agreement] = {True: "same", False: "differs", None: "cannot be said"}


class Line(Struct, frozen=True, kw_only=True):
    """Set one cell, under one seller's invoice, beside the two verdicts."""

    table: str
    row: str
    column: str
    """The text of the column's head; nothing for the cells of an incomplete row."""
    text: str | None = None
    """The text of the cell; None for what the evidence gives under a column of an incomplete row."""
    seller: str = ""
    """Who invoices; several where the cell speaks of all of them at once, none where it claims nothing."""
    view: str = ""
    """What the view's own rules and prices give."""
    evidence: str = ""
    """What the evidence gives."""
    agreement: Agreement | None = None
    """Whether the cell is as the evidence has it; None where it claims nothing."""
    is_supported: bool = True
    """Whether the cell is as the view's own rules have it."""
    grounds: tuple[Ground, ...] = ()
    """The rules and prices behind the evidence, those first that the cell does not agree with."""
    view_grounds: tuple[Ground, ...] = ()
    """The rules and prices of the view."""
    note: str | None = None
    """Why a row is incomplete."""


def compare_view(view: View, claimed: Engine, evidence: Engine) -> Iterator[Line]:
    """Yield the lines of each cell of *view*, row by row; *claimed* is the engine with the view's rules."""
    sides = Side(claimed, ruled), Side(evidence, billed)
    for table in view.table:
        for row in table.row:
            yield from _incomplete(table, row, sides[1]) if row.incomplete else _complete(table, row, sides)


def _complete(table: Table, row: Row, sides: tuple[Side, Side]) -> Iterator[Line]:
    for column, cell in zip(table.column, row.cells, strict=True):
        if isinstance(cell, Cell) and cell.says is not None:
            subject = merged(table, column, row, cell)
            yield from _lines(
                _Place(table.name, _text(row.cells[0]), column.name, cell.text), subject, cell.says, sides
            )
        else:
            yield Line(table=table.name, row=_text(row.cells[0]), column=column.name, text=_text(cell))


def _incomplete(table: Table, row: Row, side: Side) -> Iterator[Line]:
    """Yield the cells of a row that no column can be told of, and what the evidence gives under each column."""
    for cell in row.cells:
        yield Line(table=table.name, row=_text(row.cells[0]), column="", text=_text(cell), note=row.incomplete)
    for column in table.column:
        subject = merged(table, column, row)
        for seller, group in _by_seller(list(answers(side.engine, subject)) if subject.asks else []):
            found, shown = _found(side, group, subject)
            yield Line(
                table=table.name,
                row=_text(row.cells[0]),
                column=column.name,
                seller=seller,
                evidence=shown,
                agreement="cannot be said",
                grounds=_grounds(found),
                note=row.incomplete,
            )


class _Place(Struct, frozen=True):
    """Say where a cell stands."""

    table: str
    row: str
    column: str
    text: str


def _lines(place: _Place, subject: Subject, says: Says, sides: tuple[Side, Side]) -> Iterator[Line]:
    told = list(answers(sides[1].engine, subject))
    together = [(", ".join(dict.fromkeys(answer.seller for answer in told)), told)]
    for seller, group in together if says.share == "varies" or not told else _by_seller(told):
        (claimed, view), (found, evidence) = (_found(side, group, subject) for side in sides)
        yield Line(
            table=place.table,
            row=place.row,
            column=place.column,
            text=place.text,
            seller=seller,
            view=view,
            evidence=evidence,
            agreement=_AGREEMENTS[holds_for(says, found)],
            is_supported=holds_for(says, claimed) is True,
            grounds=_grounds(_telling_first(says, found)),
            view_grounds=_grounds(claimed),
        )


def _by_seller(told: Sequence[Answer]) -> list[tuple[str, list[Answer]]]:
    sellers = dict.fromkeys(answer.seller for answer in told)
    return [(seller, [answer for answer in told if answer.seller == seller]) for seller in sellers]


def _found(side: Side, group: Sequence[Answer], subject: Subject) -> tuple[list[Finding], str]:
    """Return what *side* says of a group of answers, and the same in a few words."""
    found = [finding for answer in group for finding in findings(side, answer, subject)]
    if not found or subject.asks is None:
        return found, "no such answer" if not group else "no such price"
    parts = {part: [finding for finding in found if finding.part == part] for part in _parts(found)}
    shown = {part: _SHOWN[subject.asks](some) for part, some in parts.items()}
    if len(set(shown.values())) == 1:
        return found, next(iter(shown.values()))
    return found, "; ".join(f"{part}: {words}" for part, words in shown.items())


def _parts(found: Iterable[Finding]) -> Iterable[str | None]:
    return dict.fromkeys(finding.part for finding in found)


def _words(found: Sequence[Finding]) -> str:
    """Return the word of all, or each word with how many say it."""
    counted = Counter(_word(finding) for finding in found).most_common()
    if len(counted) == 1:
        return counted[0][0]
    return ", ".join(f"{word} ({count} of {len(found)})" for word, count in counted)


def _word(finding: Finding) -> str:
    return f"{finding.word} on {' and '.join(finding.on)}" if finding.on else finding.word


def _cost(found: Sequence[Finding]) -> str:
    return interval(*_hull(found))


def _rate(found: Sequence[Finding]) -> str:
    return f"{interval(*_hull(found))} per 1M"


def _discount(found: Sequence[Finding]) -> str:
    low, high = _hull(found)
    return f"{EXACT.quantize(low, _CENT).normalize(EXACT):f} %" if low == high else "not known"


def _hull(found: Sequence[Finding]) -> tuple[Decimal, Decimal | None]:
    amounts = [finding.amount for finding in found if finding.amount is not None]
    highs = [high for _, high in amounts if high is not None]
    return min(low for low, _ in amounts), max(highs) if len(highs) == len(amounts) else None


_SHOWN: Mapping[Ask, Callable[[Sequence[Finding]], str]] = {
    "bill": _words,
    "cost": _cost,
    "rate": _rate,
    "discount": _discount,
    "notice": _words,
}


_ORDER: Mapping[Share, tuple[bool | None, ...]] = {"none": (True, None, False), "some": (True, None, False)}
_AGAINST_FIRST = (False, None, True)


def _telling_first(says: Says, found: Iterable[Finding]) -> Iterable[Finding]:
    """Return *found*, those first that decide whether the cell is right."""
    order = _ORDER.get(says.share, _AGAINST_FIRST)
    return sorted(found, key=lambda finding: order.index(agrees(says, finding)))


def _grounds(found: Iterable[Finding]) -> tuple[Ground, ...]:
    return tuple(dict.fromkeys(ground for finding in found for ground in finding.grounds))


def _text(cell: str | Cell) -> str:
    return cell.text if isinstance(cell, Cell) else cell
