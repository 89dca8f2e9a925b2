"""usageMetadata: which tokens are text, image, cached, and which nobody can tell."""

from __future__ import annotations

import pytest

from policyengine.facts import UsageRow
from policyengine_gemini.usage import Tokens, tier_of, tokens_of, usage_rows

IMAGE = [{"modality": "IMAGE", "tokenCount": 1120}]


@pytest.mark.parametrize(
    ("usage", "images", "expected"),
    [
        pytest.param(
            {
                "promptTokenCount": 12,
                "candidatesTokenCount": 1120,
                "totalTokenCount": 1132,
                "candidatesTokensDetails": IMAGE,
            },
            1,
            (12, 0, 1120),
            id="image alone",
        ),
        pytest.param(
            {"promptTokenCount": 12, "totalTokenCount": 1132, "candidatesTokensDetails": [{"modality": "IMAGE"}]},
            1,
            (12, None, None),
            id="image that is not counted",
        ),
        pytest.param(
            {
                "promptTokenCount": 326,
                "candidatesTokenCount": 2340,
                "thoughtsTokenCount": 337,
                "totalTokenCount": 3003,
                "candidatesTokensDetails": [{"modality": "IMAGE", "tokenCount": 2000}],
            },
            1,
            (326, 677, 2000),
            id="thinking and the unitemised remainder are text",
        ),
        pytest.param(
            {"promptTokenCount": 464, "candidatesTokenCount": 291, "thoughtsTokenCount": 291, "totalTokenCount": 755},
            0,
            (464, 291, 0),
            id="candidates that mirror the thoughts",
        ),
        pytest.param(
            {"promptTokenCount": 464, "candidatesTokenCount": None, "thoughtsTokenCount": 291, "totalTokenCount": 755},
            0,
            (464, 291, 0),
            id="candidates null",
        ),
        pytest.param({"promptTokenCount": 2658, "totalTokenCount": 2658}, 0, (2658, 0, 0), id="prompt alone"),
        pytest.param(
            {"promptTokenCount": 2658, "totalTokenCount": 2658}, None, (2658, 0, 0), id="prompt alone, images unknown"
        ),
        pytest.param(
            {"promptTokenCount": 721, "candidatesTokenCount": 1, "totalTokenCount": 722}, 0, (721, 1, 0), id="one token"
        ),
        pytest.param({"candidatesTokenCount": 24}, 0, (None, 24, 0), id="candidates alone"),
        pytest.param({"promptTokenCount": 8}, 0, (8, None, None), id="output not told"),
        pytest.param({"serviceTier": "standard"}, 0, (None, None, None), id="tier alone"),
        pytest.param({}, 0, (None, None, None), id="empty"),
        pytest.param(
            {"promptTokenCount": 10, "candidatesTokenCount": 1300, "totalTokenCount": 1310},
            1,
            (10, None, None),
            id="no details",
        ),
        pytest.param(
            {"promptTokenCount": 10, "toolUsePromptTokenCount": 5, "candidatesTokenCount": 7, "totalTokenCount": 22},
            0,
            (15, 7, 0),
            id="tool use is input",
        ),
        pytest.param(
            {"promptTokenCount": 10, "candidatesTokenCount": 3, "totalTokenCount": 4},
            0,
            (10, 3, 0),
            id="total too small",
        ),
        pytest.param(
            {
                "prompt_token_count": 5,
                "totalTokenCount": 1130,
                "candidatesTokensDetail": [{"modality": "image", "token_count": 1120}],
            },
            1,
            (5, 5, 1120),
            id="mixed spellings",
        ),
        pytest.param({"promptTokenCount": -1, "totalTokenCount": 2**80}, 0, (None, None, None), id="impossible counts"),
        pytest.param(
            {"promptTokenCount": 3, "totalTokenCount": 9, "candidatesTokensDetails": "x"},
            0,
            (3, 6, 0),
            id="bad details",
        ),
    ],
)
def test_input_text_and_image_tokens(
    usage: dict[str, object], images: int | None, expected: tuple[object, ...]
) -> None:
    found = tokens_of(usage, images=images)

    assert (found.input, found.text, found.image) == expected


def test_cached_tokens_are_part_of_the_prompt() -> None:
    tokens = tokens_of({"promptTokenCount": 100, "cachedContentTokenCount": 60, "totalTokenCount": 100}, images=0)

    assert usage_rows(tokens) == (
        UsageRow("input", "token", 40),
        UsageRow("input", "cached_token", 60),
        UsageRow("text", "token", 0),
    )


def test_more_cached_tokens_than_prompt_are_cut_to_the_prompt() -> None:
    assert tokens_of({"promptTokenCount": 10, "cachedContentTokenCount": 60}, images=0).cached == 10


def test_unknown_counts_give_no_rows() -> None:
    assert usage_rows(Tokens(None, 0, None, None)) == ()


@pytest.mark.parametrize(
    ("name", "tier"),
    [
        ("standard", "standard"),
        ("FLEX", "flex"),
        ("priority", "priority"),
        ("ON_DEMAND", "standard"),
        ("ON_DEMAND_FLEX", "flex"),
        ("PROVISIONED_THROUGHPUT", None),
        ("unspecified", None),
        (None, None),
        (7, None),
    ],
)
def test_service_tier_and_traffic_type_name_the_tier(name: object, tier: str | None) -> None:
    assert tier_of(name) == tier
