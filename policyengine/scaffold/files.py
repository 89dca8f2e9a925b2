"""Fill the templates and write them, all of them or none, over nothing that is there."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING

import tomli_w

from policyengine.errors import InputError
from policyengine.hookspecs import PLUGIN_API
from policyengine.scaffold.names import class_name, module_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

__all__ = ["new_provider", "new_rule", "new_seller"]

_PROVIDER: Mapping[str, str] = {
    "pyproject.toml": "pyproject.toml",
    "README.md": "README.md",
    "src/$module/__init__.py": "plugin.py",
    "src/$module/dialect.py": "dialect.py",
    "src/$module/prices.toml": "prices.toml",
    "src/$module/rules/classify/$name.toml": "classify.toml",
    "src/$module/rules/bill/$name.toml": "bill.toml",
    "src/$module/scenarios/$name/delivered.json": "delivered.json",
    "src/$module/scenarios/$name/refused.json": "refused.json",
    "tests/test_$identifier.py": "test_plugin.py",
}
"""By the place of a file in the distribution: its template."""


def new_rule(
    policy: Path, decision: str, *, rule_id: str, seller: str = "", dialects: Sequence[str] = ()
) -> list[Path]:
    """Write a rule of *decision* into the policy directory *policy*, as an experiment, and return the file.

    Raises:
        InputError: the file is there already, or cannot be written.
    """
    place = policy / decision / f"{rule_id}.toml" if decision != "route" else policy / "route.toml"
    values = {
        "id": rule_id,
        "seller": seller,
        "dialects": tomli_w.dumps({"dialects": list(dialects)}).removeprefix("dialects = ").rstrip("\n"),
        "directive": _directive(policy, place, decision),
    }
    return _write({place: _filled(f"{decision}-rule.toml", values)})


def new_seller(policy: Path, name: str) -> list[Path]:
    """Write the bill table and the price file of a seller into the policy directory *policy*; return both.

    Raises:
        InputError: one of them is there already, or cannot be written.
    """
    bill, prices = policy / "bill" / f"{name}.toml", policy / "prices" / f"{name}.toml"
    written = {
        bill: _filled("bill.toml", {"name": name, "directive": _directive(policy, bill, "bill")}),
        prices: _filled("prices.toml", {"name": name, "directive": _directive(policy, prices, "prices")}),
    }
    return _write(written)


def new_provider(directory: Path, name: str) -> list[Path]:
    """Write the distribution of a provider into *directory* and return its files.

    Raises:
        InputError: one of them is there already, or cannot be written.
    """
    values = {
        "name": name,
        "identifier": name.replace("-", "_"),
        "key": f"{name.replace('-', '_')}_job",
        "module": module_name(name),
        "class_name": class_name(name),
        "distribution": f"policyengine-{name}",
        "plugin_api": str(PLUGIN_API),
        "directive": "",
    }
    written = {
        directory / Template(place).substitute(values): _filled(kind, values) for place, kind in _PROVIDER.items()
    }
    return _write({**written, directory / "src" / values["module"] / "py.typed": ""})


def _directive(policy: Path, place: Path, kind: str) -> str:
    """Return the line by which editors find the schema, where `imgpolicy schema --write` put one into *policy*."""
    if not (policy / ".schema" / f"{kind}.json").is_file():
        return ""
    up = "../" if place.parent != policy else ""
    return f"#:schema {up}.schema/{kind}.json\n\n"


def _filled(kind: str, values: Mapping[str, str]) -> str:
    template = files(__package__) / "templates" / f"{kind}.template"
    today = datetime.now(UTC).date().isoformat()
    return Template(template.read_text(encoding="utf-8")).substitute(values, today=today)


def _write(written: Mapping[Path, str]) -> list[Path]:
    there = [path for path in written if path.exists()]
    if there:
        more = f" and {len(there) - 1} more" if len(there) > 1 else ""
        msg = f"there already: {there[0]}{more}; nothing was written"
        raise InputError(msg)
    for path, text in written.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8") as file:
                file.write(text)
        except OSError as error:
            msg = f"{path} cannot be written: {error.strerror or error}"
            raise InputError(msg) from error
    return list(written)
