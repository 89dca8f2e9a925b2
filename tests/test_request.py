"""Test what follows from a request: words where they can be counted, terms, the time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policyengine import Request
from policyengine.errors import InputError
from policyengine.request import completed

COUNTED = {
    "plain": ("An orange cat, walking.", 4),
    "empty": ("", 0),
    "marks alone": (" -- !? ", 0),
    "joined by hyphens and apostrophes": ("the driver's ukiyo-e mother\u2019s", 4),
    "numbers": ("3 cats at 4K", 4),
    "accents": ("Ein süßes Mädchen fährt", 4),
    "Cyrillic": ("рыжий кот", 2),
    "Arabic": ("قطة برتقالية", 2),
    "Hindi": ("नारंगी बिल्ली", 2),
    "accents apart from their letters": ("cafe\u0301 cre\u0300me", 2),
    "joined without a sign": ("\u0646\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", 1),
    "underscore": ("snake_case", 2),
    "Korean puts spaces": ("주황색 고양이", 2),
    "Chinese": ("一只橙色的猫", None),
    "Japanese kana": ("ねこ", None),
    "half-width kana": ("\uff88\uff7a", None),
    "Thai": ("แมวสีส้ม", None),
    "Khmer": ("ឆ្មា", None),
    "one Chinese letter among words": ("A cat named 猫 in the garden", None),
    "rare Chinese letter": ("\U00020000", None),
}


@pytest.mark.parametrize(("prompt", "words"), COUNTED.values(), ids=COUNTED)
def test_words_are_counted_where_spaces_part_them(prompt: str, words: int | None) -> None:
    assert completed(Request(prompt=prompt)).words == words


def test_words_that_are_told_are_not_counted() -> None:
    assert completed(Request(prompt="一只橙色的猫", words=4)).words == 4
    assert completed(Request(prompt="one two", words=40)).words == 40


def test_terms_are_words_and_neighbours_in_lower_case_once_each() -> None:
    request = completed(Request(prompt="The Driver\u2019s license, the driver's LICENSE"))

    assert request.terms == ("the", "driver's", "license", "the driver's", "driver's license", "license the")


def test_without_a_prompt_there_are_neither_words_nor_terms() -> None:
    request = completed(Request(model="toy-1"))

    assert (request.words, request.terms) == (None, ())


def test_the_area_of_a_reference_image_says_that_there_is_one() -> None:
    assert completed(Request(input_megapixels=2.0)).has_input_image is True
    assert completed(Request()).has_input_image is None


def test_the_time_is_the_present_unless_told_and_in_utc() -> None:
    noon = datetime(2026, 5, 1, 12, tzinfo=timezone(timedelta(hours=2)))

    assert completed(Request(at=noon)).at == datetime(2026, 5, 1, 10, tzinfo=UTC)
    assert completed(Request(at=noon)).at.tzinfo is UTC  # type: ignore[union-attr]  # it is filled
    assert datetime.now(UTC) - completed(Request()).at < timedelta(minutes=1)  # type: ignore[operator]  # it is filled


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "words as text": ({"words": "3"}, "Expected `int | null`, got `str`"),
    "no image": ({"n": 0}, "'n' is 0; it is 1 at least"),
    "fewer than no words": ({"words": -1}, "'words' is -1; it is 0 at least"),
    "endless area": ({"input_megapixels": float("inf")}, "'input_megapixels' is inf"),
    "area that is no number": ({"input_megapixels": float("nan")}, "'input_megapixels' is nan"),
    "unknown tier": ({"tier": "btach"}, "btach"),
}


@pytest.mark.parametrize(("told", "message"), WRONG.values(), ids=WRONG)
def test_a_value_of_a_wrong_type_or_range_is_refused(told: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match="the request cannot be read") as caught:
        completed(Request(**told))

    assert message in str(caught.value)


@given(st.text())
def test_any_prompt_is_read(prompt: str) -> None:
    request = completed(Request(prompt=prompt))

    assert request.words is None or request.words >= 0
    assert completed(request) == request
