"""Install the documented plugin as a stranger would, beside one that does not import."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[1] / "docs" / "examples" / "acme-images"
BROKEN = "policyengine_broken-0.1.0.dist-info"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a directory with the example installed by pip."""
    pytest.importorskip("hatchling", reason="the example is built with hatchling")
    home = tmp_path_factory.mktemp("third-party")
    source, target = home / "source", home / "site"
    shutil.copytree(EXAMPLE, source, ignore=shutil.ignore_patterns("__pycache__"))
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check"]
    run("pip", "install", *options, "--target", str(target), str(source)).check_returncode()
    return target


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a directory with a distribution whose module raises when it is imported."""
    home = tmp_path_factory.mktemp("broken")
    (home / "policyengine_broken.py").write_text("raise RuntimeError('out of order')\n", encoding="utf-8")
    (home / BROKEN).mkdir()
    (home / BROKEN / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: policyengine-broken\nVersion: 0.1.0\n", encoding="utf-8"
    )
    (home / BROKEN / "entry_points.txt").write_text("[policyengine]\nbroken = policyengine_broken\n", encoding="utf-8")
    return home


def imgpolicy(*arguments: str, path: list[Path]) -> subprocess.CompletedProcess[str]:
    return run("policyengine", *arguments, path=path)


def run(module: str, *arguments: str, path: list[Path] | None = None) -> subprocess.CompletedProcess[str]:
    """Run *module* in an interpreter that also finds the distributions of *path*."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path or [])), "NO_COLOR": "1"}
    environment.pop("IMGPOLICY_DIR", None)
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(command, env=environment, capture_output=True, encoding="utf-8", check=False)  # noqa: S603


def test_a_third_party_plugin_is_listed_beside_the_built_in_ones(site: Path) -> None:
    done = imgpolicy("providers", path=[site])

    assert done.returncode == 0, done.stderr
    assert "acme        policyengine-acme-images 0.1.0" in done.stdout
    assert "gemini      imagegen-policyengine" in done.stdout


def test_its_rules_and_prices_have_no_fault_and_hold(site: Path) -> None:
    checked = imgpolicy("check", path=[site])
    tested = imgpolicy("test", path=[site])

    assert (checked.returncode, tested.returncode) == (0, 0), checked.stdout + tested.stdout


@pytest.mark.parametrize(
    ("scenario", "outcome", "image", "high"),
    [
        ("delivered", "delivered", "charged", "0.04"),
        ("refused-picture", "blocked", "free", "0"),
        ("crashed", "failed", "credited", "0"),
        ("no-credits", "exhausted", "free", "0"),
    ],
)
def test_its_scenarios_are_decided(site: Path, scenario: str, outcome: str, image: str, high: str) -> None:
    file = site / "policyengine_acme" / "scenarios" / "acme-images" / f"{scenario}.json"

    done = imgpolicy("evaluate", str(file), "--json", path=[site])
    verdict = json.loads(done.stdout)

    assert (verdict["outcome"], verdict["bill"]["image"]) == (outcome, image)
    assert float(verdict["charge"]["high"]) == float(high)


def test_it_is_compared_with_the_others(site: Path) -> None:
    done = imgpolicy("compare", "--platform", "acme", "--json", path=[site])

    assert {json.loads(line)["seller"] for line in done.stdout.splitlines()} == {"acme"}


def test_its_own_tests_pass(site: Path) -> None:
    done = run("pytest", "-q", "-p", "no:cacheprovider", str(EXAMPLE / "tests"), path=[site])

    assert done.returncode == 0, done.stdout + done.stderr


def test_a_plugin_that_does_not_import_is_named_and_takes_nothing_down(site: Path, broken: Path) -> None:
    listed = imgpolicy("providers", path=[site, broken])
    decided = imgpolicy("evaluate", str(EXAMPLE.parent / "answers" / "calls.ndjson"), path=[site, broken])

    assert listed.returncode == 1
    assert "broken (policyengine-broken 0.1.0): RuntimeError: out of order" in listed.stderr
    assert "policyengine-acme-images 0.1.0" in listed.stdout
    assert decided.returncode == 0
    assert "plugin left out: broken (policyengine-broken 0.1.0)" in decided.stderr
