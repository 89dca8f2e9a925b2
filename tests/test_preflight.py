"""Test the advice before a call: every rule that matches is heard, and the quote bounds what the call costs."""

from __future__ import annotations

import json
import pickle
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policyengine import Engine, Request
from policyengine.errors import AccountError, DialectError, InputError
from policyengine.request import completed
from policyengine.rules.conditions import holds

if TYPE_CHECKING:
    from collections.abc import Callable

    from policyengine.preflight import Preflight

    Load = Callable[[dict[str, str]], Engine]

RULES = """\
decision = "preflight"

[[rule]]
id = "toy.short"
title = "Too short"
when.words.lt = 30
then = { severity = "warning", advice = "say more", failure_reduction_percent = 40 }
[[rule.evidence]]
basis = "reported"
source = "https://toy.test/tips"
quote = "30 words"
checked = 2026-06-01

[[rule]]
id = "toy.papers"
title = "Papers"
when.terms = ["passport", "identity card"]
then = { severity = "critical", advice = "no papers" }

[[rule]]
id = "toy.on-trial"
title = "On trial"
status = "experimental"
when.words.lt = 5
then = { severity = "info", advice = "x" }

[[rule]]
id = "toy.summer"
title = "A summer's rule"
from = 2026-06-01
until = 2026-09-01
then = { severity = "info", advice = "mind the heat" }
"""
WINTER = datetime(2026, 12, 1, tzinfo=UTC)
SUMMER = datetime(2026, 7, 1, tzinfo=UTC)


@pytest.fixture
def advised(engine_with: Load, toy_files: dict[str, str]) -> Engine:
    return engine_with({**toy_files, "preflight.toml": RULES})


def rules_of(done: Preflight) -> list[str]:
    return [one.step.rule for one in done.advice]


def toy(**told: object) -> Request:
    known = {"provider": "toy", "seller": "toy-inc", "model": "toy-1", "size": "1K", "at": WINTER, **told}
    return Request(**known)  # type: ignore[arg-type]  # one of several fields


def test_every_rule_that_matches_is_heard_the_most_severe_first(advised: Engine) -> None:
    done = advised.preflight(toy(prompt="A passport", at=SUMMER))

    assert rules_of(done) == ["toy.papers", "toy.short", "toy.summer"]
    assert done.is_critical


def test_nothing_is_said_where_no_rule_matches(advised: Engine) -> None:
    done = advised.preflight(toy(words=30))

    assert (done.advice, done.is_critical) == ((), False)


def test_advice_carries_severity_reduction_and_evidence(advised: Engine) -> None:
    (advice,) = advised.preflight(toy(words=29)).advice

    assert (advice.severity, advice.advice, advice.failure_reduction_percent) == ("warning", "say more", 40)
    assert advice.step.evidence[0].source == "https://toy.test/tips"
    assert (advice.step.file.endswith("preflight.toml"), advice.step.line) == (True, 3)


def test_rules_on_trial_are_told_apart(advised: Engine) -> None:
    done = advised.preflight(toy(words=3))

    assert rules_of(done) == ["toy.short"]
    assert [step.rule for step in done.experimental] == ["toy.on-trial"]


def test_a_rule_of_the_team_stands_in_for_another_and_disables_one(
    engine_with: Load, toy_files: dict[str, str]
) -> None:
    ours = """\
        decision = "preflight"
        disable = ["preflight.large-reference"]
        [[rule]]
        id = "ours.longer"
        title = "Longer"
        replace = "preflight.too-short"
        when.words.lt = 50
        then = { severity = "info", advice = "say much more" }
    """
    engine = engine_with({**toy_files, "preflight.toml": ours})

    done = engine.preflight(toy(model="a-gemini-model", words=20, input_megapixels=20.0))

    assert rules_of(done) == ["ours.longer"]


