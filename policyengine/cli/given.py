"""Read facts that are written down, as examples and proofs have them, and decide them."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, cast

import msgspec

from policyengine.errors import InputError
from policyengine.native import timestamp
from policyengine.rules.examples import given_facts
from policyengine.toml import TomlTextError, parse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policyengine.engine import Engine
    from policyengine.facts import Facts
    from policyengine.verdict import Verdict
    from policyengine.vocabulary import Outcome, Stage

__all__ = ["parse_given", "verdict_on"]


def parse_given(written: str) -> Mapping[str, object]:
    """Return the facts of an inline table: `{ code = "a" }`, with or without the braces or `given =` before it.

    Raises:
        InputError: it is no TOML.
    """
    bare = written.strip().removeprefix("given").lstrip().removeprefix("=").strip()
    try:
        document = parse(f"given = {bare if bare.startswith('{') else f'{{ {bare} }}'}\n".encode())
    except TomlTextError as error:
        msg = f'--given: {error.message}; write it as examples have it: {{ code = "a", http_status = 400 }}'
        raise InputError(msg) from error
    return cast("Mapping[str, object]", document["given"])


def verdict_on(engine: Engine, given: Mapping[str, object]) -> Verdict:
    """Return the verdict on facts; outcome and stage among them take the place of the rules that classify.

    Raises:
        InputError: they are no facts.
    """
    told = {name: _typed(name, value) for name, value in given.items()}
    dialect = engine.plugins.dialects.get(str(told.get("dialect")))
    known = {
        "provider": dialect.provider if dialect else "none",
        "dialect": "none",
        "seller": dialect.seller if dialect else "unknown",
    }
    files = [file for file in engine.policy.rules.files if file.content.decision != "preflight"]
    fields = {name: field for file in files for name, field in file.fields.items()}
    try:
        read = given_facts(told, fields, known)
    except (msgspec.ValidationError, TypeError, ValueError) as error:
        msg = f"not a set of facts: {error}"
        raise InputError(msg) from error
    facts = cast("Facts", read.facts)
    if read.outcome is None:
        return engine.decide(facts)
    decided = (cast("Outcome", read.outcome), cast("Stage", read.stage or "unknown"))
    return engine.decide(facts, decided=decided)


def _typed(name: str, value: object) -> object:
    """Return a fact out of JSON, which has neither times nor exact numbers, as TOML has it."""
    if name == "at":
        return timestamp(value) or value
    if name in ("quoted", "settled") and isinstance(value, str):
        try:
            return Decimal(value)
        except InvalidOperation:
            return value
    return value
