from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from policyengine.plugins import load_plugins

ROOT = Path(__file__).parents[1]
PROVIDERS = ROOT / "providers"
needs_checkout = pytest.mark.skipif(not PROVIDERS.is_dir(), reason="the layout of the checkout, not of the wheel")


@needs_checkout
def test_folders_packages_and_entry_points_are_the_same() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

    folders = {path.name for path in PROVIDERS.iterdir() if path.name.startswith("policyengine_")}
    packages = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    shipped = {Path(package).name for package in packages if package.startswith("providers/")}
    points = project["project"]["entry-points"]["policyengine"]
    assert folders == shipped == set(points.values())
    assert all(module == f"policyengine_{name}" for name, module in points.items())


@needs_checkout
def test_every_provider_is_typed() -> None:
    lacking = [path.name for path in PROVIDERS.glob("policyengine_*") if not (path / "py.typed").is_file()]

    assert lacking == []


@needs_checkout
def test_the_core_names_no_provider_and_no_seller() -> None:
    plugins = load_plugins()
    names = {*plugins.providers, *plugins.sellers, *plugins.dialects} - {"none", "unknown"}
    names = {name for name in names if len(name) > 3} - {"together"}  # short ones are parts of words, this is one
    pattern = re.compile(rf"(?<![\w-])({'|'.join(map(re.escape, sorted(names)))})(?![\w-])", re.IGNORECASE)

    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in sorted((ROOT / "policyengine").rglob("*.py"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if pattern.search(line)
    ]
    assert found == []


@needs_checkout
def test_no_file_outgrows_its_idea() -> None:
    paths = [*(ROOT / "policyengine").rglob("*.py"), *PROVIDERS.rglob("*.py")]
    long = {
        str(path.relative_to(ROOT)): lines
        for path in paths
        if (lines := len(path.read_text("utf-8").splitlines())) > 400
    }

    assert long == {}


def test_every_installed_plugin_loads() -> None:
    plugins = load_plugins()

    assert plugins.problems == []
    assert {"gemini", "openai", "flux", "midjourney", "stability"} <= set(plugins.providers)


@needs_checkout
def test_the_architecture_names_every_module_and_folder_of_the_core() -> None:
    listing = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8").split("```")[1]
    core = [path for path in (ROOT / "policyengine").iterdir() if not path.name.startswith(("_", "."))]
    names = [path.name if path.suffix == ".py" else f"{path.name}/" for path in core if path.suffix in ("", ".py")]

    assert [name for name in sorted(names) if not re.search(rf"(?<!\w){re.escape(name)}", listing)] == []
