"""Test the engine as a whole: who is asked, who invoices, and what happens when a plugin or a caller errs."""

from __future__ import annotations

import json
import pickle
import traceback
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal, FloatOperation, Inexact, localcontext
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policyengine.errors import DialectError, InputError, PolicyEngineError
from policyengine.facts import Facts, UsageRow

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from policyengine.engine import Engine
    from policyengine.plugins import PluginSet
    from policyengine.verdict import Verdict

    Load = Callable[[Mapping[str, str]], Engine]

AT = "2026-06-15T00:00:00Z"
SUCCESS = {"toy": {"model": "toy-1", "images_delivered": 1, "size": "1K"}, "usage": []}


def codes(verdict: Verdict) -> list[str]:
    return [warning.code for warning in verdict.warnings]


def evaluate(engine: Engine, body: object = SUCCESS, **context: Any) -> Verdict:  # noqa: ANN401
    return engine.evaluate(body, **{"at": AT, "seller": "toy-inc", **context})


def test_the_four_questions_are_answered(engine: Engine) -> None:
    body = {"toy": {"model": "toy-1", "status": "FAILED", "size": "1K", "images_requested": 1}}

    verdict = evaluate(engine, json.dumps(body).encode(), http_status=200, attempt=2)

    assert (verdict.outcome, verdict.stage, verdict.images, verdict.final) == ("failed", "generation", None, True)
    assert (verdict.charge.low, verdict.charge.high) == (Decimal(0), Decimal(0))
    assert (verdict.route.action, verdict.route.retry, verdict.route.wait_s) == ("backoff", True, 4)
    assert [(step.decision, step.rule) for step in verdict.trail] == [
        ("classify", "toy.job-failed"),
        ("bill", "toy-inc.failed"),
        ("bill", "toy-inc.failed"),
        ("bill", "toy-inc.failed"),
        ("route", "toy-route.failed"),
    ]
    assert verdict.trail[0].file.endswith("policy/classify/toy.toml")
    assert verdict.trail[0].line == 16


def test_an_answer_no_rule_knows_is_unrecognized_and_not_free(engine: Engine) -> None:
    verdict = evaluate(engine, {"toy": {"model": "toy-1", "size": "1K"}})

    assert (verdict.outcome, verdict.stage) == ("unrecognized", "unknown")
    assert verdict.bill.image == "unknown"


def test_an_answer_without_a_time_is_decided_now(engine: Engine) -> None:
    before = datetime.now(UTC)

    at = engine.evaluate(SUCCESS, seller="toy-inc").facts.at

    assert at is not None
    assert before <= at <= datetime.now(UTC)


@pytest.mark.parametrize(
    ("context", "message", "candidates"),
    [
        ({"dialect": "toy-apo"}, "dialect 'toy-apo' is not known; did you mean 'toy-api'?", ("toy-api", "toy-twin")),
        ({"provider": "toyy"}, "provider 'toyy' is not known; did you mean 'toy'?", ("toy",)),
    ],
)
def test_a_misspelled_dialect_or_provider_names_the_candidates(
    engine: Engine, context: dict[str, Any], message: str, candidates: tuple[str, ...]
) -> None:
    with pytest.raises(DialectError) as caught:
        evaluate(engine, **context)

    assert str(caught.value) == message
    assert caught.value.candidates == candidates


def test_a_tie_asks_for_the_flag_and_names_the_candidates(engine: Engine) -> None:
    with pytest.raises(DialectError, match="pass dialect=, provider= or seller=") as caught:
        evaluate(engine, {"twin": 1}, seller=None)

    assert caught.value.candidates == ("toy-api", "toy-twin")


def test_the_seller_settles_a_tie(engine: Engine) -> None:
    assert evaluate(engine, {"twin": 1}, seller="toy-twin-inc").facts.dialect == "toy-twin"


def test_errors_pickle() -> None:
    error = DialectError("which one", ("a", "b"))

    again = pickle.loads(pickle.dumps(error))  # noqa: S301  our own bytes

    assert (str(again), again.candidates) == ("which one", ("a", "b"))
    assert isinstance(again, PolicyEngineError)


def test_a_body_nobody_claims_is_read_by_its_transport(engine: Engine) -> None:
    verdict = engine.evaluate({"other": 1}, http_status=503, at=AT)

    assert (verdict.facts.dialect, verdict.outcome) == ("none", "failed")
    assert {"dialect_unknown", "seller_assumed"} <= set(codes(verdict))


def test_a_plugin_that_raises_is_named_and_the_transport_is_still_read(engine: Engine) -> None:
    verdict = evaluate(engine, {"toy": {"raise": "surprise"}}, http_status=503)

    assert (verdict.outcome, verdict.facts.http_status) == ("failed", 503)
    (warning,) = [warning for warning in verdict.warnings if warning.code == "plugin_failed"]
    assert warning.message == (
        "dialect 'toy-api' of provider 'toy' raised RuntimeError: surprise; only the transport was read"
    )


