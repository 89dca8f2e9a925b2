"""Read the TOML files of a git revision into a directory."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path, PurePosixPath
from shutil import which

from policyengine.errors import InputError

__all__ = ["Repository"]

_OF_A_HOOK = frozenset({"GIT_COMMON_DIR", "GIT_DIR", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_WORK_TREE"})


class Repository:
    """Read revisions of the git repository that holds a directory."""

    def __init__(self, directory: Path) -> None:
        """Find the repository.

        Raises:
            InputError: git is not installed, or *directory* lies in no repository.
        """
        self.root = directory
        self.root = Path(self._git("rev-parse", "--show-toplevel").decode().rstrip("\n"))

    def commit(self, revision: str) -> str | None:
        """Return the commit that *revision* names; None when it names none."""
        try:
            named = self._git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        except InputError:
            return None
        return named.decode().strip()

    def write(self, commit: str, target: Path) -> None:
        """Write every TOML file of *commit* below *target*.

        Raises:
            InputError: git cannot read it.
        """
        listed = self._git("ls-tree", "-r", "-z", "--name-only", commit).decode("utf-8", "surrogateescape")
        names = [name for name in listed.split("\0") if name.endswith(".toml") and _is_inside(name)]
        asked = "".join(f"{commit}:{name}\n" for name in names)
        answered = self._git("cat-file", "--batch", told=asked.encode("utf-8", "surrogateescape"))
        for name in names:
            header, _, rest = answered.partition(b"\n")
            size = int(header.rpartition(b" ")[2])
            file = target / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(rest[:size])
            answered = rest[size + 1 :]

    def _git(self, *arguments: str, told: bytes | None = None) -> bytes:
        git = which("git")
        if git is None:
            msg = "git is not installed; name directories or bundles instead of revisions"
            raise InputError(msg)
        ran = subprocess.run(  # noqa: S603  arguments are a list, and revisions stand behind --end-of-options
            [git, "-C", str(self.root), *arguments],
            input=told,
            capture_output=True,
            check=False,
            env=_environment(),
        )
        if ran.returncode:
            first = ran.stderr.decode("utf-8", "replace").strip().partition("\n")[0] or f"exit code {ran.returncode}"
            msg = f"git {arguments[0]} in {self.root}: {first}"
            raise InputError(msg)
        return ran.stdout


def _environment() -> dict[str, str]:
    """Return the environment without what a hook of git says of the repository it runs in, which may be another."""
    return {**{name: value for name, value in os.environ.items() if name not in _OF_A_HOOK}, "LC_ALL": "C"}


def _is_inside(name: str) -> bool:
    """Return whether a tree names a file below itself, on one line."""
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts and "\n" not in name
