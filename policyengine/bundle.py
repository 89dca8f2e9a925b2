"""Keep all that decides in one file, and make the same engine of it again, without the files it came from.

A bundle is JSON for people and for `git diff`: the files line by line, as they were read. The same engine
always gives the same bytes. Plugins' code is not in it, only which versions there were.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from policyengine.errors import Diagnostic, PolicyFileError
from policyengine.policy.fingerprint import Made, fingerprint_of, made_by
from policyengine.policy.load import policy_of
from policyengine.policy.sources import Gathered
from policyengine.rules.source import Origin, Source, SourceKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from policyengine.plugins import PluginSet
    from policyengine.policy.load import Policy

__all__ = ["bundle_name", "bundle_of", "find_bundle", "load_bundle"]

_FORMAT = 1
_SHORTEST = 8  # digits of a fingerprint that may stand for all of them
_HEX = frozenset("0123456789abcdef")


class _File(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Hold one file, line by line."""

    file: str
    kind: SourceKind
    origin: Origin
    lines: tuple[str, ...]

    def source(self) -> Source:
        """Return the file as it was read."""
        data = "\n".join(self.lines).encode()
        return Source(file=self.file, path=self.file, origin=self.origin, data=data, kind=self.kind)


class _Bundle(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Hold what one engine decides by."""

    imgpolicy_bundle: int
    """The version of this format."""
    fingerprint: str
    """Of the engine."""
    sha256: str
    """Of all else in the bundle."""
    facts: tuple[str, ...]
    request: tuple[str, ...]
    plugins: dict[str, str]
    files: tuple[_File, ...]

    @property
    def made(self) -> Made:
        """Return what decides beside the files."""
        return Made(facts=self.facts, request=self.request, plugins=self.plugins)


def bundle_of(policy: Policy) -> bytes:
    """Return the bundle of *policy*."""
    bundle = _Bundle(
        imgpolicy_bundle=_FORMAT,
        fingerprint=policy.fingerprint,
        sha256="",
        facts=policy.made.facts,
        request=policy.made.request,
        plugins=dict(sorted(policy.made.plugins.items())),
        files=tuple(map(_file, policy.sources)),
    )
    content = msgspec.to_builtins(msgspec.structs.replace(bundle, sha256=_digest(bundle)))
    return json.dumps(content, ensure_ascii=False, indent=1).encode() + b"\n"


def _file(source: Source) -> _File:
    lines = tuple(source.data.decode().split("\n"))
    return _File(file=source.file, kind=source.kind, origin=source.origin, lines=lines)


def _digest(bundle: _Bundle) -> str:
    """Return the SHA-256 of all that *bundle* says but itself."""
    return hashlib.sha256(msgspec.json.encode(msgspec.structs.replace(bundle, sha256=""))).hexdigest()


def bundle_name(fingerprint: str) -> str:
    """Return how the bundle of *fingerprint* is called in a directory of bundles."""
    return f"{fingerprint}.json"


def find_bundle(path: Path, fingerprint: str | None = None) -> Path:
    """Return the bundle at *path*: the file itself, or in a directory the one that is named by *fingerprint*.

    Raises:
        PolicyFileError: there is none, or several begin like *fingerprint*.
    """
    if not path.is_dir():
        return path
    if fingerprint is None:
        raise _fault(path, "is a directory of bundles; say which: the fingerprint of the verdict")
    if len(fingerprint) < _SHORTEST or not _HEX.issuperset(fingerprint):
        raise _fault(path, f"{fingerprint!r} is no fingerprint: {_SHORTEST} to 64 digits and letters from a to f")
    found = sorted(path.glob(f"{fingerprint}*.json"))
    if len(found) == 1:
        return found[0]
    if found:
        raise _fault(path, f"{len(found)} bundles begin with {fingerprint!r}; give more of the fingerprint")
    raise _fault(path, f"holds no bundle of {fingerprint!r}; `imgpolicy bundle -o {path}` adds that of a policy")


def load_bundle(path: Path, plugins: PluginSet, fingerprint: str | None = None) -> Policy:
    """Return the policy that the bundle at *path* holds; its warnings tell where *plugins* differ from those it had.

    Raises:
        PolicyFileError: it is no bundle, was altered or cut short, is not that of *fingerprint*, or cannot be loaded.
    """
    file = find_bundle(path, fingerprint)
    bundle = _read(file)
    if fingerprint is not None and not bundle.fingerprint.startswith(fingerprint):
        raise _fault(file, f"is the bundle of {bundle.fingerprint!r}, not of {fingerprint!r}")
    sources = tuple(one.source() for one in bundle.files)
    if fingerprint_of(sources, bundle.made) != bundle.fingerprint:
        raise _fault(file, f"its files do not make {bundle.fingerprint!r}; take the bundle from where it was written")
    differences = tuple(_differences(file, bundle.made, made_by(plugins)))
    try:
        policy = policy_of(Gathered(sources), plugins, made=bundle.made)
    except PolicyFileError as error:
        raise PolicyFileError([*error.diagnostics, *differences]) from error
    if policy.fingerprint != bundle.fingerprint:
        raise PolicyFileError([*policy.warnings, *differences])
    return msgspec.structs.replace(policy, warnings=(*policy.warnings, *differences))


def _fault(file: Path, message: str) -> PolicyFileError:
    return PolicyFileError([Diagnostic(file=str(file), message=message)])


def _read(file: Path) -> _Bundle:
    """Return the bundle in *file*, whole and unaltered."""
    try:
        document = msgspec.json.decode(file.read_bytes())
    except OSError as error:
        raise _fault(file, f"cannot be read: {error.strerror or error}") from error
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise _fault(file, f"is cut short or no bundle: {error}") from error
    version = document.get("imgpolicy_bundle") if isinstance(document, dict) else None
    if version is None:
        raise _fault(file, "is no bundle; `imgpolicy bundle -o FILE` writes one")
    if version != _FORMAT:
        raise _fault(file, f"is a bundle of format {version!r}, this version reads {_FORMAT}; install the one it needs")
    try:
        bundle = msgspec.convert(document, _Bundle)
    except msgspec.ValidationError as error:
        raise _fault(file, f"was altered: {error}") from error
    if _digest(bundle) != bundle.sha256:
        message = f"was altered: the sha256 of its content is {_digest(bundle)}, it says {bundle.sha256!r}"
        raise _fault(file, message)
    return bundle


def _differences(file: Path, then: Made, now: Made) -> Iterator[Diagnostic]:
    """Yield a warning for what of the code is not as it was when the bundle was made."""
    for (old, new), names in _moved(then.plugins, now.plugins).items():
        was = f"was {old}" if old else "was not installed"
        message = f"when the bundle was made, {names} {was}, now it {f'is {new}' if new else 'is not installed'}"
        yield Diagnostic(file=str(file), message=message, severity="warning")
    for kind, before, after in (("facts", then.facts, now.facts), ("facts of a request", then.request, now.request)):
        if before != after:
            names = ", ".join(sorted({*before} ^ {*after})) or "their order"
            message = f"the {kind} are not those of when the bundle was made: {names}"
            yield Diagnostic(file=str(file), message=message, severity="warning")


def _moved(then: Mapping[str, str], now: Mapping[str, str]) -> Mapping[tuple[str | None, str | None], str]:
    """Return the names of the plugins that changed, by their old version and their new one."""
    found: dict[tuple[str | None, str | None], list[str]] = {}
    for name in sorted({*then, *now}):
        if then.get(name) != now.get(name):
            found.setdefault((then.get(name), now.get(name)), []).append(repr(name))
    return {change: f"plugin {' and '.join(names)}" for change, names in found.items()}