def test_words_that_cannot_be_counted_are_said_to_be_unknown(advised: Engine) -> None:
    done = advised.preflight(toy(prompt="一只橙色的猫"))

    assert done.request.words is None
    assert rules_of(done) == []
    assert [warning.code for warning in done.warnings] == ["words_unknown"]


def test_the_prompt_is_not_kept(advised: Engine) -> None:
    done = advised.preflight(toy(prompt="A secret passport"))

    assert (done.request.prompt, done.request.terms, done.request.words) == (None, (), 3)
    assert b"secret" not in done.to_json()


def test_the_quote_runs_from_a_failure_to_a_success(advised: Engine) -> None:
    quote = advised.preflight(toy(input_tokens=1000)).quote

    by_end = {(one.outcome, one.stage): (one.charge.low, one.charge.high) for one in quote.failures}
    assert (quote.success.charge.low, quote.success.charge.high) == (Decimal("0.0414"), Decimal("0.0414"))
    assert by_end["blocked", "output"] == (Decimal("0.001"), Decimal("0.0014"))
    assert by_end["declined", "generation"] == (Decimal(0), Decimal("0.0414"))
    assert (quote.low, quote.high) == (Decimal(0), Decimal("0.0414"))
    assert quote.assumed == ("200 tokens of text and thinking",)


def test_the_prompt_bounds_its_tokens_unless_a_reference_image_goes_along(advised: Engine) -> None:
    text = advised.preflight(toy(prompt="twelve bytes", has_input_image=False)).quote
    unsure = advised.preflight(toy(prompt="twelve bytes")).quote
    image = advised.preflight(toy(prompt="twelve bytes", has_input_image=True)).quote

    assert text.high == unsure.high == Decimal("0.040412")
    assert ("no reference image" in unsure.assumed, "no reference image" in text.assumed) == (True, False)
    assert image.high is None
    assert "no reference image" not in (*image.assumed, *advised.preflight(toy(words=3)).quote.assumed)


def test_a_failure_delivers_no_image_to_charge(engine_with: Load, toy_files: dict[str, str]) -> None:
    bill = 'decision = "bill"\nseller = "toy-inc"\n[[rule]]\nid = "a"\ntitle = "A"\nthen = { image = "charged", '
    free = 'input = "free", text = "free" }\n'
    engine = engine_with({**toy_files, "bill/toy-inc.toml": bill + free})

    assert [one.charge.high for one in engine.preflight(toy(n=2)).quote.failures] == [0, 0, 0]


def test_several_images_are_quoted_together(advised: Engine) -> None:
    one, three = (advised.preflight(toy(n=n, input_tokens=0)).quote.success.charge.low for n in (1, 3))

    assert three - one == Decimal("0.08")


def test_the_area_of_a_reference_image_is_priced_where_the_tariff_does(
    engine_with: Load, toy_files: dict[str, str]
) -> None:
    prices = """\
        seller = "toy-inc"
        [[price]]
        model = "toy-1"
        per_megapixel = { first = "0.03", input = "0.01" }
        source = "https://toy.test/pricing"
        checked = 2026-06-01
    """
    engine = engine_with({**toy_files, "prices/toy-inc.toml": prices})

    def high(**told: object) -> Decimal | None:
        return engine.preflight(toy(size="1024x1024", **told)).quote.high

    assert high(has_input_image=False) == Decimal("0.03")
    assert high(input_megapixels=2.2) == Decimal("0.06")


def test_a_seller_that_nobody_told_is_assumed_and_said(advised: Engine) -> None:
    done = advised.preflight(Request(provider="toy", model="toy-1"))

    assert done.quote.seller == done.request.seller == "toy-inc"
    assert [warning.code for warning in done.warnings] == ["seller_assumed"]


def test_a_seller_without_rules_and_prices_is_said(advised: Engine) -> None:
    done = advised.preflight(Request(seller="toy-icn", model="toy-1"))

    assert "did you mean 'toy-inc'" in done.warnings[0].message
    assert done.quote.high is None


