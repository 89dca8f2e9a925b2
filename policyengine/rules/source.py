"""Find rule and price files: bundled, shipped by plugins, and in a policy directory."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.resources.abc import Traversable

__all__ = ["Origin", "Source", "SourceKind", "bundled_rules", "read_source", "rule_sources", "toml_files"]

Origin = Literal["user", "bundled", "plugin"]
"""User files come before bundled ones, those before what plugins ship."""
SourceKind = Literal["rules", "prices", "accounts", "view"]
"""What a file holds; a view decides nothing."""


class Source(Struct, frozen=True, kw_only=True):
    """Hold one file of rules or prices, read."""

    file: str
    """As people see it."""
    path: str
    """As debuggers find it."""
    origin: Origin
    data: bytes
    kind: SourceKind = "rules"


def bundled_rules() -> Traversable:
    """Return the directory of the rules that ship with the library."""
    packaged = files("policyengine") / "_rules"
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / "rules"


def rule_sources(directory: Traversable, origin: Origin, *, label: str) -> Iterator[Source]:
    """Yield the rule files below *directory*, in the order of their names; *label* stands for the directory."""
    for name in ("route.toml", "preflight.toml"):
        if (directory / name).is_file():
            yield read_source(directory / name, origin, f"{label}/{name}")
    for folder in ("classify", "bill"):
        yield from toml_files(directory / folder, origin, f"{label}/{folder}")


def toml_files(directory: Traversable, origin: Origin, label: str, kind: SourceKind = "rules") -> Iterator[Source]:
    """Yield the TOML files of *directory* in the order of their names."""
    if not directory.is_dir():
        return
    for file in sorted(directory.iterdir(), key=lambda file: file.name):
        if file.name.endswith(".toml") and file.is_file():
            yield read_source(file, origin, f"{label}/{file.name}", kind)


def read_source(file: Traversable, origin: Origin, label: str, kind: SourceKind = "rules") -> Source:
    """Return *file*, read."""
    return Source(file=label, path=str(file), origin=origin, data=file.read_bytes(), kind=kind)
