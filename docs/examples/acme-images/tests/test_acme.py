"""Hold the plugin of Acme to its contract, and its samples to what they mean; the plugin must be installed."""

from __future__ import annotations

import pytest
from policyengine import Engine
from policyengine.testing import ProviderContract

EXPECTED = {
    "delivered": ("delivered", "none"),
    "refused-picture": ("blocked", "output"),
    "crashed": ("failed", "generation"),
    "no-credits": ("exhausted", "admission"),
}


class TestAcme(ProviderContract):
    """Run every test of the kit; `plugin` is the name of the entry point in pyproject.toml."""

    plugin = "acme"


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine.load()


def test_every_sample_means_what_is_expected(engine: Engine) -> None:
    scenarios = engine.plugins.providers["acme"].scenarios("acme-images")
    verdicts = {one.name: engine.evaluate(one.body, http_status=one.http_status) for one in scenarios}

    assert {name: (verdict.outcome, verdict.stage) for name, verdict in verdicts.items()} == EXPECTED
