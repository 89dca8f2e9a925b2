"""Ask the cost libraries of the field what an answer costs, each the way its documentation shows for images."""

from __future__ import annotations

import json
import os
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from benchmarks.peer_cases import MODEL

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["COST_PEERS", "cost_peer"]

_OPENAI_MODEL = "gpt-image-1"
_PER_MTOK = {
    MODEL: {"input_uncached_tokens": "0.50", "output_text_tokens": "3.00", "output_image_tokens": "60.00"},
    _OPENAI_MODEL: {"input_uncached_tokens": "5.00", "input_image_tokens": "10.00", "output_image_tokens": "40.00"},
}
"""List prices, for the peer that ships none (ai.google.dev/gemini-api/docs/pricing and
platform.openai.com/docs/pricing, checked 2026-11-22)."""


def cost_peer(name: str) -> Callable[[bytes, Mapping[str, Any]], object] | None:
    """Return a function of (body, context) that returns dollars or raises; None when the peer is not installed."""
    module, make = COST_PEERS[name]
    return make() if find_spec(module) else None


def _genai_prices() -> Callable[[bytes, Mapping[str, Any]], object]:
    from genai_prices import extract_usage  # noqa: PLC0415  optional

    def price(body: bytes, context: Mapping[str, Any]) -> object:
        answer = json.loads(body)
        if context["provider"] == "gemini":
            return extract_usage(answer, provider_id="google").calc_price().total_price
        answer.setdefault("model", _OPENAI_MODEL)  # the platform does not say it, the library needs it
        return extract_usage(answer, provider_id="openai", api_flavor="images").calc_price().total_price

    return price


def _litellm() -> Callable[[bytes, Mapping[str, Any]], object]:
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")  # else it downloads its prices on import
    import httpx  # noqa: PLC0415
    import litellm  # noqa: PLC0415
    from litellm.llms.gemini.image_generation.transformation import GoogleImageGenConfig  # noqa: PLC0415
    from litellm.types.utils import ImageResponse  # noqa: PLC0415

    reader = GoogleImageGenConfig()
    nothing: dict[str, Any] = {
        "request_data": {},
        "optional_params": {},
        "litellm_params": {},
        "encoding": None,
        "logging_obj": None,
    }

    def price(body: bytes, context: Mapping[str, Any]) -> object:
        if context["provider"] == "gemini":
            read = reader.transform_image_generation_response(
                model=MODEL,
                raw_response=httpx.Response(200, content=body),
                model_response=ImageResponse(),
                **nothing,
            )
            told = {"model": f"gemini/{MODEL}", "custom_llm_provider": "gemini"}
        else:
            answer = json.loads(body)
            read = ImageResponse() if "error" in answer else ImageResponse(**answer)
            told = {"model": _OPENAI_MODEL, "custom_llm_provider": "openai"}
        return litellm.completion_cost(completion_response=read, call_type="image_generation", **told)

    return price


def _runcost() -> Callable[[bytes, Mapping[str, Any]], object]:
    from runcost import from_response  # noqa: PLC0415  optional

    cards = [
        _card("google", "google.gemini.generate_content", MODEL),
        _card("openai", "openai.images", _OPENAI_MODEL),
    ]

    def price(body: bytes, context: Mapping[str, Any]) -> object:
        answer = json.loads(body)
        if context["provider"] == "gemini":
            ledger = from_response(answer, provider="google", price_cards=cards)
        else:
            answer.setdefault("model", _OPENAI_MODEL)
            ledger = from_response(answer, provider="openai", surface="openai.images", price_cards=cards)
        warned = ", ".join(sorted({warning["code"] for warning in ledger["warnings"]}))
        return f"{ledger['total']} ({warned})" if warned else ledger["total"]

    return price


def _card(provider: str, surface: str, model: str) -> dict[str, Any]:
    components = [
        {"usage_component": name, "unit": "token", "price": {"amount": amount, "currency": "USD", "per": "1000000"}}
        for name, amount in _PER_MTOK[model].items()
    ]
    source = {"name": "list price", "url": "https://ai.google.dev/gemini-api/docs/pricing"}
    return {
        "schema_version": "1.0",
        "id": f"{provider}:{model}",
        "provider": provider,
        "surface": surface,
        "model": model,
        "components": components,
        "source": {**source, "retrieved_at": "2026-11-22T00:00:00Z"},
    }


COST_PEERS: Mapping[str, tuple[str, Callable[[], Callable[[bytes, Mapping[str, Any]], object]]]] = {
    "genai-prices": ("genai_prices", _genai_prices),
    "litellm": ("litellm", _litellm),
    "runcost-ai": ("runcost", _runcost),
}
"""The module of each peer and what makes its function."""
