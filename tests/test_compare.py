"""Test that every seller and every class of failure is compared, at the price of one same piece of work."""

from __future__ import annotations

from collections import Counter
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING

import msgspec
import pytest

from policyengine import Engine
from policyengine.comparison import (
    STANDARD_WORK,
    Row,
    compare,
    evaluate_scenario,
    prices_checked,
    sellers_of,
    usual_model,
)
from policyengine.vocabulary import OUTCOMES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from policyengine.verdict import Verdict

    Load = Callable[[Mapping[str, str]], Engine]

DAY = date(2026, 11, 24)


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine.load()


@pytest.fixture(scope="module")
def rows(engine: Engine) -> list[Row]:
    return compare(engine, day=DAY)


def shown(rows: list[Row], seller: str, sample: str) -> Row:
    """Return the row that *sample* is part of."""
    (found,) = (row for row in rows if row.seller == seller and sample in row.samples)
    return found


def test_every_dialect_with_scenarios_is_compared(engine: Engine, rows: list[Row]) -> None:
    expected = {
        dialect.name
        for provider in engine.plugins.providers.values()
        for dialect in provider.dialects
        if provider.scenarios(dialect.name)
    }

    assert {sample.partition("/")[0] for row in rows for sample in row.samples} == expected


def test_every_seller_is_compared(engine: Engine, rows: list[Row]) -> None:
    assert {row.seller for row in rows} == set(engine.policy.prices.sellers)


def test_every_class_that_a_dialect_can_show_has_a_row_at_each_of_its_sellers(engine: Engine, rows: list[Row]) -> None:
    """What its rules can decide is what a platform can answer, whether a scenario shows it or not."""
    listed = {(row.seller, row.outcome, row.stage, name.partition("/")[0]) for row in rows for name in row.samples}

    for provider in engine.plugins.providers.values():
        for dialect in provider.dialects:
            classes = {
                (rule.rule.then.outcome, rule.rule.then.stage)
                for rule in engine.policy.rules.deciding("classify", dialect.name).rules
            }
            for seller in sellers_of(engine, dialect, provider.scenarios(dialect.name)):
                missing = [
                    one
                    for one in classes
                    if one[0] not in ("pending", "delivered", "unrecognized")
                    and (seller, *one, dialect.name) not in listed
                ]
                assert missing == [], f"{dialect.name} at {seller}"


def test_each_sample_stands_in_one_row_of_a_seller(rows: list[Row]) -> None:
    counted = Counter((row.seller, sample) for row in rows for sample in row.samples)

    assert [sample for sample, times in counted.items() if times > 1] == []


def test_samples_of_one_class_that_are_billed_alike_share_a_row(rows: list[Row]) -> None:
    found = shown(rows, "bfl", "bfl/invalid-image")

    assert "bfl/invalid-parameter" in found.samples
    assert found.titles == ("The input image could not be read", "A parameter is out of range")


def test_samples_of_one_class_that_are_billed_otherwise_stay_apart(rows: list[Row]) -> None:
    maybe, free = shown(rows, "fal", "fal/prompt-flagged"), shown(rows, "fal", "fal/prompt-flagged-unbilled")

    assert (maybe.outcome, maybe.stage) == (free.outcome, free.stage) == ("blocked", "prompt")
    assert (maybe.high, free.high) == (Decimal("0.025"), Decimal(0))


def test_platforms_stand_together_the_dearest_failure_first_and_what_came_last(rows: list[Row]) -> None:
    platforms = [row.platform for row in rows]
    assert platforms == sorted(platforms)

    for before, after in pairwise(rows):
        if before.platform != after.platform:
            continue
        assert came(before) <= came(after)
        if came(before) == came(after):
            assert before.high is None or (after.high is not None and before.high >= after.high)


def came(row: Row) -> int:
    return {"partial": 1, "delivered": 2}.get(row.outcome, 0)


