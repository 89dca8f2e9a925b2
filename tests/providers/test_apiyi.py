"""APIYI: the same Gemini answer is billed by the token or by the call, as the key was made."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from policyengine.engine import Engine

if TYPE_CHECKING:
    from policyengine.verdict import Verdict

PRO = "gemini-3-pro-image"
# Shape: https://docs.apiyi.com/en/api-capabilities/nano-banana-usage-metadata
REFUSAL: dict[str, object] = {
    "candidates": [{"content": {"parts": None}, "finishReason": "IMAGE_SAFETY", "index": 0}],
    "usageMetadata": {
        "promptTokenCount": 500,
        "candidatesTokenCount": 0,
        "thoughtsTokenCount": 300,
        "totalTokenCount": 800,
    },
}


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine.load()


def verdict_of(engine: Engine, body: object, *, mode: str | None = None, **context: object) -> Verdict:
    account = {"mode": mode} if mode else None
    known = {"provider": "gemini", "seller": "apiyi", "model": PRO, "account_facts": account}
    return engine.evaluate(body, **{**known, **context})


def test_refusal_costs_a_whole_call(engine: Engine) -> None:
    verdict = verdict_of(engine, REFUSAL, mode="per-call", http_status=200)

    assert verdict.bill.values() == {"input": "na", "text": "na", "image": "na", "request": "charged"}
    assert (verdict.charge.low, verdict.charge.high) == (Decimal("0.09"), Decimal("0.09"))


def test_refused_call_can_be_claimed_back(engine: Engine) -> None:
    assert "reimbursement" in verdict_of(engine, REFUSAL, mode="per-call").bill.recourse[0]


def test_refusal_costs_its_tokens(engine: Engine) -> None:
    verdict = verdict_of(engine, REFUSAL, mode="per-token", http_status=200)

    assert verdict.bill.values() == {"input": "charged", "text": "charged", "image": "free", "request": "na"}
    assert verdict.charge.low == Decimal("0.01628")
    assert verdict.bill.recourse == ()


def test_key_that_is_not_told_leaves_the_bill_conditional(engine: Engine) -> None:
    verdict = verdict_of(engine, REFUSAL, http_status=200)

    assert (verdict.bill.input, verdict.bill.image, verdict.bill.request) == ("conditional", "free", "conditional")
    assert verdict.bill.on == ("account.mode",)
    assert (verdict.charge.low, verdict.charge.high) == (Decimal("0.01628"), Decimal("0.09"))


def test_refusal_without_usage_does_not_tell_of_the_image(engine: Engine) -> None:
    body = {"candidates": [{"content": {"parts": None}, "finishReason": "PROHIBITED_CONTENT"}]}

    assert verdict_of(engine, body, mode="per-token", http_status=200).bill.image == "unknown"


@pytest.mark.parametrize("http_status", [400, 403, 429, 503])
def test_statuses_that_apiyi_does_not_bill(engine: Engine, http_status: int) -> None:
    verdict = verdict_of(engine, {"error": {"code": http_status, "message": "x"}}, http_status=http_status)

    assert set(verdict.bill.values().values()) == {"free"}


def test_nobody_says_what_a_server_error_costs(engine: Engine) -> None:
    verdict = verdict_of(engine, {"error": {"code": 500, "message": "x"}}, http_status=500)

    assert set(verdict.bill.values().values()) == {"unknown"}


def test_client_that_hangs_up_pays_the_call(engine: Engine) -> None:
    verdict = verdict_of(engine, None, mode="per-call", transport_error="ReadTimeout")

    assert (verdict.bill.request, verdict.charge.low) == ("charged", Decimal("0.09"))


def test_client_that_never_connected_is_not_charged_for_sure(engine: Engine) -> None:
    assert verdict_of(engine, None, mode="per-call", transport_error="ConnectTimeout").bill.request == "unknown"


def test_same_answer_is_rebilled_for_another_key(engine: Engine) -> None:
    verdict = verdict_of(engine, REFUSAL, mode="per-token", http_status=200)

    rebilled = engine.rebill(verdict, seller="apiyi", account_facts={"mode": "per-call"})

    assert rebilled.charge.low == Decimal("0.09")


def test_host_shows_the_seller(engine: Engine) -> None:
    url = "https://api.apiyi.com/v1beta/models/gemini-3-pro-image:generateContent"

    assert engine.evaluate(REFUSAL, provider="gemini", url=url, http_status=200).facts.seller == "apiyi"
