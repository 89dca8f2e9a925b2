"""Name an engine by the digest of everything that decides."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from msgspec import Struct

from policyengine.facts import Facts
from policyengine.request import Request

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policyengine.plugins import PluginSet
    from policyengine.rules.source import Source

__all__ = ["Made", "fingerprint_of", "made_by"]


class Made(Struct, frozen=True, kw_only=True):
    """Say what decides beside files: the names of what rules read, and the plugins with their versions."""

    facts: tuple[str, ...]
    request: tuple[str, ...]
    plugins: dict[str, str]
    """Distribution and version by entry point."""


def made_by(plugins: PluginSet) -> Made:
    """Return what decides beside files here and now."""
    return Made(
        facts=Facts.__struct_fields__,
        request=Request.__struct_fields__,
        plugins=dict(sorted(plugins.versions.items())),
    )


def fingerprint_of(sources: Iterable[Source], made: Made) -> str:
    """Return the SHA-256 of *sources* in their order and of *made*; where a directory stands changes nothing."""
    digest = hashlib.sha256()
    for source in sources:
        name = source.file.rpartition("/")[2]
        digest.update(f"{source.origin}:{source.kind}:{name}:{len(source.data)}\n".encode())
        digest.update(source.data)
    digest.update(repr((made.facts, made.request, sorted(made.plugins.items()))).encode())
    return digest.hexdigest()
