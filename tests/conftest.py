"""Give tests a small plugin of their own, policy directories and engines, so that no real provider is needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from textwrap import dedent
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from policyengine.engine import Engine
from policyengine.facts import UsageRow
from policyengine.hookspecs import hookimpl
from policyengine.money.book import LoadedPrices, PriceBook
from policyengine.money.loading import load_prices
from policyengine.native import dig, items, mapping, mappings, text
from policyengine.plugins import PluginProblem, PluginSet
from policyengine.provider import Claim, Dialect, Normalized, Provider, Seller
from policyengine.rules.fields import fields_for
from policyengine.rules.load import load_rules
from policyengine.rules.source import Source

if TYPE_CHECKING:
    from pathlib import Path

    from policyengine.errors import Diagnostic
    from policyengine.exchange import Exchange
    from policyengine.rules.fields import Field
    from policyengine.rules.load import LoadedRules
    from policyengine.rules.model import RuleFile

_DECIMALS = ("quoted", "settled")


class ToyDialect(Dialect):
    """Read `{"toy": {facts}, "usage": [{component, unit, quantity}]}`."""

    name: ClassVar[str] = "toy-api"
    seller: ClassVar[str] = "toy-inc"
    vocabulary: ClassVar[Mapping[str, frozenset[str]]] = {"finish_reason": frozenset({"STOP", "SAFETY", "NO_IMAGE"})}
    signals: ClassVar[Mapping[str, str]] = {"hint": "text", "level": "integer", "sure": "boolean", "tags": "texts"}
    hidden_retries: ClassVar[int] = 2
    key: ClassVar[str] = "toy"

    def recognizes(self, exchange: Exchange) -> Claim:
        if self.key in mapping(exchange.body):
            return Claim.CERTAIN
        return Claim.SHAPE if "twin" in mapping(exchange.body) else Claim.NO

    def normalize(self, exchange: Exchange) -> Normalized:
        told: dict[str, Any] = dict(mapping(dig(exchange.body, self.key)))
        if "raise" in told:
            raise RuntimeError(told["raise"])
        for name in _DECIMALS:
            if name in told:
                told[name] = Decimal(str(told[name]))
        if "category" in told:
            told["category"] = tuple(map(str, items(told["category"])))
        signals = told.pop("signal", {})
        rows = [
            UsageRow(str(row["component"]), str(row["unit"]), _quantity(row["quantity"]), text(row.get("model")))
            for row in mappings(dig(exchange.body, "usage"))
        ]
        return exchange.facts(self, signal=signals or None, **told), tuple(rows)


def _quantity(written: object) -> int | Decimal:
    return written if isinstance(written, int) else Decimal(str(written))


class TwinDialect(ToyDialect):
    """Claim the same envelope with the same certainty."""

    name: ClassVar[str] = "toy-twin"
    seller: ClassVar[str] = "toy-twin-inc"
    key: ClassVar[str] = "toy-twin"


class ToyPlugin:
    """Ship both dialects and a seller with a host."""

    @hookimpl
    def policyengine_provider(self) -> Provider:
        return Provider("toy", [ToyDialect(), TwinDialect()])

    @hookimpl
    def policyengine_sellers(self) -> list[Seller]:
        return [Seller("toy-inc", hosts=("api.toy.test",)), Seller("toy-twin-inc")]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write the verdicts of tests/golden/ anew")


@pytest.fixture
def plugins() -> PluginSet:
    found = PluginSet()
    found.add("toy", ToyPlugin())
    assert found.problems == []
    # The bundled rules name signals of providers that are left out here; as for any plugin that
    # did not load, that is a warning.
    found.problems.append(PluginProblem("others", "left out of this test"))
    return found


Files = Mapping[str, str]
Policy = Callable[[Files], "Path"]
Load = Callable[[Files], Engine]
LoadFile = Callable[..., tuple["LoadedRules | None", "list[Diagnostic]"]]


@pytest.fixture
def policy(tmp_path: Path) -> Policy:
    """Return a function that writes a policy directory."""

    def write(files: Files) -> Path:
        root = tmp_path / "policy"
        for name, written in {"accounts.toml": "", **files}.items():
            file = root / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(dedent(written), encoding="utf-8")
        return root

    return write


@pytest.fixture
def engine_with(policy: Policy, plugins: PluginSet) -> Load:
    """Return a function that loads an engine with the toy plugin and a policy directory."""

    def load(files: Files) -> Engine:
        return Engine.load(policy(files), plugins=plugins)

    return load


@pytest.fixture
def load_file(plugins: PluginSet) -> LoadFile:
    """Return a function that loads one rule file."""

    def fields(content: RuleFile) -> Mapping[str, Field]:
        return fields_for(content.decision, plugins.dialects.values())

    def load(
        written: str | bytes,
        *,
        file: str = "rules.toml",
        origin: Any = "user",  # noqa: ANN401
    ) -> tuple[LoadedRules | None, list[Diagnostic]]:
        data = written if isinstance(written, bytes) else dedent(written).encode()
        return load_rules(Source(file=file, path=f"/team/{file}", origin=origin, data=data), fields)

    return load


Book = Callable[..., PriceBook]


@pytest.fixture
def book_of() -> Book:
    """Return a function that makes a price book of the texts of price files."""

    def make(*written: str, origin: Any = "user", sellers: Mapping[str, Seller] | None = None) -> PriceBook:  # noqa: ANN401
        files = []
        for index, text_ in enumerate(written):
            name = f"prices-{index}.toml"
            source = Source(file=name, path=name, origin=origin, data=dedent(text_).encode())
            content, faults = load_prices(source)
            assert faults == []
            assert content is not None
            files.append(LoadedPrices(file=name, origin=origin, content=content))
        known = {file.content.seller: Seller(file.content.seller) for file in files}
        return PriceBook(files, {**known, **(sellers or {})})

    return make


@pytest.fixture
def toy_files() -> dict[str, str]:
    """Return a small policy for the toy seller: every outcome by its finish reason or status."""
    return {
        "classify/toy.toml": TOY_CLASSIFY,
        "bill/toy-inc.toml": TOY_BILL,
        "prices/toy-inc.toml": TOY_PRICES,
        "route.toml": TOY_ROUTE,
    }


@pytest.fixture
def engine(engine_with: Load, toy_files: dict[str, str]) -> Engine:
    return engine_with(toy_files)


TOY_CLASSIFY = """\
decision = "classify"
dialects = ["toy-api", "toy-twin"]

