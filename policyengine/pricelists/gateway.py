"""Read one row of a gateway's price list: prices by name in `pricing_config`, other tiers beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policyengine.native import amount, mapping
from policyengine.pricelists.quotes import MILLION, TIERS, Column, Listing, Quote, quotes_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["has_pricing_config", "read_pricing_config"]

# https://github.com/Portkey-AI/models, checked 2026-11-22: amounts are US cents for one unit.
_GATEWAY_COLUMNS: Mapping[str, Column] = {
    "request_token": ("input", "token"),
    "request_text_token": ("input", "token"),
    "cache_read_input_token": ("input", "cached_token"),
    "cached_text_input_token": ("input", "cached_token"),
    "cache_read_text_input_token": ("input", "cached_token"),
    "request_image_token": ("input", "image_token"),
    "cached_image_input_token": ("input", "cached_image_token"),
    "cache_read_image_input_token": ("input", "cached_image_token"),
    "response_token": ("text", "token"),
    "response_text_token": ("text", "token"),
    "response_image_token": ("image", "token"),
    "image_token": ("image", "token"),
    "web_search": ("request", "search_query"),
    "search": ("request", "search_query"),
    "image_1k": ("image", "image"),
    "megapixels": ("image", "megapixel"),
}
_IMAGE_TOKENS = frozenset({"image_token", "response_image_token"})


def has_pricing_config(row: Mapping[str, object]) -> bool:
    """Return whether *row* has the keys of such a list."""
    return "pricing_config" in row or "custom_pricing" in row


def read_pricing_config(row: Mapping[str, object], listing: Listing) -> Iterator[Quote]:
    """Yield the prices of *row*; of tiers that depend on the length of the prompt, none."""
    del listing
    columns = dict(_GATEWAY_COLUMNS)
    if not any(_IMAGE_TOKENS & prices.keys() for prices, _ in _gateway_prices(row)):
        columns["response_token"] = ("output", "token")
    for prices, tier in _gateway_prices(row):
        told = {name: mapping(value).get("price") for name, value in prices.items()}
        for quote in quotes_in(told, columns, MILLION, tier):
            yield quote._replace(size="1K") if quote.unit == "image" else quote
        yield from _gateway_images(mapping(prices.get("image")), tier)


def _gateway_prices(row: Mapping[str, object]) -> Iterator[tuple[Mapping[str, object], str | None]]:
    """Yield every table of prices with its tier."""
    config = mapping(row.get("pricing_config"))
    yield _flat_units(config.get("pay_as_you_go")), None
    yield _flat_units(config.get("batch_config")), "batch"
    regions = mapping(mapping(row.get("custom_pricing")).get("regions"))
    for mode, told in mapping(mapping(regions.get("default")).get("execution_modes")).items():
        if mode == "standard" or mode in TIERS:
            yield _flat_units(mapping(mapping(told).get("pricing_config")).get("pay_as_you_go")), TIERS.get(mode)


def _flat_units(config: object) -> Mapping[str, object]:
    return {**mapping(config), **mapping(mapping(config).get("additional_units"))}


def _gateway_images(prices: Mapping[str, object], tier: str | None) -> Iterator[Quote]:
    for quality, sizes in prices.items():
        for size, told in mapping(sizes).items():
            if (usd := amount(mapping(told).get("price"))) is not None:
                yield Quote("image", "image", usd, tier, _unless_default(size), _unless_default(quality))


def _unless_default(name: str) -> str | None:
    return None if name == "default" else name
