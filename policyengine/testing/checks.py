"""Check what a dialect made of an answer: the types of facts, what is absent, and that usage adds up."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import msgspec

from policyengine.facts import Facts, UsageRow
from policyengine.provider import Claim
from policyengine.vocabulary import COMPONENTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from policyengine.exchange import Exchange
    from policyengine.provider import Dialect, Normalized

__all__ = ["COUNTED", "told", "translated"]

_IMPLIED = frozenset(
    {"provider", "dialect", "seller", "attempt", "account", "signal", "images_delivered", "terminal"}
    | {"tier", "operation", "status", "money_unit"}
)
"""Facts that a dialect may state of an answer that says nothing: what it is, and how many images are in it."""
COUNTED = frozenset({"images_requested", "images_withheld"})
"""Facts that follow from how long a list of the answer is."""
_SIGNALS: Mapping[str, type] = {"text": str, "integer": int, "boolean": bool, "texts": tuple}
_TOKENS = {"input": "input_tokens", "text": "text_tokens", "image": "image_tokens"}


def translated(dialect: Dialect, exchange: Exchange) -> Normalized:
    """Return what *dialect* makes of *exchange*, held to what any answer must give."""
    try:
        claim, parts = dialect.recognizes(exchange), dialect.split(exchange.body)
        facts, usage = dialect.normalize(exchange)
    except Exception as error:
        error.add_note(
            f"dialect {dialect.name!r} must read any JSON: use the getters of policyengine.native, which never raise"
        )
        raise
    assert isinstance(claim, Claim), f"{dialect.name}.recognizes returned {claim!r}; return a policyengine.Claim"
    assert len(parts) > 0, f"{dialect.name}.split returned nothing; return [body] where there is nothing to split"
    assert isinstance(facts, Facts), f"{dialect.name}.normalize returned {type(facts).__name__} for the facts"
    _check_facts(dialect, facts)
    _check_usage(dialect, facts, usage)
    return facts, tuple(usage)


def _check_facts(dialect: Dialect, facts: Facts) -> None:
    where = f"facts of dialect {dialect.name!r}"
    assert (facts.provider, facts.dialect) == (dialect.provider, dialect.name), (
        f"{where} name another; make them with exchange.facts(self, …)"
    )
    try:
        plain = msgspec.to_builtins(facts, builtin_types=(datetime, Decimal))
        msgspec.convert(plain, Facts, strict=True)
    except (msgspec.ValidationError, TypeError, ValueError) as error:
        error.add_note(f"{where} hold a value of a wrong type; see docs/facts.md")
        raise
    assert facts.at is None or facts.at.tzinfo is not None, f"{where}: 'at' has no time zone; use native.timestamp"
    empty = [name for name in Facts.__struct_fields__ if getattr(facts, name) == ""]
    assert not empty, f"{where}: {empty} is an empty text; leave out what the answer does not tell (native.text does)"
    negative = [name for name in Facts.__struct_fields__ if _is_negative(getattr(facts, name))]
    assert not negative, f"{where}: {negative} is below zero; read it with native.count, number or amount"
    _check_signals(where, dialect, facts)


def _is_negative(value: object) -> bool:
    return isinstance(value, int | float | Decimal) and not value >= 0


def _check_signals(where: str, dialect: Dialect, facts: Facts) -> None:
    undeclared = sorted(facts.signal.keys() - dialect.signals.keys())
    assert not undeclared, f"{where}: signals {undeclared} are unknown to rules; declare them in {dialect.name}.signals"
    for name, value in facts.signal.items():
        kind = dialect.signals[name]
        fits = isinstance(value, _SIGNALS[kind]) and (kind != "integer" or not isinstance(value, bool))
        assert fits, f"{where}: signal.{name} is {value!r}, declared as {kind}"


def _check_usage(dialect: Dialect, facts: Facts, usage: Iterable[UsageRow]) -> None:
    where = f"usage of dialect {dialect.name!r}"
    counted: dict[str, int | Decimal] = dict.fromkeys(COMPONENTS, 0)
    images: list[int | Decimal] = []
    for row in usage:
        assert isinstance(row, UsageRow), f"{where} holds {row!r}; use policyengine.UsageRow"
        assert row.component in COMPONENTS, f"{where}: {row.component!r} is no component; they are {COMPONENTS}"
        assert type(row.quantity) in (int, Decimal), f"{where}: {row} counts in {type(row.quantity).__name__}"
        assert row.quantity >= 0, f"{where}: {row} is below zero"
        if "token" in row.unit:
            counted[row.component] += row.quantity
        if row.unit == "image":
            images.append(row.quantity)
    for component, fact in _TOKENS.items():
        said = getattr(facts, fact) or 0
        assert counted[component] == said, (
            f"{where}: rows of {component!r} add up to {counted[component]} tokens, the fact {fact} says {said}"
        )
    delivered = facts.images_delivered or 0
    assert not images or sum(images) == delivered, (
        f"{where}: {sum(images)} images, the fact images_delivered says {delivered}"
    )


def told(facts: Facts) -> dict[str, object]:
    """Return the facts that only the answer itself can have told."""
    values = {name: getattr(facts, name) for name in Facts.__struct_fields__ if name not in _IMPLIED}
    return {name: value for name, value in values.items() if value not in (None, ())}
