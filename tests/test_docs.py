"""Run what the documentation shows: commands, Python, files, links.

Conventions of the pages, all in front of a fenced block:
`<!-- not run: reason -->` leaves the block alone; `<!-- needs: module -->` skips it where the module is missing;
`<!-- from: path -->` says that the block stands in docs/examples/path; `<!-- write: path -->`, on a page that is
followed from its first block to its last, that the reader writes it there. In shown output `…` stands for anything,
and `$ echo $?` tells the exit code of the command before it, which is 0 otherwise.
"""

from __future__ import annotations

import os
import re
import shutil
import site
import subprocess
import sys
import tomllib
import venv
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from policyengine import Engine
from policyengine.cli.main import COMMANDS
from policyengine.comparison.page import comparison_page
from policyengine.plugins import load_plugins
from policyengine.reference import facts_markdown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policyengine.plugins import PluginSet
    from policyengine.provider import Dialect

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "docs" / "examples"
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
TUTORIALS = {"writing-rules.md", "writing-a-provider.md"}  # followed in one place, block after block
IS_CHECKOUT = (ROOT / "policyengine").is_dir()
FENCE = re.compile(
    r"(?:^<!-- (?P<mark>[a-z ]+): (?P<told>.+?) -->\n)?^```(?P<language>\w+)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
BUNDLED_LINE = re.compile(r"(rules/[\w/-]+\.toml):\d+")


class Block(NamedTuple):
    page: str
    line: int
    mark: str
    told: str
    language: str
    text: str


class Command(NamedTuple):
    line: str
    shown: list[str]
    code: int


def blocks_of(page: Path) -> Iterator[Block]:
    written = page.read_text(encoding="utf-8")
    for match in FENCE.finditer(written):
        line = written.count("\n", 0, match.start("text")) + 1
        mark, told = match["mark"] or "", match["told"] or ""
        yield Block(page.name, line, mark, told, match["language"], match["text"])


SHELLS = ("console", "sh")
BLOCKS = [block for page in PAGES for block in blocks_of(page)]


def cases(*languages: str) -> list[object]:
    found = [block for block in BLOCKS if block.language in languages and block.mark not in ("not run", "from")]
    found = [block for block in found if block.page not in TUTORIALS or block.language not in SHELLS]
    return [pytest.param(block, id=f"{block.page}:{block.line}") for block in found]


def commands_of(text: str) -> list[Command]:
    found: list[Command] = []
    for part in re.split(r"^\$ ", text.replace("\\\n", " "), flags=re.MULTILINE)[1:]:
        line, *shown = part.rstrip("\n").split("\n")
        if line == "echo $?":
            found[-1] = found[-1]._replace(code=int(shown[0]))
        else:
            found.append(Command(line, [each.rstrip() for each in shown if each.strip(" …")], 0))
    return found


def pattern_of(shown: str) -> re.Pattern[str]:
    """Return what finds *shown* in an output, however wide its columns and wherever bundled rules stand."""
    parts = BUNDLED_LINE.sub(r"\1:…", shown).split("…")
    return re.compile(
        "^" + ".*".join(re.sub(r"(\\ )+", " +", re.escape(part)) for part in parts) + r"\s*$", re.MULTILINE
    )


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    copy = tmp_path / "examples"
    shutil.copytree(EXAMPLES, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.chdir(copy)
    return copy


def check_commands(block: Block, home: Path, environment: dict[str, str]) -> None:
    """Run the commands of *block* in *home* and compare what they print with what is shown."""
    for command in commands_of(block.text):
        done = subprocess.run(  # noqa: S602  the documentation is ours
            command.line,
            shell=True,
            cwd=home,
            env=environment,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        printed = done.stdout + done.stderr

        assert done.returncode == command.code, f"$ {command.line}\n{printed}"
        for shown in command.shown:
            assert pattern_of(shown).search(printed), f"$ {command.line}\nshown: {shown}\nprinted:\n{printed}"


def environment_in(programs: Path) -> dict[str, str]:
    """Return an environment whose programs are those of *programs*, before any other."""
    path = f"{programs}{os.pathsep}{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    known = {name: value for name, value in os.environ.items() if name not in ("IMGPOLICY_DIR", "PYTHONPATH")}
    return {**known, "PATH": path, "NO_COLOR": "1"}


@pytest.mark.parametrize("block", cases(*SHELLS))
def test_commands_print_what_is_shown(block: Block, workplace: Path) -> None:
    check_commands(block, workplace, environment_in(Path(sys.executable).parent))


@pytest.fixture
def installation(tmp_path: Path) -> dict[str, str]:
    """Return the environment of a Python that has all that this one has, and into which pip may install, offline."""
    venv.create(tmp_path / "venv", with_pip=False, symlinks=True)
    python = tmp_path / "venv" / "bin" / "python"
    programs = {"imgpolicy": "policyengine", "pip": "pip", "pytest": "pytest"}
    for name, module in programs.items():
        (python.parent / name).write_text(f'#!/bin/sh\nexec "{python}" -m {module} "$@"\n', encoding="utf-8")
        (python.parent / name).chmod(0o755)
    own = next((tmp_path / "venv").glob("lib/*/site-packages"))
    lines = [f"import site; site.addsitedir({directory!r})\n" for directory in site.getsitepackages()]
    (own / "beside.pth").write_text("".join(lines), encoding="utf-8")
    who = {f"GIT_{role}_{what}": "docs@example.com" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    offline = {"PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    return {**environment_in(python.parent), **who, **offline, "PYTEST_ADDOPTS": "-p no:cacheprovider"}


@pytest.mark.parametrize("page", sorted(TUTORIALS))
def test_a_tutorial_can_be_followed(page: str, workplace: Path, installation: dict[str, str]) -> None:
    pytest.importorskip("hatchling", reason="plugins are built with hatchling")

    for block in (block for block in BLOCKS if block.page == page):
        if block.mark == "write":
            (workplace / block.told).write_text(block.text, encoding="utf-8")
        if block.language in SHELLS:
            assert commands_of(block.text), f"{page}:{block.line}: no line begins with `$ `, so nothing is run"
            assert block.mark != "not run", f"{page}:{block.line}: a tutorial runs as a whole"
            check_commands(block, workplace, installation)


@pytest.mark.parametrize("block", cases("python"))
@pytest.mark.usefixtures("workplace")
def test_python_runs(block: Block) -> None:
    if block.mark == "needs":
        pytest.importorskip(block.told)

    exec(compile(block.text, f"{block.page}:{block.line}", "exec"), {"__name__": "example"})  # noqa: S102  ours


@pytest.mark.parametrize("block", cases("toml"))
def test_toml_parses(block: Block) -> None:
    assert tomllib.loads(block.text)


@pytest.mark.parametrize("block", [block for block in BLOCKS if block.mark == "from"], ids=lambda block: block.told)
def test_shown_files_are_the_examples(block: Block) -> None:
    assert block.text in (EXAMPLES / block.told).read_text(encoding="utf-8")


def test_every_mark_is_known() -> None:
    assert {block.mark for block in BLOCKS} <= {"", "not run", "needs", "from", "write"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_relative_links_resolve(page: Path) -> None:
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    targets = [target for target in LINK.findall(text) if "://" not in target]

    assert [target for target in targets if not _resolves(page, target)] == []


def _resolves(page: Path, target: str) -> bool:
    name, _, anchor = target.partition("#")
    file = (page.parent / name).resolve() if name else page
    if not IS_CHECKOUT and not file.is_relative_to(ROOT / "docs") and file != ROOT / "README.md":
        return True  # the tests of a wheel run beside the pages alone
    return file.exists() and (not anchor or anchor in _anchors(file))


def _anchors(page: Path) -> set[str]:
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in HEADING.findall(text)}


def test_facts_page_is_current() -> None:
    written = (ROOT / "docs" / "facts.md").read_text(encoding="utf-8")

    assert written == facts_markdown(_bundled_dialects(load_plugins()))


def test_comparison_page_is_current() -> None:
    written = (ROOT / "docs" / "comparison.md").read_text(encoding="utf-8")

    assert written == comparison_page(Engine.load())


def _bundled_dialects(plugins: PluginSet) -> list[Dialect]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    packages = set(project["entry-points"]["policyengine"].values())
    return [dialect for dialect in plugins.dialects.values() if type(dialect).__module__.split(".")[0] in packages]


def test_every_command_has_a_section_in_the_cli_page() -> None:
    headings = HEADING.findall((ROOT / "docs" / "cli.md").read_text(encoding="utf-8"))

    assert [name for name in COMMANDS if f"imgpolicy {name}" not in headings] == []


def test_the_readme_names_every_dialect_and_seller() -> None:
    plugins = load_plugins()
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    ours = [dialect.name for dialect in _bundled_dialects(plugins)]

    assert [name for name in (*ours, *plugins.sellers) if f"`{name}`" not in text] == []


def test_every_page_is_linked_from_the_readme() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")

    assert [page.name for page in PAGES[1:] if f"(docs/{page.name})" not in text] == []
