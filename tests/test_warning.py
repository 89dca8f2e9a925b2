from __future__ import annotations

import pytest

from policyengine import Engine, Facts, UsageRow


def facts(**told: object) -> Facts:
    return Facts(provider="openai", dialect="openai-images", seller="openai", model="gpt-image-2", **told)  # type: ignore[arg-type]  # a table of facts


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine.load()


def test_a_tier_without_a_price_is_told(engine: Engine) -> None:
    verdict = engine.decide(facts(tier="priority", images_delivered=1), [UsageRow("image", "token", 196)])

    assert "tier_unpriced" in [warning.code for warning in verdict.warnings]


def test_a_priced_tier_is_no_matter(engine: Engine) -> None:
    verdict = engine.decide(facts(tier="batch", images_delivered=1), [UsageRow("image", "token", 196)])

    assert "tier_unpriced" not in [warning.code for warning in verdict.warnings]


def test_usage_that_the_answer_does_not_tell_is_told(engine: Engine) -> None:
    verdict = engine.decide(facts(http_status=200, images_delivered=1, quality="low", size="1024x1024"))

    assert "usage_missing" in [warning.code for warning in verdict.warnings]
