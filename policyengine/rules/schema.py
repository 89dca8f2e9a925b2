"""Derive the JSON Schema of each file kind: for editors, and to list every fault of a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from policyengine.money.entry import PriceFile
from policyengine.policy.accounts import AccountsFile
from policyengine.rules.conditions import OPERATORS
from policyengine.rules.model import DECISIONS
from policyengine.vocabulary import TIERS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policyengine.rules.fields import Field, Kind

__all__ = ["SCHEMA_KINDS", "schema"]

SCHEMA_KINDS = (*DECISIONS, "prices", "accounts", "workload", "view")
_JSON_TYPES: Mapping[Kind, dict[str, Any]] = {
    "text": {"type": "string"},
    "texts": {"type": "string"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "amount": {"type": "number"},
    "boolean": {"type": "boolean"},
    "time": {"anyOf": [{"type": "string", "format": name} for name in ("date", "date-time", "date-time-local")]},
}
"""By kind; of TOML's times a day, a time with an offset and one without, in the words of TOML's editors."""


def schema(kind: str, fields: Mapping[str, Field] | None) -> dict[str, Any]:
    """Return the JSON Schema of *kind*: a decision, `prices`, `accounts`, `workload` or `view`.

    Conditions may name *fields*; None leaves them to `parse_conditions`, which says more.
    """
    if kind == "prices":
        document = _document(PriceFile, "Prices of one seller")
        document["$defs"]["PriceEntry"]["properties"]["tier"]["propertyNames"] = {"enum": list(TIERS)}
        return document
    if kind == "accounts":
        return _document(AccountsFile, "Accounts of a team")
    if kind == "workload":
        from policyengine.estimate.workload import workload_schema  # noqa: PLC0415  no rule needs it

        return _titled(workload_schema(), "A month of work")
    if kind == "view":
        from policyengine.view.model import View  # noqa: PLC0415  as above

        document = _document(View, "The tables of a text and what their cells claim")
    else:
        document = _document(DECISIONS[kind], f"Rules that decide `{kind}`")
    for name in ("wait_s", "max_wait_s") if kind == "route" else ():
        document["$defs"]["RouteEffect"]["properties"][name]["anyOf"] = [{"type": "number"}]
    if fields is None:
        return document
    definitions = document["$defs"]
    definitions |= {_table_name(field): _operators(field) for field in fields.values()}
    definitions["When"] = _when(fields)
    definitions["Given"] = _given(fields)
    for definition in definitions.values():
        properties = definition.get("properties", {})
        if "when" in properties:
            properties["when"] = {"$ref": "#/$defs/When"}
        if "given" in properties:
            properties["given"] = {"$ref": "#/$defs/Given"}
    return document


def _document(kind: type, title: str) -> dict[str, Any]:
    return _titled(msgspec.json.schema(kind), title)


def _titled(document: Mapping[str, Any], title: str) -> dict[str, Any]:
    told = _without_null(document)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": title, **told}


def _without_null(value: Any) -> Any:  # noqa: ANN401
    """Return a schema without null, which TOML does not have: an editor would offer it."""
    if isinstance(value, list):
        return [_without_null(inner) for inner in value if inner != {"type": "null"}]
    if not isinstance(value, dict):
        return value
    told = {key: _without_null(inner) for key, inner in value.items() if (key, inner) != ("default", None)}
    options = told.pop("anyOf", [])
    if len(options) == 1:
        return {**told, **options[0]}
    return {**told, "anyOf": options} if options else told


def _when(fields: Mapping[str, Field]) -> dict[str, Any]:
    """Return the schema of a table of conditions."""
    table = _nested(fields, _condition)
    itself = {"$ref": "#/$defs/When"}
    table["properties"] |= {
        "any": {"type": "array", "items": itself, "minItems": 1},
        "all": {"type": "array", "items": itself, "minItems": 1},
        "not": itself,
    }
    return table


def _given(fields: Mapping[str, Field]) -> dict[str, Any]:
    """Return the schema of the facts of an example."""
    return _nested(fields, _value)


def _nested(fields: Mapping[str, Field], make: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return an object schema with a property per field; `signal.x` and `account.x` stand in tables."""
    table: dict[str, Any] = {"type": "object", "properties": {}, "additionalProperties": False}
    for field in fields.values():
        group, _, key = field.name.partition(".")
        home = table
        if key:
            home = table["properties"].setdefault(
                group, {"type": "object", "properties": {}, "additionalProperties": False}
            )
        home["properties"][key or group] = make(field)
    return table


def _operand(field: Field) -> dict[str, Any]:
    return {**_JSON_TYPES[field.kind], **({"enum": list(field.values)} if field.values else {})}


def _value(field: Field) -> dict[str, Any]:
    one = _operand(field)
    return {"type": "array", "items": one} if field.kind == "texts" else one


def _condition(field: Field) -> dict[str, Any]:
    """Return the schema of a condition on one fact: a value, a list of them, or a table of operators."""
    values = _one_or_more(_operand(field))
    return {"anyOf": [*values["anyOf"], {"$ref": f"#/$defs/{_table_name(field)}"}]}


def _table_name(field: Field) -> str:
    """Return the name of the operators on *field*: facts of one kind share them, closed sets have their own."""
    return f"operators-on-{field.name if field.values else field.kind}"


def _operators(field: Field) -> dict[str, Any]:
    """Return the schema of a table of operators."""
    operators: dict[str, Any] = dict.fromkeys(OPERATORS[field.kind], _one_or_more(_JSON_TYPES[field.kind]))
    operators["present"] = {"type": "boolean"}
    operators["not"] = _condition(field)
    return {"type": "object", "properties": operators, "additionalProperties": False, "minProperties": 1}


def _one_or_more(one: Mapping[str, Any]) -> dict[str, Any]:
    return {"anyOf": [one, {"type": "array", "items": one, "minItems": 1}]}
