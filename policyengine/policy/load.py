"""Put together what decides: bundled rules and prices, those of plugins, and a policy directory before them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from policyengine.errors import Diagnostic, PolicyFileError, nearest
from policyengine.money.book import LoadedPrices, PriceBook
from policyengine.money.loading import load_prices
from policyengine.policy.accounts import Account, AccountsFile
from policyengine.policy.fingerprint import Made, fingerprint_of, made_by
from policyengine.policy.sources import Gathered, gathered
from policyengine.provider import Seller
from policyengine.rules.fields import fields_for
from policyengine.rules.layers import RuleBook, cross_faults
from policyengine.rules.load import LoadedRules, load_document, load_rules
from policyengine.rules.model import BillFile, ClassifyFile, RuleFile
from policyengine.rules.source import Source

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from policyengine.plugins import PluginSet
    from policyengine.rules.fields import Field, Kind
    from policyengine.rules.source import Origin

__all__ = ["Policy", "load_policy", "policy_of"]


class Policy(Struct, frozen=True, kw_only=True):
    """Hold everything that decides, checked."""

    rules: RuleBook
    prices: PriceBook
    accounts: dict[str, Account]
    fingerprint: str
    """A digest of rules, prices, accounts, the facts and the plugins."""
    sources: tuple[Source, ...] = ()
    """The files that decide, as they were read."""
    made: Made
    """What decides beside files."""
    warnings: tuple[Diagnostic, ...] = ()


class _Loading:
    """Collect loaded files and every fault."""

    def __init__(self, plugins: PluginSet, found: Gathered) -> None:
        self.plugins = plugins
        self.rules: list[LoadedRules] = []
        self.prices: list[LoadedPrices] = []
        self.accounts: dict[str, Account] = {}
        self.faults: list[Diagnostic] = [*found.faults]
        self.left_out: list[Diagnostic] = [*found.left_out]
        """Faults of files that are not the user's: such a file is left out and takes nothing else down."""
        self.loaded: list[Source] = []

    def add(self, source: Source) -> None:
        """Load *source*, or keep its faults."""
        adding = {
            "rules": self._add_rules,
            "prices": self._add_prices,
            "accounts": self._add_accounts,
            "view": self._check_view,
        }
        self._report(source, adding[source.kind](source))

    def _add_rules(self, source: Source) -> Sequence[Diagnostic]:
        loaded, faults = load_rules(source, self.fields_for)
        if loaded is not None:
            self.rules.append(loaded)
            self.loaded.append(source)
        return faults

    def _add_prices(self, source: Source) -> Sequence[Diagnostic]:
        content, faults = load_prices(source)
        if content is not None:
            self.prices.append(LoadedPrices(file=source.file, origin=source.origin, content=content, data=source.data))
            self.loaded.append(source)
        return faults

    def _add_accounts(self, source: Source) -> Sequence[Diagnostic]:
        content, faults = load_document(source, AccountsFile, "accounts")
        if content is not None:
            self.accounts = content.account
            self.loaded.append(source)
        return faults

    def _check_view(self, source: Source) -> Sequence[Diagnostic]:
        """Return the faults of a view, which decides nothing itself."""
        from policyengine.view.load import read_view  # noqa: PLC0415  few policy directories are views

        return read_view(source, self.plugins)[1]

    def effective(self) -> tuple[Source, ...]:
        """Return the files that decide: those that loaded and were not left out since."""
        rules = {id(file.source) for file in self.rules}
        return tuple(source for source in self.loaded if source.kind != "rules" or id(source) in rules)

    def _report(self, source: Source, faults: Sequence[Diagnostic]) -> None:
        """Keep *faults*; only those of the user's own files keep the engine from loading."""
        (self.faults if source.origin == "user" else self.left_out).extend(faults)

    def add_cross_faults(self) -> None:
        """Add the faults that only all files together show; a plugin's file that has some is left out."""
        own = self._labels("user")
        shipped = self._labels("plugin") - own
        faults = cross_faults(self.rules)
        while wrong := [fault for fault in faults if fault.file in shipped]:
            self.left_out += wrong
            out = {fault.file for fault in wrong}
            self.rules = [file for file in self.rules if file.source.file not in out]
            faults = cross_faults(self.rules)
        for fault in faults:
            (self.faults if fault.file in own else self.left_out).append(fault)

    def _labels(self, origin: Origin) -> set[str]:
        return {file.source.file for file in self.rules if file.source.origin == origin}

    def fields_for(self, content: RuleFile) -> Mapping[str, Field]:
        """Return what the rules of *content* may name: signals of the dialects they serve, or of all."""
        dialects = list(self.plugins.dialects.values())
        if isinstance(content, ClassifyFile) and "*" not in content.dialects:
            dialects = [dialect for dialect in dialects if dialect.name in content.dialects]
        accounts: dict[str, Kind] = dict.fromkeys(getattr(content, "alternatives", {}), "text")
        for account in self.accounts.values():
            for name, value in account.account_facts.items():
                accounts[f"account.{name}"] = "integer" if isinstance(value, int) else "text"
        return fields_for(content.decision, dialects, accounts)


