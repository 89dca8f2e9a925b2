"""Sellers and prices: who is recognized, what an image of a size takes, and that price files are whole."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import msgspec
import pytest

from policyengine.exchange import Exchange
from policyengine.money.entry import PriceEntry, PriceFile
from policyengine.money.tariff import Tariff, Workload
from policyengine_openai import policyengine_sellers
from policyengine_openai.sellers import image_tokens_of

if TYPE_CHECKING:
    from policyengine.money.tariff import Estimate
    from policyengine.provider import Seller

SELLERS = {seller.name: seller for seller in policyengine_sellers()}


def prices_of(seller: Seller) -> dict[str, PriceEntry]:
    assert seller.price_file is not None
    content = msgspec.toml.decode(seller.price_file.read_bytes(), type=PriceFile, strict=True)
    return {entry.model: entry for entry in content.price}


OPENAI, AZURE = prices_of(SELLERS["openai"]), prices_of(SELLERS["azure"])


def tariff_of(seller: str, entry: PriceEntry) -> Tariff:
    return Tariff(
        seller=seller, currency="USD", rates=SELLERS[seller].translate(entry), entry=entry, file="openai.toml"
    )


def estimate_of(model: str, unit: tuple[str, str] = ("image", "token"), **work: object) -> Estimate:
    tariff = tariff_of("openai", OPENAI[model])
    found = SELLERS["openai"].estimate(Workload(**work), tariff)  # type: ignore[arg-type]  # a table of workloads
    return next(one for one in found if (one.component, one.unit) == unit)


@pytest.mark.parametrize(
    ("step", "width", "height", "tokens"),
    [
        (16, 1024, 1024, 196),
        (48, 1024, 1024, 1756),
        (96, 1024, 1024, 7024),
        (24, 1024, 1024, 439),
        (64, 1024, 1024, 3122),
        (16, 1536, 864, 120),
        (96, 1536, 1024, 5488),
        (96, 1024, 1536, 5488),
    ],
)
def test_formula_gives_documented_and_recorded_counts(step: int, width: int, height: int, tokens: int) -> None:
    assert image_tokens_of(step=step, width=width, height=height) == tokens


@pytest.mark.parametrize("model", ["gpt-image-2", "gpt-image-2.5-sunburst"])
def test_table_of_usual_sizes_agrees_with_the_formula(model: str) -> None:
    for size, counts in OPENAI[model].image_tokens.items():
        assert isinstance(counts, dict)
        for quality, tokens in counts.items():
            estimate = estimate_of(model, size=size, quality=quality)
            assert (estimate.low, estimate.high) == (tokens, tokens)


def test_same_label_takes_other_counts_on_another_generation() -> None:
    first = estimate_of("gpt-image-2", size="1024x1024", quality="high")
    second = estimate_of("gpt-image-2.5-sunburst", size="1024x1024", quality="high")

    assert (first.high, second.high) == (7024, 1756)


def test_unknown_size_and_quality_are_bounded_by_the_largest_image() -> None:
    estimate = estimate_of("gpt-image-2", images=2)

    assert (estimate.low, estimate.high) == (2 * 54, 2 * 23_719)


def test_edit_leaves_the_input_images_without_a_bound() -> None:
    edit = estimate_of("gpt-image-2", ("input", "image_token"), operation="edit")
    generation = estimate_of("gpt-image-2", ("input", "image_token"), operation="generate")

    assert (edit.high, generation.high) == (None, 0)


def test_text_model_may_cost_an_image_of_its_tool() -> None:
    tariff = tariff_of("openai", OPENAI["gpt-5.4"])

    assert tariff.components == {"input", "text", "image"}
    assert estimate_of("gpt-5.4", images=1).high == 23_719


@pytest.mark.parametrize(
    ("model", "components"),
    [
        ("gpt-image-1", {"input", "image"}),
        ("gpt-image-1.5", {"input", "text", "image"}),
        ("gpt-image-2", {"input", "image"}),
        ("dall-e-3", {"image"}),
    ],
)
def test_tariff_has_the_components_that_the_model_sells(model: str, components: set[str]) -> None:
    assert tariff_of("openai", OPENAI[model]).components == components
    assert tariff_of("azure", AZURE[model]).components == components


@pytest.mark.parametrize(
    "model", ["gpt-image-1", "gpt-image-1-mini", "gpt-image-1.5", "gpt-image-2", "gpt-image-2.5-sunburst"]
)
def test_azure_sells_tokens_at_openais_price(model: str) -> None:
    assert AZURE[model].per_mtok == OPENAI[model].per_mtok


def test_azure_sells_dalle_3_a_tenth_dearer() -> None:
    own, other = OPENAI["dall-e-3"].per_image, AZURE["dall-e-3"].per_image
    assert isinstance(own, dict)
    assert isinstance(other, dict)
    for size, prices in own.items():
        dearer = other[size]
        assert isinstance(prices, dict)
        assert isinstance(dearer, dict)
        assert dearer == {quality: price * Decimal("1.1") for quality, price in prices.items()}


def test_batch_is_half_of_everything() -> None:
    batched = [entry for entry in OPENAI.values() if "batch" in entry.tier]

    assert len(batched) >= 10
    for entry in batched:
        half = {key: price / 2 for key, price in entry.per_mtok.items()}
        assert entry.tier["batch"].per_mtok == half, entry.model


@pytest.mark.parametrize(
    ("context", "sellers"),
    [
        ({"url": "https://api.openai.com/v1/images/generations"}, ["openai"]),
        ({"url": "https://studio.openai.azure.com/openai/v1/images/generations"}, ["azure"]),
        ({"url": "https://studio.services.ai.azure.com/openai/v1/images/generations"}, ["azure"]),
        ({"url": "https://gateway.example.com/v1", "headers": {"openai-organization": "o"}}, []),
        ({"headers": {"openai-organization": "o"}}, ["openai"]),
        ({"headers": {"openai-organization": "o", "x-oneapi-request-id": "1"}}, []),
        ({"headers": {"x-ms-region": "East US"}}, ["azure"]),
        ({}, []),
    ],
)
def test_seller_is_shown_by_address_and_headers(context: dict[str, object], sellers: list[str]) -> None:
    exchange = Exchange.of({}, **context)

    assert [name for name, seller in SELLERS.items() if seller.recognizes(exchange)] == sellers
