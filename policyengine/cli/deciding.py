"""Decide what files hold, by the engine of the day or by that which decided it once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from policyengine.cli.loading import engine_for
from policyengine.cli.output import warn
from policyengine.cli.reading import BadLine, RecordedFacts, column_map, read_all
from policyengine.engine import Engine
from policyengine.errors import InputError, PolicyEngineError

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Iterator, Mapping

    from policyengine.cli.reading import Found
    from policyengine.verdict import Verdict

__all__ = ["Deciding", "decided", "print_verdicts"]


def print_verdicts(arguments: Namespace, write: Callable[[Verdict], str]) -> int:
    """Print each verdict as *write* puts it; return 1 when some answers could not be read."""
    bad = 0
    for verdict in _verdicts(arguments):
        if isinstance(verdict, BadLine):
            warn(f"{verdict.where}: {verdict.message}")
            bad += 1
        else:
            print(write(verdict))
    return 1 if bad else 0


def _verdicts(arguments: Namespace) -> Iterator[Verdict | BadLine]:
    """Yield the verdict on each answer of the file, and the lines that cannot be read."""
    deciding = Deciding(arguments)
    for found in read_all([arguments.file], column_map(arguments.column)):
        if isinstance(found, BadLine):
            yield found
            continue
        try:
            yield from (verdict for _, verdict in deciding.verdicts(found))
        except PolicyEngineError as error:
            yield BadLine(found.where, str(error))


class Deciding:
    """Decide what files hold, by the engine that the arguments name or by that which once decided it."""

    def __init__(self, arguments: Namespace) -> None:
        """Load the engine, unless each record is to find its own in a directory of bundles.

        Raises:
            PolicyFileError: files have faults, or a bundle is not whole.
        """
        self.arguments = arguments
        self._told = _told(arguments)
        self._engines: dict[str | None, Engine] = {}
        if not self._each_finds_its_own:
            self.engine()

    @property
    def _each_finds_its_own(self) -> bool:
        bundle = self.arguments.bundle
        return bundle is not None and self.arguments.fingerprint is None and Path(bundle).is_dir()

    def verdicts(self, found: Found) -> Iterator[tuple[str, Verdict]]:
        """Yield the verdict on each response that *found* holds, with its place.

        Raises:
            PolicyEngineError: it cannot be decided.
        """
        return decided(self.engine(self._fingerprint(found)), found, self._told)

    def _fingerprint(self, found: Found) -> str | None:
        """Return which bundle decides *found*; None when one engine decides all."""
        if not self._each_finds_its_own:
            return None
        if isinstance(found, RecordedFacts) and found.fingerprint:
            return found.fingerprint
        msg = f"nothing tells which engine of {self.arguments.bundle} decided it; pass --fingerprint"
        raise InputError(msg)

    def engine(self, fingerprint: str | None = None) -> Engine:
        """Return the engine of *fingerprint*, or the one that the arguments name.

        Raises:
            PolicyFileError: files have faults, or there is no such bundle.
        """
        engine = self._engines.get(fingerprint)
        if engine is None:
            engine = self._engines[fingerprint] = self._loaded(fingerprint)
            engine.split(None, **self._told)  # a name that is not known is better told once than for every line
        return engine

    def _loaded(self, fingerprint: str | None) -> Engine:
        arguments = self.arguments
        if arguments.bundle is None:
            return engine_for(arguments)
        engine = Engine.load_bundle(arguments.bundle, fingerprint=arguments.fingerprint or fingerprint)
        for fault in engine.policy.warnings:
            if Path(fault.file).is_relative_to(arguments.bundle):
                warn(str(fault))
        return engine


def decided(engine: Engine, found: Found, context: Mapping[str, object]) -> Iterator[tuple[str, Verdict]]:
    """Yield what *engine* decides on each response that *found* holds; *context* is known beside it.

    Raises:
        PolicyEngineError: it cannot be decided.
    """
    if isinstance(found, RecordedFacts):
        if context:
            msg = f"holds facts, which {', '.join(context)} would change; evaluate the answer itself"
            raise InputError(msg)
        yield found.where, engine.decide(found.facts, found.usage, found.warnings)
        return
    if found.facts is not None:
        from policyengine.cli.given import verdict_on  # noqa: PLC0415  few files hold facts

        yield found.where, verdict_on(engine, found.facts)
        return
    exchanges = engine.split(found.body, **{**found.context, **context})
    for index, exchange in enumerate(exchanges):
        yield found.where if len(exchanges) == 1 else f"{found.where}#{index}", engine.evaluate(exchange)


def _told(arguments: Namespace) -> dict[str, object]:
    names = ("provider", "dialect", "seller", "account", "model", "http_status", "at")
    context = {name: value for name in names if (value := getattr(arguments, name)) is not None}
    account = {name: value for name in ("mode", "plan") if (value := getattr(arguments, name)) is not None}
    return {**context, **({"account_facts": account} if account else {})}
