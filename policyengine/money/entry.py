"""Define one entry of a price file: native units, exact amounts as strings, dates and a source."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated

from msgspec import Meta, Struct

from policyengine.vocabulary import Component, Tier

__all__ = ["Currency", "MegapixelPrice", "PriceEntry", "PriceFile", "Prices"]

Amount = Annotated[Decimal, Meta(description='an amount as a string, such as "0.50"')]
BySize = dict[str, Amount | dict[str, Amount]]
TokensBySize = dict[str, int | dict[str, int]]


class MegapixelPrice(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Price images by area; a part of a megapixel counts as one where the seller says so."""

    first: Amount
    """The first megapixel of an image."""
    extra: Amount | None = None
    """Each further megapixel; the same as the first when left out."""
    input: Amount | None = None
    """Each megapixel of an input image."""


class Prices(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """List prices per unit; the unit is in the name, the amounts are strings."""

    per_mtok: dict[str, Amount] = {}
    """Per million tokens: input, cached, input_image, cached_image, text, image."""
    per_image: Amount | BySize | None = None
    """Per image delivered: one price, or by size, or by size and quality."""
    per_megapixel: MegapixelPrice | None = None
    """Per megapixel of an image."""
    per_call: Amount | None = None
    """Per call or task."""
    per_kquery: Amount | None = None
    """Per thousand search queries that the model made."""
    per_gpu_minute: Amount | None = None
    """Per minute of GPU time."""
    per_gpu_second: Amount | dict[str, Amount] | None = None
    """Per second of GPU time: one price, or by hardware."""


class PriceEntry(Prices, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"from_": "from"}):
    """Price one model from one day on; a change is a new entry, the old one stays."""

    model: str
    """The model's id at this seller; `*` for every model that no other entry names."""
    source: str
    """The URL of the price, or `contract:…`."""
    checked: date
    """The day the price was last compared with its source."""
    aliases: tuple[str, ...] = ()
    """Other ids of the same model."""
    from_: date | None = None
    """The first day (UTC) of this price."""
    until: date | None = None
    """The first day (UTC) on which it no longer holds."""
    dialects: tuple[str, ...] = ()
    """The dialects whose answers this entry prices, when not all."""
    mode: str | None = None
    """Holds only for this speed mode: fast, relax or turbo."""
    operation: str | None = None
    """Holds only for this operation."""
    account: dict[str, str] = {}
    """Holds only for these account facts, such as `mode = "per-call"`."""
    credit: Amount | None = None
    """What one credit costs in the currency of the file."""
    credit_unit: str = "credit"
    """What the seller calls its credit."""
    credits: Prices | None = None
    """Prices in credits."""
    image_tokens: TokensBySize = {}
    """Output tokens of one image, by size, or by size and quality."""
    tier: dict[Tier, Prices] = {}
    """Prices of another tier; they replace the standard ones key by key."""
    discount_percent: Amount | None = None
    """Taken off every price of the entry."""
    native: dict[str, str | int] = {}
    """What only the seller's plugin understands."""
    note: str | None = None
    """What a reader should know."""


class Currency(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"from_": "from"}):
    """Say what one unit of a currency was worth in dollars from one day on."""

    code: str
    """ISO 4217."""
    usd: Amount
    """Dollars for one unit."""
    from_: date
    """The first day (UTC) of this rate."""
    source: str
    """The URL of the rate."""
    checked: date
    """The day the rate was last compared with its source."""


class PriceFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Hold the prices of one seller."""

    seller: str
    """Who sends the invoice."""
    currency: str = "USD"
    """ISO 4217."""
    layer: str | None = None
    """Holds only for accounts that name this layer."""
    components: tuple[Component, ...] = ()
    """The components of this seller's tariff, for models that are not priced here."""
    price: tuple[PriceEntry, ...] = ()
    """One entry for each model and time; a change is a new entry."""
    currencies: tuple[Currency, ...] = ()
    """Dated worth of other currencies."""
