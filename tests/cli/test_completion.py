"""Test that the completion script offers commands, options, names and files, in a real shell where there is one."""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from policyengine.cli.main import COMMANDS, main

if TYPE_CHECKING:
    from pathlib import Path

BASH = shutil.which("bash")
ASK = """\
source ./imgpolicy.bash
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_shtab_imgpolicy
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture
def script(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    assert main(["completion", "bash"]) == 0
    file = tmp_path / "imgpolicy.bash"
    file.write_text(capsys.readouterr().out, encoding="utf-8")
    return file


def offered(script: Path, *words: str) -> set[str]:
    """Return what bash completes the last of *words* with."""
    asked = [str(BASH), "--norc", "-c", ASK, "bash", "imgpolicy", *words]
    told = subprocess.run(asked, cwd=script.parent, capture_output=True, text=True, check=True)  # noqa: S603  our own words
    return set(told.stdout.split())


@pytest.mark.skipif(BASH is None, reason="there is no bash")
@pytest.mark.parametrize(
    ("words", "among"),
    [
        (("",), set(COMMANDS)),
        (("prov",), {"providers"}),
        (("evaluate", "--http"), {"--http-status"}),
        (("evaluate", "--seller", "google"), {"google-ai", "google-vertex"}),
        (("rules", "--dialect", "azure"), {"azure-openai"}),
        (("compare", "--platform", "f"), {"flux"}),
        (("evaluate", "answ"), {"answers.ndjson"}),
        (("corpus", "fold"), {"folder"}),
    ],
)
def test_bash_completes(script: Path, words: tuple[str, ...], among: set[str]) -> None:
    (script.parent / "answers.ndjson").touch()
    (script.parent / "folder").mkdir()

    assert among <= offered(script, *words)


@pytest.mark.skipif(BASH is None, reason="there is no bash")
def test_bash_completes_no_file_where_a_directory_is_meant(script: Path) -> None:
    (script.parent / "answers.ndjson").touch()

    assert offered(script, "corpus", "answ") == set()


@pytest.mark.parametrize("shell", ["zsh", "fish", "tcsh"])
def test_other_shells_have_a_script_with_every_command(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0

    written = capsys.readouterr().out
    assert [name for name in COMMANDS if name not in written] == []


def test_without_the_extra_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "shtab", None)

    assert main(["completion", "bash"]) == 2
    assert "pip install 'imagegen-policyengine[completion]'" in capsys.readouterr().err
