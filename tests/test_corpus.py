"""Test that recorded answers are compared with their labels, and that what is not decided is counted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from policyengine.corpus import Disagreement, Tally, score_corpus
from policyengine.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    from policyengine.engine import Engine

DELIVERED = {"native": {"toy": {"model": "toy-1", "images_delivered": 1}}, "seller": "toy-inc"}
FAILED = {"body": {"toy": {"status": "FAILED"}}, "seller": "toy-inc", "http_status": 200}


def write(directory: Path, labels: dict[str, Any], recorded: dict[str, Any], *, folder: str = "toy") -> None:
    home = directory / folder
    home.mkdir(parents=True, exist_ok=True)
    (home / "labels.json").write_bytes(msgspec.json.encode(labels))
    for name, one in recorded.items():
        (home / f"{name}.json").write_bytes(one if isinstance(one, bytes) else msgspec.json.encode(one))


def test_labels_that_agree_are_counted_by_field(engine: Engine, tmp_path: Path) -> None:
    labels = {
        "done": {"outcome": "delivered", "stage": "none", "images_delivered": 1, "bill": {"image": "charged"}},
        "lost": {"outcome": "failed", "stage": "generation", "route": "backoff", "bill": {"image": "free"}},
    }
    write(tmp_path, labels, {"done": DELIVERED, "lost": FAILED})

    score = score_corpus(engine, tmp_path)

    assert score.disagreements == []
    tallies = (score.decided, score.outcome, score.stage, score.images, score.bill["image"], score.route)
    assert [(tally.agree, tally.of) for tally in tallies] == [(2, 2), (2, 2), (2, 2), (1, 1), (2, 2), (1, 1)]
    assert score.bill["text"].of == 0
    assert score.providers["toy"].outcome.of == 2


@pytest.mark.parametrize(
    ("label", "fields"),
    [
        ({"outcome": "blocked", "stage": "none"}, [("outcome", "delivered", "blocked")]),
        ({"outcome": ["blocked", "delivered"], "stage": "none"}, []),
        ({"outcome": "delivered", "stage": "none", "images_delivered": 0}, [("images", 1, 0)]),
        (
            {"outcome": "delivered", "stage": "none", "bill": {"image": ["free", "unknown"], "odd": "free"}},
            [("bill.image", "charged", ["free", "unknown"])],
        ),
        ({"outcome": "delivered", "stage": "none", "route": "backoff"}, [("route", "none", "backoff")]),
        ({}, [("outcome", "delivered", None), ("stage", "none", None)]),
        ("delivered", [("outcome", "delivered", None), ("stage", "none", None)]),
    ],
)
def test_a_disagreement_names_the_field_and_both_values(
    engine: Engine, tmp_path: Path, label: object, fields: list[tuple[str, object, object]]
) -> None:
    write(tmp_path, {"done": label}, {"done": DELIVERED})

    score = score_corpus(engine, tmp_path)

    assert score.disagreements == [Disagreement("toy/done", *field) for field in fields]


@pytest.mark.parametrize(
    ("recorded", "message"),
    [
        (None, "No such file"),
        (b"{", "truncated"),
        (b"[]", "Expected `object`"),
        (b'{"native": ' + b"[" * 100_000, "recursion"),
        ({**DELIVERED, "http_status": "OK"}, "http_status='OK' is not a whole number"),
        ({**DELIVERED, "seller": 5}, "seller=5 is not text"),
        ({**DELIVERED, "at": "then"}, "at='then' is not a time"),
    ],
    ids=["absent", "truncated", "array", "deep", "status", "seller", "time"],
)
def test_what_cannot_be_decided_is_counted_with_its_reason(
    engine: Engine, tmp_path: Path, recorded: object, message: str
) -> None:
    label = {"outcome": "delivered", "stage": "none"}
    write(
        tmp_path, {"bad": label, "done": label}, {"done": DELIVERED, **({} if recorded is None else {"bad": recorded})}
    )

    score = score_corpus(engine, tmp_path)

    assert (score.decided.agree, score.decided.of, score.outcome.of) == (1, 2, 1)
    (disagreement,) = score.disagreements
    assert (disagreement.name, disagreement.field) == ("toy/bad", "decided")
    assert message in str(disagreement.got)


def test_a_folder_with_labels_is_a_corpus_of_its_own(engine: Engine, tmp_path: Path) -> None:
    write(tmp_path, {"done": {"outcome": "delivered", "stage": "none"}}, {"done": DELIVERED}, folder="mine")

    assert score_corpus(engine, tmp_path / "mine").outcome.agree == 1


def test_a_folder_of_no_provider_narrows_nothing(engine: Engine, tmp_path: Path) -> None:
    write(tmp_path, {"done": {"outcome": "delivered", "stage": "none"}}, {"done": DELIVERED}, folder="gateway")

    assert score_corpus(engine, tmp_path).providers["gateway"].outcome.agree == 1


@pytest.mark.parametrize("name", ["", "nowhere"])
def test_a_directory_without_labels_is_an_input_error(engine: Engine, tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match=r"no labels\.json; lay it out as"):
        score_corpus(engine, tmp_path / name)


def test_labels_that_are_no_object_are_an_input_error(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "labels.json").write_text("[]", encoding="utf-8")

    with pytest.raises(InputError, match=r"labels\.json: Expected `object`"):
        score_corpus(engine, tmp_path)


@pytest.mark.parametrize(
    ("agree", "of", "written"), [(57, 58, "57 of 58, 98.3 %"), (0, 0, "none"), (2, 2, "2 of 2, 100.0 %")]
)
def test_a_tally_is_read_as_a_share(agree: int, of: int, written: str) -> None:
    assert str(Tally(agree, of)) == written
