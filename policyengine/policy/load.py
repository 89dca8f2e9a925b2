"""Put together what decides: bundled rules and prices, those of plugins, and a policy directory before them."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from policyengine.errors import Diagnostic, PolicyFileError, nearest
from policyengine.facts import Facts
from policyengine.money.book import LoadedPrices, PriceBook
from policyengine.money.loading import load_prices
from policyengine.policy.accounts import Account, AccountsFile
from policyengine.provider import Seller
from policyengine.request import Request
from policyengine.rules.fields import fields_for
from policyengine.rules.layers import RuleBook, cross_faults
from policyengine.rules.load import LoadedRules, load_document, load_rules
from policyengine.rules.model import BillFile, ClassifyFile, RuleFile
from policyengine.rules.source import Source, bundled_rules, read_source, rule_sources, toml_files

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from importlib.resources.abc import Traversable

    from policyengine.plugins import PluginSet
    from policyengine.rules.fields import Field, Kind
    from policyengine.rules.source import Origin

__all__ = ["Policy", "load_policy", "price_label"]


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
        self.left_out: list[Diagnostic] = []
        """Faults of files that are not the user's: such a file is left out and takes nothing else down."""
        self.digest = hashlib.sha256()

    def add_rules(self, sources: Iterable[Source]) -> None:
        for source in sources:
            self._hash(source)
            loaded, faults = load_rules(source, self.fields_for)
            self._report(source, faults)
            if loaded is not None:
                self.rules.append(loaded)

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

    def add_prices(self, source: Source) -> None:
        self._hash(source)
        content, faults = load_prices(source)
        self._report(source, faults)
        if content is not None:
            self.prices.append(LoadedPrices(file=source.file, origin=source.origin, content=content, data=source.data))

    def add_seller_prices(self, seller: Seller) -> None:
        """Add the price file that a plugin ships for *seller*, if it can be read."""
        if seller.price_file is None:
            return
        label = price_label(seller.price_file)
        try:
            self.add_prices(read_source(seller.price_file, "plugin", label))
        except OSError as error:
            message = f"the prices of seller {seller.name!r} cannot be read: {error.strerror or error}"
            self.left_out.append(Diagnostic(file=label, message=message))

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
        accounts: dict[str, Kind] = dict.fromkeys(getattr(content, "alternatives", {}), "text")
        for account in self.accounts.values():
            for name, value in account.account_facts.items():
                accounts[f"account.{name}"] = "integer" if isinstance(value, int) else "text"
        return fields_for(content.decision, dialects, accounts)

    def _hash(self, source: Source) -> None:
        """Digest *source* under its name inside its directory: where that stands changes nothing."""
        name = "/".join(Path(source.file).parts[-2:])
        self.digest.update(f"{source.origin}:{name}:{len(source.data)}\n".encode())
        self.digest.update(source.data)


def price_label(file: Traversable) -> str:
    """Return how faults call the price *file* of a plugin."""
    return "/".join(Path(str(file)).parts[-3:])


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
        loading.add_rules(rule_sources(rules, "plugin", label=f"{plugin}:rules"))
    loading.add_cross_faults()
    for seller in plugins.sellers.values():
        loading.add_seller_prices(seller)
    if any(fault.severity == "error" for fault in loading.faults):
        raise PolicyFileError([*loading.faults, *loading.left_out])
    warnings = [*loading.faults, *loading.left_out, *_unknown_dialects(loading), *_deprecated(loading)]
    return _policy(loading, warnings)


def _add_directory(loading: _Loading, directory: Path) -> None:
    if not directory.is_dir():
        raise PolicyFileError([Diagnostic(file=str(directory), message="is no directory; name a policy directory")])
    loading.faults += _strangers(directory)
    accounts = directory / "accounts.toml"
    if accounts.is_file():
        loading.add_accounts(read_source(accounts, "user", str(accounts)))
    if (directory / "view.toml").is_file():
        from policyengine.view.load import read_view, view_source  # noqa: PLC0415  few policy directories are views

        loading.faults += read_view(view_source(directory), loading.plugins)[1]
    loading.add_rules(rule_sources(directory, "user", label=str(directory)))
    for source in toml_files(directory / "prices", "user", str(directory / "prices")):
        loading.add_prices(source)


_PARTS = ("accounts.toml", "bill", "classify", "preflight.toml", "prices", "route.toml", "view.toml")


def _strangers(directory: Path) -> Iterator[Diagnostic]:
    """Yield a fault for each file and folder that looks like a part of a policy directory under a wrong name."""
    for path in sorted(directory.iterdir()):
        hint = nearest(path.name, _PARTS)
        if path.name not in _PARTS and (path.suffix == ".toml" or "did you mean" in hint):
            yield Diagnostic(file=str(path), message=f"{path.name!r} is no part of a policy directory{hint}")


def _policy(loading: _Loading, warnings: Sequence[Diagnostic]) -> Policy:
    rules = RuleBook(loading.rules)
    plugins = loading.plugins
    known = {*rules.sellers(), *(file.content.seller for file in loading.prices)}
    sellers = {name: plugins.sellers.get(name) or Seller(name) for name in {*known, *plugins.sellers}}
    names = (Facts.__struct_fields__, Request.__struct_fields__)
    loading.digest.update(repr((*names, sorted(plugins.versions.items()))).encode())
    return Policy(
        rules=rules,
        prices=PriceBook(loading.prices, sellers),
        accounts=loading.accounts,
        fingerprint=loading.digest.hexdigest(),
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
