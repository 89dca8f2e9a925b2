"""Run what the pre-commit hooks and the GitHub action run, on policies that are sound and on others."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "docs" / "examples"
pytestmark = pytest.mark.skipif(not (ROOT / "action.yml").is_file(), reason="of the checkout, not of the wheel")
VERDICTS = [
    ("check", "policy", 0),
    ("check", "broken", 1),
    ("check", "failing", 0),
    ("test", "policy", 0),
    ("test", "failing", 1),
]


def hooks() -> dict[str, dict[str, Any]]:
    written = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    return {hook["id"]: hook for hook in written}


def steps() -> dict[str, dict[str, Any]]:
    written = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    return {step["name"]: step for step in written["runs"]["steps"]}


def run(command: list[str], home: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    known = {name: value for name, value in os.environ.items() if name != "IMGPOLICY_DIR"}
    return subprocess.run(  # noqa: S603
        command,
        cwd=home,
        env={**known, "PATH": path, **environment},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Return a directory with policies, each under its own name and none called `policy`."""
    for name in ("policy", "broken", "failing"):
        shutil.copytree(EXAMPLES / name, tmp_path / f"of-{name}")
    return tmp_path


@pytest.mark.parametrize(("command", "policy", "code"), VERDICTS)
def test_a_hook_fails_where_its_command_does(repository: Path, command: str, policy: str, code: int) -> None:
    hook = hooks()[f"imgpolicy-{command}"]
    shutil.move(repository / f"of-{policy}", repository / "policy")

    done = run([*shlex.split(hook["entry"]), *hook["args"]], repository)

    assert done.returncode == code, done.stdout + done.stderr


def test_hooks_run_when_toml_changes_and_take_no_file_names() -> None:
    assert set(hooks()) == {"imgpolicy-check", "imgpolicy-test"}
    for hook in hooks().values():
        assert (hook["language"], hook["types"], hook["pass_filenames"]) == ("python", ["toml"], False)


@pytest.mark.parametrize(("command", "policy", "code"), VERDICTS)
def test_a_step_of_the_action_fails_where_its_command_does(
    repository: Path, command: str, policy: str, code: int
) -> None:
    step = steps()[command.capitalize()]
    told = {name: value.replace("${{ inputs.policy }}", f"of-{policy}") for name, value in step["env"].items()}

    done = run(["bash", "-c", step["run"]], repository, **told)

    assert done.returncode == code, done.stdout + done.stderr


def test_expressions_reach_the_shell_through_the_environment_alone() -> None:
    assert [name for name, step in steps().items() if "${{" in step.get("run", "")] == []


@pytest.mark.parametrize(("command", "policy"), [("check", "broken"), ("test", "failing")])
def test_faults_become_annotations(command: str, policy: str) -> None:
    matcher = json.loads((ROOT / ".github" / "imgpolicy-matcher.json").read_text(encoding="utf-8"))
    pattern = next(one for one in matcher["problemMatcher"] if one["severity"] == "error")["pattern"][0]

    done = run(["imgpolicy", command, "--policy", policy], EXAMPLES)
    matches = [re.match(pattern["regexp"], line) for line in done.stdout.splitlines()]
    found = [match for match in matches if match is not None]

    assert len(found) == done.stdout.count(f"{policy}/bill/")
    assert {match[pattern["file"]].partition("/")[0] for match in found} == {policy}
    assert all(int(match[pattern["line"]]) > 0 and match[pattern["message"]] for match in found)


def shown() -> list[Any]:
    page = (ROOT / "docs" / "editors.md").read_text(encoding="utf-8")
    return [yaml.safe_load(block) for block in re.findall(r"^```yaml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)]


def test_the_documented_configuration_names_what_there_is() -> None:
    hooked, workflow = shown()
    inputs = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))["inputs"]
    page = (ROOT / "docs" / "editors.md").read_text(encoding="utf-8")

    assert [hook["id"] for hook in hooked["repos"][0]["hooks"]] == list(hooks())
    assert workflow["jobs"]["policy"]["steps"][-1]["with"].keys() <= inputs.keys()
    assert [name for name in inputs if f"| `{name}` |" not in page] == []
