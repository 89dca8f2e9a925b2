"""Compile one rule's condition to a Python function whose traceback points into the rule file."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, cast

from policyengine.rules.conditions import All, Any, Condition, Not, Test

if TYPE_CHECKING:
    from policyengine.rules.fields import Field, Subject

__all__ = ["Match", "Reader", "compiled", "compiled_reader"]

Match = Callable[["Subject", str | None, str | None], bool]
Reader = Callable[["Subject", str | None, str | None], tuple[object, ...]]

_COMPARISONS: Mapping[str, type[ast.cmpop]] = {"gt": ast.Gt, "ge": ast.GtE, "lt": ast.Lt, "le": ast.LtE}


def compiled(condition: Condition, *, file: str, line: int) -> Match:
    """Return a function of (facts, outcome, stage) that decides *condition*."""
    return cast("Match", _function(_expression(condition), file, line))


def compiled_reader(parts: Sequence[Field | Test]) -> Reader:
    """Return a function of (facts, outcome, stage) that returns the values of facts and the results of tests."""
    values = [_expression(part) if isinstance(part, Test) else _value(part) for part in parts]
    return cast("Reader", _function(ast.Tuple(elts=values, ctx=ast.Load()), "<key>", 1))


def _function(body: ast.expr, file: str, line: int) -> Callable[..., object]:
    names = [ast.arg(arg=name) for name in ("f", "outcome", "stage")]
    arguments = ast.arguments(posonlyargs=[], args=names, kwonlyargs=[], kw_defaults=[], defaults=[])
    lift = _Lift()
    tree = ast.Expression(ast.Lambda(args=arguments, body=lift.visit(body)))
    for node in ast.walk(tree):
        node.lineno = node.end_lineno = line  # type: ignore[attr-defined]
        node.col_offset = node.end_col_offset = 0  # type: ignore[attr-defined]
    known = {**_NAMES, **lift.names} if lift.names else _NAMES
    function = eval(compile(tree, file, "eval"), known)  # noqa: S307  nodes built from checked data, no text
    return cast("Callable[..., object]", function)


class _Lift(ast.NodeTransformer):
    """Give names to constants that the compiler does not take: amounts, times, and sets of them."""

    def __init__(self) -> None:
        self.names: dict[str, object] = {}

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        value: object = node.value
        inside = value if isinstance(value, frozenset) else (value,)
        if not any(isinstance(item, Decimal | datetime) for item in inside):
            return node
        name = f"constant_{len(self.names)}"
        self.names[name] = value
        return _name(name)


def _expression(condition: Condition) -> ast.expr:
    if isinstance(condition, Test):
        return _test(condition)
    if isinstance(condition, Not):
        return ast.UnaryOp(op=ast.Not(), operand=_expression(condition.inner))
    if not condition.parts:
        return _constant(isinstance(condition, All))
    if len(condition.parts) == 1:
        return _expression(condition.parts[0])
    joint: ast.boolop = ast.Or() if isinstance(condition, Any) else ast.And()
    return ast.BoolOp(op=joint, values=[_expression(part) for part in condition.parts])


def _test(test: Test) -> ast.expr:
    value = _value(test.field)
    if test.operator == "present":
        if test.field.kind == "texts":
            return ast.Call(func=_name("bool"), args=[value], keywords=[])
        return ast.Compare(left=value, ops=[ast.IsNot()], comparators=[_constant(None)])
    if test.field.kind == "texts":
        return _call(f"list_{test.operator}", value, test)
    if test.operator == "equals":
        return _equals(value, test)
    if test.operator in _COMPARISONS:
        return _ordered(value, test)
    return _call(test.operator, value, test)


def _equals(value: ast.expr, test: Test) -> ast.expr:
    if len(test.operands) == 1:
        return ast.Compare(left=value, ops=[ast.Eq()], comparators=[_constant(test.operands[0])])
    return ast.Compare(left=value, ops=[ast.In()], comparators=[_constant(frozenset(test.operands))])


def _ordered(value: ast.expr, test: Test) -> ast.expr:
    """Return `(v := value) is not None and (v > a or v > b)`."""
    bound = ast.NamedExpr(target=ast.Name(id="v", ctx=ast.Store()), value=value)
    present = ast.Compare(left=bound, ops=[ast.IsNot()], comparators=[_constant(None)])
    tests: list[ast.expr] = [
        ast.Compare(left=_name("v"), ops=[_COMPARISONS[test.operator]()], comparators=[_constant(operand)])
        for operand in test.operands
    ]
    either = tests[0] if len(tests) == 1 else ast.BoolOp(op=ast.Or(), values=tests)
    return ast.BoolOp(op=ast.And(), values=[present, either])


def _call(function: str, value: ast.expr, test: Test) -> ast.expr:
    operands: object = tuple(str(operand) for operand in test.operands)
    if not function.endswith("equals"):
        operands = tuple(str(operand).encode("utf-8", "surrogatepass").lower() for operand in test.operands)
    return ast.Call(func=_name(function), args=[value, _constant(operands)], keywords=[])


def _value(field: Field) -> ast.expr:
    group, _, key = field.name.partition(".")
    if field.name in ("outcome", "stage"):
        return _name(field.name)
    attribute = ast.Attribute(value=_name("f"), attr=group, ctx=ast.Load())
    if not key:
        return attribute
    getter = ast.Attribute(value=attribute, attr="get", ctx=ast.Load())
    return ast.Call(func=getter, args=[_constant(key)], keywords=[])


def _constant(value: object) -> ast.Constant:
    """Return a constant; `_Lift` sees to those that only its type hints allow here."""
    return ast.Constant(value=cast("str", value))


def _name(name: str) -> ast.Name:
    return ast.Name(id=name, ctx=ast.Load())


_last_folded: tuple[str, bytes] = ("", b"")


def _folded(text: str) -> bytes:
    """Return *text* with ASCII letters in lower case; the last text is kept, as several rules ask about it in turn."""
    global _last_folded  # noqa: PLW0603  one tuple, swapped whole: another thread sees the old or the new
    last = _last_folded
    if last[0] is text:
        return last[1]
    folded = text.encode("utf-8", "surrogatepass").lower()
    _last_folded = (text, folded)
    return folded


def _contains(value: str | None, needles: tuple[bytes, ...]) -> bool:
    if value is None:
        return False
    folded = _folded(value)
    for needle in needles:  # noqa: SIM110  a generator costs more than the search
        if needle in folded:
            return True
    return False


def _starts_with(value: str | None, needles: tuple[bytes, ...]) -> bool:
    return value is not None and _folded(value).startswith(needles)


def _ends_with(value: str | None, needles: tuple[bytes, ...]) -> bool:
    return value is not None and _folded(value).endswith(needles)


def _list_equals(values: tuple[str, ...] | None, wanted: tuple[str, ...]) -> bool:
    return values is not None and any(value in wanted for value in values)


def _any_element(test: Callable[[str | None, tuple[bytes, ...]], bool]) -> Callable[..., bool]:
    def match(values: tuple[str, ...] | None, needles: tuple[bytes, ...]) -> bool:
        return values is not None and any(test(value, needles) for value in values)

    return match


_NAMES: dict[str, object] = {
    "__builtins__": {},
    "bool": bool,
    "contains": _contains,
    "starts_with": _starts_with,
    "ends_with": _ends_with,
    "list_equals": _list_equals,
    "list_contains": _any_element(_contains),
    "list_starts_with": _any_element(_starts_with),
    "list_ends_with": _any_element(_ends_with),
}
