"""Put together what decides: bundled rules and prices, those of plugins, and a policy directory before them."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from policyengine.errors import Diagnostic, PolicyFileError, nearest
from policyengine.facts import Facts
from policyengine.money.book import LoadedPrices, PriceBook
from policyengine.money.loading import load_prices
from policyengine.policy.accounts import Account, AccountsFile
from policyengine.provider import Seller
from policyengine.rules.fields import fields_for
from policyengine.rules.layers import RuleBook, cross_faults
from policyengine.rules.load import LoadedRules, load_document, load_rules
from policyengine.rules.model import ClassifyFile, RuleFile
from policyengine.rules.source import Source, bundled_rules, read_source, rule_sources, toml_files

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from policyengine.plugins import PluginSet
    from policyengine.rules.fields import Field

__all__ = ["Policy", "load_policy"]


class Policy(Struct, frozen=True, kw_only=True):
    """Hold everything that decides, checked."""

    rules: RuleBook
    prices: PriceBook
    accounts: dict[str, Account]
    fingerprint: str
    """A digest of rules, prices, accounts, the facts and the plugins."""
    warnings: tuple[Diagnostic, ...] = ()


class _Loading:
    """Collect loaded files and every fault."""

    def __init__(self, plugins: PluginSet) -> None:
        self.plugins = plugins
        self.rules: list[LoadedRules] = []
        self.prices: list[LoadedPrices] = []
        self.accounts: dict[str, Account] = {}
        self.faults: list[Diagnostic] = []
        self.digest = hashlib.sha256()

    def add_rules(self, sources: Iterable[Source]) -> None:
        for source in sources:
            self._hash(source)
            loaded, faults = load_rules(source, self.fields_for)
            self.faults += self._weighed(source, faults)
            if loaded is not None:
                self.rules.append(loaded)

    def _weighed(self, source: Source, faults: list[Diagnostic]) -> list[Diagnostic]:
        """Return *faults*, as warnings where a bundled file may lack the plugin that did not load."""
        if source.origin == "user" or (self.plugins.dialects and not self.plugins.problems):
            return faults
        return [msgspec.structs.replace(fault, severity="warning") for fault in faults]

    def add_prices(self, source: Source) -> None:
        self._hash(source)
        content, faults = load_prices(source)
        self.faults += faults
        if content is not None:
            self.prices.append(LoadedPrices(file=source.file, origin=source.origin, content=content))

    def add_accounts(self, source: Source) -> None:
        self._hash(source)
        content, faults = load_document(source, AccountsFile, "accounts")
        self.faults += faults
        if content is not None:
            self.accounts = content.account

    def fields_for(self, content: RuleFile) -> Mapping[str, Field]:
        """Return what the rules of *content* may name: signals of the dialects they serve, or of all."""
        dialects = list(self.plugins.dialects.values())
        if isinstance(content, ClassifyFile) and "*" not in content.dialects:
            dialects = [dialect for dialect in dialects if dialect.name in content.dialects]
        alternatives = getattr(content, "alternatives", {})
        accounts = {name for name in alternatives if name.startswith("account.")} | self._account_facts()
        return fields_for(content.decision, dialects, sorted(accounts))

    def _account_facts(self) -> set[str]:
        return {f"account.{name}" for account in self.accounts.values() for name in account.account_facts}

    def _hash(self, source: Source) -> None:
        self.digest.update(f"{source.origin}:{source.file}:{len(source.data)}\n".encode())
        self.digest.update(source.data)


def load_policy(plugins: PluginSet, directory: Path | None = None) -> Policy:
    """Return the policy of the installed *plugins*, with the files of *directory* before theirs.

    Raises:
        PolicyFileError: files have faults; it lists all of them.
    """
    loading = _Loading(plugins)
    if directory is not None:
        _add_directory(loading, directory)
    loading.add_rules(rule_sources(bundled_rules(), "bundled", label="rules"))
    for plugin, rules in plugins.rules.items():
        loading.add_rules(rule_sources(rules, "bundled", label=f"{plugin}:rules"))
    for seller in plugins.sellers.values():
        for source in _price_sources(seller):
            loading.add_prices(source)
    faults = [*loading.faults, *cross_faults(loading.rules), *_unknown_dialects(loading)]
    if any(fault.severity == "error" for fault in faults):
        raise PolicyFileError(faults)
    return _policy(loading, faults)


def _add_directory(loading: _Loading, directory: Path) -> None:
    if not directory.is_dir():
        raise PolicyFileError([Diagnostic(file=str(directory), message="is no directory; name a policy directory")])
    accounts = directory / "accounts.toml"
    if accounts.is_file():
        loading.add_accounts(read_source(accounts, "user", str(accounts)))
    loading.add_rules(rule_sources(directory, "user", label=str(directory)))
    for source in toml_files(directory / "prices", "user", str(directory / "prices")):
        loading.add_prices(source)


def _price_sources(seller: Seller) -> Iterator[Source]:
    if seller.price_file is not None:
        path = Path(str(seller.price_file))
        yield read_source(seller.price_file, "bundled", "/".join(path.parts[-3:]))


def _policy(loading: _Loading, warnings: Sequence[Diagnostic]) -> Policy:
    rules = RuleBook(loading.rules)
    plugins = loading.plugins
    known = {*rules.sellers(), *(file.content.seller for file in loading.prices)}
    sellers = {name: plugins.sellers.get(name) or Seller(name) for name in {*known, *plugins.sellers}}
    loading.digest.update(repr((Facts.__struct_fields__, sorted(plugins.versions.items()))).encode())
    return Policy(
        rules=rules,
        prices=PriceBook(loading.prices, sellers),
        accounts=loading.accounts,
        fingerprint=loading.digest.hexdigest(),
        warnings=tuple(warnings),
    )


def _unknown_dialects(loading: _Loading) -> Iterator[Diagnostic]:
    """Yield a warning for each file that serves a dialect no plugin ships: the plugin may not be installed."""
    known = loading.plugins.dialects
    for file in loading.rules:
        if isinstance(file.content, ClassifyFile):
            for name in file.content.dialects:
                if name != "*" and name not in known:
                    message = f"no installed plugin ships dialect {name!r}{nearest(name, tuple(known))}"
                    yield Diagnostic(file=file.source.file, message=message, severity="warning")
