"""Test that price rows of other projects are read into dollars, whatever their shape and unit."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policyengine.errors import InputError
from policyengine.pricelists.quotes import Listing
from policyengine.pricelists.reading import read_listings
from policyengine.pricelists.shapes import quotes_of

if TYPE_CHECKING:
    from pathlib import Path

PER_TOKEN = Listing(name="x", source="https://x.test", taken=None, units="USD per token")
PER_MILLION = Listing(name="x", source="https://x.test", taken=None, units="USD per 1e6 tokens")
CENTS = Listing(name="x", source="https://x.test", taken=None, units="US CENTS per token / per image")


def read(row: dict[str, Any], listing: Listing = PER_MILLION, **told: str) -> list[tuple[object, ...]]:
    """Return the prices of *row* as (component, unit, dollars, what they apply to)."""
    return [
        (one.component, one.unit, str(one.usd.normalize()), *filter(None, (one.tier, one.size, one.quality)))
        for one in quotes_of(json.loads(json.dumps(row), parse_float=Decimal), listing, **told)
    ]


def test_keys_that_name_the_unit_and_the_tier() -> None:
    row = {
        "input_cost_per_token": 5e-07,
        "output_cost_per_image_token_batches": 3e-05,
        "cache_read_input_image_token_cost_flex": 2e-06,
        "output_cost_per_image_0.5K": 0.045,
        "search_context_cost_per_query": {"search_context_size_low": 0.014, "search_context_size_high": 0.014},
        "output_cost_per_token": 0.0,
        "input_cost_per_token_above_200k_tokens": 1e-06,
        "mode": "image_generation",
    }

    assert read(row, PER_TOKEN) == [
        ("input", "token", "0.5"),
        ("image", "token", "3E+1", "batch"),
        ("input", "cached_image_token", "2", "flex"),
        ("image", "image", "0.045", "512"),
        ("request", "search_query", "0.014"),
    ]


def test_a_price_per_pixel_is_one_per_image_of_the_rows_size() -> None:
    row = {"input_cost_per_pixel": 3.81469e-08, "output_cost_per_pixel": 0.0}

    assert read(row, size="1024x1024", quality="hd") == [("image", "image", "0.04", "1024x1024", "hd")]
    assert read(row) == []


def test_an_input_image_is_no_output_image() -> None:
    assert read({"input_cost_per_image": 0.0011}) == []
    assert read({"input_cost_per_image": 0.011}, size="1024x1024") == [("image", "image", "0.011", "1024x1024")]


def test_dated_prices_hold_until_the_next_begin() -> None:
    row = {
        "prices": [
            {"constraint": None, "prices": {"input_mtok": "2"}},
            {
                "constraint": "StartDateConstraint(start_date=datetime.date(2026, 1, 5))",
                "prices": {"input_mtok": "3", "web_searches_kcount": "14"},
            },
        ]
    }

    found = [(one.unit, str(one.usd), one.since, one.before) for one in quotes_of(row, PER_MILLION)]

    assert found == [
        ("token", "2", None, date(2026, 1, 5)),
        ("token", "3", date(2026, 1, 5), None),
        ("search_query", "0.014", date(2026, 1, 5), None),
    ]


def test_variants_are_tiers() -> None:
    row = {"prices": [], "variants": [{"when": {"processing": "batch"}, "prices": {"output_image_mtok": "15"}}]}

    assert read(row) == [("image", "token", "15", "batch")]


@pytest.mark.parametrize(
    "row",
    [
        {"prices": [{"prices": {"output_mtok": "30"}}]},
        {"price_history": [{"output": 30, "from_date": None, "to_date": None}]},
        {"cost": {"output": 30}},
    ],
)
def test_a_lone_output_price_stands_for_text_and_images(row: dict[str, Any]) -> None:
    assert read(row) == [("output", "token", "3E+1")]


def test_the_last_day_of_a_history_is_included() -> None:
    row = {"price_history": [{"input": 1, "to_date": "2026-03-01"}, {"input": 2, "to_date": "9999-12-31"}]}

    assert [one.before for one in quotes_of(row, PER_MILLION)] == [date(2026, 3, 2), None]


def test_the_unit_of_the_file_decides_where_keys_do_not_tell() -> None:
    assert read({"input": 2.5e-07, "output": 1.5e-06, "image": {"output": 6e-05}}, PER_TOKEN) == [
        ("input", "token", "0.25"),
        ("text", "token", "1.5"),
        ("image", "token", "6E+1"),
    ]
    assert read({"cost": {"input": 0.25}}, PER_TOKEN) == [("input", "token", "2.5E+5")]


def test_of_prices_by_prompt_length_the_first_is_read() -> None:
    row = {"tiers": [{"threshold": 0, "input": 2e-06, "output": 1.2e-05}, {"threshold": 200000, "input": 4e-06}]}

    assert read(row, PER_TOKEN) == [("input", "token", "2"), ("text", "token", "12")]


def test_cents_are_made_dollars() -> None:
    prices = {
        "request_token": {"price": 5e-05},
        "response_token": {"price": 0},
        "image": {"default": {"default": {"price": 4}}, "hd": {"1024x1024": {"price": 8}}},
        "additional_units": {"image_token": {"price": 0.006}, "web_search": {"price": 1.4}},
    }
    batch = {"pay_as_you_go": {"additional_units": {"image_token": {"price": 0.003}}}}
    modes = {"regions": {"default": {"execution_modes": {"batch": {"pricing_config": batch}}}}}

    assert read({"pricing_config": {"pay_as_you_go": prices}, "custom_pricing": modes}, CENTS) == [
        ("input", "token", "0.5"),
        ("image", "token", "6E+1"),
        ("request", "search_query", "0.014"),
        ("image", "image", "0.04"),
        ("image", "image", "0.08", "1024x1024", "hd"),
        ("image", "token", "3E+1", "batch"),
    ]


def test_a_lone_response_price_stands_for_text_and_images() -> None:
    prices = {"response_token": {"price": 0.004}, "additional_units": {"megapixels": {"price": 5}}}

    assert read({"pricing_config": {"pay_as_you_go": prices}}, CENTS) == [
        ("output", "token", "4E+1"),
        ("image", "megapixel", "0.05"),
    ]


def test_prices_by_quality_and_size() -> None:
    row = {"standard": {"1024x1024": 0.04, "1000000": 0.025}}

    assert read(row) == [
        ("image", "image", "0.04", "1024x1024", "standard"),
        ("image", "megapixel", "0.025", "standard"),
    ]


def listing_of(directory: Path, document: object) -> list[tuple[object, ...]]:
    (directory / "toys_image_rows.json").write_text(json.dumps(document), encoding="utf-8")
    rows = read_listings(directory)
    return [(row.vendor, row.model, row.listing.name, *(one.size for one in row.quotes)) for row in rows]


@pytest.mark.parametrize(
    ("key", "read_as"),
    [
        ("toy-1", (None, "toy-1", "toys", None)),
        ("acme/toy-1", ("acme", "toy-1", "toys", None)),
        ("shop/acme/toy-1", ("shop", "acme/toy-1", "toys", None)),
        ("toy-1 (Acme)", ("Acme", "toy-1", "toys", None)),
        ("acme/toy-1-lte-128k", ("acme", "toy-1", "toys", None)),
        ("hd/1024-x-1024/toy-1", (None, "toy-1", "toys", "1024x1024")),
        ("acme/hd/1024-x-1024/toy-1", ("acme", "toy-1", "toys", "1024x1024")),
    ],
)
def test_a_key_names_vendor_model_and_size(tmp_path: Path, key: str, read_as: tuple[object, ...]) -> None:
    document = {"meta": {"source": "https://toys.test"}, "rows": {key: {"output_cost_per_image": 0.04}}}

    assert listing_of(tmp_path, document) == [read_as]


def test_a_file_that_joins_projects_names_each(tmp_path: Path) -> None:
    document = {"toy-1": {"one": {"text_in": 1.0, "img_out": None}, "other": {"per_image": 0.04}, "third": None}}

    assert listing_of(tmp_path, document) == [(None, "toy-1", "one", None), (None, "toy-1", "other", None)]


def test_a_row_without_prices_is_a_row(tmp_path: Path) -> None:
    assert listing_of(tmp_path, {"rows": {"acme/toy-1": {"cost": None}}}) == [("acme", "toy-1", "toys")]


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[" * 100_000])
def test_what_is_no_json_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "rows.json").write_bytes(content)

    with pytest.raises(InputError, match=r"rows\.json' cannot be read as JSON"):
        list(read_listings(tmp_path))


def test_an_empty_directory_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no JSON file"):
        list(read_listings(tmp_path))


KEYS = [
    "input_cost_per_token",
    "output_cost_per_image_1K",
    "output_cost_per_pixel",
    "search_context_cost_per_query",
    "prices",
    "variants",
    "when",
    "processing",
    "constraint",
    "output_mtok",
    "price_history",
    "to_date",
    "pricing_config",
    "custom_pricing",
    "pay_as_you_go",
    "image",
    "price",
    "cost",
    "input",
    "output",
    "tiers",
    "text_out",
    "1000000",
]
SCALARS = st.none() | st.booleans() | st.integers() | st.decimals() | st.text(max_size=8) | st.just("9999-12-31")
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(KEYS), JSON, max_size=5))
def test_no_row_whatever_raises(row: dict[str, object]) -> None:
    for quote in quotes_of(row, PER_TOKEN, size="1024x1024", quality="hd"):
        assert quote.usd > 0
        assert quote.usd.is_finite()
