from __future__ import annotations

import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Lock
from time import monotonic
from typing import TYPE_CHECKING

import pytest

from policyengine.engine import Engine
from policyengine.errors import MissingExtraError, PolicyFileError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from policyengine.plugins import PluginSet
    from policyengine.verdict import Verdict
    from policyengine.watch import Watch

    Policy = Callable[[Mapping[str, str]], Path]

pytest.importorskip("watchfiles")
BLOCKED = {"toy": {"finish_reason": "SAFETY"}, "usage": [{"component": "input", "unit": "token", "quantity": 1000}]}
RULES = "classify/toy.toml"
PRICES = "prices/toy-inc.toml"


@pytest.fixture
def root(policy: Policy, toy_files: dict[str, str]) -> Path:
    return policy(toy_files)


@pytest.fixture
def watch(root: Path, plugins: PluginSet) -> Iterator[Watch]:
    with Engine.watch(root, plugins=plugins) as watching:
        yield watching


def until(is_so: Callable[[], bool]) -> None:
    end = monotonic() + 60
    while not is_so():
        assert monotonic() < end, "it did not come about within a minute"
        Event().wait(0.01)


def renamed(toy_files: dict[str, str], version: int) -> str:
    return toy_files[RULES].replace("toy.safety", f"toy.safety-{version}")


def repriced(toy_files: dict[str, str], version: int) -> str:
    return toy_files[PRICES].replace('input = "1"', f'input = "{version}"')


def rule_of(verdict: Verdict) -> int:
    return int(verdict.trail[0].rule.rpartition("-")[2])


def price_of(verdict: Verdict) -> int:
    return int(next(line.rate for line in verdict.charge.lines if line.component == "input") or -1)


def test_a_changed_rule_goes_live(watch: Watch, root: Path, toy_files: dict[str, str], plugins: PluginSet) -> None:
    before = watch.status()

    (root / RULES).write_text(renamed(toy_files, 2), "utf-8")
    until(lambda: watch.status().fingerprint != before.fingerprint)

    after = watch.status()
    assert after.fingerprint == watch.engine.fingerprint == Engine.load(root, plugins=plugins).fingerprint
    assert after.is_current
    assert after.since > before.since
    assert after.checked >= after.since
    assert rule_of(watch.evaluate(BLOCKED)) == 2


def test_a_changed_price_and_a_new_file_go_live(watch: Watch, root: Path, toy_files: dict[str, str]) -> None:
    (root / PRICES).write_text(repriced(toy_files, 7), "utf-8")
    until(lambda: price_of(watch.evaluate(BLOCKED, model="toy-1")) == 7)

    more = 'decision = "bill"\nseller = "more"\n'
    (root / "bill" / "more.toml").write_text(more, "utf-8")

    until(lambda: "more" in watch.engine.policy.prices.sellers)


def test_a_broken_file_is_reported_and_the_last_good_engine_stays(
    watch: Watch, root: Path, toy_files: dict[str, str]
) -> None:
    good = watch.status()

    (root / RULES).write_text(toy_files[RULES].replace("finish_reason", "finish_raeson", 1), "utf-8")
    until(lambda: not watch.status().is_current)

    broken = watch.status()
    assert (broken.fingerprint, broken.since) == (good.fingerprint, good.since)
    assert "did you mean 'finish_reason'?" in str(broken.last_error[0])
    assert broken.last_error[0].file == f"{root}/{RULES}"
    assert watch.evaluate(BLOCKED).outcome == "blocked"

    (root / RULES).write_text(toy_files[RULES], "utf-8")
    until(lambda: watch.status().is_current)

    mended = watch.status()
    assert (mended.fingerprint, mended.since) == (good.fingerprint, good.since)
    assert (mended.last_error, mended.failed) == (broken.last_error, broken.failed)


def test_a_directory_that_goes_away_and_comes_back(watch: Watch, root: Path, toy_files: dict[str, str]) -> None:
    shutil.move(root, root.with_name("away"))
    until(lambda: not watch.status().is_current)
    assert "is no directory" in watch.status().last_error[0].message

    (root.with_name("away") / RULES).write_text(renamed(toy_files, 3), "utf-8")
    shutil.move(root.with_name("away"), root)

    until(lambda: watch.status().is_current)
    assert rule_of(watch.evaluate(BLOCKED)) == 3