def test_without_provider_and_seller_nothing_is_quoted(advised: Engine) -> None:
    done = advised.preflight(Request(prompt="a passport"))

    assert rules_of(done)[0] == "toy.papers"
    assert (done.quote.low, done.quote.high, done.warnings) == (Decimal(0), None, ())
    assert "What it costs: not known; tell provider or seller" in done.explain()


def test_an_account_tells_seller_and_facts(engine_with: Load, toy_files: dict[str, str]) -> None:
    accounts = '[account.ours]\nseller = "toy-inc"\nmode = "per-call"\n'
    rules = 'decision = "preflight"\n[[rule]]\nid = "a"\ntitle = "A"\nwhen.account.mode = "per-call"\n'
    then = 'then = { severity = "info", advice = "x" }\n'
    engine = engine_with({**toy_files, "accounts.toml": accounts, "preflight.toml": rules + then})

    done = engine.preflight(Request(model="toy-1"), account="ours")

    assert (done.quote.seller, rules_of(done)) == ("toy-inc", ["a"])
    with pytest.raises(AccountError, match="did you mean 'ours'"):
        engine.preflight(Request(), account="our")


def test_a_provider_that_nobody_ships_is_refused(advised: Engine) -> None:
    with pytest.raises(DialectError, match="did you mean 'toy'"):
        advised.preflight(Request(provider="tyo"))


def test_a_request_of_wrong_types_is_refused(advised: Engine) -> None:
    with pytest.raises(InputError, match="words"):
        advised.preflight(toy(words="three"))
    with pytest.raises(InputError, match="provider"):
        advised.preflight(toy(provider=["toy"]))


def test_the_advice_in_words_names_rule_place_evidence_and_cost(advised: Engine) -> None:
    told = advised.preflight(toy(words=3, input_tokens=1000)).explain()

    assert "A call of toy-1, invoiced by toy-inc\n  1 image, 3 words, size 1K" in told
    assert "  warning: Too short  [toy.short, " in told
    assert "say more; 40 % fewer failures are claimed" in told
    assert 'reported: "30 words" https://toy.test/tips (checked 2026-06-01)' in told
    assert "What it costs: from $0.00 if it fails to $0.0414 if it succeeds" in told
    assert "On trial, saying nothing:\n  On trial  [toy.on-trial" in told


def test_as_json_it_holds_both_ends(advised: Engine) -> None:
    done = advised.preflight(toy(words=3, input_tokens=1000))

    written = json.loads(done.to_json())

    assert (written["low"], written["high"]) == ("0", "0.041400000000")
    assert written["advice"][0]["step"]["rule"] == "toy.short"
    assert written["fingerprint"] == advised.fingerprint


def test_an_engine_advises_alike_after_pickling(advised: Engine) -> None:
    again = pickle.loads(pickle.dumps(advised))  # noqa: S301  our own

    assert again.preflight(toy(words=3)) == advised.preflight(toy(words=3))


BUNDLED = Engine.load().policy.rules.deciding("preflight")
WORDS = (
    "Remove",
    "the",
    "passport",
    "ID",
    "card",
    "driver's",
    "license",
    "boy",
    "naked",
    "Mickey",
    "mouse",
    "猫",
    "身份证",
    "-",
)
PROMPTS = st.lists(st.sampled_from(WORDS), max_size=40).map(" ".join)


@given(
    st.builds(
        Request,
        provider=st.sampled_from([None, "gemini", "toy"]),
        model=st.sampled_from([None, "google/GEMINI-3", "toy-1"]),
        prompt=st.none() | PROMPTS,
        input_tokens=st.sampled_from([None, 0, 9_999, 10_000]),
        input_megapixels=st.sampled_from([None, 0.5, 8.0]),
    )
)
def test_the_compiled_rules_match_as_their_conditions_hold(request_: Request) -> None:
    whole = completed(request_)

    assert BUNDLED.matching(whole) == [rule for rule in BUNDLED.rules if holds(rule.condition, whole)]