def load_policy(plugins: PluginSet, directory: Path | None = None) -> Policy:
    """Return the policy of the installed *plugins*, with the files of *directory* before theirs.

    Raises:
        PolicyFileError: files have faults; it lists all of them.
    """
    return policy_of(gathered(plugins, directory), plugins)


def policy_of(found: Gathered, plugins: PluginSet, *, made: Made | None = None) -> Policy:
    """Return the policy that the files *found* make, translated by *plugins*; *made* tells of plugins that others had.

    Raises:
        PolicyFileError: files have faults; it lists all of them.
    """
    loading = _Loading(plugins, found)
    for source in found.sources:
        loading.add(source)
    loading.add_cross_faults()
    if any(fault.severity == "error" for fault in loading.faults):
        raise PolicyFileError([*loading.faults, *loading.left_out])
    warnings = [*loading.faults, *loading.left_out, *_unknown_dialects(loading), *_deprecated(loading)]
    return _policy(loading, warnings, made or made_by(plugins))


def _policy(loading: _Loading, warnings: Sequence[Diagnostic], made: Made) -> Policy:
    rules = RuleBook(loading.rules)
    plugins = loading.plugins
    known = {*rules.sellers(), *(file.content.seller for file in loading.prices)}
    sellers = {name: plugins.sellers.get(name) or Seller(name) for name in {*known, *plugins.sellers}}
    sources = loading.effective()
    return Policy(
        rules=rules,
        prices=PriceBook(loading.prices, sellers),
        accounts=loading.accounts,
        fingerprint=fingerprint_of(sources, made),
        sources=sources,
        made=made,
        warnings=tuple(warnings),
    )


def _deprecated(loading: _Loading) -> Iterator[Diagnostic]:
    """Yield a warning for each rule that still decides and is to go."""
    for rule in (rule for file in loading.rules for rule in file.rules if rule.rule.status == "deprecated"):
        message = f"rule {rule.rule.id!r} is deprecated; it still decides"
        yield Diagnostic(file=rule.place.file, line=rule.place.line, message=message, severity="warning")


def _unknown_dialects(loading: _Loading) -> Iterator[Diagnostic]:
    """Yield a warning for each file that names a dialect no plugin ships: the plugin may not be installed."""
    known = loading.plugins.dialects
    for file in loading.rules:
        if isinstance(file.content, ClassifyFile | BillFile):
            for name in file.content.dialects:
                if name != "*" and name not in known:
                    message = f"no installed plugin ships dialect {name!r}{nearest(name, tuple(known))}"
                    yield Diagnostic(file=file.source.file, message=message, severity="warning")
