"""Gather the files that decide, read once and in order: a policy directory's, the shipped ones, those of plugins."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from policyengine.errors import Diagnostic, PolicyFileError, nearest
from policyengine.rules.source import Source, bundled_rules, read_source, rule_sources, toml_files

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.resources.abc import Traversable

    from policyengine.plugins import PluginSet

__all__ = ["Gathered", "directory_files", "gathered", "joined", "price_label", "seller_prices", "shipped_rules"]

_PARTS = ("accounts.toml", "bill", "classify", "preflight.toml", "prices", "route.toml", "view.toml")


class Gathered(Struct, frozen=True):
    """Hold files that were read, and what kept others from being read."""

    sources: tuple[Source, ...] = ()
    faults: tuple[Diagnostic, ...] = ()
    """Faults of the user's own directory."""
    left_out: tuple[Diagnostic, ...] = ()
    """Files of plugins that cannot be read; they take nothing else down."""


def gathered(plugins: PluginSet, directory: Path | None = None) -> Gathered:
    """Return every file that decides with the installed *plugins*, those of *directory* first.

    Raises:
        PolicyFileError: *directory* is none.
    """
    own = Gathered() if directory is None else directory_files(directory, label=str(directory))
    return joined(own, shipped_rules(plugins), seller_prices(plugins))


def joined(*parts: Gathered) -> Gathered:
    """Return *parts* as one, in their order."""
    return Gathered(
        tuple(source for part in parts for source in part.sources),
        tuple(fault for part in parts for fault in part.faults),
        tuple(fault for part in parts for fault in part.left_out),
    )


def directory_files(directory: Path, *, label: str) -> Gathered:
    """Return the files of a policy directory, accounts first; *label* stands for it in messages.

    Raises:
        PolicyFileError: *directory* is none, or a file of it cannot be read.
    """
    if not directory.is_dir():
        raise PolicyFileError([Diagnostic(file=label, message="is no directory; name a policy directory")])
    try:
        return Gathered(tuple(_directory_sources(directory, label)), tuple(_strangers(directory, label)))
    except OSError as error:
        message = f"cannot be read: {error.strerror or error}"
        raise PolicyFileError([Diagnostic(file=str(error.filename or label), message=message)]) from error


def is_policy_directory(directory: Path) -> bool:
    """Return whether *directory* holds some part of a policy."""
    return any((directory / part).exists() for part in _PARTS)


def _directory_sources(directory: Path, label: str) -> Iterator[Source]:
    accounts = directory / "accounts.toml"
    if accounts.is_file():
        yield read_source(accounts, "user", f"{label}/accounts.toml", "accounts")
    if (directory / "view.toml").is_file():
        yield read_source(directory / "view.toml", "user", f"{label}/view.toml", "view")
    yield from rule_sources(directory, "user", label=label)
    yield from toml_files(directory / "prices", "user", f"{label}/prices", "prices")


def _strangers(directory: Path, label: str) -> Iterator[Diagnostic]:
    """Yield a fault for each file and folder that looks like a part of a policy directory under a wrong name."""
    for path in sorted(directory.iterdir()):
        hint = nearest(path.name, _PARTS)
        if path.name not in _PARTS and (path.suffix == ".toml" or "did you mean" in hint):
            message = f"{path.name!r} is no part of a policy directory{hint}"
            yield Diagnostic(file=f"{label}/{path.name}", message=message)


def shipped_rules(plugins: PluginSet, rules: Traversable | None = None) -> Gathered:
    """Return the rules that ship with the library, or those of the directory *rules*, then those of *plugins*."""
    bundled = rule_sources(bundled_rules() if rules is None else rules, "bundled", label="rules")
    of_plugins = (
        source
        for plugin, directory in plugins.rules.items()
        for source in rule_sources(directory, "plugin", label=f"{plugin}:rules")
    )
    return Gathered((*bundled, *of_plugins))


def seller_prices(plugins: PluginSet) -> Gathered:
    """Return the price file that a plugin ships for each of its sellers, if it can be read."""
    found: list[Source] = []
    left_out: list[Diagnostic] = []
    for seller in plugins.sellers.values():
        if seller.price_file is None:
            continue
        label = price_label(seller.price_file)
        try:
            found.append(read_source(seller.price_file, "plugin", label, "prices"))
        except OSError as error:
            message = f"the prices of seller {seller.name!r} cannot be read: {error.strerror or error}"
            left_out.append(Diagnostic(file=label, message=message))
    return Gathered(tuple(found), (), tuple(left_out))


def price_label(file: Traversable) -> str:
    """Return how messages call a plugin's price *file*: by its package and its place there."""
    return "/".join(Path(str(file)).parts[-3:])
