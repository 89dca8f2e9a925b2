"""Write a price file as a TOML document: what is left at its default is left out, amounts are text."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import msgspec
import tomli_w
from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policyengine.money.entry import PriceFile

__all__ = ["Document", "dated", "document_of", "toml_text"]

Document = dict[str, object]
"""A table of TOML: text, integers, dates, lists and tables."""
_DATES = frozenset({"from", "until", "checked"})


def document_of(value: Struct) -> Document:
    """Return *value* as a table without the fields that have their default."""
    told = ((field, getattr(value, field.name)) for field in msgspec.structs.fields(type(value)))
    return {field.encode_name: _plain(inner) for field, inner in told if inner != _default(field)}


def _default(field: msgspec.structs.FieldInfo) -> object:
    return field.default if field.default_factory is msgspec.NODEFAULT else field.default_factory()


def _plain(value: object) -> object:
    if isinstance(value, Struct):
        return document_of(value)
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, tuple):
        return [_plain(inner) for inner in value]
    return f"{value:f}" if isinstance(value, Decimal) else value


def toml_text(content: PriceFile) -> str:
    """Return *content* as the text of a TOML file."""
    return tomli_w.dumps(document_of(content))


def dated(document: Mapping[str, object]) -> Document:
    """Return *document* with the dates that are written as text made dates; what is none stays text."""
    return {key: _date(value) if key in _DATES else value for key, value in document.items()}


def _date(value: object) -> object:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        return value