[[rule]]
id = "toy.pending"
title = "Still running"
when.status = ["QUEUED", "RUNNING"]
then = { outcome = "pending", stage = "none" }

[[rule]]
id = "toy.canceled"
title = "Canceled by the caller"
when.status = "CANCELED"
then = { outcome = "canceled", stage = "unknown" }

[[rule]]
id = "toy.job-failed"
title = "The job failed"
when.status = "FAILED"
then = { outcome = "failed", stage = "generation" }

[[rule]]
id = "toy.gone"
title = "The job cannot be fetched any more"
when.code = "task_gone"
then = { outcome = "lost", stage = "delivery" }

[[rule]]
id = "toy.safety"
title = "The output filter stopped it"
when.finish_reason = "SAFETY"
then = { outcome = "blocked", stage = "output" }

[[rule]]
id = "toy.no-image"
title = "No image came of it"
when.finish_reason = "NO_IMAGE"
then = { outcome = "declined", stage = "generation" }

[[rule]]
id = "toy.partial"
title = "Some images are missing"
when.images_delivered.gt = 0
when.images_missing.gt = 0
then = { outcome = "partial", stage = "output" }

[[rule]]
id = "toy.delivered"
title = "Every image arrived"
when.images_delivered.gt = 0
then = { outcome = "delivered", stage = "none" }
"""
TOY_BILL = """\
decision = "bill"
seller = "toy-inc"
hosts = ["eu.toy.test"]

[[rule]]
id = "toy-inc.success"
title = "Everything that was delivered is charged"
when.outcome = ["delivered", "partial"]
then = { input = "charged", text = "charged", image = "charged" }
[[rule.evidence]]
basis = "official"
source = "https://toy.test/pricing"
checked = 2026-06-01

[[rule]]
id = "toy-inc.blocked"
title = "A blocked image is free, the prompt is charged"
when.outcome = "blocked"
then = { input = "charged", image = "free", recourse = "open a ticket" }
[[rule.evidence]]
basis = "reported"
source = "https://toy.test/forum"
checked = 2026-06-01
component = "input"
[[rule.evidence]]
basis = "stated"
source = "https://toy.test/docs"
quote = "blocked images are free"
checked = 2026-06-01
component = "image"

[[rule]]
id = "toy-inc.failed"
title = "Failures of the platform are free"
when.outcome = ["failed", "pending"]
then = { input = "free", text = "free", image = "free" }
"""
TOY_PRICES = """\
seller = "toy-inc"

[[price]]
model = "toy-1"
per_mtok = { input = "1", text = "2" }
per_image = { "1K" = "0.04", "4K" = "0.12" }
source = "https://toy.test/pricing"
checked = 2026-06-01
"""
TOY_ROUTE = """\
decision = "route"

[[rule]]
id = "toy-route.failed"
title = "Try again"
when.outcome = ["failed", "throttled"]
then = { action = "backoff", tag = "retry", max_attempts = 3, backoff = "exponential", wait_s = 2, max_wait_s = 30 }
"""
