"""Support codes in filter messages: which filter, and on which side."""

from __future__ import annotations

import pytest

from policyengine_gemini.support_codes import filter_side, named_categories, support_codes


@pytest.mark.parametrize(
    ("message", "codes"),
    [
        ("Support code: 15236754.", ("15236754",)),
        ("Support codes: 39322892, 29310472", ("39322892", "29310472")),
        ("send feedback to your account team. Error Code: 58061214", ("58061214",)),
        ("The model supports codes such as 12345678", ()),
        ("Support code: 12", ()),
        ("", ()),
    ],
)
def test_codes_are_found_in_every_wording(message: str, codes: tuple[str, ...]) -> None:
    assert support_codes(message) == codes


@pytest.mark.parametrize(
    ("codes", "side"),
    [
        (("58061214",), "prompt"),
        (("17301594",), "output"),
        (("58061214", "29310472"), "prompt"),
        (("39322892", "29310472"), None),
        (("11030041",), None),
        (("11030041", "17301594"), "output"),
        (("35561575",), None),
        ((), None),
    ],
)
def test_the_side_is_told_when_the_known_codes_agree(codes: tuple[str, ...], side: str | None) -> None:
    assert filter_side(codes) == side


def test_categories_are_named_once_and_unknown_codes_left_out() -> None:
    assert named_categories(("58061214", "17301594", "11030041", "90789179")) == ("child", "sexual")
