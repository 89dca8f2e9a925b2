"""Find the engine that one side of a comparison stands for."""

from __future__ import annotations

import tomllib
from pathlib import Path
from tempfile import TemporaryDirectory

from msgspec import Struct

from policyengine.bundle import find_bundle, load_bundle
from policyengine.diff.revision import Repository
from policyengine.engine import Engine
from policyengine.errors import Diagnostic, InputError, PolicyFileError
from policyengine.plugins import PluginSet
from policyengine.policy.load import policy_of
from policyengine.policy.sources import (
    Gathered,
    directory_files,
    is_policy_directory,
    joined,
    price_label,
    seller_prices,
    shipped_rules,
)
from policyengine.rules.source import read_source

__all__ = ["Sides"]

_PROJECT = "imagegen-policyengine"


class Sides(Struct, frozen=True, kw_only=True):
    """Load engines by name, all with the plugins that are installed."""

    plugins: PluginSet
    policy: Path | None = None
    """The policy directory; revisions are those of the repository that holds it."""
    bundles: Path | None = None
    """A directory of bundles, in which fingerprints are looked up."""

    def engine(self, name: str | None) -> Engine:
        """Return the engine of a directory, bundle, fingerprint or git revision; that of the day when it is None.

        Raises:
            InputError: *name* is none of them.
            PolicyFileError: files have faults.
        """
        if name is None:
            return Engine.load(self.policy, plugins=self.plugins)
        path = Path(name)
        if path.is_dir():
            return self._made(self._directory(path, str(path)))
        if path.is_file():
            return Engine(load_bundle(path, self.plugins), self.plugins)
        return self._bundled(name) or self._revision(name)

    def _made(self, found: Gathered) -> Engine:
        return Engine(policy_of(found, self.plugins), self.plugins)

    def _bundled(self, name: str) -> Engine | None:
        """Return the engine whose fingerprint begins with *name*; None when there is no such bundle."""
        if self.bundles is None:
            return None
        try:
            file = find_bundle(self.bundles, name)
        except PolicyFileError:
            return None
        return Engine(load_bundle(file, self.plugins), self.plugins)

    def _directory(self, root: Path, label: str) -> Gathered:
        """Return the files of a policy directory, or of a checkout that holds the shipped rules."""
        if _is_checkout(root):
            own = Gathered() if self.policy is None else directory_files(self.policy, label=str(self.policy))
            return joined(own, self._checkout(root))
        return joined(directory_files(root, label=label), self._installed())

    def _installed(self) -> Gathered:
        return joined(shipped_rules(self.plugins), seller_prices(self.plugins))

    def _checkout(self, root: Path) -> Gathered:
        return joined(shipped_rules(self.plugins, root / "rules"), _prices(root / "providers", self.plugins))

    def _revision(self, name: str) -> Engine:
        here = self.policy or Path.cwd()
        repository = _repository(here, name)
        commit = repository.commit(name)
        if commit is None:
            raise _nothing(name, f"revision of {repository.root}")
        with TemporaryDirectory(prefix="imgpolicy-") as directory:
            tree = Path(directory)
            repository.write(commit, tree)
            return self._made(self._of_tree(tree, repository.root, here, name))

    def _of_tree(self, tree: Path, root: Path, here: Path, name: str) -> Gathered:
        """Return the files of the policy directory and of the checkout that *tree* holds, the others as they stand."""
        shipped = self._checkout(tree) if _is_checkout(tree) else self._installed()
        if self.policy is None and _is_checkout(tree):
            return shipped
        own = tree / here.resolve().relative_to(root.resolve())
        if is_policy_directory(own):
            return joined(directory_files(own, label=str(self.policy or name)), shipped)
        if self.policy is None:
            msg = f"{root} holds no rules at {name!r}; name your policy directory with --policy"
            raise InputError(msg)
        message = f"is not there at {name!r}: taken as empty"
        return joined(Gathered(faults=(Diagnostic(file=str(here), message=message, severity="warning"),)), shipped)


def _is_checkout(root: Path) -> bool:
    """Return whether *root* is a checkout of this project, and its `rules/` are the shipped ones."""
    try:
        project = tomllib.loads((root / "pyproject.toml").read_text("utf-8")).get("project", {})
    except (OSError, ValueError):
        return False
    return bool(project.get("name") == _PROJECT) and (root / "rules").is_dir()


def _prices(providers: Path, plugins: PluginSet) -> Gathered:
    """Return the price files of a checkout; those of plugins that are not in it as they are installed."""
    installed = seller_prices(plugins)
    here = {price_label(file): file for file in sorted(providers.glob("*/prices/*.toml"))}
    elsewhere = [source for source in installed.sources if not (providers / source.file.partition("/")[0]).is_dir()]
    in_order = dict.fromkeys((*(source.file for source in installed.sources if source.file in here), *here))
    sources = (*elsewhere, *(read_source(here[label], "plugin", label, "prices") for label in in_order))
    return Gathered(sources, (), installed.left_out)


def _repository(here: Path, name: str) -> Repository:
    try:
        return Repository(here)
    except InputError as error:
        raise _nothing(name, f"git revision: {error}") from error


def _nothing(name: str, last: str) -> InputError:
    msg = f"{name!r} is no directory, no bundle, no fingerprint of --bundles and no {last}"
    return InputError(msg)
