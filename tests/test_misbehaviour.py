"""Show that a plugin or an answer that misbehaves costs one verdict its facts, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import msgspec
import pytest

from policyengine import Claim, Dialect, Engine, Exchange, Provider, Seller, Verdict, hookimpl
from policyengine.plugins import PluginSet, load_plugins

if TYPE_CHECKING:
    from pathlib import Path

    from policyengine.money.tariff import Estimate, PriceEntry, Rates, Tariff, Workload


class Careless(Dialect):
    """Return facts of wrong types."""

    name: ClassVar[str] = "careless"
    seller: ClassVar[str] = "careless-inc"

    def recognizes(self, exchange: Exchange) -> Claim:
        del exchange
        return Claim.NO

    def normalize(self, exchange: Exchange) -> Any:  # noqa: ANN401  that is the point
        return exchange.facts(self, http_status="x", finish_reason=[1], at="yesterday"), ()


class Plugin:
    @hookimpl
    def policyengine_provider(self) -> Provider:
        return Provider("careless", [Careless()])


@pytest.fixture(scope="module")
def engine() -> Engine:
    plugins: PluginSet = load_plugins()
    plugins.add("careless", Plugin())
    return Engine.load(plugins=plugins)


def test_facts_of_wrong_types_are_the_plugins_fault(engine: Engine) -> None:
    verdict = engine.evaluate({"a": 1}, dialect="careless", http_status=503)

    assert verdict.outcome == "failed"
    assert "careless" in next(warning.message for warning in verdict.warnings if warning.code == "plugin_failed")


def test_half_a_surrogate_pair_does_not_keep_a_verdict_from_being_written(engine: Engine) -> None:
    body = {"error": {"code": 400, "message": "bad \ud800 word", "status": "INVALID_ARGUMENT"}}

    verdict = engine.evaluate(body, provider="gemini", http_status=400)

    assert Verdict.from_json(verdict.to_json()).outcome == verdict.outcome == "rejected"


def test_a_retry_after_that_is_a_time_counts_from_the_answer(engine: Engine) -> None:
    headers = {"Date": "Tue, 24 Nov 2026 10:00:00 GMT", "Retry-After": "Tue, 24 Nov 2026 10:00:30 GMT"}

    verdict = engine.evaluate(b"{}", http_status=429, headers=headers)

    assert verdict.facts.retry_after_s == 30
    assert verdict.route.wait_s == 30


@pytest.mark.parametrize("provider", ["gemini", "openai", "flux", "midjourney", "stability"])
def test_a_deep_body_is_decided(engine: Engine, provider: str) -> None:
    body = b'{"error":' * 900 + b"1" + b"}" * 900

    verdict = engine.evaluate(body, provider=provider, http_status=500)

    assert msgspec.json.decode(verdict.to_json())["outcome"] in ("failed", "unrecognized")


class Broken(Seller):
    """Fail at what a seller is asked."""

    def __init__(self, what: str, prices: Path) -> None:
        super().__init__("broken", prices=prices)
        self.what = what

    def translate(self, entry: PriceEntry) -> Rates:
        if self.what == "translate":
            raise RuntimeError(self.what)
        return super().translate(entry)

    def estimate(self, workload: Workload, tariff: Tariff) -> tuple[Estimate, ...]:
        del workload, tariff
        raise RuntimeError(self.what)


@pytest.mark.parametrize("what", ["translate", "estimate"])
def test_a_seller_that_fails_leaves_its_answers_unpriced(tmp_path: Path, what: str) -> None:
    prices = tmp_path / "broken.toml"
    prices.write_text(
        'seller = "broken"\n[[price]]\nmodel = "m"\nper_mtok = { image = "60" }\nsource = "https://x.test"\n'
        "checked = 2026-11-24\n",
        encoding="utf-8",
    )
    plugins = load_plugins()
    plugins.sellers["broken"] = Broken(what, prices)

    verdict = Engine.load(plugins=plugins).evaluate(b"{}", http_status=500, seller="broken", model="m")

    assert (verdict.outcome, verdict.charge.high) == ("failed", None)