def test_an_evaluation_in_flight_ends_on_the_engine_it_began_with(
    watch: Watch, root: Path, toy_files: dict[str, str], plugins: PluginSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    dialect = plugins.dialects["toy-api"]
    normalize, began, go_on = type(dialect).normalize, Event(), Event()

    def slow(self: object, exchange: object) -> object:
        began.set()
        assert go_on.wait(60)
        return normalize(self, exchange)  # type: ignore[arg-type]  # as it is called

    monkeypatch.setattr(type(dialect), "normalize", slow)
    old = watch.engine.fingerprint
    with ThreadPoolExecutor(1) as pool:
        flight = pool.submit(watch.evaluate, BLOCKED)
        assert began.wait(60)
        (root / RULES).write_text(renamed(toy_files, 9), "utf-8")
        until(lambda: watch.engine.fingerprint != old)
        go_on.set()
        verdict = flight.result()

    assert verdict.fingerprint == old
    assert verdict.trail[0].rule == "toy.safety"
    assert rule_of(watch.evaluate(BLOCKED)) == 9


def test_bursts_of_writing_never_tear_an_engine(
    root: Path, toy_files: dict[str, str], plugins: PluginSet, policy: Policy
) -> None:
    bursts, per_burst, threads = 4, 15, 4
    (root / RULES).write_text(renamed(toy_files, 1), "utf-8")
    seen: dict[str, set[tuple[int, int]]] = {}
    lock, stop = Lock(), Event()

    def evaluate(watch: Watch) -> None:
        while not stop.is_set():
            verdict = watch.evaluate(BLOCKED, model="toy-1")
            with lock:
                seen.setdefault(verdict.fingerprint, set()).add((rule_of(verdict), price_of(verdict)))

    with Engine.watch(root, plugins=plugins) as watch, ThreadPoolExecutor(threads) as pool:
        running = [pool.submit(evaluate, watch) for _ in range(threads)]
        try:
            for burst in range(1, bursts + 1):
                for step in range(1, per_burst + 1):
                    version = burst * per_burst + step
                    write(root / RULES, renamed(toy_files, version), is_whole=step % 3 != 0)
                    write(root / PRICES, repriced(toy_files, version), is_whole=step % 4 != 0)
                last = burst * per_burst + per_burst
                write(root / RULES, renamed(toy_files, last), is_whole=True)
                write(root / PRICES, repriced(toy_files, last), is_whole=True)
                until(lambda last=last: any((last, last) in pairs for pairs in tuple(seen.values())))  # type: ignore[misc]
        finally:
            stop.set()
        for one in running:
            one.result()

    assert len(seen) >= bursts
    for fingerprint, pairs in seen.items():
        ((rule, price),) = pairs
        written = policy({**toy_files, RULES: renamed(toy_files, rule), PRICES: repriced(toy_files, price)})
        assert Engine.load(written, plugins=plugins).fingerprint == fingerprint


def write(file: Path, text: str, *, is_whole: bool) -> None:
    """Write *text* as editors do that replace the file; or the half of it in place, as those that are killed."""
    if not is_whole:
        file.write_text(text[: len(text) // 2], "utf-8")
        return
    part = file.with_suffix(".part")
    part.write_text(text, "utf-8")
    part.replace(file)


def test_a_directory_with_faults_to_begin_with_is_an_error(policy: Policy, plugins: PluginSet) -> None:
    with pytest.raises(PolicyFileError, match="is no decision"):
        Engine.watch(policy({"route.toml": "decision = 5\n"}), plugins=plugins)


def test_a_closed_watch_keeps_its_engine(root: Path, plugins: PluginSet) -> None:
    with Engine.watch(root, plugins=plugins) as watch:
        pass

    assert watch.evaluate(BLOCKED).outcome == "blocked"
    watch.close()


def test_without_watchfiles_the_error_says_what_to_install(
    root: Path, plugins: PluginSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "watchfiles", None)

    with pytest.raises(MissingExtraError, match=r"pip install 'imagegen-policyengine\[watch\]'"):
        Engine.watch(root, plugins=plugins)
