"""Together: images and errors in OpenAI's envelopes, and what nobody says of their cost."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from policyengine.engine import Engine
from policyengine.exchange import Exchange
from policyengine.provider import Claim
from policyengine_flux import policyengine_provider
from policyengine_flux.together import Together

if TYPE_CHECKING:
    from policyengine.facts import Facts
    from policyengine.provider import Scenario
    from policyengine.verdict import Verdict

PROVIDER = policyengine_provider()
DIALECT = next(dialect for dialect in PROVIDER.dialects if isinstance(dialect, Together))
SCENARIOS = PROVIDER.scenarios("together")
DEV = "black-forest-labs/FLUX.1-dev"


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine.load()


def facts_of(body: object, **context: object) -> Facts:
    return DIALECT.normalize(Exchange.of(body, **context))[0]


def verdict_of(engine: Engine, body: object, **context: object) -> Verdict:
    return engine.evaluate(body, dialect="together", seller="together", **context)


def error(message: str, **told: object) -> dict[str, object]:
    return {"error": {"message": message, **told}}


def images(number: int) -> dict[str, object]:
    listed = [{"index": index, "type": "url", "url": "https://example.com/a.png"} for index in range(number)]
    return {"id": "o", "model": DEV, "object": "list", "data": listed}


@pytest.mark.parametrize(
    ("body", "http_status", "outcome", "stage"),
    [
        (images(1), 200, "delivered", "none"),
        (images(0), 200, "declined", "generation"),
        ({"object": "list", "data": [{"index": 0, "b64_json": ""}]}, 200, "declined", "generation"),
        (error("The prompt was flagged by the safety checker"), 422, "blocked", "prompt"),
        (error("The generated image contains NSFW content"), 422, "blocked", "output"),
        (error("NSFW content detected"), 422, "blocked", "unknown"),
        (error("no", code="content_policy_violation"), 400, "blocked", "unknown"),
        (error("Bad Request"), 400, "rejected", "admission"),
        (error("no", type="invalid_request_error", param="width"), None, "rejected", "admission"),
        (error("no", code="model_not_available"), 404, "rejected", "admission"),
        (error("no", code="invalid_api_key"), 401, "denied", "admission"),
        (error("Credit limit exceeded"), 402, "exhausted", "admission"),
        (error("The engine is overloaded"), 503, "throttled", "admission"),
        (error("no", type="rate_limit_error"), None, "throttled", "admission"),
        (error("no", type="server_error"), 500, "failed", "unknown"),
        (error("no"), 503, "failed", "unknown"),
        (error("no"), None, "unrecognized", "unknown"),
    ],
)
def test_answers_are_told_apart(
    engine: Engine, body: object, http_status: int | None, outcome: str, stage: str
) -> None:
    verdict = verdict_of(engine, body, http_status=http_status)

    assert (verdict.outcome, verdict.stage) == (outcome, stage)


def test_fewer_images_than_asked_for_are_a_part(engine: Engine) -> None:
    assert verdict_of(engine, images(3), http_status=200, request={"n": 4}).outcome == "partial"


def test_error_names_its_parts() -> None:
    facts = facts_of({"id": "o", **error("no", type="invalid_request_error", param="width", code=7)})

    assert (facts.code, facts.error_type, facts.param, facts.request_id) == ("7", "invalid_request_error", "width", "o")


def test_images_are_priced_by_the_size_asked_for(engine: Engine) -> None:
    request = {"model": DEV, "prompt": "x", "width": 1920, "height": 1080, "n": 2}

    verdict = verdict_of(engine, images(2), http_status=200, request=request)

    assert (verdict.bill.image, verdict.charge.low, verdict.charge.high) == (
        "charged",
        Decimal("0.1"),
        Decimal("0.1"),
    )


@pytest.mark.parametrize("http_status", [400, 401, 402, 422, 429, 500, 503])
def test_failures_stay_unknown_whoever_guesses(engine: Engine, http_status: int) -> None:
    verdict = verdict_of(engine, error("no"), http_status=http_status)

    assert (verdict.bill.input, verdict.bill.text, verdict.bill.image) == ("na", "na", "unknown")


def test_opposing_evidence_is_shown(engine: Engine) -> None:
    step = next(step for step in verdict_of(engine, error("no"), http_status=400).trail if step.component == "image")

    assert "free" in {evidence.supports for evidence in step.evidence}


@pytest.mark.parametrize(
    ("body", "context", "claim"),
    [
        (images(1), {}, Claim.CERTAIN),
        ({"created": 1, "data": [{"url": "a"}]}, {}, Claim.NO),
        (error("no"), {}, Claim.NO),
        (error("no"), {"provider": "flux"}, Claim.SHAPE),
        (error("no"), {"seller": "together"}, Claim.SHAPE),
        (error("no"), {"url": "https://api.together.xyz/v1/images/generations"}, Claim.CERTAIN),
        ({"error": "text"}, {"provider": "flux"}, Claim.NO),
    ],
)
def test_envelope_of_half_the_world_is_claimed_with_care(body: object, context: dict[str, str], claim: Claim) -> None:
    assert DIALECT.recognizes(Exchange.of(body, **context)) is claim


def test_error_that_names_together_s_pages_is_claimed() -> None:
    body = error("Invalid API key provided. You can find it at https://api.together.xyz/settings/api-keys.")

    assert DIALECT.recognizes(Exchange.of(body)) is Claim.CERTAIN


@pytest.mark.parametrize("scenario", [one for one in SCENARIOS if one.body is not None], ids=lambda one: one.name)
def test_scenarios_are_recognized_where_the_provider_is_named(engine: Engine, scenario: Scenario) -> None:
    exchange = Exchange.of(scenario.body, http_status=scenario.http_status, provider="flux")

    assert engine.dialect_of(exchange).name == "together"
