from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.conftest import Ran

    Run = Callable[..., Ran]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty directory to work in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "file", "head"),
    [
        (["--seller", "openai"], "bill/ours.new.toml", {"decision": "bill", "seller": "openai"}),
        (["--provider", "stability"], "classify/ours.new.toml", {"dialects": ["stability-v2", "bedrock"]}),
        ([], "route.toml", {"decision": "route"}),
    ],
    ids=["seller", "provider", "route"],
)
def test_a_new_rule_loads_and_its_examples_hold(
    run: Run, home: Path, arguments: list[str], file: str, head: dict[str, object]
) -> None:
    before = json.loads(run("evaluate", SAMPLE, "--json").out)
    made = run("new", "rule", "ours.new", *arguments)

    assert (made.code, made.out) == (0, f"policy/{file}\n")
    written = tomllib.loads((home / "policy" / file).read_text(encoding="utf-8"))
    assert head.items() <= written.items()
    assert written["rule"][0]["id"] == "ours.new"
    checked, tested = run("check", "--policy", "policy"), run("test", "--policy", "policy")
    assert (checked.code, tested.code, tested.err) == (0, 0, "")
    after = json.loads(run("evaluate", SAMPLE, "--json", "--policy", "policy").out)
    assert after["bill"] == before["bill"]
    assert after["outcome"] == before["outcome"]


SAMPLE = str(Path(__file__).parents[2] / "docs" / "examples" / "answers" / "openai-refusal.json")


def test_a_new_seller_has_nothing_that_nobody_looked_up(run: Run, home: Path) -> None:
    made = run("new", "seller", "pixelmarkt", "--policy", "ours")

    assert made.out.split() == ["ours/bill/pixelmarkt.toml", "ours/prices/pixelmarkt.toml"]
    assert run("check", "--policy", "ours").code == 0
    assert run("test", "--policy", "ours").code == 0
    verdict = json.loads(run("evaluate", SAMPLE, "--json", "--policy", "ours", "--seller", "pixelmarkt").out)
    assert {verdict["bill"][name] for name in ("input", "text", "image", "request")} == {"unknown"}
    assert verdict["charge"].get("high") is None
    assert (home / "ours").is_dir()


def test_the_schema_of_the_policy_directory_is_named(run: Run, home: Path) -> None:
    run("schema", "--write", "policy/.schema")

    run("new", "seller", "pixelmarkt")
    run("new", "rule", "ours.retries")

    assert (home / "policy/bill/pixelmarkt.toml").read_text().startswith("#:schema ../.schema/bill.json\n\n")
    assert (home / "policy/prices/pixelmarkt.toml").read_text().startswith("#:schema ../.schema/prices.json\n\n")
    assert (home / "policy/route.toml").read_text().startswith("#:schema .schema/route.json\n\n")
    assert run("check", "--policy", "policy").code == 0


@pytest.mark.parametrize(
    ("arguments", "file"),
    [
        (["rule", "ours.retries"], "policy/route.toml"),
        (["seller", "pixelmarkt"], "policy/bill/pixelmarkt.toml"),
        (["provider", "zenith"], "zenith/README.md"),
    ],
    ids=lambda value: value[0],
)
def test_nothing_is_overwritten(run: Run, home: Path, arguments: list[str], file: str) -> None:
    mine = 'decision = "route"\n' if file.endswith("route.toml") else 'decision = "bill"\nseller = "openai"\n'
    (home / file).parent.mkdir(parents=True)
    (home / file).write_text(mine, encoding="utf-8")

    made = run("new", *arguments)

    assert (made.code, made.err) == (2, f"imgpolicy: there already: {file}; nothing was written\n")
    assert (home / file).read_text(encoding="utf-8") == mine
    assert [path for path in home.rglob("*") if path.is_file()] == [home / file]


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["seller", "Pixel Markt"],
            "'Pixel Markt' is no name of a seller: lower-case letters, digits",
        ),
        (["provider", "Pixel Markt"], "write 'pixel-markt'"),
        (["provider", "../elsewhere"], "'../elsewhere' is no name of a provider"),
        (["provider", "2fast"], "'2fast' is no name of a provider"),
        (["provider", "a" * 41], "the name of a provider has 40 characters at most, this one has 41"),
        (["provider", "gemini"], "provider 'gemini' exists already; choose another name"),
        (["provider", "bfl"], "provider 'bfl' exists already"),
        (["provider", "none"], "provider 'none' exists already"),
        (["seller", "openai"], "seller 'openai' exists already"),
        (["seller", "unknown"], "seller 'unknown' exists already"),
        (["rule", "Ours!"], "'Ours!' is no rule id"),
        (["rule", "../x"], "'../x' is no rule id"),
        (["rule", "ours.x", "--seller", "opnai"], "seller 'opnai' is not known; did you mean 'openai'?"),
        (["rule", "ours.x", "--provider", "fluxx"], "provider 'fluxx' is not known; did you mean 'flux'?"),
        (["rule", "google-ai.waives-request"], "exists already: rules/bill/google-ai.toml:"),
        (["provider", "zenith", "--directory", "file/zenith"], "cannot be written: Not a directory"),
    ],
)
def test_a_name_that_will_not_do_is_refused(run: Run, arguments: list[str], message: str) -> None:
    Path("file").write_text("", encoding="utf-8")

    made = run("new", *arguments)

    assert made.code == 2
    assert message in made.err
    assert made.err.count("\n") == 1


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return a new provider as it was written, and the directory into which pip installed it."""
    pytest.importorskip("hatchling", reason="providers are built with hatchling")
    home = tmp_path_factory.mktemp("provider")
    python("policyengine", "new", "provider", "zenith-two", "--directory", "zenith", cwd=home).check_returncode()
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check"]
    python("pip", "install", *options, "--target", "site", "./zenith", cwd=home).check_returncode()
    return home / "zenith", home / "site"


def python(module: str, *arguments: str, cwd: Path, site: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(site or ""), "NO_COLOR": "1"}
    environment.pop("IMGPOLICY_DIR", None)
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(  # noqa: S603
        command, cwd=cwd, env=environment, capture_output=True, encoding="utf-8", check=False
    )


def test_a_new_provider_is_listed_once_installed(provider: tuple[Path, Path]) -> None:
    source, site = provider

    listed = python("policyengine", "providers", cwd=source, site=site)

    assert listed.returncode == 0, listed.stderr
    assert "zenith-two  policyengine-zenith-two 0.1.0" in listed.stdout


def test_a_new_provider_passes_the_kit(provider: tuple[Path, Path]) -> None:
    source, site = provider

    tested = python("pytest", "-q", "-p", "no:cacheprovider", "tests", cwd=source, site=site)

    assert tested.returncode == 0, tested.stdout


def test_a_new_provider_is_clean(provider: tuple[Path, Path]) -> None:
    pytest.importorskip("ruff")
    options = ["--isolated", "--line-length", "120", "--select", "B,D,E,F,I,UP", "--ignore", "D203,D213"]

    checked = python("ruff", "check", *options, ".", cwd=provider[0])

    assert checked.returncode == 0, checked.stdout
