from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policyengine.engine import Engine
from policyengine.errors import PolicyFileError
from policyengine.plugins import PluginSet, load_plugins

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    Load = Callable[[Mapping[str, str]], Engine]

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
BLOCKED = {"toy": {"finish_reason": "SAFETY"}, "usage": [{"component": "input", "unit": "token", "quantity": 900}]}


@pytest.fixture(scope="module")
def shipped() -> Engine:
    return Engine.load()


@pytest.fixture(scope="module")
def written(shipped: Engine, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bundles") / f"{shipped.fingerprint}.json"
    path.write_bytes(shipped.bundle())
    return path


def faults_of(path: Path, plugins: PluginSet | None = None, **options: Any) -> str:  # noqa: ANN401
    with pytest.raises(PolicyFileError) as caught:
        Engine.load_bundle(path, plugins=plugins, **options)
    return str(caught.value)


def rewritten(path: Path, target: Path, **changes: object) -> Path:
    target.write_text(json.dumps({**json.loads(path.read_text("utf-8")), **changes}), "utf-8")
    return target


def test_a_bundle_decides_every_scenario_as_the_files_did(shipped: Engine, written: Path) -> None:
    again = Engine.load_bundle(written)

    assert again.fingerprint == shipped.fingerprint
    assert again.policy.warnings == shipped.policy.warnings
    for name, dialect in load_plugins().dialects.items():
        for scenario in shipped.plugins.providers[dialect.provider].scenarios(name):
            known = {"dialect": name, "http_status": scenario.http_status, "at": AT, "request": scenario.request}
            first, second = (engine.evaluate(scenario.body, **known) for engine in (shipped, again))
            assert first.to_json() == second.to_json()


def test_a_bundle_needs_no_files(
    engine_with: Load, toy_files: dict[str, str], plugins: PluginSet, tmp_path: Path
) -> None:
    accounts = '[account.prod]\nseller = "toy-inc"\nmode = "per-token"\n'
    engine = engine_with({**toy_files, "accounts.toml": accounts})
    bundle = tmp_path / "old.json"
    bundle.write_bytes(engine.bundle())
    shutil.rmtree(tmp_path / "policy")

    again = Engine.load_bundle(bundle, plugins=plugins)

    verdict = again.evaluate(BLOCKED, account="prod", at=AT)
    assert verdict.to_json() == engine.evaluate(BLOCKED, account="prod", at=AT).to_json()
    assert verdict.trail[0].file == str(tmp_path / "policy" / "classify" / "toy.toml")


def test_the_same_engine_gives_the_same_bytes(shipped: Engine, written: Path) -> None:
    assert Engine.load_bundle(written).bundle() == shipped.bundle() == written.read_bytes()


def test_lines_with_any_ending_come_back_as_they_were(
    policy: Callable[[Mapping[str, str]], Path], plugins: PluginSet, tmp_path: Path, toy_files: dict[str, str]
) -> None:
    root = policy(toy_files)
    route = root / "route.toml"
    route.write_bytes(route.read_bytes().replace(b"\n", b"\r\n") + "# \u2028 \u00e9 \U0001f600".encode())
    engine = Engine.load(root, plugins=plugins)
    bundle = tmp_path / "old.json"
    bundle.write_bytes(engine.bundle())

    again = Engine.load_bundle(bundle, plugins=plugins)

    assert [one.data for one in again.policy.sources] == [one.data for one in engine.policy.sources]


def test_the_fingerprint_of_an_old_verdict_finds_the_bundle_that_made_it(
    engine_with: Load, toy_files: dict[str, str], plugins: PluginSet, tmp_path: Path
) -> None:
    dearer = {
        **toy_files,
        "prices/toy-inc.toml": toy_files["prices/toy-inc.toml"].replace('input = "1"', 'input = "7"'),
    }
    bundles = tmp_path / "bundles"
    bundles.mkdir()
    verdicts = []
    for files in (toy_files, dearer):
        engine = engine_with(files)
        (bundles / f"{engine.fingerprint}.json").write_bytes(engine.bundle())
        verdicts.append(engine.evaluate(BLOCKED, at=AT, model="toy-1"))

    for verdict in verdicts:
        engine = Engine.load_bundle(bundles, fingerprint=verdict.fingerprint, plugins=plugins)
        assert engine.replay(verdict).to_json() == verdict.to_json()
    assert verdicts[0].charge.low != verdicts[1].charge.low
    short = Engine.load_bundle(bundles, fingerprint=verdicts[0].fingerprint[:12], plugins=plugins)
    assert short.fingerprint == verdicts[0].fingerprint


def test_a_replayed_verdict_keeps_what_was_odd_about_the_answer(shipped: Engine) -> None:
    verdict = shipped.evaluate({"error": {"code": 503}}, provider="gemini", http_status=503, at=AT)

    assert {warning.code for warning in verdict.warnings} >= {"seller_assumed"}
    assert shipped.replay(verdict) == verdict


@settings(max_examples=30, deadline=None)
@given(place=st.floats(0, 1, exclude_max=True), letter=st.sampled_from('a0"{},\n '))
def test_one_altered_byte_is_an_error_or_changes_nothing(
    shipped: Engine, written: Path, tmp_path_factory: pytest.TempPathFactory, place: float, letter: str
) -> None:
    data = bytearray(written.read_bytes())
    data[int(place * len(data))] = ord(letter)
    altered = tmp_path_factory.mktemp("altered") / "bundle.json"
    altered.write_bytes(data)

    assert what_came_of(altered) in (f"{altered}:1:1", shipped.bundle())


def what_came_of(bundle: Path) -> str | bytes:
    """Return the place of the fault, or the engine as a bundle."""
    try:
        return Engine.load_bundle(bundle).bundle()
    except PolicyFileError as error:
        return ":".join(str(error).split(":")[:3])


@pytest.mark.parametrize("share", [0, 0.001, 0.5, 0.999])
def test_a_bundle_that_is_cut_short_is_an_error(written: Path, tmp_path: Path, share: float) -> None:
    cut = tmp_path / "cut.json"
    data = written.read_bytes()
    cut.write_bytes(data[: int(share * len(data))])

    assert faults_of(cut).startswith(f"{cut}:1:1: is cut short or no bundle: ")


def test_an_altered_rule_is_an_error(written: Path, tmp_path: Path) -> None:
    altered = tmp_path / "altered.json"
    altered.write_text(written.read_text("utf-8").replace("charged", "credited", 1), "utf-8")

    assert "was altered: the sha256 of its content is" in faults_of(altered)


def test_another_format_is_an_error_that_says_so(written: Path, tmp_path: Path) -> None:
    later = rewritten(written, tmp_path / "later.json", imgpolicy_bundle=2)

    assert "is a bundle of format 2, this version reads 1" in faults_of(later)


def test_an_unknown_key_is_an_error(written: Path, tmp_path: Path) -> None:
    assert "was altered" in faults_of(rewritten(written, tmp_path / "more.json", more=1))


@pytest.mark.parametrize("content", ["[]", "{}", '{"imgpolicy_bundles": 1}', "5", "null"])
def test_other_json_is_no_bundle(tmp_path: Path, content: str) -> None:
    other = tmp_path / "other.json"
    other.write_text(content, "utf-8")

    assert faults_of(other) == f"{other}:1:1: is no bundle; `imgpolicy bundle -o FILE` writes one"


def test_a_missing_bundle_is_an_error(tmp_path: Path) -> None:
    assert (
        faults_of(tmp_path / "none.json") == f"{tmp_path / 'none.json'}:1:1: cannot be read: No such file or directory"
    )


def test_a_bundle_of_another_engine_is_an_error(written: Path, shipped: Engine) -> None:
    assert f"is the bundle of '{shipped.fingerprint}', not of '00000000'" in faults_of(written, fingerprint="00000000")


@pytest.mark.parametrize(
    ("fingerprint", "message"),
    [
        (None, "is a directory of bundles; say which"),
        ("0123", "'0123' is no fingerprint"),
        ("../../secret", "'../../secret' is no fingerprint"),
        ("0123456789", "holds no bundle of '0123456789'; `imgpolicy bundle -o "),
        ("aaaaaaaa", "2 bundles begin with 'aaaaaaaa'"),
    ],
)
def test_a_directory_tells_why_it_has_no_such_bundle(tmp_path: Path, fingerprint: str | None, message: str) -> None:
    for name in ("aaaaaaaa1", "aaaaaaaa2"):
        (tmp_path / f"{name}.json").write_text("{}", "utf-8")

    assert message in faults_of(tmp_path, fingerprint=fingerprint)


def test_other_versions_of_plugins_are_a_warning(
    engine_with: Load, toy_files: dict[str, str], plugins: PluginSet, tmp_path: Path
) -> None:
    plugins.versions |= {"toy": "toys 1.0", "twin": "toys 1.0", "gone": "gone 3"}
    engine = engine_with(toy_files)
    bundle = tmp_path / "old.json"
    bundle.write_bytes(engine.bundle())
    plugins.versions = {"toy": "toys 2.0", "twin": "toys 2.0", "new": "new 1"}

    again = Engine.load_bundle(bundle, plugins=plugins)

    assert again.fingerprint == engine.fingerprint
    assert [str(fault) for fault in again.policy.warnings if fault.file == str(bundle)] == [
        f"{bundle}:1:1: warning: when the bundle was made, plugin 'gone' was gone 3, now it is not installed",
        f"{bundle}:1:1: warning: when the bundle was made, plugin 'new' was not installed, now it is new 1",
        f"{bundle}:1:1: warning: when the bundle was made, plugin 'toy' and 'twin' was toys 1.0, now it is toys 2.0",
    ]


def test_rules_that_need_a_missing_plugin_are_an_error_that_names_it(
    engine_with: Load, toy_files: dict[str, str], plugins: PluginSet, tmp_path: Path
) -> None:
    hinted = toy_files["classify/toy.toml"].replace('when.status = "FAILED"', 'when.signal.hint = "x"')
    plugins.versions["toy"] = "toys 1.0"
    bundle = tmp_path / "old.json"
    bundle.write_bytes(engine_with({**toy_files, "classify/toy.toml": hinted}).bundle())

    faults = faults_of(bundle, PluginSet())

    assert "signal.hint" in faults
    assert "plugin 'toy' was toys 1.0, now it is not installed" in faults


def test_the_name_of_a_policy_directory_changes_nothing(
    policy: Callable[[Mapping[str, str]], Path], plugins: PluginSet, toy_files: dict[str, str], tmp_path: Path
) -> None:
    root = policy(toy_files)
    first = Engine.load(root, plugins=plugins).fingerprint
    moved = root.rename(tmp_path / "elsewhere")

    assert Engine.load(moved, plugins=plugins).fingerprint == first
