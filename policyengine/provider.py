"""Define what a plugin ships: providers with their dialects, and sellers with their prices."""

from __future__ import annotations

from abc import ABC, abstractmethod
from enum import IntEnum
from typing import TYPE_CHECKING, Any, ClassVar

from msgspec import Struct

from policyengine.facts import Facts, UsageRow

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from importlib.resources.abc import Traversable

    from policyengine.exchange import Exchange
    from policyengine.money.tariff import Estimate, PriceEntry, Rates, Tariff, Workload

__all__ = ["Claim", "Dialect", "Normalized", "Provider", "Scenario", "Seller"]

Normalized = tuple[Facts, tuple[UsageRow, ...]]
"""What a dialect makes of an exchange."""


class Claim(IntEnum):
    """Say how sure a dialect is that an exchange is written in it; the surest one translates."""

    NO = 0
    """Not mine."""
    MAYBE = 1
    """An envelope that others use too, such as `{"error": {…}}`."""
    SHAPE = 2
    """Keys that only this family uses."""
    CERTAIN = 3
    """Keys, an address or a header that only this dialect uses."""


class Scenario(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keep one small native sample, written after the platform's documented shape."""

    name: str
    """Lower-case words joined by hyphens: `prompt-block`."""
    title: str
    """One line for the comparison."""
    source: str
    """Where the shape is documented."""
    body: object = None
    http_status: int | None = None
    headers: dict[str, str] = {}
    request: dict[str, object] = {}
    url: str | None = None
    transport_error: str | None = None
    model: str | None = None
    at: str | None = None

    @property
    def context(self) -> dict[str, Any]:
        """Return what is known beside the body, as `Engine.evaluate` and `Exchange.of` take it."""
        return {name: told for name in _BESIDE_THE_BODY if (told := getattr(self, name))}


_BESIDE_THE_BODY = ("http_status", "headers", "request", "url", "transport_error", "model", "at")


class Dialect(ABC):
    """Translate one wire format into facts and usage.

    Subclass it once per format. Class attributes name the format and declare its
    vocabulary; `recognizes` and `normalize` do the work. `normalize` must accept any
    JSON whatever: read with `policyengine.native`, whose getters never raise, leave a
    fact out when the payload does not tell, and build the facts with `exchange.facts`.
    """

    name: ClassVar[str]
    """The dialect's name, unique among all plugins."""
    seller: ClassVar[str]
    """Who sends the invoice when the exchange does not tell."""
    vocabulary: ClassVar[Mapping[str, frozenset[str]]] = {}
    """The known values of a fact, such as `finish_reason`; anything else is reported as drift."""
    signals: ClassVar[Mapping[str, str]] = {}
    """Facts of this dialect alone, by name: "text", "integer", "boolean" or "texts"."""
    keys: ClassVar[frozenset[str]] = frozenset()
    """Top-level keys of which every object in this format has at least one; others are not asked about.

    Leave it empty to be asked about everything. Where the address is known, every dialect is asked.
    """
    hidden_retries: ClassVar[int] = 0
    """How often the platform's usual client library resends on its own before it raises."""
    provider: str = ""
    """Filled in by the provider that ships the dialect."""

    @abstractmethod
    def recognizes(self, exchange: Exchange) -> Claim:
        """Return how sure it is that *exchange* is in this dialect; cheap, by shape."""

    @abstractmethod
    def normalize(self, exchange: Exchange) -> Normalized:
        """Return the facts and the usage of *exchange*."""

    def split(self, body: object) -> Sequence[object]:
        """Return the responses that *body* holds, itself alone unless the format bundles several."""
        return [body]


class Provider:
    """Bundle the dialects of one platform family and their scenarios."""

    def __init__(self, name: str, dialects: Sequence[Dialect], *, scenarios: Traversable | None = None) -> None:
        """Name the provider, list its dialects, and point at its directory of scenarios.

        Scenarios stand at `<scenarios>/<dialect name>/<scenario name>.json`, each an
        object with the fields of `Scenario` but its name.
        """
        self.name = name
        self.dialects = tuple(dialects)
        self.scenario_directory = scenarios
        for dialect in self.dialects:
            dialect.provider = name

    def scenarios(self, dialect: str) -> list[Scenario]:
        """Return the scenarios of *dialect* in the order of their names."""
        from policyengine.scenarios import read_scenarios  # noqa: PLC0415  only demos, tests and compare read them

        return read_scenarios(self.scenario_directory, dialect)


class Seller:
    """Send the invoice: own a price table and know what one piece of work consumes.

    Most sellers need no subclass; a seller may even be two TOML files and no Python.
    Override `translate` for units the standard price file does not have, and
    `estimate` for formulas such as tokens per image size.
    """

    hosts: tuple[str, ...] = ()
    """Hosts whose answers this seller invoices: `api.example.com`."""

    def __init__(self, name: str, *, prices: Traversable | None = None, hosts: Sequence[str] = ()) -> None:
        """Name the seller and point at its price file."""
        self.name = name
        self.price_file = prices
        self.hosts = tuple(hosts) or self.hosts

    def recognizes(self, exchange: Exchange) -> bool:
        """Return whether *exchange* itself shows that this seller invoices it."""
        return bool(self.hosts) and exchange.host in self.hosts

    def translate(self, entry: PriceEntry) -> Rates:
        """Return the rates that *entry* of the price file means."""
        from policyengine.money.tariff import standard_rates  # noqa: PLC0415

        return standard_rates(entry)

    def estimate(self, workload: Workload, tariff: Tariff) -> tuple[Estimate, ...]:
        """Return what *workload* consumes under *tariff*, as bounds per component and unit."""
        from policyengine.money.tariff import standard_estimate  # noqa: PLC0415

        return standard_estimate(workload, tariff)
