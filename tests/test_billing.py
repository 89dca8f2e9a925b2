"""Test who is charged for what: rules per component, the tariff's components, and facts nobody told."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from policyengine.engine import Engine
    from policyengine.verdict import Verdict

    Load = Callable[[Mapping[str, str]], Engine]

USAGE = [
    {"component": "input", "unit": "token", "quantity": 1000},
    {"component": "text", "unit": "token", "quantity": 500},
]
AT = "2026-06-15T00:00:00Z"


def evaluate(engine: Engine, usage: Any = (), **facts: Any) -> Verdict:  # noqa: ANN401
    return engine.evaluate({"toy": {"model": "toy-1", **facts}, "usage": list(usage)}, seller="toy-inc", at=AT)


def test_each_component_is_decided_by_the_first_rule_that_names_it(engine: Engine) -> None:
    verdict = evaluate(engine, USAGE, finish_reason="SAFETY", size="1K", images_requested=1)

    assert verdict.bill.values() == {"input": "charged", "text": "unknown", "image": "free", "request": "na"}
    assert [(step.rule, step.component) for step in verdict.trail if step.decision == "bill"] == [
        ("toy-inc.blocked", "input"),
        ("toy-inc.blocked", "image"),
    ]


def test_the_charge_follows_the_bill(engine: Engine) -> None:
    verdict = evaluate(engine, USAGE, finish_reason="SAFETY", size="1K", images_requested=1)

    assert (verdict.charge.low, verdict.charge.high) == (Decimal("0.001"), Decimal("0.002"))


def test_the_basis_is_that_of_the_evidence_for_the_component(engine: Engine) -> None:
    verdict = evaluate(engine, USAGE, finish_reason="SAFETY")

    assert verdict.bill.basis == {"input": "reported", "image": "stated"}
    assert verdict.basis == "inferred"


def test_the_verdict_shows_the_weakest_basis(engine: Engine) -> None:
    assert evaluate(engine, USAGE, images_delivered=1, size="1K").basis == "official"


def test_a_rule_without_evidence_is_inferred(engine: Engine) -> None:
    assert evaluate(engine, status="FAILED").bill.basis == {
        "input": "inferred",
        "text": "inferred",
        "image": "inferred",
    }


def test_recourse_is_told(engine: Engine) -> None:
    assert evaluate(engine, finish_reason="SAFETY").bill.recourse == ("open a ticket",)


def test_a_component_nobody_names_is_unknown_and_not_free(engine: Engine) -> None:
    verdict = evaluate(
        engine, finish_reason="NO_IMAGE", size="4K", images_requested=2, prompt_bytes=1000, text_tokens=10
    )

    assert verdict.bill.values() == {"input": "unknown", "text": "unknown", "image": "unknown", "request": "na"}
    assert verdict.charge.low == 0
    assert verdict.charge.high == Decimal("0.24") + Decimal("0.002") + Decimal("0.00002")


def test_evidence_that_disagrees_is_no_basis(engine_with: Load, toy_files: dict[str, str]) -> None:
    disagreeing = toy_files["bill/toy-inc.toml"].replace('component = "image"', 'supports = "charged"')

    verdict = evaluate(engine_with({**toy_files, "bill/toy-inc.toml": disagreeing}), finish_reason="SAFETY")

    assert verdict.bill.basis == {"input": "stated", "image": "inferred"}


MODES = """\
decision = "bill"
seller = "toy-inc"
[alternatives]
"account.mode" = ["per-token", "per-call"]
"account.plan" = ["basic", "pro"]

[[rule]]
id = "toy-inc.any"
title = "Everything is charged, a call of pro accounts is not"
then = { input = "charged", image = "charged" }

[[rule]]
id = "toy-inc.pro"
title = "Calls are included"
when.account.plan = "pro"
then = { request = "free" }

[[rule]]
id = "toy-inc.basic"
title = "Calls cost"
when.account.plan = "basic"
then = { request = "charged" }
"""
MODE_PRICES = """\
seller = "toy-inc"

[[price]]
model = "toy-1"
per_mtok = { input = "1" }
per_image = "0.04"
account = { mode = "per-token" }
source = "https://toy.test/pricing"
checked = 2026-06-01

