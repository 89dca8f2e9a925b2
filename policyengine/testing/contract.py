"""State what a plugin owes to the engine and to those who write rules, as tests to inherit."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, ClassVar

import pytest
from hypothesis import HealthCheck, given, settings
from msgspec.structs import replace

from policyengine.engine import Engine
from policyengine.errors import InputError
from policyengine.exchange import Exchange
from policyengine.fallback import FALLBACK
from policyengine.hookspecs import ENTRY_POINT_GROUP
from policyengine.money.book import for_tier
from policyengine.money.tariff import Estimate, Rate, Tariff, Workload
from policyengine.plugins import PluginSet, load_plugins
from policyengine.policy.sources import price_label
from policyengine.rules.examples import run_examples
from policyengine.rules.fields import fact_fields
from policyengine.testing.answers import exchange_of, exchanges, hollow, variants
from policyengine.testing.checks import COUNTED, told, translated
from policyengine.vocabulary import COMPONENTS, TIERS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policyengine.money.entry import PriceEntry
    from policyengine.provider import Dialect, Provider, Scenario, Seller
    from policyengine.verdict import Verdict

__all__ = ["ProviderContract"]

_WORK = (
    Workload(),
    Workload(images=4, size="2048x2048", quality="high", prompt_tokens=100, text_tokens=200),
    Workload(images=None, size="no size", prompt_bytes=40),
    Workload(images=0),
)
_UNTIMED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a busy machine is no defect
_SOURCES = ("https://", "http://", "contract:", "ticket:")


class ProviderContract:
    """Hold a plugin to its contract; subclass it in a test module and name the plugin.

    The plugin must be installed, `pip install --editable .` will do:

        class TestAcme(ProviderContract):
            plugin = "acme"
    """

    plugin: ClassVar[str] = ""
    """The name of the plugin's entry point."""

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Run a test once for each dialect, scenario or seller that it takes."""
        names = metafunc.fixturenames
        shipped = _shipped(self.plugin)
        if "scenario" in names:
            found = list(_scenarios(shipped))
            ids = [f"{dialect.name}-{scenario.name}" for dialect, scenario in found]
            metafunc.parametrize(("dialect", "scenario"), found, ids=ids)
        elif "dialect" in names:
            metafunc.parametrize("dialect", list(shipped.dialects.values()), ids=list(shipped.dialects))
        elif "seller" in names:
            metafunc.parametrize("seller", list(shipped.sellers.values()), ids=list(shipped.sellers))

    def test_it_loads(self) -> None:
        """Check that the plugin is installed, imports, and clashes with no other."""
        installed = sorted(point.name for point in entry_points(group=ENTRY_POINT_GROUP))
        assert self.plugin in installed, (
            f"no plugin {self.plugin!r} is installed, only {installed}; "
            f"name it under [project.entry-points.{ENTRY_POINT_GROUP}] and pip install --editable ."
        )
        problems = [str(found) for found in _engine().plugins.problems if found.plugin.startswith(f"{self.plugin} (")]
        assert problems == [], "the engine leaves the plugin out"

    def test_none_of_its_files_is_left_out(self) -> None:
        """Check that its rule and price files have no fault."""
        shipped = _shipped(self.plugin)
        files = {price_label(seller.price_file) for seller in shipped.sellers.values() if seller.price_file}
        faults = [
            str(fault)
            for fault in _engine().policy.warnings
            if fault.file in files or fault.file.startswith(f"{self.plugin} (")
        ]
        assert faults == [], "the engine leaves out files with faults, and warns of the others"

    def test_the_examples_of_its_rules_hold(self) -> None:
        """Check every example and near miss of the rules that it ships."""
        failures = run_examples(_engine().policy.rules)[1]
        failed = [str(failure) for failure in failures if failure.file.startswith(f"{self.plugin} (")]
        assert failed == [], "a rule does not decide what its own examples say"

    def test_declarations_name_facts(self, dialect: Dialect) -> None:
        """Check that the vocabulary is of facts and signals that exist, and that somebody invoices."""
        known = {*fact_fields(), *(f"signal.{name}" for name in dialect.signals)}
        unknown = sorted(dialect.vocabulary.keys() - known)
        assert unknown == [], f"{dialect.name}.vocabulary lists values of what is no fact; see docs/facts.md"
        sellers = _engine().policy.prices.sellers
        assert dialect.seller in sellers, f"{dialect.name}.seller has neither rules nor prices; known are {[*sellers]}"

    def test_any_answer_is_translated(self, dialect: Dialect) -> None:
        """Check that no answer makes the dialect raise, and that what it returns is sound."""
        samples = [scenario for owner, scenario in _scenarios(_shipped(self.plugin)) if owner.name == dialect.name]

        @_UNTIMED
        @given(exchange=exchanges(samples))
        def check(exchange: Exchange) -> None:
            translated(dialect, exchange)

        check()

    def test_a_changed_scenario_is_translated(self, dialect: Dialect, scenario: Scenario) -> None:
        """Check that no part of a sample makes the dialect raise or return what is unsound, whatever stands there."""
        exchange = exchange_of(scenario, dialect.provider)
        for body in variants(scenario.body):
            try:
                translated(dialect, replace(exchange, body=body))
            except Exception as error:
                error.add_note(f"the answer is {scenario.name!r} changed to {body!r}")
                raise

    @pytest.mark.parametrize("body", [None, {}, [], ""], ids=repr)
    def test_an_empty_answer_tells_nothing(self, dialect: Dialect, body: object) -> None:
        """Check that what an answer does not tell stays absent."""
        facts, usage = translated(dialect, Exchange(body=body))
        assert told(facts) == {}, f"{dialect.name} reads facts out of the empty answer {body!r}; leave them out"
        assert sum(row.quantity for row in usage) == 0, f"{dialect.name} counts usage in the empty answer {body!r}"

    def test_null_tells_nothing(self, dialect: Dialect, scenario: Scenario) -> None:
        """Check that a fact whose place in the answer holds null stays absent."""
        facts, usage = translated(dialect, Exchange(body=hollow(scenario.body)))
        found = {name: value for name, value in told(facts).items() if name not in COUNTED}
        assert found == {}, f"{dialect.name} reads facts out of {scenario.name!r} with null for every value"
        tokens = [row for row in usage if "token" in row.unit and row.quantity]
        assert tokens == [], f"{dialect.name} counts tokens in {scenario.name!r} with null for every value"

    def test_it_has_scenarios(self, dialect: Dialect) -> None:
        """Check that there are samples of the dialect and that each names the source of its shape."""
        scenarios = _owner(self.plugin, dialect).scenarios(dialect.name)
        assert scenarios, f"dialect {dialect.name!r} has no scenarios; write one small sample per class of failure"
        unsourced = [one.name for one in scenarios if not (one.title and one.source.startswith(_SOURCES))]
        assert unsourced == [], f"'title' or 'source' is missing; a source begins with one of {_SOURCES}"

    def test_a_scenario_is_recognized(self, dialect: Dialect, scenario: Scenario) -> None:
        """Check that the dialect claims its own samples; an envelope that anybody may use, where the seller is told."""
        if scenario.body is None:
            pytest.skip("there is no answer to recognize")
        exchange = exchange_of(scenario, dialect.provider)
        found = _engine().dialect_of(exchange)
        if found is FALLBACK:
            found = _engine().dialect_of(replace(exchange, seller=dialect.seller))
        assert found.name == dialect.name, f"{dialect.name}.recognizes leaves {scenario.name!r} to {found.name!r}"

    def test_a_scenario_adds_up(self, dialect: Dialect, scenario: Scenario) -> None:
        """Check the facts and the usage of a sample."""
        translated(dialect, exchange_of(scenario, dialect.provider))

    def test_a_scenario_is_decided(self, dialect: Dialect, scenario: Scenario) -> None:
        """Check that a rule says what happened, and a rule what to do next."""
        verdict = _verdict(dialect, scenario)
        decided = [step.decision for step in verdict.trail]
        assert verdict.outcome != "unrecognized", f"no rule classifies {scenario.name!r}: {told(verdict.facts)}"
        assert "classify" in decided, f"no rule classifies {scenario.name!r}: {told(verdict.facts)}"
        assert "route" in decided, f"no rule says what to do next after {scenario.name!r}, {verdict.outcome}"

    def test_the_vocabulary_covers_a_scenario(self, dialect: Dialect, scenario: Scenario) -> None:
        """Check that every native value of a sample is one that the dialect lists."""
        drift = [warning.message for warning in _verdict(dialect, scenario).warnings if warning.code == "drift"]
        assert drift == [], f"add the values to {dialect.name}.vocabulary, or correct the sample"

    def test_its_prices_translate(self, seller: Seller) -> None:
        """Check that every price entry becomes rates, on every tier, and that work is bounded under them."""
        for entry in _entries(seller):
            where = f"price of {entry.model!r} at {seller.name!r}"
            for rates in (seller.translate(for_tier(entry, tier)) for tier in TIERS):
                wrong = [rate for rate in rates if not _is_rate(rate)]
                assert wrong == [], f"{where}: translate returned what is no rate of a component"
                tariff = Tariff(seller=seller.name, currency="USD", rates=rates, entry=entry, file="prices")
                bounds = [bound for work in _WORK for bound in seller.estimate(work, tariff)]
                loose = [bound for bound in bounds if not _is_bound(bound)]
                assert loose == [], f"{where}: estimate returned bounds below zero or from more to less"

    def test_its_prices_are_dated(self, seller: Seller) -> None:
        """Check that every price names its source and the day on which it was read."""
        today = datetime.now(UTC).date()
        for entry in _entries(seller):
            where = f"price of {entry.model!r} at {seller.name!r}"
            assert entry.source.startswith(_SOURCES), f"{where}: source {entry.source!r} is none of {_SOURCES}"
            assert date(2000, 1, 1) < entry.checked <= today, f"{where}: 'checked' is {entry.checked}"


@cache
def _engine() -> Engine:
    return Engine.load()


@cache
def _shipped(name: str) -> PluginSet:
    """Return what the plugin called *name* registers, and nothing else."""
    return load_plugins(point for point in entry_points(group=ENTRY_POINT_GROUP) if point.name == name)


def _owner(plugin: str, dialect: Dialect) -> Provider:
    return _shipped(plugin).providers[dialect.provider]


def _scenarios(shipped: PluginSet) -> Iterator[tuple[Dialect, Scenario]]:
    """Yield each dialect with each of its samples; those that cannot be read fail a test of their own."""
    for provider in shipped.providers.values():
        for dialect in provider.dialects:
            try:
                scenarios = provider.scenarios(dialect.name)
            except InputError:
                continue
            yield from ((dialect, scenario) for scenario in scenarios)


def _verdict(dialect: Dialect, scenario: Scenario) -> Verdict:
    return _engine().evaluate(exchange_of(scenario, dialect.provider), dialect=dialect.name)


def _entries(seller: Seller) -> list[PriceEntry]:
    return [entry for _, _, entry in _engine().policy.prices.entries(seller.name)]


def _is_rate(value: object) -> bool:
    return isinstance(value, Rate) and value.component in COMPONENTS and _is_amount(value.amount) and value.per > 0


def _is_amount(value: object) -> bool:
    return isinstance(value, Decimal) and value.is_finite() and value >= 0


def _is_bound(value: Estimate) -> bool:
    return value.component in COMPONENTS and value.low >= 0 and (value.high is None or value.low <= value.high)
