"""Decide what Acme answers, with the plugin installed."""

from __future__ import annotations

import json

import pytest
from policyengine import Engine, Exchange

from policyengine_acme.dialect import AcmeImages

EXPECTED = {
    "delivered": ("delivered", "none"),
    "refused-picture": ("blocked", "output"),
    "crashed": ("failed", "generation"),
    "no-credits": ("exhausted", "admission"),
}


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine.load()


def test_every_scenario_is_decided_as_expected(engine: Engine) -> None:
    scenarios = engine.plugins.providers["acme"].scenarios("acme-images")
    verdicts = {one.name: engine.evaluate(one.body, http_status=one.http_status) for one in scenarios}

    assert {name: (verdict.outcome, verdict.stage) for name, verdict in verdicts.items()} == EXPECTED


@pytest.mark.parametrize(
    "body", [None, [], "text", 1, {"acme_job": None}, {"acme_job": {"pictures": 7}}, {"acme_error": []}]
)
def test_any_json_is_normalized(body: object) -> None:
    facts, _ = AcmeImages().normalize(Exchange(body=json.loads(json.dumps(body))))

    assert facts.dialect == "acme-images"
