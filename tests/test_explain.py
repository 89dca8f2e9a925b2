"""Test that a verdict in words has rules, evidence, arithmetic, alternatives and warnings, and nothing that harms."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from policyengine.explain import explain
from policyengine.facts import Facts
from policyengine.rules.model import Evidence
from policyengine.verdict import (
    Alternative,
    Bill,
    Charge,
    ChargeLine,
    PriceRef,
    Route,
    Step,
    Verdict,
    VerdictWarning,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from policyengine.engine import Engine

    Load = Callable[[Mapping[str, str]], Engine]

AT = datetime(2026, 6, 15, 12, 30, tzinfo=UTC)
FACTS = Facts(provider="toy", dialect="toy-api", seller="toy-inc", at=AT)
EVIDENCE = Evidence(basis="official", source="https://toy.test/pricing", checked=date(2026, 6, 1))
PRICE = PriceRef(
    seller="toy-inc", model="toy-1", source="https://toy.test/pricing", checked="2026-06-01", file="toy.toml"
)
LINE = ChargeLine(component="image", value="charged", unit="image", quantity=Decimal(1), rate=Decimal("0.040"))


def step(decision: str, rule: str, **told: Any) -> Step:  # noqa: ANN401
    return Step(**{"decision": decision, "rule": rule, "title": "Because", "file": "toy.toml", "line": 7, **told})


def verdict(**told: Any) -> Verdict:  # noqa: ANN401
    return Verdict(
        **{
            "outcome": "blocked",
            "stage": "output",
            "images": 0,
            "bill": Bill(input="charged", text="free", image="unknown", request="na"),
            "charge": Charge(low=Decimal(0), high=Decimal("0.04")),
            "route": Route(action="change_prompt", tag="safety", retry=False),
            "facts": FACTS,
            **told,
        }
    )


def paragraphs(one: Verdict) -> list[str]:
    return explain(one).split("\n\n")


def charged(*lines: ChargeLine, **told: Any) -> str:  # noqa: ANN401
    """Return the paragraph on the charge."""
    charge = Charge(**{"low": Decimal(0), "high": Decimal("0.04"), "lines": lines, **told})
    return paragraphs(verdict(charge=charge))[3]


def test_every_question_has_its_paragraph(engine: Engine) -> None:
    body = {"toy": {"model": "toy-1", "finish_reason": "SAFETY", "input_tokens": 12}, "usage": []}

    written = engine.evaluate(body, at="2026-06-15", seller="toy-inc").explain().split("\n\n")

    starts = ("toy-api answer", "What happened: ", "Who bills what:", "How much: ", "What to do next: ")
    assert [part.startswith(start) for part, start in zip(written, starts, strict=False)] == [True] * 5
    assert written[-1] == f"Decided by engine {engine.fingerprint[:12]}."


def test_the_head_names_dialect_seller_time_and_signals() -> None:
    facts = Facts(
        provider="toy",
        dialect="toy-api",
        seller="toy-inc",
        at=AT,
        model="toy-1",
        http_status=200,
        finish_reason="SAFETY",
        message="  The image\nwas blocked. ",
    )

    assert paragraphs(verdict(facts=facts))[0].splitlines() == [
        "toy-api answer, invoiced by toy-inc, 2026-06-15 12:30 UTC",
        "  model toy-1, http_status 200, finish_reason SAFETY",
        '  the platform says: "The image was blocked."',
    ]


def test_what_is_not_known_is_said() -> None:
    facts = Facts(provider="none", dialect="none", seller="unknown")

    head, happened, *_ = paragraphs(verdict(facts=facts, outcome="unrecognized", stage="unknown", images=None))

    assert head == "An answer in no known dialect, invoiced by somebody not known"
    assert happened.splitlines() == [
        "What happened: unrecognized (where is not known); images delivered: not told how many.",
        "  no rule matches",
    ]


def test_images_are_counted_against_what_was_asked_for() -> None:
    facts = Facts(provider="toy", dialect="toy-api", seller="toy-inc", images_delivered=1, images_requested=4)

    assert "images delivered: 1 of 4." in paragraphs(verdict(facts=facts, outcome="partial"))[1]


def test_rules_stand_with_their_place_and_evidence() -> None:
    quoted = Evidence(
        basis="stated",
        source="ticket:42",
        checked=date(2026, 6, 2),
        quote="You will\n not be charged",
        component="image",
        supports="free",
    )
    trail = (step("classify", "toy.safety", evidence=(EVIDENCE, quoted)), step("route", "route.safety"))

    _, happened, *_, following = paragraphs(verdict(trail=trail))

    assert happened.splitlines()[1:] == [
        "  Because  [toy.safety, toy.toml:7]",
        "    official: https://toy.test/pricing (checked 2026-06-01)",
        "    stated, on image, for 'free' instead: \"You will not be charged\" ticket:42 (checked 2026-06-02)",
    ]
    assert "  Because  [route.safety, toy.toml:7]" in following


def test_a_bill_rule_is_named_once_with_its_components() -> None:
    trail = (
        step("bill", "toy.a", component="input", evidence=(EVIDENCE,)),
        step("bill", "toy.b", component="text"),
        step("bill", "toy.a", component="image", evidence=(EVIDENCE,)),
    )
    bill = Bill(
        input="charged",
        text="conditional",
        image="unknown",
        request="na",
        basis={"input": "official"},
        on=("account.mode",),
        recourse=("open a ticket",),
    )

    assert paragraphs(verdict(trail=trail, bill=bill))[2].splitlines() == [
        "Who bills what:",
        "  input   charged (official)",
        "  text    conditional",
        "  image   unknown",
        "  request na",
        "  conditional on: account.mode",
        "  recourse: open a ticket",
        "  input, image: Because  [toy.a, toy.toml:7]",
        "    official: https://toy.test/pricing (checked 2026-06-01)",
        "  text: Because  [toy.b, toy.toml:7]",
        "  unknown: nobody with authority says whether it is billed",
    ]


LINES: dict[str, tuple[dict[str, Any], str]] = {
    "charged": (
        {"gross": Decimal("0.04"), "low": Decimal("0.04"), "high": Decimal("0.04")},
        "image: 1 image x 0.04 USD = $0.04, charged",
    ),
    "free": (
        {"value": "free", "gross": Decimal("0.04"), "high": Decimal(0)},
        "image: 1 image x 0.04 USD = $0.04, free, so $0.00",
    ),
    "unknown": (
        {"value": "unknown", "gross": Decimal("0.04"), "high": Decimal("0.04")},
        "image: 1 image x 0.04 USD = $0.04, unknown, so $0.00 to $0.04",
    ),
    "per million": (
        {
            "unit": "token",
            "quantity": Decimal(1120),
            "rate": Decimal(60),
            "per": 1_000_000,
            "gross": Decimal("0.0672"),
            "low": Decimal("0.0672"),
            "high": Decimal("0.0672"),
        },
        "image: 1,120 token x 60 USD per 1,000,000 = $0.0672, charged",
    ),
    "another currency": (
        {
            "currency": "CNY",
            "usd_per_unit_of_currency": Decimal("0.14"),
            "gross": Decimal("0.0056"),
            "low": Decimal("0.0056"),
            "high": Decimal("0.0056"),
        },
        "image: 1 image x 0.04 CNY x 0.14 USD = $0.0056, charged",
    ),
    "between bounds": (
        {"quantity": None, "at_least": Decimal("0.5"), "at_most": Decimal("2.0"), "high": Decimal("0.08")},
        "image: 0.5 to 2 image x 0.04 USD, charged, so $0.00 to $0.08",
    ),
    "without a bound": (
        {"quantity": None, "at_least": Decimal(1), "low": Decimal("0.04"), "high": None},
        "image: at least 1 image x 0.04 USD, charged, so at least $0.04, no upper bound known",
    ),
    "no unit": (
        {"unit": "", "quantity": None, "rate": None, "high": None},
        "image: quantity not known, charged, so at least $0.00, no upper bound known",
    ),
}


@pytest.mark.parametrize(("told", "arithmetic"), LINES.values(), ids=LINES)
def test_every_line_shows_its_arithmetic(told: dict[str, Any], arithmetic: str) -> None:
    line = ChargeLine(
        **{
            "component": "image",
            "value": "charged",
            "unit": "image",
            "quantity": Decimal(1),
            "rate": Decimal("0.040"),
            **told,
        }
    )

    assert charged(line).splitlines()[1] == f"  {arithmetic}"


def test_a_price_stands_with_its_source_and_what_it_rests_on() -> None:
    line = ChargeLine(
        component="image", value="free", unit="image", quantity=Decimal(1), price=PRICE, note="one image assumed"
    )

    assert charged(line).splitlines()[2:] == [
        "    one image assumed",
        "    price of toy-1 at toy-inc: https://toy.test/pricing (checked 2026-06-01; toy.toml)",
    ]


@pytest.mark.parametrize(
    ("told", "headline"),
    [
        ({}, "How much: $0.00 to $0.04"),
        ({"high": None}, "How much: at least $0.00, no upper bound known"),
        ({"low": Decimal("0.04")}, "How much: $0.04"),
        ({"low": Decimal("1234.5"), "high": Decimal("1234.5")}, "How much: $1234.50"),
        ({"low": Decimal("1E+3"), "high": Decimal("1E+3")}, "How much: $1000.00"),
        ({"source": "quoted"}, "How much: $0.00 to $0.04, as the answer announces"),
        (
            {
                "low": Decimal("0.05"),
                "high": Decimal("0.05"),
                "source": "settled",
                "computed_low": Decimal("0.04"),
                "computed_high": Decimal("0.04"),
            },
            "How much: $0.05, as the answer reports; the rates give $0.04",
        ),
    ],
)
def test_the_charge_is_an_interval_with_its_origin(told: dict[str, Any], headline: str) -> None:
    assert charged(**told) == headline


def test_alternatives_are_listed_with_what_they_depend_on() -> None:
    alternatives = (
        Alternative(given={"account.mode": "per-call"}, low=Decimal("0.04"), high=Decimal("0.04")),
        Alternative(given={"account.mode": "per-token", "tier": "batch"}, low=Decimal(0), high=None),
    )

    assert charged(alternatives=alternatives).splitlines()[1:] == [
        "  with account.mode = per-call: $0.04",
        "  with account.mode = per-token, tier = batch: at least $0.00, no upper bound known",
    ]


def test_alternatives_of_a_seller_reach_the_words(engine_with: Load, toy_files: dict[str, str]) -> None:
    bill = """\
        decision = "bill"
        seller = "toy-inc"
        alternatives = { "account.mode" = ["per-call", "per-image"] }

        [[rule]]
        id = "toy-inc.per-call"
        title = "Each call is charged"
        when.account.mode = "per-call"
        then = { input = "free", text = "free", image = "charged", quantity = "requested" }

        [[rule]]
        id = "toy-inc.per-image"
        title = "What was not delivered is free"
        when.account.mode = "per-image"
        then = { input = "free", text = "free", image = "free" }
        """
    body = {"toy": {"model": "toy-1", "finish_reason": "SAFETY", "size": "1K", "images_requested": 1}}

    written = engine_with({**toy_files, "bill/toy-inc.toml": bill}).evaluate(body, at="2026-06-15", seller="toy-inc")

    assert "  image   conditional" in written.explain()
    assert "  conditional on: account.mode" in written.explain()
    assert "  with account.mode = per-call: $0.04" in written.explain()
    assert "  with account.mode = per-image: $0.00" in written.explain()


def test_the_route_says_how_long_to_wait_and_what_is_left() -> None:
    route = Route(action="backoff", tag="busy", retry=True, wait_s=2.5, attempts_left=2, advice="halve the rate")

    assert paragraphs(verdict(route=route))[4].splitlines() == [
        "What to do next: backoff, tagged 'busy'",
        "  wait 2.5 s; attempts left: 2",
        "  halve the rate",
    ]


def test_rules_on_trial_and_warnings_have_their_paragraphs() -> None:
    written = paragraphs(
        verdict(
            experimental=(step("bill", "toy.trial"),),
            warnings=(
                VerdictWarning("drift", "'NEW' is not known"),
                VerdictWarning("stale_price", "old"),
            ),
            fingerprint="0123456789abcdef",
        )
    )

    assert written[5:] == [
        "On trial, deciding nothing:\n  bill: Because  [toy.trial, toy.toml:7]",
        "Mind:\n  drift: 'NEW' is not known\n  stale_price: old",
        "Decided by engine 0123456789ab.",
    ]


def test_paragraphs_without_content_are_left_out() -> None:
    assert len(paragraphs(verdict())) == 5


def test_long_words_of_a_platform_are_cut() -> None:
    facts = Facts(provider="toy", dialect="toy-api", seller="toy-inc", message="x" * 10_000, code="y" * 10_000)

    assert len(explain(verdict(facts=facts))) < 1_500


@pytest.mark.parametrize("harmful", ["\x1b[2J", "\r", "\u202e", "\ud800", "\x00", "\x9b"], ids=ascii)
def test_what_a_platform_sends_steers_no_terminal(harmful: str) -> None:
    facts = Facts(
        provider="toy", dialect="toy-api", seller="toy-inc", message=f"a{harmful}b", code=f"a{harmful}b", model="m\nx"
    )

    written = explain(verdict(facts=facts, warnings=(VerdictWarning("drift", f"a{harmful}b"),)))

    assert all(line.isprintable() for line in written.split("\n"))
    assert written.encode()
    assert "  model m x, " in written


@pytest.mark.parametrize(
    ("told", "lines"),
    [
        ({}, []),
        ({"rate_limit": "counted"}, ["  rate limit: the answer counts toward it"]),
        ({"rate_limit": "not_counted"}, ["  rate limit: the answer does not count toward it"]),
        (
            {"filter": "adjustable", "setting": "relaxed = true"},
            ["  filter: a setting changes what it stops: relaxed = true"],
        ),
        ({"filter": "fixed"}, ["  filter: no setting changes what it stops"]),
    ],
)
def test_what_is_known_beside_the_money_is_told(told: dict[str, str], lines: list[str]) -> None:
    bill = Bill(**{"input": "charged", "text": "free", "image": "free", "request": "na", **told})  # type: ignore[arg-type]  # of the right types

    told_lines = explain(verdict(bill=bill)).splitlines()

    assert [line for line in told_lines if line.startswith(("  rate limit:", "  filter:"))] == lines