def test_a_value_outside_the_vocabulary_is_drift(engine: Engine) -> None:
    (warning,) = [one for one in evaluate(engine, {"toy": {"finish_reason": "NEW"}}).warnings if one.code == "drift"]

    assert warning.message == "finish_reason 'NEW' is not in the vocabulary of toy-api"


def test_a_body_that_is_no_json_is_warned_of(engine: Engine) -> None:
    verdict = engine.evaluate(b"<html>", http_status=502, dialect="toy-api", seller="toy-inc")

    assert "body" in codes(verdict)
    assert verdict.outcome == "failed"


def test_an_exception_is_a_timeout_with_hidden_attempts(engine: Engine) -> None:
    verdict = engine.evaluate(TimeoutError(), dialect="toy-api", seller="toy-inc", at=AT)

    assert (verdict.outcome, verdict.facts.transport_error) == ("timeout", "TimeoutError")
    assert "hidden_attempts" in codes(verdict)


def test_what_cannot_be_read_is_an_input_error(engine: Engine) -> None:
    with pytest.raises(InputError):
        engine.evaluate(object())


@pytest.mark.parametrize(("at", "is_stale"), [("2026-08-30T23:59:59Z", False), ("2026-08-31T00:00:00Z", True)])
def test_a_price_checked_long_before_the_call_is_stale(engine: Engine, at: str, is_stale: bool) -> None:  # noqa: FBT001
    assert ("stale_price" in codes(evaluate(engine, at=at))) is is_stale


def test_a_settled_amount_of_the_dialects_own_seller_is_the_charge(engine: Engine) -> None:
    body = {"toy": {**SUCCESS["toy"], "settled": "0.05", "money_unit": "USD", "input_tokens": 0, "text_tokens": 0}}  # type: ignore[dict-item]  # a literal above

    verdict = evaluate(engine, body)

    assert (verdict.charge.low, verdict.charge.source) == (Decimal("0.05"), "settled")
    assert "settled_differs" in codes(verdict)


def test_a_settled_amount_under_anothers_invoice_does_not_count(engine: Engine) -> None:
    body = {"toy": {"images_delivered": 1, "settled": "0.05", "quoted": "0.05", "money_unit": "USD"}}

    verdict = evaluate(engine, body, seller="toy-twin-inc")

    assert verdict.charge.source == "computed"
    assert "settled_differs" not in codes(verdict)


def test_a_quoted_amount_bounds_a_pending_charge(engine: Engine) -> None:
    verdict = evaluate(engine, {"toy": {"status": "QUEUED", "quoted": 0.06, "money_unit": "USD"}})

    assert (verdict.final, verdict.charge.high, verdict.charge.source) == (False, Decimal("0.06"), "quoted")


def test_rebilling_is_the_same_answer_under_another_invoice(engine_with: Load, toy_files: dict[str, str]) -> None:
    shop = 'decision = "bill"\nseller = "toy-shop"\nextends = "toy-inc"\n'
    prices = toy_files["prices/toy-inc.toml"].replace("toy-inc", "toy-shop").replace('"0.04"', '"0.02"')
    engine = engine_with({**toy_files, "bill/shop.toml": shop, "prices/shop.toml": prices})
    body = {"toy": {"model": "toy-1", "images_delivered": 1, "size": "1K", "finish_reason": "ODD", "input_tokens": 0}}
    verdict = evaluate(engine, {**body, "usage": [{"component": "text", "unit": "token", "quantity": 0}]})

    again = engine.rebill(verdict, seller="toy-shop", account_facts={"plan": "pro"})

    assert (verdict.charge.low, again.charge.low) == (Decimal("0.04"), Decimal("0.02"))
    assert (again.outcome, again.facts.seller, again.facts.account) == ("delivered", "toy-shop", {"plan": "pro"})
    assert "drift" in codes(again)


def test_rebilling_under_the_same_invoice_changes_nothing(engine: Engine) -> None:
    verdict = evaluate(engine)

    assert engine.rebill(verdict, seller="toy-inc") == verdict


def test_facts_in_hand_are_decided_like_an_answer(engine: Engine) -> None:
    verdict = evaluate(engine)

    assert engine.decide(verdict.facts, verdict.usage) == verdict


EXPERIMENTAL = """

[[rule]]
id = "toy.trial"
title = "On trial"
status = "experimental"
when.images_delivered.gt = 0
then = { outcome = "lost", stage = "delivery" }

[[rule]]
id = "toy.old"
title = "On its way out"
status = "deprecated"
when.code = "old"
then = { outcome = "rejected", stage = "admission" }
"""


def test_experimental_rules_are_reported_and_do_not_decide(engine_with: Load, toy_files: dict[str, str]) -> None:
    files = {**toy_files, "classify/toy.toml": toy_files["classify/toy.toml"] + EXPERIMENTAL}
    engine = engine_with(files)

    verdict = evaluate(engine)

    assert verdict.outcome == "delivered"
    assert [step.rule for step in verdict.experimental] == ["toy.trial"]
    assert evaluate(engine, {"toy": {"code": "old"}}).outcome == "rejected"


