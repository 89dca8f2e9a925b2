"""Read the native samples that a provider ships beside its dialects."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from policyengine.errors import InputError
from policyengine.provider import Scenario

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

__all__ = ["read_scenarios"]


def read_scenarios(directory: Traversable | None, dialect: str) -> list[Scenario]:
    """Return the scenarios of *dialect* in the order of their names.

    Raises:
        InputError: a file is not a scenario.
    """
    if directory is None or not (home := directory / dialect).is_dir():
        return []
    files = [file for file in home.iterdir() if file.name.endswith(".json")]
    return [_read(file) for file in sorted(files, key=lambda file: file.name)]


def _read(file: Traversable) -> Scenario:
    try:
        fields = msgspec.json.decode(file.read_bytes(), type=dict[str, object])
        return msgspec.convert({"name": file.name.removesuffix(".json"), **fields}, Scenario)
    except (msgspec.DecodeError, RecursionError) as error:
        msg = f"{file}: not a scenario: {error}"
        raise InputError(msg) from error
