"""Test who is taken to send the invoice: told, known by account or address, or assumed with a warning."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from policyengine.errors import AccountError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from policyengine.engine import Engine
    from policyengine.verdict import Verdict

    Load = Callable[[Mapping[str, str]], Engine]

SUCCESS = {"toy": {"model": "toy-1", "images_delivered": 1, "size": "1K"}, "usage": []}


def codes(verdict: Verdict) -> list[str]:
    return [warning.code for warning in verdict.warnings]


def evaluate(engine: Engine, **context: Any) -> Verdict:  # noqa: ANN401
    return engine.evaluate(SUCCESS, **{"at": "2026-06-15T00:00:00Z", "seller": "toy-inc", **context})


def test_an_unknown_seller_is_unknown_everywhere_and_warned_of(engine: Engine) -> None:
    verdict = evaluate(engine, seller="toy-icn")

    assert set(verdict.bill.values().values()) == {"unknown"}
    assert verdict.charge.is_unpriced
    assert verdict.charge.low == 0
    assert verdict.basis == "inferred"
    (warning,) = [warning for warning in verdict.warnings if warning.code == "seller_unknown"]
    assert warning.message == "seller 'toy-icn' has no rules and no prices; did you mean 'toy-inc'?"


@pytest.mark.parametrize(
    ("context", "seller", "assumed"),
    [
        ({"seller": None}, "toy-inc", True),
        ({"seller": "toy-twin-inc"}, "toy-twin-inc", False),
        ({"seller": None, "url": "https://api.toy.test/v1"}, "toy-inc", False),
        ({"seller": None, "url": "https://eu.toy.test/v1"}, "toy-inc", False),
        ({"seller": None, "url": "https://gateway.test/v1"}, "toy-inc", True),
        ({"seller": None, "url": "https://api.toy.test.evil.test/v1"}, "toy-inc", True),
        ({"seller": None, "account": "prod"}, "toy-shop", False),
        ({"seller": "toy-inc", "account": "prod"}, "toy-inc", False),
        ({"seller": None, "url": "https://shop.test/v1/images"}, "toy-shop", False),
        ({"seller": None, "url": "https://shop.test/v2/images"}, "toy-inc", True),
    ],
)
def test_who_invoices_is_told_shown_or_assumed(
    engine_with: Load,
    toy_files: dict[str, str],
    context: dict[str, Any],
    seller: str,
    assumed: bool,  # noqa: FBT001
) -> None:
    accounts = '[account.prod]\nseller = "toy-shop"\nmode = "per-call"\nbase_url = "https://shop.test/v1"\n'
    shop = 'decision = "bill"\nseller = "toy-shop"\nextends = "toy-inc"\n'

    verdict = evaluate(engine_with({**toy_files, "accounts.toml": accounts, "bill/shop.toml": shop}), **context)

    assert verdict.facts.seller == seller
    assert ("seller_assumed" in codes(verdict)) is assumed


def test_an_account_tells_the_seller_and_its_facts(engine_with: Load, toy_files: dict[str, str]) -> None:
    accounts = '[account.prod]\nseller = "toy-inc"\nmode = "per-call"\nplan = "pro"\nfacts = { region = "eu" }\n'
    engine = engine_with({**toy_files, "accounts.toml": accounts})

    verdict = evaluate(engine, seller=None, account="prod", account_facts={"plan": "basic"})

    assert verdict.facts.account == {"mode": "per-call", "plan": "basic", "region": "eu"}


def test_an_account_nobody_knows_is_an_error_with_the_nearest_name(
    engine_with: Load, toy_files: dict[str, str]
) -> None:
    engine = engine_with({**toy_files, "accounts.toml": '[account.prod-eu]\nseller = "toy-inc"\n'})

    with pytest.raises(AccountError, match=r"account 'prod-ue' is not known; did you mean 'prod-eu'\?"):
        evaluate(engine, account="prod-ue")


def test_an_account_without_accounts_is_an_error_that_says_so(engine: Engine) -> None:
    with pytest.raises(AccountError, match=r"no policy directory with accounts\.toml is loaded"):
        evaluate(engine, account="prod")


def test_an_account_may_have_prices_of_its_own(engine_with: Load, toy_files: dict[str, str]) -> None:
    accounts = '[account.prod]\nseller = "toy-inc"\nprices = "contract"\n[account.dev]\nseller = "toy-inc"\n'
    contract = (
        toy_files["prices/toy-inc.toml"].replace('"0.04"', '"0.01"').replace("\n\n", '\nlayer = "contract"\n\n', 1)
    )
    engine = engine_with({**toy_files, "accounts.toml": accounts, "prices/contract.toml": contract})
    body = {**SUCCESS, "usage": [{"component": name, "unit": "token", "quantity": 0} for name in ("input", "text")]}

    lows = {name: engine.evaluate(body, account=name, at="2026-06-15T00:00:00Z").charge.low for name in ("prod", "dev")}

    assert lows == {"prod": Decimal("0.01"), "dev": Decimal("0.04")}


def test_rebilling_under_a_name_nobody_knows_is_warned_of(engine: Engine) -> None:
    again = engine.rebill(evaluate(engine), seller="toy-icn")

    assert "seller_unknown" in codes(again)
    assert set(again.bill.values().values()) == {"unknown"}
