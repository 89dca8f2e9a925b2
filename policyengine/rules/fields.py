"""List the facts that conditions may name, with the kind of value each holds."""

from __future__ import annotations

from functools import cache
from types import UnionType
from typing import TYPE_CHECKING, Literal, get_args, get_origin, get_type_hints

import msgspec

from policyengine.facts import Facts
from policyengine.request import Request
from policyengine.vocabulary import OUTCOMES, STAGES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from policyengine.provider import Dialect

__all__ = ["ACCOUNT_FIELDS", "Field", "Kind", "Subject", "fact_fields", "fields_for", "request_fields"]

Subject = Facts | Request
"""What rules read: an exchange, or for `preflight` a request before it is made."""

Kind = Literal["text", "integer", "number", "amount", "boolean", "texts", "time"]


class Field(msgspec.Struct, frozen=True):
    """Describe one fact: how conditions name it, what it holds, and its closed set of values, if any."""

    name: str
    kind: Kind
    values: tuple[str, ...] = ()


ACCOUNT_FIELDS = (
    Field("account.mode", "text"),
    Field("account.plan", "text"),
    Field("account.failures_today", "integer"),
)
_DERIVED = (Field("images_missing", "integer"),)
_DECIDED = (Field("outcome", "text", OUTCOMES), Field("stage", "text", STAGES))
_KINDS: Mapping[str, Kind] = {
    "str": "text",
    "int": "integer",
    "float": "number",
    "Decimal": "amount",
    "bool": "boolean",
    "tuple": "texts",
    "datetime": "time",
}


@cache
def fact_fields() -> Mapping[str, Field]:
    """Return the fields of `Facts` by name, `signal` and `account` left out."""
    return {field.name: field for field in (*_plain_fields(Facts), *_DERIVED, *ACCOUNT_FIELDS)}


@cache
def request_fields() -> Mapping[str, Field]:
    """Return the fields of `Request` by name, `account` left out."""
    return {field.name: field for field in (*_plain_fields(Request), *ACCOUNT_FIELDS)}


def _plain_fields(subject: type[Subject]) -> list[Field]:
    """Return the fields of *subject* that are no tables of further ones."""
    hints = get_type_hints(subject)
    return [_field(name, hints[name]) for name in subject.__struct_fields__ if name not in ("signal", "account")]


def _field(name: str, hint: object) -> Field:
    """Return the field that a type hint such as `str | None` stands for."""
    if values := _literal_values(hint):
        return Field(name, "text", values)
    options = get_args(hint) if isinstance(hint, UnionType) else (hint,)
    inner = next(option for option in options if option is not type(None))
    return Field(name, _KINDS[(get_origin(inner) or inner).__name__])


def _literal_values(hint: object) -> tuple[str, ...]:
    if get_origin(hint) is Literal:
        return tuple(str(value) for value in get_args(hint))
    return next((values for option in get_args(hint) if (values := _literal_values(option))), ())


def fields_for(
    decision: str, dialects: Iterable[Dialect], accounts: Mapping[str, Kind] | None = None
) -> Mapping[str, Field]:
    """Return what rules of *decision* may name, with the signals of *dialects* and the account facts *accounts*."""
    found = dict(request_fields() if decision == "preflight" else fact_fields())
    if decision not in ("classify", "preflight"):
        found |= {field.name: field for field in _DECIDED}
    for dialect in dialects if decision != "preflight" else ():
        for name, kind in dialect.signals.items():
            found[f"signal.{name}"] = Field(f"signal.{name}", _kind(kind))
    for name, kind_of_fact in (accounts or {}).items():
        found.setdefault(name, Field(name, kind_of_fact))
    return found


def _kind(name: str) -> Kind:
    found: Kind | None = next((kind for kind in get_args(Kind) if kind == name), None)
    if found is None:
        msg = f"a dialect declares a signal of kind {name!r}; kinds are {', '.join(get_args(Kind))}"
        raise ValueError(msg)
    return found
