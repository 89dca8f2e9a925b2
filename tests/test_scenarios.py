"""Test that a provider's native samples are read by dialect, and that a file that is none is named."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from policyengine.errors import InputError
from policyengine.provider import Provider, Scenario
from policyengine.scenarios import read_scenarios

if TYPE_CHECKING:
    from pathlib import Path


def write(directory: Path, name: str, content: object) -> None:
    file = directory / "toy-api" / name
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(content if isinstance(content, bytes) else msgspec.json.encode(content))


def test_scenarios_come_in_the_order_of_their_names(tmp_path: Path) -> None:
    for name in ("b-second.json", "a-first.json", "c-third.json"):
        write(tmp_path, name, {"title": name, "source": "https://toy.test", "body": {"toy": 1}})

    assert [scenario.name for scenario in read_scenarios(tmp_path, "toy-api")] == ["a-first", "b-second", "c-third"]


def test_a_scenario_keeps_all_that_stands_in_its_file(tmp_path: Path) -> None:
    told = {
        "title": "Too many",
        "source": "https://toy.test",
        "body": [1, {"a": None}],
        "http_status": 429,
        "headers": {"retry-after": "3"},
        "request": {"n": 2},
        "url": "https://api.toy.test",
        "transport_error": "ReadTimeout",
        "model": "toy-1",
        "at": "2026-06-01T00:00:00Z",
    }
    write(tmp_path, "too-many.json", told)

    assert read_scenarios(tmp_path, "toy-api") == [msgspec.convert({"name": "too-many", **told}, Scenario)]


def test_other_files_are_left_alone(tmp_path: Path) -> None:
    write(tmp_path, "README.md", b"not a scenario")

    assert read_scenarios(tmp_path, "toy-api") == []


def test_a_provider_without_samples_has_none(tmp_path: Path) -> None:
    assert read_scenarios(None, "toy-api") == []
    assert read_scenarios(tmp_path, "toy-api") == []
    assert Provider("toy", [], scenarios=tmp_path).scenarios("toy-api") == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "Input data was truncated"),
        (b"[]", "Expected `object`, got `array`"),
        (b'{"title": "x", "source": "y"', "Input data was truncated"),
        (b'{"title": "x"}', "missing required field `source`"),
        (b'{"title": "x", "source": "y", "http_status": "200"}', r"Expected `int \| null`, got `str`"),
        (b'{"body": ' + b"[" * 100_000, "recursion"),
    ],
    ids=["empty", "array", "truncated", "field missing", "wrong type", "deep"],
)
def test_a_file_that_is_no_scenario_is_named(tmp_path: Path, content: bytes, message: str) -> None:
    write(tmp_path, "broken.json", content)

    with pytest.raises(InputError, match=rf"broken\.json: not a scenario: .*{message}"):
        read_scenarios(tmp_path, "toy-api")
