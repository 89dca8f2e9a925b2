"""Lint good and bad files with the two checkers that editors run, over the schemas that ship."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

import policyengine

ROOT = Path(__file__).parents[1]
POLICY = ROOT / "docs" / "examples" / "policy"
SHIPPED = Path(policyengine.__file__).parent / "schema"
COMMANDS = {
    "tombi": ("lint", "--offline", "--error-on-warnings", "--quiet"),
    "taplo": ("check", "--colors", "never"),
}
needs_checkout = pytest.mark.skipif(not (ROOT / "rules").is_dir(), reason="the files of the checkout, not of the wheel")

Lint = Callable[..., tuple[int, str]]


@pytest.fixture(params=sorted(COMMANDS))
def lint(request: pytest.FixtureRequest, tmp_path: Path) -> Lint:
    """Return a function that runs a checker on files and returns its exit code and what it printed."""
    name = request.param
    found = shutil.which(name, path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if found is None:
        pytest.skip(f"{name} is not installed; pip install 'imagegen-policyengine[test]'")

    def run(*files: Path) -> tuple[int, str]:
        environment = {**os.environ, "NO_COLOR": "1", "XDG_CACHE_HOME": str(tmp_path / "cache")}
        command = [found, *COMMANDS[name], *map(str, files)]
        done = subprocess.run(  # noqa: S603
            command, cwd=tmp_path, env=environment, capture_output=True, encoding="utf-8", check=False
        )
        return done.returncode, done.stdout + done.stderr

    return run


def under_schema(text: str, kind: str, home: Path) -> Path:
    file = home / f"{kind}.toml"
    file.write_text(f"#:schema {SHIPPED / kind}.json\n{dedent(text)}", encoding="utf-8")
    return file


@needs_checkout
def test_every_shipped_file_is_clean(lint: Lint) -> None:
    files = [*(ROOT / "rules").rglob("*.toml"), *(ROOT / "providers").glob("*/prices/*.toml")]

    code, printed = lint(*files)

    assert code == 0, printed


@pytest.mark.parametrize(
    ("file", "kind"),
    [
        ("bill/google-ai.toml", "bill"),
        ("bill/pixelmarkt.toml", "bill"),
        ("prices/pixelmarkt.toml", "prices"),
        ("route.toml", "route"),
        ("accounts.toml", "accounts"),
    ],
)
def test_the_documented_policy_is_clean(lint: Lint, tmp_path: Path, file: str, kind: str) -> None:
    code, printed = lint(under_schema((POLICY / file).read_text(encoding="utf-8"), kind, tmp_path))

    assert code == 0, printed


RULE = """\
    decision = "bill"
    seller = "toy"
    [[rule]]
    id = "toy.one"
    title = "One"
"""


@pytest.mark.parametrize(
    "conditions",
    [
        'when = { finish_reason = ["A", "B"], message.contains = "x", http_status = { ge = 400, lt = 500 } }',
        "when.at.ge = 2026-10-01",
        "when.at.ge = 2026-10-01T00:00:00Z",
        "when.at.not = { lt = 2026-10-01T00:00:00 }",
        'when.http_status.not = { ge = 400 }\n    when.outcome.not = ["blocked"]',
        'when.any = [{ stage = "output" }, { not = { account.mode = "per-call" } }, { all = [{ code = "x" }] }]',
    ],
)
def test_conditions_that_load_are_clean(lint: Lint, tmp_path: Path, conditions: str) -> None:
    code, printed = lint(under_schema(f'{RULE}    {conditions}\n    then = {{ image = "free" }}\n', "bill", tmp_path))

    assert code == 0, printed


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ('when.finish_raeson = "x"', "finish_raeson"),
        ('when.message.contain = "x"', "contain"),
        ('when.message.gt = "x"', "gt"),
        ('when.http_status.ge = "400"', "Integer|400"),
        ('when.outcome = "bloked"', "bloked"),
        ('when.outcome.not = ["bloked"]', "bloked"),
        ('when.any = [{ outcome = "bloked" }]', "bloked"),
        ("when.terminal = 1", "Boolean|1 is not"),
        ('untill = "x"', "untill"),
        ("title2 = 1", "title2"),
        ("example = [{ given = { text_tokens = true } }]", "Integer|true is not"),
        ('evidence = [{ basis = "rumor", source = "https://x.test", checked = 2026-11-24 }]', "rumor"),
        ('evidence = [{ basis = "official", source = "hearsay", checked = 2026-11-24 }]', "hearsay"),
    ],
)
def test_a_fault_is_found_in_its_line(lint: Lint, tmp_path: Path, line: str, named: str) -> None:
    code, printed = lint(under_schema(f'{RULE}    {line}\n    then = {{ image = "free" }}\n', "bill", tmp_path))

    assert code != 0
    assert re.search(named, printed), printed
    assert re.search(r"bill\.toml:7:\d+", printed), printed


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("classify", 'decision = "classify"\nrule = [{ id = "a", title = "A", then = { outcome = "blocked" } }]\n'),
        ("route", 'decision = "route"\nrule = [{ id = "a", title = "A", then = { action = "run", tag = "x" } }]\n'),
        ("prices", 'seller = "x"\nprice = [{ model = "m", per_call = 0.5, source = "x", checked = 2026-11-24 }]\n'),
        ("prices", 'seller = "x"\nprice = [{ model = "m", per_image = "1", source = "x" }]\n'),
        ("accounts", '[account.main]\nsellr = "x"\n'),
    ],
    ids=["stage missing", "unknown action", "float", "no day", "unknown key"],
)
def test_faults_of_every_kind_of_file_are_found(lint: Lint, tmp_path: Path, kind: str, text: str) -> None:
    code, printed = lint(under_schema(text, kind, tmp_path))

    assert code != 0, printed
    assert f"{kind}.toml" in printed
