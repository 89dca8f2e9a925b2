"""Define the file of a view: the tables of a text, cell by cell, and what each cell claims."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from policyengine.money.entry import Amount
from policyengine.money.tariff import Workload
from policyengine.rules.model import SOURCE_PATTERN
from policyengine.vocabulary import BillValue, Component, Tier

__all__ = ["Ask", "Cell", "Column", "Row", "Says", "Share", "Subject", "Table", "View", "Work", "merged"]

Ask = Literal["bill", "cost", "rate", "discount", "notice"]
Share = Literal["all", "most", "some", "none", "varies"]
Count = Annotated[int, Meta(ge=0)]


class Work(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Describe the one piece of work whose cost a cell tells."""

    images: Annotated[int, Meta(ge=1)] = 1
    """Images asked for."""
    size: str | None = None
    """The size asked for, WxH."""
    quality: str | None = None
    """The quality asked for."""
    prompt_tokens: Count | None = None
    """Tokens of the prompt."""
    text_tokens: Count | None = None
    """Text output and thinking."""

    @property
    def workload(self) -> Workload:
        """Return the same in the words of tariffs."""
        return Workload(**msgspec.structs.asdict(self))


class Subject(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Say what a table, a column, a row or a cell speaks of; the narrower one goes before the wider."""

    dialects: tuple[str, ...] = ()
    """The wire formats whose scenarios are the answers it speaks of."""
    scenarios: tuple[str, ...] = ()
    """Only these scenarios."""
    when: dict[str, Any] = {}
    """Only the answers for which these conditions hold, written as in a bill rule."""
    sellers: tuple[str, ...] = ()
    """Who invoices; each dialect's own seller when left out."""
    model: str | None = None
    """Answers are taken as answers of this model."""
    tier: Tier | None = None
    """Answers are taken as served on this tier."""
    work: Work | None = None
    """What is asked for; what each answer counts when left out."""
    asks: Ask | None = None
    """What a column or a row tells: a bill value, a cost, a rate, a tier's discount, a word on what is free."""
    of: tuple[Component, ...] = ()
    """The components that a bill value or a rate is told of."""


class Says(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Say what a cell claims, in the words of verdicts."""

    values: tuple[BillValue, ...] = ()
    """The bill values that its text allows."""
    about: Amount | None = None
    """An amount that is right when it rounds to this one."""
    below: Amount | None = None
    """An amount that is right when it is smaller than this one."""
    share: Share = "all"
    """Of how many answers it claims that; `varies`: that sellers differ, or that it depends on something."""


class Cell(Subject, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Hold one cell."""

    text: str
    """The text of the cell, as it stands."""
    says: Says | None = None
    """What it claims; nothing when left out."""


class Column(Subject, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Head one column."""

    name: str
    """The text of the head."""


class Row(Subject, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Hold one row."""

    cells: Annotated[tuple[str | Cell, ...], Meta(min_length=1)]
    """From left to right; a cell that claims nothing is its text alone."""
    incomplete: str | None = None
    """Why the row has fewer cells than there are columns."""


class Table(Subject, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Hold one table."""

    name: Annotated[str, Meta(min_length=1)]
    """One word for it."""
    title: str
    """One line for people."""
    column: Annotated[tuple[Column, ...], Meta(min_length=1)]
    """Its columns, from left to right."""
    row: Annotated[tuple[Row, ...], Meta(min_length=1)]
    """Its rows, from top to bottom."""


class View(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Hold the tables of one text."""

    title: str
    """One line for people: whose text, on what."""
    source: Annotated[str, Meta(pattern=SOURCE_PATTERN)]
    """Where it stands."""
    checked: date
    """The day it was read."""
    table: Annotated[tuple[Table, ...], Meta(min_length=1)]
    """The tables, in the order of the text."""


def merged(*subjects: Subject) -> Subject:
    """Return what the last of *subjects* speaks of, with what the ones before it say and it does not.

    >>> merged(Subject(asks="bill", of=("input",)), Subject(of=("image",))) == Subject(asks="bill", of=("image",))
    True
    """
    told: dict[str, Any] = {}
    for subject in subjects:
        for field in msgspec.structs.fields(Subject):
            value = getattr(subject, field.name)
            if value not in (None, (), {}):
                told[field.name] = value
    return Subject(**told)
