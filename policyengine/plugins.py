"""Load plugins one by one: a plugin that fails is named and does not take the others down."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any

import pluggy
from msgspec import Struct

from policyengine import hookspecs
from policyengine.errors import DialectError, nearest
from policyengine.provider import Dialect, Provider, Seller

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from importlib.resources.abc import Traversable

__all__ = ["PluginProblem", "PluginSet", "load_plugins"]


_MOST_KEYS = 32  # objects with more keys are rare and do not fill the cache
_CACHE_LIMIT = 1024
_SIGNAL_KINDS = ("text", "integer", "boolean", "texts")


class PluginProblem(Struct, frozen=True):
    """Say which plugin cannot be used and why."""

    plugin: str
    """The entry point and the distribution it comes from."""
    message: str

    def __str__(self) -> str:
        """Return both in one line."""
        return f"{self.plugin}: {self.message}"


class PluginSet:
    """Hold what the plugins registered: dialects, sellers and rule directories by name."""

    def __init__(self) -> None:
        """Start empty."""
        self.providers: dict[str, Provider] = {}
        self.dialects: dict[str, Dialect] = {}
        self.sellers: dict[str, Seller] = {}
        self.rules: dict[str, Traversable] = {}
        self.versions: dict[str, str] = {}
        self.problems: list[PluginProblem] = []
        self._owners: dict[tuple[str, str], str] = {}
        self._by_keys: dict[tuple[object, ...], tuple[Dialect, ...]] = {}

    def dialect(self, name: str) -> Dialect:
        """Return the dialect called *name*.

        Raises:
            DialectError: there is none.
        """
        if name not in self.dialects:
            msg = f"dialect {name!r} is not known{nearest(name, tuple(self.dialects))}"
            raise DialectError(msg, tuple(self.dialects))
        return self.dialects[name]

    def dialects_of(self, provider: str | None) -> Sequence[Dialect]:
        """Return the dialects of *provider*, all of them when it is None.

        Raises:
            DialectError: no plugin ships *provider*.
        """
        if provider is None:
            return tuple(self.dialects.values())
        if provider not in self.providers:
            msg = f"provider {provider!r} is not known{nearest(provider, tuple(self.providers))}"
            raise DialectError(msg, tuple(self.providers))
        return self.providers[provider].dialects

    def dialects_for(self, provider: str | None, body: Mapping[str, object]) -> Sequence[Dialect]:
        """Return the dialects of *provider* that *body* may be written in, going by its top-level keys.

        Raises:
            DialectError: no plugin ships *provider*.
        """
        if len(body) > _MOST_KEYS:
            return self.dialects_of(provider)
        key = (provider, *body)
        found = self._by_keys.get(key)
        if found is None:
            if len(self._by_keys) >= _CACHE_LIMIT:
                self._by_keys.clear()
            asked = [one for one in self.dialects_of(provider) if not one.keys or not one.keys.isdisjoint(body)]
            found = self._by_keys[key] = tuple(asked)
        return found

    def add(self, plugin: str, module: object) -> None:
        """Register what the hooks of *module* return, all of it or nothing."""
        manager = pluggy.PluginManager(hookspecs.ENTRY_POINT_GROUP)
        manager.add_hookspecs(hookspecs)
        try:
            manager.register(module, name=plugin)
            manager.check_pending()
            self._take(plugin, manager.hook)
        except Exception as error:  # noqa: BLE001  whatever a plugin raises is its own problem
            self.problem(plugin, error)

    def _take(self, plugin: str, hook: Any) -> None:  # noqa: ANN401  pluggy's relay has no type
        providers = _typed(hook.policyengine_provider(), Provider)
        sellers = _typed([seller for listed in hook.policyengine_sellers() for seller in listed], Seller)
        dialects = [dialect for provider in providers for dialect in provider.dialects]
        named = [
            *(("provider", provider.name) for provider in providers),
            *(("dialect", dialect.name) for dialect in dialects),
            *(("seller", seller.name) for seller in sellers),
        ]
        self._check_free(named)
        _check_declared(dialects)
        self._owners |= dict.fromkeys(named, plugin)
        self.providers |= {provider.name: provider for provider in providers}
        self.dialects |= {dialect.name: dialect for dialect in dialects}
        self.sellers |= {seller.name: seller for seller in sellers}
        for directory in hook.policyengine_rules():
            self.rules[plugin] = directory

    def _check_free(self, named: Sequence[tuple[str, str]]) -> None:
        for index, (kind, name) in enumerate(named):
            owner = self._owners.get((kind, name)) or ("itself" if (kind, name) in named[:index] else None)
            if owner is not None:
                msg = f"{kind} {name!r} is already registered by {owner}; rename one of the two"
                raise ValueError(msg)

    def problem(self, plugin: str, error: Exception) -> None:
        """Keep *error* as the reason why *plugin* is left out."""
        self.problems.append(PluginProblem(plugin, f"{type(error).__name__}: {error}"))


def _check_declared(dialects: Iterable[Dialect]) -> None:
    for dialect in dialects:
        keys: object = dialect.keys  # as declared, whatever the annotation says
        if not isinstance(keys, AbstractSet):
            msg = f"dialect {dialect.name!r} declares keys as {type(keys).__name__}, expected a frozenset"
            raise TypeError(msg)
        for name, kind in dialect.signals.items():
            if kind not in _SIGNAL_KINDS:
                msg = (
                    f"dialect {dialect.name!r} declares signal {name!r} of kind {kind!r}{nearest(kind, _SIGNAL_KINDS)}"
                )
                raise ValueError(msg)


def _typed(values: Iterable[object], kind: type[Any]) -> list[Any]:
    found = list(values)
    for value in found:
        if not isinstance(value, kind):
            msg = f"a hook returned {type(value).__name__}, expected {kind.__name__}"
            raise TypeError(msg)
    return found


def load_plugins(points: Iterable[EntryPoint] | None = None) -> PluginSet:
    """Return what the installed plugins register, or those of *points*."""
    plugins = PluginSet()
    found = entry_points(group=hookspecs.ENTRY_POINT_GROUP) if points is None else points
    for point in sorted(found, key=lambda point: point.name):
        name = f"{point.name} ({_distribution(point)})"
        try:
            module = point.load()
            _check_api(module)
        except Exception as error:  # noqa: BLE001  a plugin may fail in any way
            plugins.problem(name, error)
            continue
        plugins.versions[point.name] = _distribution(point)
        plugins.add(name, module)
    return plugins


def _check_api(module: object) -> None:
    version = getattr(module, "PLUGIN_API", hookspecs.PLUGIN_API)
    if version != hookspecs.PLUGIN_API:
        msg = f"it was written for plugin API {version!r}, this is {hookspecs.PLUGIN_API}"
        raise RuntimeError(msg)


def _distribution(point: EntryPoint) -> str:
    return f"{point.dist.name} {point.dist.version}" if point.dist is not None else point.value
