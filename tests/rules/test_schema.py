"""Test that the JSON Schemas accept what loads and refuse what does not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from policyengine.rules.fields import fields_for
from policyengine.rules.schema import SCHEMA_KINDS, schema

if TYPE_CHECKING:
    from policyengine.plugins import PluginSet


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
