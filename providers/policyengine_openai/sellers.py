"""Invoice image calls: who is recognized as OpenAI or Azure, and how many tokens an image of a size takes."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

from policyengine.money.tariff import Estimate, Rate, standard_estimate, standard_rates
from policyengine.provider import Seller
from policyengine_openai import claims

if TYPE_CHECKING:
    from collections.abc import Mapping
    from importlib.resources.abc import Traversable

    from policyengine.exchange import Exchange
    from policyengine.money.tariff import PriceEntry, Rates, Tariff, Workload

__all__ = ["Azure", "ImageSeller", "OpenAI", "image_tokens_of"]

_OWN_HEADER = "openai-organization"
_GATEWAY_HEADERS = ("x-oneapi-request-id", "x-new-api-version", "x-litellm-call-id", "x-api-request-id")
_SIZE = re.compile(r"(\d{2,5})\s*[xX*]\s*(\d{2,5})")
# community.openai.com/t/1382699 (2026-06-05): tokens = ceil(q·s·(2,000,000 + W·H) / 4,000,000), q by quality.
# It gives the documented 196, 1756 and 7024 of gpt-image-2 at 1024x1024 and a recorded 120 at 1536x864;
# the steps of 2.5 are those that reproduce fal's thirty prices of it (litellm 1.106.2), checked 2026-11-22.
_STEPS: Mapping[str, Mapping[str, int]] = {
    "gpt-image-2": {"low": 16, "medium": 48, "high": 96},
    "gpt-image-2.5": {"low": 16, "medium": 24, "high": 48, "xhigh": 64, "max": 96},
}
# Sizes with the fewest and the most tokens that gpt-image-2 and later accept: multiples of 16, at most 3:1,
# 655,360 to 8,294,400 pixels.
_EXTREMES = ((1376, 480), (1408, 480), (1424, 480), (1440, 480), (2880, 2880))
# A Responses call also bills its image tool. While the answer does not tell which model the tool used, this bounds it:
# the largest and finest image of gpt-image-2, at its rate. gpt-image-1 is dearer by the token and cheaper by the image.
_TOOL_RATE = Rate(component="image", unit="token", amount=Decimal(30), per=1_000_000)


class ImageSeller(Seller):
    """Know how many output tokens a GPT image takes, and that a text model may call for one."""

    def translate(self, entry: PriceEntry) -> Rates:
        """Return the rates of *entry*; a text model in front of the image tool may cost an image as well."""
        rates = standard_rates(entry)
        return rates if any(rate.component == "image" for rate in rates) else (*rates, _TOOL_RATE)

    def estimate(self, workload: Workload, tariff: Tariff) -> tuple[Estimate, ...]:
        """Return what *workload* consumes: image tokens by the size formula where the entry names one."""
        return tuple(self._refined(one, workload, tariff) for one in standard_estimate(workload, tariff))

    def _refined(self, one: Estimate, workload: Workload, tariff: Tariff) -> Estimate:
        if (one.component, one.unit) == ("image", "token") and (name := tariff.entry.native.get("formula")):
            low, high, why = _by_formula(str(name), workload)
            return Estimate(component="image", unit="token", low=low, high=high, why=why)
        if one.component == "image" and _TOOL_RATE in tariff.rates:
            most = image_tokens_of(step=96, width=2880, height=2880) * (workload.images or 1)
            return Estimate(
                component="image", unit="token", low=0, high=most, why="the dearest image that the image tool makes"
            )
        if one.component == "input" and one.unit == "image_token" and workload.operation == "edit":
            return Estimate(
                component="input", unit=one.unit, low=0, high=None, why="the tokens of the input images are not told"
            )
        return one


class OpenAI(ImageSeller):
    """Send OpenAI's own invoice."""

    def __init__(self, prices: Traversable) -> None:
        """Point at the price file."""
        super().__init__("openai", prices=prices, hosts=("api.openai.com", "eu.api.openai.com", "us.api.openai.com"))

    def recognizes(self, exchange: Exchange) -> bool:
        """Return whether the address or a header that only OpenAI sends shows it; gateways pass headers on."""
        if exchange.url:
            return exchange.host in self.hosts
        headers = exchange.headers
        return bool(headers) and _OWN_HEADER in headers and not any(name in headers for name in _GATEWAY_HEADERS)


class Azure(ImageSeller):
    """Send Microsoft's invoice for an Azure OpenAI resource."""

    def __init__(self, prices: Traversable) -> None:
        """Point at the price file."""
        super().__init__("azure", prices=prices)

    def recognizes(self, exchange: Exchange) -> bool:
        """Return whether the address of a resource or Azure's headers show it."""
        return claims.is_azure_address(exchange) if exchange.url else claims.is_azure_headers(exchange)


def image_tokens_of(*, step: int, width: int, height: int) -> int:
    """Return the output tokens of one image.

    >>> image_tokens_of(step=96, width=1024, height=1024), image_tokens_of(step=96, width=1536, height=1024)
    (7024, 5488)
    """
    short, long = min(width, height), max(width, height)
    scaled = step * ((2 * step * short + long) // (2 * long)) * (2_000_000 + width * height)
    return -(-scaled // 4_000_000)


def _by_formula(name: str, workload: Workload) -> tuple[int, int | None, str]:
    """Return the least and the most tokens of all images of *workload*."""
    steps = _STEPS.get(name, {})
    fitting = [step for quality, step in steps.items() if quality == (workload.quality or "").lower()] or list(
        steps.values()
    )
    match = _SIZE.fullmatch((workload.size or "").strip())
    sides = ((int(match[1]), int(match[2])),) if match else _EXTREMES
    counts = [
        image_tokens_of(step=step, width=width, height=height)
        for step in fitting
        for width, height in sides
        if width and height
    ]
    images = workload.images or 1
    if not counts:
        return 0, None, f"no formula named {name!r}"
    why = f"size formula of {name}" if match else f"size formula of {name} from its smallest to its largest image"
    return images * min(counts), images * max(counts), why
