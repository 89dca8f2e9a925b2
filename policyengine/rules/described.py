"""Describe every key of a JSON Schema, for editors: the docstrings of the file's classes and of the facts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policyengine.estimate import workload
from policyengine.facts import Facts
from policyengine.money import entry
from policyengine.policy import accounts
from policyengine.request import Request
from policyengine.rules import model
from policyengine.rules.docstrings import field_docstrings
from policyengine.rules.fields import fields_for
from policyengine.rules.schema import schema
from policyengine.view import model as view

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from types import ModuleType

    from msgspec import Struct

    from policyengine.provider import Dialect
    from policyengine.rules.fields import Subject

__all__ = ["described_schema"]

_MODULES: Mapping[str, ModuleType] = {"prices": entry, "accounts": accounts, "workload": workload, "view": view}
"""By the kind of file: the module that defines it, for those that hold no rules."""
_GROUPS = {
    "any": "A list of tables of conditions, of which one must hold.",
    "all": "A list of tables of conditions, which must all hold.",
    "not": "A table of conditions that must not all hold.",
    "signal": "What one dialect tells and no other does.",
    "account": "What is known of the account that made the call.",
}
_OPERATORS = {
    "contains": "The text stands somewhere in the fact, A to Z in either case; of a list, any of them.",
    "starts_with": "The fact begins with the text, A to Z in either case; of a list, any of them.",
    "ends_with": "The fact ends with the text, A to Z in either case; of a list, any of them.",
    "gt": "The fact is greater.",
    "ge": "The fact is greater or equal.",
    "lt": "The fact is less.",
    "le": "The fact is less or equal.",
    "present": "true: the answer tells the fact; false: it does not.",
    "not": "A value, a list or operators that must not hold; true also of a fact that is absent.",
}
_WHEN = "Conditions on facts; all of them must hold."
_GIVEN = "The facts of an answer, each as the value it has."
_FAILURES_TODAY = "Failures of the account on this day, as far as the caller counts them."


def described_schema(kind: str, dialects: Iterable[Dialect]) -> dict[str, Any]:
    """Return the JSON Schema of *kind* with a description of every key, rules reading the facts of *dialects*."""
    shipped = tuple(dialects)
    document = schema(kind, fields_for(kind, shipped))
    for home in _struct_schemas(document):
        _describe(home["properties"], _field_texts(_MODULES.get(kind, model), home["title"]))
    definitions = document["$defs"]
    for name, home in definitions.items():
        if name.startswith("operators-on-"):
            _describe(home["properties"], _OPERATORS)
    if "When" in definitions:
        definitions["When"]["description"], definitions["Given"]["description"] = _WHEN, _GIVEN
        texts = _fact_texts(Request if kind == "preflight" else Facts, shipped)
        _describe_facts(definitions["When"]["properties"], texts)
        _describe_facts(definitions["Given"]["properties"], texts)
    return document


def _struct_schemas(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the schema of each Struct; msgspec titles it with the name of the class."""
    yield from (home for home in document["$defs"].values() if "title" in home)


def _field_texts(module: ModuleType, title: str) -> dict[str, str]:
    """Return the docstrings of the class called *title*, such as `Rule[BillEffect]`, by the keys of TOML."""
    kind: type[Struct] = getattr(module, title.partition("[")[0])
    told = field_docstrings(kind)
    keys = zip(kind.__struct_fields__, kind.__struct_encode_fields__, strict=True)
    return {key: told[field] for field, key in keys if field in told}


def _fact_texts(subject: type[Subject], dialects: Iterable[Dialect]) -> dict[str, str]:
    """Return what each fact of *subject* means, by the name that conditions give it."""
    account, effect = field_docstrings(accounts.Account), field_docstrings(model.ClassifyEffect)
    signals: dict[str, list[str]] = {}
    for dialect in dialects:
        for name in dialect.signals:
            signals.setdefault(f"signal.{name}", []).append(dialect.name)
    return {
        **field_docstrings(subject),
        **{f"account.{name}": text for name, text in account.items()},
        **effect,
        "account.failures_today": _FAILURES_TODAY,
        "images_missing": f"Derived: {(Facts.images_missing.__doc__ or '').removeprefix('Return ')}",
        **{name: f"Told by {' and '.join(tellers)} alone." for name, tellers in signals.items()},
    }


def _describe_facts(properties: dict[str, Any], texts: Mapping[str, str]) -> None:
    """Describe facts and the tables that hold them, `signal` and `account`."""
    _describe(properties, {**texts, **_GROUPS})
    for group in ("signal", "account"):
        inner = properties.get(group, {}).get("properties", {})
        _describe(inner, {name: texts[f"{group}.{name}"] for name in inner if f"{group}.{name}" in texts})


def _describe(properties: dict[str, Any], texts: Mapping[str, str]) -> None:
    """Add a description to each of *properties*.

    Taplo passes over what stands beside a `$ref` and shows what its target says, so targets are described as well.
    """
    for name in properties.keys() & texts.keys():
        properties[name] = {**properties[name], "description": texts[name]}
