"""Test which facts rules may name, and of which kind they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from policyengine.facts import Facts
from policyengine.rules.conditions import read
from policyengine.rules.fields import ACCOUNT_FIELDS, fact_fields, fields_for
from policyengine.vocabulary import OUTCOMES, STAGES, TIERS

if TYPE_CHECKING:
    from policyengine.plugins import PluginSet


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("finish_reason", "text"),
        ("http_status", "integer"),
        ("elapsed_s", "number"),
        ("settled", "amount"),
        ("terminal", "boolean"),
        ("category", "texts"),
        ("at", "time"),
        ("images_missing", "integer"),
        ("account.mode", "text"),
        ("account.failures_today", "integer"),
    ],
)
def test_kind_follows_the_type(name: str, kind: str) -> None:
    assert fact_fields()[name].kind == kind


def test_every_fact_is_a_field_and_can_be_read() -> None:
    facts = Facts(provider="toy", dialect="toy-api", seller="toy-inc")

    named = {field.name for field in msgspec.structs.fields(Facts)} - {"signal", "account"}

    assert named | {"images_missing"} | {field.name for field in ACCOUNT_FIELDS} == set(fact_fields())
    assert [name for name in fact_fields() if read(name, facts) is not None] == [
        "provider",
        "dialect",
        "seller",
        "attempt",
    ]


def test_closed_sets_are_listed() -> None:
    assert fact_fields()["tier"].values == TIERS
    assert fact_fields()["filter_stage"].values == ("prompt", "output")
    assert fields_for("bill", ())["outcome"].values == OUTCOMES
    assert fields_for("route", ())["stage"].values == STAGES


def test_classify_rules_do_not_see_what_they_decide() -> None:
    assert "outcome" not in fields_for("classify", ())


def test_signals_are_those_of_the_dialects(plugins: PluginSet) -> None:
    fields = fields_for("classify", [plugins.dialects["toy-api"]])

    signals = {name: field.kind for name, field in fields.items() if name.startswith("signal.")}
    assert signals == {
        "signal.hint": "text",
        "signal.level": "integer",
        "signal.sure": "boolean",
        "signal.tags": "texts",
    }


def test_further_account_facts_have_the_kind_they_are_given() -> None:
    fields = fields_for("bill", (), {"account.region": "text", "account.failures_today": "text"})

    assert fields["account.region"].kind == "text"
    assert fields["account.failures_today"].kind == "integer"


def test_a_signal_of_an_unknown_kind_is_refused(plugins: PluginSet, monkeypatch: pytest.MonkeyPatch) -> None:
    dialect = plugins.dialects["toy-api"]
    monkeypatch.setattr(type(dialect), "signals", {"odd": "float"})

    with pytest.raises(ValueError, match="a signal of kind 'float'; kinds are text, integer"):
        fields_for("classify", [dialect])
