"""Test negotiated prices from a policy directory: own rates, discounts, layers of one account, other currencies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from policyengine.engine import Engine
from policyengine.explain import explain

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from policyengine.verdict import Verdict

    Policy = Callable[[Mapping[str, str]], Path]

# After https://ai.google.dev/api/generate-content: an image of 1,120 tokens and 80 tokens of thinking.
ANSWER = {
    "candidates": [
        {
            "content": {"parts": [{"inlineData": {"mimeType": "image/png", "data": "aGk="}}], "role": "model"},
            "finishReason": "STOP",
        }
    ],
    "usageMetadata": {
        "promptTokenCount": 1000,
        "candidatesTokenCount": 1120,
        "thoughtsTokenCount": 80,
        "totalTokenCount": 2200,
        "candidatesTokensDetails": [{"modality": "IMAGE", "tokenCount": 1120}],
    },
    "modelVersion": "gemini-3-pro-image",
}
ENTRY = """\
[[price]]
model = "gemini-3-pro-image"
source = "contract:2026-17"
checked = 2026-11-02
"""
RATES = 'per_mtok = { input = "1", text = "10", image = "100" }\n'
HEAD = 'seller = "google-ai"\n'
ACCOUNTS = """\
[account.research]
seller = "google-ai"
prices = "contract"

