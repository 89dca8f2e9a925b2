from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import pytest

from policyengine.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path


class Ran(NamedTuple):
    """Hold what a command printed and how it ended."""

    code: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return a function that runs a command line in this process."""
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.delenv("IMGPOLICY_DIR", raising=False)

    def call(*arguments: str) -> Ran:
        try:
            code = main(arguments)
        except SystemExit as exit_:
            code = exit_.code if isinstance(exit_.code, int) else 1
        printed = capsys.readouterr()
        return Ran(code, printed.out, printed.err)

    return call


@pytest.fixture
def written(tmp_path: Path) -> Callable[[str, object], str]:
    """Return a function that writes a JSON document, or NDJSON of a list of lines, and returns its path."""

    def write(name: str, content: object) -> str:
        path = tmp_path / name
        if name.endswith(".ndjson") and isinstance(content, Sequence):
            lines = [line if isinstance(line, str) else json.dumps(line) for line in content]
            path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        else:
            path.write_text(json.dumps(content), encoding="utf-8")
        return str(path)

    return write
