"""List every fault of a file that does not load, each with its line and column."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from policyengine.errors import Diagnostic, nearest
from policyengine.rules.conditions import shown
from policyengine.rules.model import RULE_ID_PATTERN, SOURCE_PATTERN
from policyengine.toml import PositionMap, positions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from policyengine.rules.conditions import Fault, Path
    from policyengine.rules.source import Source

__all__ = ["in_order", "placed", "schema_faults"]

_FORMS = {
    SOURCE_PATTERN: "a URL, contract:… or ticket:…",
    RULE_ID_PATTERN: "a rule id: lower-case letters, digits, and . _ - between them",
}
_SHOWN = 60  # characters of a key
_LONGEST = 200  # characters of a message that jsonschema wrote


def placed(source: Source, faults: Sequence[Fault]) -> list[Diagnostic]:
    """Return *faults* as diagnostics of *source*, at the place of their values, in the order of the lines."""
    if not faults:
        return []
    places = positions(source.data.decode())
    return in_order(_diagnostic(source, places, fault.path, fault.message, at_key=False) for fault in faults)


def in_order(faults: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Return *faults* as a reader of the file meets them."""
    return sorted(faults, key=lambda fault: (fault.line, fault.column, fault.message))


def schema_faults(source: Source, document: Mapping[str, object], schema: Mapping[str, Any]) -> list[Diagnostic]:
    """Return every difference between *document*, the content of *source*, and *schema*."""
    from jsonschema import Draft202012Validator, FormatChecker  # noqa: PLC0415  0.2 s, and only when something is wrong

    places = positions(source.data.decode())
    formats = FormatChecker(())
    for name, test in _FORMATS.items():
        formats.checks(name, ValueError)(test)
    validator = Draft202012Validator(dict(schema), format_checker=formats)
    found = []
    for error in validator.iter_errors(_json_values(document)):
        for leaf in _leaves(error):
            path = tuple(leaf.absolute_path)
            for key, message in _messages(leaf):
                found.append(_diagnostic(source, places, (*path, *key), message, at_key=bool(key)))
    return in_order(set(found))


def _diagnostic(source: Source, places: PositionMap, path: Path, message: str, *, at_key: bool) -> Diagnostic:
    line, column = places.key(path) if at_key else places.value(path)
    where = _written(path)
    return Diagnostic(file=source.file, line=line, column=column, message=f"{where}: {message}" if where else message)


def _written(path: Path) -> str:
    """Return *path* as people write it: `rule[0].when.message`."""
    text = ""
    for step in path:
        name = step if isinstance(step, str) and len(step) <= _SHOWN and step.isprintable() else shown(step)
        text += f"[{step}]" if isinstance(step, int) else f".{name}" if text else name
    return text


def _json_values(value: object) -> object:
    """Return *value* with TOML's dates and decimals as JSON has them."""
    if isinstance(value, dict):
        return {key: _json_values(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_json_values(inner) for inner in value]
    if isinstance(value, Decimal):
        return float(value)
    return value.isoformat() if isinstance(value, date) else value


def _is_decimal(value: object) -> bool:
    return (
        not isinstance(value, str)
        or re.fullmatch(r"\s*[+-]?(\d[\d_]*\.?\d*|\.\d+)(e[+-]?\d+)?\s*", value, re.IGNORECASE) is not None
    )


def _is_date(value: object) -> bool:
    return not isinstance(value, str) or date.fromisoformat(value) is not None


_FORMATS: Mapping[str, Callable[[object], bool]] = {"decimal": _is_decimal, "date": _is_date}


def _leaves(error: Any) -> Iterator[Any]:  # noqa: ANN401  jsonschema's own error class is untyped
    """Yield the errors of the branch of an `anyOf` that fits best, or the error itself."""
    branches: dict[object, list[Any]] = {}
    for inner in error.context or ():
        branches.setdefault(inner.schema_path[0], []).append(inner)
    fitting = [inner for inner in branches.values() if all(fault.validator != "type" or fault.path for fault in inner)]
    if not fitting:
        yield error
        return
    for inner in min(fitting, key=len):
        yield from _leaves(inner)


def _messages(error: Any) -> Iterator[tuple[Path, str]]:  # noqa: ANN401
    """Yield the key that is at fault, if it is a key, and what to write instead."""
    if error.validator == "additionalProperties":
        known = tuple(error.schema.get("properties", {}))
        for key in (key for key in error.instance if key not in known):
            yield (key,), f"unknown key {shown(key)}{nearest(key, known)}"
    elif error.validator == "required":
        yield from (((), f"{key!r} is missing") for key in error.validator_value if key not in error.instance)
    else:
        yield (), _value_message(error, shown(error.instance))


def _value_message(error: Any, shown: str) -> str:  # noqa: ANN401
    """Return what is wrong with a value, *shown* as text."""
    wanted = error.validator_value
    if error.validator == "enum":
        return f"{shown} is not allowed{nearest(str(error.instance), [str(value) for value in wanted])}"
    if error.validator == "type":
        return f"{shown} is not of type {wanted!r}"
    if error.validator == "anyOf":
        return f"{shown} is not of type {_types(wanted)}"
    if error.validator == "pattern" and wanted in _FORMS:
        return f"{shown} is not {_FORMS[wanted]}"
    if error.validator == "format":
        return f"{shown} is no {wanted}"
    return f"{shown} is not of the form {wanted}" if error.validator == "pattern" else str(error.message)[:_LONGEST]


def _types(options: Sequence[Mapping[str, Any]]) -> str:
    names = [str(option.get("type", "table")) for option in options]
    return " or ".join(repr(name) for name in dict.fromkeys(names) if name != "null")