def test_no_scenario_goes_unrecognized(engine: Engine, rows: list[Row]) -> None:
    listed = {sample for row in rows for sample in row.samples}

    for provider in engine.plugins.providers.values():
        for dialect in provider.dialects:
            for scenario in provider.scenarios(dialect.name):
                verdict = evaluate_scenario(engine, dialect, scenario)
                assert verdict.outcome != "unrecognized", f"{dialect.name}/{scenario.name}"
                assert (f"{dialect.name}/{scenario.name}" in listed) == verdict.final
    assert {row.outcome for row in rows} <= {*OUTCOMES} - {"pending", "unrecognized"}


def test_a_free_failure_costs_nothing_and_no_share(rows: list[Row]) -> None:
    for row in rows:
        if set(row.bill.values().values()) <= {"free", "na"}:
            assert row.low == row.high == Decimal(0)
            assert row.share == (Decimal(0), Decimal(0))


def test_an_unknown_component_never_becomes_a_confident_zero(rows: list[Row]) -> None:
    for row in rows:
        if row.bill.image == "unknown" and row.success:
            assert row.high is None or row.high > 0


def test_a_failure_costs_no_more_than_a_success(rows: list[Row]) -> None:
    dearer = [
        f"{row.seller}/{row.samples[0]}: {row.high} of {row.success}"
        for row in rows
        if not came(row) and row.success and row.high is not None and row.high > row.success
    ]

    assert dearer == []


def test_the_same_answer_is_billed_by_every_seller_that_passes_it_on(rows: list[Row]) -> None:
    sellers = {row.seller for row in rows for sample in row.samples if sample.startswith("gemini-api/")}

    assert sellers == {"google-ai", "apiyi"}


def test_a_gateway_that_names_its_dialects_is_guessed_for_no_others(rows: list[Row]) -> None:
    dialects = {sample.partition("/")[0] for row in rows if row.seller == "apiyi" for sample in row.samples}

    assert dialects == {"gemini-api", "gemini-openai"}


def test_the_evidence_is_the_best_of_the_component_that_rests_on_the_weakest(rows: list[Row]) -> None:
    """The image is free by the answer's own words; of the prompt nobody says anything."""
    found = shown(rows, "google-ai", "gemini-api/image-safety-waived")

    assert (found.bill.image, found.bill.input) == ("free", "unknown")
    assert found.evidence is not None
    assert (found.evidence.basis, found.evidence.checked) == ("inferred", date(2026, 11, 22))


def test_there_is_no_evidence_where_a_component_rests_on_nothing(rows: list[Row]) -> None:
    """What fal's pages say of flagged images speaks for the opposite of what the rule says."""
    assert shown(rows, "fal", "fal/flagged").evidence is None


def test_a_stated_rule_is_no_notice_unless_the_answer_says_so(engine_with: Load, toy_files: dict[str, str]) -> None:
    classes = """
[[rule]]
id = "toy.told"
title = "Blocked, and the answer says that it is free"
when.code = "told"
then = { outcome = "blocked", stage = "output" }
[[rule.example]]
given = { code = "told", message = "Sorry. Blocked images are free." }

[[rule]]
id = "toy.untold"
title = "Blocked, and the answer says nothing"
when.code = "untold"
then = { outcome = "blocked", stage = "prompt" }
[[rule.example]]
given = { code = "untold", message = "Sorry." }
"""
    toy = engine_with({**toy_files, "classify/toy.toml": toy_files["classify/toy.toml"] + classes})

    notices = {row.stage: row.notice for row in compare(toy, day=DAY) if row.seller == "toy-inc"}

    assert notices["output"] == "blocked images are free"
    assert notices["prompt"] is None


def test_a_notice_is_a_sentence_of_the_answer_itself(rows: list[Row]) -> None:
    assert (
        shown(rows, "google-ai", "gemini-api/image-safety-waived").notice
        == "You will not be charged for blocked images"
    )
    assert shown(rows, "google-ai", "gemini-api/image-safety").notice is None


