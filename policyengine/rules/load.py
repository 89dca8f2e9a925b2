"""Load files of rules, prices and accounts: parse, convert, check, and report every fault at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from policyengine.errors import Diagnostic, nearest
from policyengine.rules.conditions import Fault, parse_conditions, shown
from policyengine.rules.diagnose import in_order, placed, schema_faults
from policyengine.rules.fields import Field
from policyengine.rules.model import DECISIONS, BillFile, ClassifyFile, PreflightFile, RouteFile, Rule, RuleFile
from policyengine.rules.ordered import BoundRule, Place
from policyengine.rules.source import Source
from policyengine.toml import TomlTextError, header_lines, parse

if TYPE_CHECKING:
    from decimal import Decimal

__all__ = ["LoadedRules", "entry_lines", "load_document", "load_rules"]

T = TypeVar("T")
_LONGEST_WAIT_S = 86_400
FieldsFor = Callable[[RuleFile], Mapping[str, Field]]
"""Returns the facts that the conditions of a file may name."""


class LoadedRules(msgspec.Struct, frozen=True, kw_only=True):
    """Hold one rule file that has no fault."""

    source: Source
    content: RuleFile
    rules: tuple[BoundRule, ...]
    fields: Mapping[str, Field]
    """The facts that its rules may name."""


def load_rules(source: Source, fields_for: FieldsFor) -> tuple[LoadedRules | None, list[Diagnostic]]:
    """Return *source* as rules, or None, and every fault in it."""
    document, faults = parsed(source)
    if document is None:
        return None, faults
    decision = document.get("decision")
    kind = DECISIONS.get(decision) if isinstance(decision, str) else None
    if kind is None:
        return None, placed(source, [_decision_fault(decision)])
    content, faults = converted(source, document, kind, str(decision))
    if content is not None:
        return _bind(source, content, fields_for(content))
    more = _rules_alone(document, kind, fields_for(_header(str(decision), document)))
    return None, in_order({*faults, *placed(source, more)})


def load_document(
    source: Source,
    kind: type[T],
    schema_kind: str,
    *,
    check: Callable[[Mapping[str, object]], list[Fault]] | None = None,
) -> tuple[T | None, list[Diagnostic]]:
    """Return *source* as a value of *kind*, or None, and every fault in it, those that *check* finds too."""
    document, faults = parsed(source)
    if document is None:
        return None, faults
    content, faults = converted(source, document, kind, schema_kind)
    found = placed(source, check(document)) if check is not None else []
    taken = {(fault.line, fault.column) for fault in found}
    return content, in_order([*found, *(fault for fault in faults if (fault.line, fault.column) not in taken)])


def parsed(source: Source) -> tuple[dict[str, object] | None, list[Diagnostic]]:
    """Return the TOML of *source*, or None and why it is none."""
    try:
        return parse(source.data), []
    except TomlTextError as error:
        return None, [Diagnostic(file=source.file, line=error.line, column=error.column, message=error.message)]


def converted(
    source: Source, document: Mapping[str, object], kind: type[T], schema_kind: str
) -> tuple[T | None, list[Diagnostic]]:
    """Return *document* as *kind*; on failure ask the schema for every fault, not only the first."""
    try:
        return msgspec.convert(document, kind), []
    except msgspec.ValidationError as error:
        from policyengine.rules.schema import schema  # noqa: PLC0415  only when something is wrong

        faults = schema_faults(source, document, schema(schema_kind, None))
        return None, faults or placed(source, [_first_fault(error)])


def _first_fault(error: msgspec.ValidationError) -> Fault:
    """Return the one fault that the conversion met, where the schema has no word for it."""
    message, _, where = str(error).partition(" - at `$")
    steps = re.findall(r"\.([^.\[`]+)|\[(\d+)\]", where.partition("[...]")[0])
    return Fault(tuple(int(index) if index else name for name, index in steps), message)


def _rules_alone(document: Mapping[str, object], kind: type[RuleFile], fields: Mapping[str, Field]) -> list[Fault]:
    """Return what is wrong with each rule of a file that does not convert, beside what its schema says."""
    rules = document.get("rule")
    faults: list[Fault] = []
    for index, rule in enumerate(rules if isinstance(rules, list) else ()):
        when = rule.get("when") if isinstance(rule, dict) else None
        if isinstance(when, dict):
            faults += _condition_faults(index, parse_conditions(when, fields)[1])
        try:
            alone = msgspec.convert({**_SMALLEST[kind], "rule": [rule]}, kind)
        except msgspec.ValidationError:
            continue
        faults += _rule_faults(alone.rule[0], index)
    return faults


def _condition_faults(index: int, faults: Iterable[Fault]) -> list[Fault]:
    return [Fault(("rule", index, "when", *fault.path), fault.message) for fault in faults]


def _header(kind: str, document: Mapping[str, object]) -> RuleFile:
    """Return the file without its rules, as far as it can be read: it decides which facts there are."""
    readable = {key: value for key, value in document.items() if key != "rule"}
    try:
        return msgspec.convert(readable, DECISIONS[kind])
    except msgspec.ValidationError:
        return msgspec.convert(_SMALLEST[DECISIONS[kind]], DECISIONS[kind])


_SMALLEST: Mapping[type[RuleFile], Mapping[str, object]] = {
    ClassifyFile: {"decision": "classify", "dialects": ["*"]},
    BillFile: {"decision": "bill", "seller": "*"},
    RouteFile: {"decision": "route"},
    PreflightFile: {"decision": "preflight"},
}


def _decision_fault(decision: object) -> Fault:
    if decision is None:
        return Fault((), f"'decision' is missing{nearest('', tuple(DECISIONS))}")
    return Fault(("decision",), f"{shown(decision)} is no decision{nearest(str(decision), tuple(DECISIONS))}")


def _bind(
    source: Source, content: RuleFile, fields: Mapping[str, Field]
) -> tuple[LoadedRules | None, list[Diagnostic]]:
    lines = entry_lines(source.data, "rule", len(content.rule))
    bound: list[BoundRule] = []
    faults: list[Fault] = [*_file_faults(content, fields)]
    rules: tuple[Rule[Any], ...] = content.rule
    for index, rule in enumerate(rules):
        condition, wrong = parse_conditions(rule.when, fields)
        faults += _condition_faults(index, wrong)
        faults += _rule_faults(rule, index)
        bound.append(BoundRule(content.decision, rule, condition, Place(source.file, source.path, lines[index])))
    if faults:
        return None, placed(source, faults)
    return LoadedRules(source=source, content=content, rules=tuple(bound), fields=fields), []


def entry_lines(data: bytes, name: str, entries: int) -> list[int]:
    """Return the line of each `[[name]]` header of a file; 1 for entries that are written without headers."""
    lines = header_lines(data.decode(), name)
    return lines if len(lines) == entries else [1] * entries


def _file_faults(content: RuleFile, fields: Mapping[str, Field]) -> list[Fault]:
    if isinstance(content, ClassifyFile) and "*" in content.dialects and len(content.dialects) > 1:
        return [Fault(("dialects",), "'*' stands alone")]
    if not isinstance(content, BillFile):
        return []
    told = ((name, _alternative_fault(name, values, fields)) for name, values in content.alternatives.items())
    return [Fault(("alternatives", name), message) for name, message in told if message is not None]


def _alternative_fault(name: str, values: tuple[str, ...], fields: Mapping[str, Field]) -> str | None:
    """Return why bills cannot be made for each of *values* of the fact *name*, or None."""
    field = fields.get(name)
    if field is None:
        return f"{shown(name)} is no fact{nearest(name, tuple(fields))}"
    if field.kind != "text" or name.startswith("signal.") or name in ("outcome", "stage"):
        return f"{name!r} cannot be left open; only facts of kind text can that the caller or the account tells"
    if not values or "" in values:
        return f"name every value that {name!r} may have"
    wrong = next((value for value in values if field.values and value not in field.values), None)
    return None if wrong is None else f"{shown(wrong)} is no {name}{nearest(wrong, field.values)}"


def _rule_faults(rule: Rule[Any], index: int) -> list[Fault]:
    """Return what types cannot say about one rule."""
    faults = []
    if rule.from_ and rule.until and rule.from_ >= rule.until:
        faults.append(Fault(("rule", index, "until"), f"'until' {rule.until} is not after 'from' {rule.from_}"))
    for place, evidence in enumerate(rule.evidence):
        if evidence.basis == "stated" and not evidence.quote:
            faults.append(Fault(("rule", index, "evidence", place), "basis 'stated' needs the 'quote' that states it"))
    then = rule.then
    faults += [
        Fault(("rule", index, "then", name), f"{name!r} runs from 0 to {_LONGEST_WAIT_S}")
        for name in ("wait_s", "max_wait_s")
        if not _is_within(getattr(then, name, 0), _LONGEST_WAIT_S)
    ]
    values = {getattr(then, name, None) for name in ("input", "text", "image", "request")}
    if "conditional" in values and not getattr(then, "on", ()):
        faults.append(Fault(("rule", index, "then"), "a 'conditional' needs 'on': what it depends on"))
    if getattr(then, "failure_reduction_percent", None) is not None and not rule.evidence:
        path = ("rule", index, "then", "failure_reduction_percent")
        faults.append(Fault(path, "a failure reduction needs evidence: who says so"))
    return faults


def _is_within(number: int | Decimal, most: int) -> bool:
    """Return whether *number* runs from 0 to *most*; no comparison with a NaN that raises."""
    return (isinstance(number, int) or number.is_finite()) and 0 <= number <= most
