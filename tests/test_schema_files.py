from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import policyengine
from policyengine.plugins import load_plugins
from policyengine.rules.described import described_schema
from policyengine.rules.schema import SCHEMA_KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
SHIPPED = Path(policyengine.__file__).parent / "schema"


@pytest.mark.parametrize("kind", SCHEMA_KINDS)
def test_the_shipped_schema_is_current(kind: str) -> None:
    current = described_schema(kind, load_plugins().dialects.values())

    assert json.loads((SHIPPED / f"{kind}.json").read_text(encoding="utf-8")) == json.loads(json.dumps(current)), (
        "run `imgpolicy schema --write policyengine/schema`"
    )


@pytest.mark.parametrize("kind", SCHEMA_KINDS)
def test_every_key_has_a_description(kind: str) -> None:
    written = json.loads((SHIPPED / f"{kind}.json").read_text(encoding="utf-8"))

    assert sorted(undescribed(written)) == []


def undescribed(schema: object, path: str = "") -> Iterator[str]:
    """Yield the path of each property without a description."""
    if isinstance(schema, dict):
        for name, told in schema.get("properties", {}).items():
            if not told.get("description"):
                yield f"{path}.{name}"
        for key, inner in schema.items():
            yield from undescribed(inner, f"{path}.{key}")
    if isinstance(schema, list):
        for inner in schema:
            yield from undescribed(inner, path)


def test_descriptions_are_the_docstrings_of_fields_and_facts() -> None:
    definitions = json.loads((SHIPPED / "bill.json").read_text(encoding="utf-8"))["$defs"]
    rule, when = definitions["Rule_BillEffect_"]["properties"], definitions["When"]["properties"]

    assert rule["from"]["description"] == "The first day (UTC) on which the rule holds."
    assert when["finish_reason"]["description"] == "Why generation ended, in the platform's own spelling."
    assert when["account"]["properties"]["plan"]["description"] == "The subscription plan."
    assert definitions["Given"]["properties"]["outcome"]["description"] == "What happened to the request."
    assert definitions["operators-on-integer"]["properties"]["ge"]["description"] == "The fact is greater or equal."
    assert definitions["operators-on-integer"]["properties"]["lt"]["description"] == "The fact is less."


@pytest.mark.skipif(not (ROOT / "rules").is_dir(), reason="the files of the checkout, not of the wheel")
def test_every_shipped_file_names_its_schema() -> None:
    files = [*(ROOT / "rules").rglob("*.toml"), *(ROOT / "providers").glob("*/prices/*.toml")]

    for file in files:
        first = file.read_text(encoding="utf-8").splitlines()[0]
        assert first.startswith("#:schema "), file
        assert (file.parent / first.removeprefix("#:schema ")).resolve().is_file(), file
