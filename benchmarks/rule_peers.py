"""Translate the twelve rules for the rule engines of the field, each in its own way of deciding first match first."""

from __future__ import annotations

import json
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from benchmarks.twelve_rules import RULES, UNRECOGNIZED

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from benchmarks.twelve_rules import Condition

    Record = Mapping[str, Any]
    Decide = Callable[[Record], object]

__all__ = ["RULE_PEERS", "rule_peer"]

_THEN = {rule.name: rule.then for rule in RULES} | {"": UNRECOGNIZED}


def rule_peer(name: str) -> Decide | None:
    """Return a function that decides a record; None when the peer is not installed."""
    module, make = RULE_PEERS[name]
    return make() if find_spec(module) else None


def _zen() -> Decide:
    """Return a decision table, compiled beforehand: given as text it is not indexed."""
    import zen  # noqa: PLC0415  optional

    fields = list(dict.fromkeys(one.fact for rule in RULES for one in rule.when))
    rows = [
        {"_id": rule.name, "out": json.dumps(rule.name), **dict.fromkeys(fields, "")}
        | {one.fact: _zen_cell(one) for one in rule.when}
        for rule in RULES
    ]
    rows.append({"_id": "none", "out": '""', **dict.fromkeys(fields, "")})
    table = {
        "hitPolicy": "first",
        "inputs": [{"id": field, "name": field, "type": "expression", "field": field} for field in fields],
        "outputs": [{"id": "out", "name": "out", "type": "expression", "field": "out"}],
        "rules": rows,
    }
    nodes = [
        {"id": "in", "type": "inputNode", "name": "in", "position": {"x": 0, "y": 0}},
        {"id": "t", "type": "decisionTableNode", "name": "t", "position": {"x": 1, "y": 0}, "content": table},
        {"id": "end", "type": "outputNode", "name": "end", "position": {"x": 2, "y": 0}},
    ]
    edges = [
        {"id": "1", "sourceId": "in", "targetId": "t", "type": "edge"},
        {"id": "2", "sourceId": "t", "targetId": "end", "type": "edge"},
    ]
    graph = json.dumps({"contentType": "application/vnd.gorules.decision", "nodes": nodes, "edges": edges})
    decision = zen.ZenEngine().create_decision(zen.ZenDecisionContent(graph))
    return lambda record: _THEN[decision.evaluate(dict(record))["result"]["out"]]


def _zen_cell(one: Condition) -> str:
    value = json.dumps(one.operand)
    if one.operator == "contains":
        return f"$ != null and contains($, {value})"
    if one.operator == "in":
        return value.strip("[]")
    return {"equals": value, "ge": f"$ != null and $ >= {value}", "present": "$ != null"}[one.operator]


def _cel() -> Decide:
    """Return one expression, a chain of conditionals: ours are few enough for its limit of 96."""
    import cel  # noqa: PLC0415  optional

    chain = '""'
    for rule in reversed(RULES):
        chain = f'({" && ".join(map(_cel_test, rule.when))}) ? "{rule.name}" : ({chain})'
    program = cel.compile(chain)
    return lambda record: _THEN[program.execute(dict(record))]


def _cel_test(one: Condition) -> str:
    value = json.dumps(one.operand)
    present = f"{one.fact} != null"
    tests = {
        "equals": f"{one.fact} == {value}",
        "in": f"{one.fact} in {value}",
        "contains": f"{present} && {one.fact}.contains({value})",
        "ge": f"{present} && {one.fact} >= {value}",
        "present": present,
    }
    return tests[one.operator]


def _rule_engine() -> Decide:
    """Return a list of rules, tried in turn."""
    from rule_engine import Rule  # noqa: PLC0415  optional

    rules = [(Rule(" and ".join(map(_rule_engine_test, rule.when))), rule.then) for rule in RULES]

    def decide(record: Record) -> object:
        return next((then for rule, then in rules if rule.matches(record)), UNRECOGNIZED)

    return decide


def _rule_engine_test(one: Condition) -> str:
    value = json.dumps(one.operand)
    tests = {
        "equals": f"{one.fact} == {value}",
        "in": f"{one.fact} in {value}",
        "contains": f"{one.fact} != null and {value} in {one.fact}",
        "ge": f"{one.fact} != null and {one.fact} >= {value}",
        "present": f"{one.fact} != null",
    }
    return tests[one.operator]


def _json_logic() -> Decide:
    from json_logic import jsonLogic  # noqa: PLC0415  optional

    chain: list[object] = []
    for rule in RULES:
        chain += [{"and": [_json_logic_test(one) for one in rule.when]}, rule.name]
    logic = {"if": [*chain, ""]}
    return lambda record: _THEN[jsonLogic(logic, record)]


def _json_logic_test(one: Condition) -> dict[str, Any]:
    value = {"var": one.fact}
    tests: dict[str, dict[str, Any]] = {
        "equals": {"===": [value, one.operand]},
        "in": {"in": [value, one.operand]},
        "contains": {"and": [{"!==": [value, None]}, {"in": [one.operand, value]}]},
        "ge": {"and": [{"!==": [value, None]}, {">=": [value, one.operand]}]},
        "present": {"!==": [value, None]},
    }
    return tests[one.operator]


RULE_PEERS: Mapping[str, tuple[str, Callable[[], Decide]]] = {
    "common-expression-language": ("cel", _cel),
    "zen-engine": ("zen", _zen),
    "panzi-json-logic": ("json_logic", _json_logic),
    "rule-engine": ("rule_engine", _rule_engine),
}
"""The module of each peer and what makes its function."""
