"""Specify the three hooks of a plugin; hooks only register, behaviour lives in `policyengine.provider`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.resources.abc import Traversable

    from policyengine.provider import Provider, Seller

__all__ = ["ENTRY_POINT_GROUP", "PLUGIN_API", "hookimpl", "hookspec"]

ENTRY_POINT_GROUP = "policyengine"
PLUGIN_API = 1
"""The version of this contract; a plugin module may declare its own `PLUGIN_API`, which must be equal."""

hookspec = pluggy.HookspecMarker("policyengine")
hookimpl = pluggy.HookimplMarker("policyengine")


@hookspec
def policyengine_provider() -> Provider:
    """Return the provider that this plugin ships."""
    raise NotImplementedError


@hookspec
def policyengine_sellers() -> Sequence[Seller]:
    """Return the sellers that this plugin ships."""
    raise NotImplementedError


@hookspec
def policyengine_rules() -> Traversable:
    """Return a directory of rule files: `classify/`, `bill/`, `route.toml`."""
    raise NotImplementedError
