"""Hold all that is said about a change, and whether it changes anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from policyengine.diff.log import LogChange
from policyengine.diff.semantic import RuleChanges
from policyengine.diff.tables import TableChange

if TYPE_CHECKING:
    from policyengine.diff.log import Sample

__all__ = ["Report", "Side"]


class Side(Struct, frozen=True):
    """Name one of the engines that are compared."""

    name: str
    """As the caller named it."""
    fingerprint: str


class Report(Struct, frozen=True, kw_only=True):
    """Say what changes from one engine to another: by proof, or among recorded answers."""

    old: Side
    new: Side
    tables: tuple[TableChange, ...]
    rules: RuleChanges | None = None
    """What set analysis finds; None when a log was compared instead."""
    log: LogChange | None = None

    @property
    def is_equivalent(self) -> bool:
        """Return whether nothing changes, for certain."""
        is_same = self.rules is None or not (self.rules.found or self.rules.undecided)
        return is_same and not self.tables and (self.log is None or not self.log.changed)

    def to_json(self) -> bytes:
        """Return the report as one JSON object; samples hold flat records of both verdicts, without prompts."""
        fields = {"is_equivalent": self.is_equivalent, **msgspec.structs.asdict(self)}
        return msgspec.json.encode({**fields, "log": self.log and self._log(self.log)})

    def _log(self, log: LogChange) -> dict[str, object]:
        moved = [{**msgspec.structs.asdict(one), "samples": [*map(_record, one.samples)]} for one in log.moved]
        return {**msgspec.structs.asdict(log), "moved": moved}


def _record(sample: Sample) -> dict[str, object]:
    return {"answer": sample.answer, "old": sample.old.record(), "new": sample.new.record()}
