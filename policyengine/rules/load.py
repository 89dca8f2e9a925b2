"""Load files of rules, prices and accounts: parse, convert, check, and report every fault at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from policyengine.errors import Diagnostic, nearest
from policyengine.rules.conditions import Fault, parse_conditions
from policyengine.rules.model import DECISIONS, BillFile, ClassifyFile, Rule, RuleFile
from policyengine.rules.ordered import BoundRule, Place
from policyengine.rules.source import Source
from policyengine.toml_text import TomlTextError, header_lines, parse

if TYPE_CHECKING:
    from policyengine.rules.fields import Field

__all__ = ["LoadedRules", "load_document", "load_rules"]

T = TypeVar("T")
_LONGEST_WAIT_S = 86_400
_MOST_ALTERNATIVES = 64
FieldsFor = Callable[[RuleFile], Mapping[str, "Field"]]
"""Returns the facts that the conditions of a file may name."""


class LoadedRules(msgspec.Struct, frozen=True, kw_only=True):
    """Hold one rule file that has no fault."""

    source: Source
    content: RuleFile
    rules: tuple[BoundRule, ...]


def load_rules(source: Source, fields_for: FieldsFor) -> tuple[LoadedRules | None, list[Diagnostic]]:
    """Return *source* as rules, or None, and every fault in it."""
    document, faults = parsed(source)
    if document is None:
        return None, faults
    decision = document.get("decision")
    kind = DECISIONS.get(decision) if isinstance(decision, str) else None
    if kind is None:
        return None, [_decision_fault(source, decision)]
    content, faults = converted(source, document, kind, lambda: _schema(str(decision), document, fields_for))
    return (None, faults) if content is None else _bind(source, content, fields_for(content))


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
    content, faults = converted(source, document, kind, lambda: _schema(schema_kind))
    found = check(document) if check is not None else []
    if found:
        from policyengine.rules.diagnose import placed  # noqa: PLC0415

        faults = sorted({*faults, *placed(source, found)}, key=lambda fault: (fault.line, fault.column))
    return content, faults


def parsed(source: Source) -> tuple[dict[str, object] | None, list[Diagnostic]]:
    """Return the TOML of *source*, or None and why it is none."""
    try:
        return parse(source.data), []
    except TomlTextError as error:
        return None, [Diagnostic(file=source.file, line=error.line, column=error.column, message=error.message)]


def converted(
    source: Source, document: Mapping[str, object], kind: type[T], schema: Callable[[], Mapping[str, Any]]
) -> tuple[T | None, list[Diagnostic]]:
    """Return *document* as *kind*; on failure ask the schema for every fault, not only the first."""
    try:
        return msgspec.convert(document, kind), []
    except msgspec.ValidationError as error:
        from policyengine.rules.diagnose import schema_faults  # noqa: PLC0415  jsonschema is slow to import

        faults = schema_faults(source, document, schema())
        return None, faults or [Diagnostic(file=source.file, message=str(error))]


def _schema(
    kind: str, document: Mapping[str, object] | None = None, fields_for: FieldsFor | None = None
) -> Mapping[str, Any]:
    from policyengine.rules.schema import schema  # noqa: PLC0415  only when something is wrong

    fields = {} if fields_for is None or document is None else fields_for(_header(kind, document))
    return schema(kind, fields)


def _header(kind: str, document: Mapping[str, object]) -> RuleFile:
    """Return the file without its rules, as far as it can be read: it decides which facts there are."""
    readable = {key: value for key, value in document.items() if key != "rule"}
    try:
        return msgspec.convert(readable, DECISIONS[kind])
    except msgspec.ValidationError:
        anyone: dict[str, object] = {"decision": kind}
        if kind == "classify":
            anyone["dialects"] = ["*"]
        if kind == "bill":
            anyone["seller"] = "*"
        return msgspec.convert(anyone, DECISIONS[kind])


def _decision_fault(source: Source, decision: object) -> Diagnostic:
    if decision is None:
        return Diagnostic(file=source.file, message=f"'decision' is missing{nearest('', tuple(DECISIONS))}")
    known = nearest(str(decision), tuple(DECISIONS))
    return Diagnostic(file=source.file, message=f"{decision!r} is no decision{known}")


def _bind(
    source: Source, content: RuleFile, fields: Mapping[str, Field]
) -> tuple[LoadedRules | None, list[Diagnostic]]:
    lines = _rule_lines(source, len(content.rule))
    bound: list[BoundRule] = []
    faults: list[Fault] = [*_file_faults(content, fields)]
    rules: tuple[Rule[Any], ...] = content.rule
    for index, rule in enumerate(rules):
        condition, wrong = parse_conditions(rule.when, fields)
        faults += [Fault(("rule", index, "when", *fault.path), fault.message) for fault in wrong]
        faults += _rule_faults(rule, index)
        bound.append(BoundRule(content.decision, rule, condition, Place(source.file, source.path, lines[index])))
    if faults:
        from policyengine.rules.diagnose import placed  # noqa: PLC0415

        return None, placed(source, faults)
    return LoadedRules(source=source, content=content, rules=tuple(bound)), []


def _rule_lines(source: Source, rules: int) -> list[int]:
    """Return the line of each rule's header; 1 for rules that are written without headers."""
    lines = header_lines(source.data.decode(), "rule")
    return lines if len(lines) == rules else [1] * rules


def _file_faults(content: RuleFile, fields: Mapping[str, Field]) -> list[Fault]:
    if isinstance(content, ClassifyFile) and "*" in content.dialects and len(content.dialects) > 1:
        return [Fault(("dialects",), "'*' stands alone")]
    if not isinstance(content, BillFile):
        return []
    if prod(len(values) for values in content.alternatives.values()) > _MOST_ALTERNATIVES:
        return [Fault(("alternatives",), f"more than {_MOST_ALTERNATIVES} combinations; name fewer facts or values")]
    return [
        Fault(("alternatives", name), f"{name!r} is no fact{nearest(name, tuple(fields))}")
        for name in content.alternatives
        if name not in fields
    ]


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
        if not 0 <= getattr(then, name, 0) <= _LONGEST_WAIT_S
    ]
    values = {getattr(then, name, None) for name in ("input", "text", "image", "request")}
    if "conditional" in values and not getattr(then, "on", ()):
        faults.append(Fault(("rule", index, "then"), "a 'conditional' needs 'on': what it depends on"))
    return faults
