"""Nested and huge error texts neither raise in an OpenAI dialect nor make it count wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from policyengine.exchange import Exchange
from policyengine_openai import policyengine_provider

if TYPE_CHECKING:
    from policyengine.provider import Dialect

PROVIDER = policyengine_provider()


def check(dialect: Dialect, exchange: Exchange) -> None:
    dialect.recognizes(exchange)
    dialect.split(exchange.body)
    facts, rows = dialect.normalize(exchange)
    counted = {
        name: sum(row.quantity for row in rows if row.component == name and "token" in row.unit)
        for name in ("input", "text", "image")
    }

    assert counted == {
        "input": facts.input_tokens or 0,
        "text": facts.text_tokens or 0,
        "image": facts.image_tokens or 0,
    }
    assert all(row.quantity >= 0 for row in rows)


@pytest.mark.parametrize("dialect", PROVIDER.dialects, ids=lambda dialect: dialect.name)
@pytest.mark.parametrize("key", ["error", "response", "metadata", "raw", "body", "data", "event"])
def test_deep_nesting_is_translated(dialect: Dialect, key: str) -> None:
    deep: object = {"message": "end", "custom_id": "c"}
    for _ in range(3000):
        deep = {key: deep, "custom_id": "c", "response": None if key != "response" else deep}

    check(dialect, Exchange(body={"error": deep} if key in ("metadata", "raw") else deep))


@pytest.mark.parametrize("dialect", PROVIDER.dialects, ids=lambda dialect: dialect.name)
def test_huge_message_is_translated(dialect: Dialect) -> None:
    check(dialect, Exchange(body={"error": {"message": "{" * 1_000_000 + "safety_violations=[" + "a," * 100_000}}))
