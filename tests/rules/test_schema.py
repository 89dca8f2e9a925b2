"""Test that the JSON Schemas accept what loads and refuse what does not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from policyengine.plugins import load_plugins
from policyengine.rules.fields import Field, fields_for
from policyengine.rules.schema import SCHEMA_KINDS, schema
from policyengine.rules.source import Source, bundled_rules, read_source, rule_sources
from policyengine.toml import parse

if TYPE_CHECKING:
    from policyengine.errors import Diagnostic
    from policyengine.plugins import PluginSet
    from policyengine.rules.load import LoadedRules


When = dict[str, object]
LoadFile = Callable[..., "tuple[LoadedRules | None, list[Diagnostic]]"]


SIGNALS = (
    Field("signal.hint", "text"),
    Field("signal.level", "integer"),
    Field("signal.sure", "boolean"),
    Field("signal.tags", "texts"),
)


def errors(document: dict[str, Any], kind: str, plugins: PluginSet) -> list[str]:
    written = schema(kind, fields_for(kind, plugins.dialects.values()))
    return [error.message for error in Draft202012Validator(written).iter_errors(document)]


def rule(**told: Any) -> dict[str, Any]:  # noqa: ANN401
    then = {"outcome": "blocked", "stage": "output"}
    one = {"id": "toy.one", "title": "One", "then": then, **told}
    return {"decision": "classify", "dialects": ["toy-api"], "rule": [one]}


@pytest.mark.parametrize("kind", SCHEMA_KINDS)
def test_every_schema_is_a_schema(kind: str, plugins: PluginSet) -> None:
    Draft202012Validator.check_schema(schema(kind, fields_for(kind, plugins.dialects.values())))
    Draft202012Validator.check_schema(schema(kind, None))


@pytest.mark.parametrize(
    "when",
    [
        {"finish_reason": "SAFETY"},
        {"finish_reason": ["SAFETY", "STOP"]},
        {"message": {"contains": ["a", "b"], "present": True}},
        {"http_status": {"ge": 400, "lt": 500}},
        {"http_status": {"not": {"ge": 400}}},
        {"signal": {"hint": "x", "tags": {"contains": "y"}}},
        {"account": {"mode": "per-call", "failures_today": {"gt": 3}}},
        {"any": [{"code": "x"}, {"not": {"code": "y"}}]},
        {"quoted": {"gt": 0.5}, "elapsed_s": {"gt": 0.5}},
        {"at": {"ge": "2026-01-01"}},
    ],
)
def test_conditions_that_load_are_accepted(when: dict[str, Any], plugins: PluginSet) -> None:
    assert errors(rule(when=when), "classify", plugins) == []


@pytest.mark.parametrize(
    "when",
    [
        {"finish_raeson": "SAFETY"},
        {"message": {"contain": "a"}},
        {"message": {"gt": "a"}},
        {"terminal": {"gt": 1}},
        {"http_status": "200"},
        {"tier": "btach"},
        {"outcome": "blocked"},
        {"signal": {"hnit": "x"}},
        {"any": []},
        {"code": []},
        {"code": {}},
    ],
)
def test_conditions_that_do_not_load_are_refused(when: dict[str, Any], plugins: PluginSet) -> None:
    assert errors(rule(when=when), "classify", plugins) != []


def test_given_names_facts_only(plugins: PluginSet) -> None:
    assert errors(rule(example=[{"given": {"finish_reason": "SAFETY", "category": ["x"]}}]), "classify", plugins) == []
    assert errors(rule(example=[{"given": {"finish_raeson": "SAFETY"}}]), "classify", plugins) != []


def test_bill_rules_may_name_what_was_decided(plugins: PluginSet) -> None:
    one = {"id": "x", "title": "x", "when": {"outcome": "blocked"}, "then": {"image": "free"}}

    assert errors({"decision": "bill", "seller": "toy-inc", "rule": [one]}, "bill", plugins) == []


def test_prices_are_texts(plugins: PluginSet) -> None:
    entry = {"model": "m", "source": "https://x.test", "checked": "2026-01-01"}

    assert errors({"seller": "x", "price": [{**entry, "per_call": "0.5"}]}, "prices", plugins) == []
    assert errors({"seller": "x", "price": [{**entry, "per_call": 0.5}]}, "prices", plugins) != []


def test_conditions_are_left_open_without_fields() -> None:
    document = rule(when={"finish_raeson": "x"})

    assert list(Draft202012Validator(schema("classify", None)).iter_errors(document)) == []


def as_json(value: object) -> Any:  # noqa: ANN401
    """Return TOML values as a schema sees them."""
    if isinstance(value, dict):
        return {key: as_json(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [as_json(inner) for inner in value]
    if isinstance(value, Decimal):
        return float(value)
    return value.isoformat() if isinstance(value, date) else value


@given(data=st.data())
def test_every_condition_that_can_be_read_is_accepted(data: st.DataObject, whens: st.SearchStrategy[When]) -> None:
    when = data.draw(whens)
    document = {
        "decision": "bill",
        "seller": "toy-inc",
        "rule": [{"id": "x", "title": "x", "when": as_json(when), "then": {"image": "free"}}],
    }

    written = schema("bill", {**fields_for("bill", ()), **{field.name: field for field in SIGNALS}})

    assert [error.message for error in Draft202012Validator(written).iter_errors(document)] == []


def shipped_rules() -> list[Source]:
    return list(rule_sources(bundled_rules(), "bundled", label="rules"))


def shipped_prices() -> list[Source]:
    files = [seller.price_file for seller in load_plugins().sellers.values() if seller.price_file is not None]
    return [read_source(file, "plugin", str(file)) for file in files]


@pytest.mark.parametrize("source", shipped_rules(), ids=lambda source: source.file)
def test_shipped_rule_file_is_valid(source: Source) -> None:
    document = as_json(parse(source.data))
    kind = document["decision"]

    assert errors(document, kind, load_plugins()) == []


@pytest.mark.parametrize("source", shipped_prices(), ids=lambda source: "/".join(source.file.split("/")[-3:]))
def test_shipped_price_file_is_valid(source: Source) -> None:
    assert errors(as_json(parse(source.data)), "prices", load_plugins()) == []


WRONG = {
    "misspelled key": (b"\nwhen", b"\nwehn"),
    "misspelled effect": (b"then", b"thne"),
    "no decision": (b"decision", b"dceision"),
    "number as text": (b"when.http_status = 401", b'when.http_status = "401"'),
}


@pytest.mark.parametrize(("right", "wrong"), WRONG.values(), ids=WRONG)
def test_a_shipped_file_with_a_fault_is_refused(right: bytes, wrong: bytes) -> None:
    (common,) = (source for source in shipped_rules() if source.file.endswith("classify/common.toml"))
    changed = common.data.replace(right, wrong, 1)
    assert changed != common.data

    assert errors(as_json(parse(changed)), "classify", load_plugins()) != []


@pytest.mark.parametrize("wait", ["2", "0.5", "0"])
def test_waits_are_numbers_whole_or_not(load_file: LoadFile, plugins: PluginSet, wait: str) -> None:
    written = f"""\
        decision = "route"
        [[rule]]
        id = "r.one"
        title = "One"
        then = {{ action = "backoff", tag = "x", wait_s = {wait}, max_wait_s = {wait} }}
        """

    assert load_file(written)[1] == []
    assert errors(as_json(parse(written.encode())), "route", plugins) == []


def test_a_fraction_of_a_second_is_no_fault_beside_one(load_file: LoadFile) -> None:
    _, faults = load_file(
        """\
        decision = "route"
        [[rule]]
        id = "r.one"
        title = "One"
        then = { action = "bakcoff", tag = "x", wait_s = 0.5 }
        """
    )

    assert [fault.message.split(":")[0] for fault in faults] == ["rule[0].then.action"]