[account.support]
seller = "google-ai"
"""
EURO = """\
[[currencies]]
code = "EUR"
usd = "{usd}"
from = {day}
source = "https://www.ecb.europa.eu/stats/eurofxref/"
checked = {day}
"""


@pytest.fixture
def decide(policy: Policy) -> Callable[..., Verdict]:
    """Return a function that decides the answer under a price file of a policy directory."""

    def evaluate(prices: str, *, account: str | None = None, at: str = "2026-11-10") -> Verdict:
        engine = Engine.load(policy({"accounts.toml": ACCOUNTS, "prices/ours.toml": prices}))
        seller = "google-ai" if account is None else None
        return engine.evaluate(ANSWER, http_status=200, seller=seller, account=account, at=at)

    return evaluate


def cost(verdict: Verdict) -> str:
    assert verdict.charge.is_exact
    return f"{verdict.charge.low.normalize():f}"


def how_much(verdict: Verdict) -> list[str]:
    """Return the lines of the explanation that tell the arithmetic."""
    told = explain(verdict).split("How much: ")[1].split("\n\n")[0]
    return [line.strip() for line in told.splitlines()]


def test_own_rates_go_before_the_list_price(decide: Callable[..., Verdict]) -> None:
    verdict = decide(f"{HEAD}{ENTRY}{RATES}")

    assert cost(verdict) == "0.1138"  # 1,000 at $1, 80 at $10, 1,120 at $100 a million
    lines = how_much(verdict)
    assert lines[0] == "$0.1138"
    assert "input: 1,000 token x 1 USD per 1,000,000 = $0.001, charged" in lines
    assert "image: 1,120 token x 100 USD per 1,000,000 = $0.112, charged" in lines
    assert any(line.startswith("price of gemini-3-pro-image at google-ai: contract:2026-17 (checked") for line in lines)


def test_a_model_without_own_rates_keeps_the_list_price(decide: Callable[..., Verdict]) -> None:
    other = ENTRY.replace("gemini-3-pro-image", "gemini-2.5-flash-image")

    assert cost(decide(f"{HEAD}{other}{RATES}")) == "0.13736"  # $2, $12 and $120 a million


def test_a_discount_is_taken_off_every_rate(decide: Callable[..., Verdict]) -> None:
    verdict = decide(f'{HEAD}{ENTRY}{RATES}discount_percent = "12.5"\n')

    assert cost(verdict) == "0.099575"
    assert "image: 1,120 token x 87.5 USD per 1,000,000 = $0.098, charged" in how_much(verdict)


def test_a_discount_of_everything_costs_nothing(decide: Callable[..., Verdict]) -> None:
    assert cost(decide(f'{HEAD}{ENTRY}{RATES}discount_percent = "100"\n')) == "0"


@pytest.mark.parametrize(("account", "dollars"), [("research", "0.1138"), ("support", "0.13736"), (None, "0.13736")])
def test_a_layer_holds_for_the_account_that_names_it(
    decide: Callable[..., Verdict], account: str | None, dollars: str
) -> None:
    verdict = decide(f'{HEAD}layer = "contract"\n{ENTRY}{RATES}', account=account)

    assert cost(verdict) == dollars
    assert ("contract:2026-17" in explain(verdict)) is (account == "research")


def test_a_layer_goes_before_own_rates_without_one(policy: Policy) -> None:
    files = {
        "accounts.toml": ACCOUNTS,
        "prices/all.toml": f"{HEAD}{ENTRY}{RATES}",
        "prices/contract.toml": f'{HEAD}layer = "contract"\n{ENTRY}{RATES}discount_percent = "50"\n',
    }
    engine = Engine.load(policy(files))

    costs = [
        cost(engine.evaluate(ANSWER, http_status=200, account=account, at="2026-11-10"))
        for account in ("research", "support")
    ]

    assert costs == ["0.0569", "0.1138"]


def test_a_contract_holds_from_its_first_day_to_the_day_before_its_last(decide: Callable[..., Verdict]) -> None:
    prices = f"{HEAD}{ENTRY}{RATES}from = 2026-11-01\nuntil = 2026-12-01\n"

    costs = [cost(decide(prices, at=day)) for day in ("2026-10-31", "2026-11-01", "2026-11-30", "2026-12-01")]

    assert costs == ["0.13736", "0.1138", "0.1138", "0.13736"]


EUROS = f'{HEAD}currency = "EUR"\n{ENTRY}{RATES}'
RATE_TABLE = EURO.format(usd="1.10", day="2026-11-01") + EURO.format(usd="1.20", day="2026-11-08")


@pytest.mark.parametrize(
    ("day", "dollars"), [("2026-11-01", "0.12518"), ("2026-11-07", "0.12518"), ("2026-11-08", "0.13656")]
)
def test_another_currency_takes_the_newest_rate_of_the_day(
    decide: Callable[..., Verdict], day: str, dollars: str
) -> None:
    assert cost(decide(EUROS + RATE_TABLE, at=day)) == dollars


def test_a_line_keeps_the_native_amount_and_the_rate(decide: Callable[..., Verdict]) -> None:
    verdict = decide(EUROS + RATE_TABLE)

    assert "image: 1,120 token x 100 EUR per 1,000,000 x 1.20 USD = $0.1344, charged" in how_much(verdict)
    image = next(line for line in verdict.charge.lines if line.component == "image")
    assert image.currency == "EUR"


def test_before_the_first_rate_the_amount_is_not_known(decide: Callable[..., Verdict]) -> None:
    verdict = decide(EUROS + RATE_TABLE, at="2026-10-31")

    assert verdict.charge.low == 0
    assert verdict.charge.high is None
    assert any("EUR" in line for line in how_much(verdict))


@pytest.mark.parametrize(("at", "is_stale"), [("2027-01-31", False), ("2027-02-01", True)])
def test_a_price_of_more_than_ninety_days_is_stale(decide: Callable[..., Verdict], at: str, is_stale: bool) -> None:  # noqa: FBT001  a column of a table
    verdict = decide(f"{HEAD}{ENTRY}{RATES}", at=at)

    assert ("stale_price" in [warning.code for warning in verdict.warnings]) is is_stale


def test_a_fresh_contract_makes_an_old_list_price_no_matter(decide: Callable[..., Verdict]) -> None:
    at = "2027-06-01"
    fresh = ENTRY.replace("2026-11-02", at)

    assert "stale_price" in [warning.code for warning in decide("seller = 'google-ai'", at=at).warnings]
    assert "stale_price" not in [warning.code for warning in decide(f"{HEAD}{fresh}{RATES}", at=at).warnings]