@pytest.mark.parametrize(
    ("seller", "sample", "rate_limit", "basis"),
    [
        ("google-ai", "gemini-api/server-error", "counted", "official"),
        ("google-ai", "gemini-api/image-safety", "counted", "reported"),
        ("openai", "openai-images/throttled", "counted", "official"),
        ("azure", "openai-images/throttled", "unknown", None),
        ("google-ai", "gemini-api/delivered", "na", None),
    ],
)
def test_the_seller_says_what_counts_toward_rate_limits(
    rows: list[Row], seller: str, sample: str, rate_limit: str, basis: str | None
) -> None:
    found = shown(rows, seller, sample)

    assert found.rate_limit == rate_limit
    assert (found.rate_limit_evidence and found.rate_limit_evidence.basis) == basis


@pytest.mark.parametrize(
    ("seller", "sample", "state", "setting"),
    [
        ("google-ai", "gemini-api/prompt-block", "adjustable", "safetySettings"),
        ("google-ai", "gemini-api/image-safety", "fixed", None),
        ("bfl", "bfl/content-moderated", "adjustable", "safety_tolerance"),
        ("together", "together/flagged", "adjustable", "disable_safety_checker = true"),
        ("replicate", "replicate/sensitive", "unknown", None),
        ("bfl", "bfl/invalid-key", "na", None),
    ],
)
def test_the_seller_says_what_a_setting_changes(
    rows: list[Row], seller: str, sample: str, state: str, setting: str | None
) -> None:
    found = shown(rows, seller, sample)

    assert (found.filter, found.bill.setting) == (state, setting)
    assert (found.filter_evidence is not None) == (state in ("adjustable", "fixed"))


def test_a_larger_image_makes_a_dearer_success(engine: Engine, rows: list[Row]) -> None:
    large = compare(engine, msgspec.structs.replace(STANDARD_WORK, size="4096x4096"), day=DAY)

    small_cost, large_cost = (shown(found, "google-ai", "interactions/delivered").success for found in (rows, large))

    assert small_cost is not None
    assert large_cost is not None
    assert large_cost > small_cost


def test_prices_are_those_of_the_day(engine: Engine, rows: list[Row]) -> None:
    """gpt-image-2 is sold from 2026-04-21 on."""
    before = shown(compare(engine, day=date(2026, 4, 20)), "openai", "openai-images/blocked-prompt")
    after = shown(rows, "openai", "openai-images/blocked-prompt")

    assert (before.high, before.share) == (None, None)
    assert (after.low, after.high, after.success) == (Decimal(0), Decimal("0.05318"), Decimal("0.05318"))


def test_a_model_that_nobody_sells_is_priced_as_the_usual_one(rows: list[Row]) -> None:
    found = shown(rows, "google-ai", "gemini-batch/unreachable")

    assert found.models == ("gemini-3.1-flash-image",)
    assert found.success is not None


def test_the_usual_model_is_the_one_that_most_deliveries_name(engine: Engine) -> None:
    def verdict(model: str | None, images: int) -> Verdict:
        body = {"data": [{"b64_json": "AAAA"}] * images} if images else {"error": {"code": "moderation_blocked"}}
        return engine.evaluate(body, dialect="openai-images", model=model, http_status=200 if images else 400)

    assert usual_model([verdict("b", 1), verdict("a", 1), verdict("a", 1), verdict("b", 0), verdict("b", 0)]) == "a"
    assert usual_model([verdict("b", 1), verdict("a", 1), verdict("a", 0)]) == "a"
    assert usual_model([verdict(None, 1)]) is None


def test_the_day_of_the_newest_price_is_a_day_of_the_price_files(engine: Engine) -> None:
    days = {entry.checked for _, _, entry in engine.policy.prices.entries()}

    assert prices_checked(engine) == max(days)