@pytest.mark.parametrize("said", ['image = "free"', 'rate_limit = "counted"', 'input = "free", image = "free"'])
def test_an_experimental_bill_rule_is_reported_once_whatever_it_names(
    engine_with: Load, toy_files: dict[str, str], said: str
) -> None:
    trial = f'\n[[rule]]\nid = "toy-inc.trial"\ntitle = "On trial"\nstatus = "experimental"\nthen = {{ {said} }}\n'
    engine = engine_with({**toy_files, "bill/toy-inc.toml": toy_files["bill/toy-inc.toml"] + trial})

    verdict = evaluate(engine)

    assert [step.rule for step in verdict.experimental] == ["toy-inc.trial"]
    assert verdict.bill.image == "charged"


def test_a_rule_that_fails_points_into_the_rule_file(engine: Engine) -> None:
    facts = Facts(provider="toy", dialect="toy-api", seller="toy-inc", images_delivered=1)
    wrong = msgspec.structs.replace(facts, images_delivered="one")

    with pytest.raises(TypeError) as caught:
        engine.decide(wrong)

    frames = traceback.extract_tb(caught.value.__traceback__)
    assert any(frame.filename.endswith("classify/toy.toml") or frame.filename == "<key>" for frame in frames)


def test_an_engine_pickles_and_gives_equal_verdicts(engine: Engine) -> None:
    before = evaluate(engine)

    again = pickle.loads(pickle.dumps(engine))  # noqa: S301  our own bytes

    assert again.fingerprint == engine.fingerprint
    assert evaluate(again) == before


BODIES: list[dict[str, Any]] = [
    {
        "toy": {
            "model": "toy-1",
            "images_delivered": count % 3,
            "images_requested": 2,
            "finish_reason": reason,
            "size": size,
        }
    }
    for count in range(6)
    for reason in ("STOP", "SAFETY", "NO_IMAGE", None)
    for size in ("1K", "4K")
]


def test_eight_threads_give_the_same_verdicts(engine: Engine, engine_with: Load, toy_files: dict[str, str]) -> None:
    expected = [evaluate(engine, body) for body in BODIES]
    fresh = engine_with(toy_files)

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda body: evaluate(fresh, body), BODIES * 20))

    assert found == expected * 20


def test_verdicts_do_not_depend_on_the_decimal_context(
    engine: Engine, engine_with: Load, toy_files: dict[str, str]
) -> None:
    usage = [{"component": "input", "unit": "token", "quantity": 12_345_678}]
    bodies = [{**body, "usage": usage} for body in BODIES]
    expected = [evaluate(engine, body) for body in bodies]
    fresh = engine_with(toy_files)

    with localcontext() as context:
        context.prec = 2
        context.traps[Inexact] = True
        context.traps[FloatOperation] = True
        assert [evaluate(fresh, body) for body in bodies] == expected


def test_many_answers_share_a_context(engine: Engine) -> None:
    verdicts = list(engine.evaluate_many([SUCCESS, {"toy": {"status": "FAILED"}}], seller="toy-inc", at=AT))

    assert [verdict.outcome for verdict in verdicts] == ["delivered", "failed"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["error", "usage", "x"]), inner, max_size=3)
    ),
    max_leaves=6,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(body=JSON, raw=st.binary(max_size=40), status=st.none() | st.integers(100, 599))
def test_no_answer_raises(engine: Engine, body: object, raw: bytes, status: int | None) -> None:
    for source in (raw, {"other": body}, [body]):
        verdict = engine.evaluate(source, http_status=status)

        assert verdict.charge.low >= 0


@pytest.mark.parametrize(
    "at",
    [
        datetime(2026, 8, 31, 1, 30),  # noqa: DTZ001  a time without an offset is read as UTC
        datetime(2026, 8, 31, 3, 30, tzinfo=timezone(timedelta(hours=2))),
        datetime(2026, 8, 30, 20, 30, tzinfo=timezone(timedelta(hours=-5))),
    ],
)
def test_facts_in_hand_are_dated_in_utc(engine: Engine, at: datetime) -> None:
    verdict = engine.decide(msgspec.structs.replace(evaluate(engine).facts, at=at))

    assert verdict.facts.at == datetime(2026, 8, 31, 1, 30, tzinfo=UTC)
    assert "stale_price" in codes(verdict)


def test_usage_may_be_given_with_facts(engine: Engine) -> None:
    facts = evaluate(engine).facts

    verdict = engine.decide(facts, [UsageRow("input", "token", 1000), UsageRow("text", "token", 0)])

    assert verdict.charge.low == verdict.charge.high == Decimal("0.041")


def test_the_fingerprint_follows_what_decides(engine_with: Load, toy_files: dict[str, str], plugins: PluginSet) -> None:
    first = engine_with(toy_files)
    same = engine_with(toy_files)
    dearer = engine_with({**toy_files, "prices/toy-inc.toml": toy_files["prices/toy-inc.toml"].replace("0.04", "0.05")})
    plugins.versions["toy"] = "toy 2"

    assert first.fingerprint == same.fingerprint
    assert len({first.fingerprint, dearer.fingerprint, engine_with(toy_files).fingerprint}) == 3
