"""Keep the engine of a policy directory up to date: a change goes live whole, or the last good engine stays."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from threading import Event, Thread
from typing import TYPE_CHECKING, Any, Self

from msgspec import Struct
from msgspec.structs import replace

from policyengine.engine import Engine
from policyengine.errors import Diagnostic, MissingExtraError, PolicyFileError
from policyengine.policy.load import policy_of
from policyengine.policy.sources import Gathered, directory_files, joined, seller_prices, shipped_rules

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path
    from types import TracebackType

    from policyengine.plugins import PluginSet
    from policyengine.verdict import Verdict

__all__ = ["Status", "Watch"]

_LOG = logging.getLogger(__name__)
_LOOK_EVERY_S = 2.0  # beside what the system reports: not every file system tells, and links may be turned
_SETTLE_S = 0.05  # files are read again after this time, until they stay the same
_MOST_READINGS = 40


class Status(Struct, frozen=True, kw_only=True):
    """Tell which engine is live, and whether the files as they stand are."""

    fingerprint: str
    """The engine that is live."""
    since: datetime
    """When it went live (UTC)."""
    checked: datetime
    """When the files were last looked at (UTC)."""
    is_current: bool
    """Whether the engine is that of the files as they were then; if not, the last error says why."""
    last_error: tuple[Diagnostic, ...] = ()
    """Every fault of the last change that could not go live; kept when a later one could."""
    failed: datetime | None = None
    """When that was (UTC)."""


class _Live(Struct, frozen=True, kw_only=True):
    """Join an engine with its status, so that both change at once."""

    engine: Engine
    status: Status


class Watch:
    """Follow a policy directory and hold the engine of its last good state; `Engine.watch` makes one.

    Take `engine` once for what belongs together: it never changes, the next one is another.
    Close it, or use it in a `with` statement; a process that was forked needs its own.
    """

    def __init__(self, directory: Path, plugins: PluginSet) -> None:
        """Load *directory* and follow it.

        Raises:
            MissingExtraError: watchfiles is not installed.
            PolicyFileError: files have faults; it lists all of them.
        """
        changes = _watchfiles()
        self._closed = Event()
        self._label = str(directory)
        self._directory = directory.absolute()
        self._plugins = plugins
        self._shipped = joined(shipped_rules(plugins), seller_prices(plugins))
        self._tried = self._settled()
        engine, now = self._load(self._tried), datetime.now(UTC)
        status = Status(fingerprint=engine.fingerprint, since=now, checked=now, is_current=True)
        self._live = _Live(engine=engine, status=status)
        self._thread = Thread(target=self._follow, args=(changes,), name="imgpolicy-watch", daemon=True)
        self._thread.start()

    @property
    def engine(self) -> Engine:
        """Return the engine that is live."""
        return self._live.engine

    def evaluate(self, source: object, **context: Any) -> Verdict:  # noqa: ANN401
        """Return the verdict on one exchange, all of it by the engine that is live now."""
        return self.engine.evaluate(source, **context)

    def status(self) -> Status:
        """Return which engine is live, since when, and what became of the last change."""
        return self._live.status

    def close(self) -> None:
        """Stop following; the engine stays as it is."""
        self._closed.set()
        self._thread.join()

    def __enter__(self) -> Self:
        """Return the watch itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop following."""
        self.close()

    def _follow(self, changes: Callable[..., Iterable[object]]) -> None:
        """Look whenever the system reports a change, and every now and then without."""
        while not self._closed.is_set():
            try:
                for _ in changes(
                    self._directory,
                    watch_filter=None,
                    stop_event=self._closed,
                    rust_timeout=int(_LOOK_EVERY_S * 1000),
                    yield_on_timeout=True,
                    raise_interrupt=False,
                ):
                    self._look()
            except (OSError, RuntimeError) as error:  # the directory is gone, or the system watches no more of them
                _LOG.warning("%s cannot be watched, looking every %g s: %s", self._label, _LOOK_EVERY_S, error)
                self._look()
                self._closed.wait(_LOOK_EVERY_S)

    def _look(self) -> None:
        """Take over the files as they stand, if they changed and have no fault."""
        try:
            self._take(self._settled(last=self._tried))
        except PolicyFileError as error:
            self._refuse(error.diagnostics)
        except Exception as error:  # noqa: BLE001  a bug must not end the watch unseen
            _LOG.exception("%s could not be loaded", self._label)
            self._refuse((Diagnostic(file=self._label, message=f"{type(error).__name__}: {error}"),))

    def _take(self, found: Gathered | PolicyFileError) -> None:
        now = datetime.now(UTC)
        if _same(found, self._tried):
            self._live = replace(self._live, status=replace(self._live.status, checked=now))
            return
        self._tried = found
        engine = self._load(found)
        told = replace(self._live.status, checked=now, is_current=True)
        if engine.fingerprint == told.fingerprint:  # the change was taken back
            self._live = replace(self._live, status=told)
            return
        self._live = _Live(engine=engine, status=replace(told, fingerprint=engine.fingerprint, since=now))
        _LOG.info("%s went live as %s", self._label, engine.fingerprint)

    def _refuse(self, faults: tuple[Diagnostic, ...]) -> None:
        now = datetime.now(UTC)
        status = replace(self._live.status, checked=now, is_current=False, last_error=faults, failed=now)
        self._live = replace(self._live, status=status)
        lines = "\n".join(map(str, faults))
        _LOG.warning("%s has faults, %s stays live:\n%s", self._label, status.fingerprint, lines)

    def _load(self, found: Gathered | PolicyFileError) -> Engine:
        if isinstance(found, PolicyFileError):
            raise found
        return Engine(policy_of(joined(found, self._shipped), self._plugins), self._plugins)

    def _settled(self, last: Gathered | PolicyFileError | None = None) -> Gathered | PolicyFileError:
        """Return what stands in the directory: what stood there *last*, or what two readings in a row found."""
        found = self._read()
        for _ in range(_MOST_READINGS):
            if last is not None and _same(found, last):
                return found
            self._closed.wait(_SETTLE_S)
            found, before = self._read(), found
            if _same(found, before):
                return found
        return found

    def _read(self) -> Gathered | PolicyFileError:
        try:
            return directory_files(self._directory, label=self._label)
        except PolicyFileError as error:
            return error


def _same(one: Gathered | PolicyFileError, other: Gathered | PolicyFileError) -> bool:
    if isinstance(one, PolicyFileError) and isinstance(other, PolicyFileError):
        return one.diagnostics == other.diagnostics
    return one == other


def _watchfiles() -> Callable[..., Iterable[object]]:
    try:
        from watchfiles import watch  # noqa: PLC0415  an extra
    except ImportError as error:
        what = "following a policy directory"
        raise MissingExtraError(what, "watch") from error
    return watch
