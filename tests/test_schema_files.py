from __future__ import annotations

import json
from pathlib import Path

import pytest

import policyengine
from policyengine.plugins import load_plugins
from policyengine.rules.fields import fields_for
from policyengine.rules.schema import SCHEMA_KINDS, schema

ROOT = Path(__file__).parents[1]
SHIPPED = Path(policyengine.__file__).parent / "schema"


@pytest.mark.parametrize("kind", SCHEMA_KINDS)
def test_the_shipped_schema_is_current(kind: str) -> None:
    current = schema(kind, fields_for(kind, load_plugins().dialects.values()))

    assert json.loads((SHIPPED / f"{kind}.json").read_text(encoding="utf-8")) == json.loads(json.dumps(current)), (
        "run `imgpolicy schema --write policyengine/schema`"
    )


@pytest.mark.skipif(not (ROOT / "rules").is_dir(), reason="the files of the checkout, not of the wheel")
def test_every_shipped_file_names_its_schema() -> None:
    files = [*(ROOT / "rules").rglob("*.toml"), *(ROOT / "providers").glob("*/prices/*.toml")]

    for file in files:
        first = file.read_text(encoding="utf-8").splitlines()[0]
        assert first.startswith("#:schema "), file
        assert (file.parent / first.removeprefix("#:schema ")).resolve().is_file(), file
