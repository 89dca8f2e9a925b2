"""Decide the answers on which cost libraries were compared: the ones they get wrong are the reason to exist."""

from __future__ import annotations

from decimal import Decimal

import pytest

from benchmarks.peer_cases import CASES, GOOGLE, gemini
from policyengine import Engine

WAIVER = "Unable to show the generated image. You will not be charged for this request."


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine.load()


@pytest.mark.parametrize("case", CASES)
def test_the_charge_is_what_is_known_and_no_more(engine: Engine, case: str) -> None:
    body, context, low, high = CASES[case]

    charge = engine.evaluate(body, **context).charge

    assert charge.low == Decimal(low)
    assert charge.high == (None if high is None else Decimal(high))


@pytest.mark.parametrize("case", CASES)
def test_the_charge_has_a_reason(engine: Engine, case: str) -> None:
    body, context, _, _ = CASES[case]

    verdict = engine.evaluate(body, **context)

    assert any(step.decision == "bill" and step.evidence for step in verdict.trail)


def test_the_waiver_is_read_only_in_the_platforms_own_field(engine: Engine) -> None:
    in_text = gemini(
        {"promptTokenCount": 300, "candidatesTokenCount": 20, "totalTokenCount": 320},
        content={"parts": [{"text": WAIVER}]},
        finishReason="STOP",
    )

    verdict = engine.evaluate(in_text, **GOOGLE)

    assert (verdict.bill.input, verdict.bill.text) == ("charged", "charged")


def test_the_two_waivers_have_two_subjects(engine: Engine) -> None:
    images_only = "The image was filtered out. You will not be charged for blocked images."
    body = gemini(
        {"promptTokenCount": 464, "thoughtsTokenCount": 291, "totalTokenCount": 755},
        finishReason="IMAGE_SAFETY",
        finishMessage=images_only,
    )

    verdict = engine.evaluate(body, **GOOGLE)

    assert (verdict.bill.input, verdict.bill.image) == ("unknown", "free")
    assert verdict.charge.high == Decimal("0.001105")