[[price]]
model = "toy-1"
per_call = "0.03"
account = { mode = "per-call" }
source = "https://toy.test/pricing"
checked = 2026-06-01
"""


@pytest.fixture
def modes(engine_with: Load, toy_files: dict[str, str]) -> Engine:
    return engine_with({**toy_files, "bill/toy-inc.toml": MODES, "prices/toy-inc.toml": MODE_PRICES})


def in_mode(engine: Engine, **account: str) -> Verdict:
    body = {"toy": {"model": "toy-1", "images_delivered": 1}, "usage": USAGE[:1]}
    return engine.evaluate(body, seller="toy-inc", at=AT, account_facts=account)


def test_an_account_fact_that_is_told_leaves_no_alternatives(modes: Engine) -> None:
    verdict = in_mode(modes, mode="per-token", plan="basic")

    assert verdict.bill.values() == {"input": "charged", "text": "na", "image": "charged", "request": "na"}
    assert (verdict.charge.low, verdict.charge.high) == (Decimal("0.041"), Decimal("0.041"))
    assert verdict.charge.alternatives == ()
    assert verdict.bill.on == ()


def test_components_that_differ_are_conditional_and_the_charge_is_the_hull_of_the_totals(modes: Engine) -> None:
    verdict = in_mode(modes, plan="basic")

    assert verdict.bill.values() == {
        "input": "conditional",
        "text": "na",
        "image": "conditional",
        "request": "conditional",
    }
    assert verdict.bill.on == ("account.mode",)
    # The sum of the hulls would be [0, 0.071]: nobody pays by the token and by the call.
    assert (verdict.charge.low, verdict.charge.high) == (Decimal("0.03"), Decimal("0.041"))
    assert [(one.given, one.low) for one in verdict.charge.alternatives] == [
        ({"account.mode": "per-token"}, Decimal("0.041")),
        ({"account.mode": "per-call"}, Decimal("0.03")),
    ]


def test_only_facts_that_change_the_bill_are_named(modes: Engine) -> None:
    assert in_mode(modes, mode="per-token").bill.on == ()
    assert in_mode(modes, mode="per-call").bill.on == ("account.plan",)
    assert in_mode(modes).bill.on == ("account.mode", "account.plan")


def test_every_combination_of_open_facts_is_billed(modes: Engine) -> None:
    verdict = in_mode(modes)

    assert len(verdict.charge.alternatives) == 4
    assert (verdict.charge.low, verdict.charge.high) == (Decimal(0), Decimal("0.041"))


def test_one_alternative_without_a_bound_leaves_the_charge_without_one(modes: Engine) -> None:
    body = {"toy": {"model": "toy-1", "images_delivered": 1}}

    verdict = modes.evaluate(body, seller="toy-inc", at=AT)

    assert verdict.charge.high is None
    assert verdict.charge.low == 0


CONDITIONAL = """\
decision = "bill"
seller = "toy-inc"

[[rule]]
id = "toy-inc.depends"
title = "It depends"
then = { input = "free", text = "credited", image = "conditional", on = ["the moderation fee"] }
"""


def test_a_conditional_names_what_it_depends_on(engine_with: Load, toy_files: dict[str, str]) -> None:
    engine = engine_with({**toy_files, "bill/toy-inc.toml": CONDITIONAL})

    verdict = evaluate(engine, USAGE, images_requested=1, size="1K")

    assert verdict.bill.on == ("the moderation fee",)
    assert (verdict.charge.low, verdict.charge.high) == (Decimal(0), Decimal("0.04"))
    assert "conditional" in [warning.code for warning in verdict.warnings]


def test_the_gross_of_a_credit_is_shown(engine_with: Load, toy_files: dict[str, str]) -> None:
    engine = engine_with({**toy_files, "bill/toy-inc.toml": CONDITIONAL})

    (text, _) = evaluate(engine, USAGE, images_requested=1, size="1K").charge.lines

    assert (text.gross, text.low, text.high) == (Decimal("0.001"), Decimal(0), Decimal(0))


SEARCH = """\
seller = "toy-inc"

[[price]]
model = "toy-1"
per_image = "0.04"
per_kquery = "14"
source = "https://toy.test/pricing"
checked = 2026-06-01
"""


@pytest.mark.parametrize(("queries", "value"), [(0, "na"), (2, "unknown")])
def test_a_search_fee_exists_only_when_it_was_used(
    engine_with: Load, toy_files: dict[str, str], queries: int, value: str
) -> None:
    engine = engine_with({**toy_files, "prices/toy-inc.toml": SEARCH})

    usage = [{"component": "request", "unit": "search_query", "quantity": queries}]

    assert evaluate(engine, usage, images_delivered=1).bill.request == value


def test_the_success_of_the_same_work_is_priced(engine: Engine) -> None:
    verdict = evaluate(engine, finish_reason="SAFETY", size="1K", images_requested=2, input_tokens=1000, text_tokens=0)

    assert engine.success_cost(verdict.facts).low == Decimal("0.081")


BESIDE = """
[[rule]]
id = "toy-inc.counts"
title = "Failures count"
when.outcome = ["blocked", "failed"]
then = { rate_limit = "counted" }
[[rule.evidence]]
basis = "official"
source = "https://toy.test/limits"
checked = 2026-06-01

[[rule]]
id = "toy-inc.filter"
title = "A parameter relaxes the filter"
when.outcome = "blocked"
then = { filter = "adjustable", setting = "relaxed = true" }
[[rule.evidence]]
basis = "reported"
source = "https://toy.test/forum"
checked = 2026-06-01
"""


def test_a_bill_says_what_its_rules_know_beside_the_money(engine_with: Load, toy_files: dict[str, str]) -> None:
    engine = engine_with({**toy_files, "bill/toy-inc.toml": toy_files["bill/toy-inc.toml"] + BESIDE})

    blocked = evaluate(engine, USAGE, finish_reason="SAFETY")
    delivered = evaluate(engine, USAGE, images_delivered=1, images_requested=1)

    assert (blocked.bill.rate_limit, blocked.bill.filter, blocked.bill.setting) == (
        "counted",
        "adjustable",
        "relaxed = true",
    )
    assert ("toy-inc.filter", "filter") in [(step.rule, step.component) for step in blocked.trail]
    assert (delivered.bill.rate_limit, delivered.bill.filter, delivered.bill.setting) == ("unknown", "unknown", None)


def test_what_a_bill_says_beside_the_money_changes_no_money(
    engine: Engine, engine_with: Load, toy_files: dict[str, str]
) -> None:
    other = engine_with({**toy_files, "bill/toy-inc.toml": toy_files["bill/toy-inc.toml"] + BESIDE})

    with_it, without = (evaluate(one, USAGE, finish_reason="SAFETY") for one in (other, engine))

    assert (with_it.bill.values(), with_it.bill.basis, with_it.charge) == (
        without.bill.values(),
        without.bill.basis,
        without.charge,
    )
    assert with_it.basis == without.basis
