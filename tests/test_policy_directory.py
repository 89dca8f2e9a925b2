"""Test that a policy directory loads, and that every fault of every file is reported at once."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

import pytest

from policyengine.engine import Engine
from policyengine.errors import PolicyFileError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from policyengine.plugins import PluginSet

    Load = Callable[[Mapping[str, str]], Engine]
    Policy = Callable[[Mapping[str, str]], Path]

ENTRY = """\
[[price]]
model = "toy-1"
source = "https://toy.test/pricing"
checked = 2026-06-01
"""
HEAD = 'seller = "toy-inc"\n'


@pytest.fixture
def faults(policy: Policy, plugins: PluginSet) -> Callable[[Mapping[str, str]], list[str]]:
    """Return a function that returns the faults of a policy directory, its own path left out."""

    def find(files: Mapping[str, str]) -> list[str]:
        root = policy(files)
        with pytest.raises(PolicyFileError) as caught:
            Engine.load(root, plugins=plugins)
        wrong = [fault for fault in caught.value.diagnostics if fault.severity == "error" and str(root) in fault.file]
        return [str(fault).replace(f"{root}/", "") for fault in wrong]

    return find


def test_a_policy_directory_loads(engine_with: Load, toy_files: dict[str, str]) -> None:
    accounts = '[account.prod-eu]\nseller = "toy-inc"\nmode = "per-call"\nfacts = { region = "eu", seats = 3 }\n'

    engine = engine_with({**toy_files, "accounts.toml": accounts})

    account = engine.policy.accounts["prod-eu"]
    assert account.account_facts == {"region": "eu", "seats": 3, "mode": "per-call"}
    assert "toy.safety" in engine.policy.rules.rules
    assert "toy-inc" in engine.policy.prices.sellers


def test_a_seller_may_be_two_files_and_no_python(engine_with: Load, toy_files: dict[str, str]) -> None:
    rule = '[[rule]]\nid = "shop.a"\ntitle = "A"\nthen = { request = "charged" }\n'
    bill = f'decision = "bill"\nseller = "shop"\nhosts = ["shop.test"]\n{rule}'
    prices = f'seller = "shop"\n{ENTRY}per_call = "0.5"\n'

    engine = engine_with({**toy_files, "bill/shop.toml": bill, "prices/shop.toml": prices})

    verdict = engine.evaluate({"toy": {"model": "toy-1"}}, url="https://shop.test/v1", at="2026-06-15")
    assert (verdict.facts.seller, str(verdict.charge.low), verdict.charge.is_exact) == ("shop", "0.500000000000", True)
    assert verdict.bill.request == "charged"


def test_a_directory_that_is_not_there_is_an_error(tmp_path: Path, plugins: PluginSet) -> None:
    with pytest.raises(PolicyFileError, match="is no directory; name a policy directory"):
        Engine.load(tmp_path / "gone", plugins=plugins)


def test_account_facts_may_be_named_by_rules(engine_with: Load, toy_files: dict[str, str]) -> None:
    when = 'when.account.region = "eu"\nwhen.account.seats.gt = 2\n'
    rule = f'[[rule]]\nid = "x"\ntitle = "x"\n{when}then = {{ image = "free" }}\n'
    bill = f'decision = "bill"\nseller = "toy-inc"\n{rule}'
    accounts = '[account.prod]\nseller = "toy-inc"\nfacts = { region = "eu", seats = 3 }\n'
    engine = engine_with({**toy_files, "bill/toy-inc.toml": bill, "accounts.toml": accounts})

    assert engine.evaluate({"toy": {"model": "toy-1"}}, account="prod").bill.image == "free"


PRICES = {
    "float": (
        f"{HEAD}{ENTRY}per_call = 0.5\n",
        "prices/toy.toml:6:12: price[0].per_call:",
        '"0.5"',
    ),
    "integer": (f"{HEAD}{ENTRY}per_call = 5\n", "prices/toy.toml:6:12: price[0].per_call:", '"5"'),
    "float in a table": (f"{HEAD}{ENTRY}per_mtok = {{ input = 0.5 }}\n", "prices/toy.toml:6:22:", '"0.5"'),
    "float of a tier": (f"{HEAD}{ENTRY}tier.batch.per_call = 0.5\n", "prices/toy.toml:6:23:", '"0.5"'),
    "float of a currency": (
        f'{HEAD}[[currencies]]\ncode = "CNY"\nusd = 0.14\nfrom = 2026-01-01\nsource = "x"\nchecked = 2026-01-01\n',
        "prices/toy.toml:4:7: currencies[0].usd:",
        '"0.14"',
    ),
    "NaN": (f'{HEAD}{ENTRY}per_call = "NaN"\n', "prices/toy.toml:6:12: price[0].per_call: NaN is no price", ""),
    "TOML's nan": (f"{HEAD}{ENTRY}per_call = nan\n", "prices/toy.toml:6:12: price[0].per_call:", ""),
    "infinite": (
        f'{HEAD}{ENTRY}per_call = "Infinity"\n',
        "prices/toy.toml:6:12: price[0].per_call: Infinity is no price",
        "",
    ),
    "huge": (
        f'{HEAD}{ENTRY}per_call = "1000000"\n',
        "prices/toy.toml:6:12: price[0].per_call: 1000000 is no price",
        "",
    ),
    "astronomic": (
        f'{HEAD}{ENTRY}per_call = "1e999999"\n',
        "prices/toy.toml:6:12: price[0].per_call: 1E+999999 is no price",
        "",
    ),
    "negative": (
        f'{HEAD}{ENTRY}per_image = {{ "1K" = "-0.01" }}\n',
        "prices/toy.toml:6:22: price[0].per_image.1K: -0.01 is no price",
        "",
    ),
    "no number": (
        f'{HEAD}{ENTRY}per_call = "cheap"\n',
        "prices/toy.toml:6:12: price[0].per_call: 'cheap' is no decimal",
        "",
    ),
    "unknown token key": (
        f'{HEAD}{ENTRY}per_mtok = {{ inptu = "1" }}\n',
        "prices/toy.toml:6:22: price[0].per_mtok.inptu: 'inptu' is no token price",
        "did you mean 'input'?",
    ),
    "unknown token key of a tier": (
        f'{HEAD}{ENTRY}tier.batch.per_mtok = {{ txet = "1" }}\n',
        "prices/toy.toml:6:32:",
        "did you mean 'text'?",
    ),
    "unknown tier": (f'{HEAD}{ENTRY}tier.btach.per_call = "1"\n', "prices/toy.toml:6:", "btach"),
    "unknown unit": (
        f'{HEAD}{ENTRY}per_imgae = "1"\n',
        "prices/toy.toml:6:1: price[0].per_imgae: unknown key 'per_imgae'",
        "did you mean 'per_image'?",
    ),
    "dates in disorder": (
        f'{HEAD}{ENTRY}per_call = "1"\nfrom = 2026-02-01\nuntil = 2026-01-01\n',
        "prices/toy.toml:8:9: price[0].until: 'until' 2026-01-01 is not after 'from' 2026-02-01",
        "",
    ),
    "no source": (
        f'{HEAD}[[price]]\nmodel = "x"\nchecked = 2026-06-01\n',
        "prices/toy.toml:2:1: price[0]: 'source' is missing",
        "",
    ),
    "no seller": (ENTRY, "prices/toy.toml:1:1: 'seller' is missing", ""),
    "credits without their price": (
        f'{HEAD}{ENTRY}credits.per_call = "4"\n',
        "prices/toy.toml:2:1: price[0]: prices in credits need 'credit'",
        "",
    ),
    "discount of more than all": (
        f'{HEAD}{ENTRY}per_call = "4"\ndiscount_percent = "150"\n',
        "prices/toy.toml:7:20: price[0].discount_percent:",
        "",
    ),
}


@pytest.mark.parametrize(("written", "start", "more"), PRICES.values(), ids=PRICES)
def test_fault_of_a_price_file_is_placed(
    faults: Callable[[Mapping[str, str]], list[str]], written: str, start: str, more: str
) -> None:
    found = faults({"prices/toy.toml": written})

    assert len(found) == 1, found
    assert found[0].startswith(start)
    assert more in found[0]


ACCOUNTS = {
    "unknown key": (
        '[account.prod]\nselller = "x"\n',
        "accounts.toml:2:1: account.prod.selller: unknown key 'selller'; did you mean 'seller'?",
    ),
    "wrong type": ("[account.prod]\nseller = 5\n", "accounts.toml:2:10: account.prod.seller: 5 is not of type"),
    "no TOML": ("[account.prod\n", "accounts.toml:1:"),
}


@pytest.mark.parametrize(("written", "message"), ACCOUNTS.values(), ids=ACCOUNTS)
def test_fault_of_the_accounts_is_placed(
    faults: Callable[[Mapping[str, str]], list[str]], written: str, message: str
) -> None:
    (found,) = faults({"accounts.toml": written})

    assert found.startswith(message)


def test_faults_of_all_files_are_reported_together(
    faults: Callable[[Mapping[str, str]], list[str]], toy_files: dict[str, str]
) -> None:
    files = {
        **toy_files,
        "accounts.toml": "[account.prod]\nsellr = 1\n",
        "classify/toy.toml": toy_files["classify/toy.toml"].replace("finish_reason", "finish_raeson"),
        "bill/toy-inc.toml": toy_files["bill/toy-inc.toml"]
        .replace('"blocked"', '"blokced"')
        .replace('image = "free" }', 'image = "fere" }'),
        "prices/toy-inc.toml": toy_files["prices/toy-inc.toml"].replace('"0.04"', "0.04"),
        "route.toml": toy_files["route.toml"].replace('"backoff"', '"bakcoff"', 1),
    }

    found = faults(files)

    assert [fault.split(":")[0] for fault in found] == [
        "accounts.toml",
        "route.toml",
        "classify/toy.toml",
        "classify/toy.toml",
        "bill/toy-inc.toml",
        "bill/toy-inc.toml",
        "prices/toy-inc.toml",
    ]


def test_an_error_with_its_faults_pickles(policy: Policy, plugins: PluginSet) -> None:
    with pytest.raises(PolicyFileError) as caught:
        Engine.load(policy({"route.toml": "decision = 5\n"}), plugins=plugins)

    again = pickle.loads(pickle.dumps(caught.value))  # noqa: S301  our own bytes

    assert again.diagnostics == caught.value.diagnostics


def test_a_file_under_a_wrong_name_is_a_fault(faults: Callable[[Mapping[str, str]], list[str]]) -> None:
    (found,) = faults({"routes.toml": 'decision = "route"\n'})

    assert "did you mean 'route.toml'?" in found


@pytest.mark.parametrize("decision", ['decision = "classify"', 'decision = "bill"\nseller = "stray"'])
def test_a_dialect_nobody_ships_is_a_warning(engine_with: Load, toy_files: dict[str, str], decision: str) -> None:
    engine = engine_with({**toy_files, "bill/stray.toml": f'{decision}\ndialects = ["toy-apo"]\n'})

    warnings = [fault for fault in engine.policy.warnings if fault.file.endswith("stray.toml")]
    assert [(fault.severity, fault.message) for fault in warnings] == [
        ("warning", "no installed plugin ships dialect 'toy-apo'; did you mean 'toy-api'?")
    ]


HOSTILE = {
    "deep key": b"a." * 100_000 + b"a = 1",
    "deep nesting": b"x = " + b"[" * 5000 + b"]" * 5000,
    "long integer": b"x = " + b"1" * 5000,
    "exponent no decimal holds": b"x = 1e99999999999999999999",
    "invalid UTF-8": b'x = "\xff"',
    "byte order mark": b"\xef\xbb\xbfx = 1",
    "NUL": b'x = "\x00"',
    "too large": b"#" * (256 * 1024 + 1),
    "NaN": b"x = nan",
    "nothing": b"",
    "newlines": b"\r\n" * 100_000,
}
FILES = ("accounts.toml", "route.toml", "classify/x.toml", "bill/x.toml", "prices/x.toml")


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_in_every_file_is_a_fault_of_each(policy: Policy, plugins: PluginSet, data: bytes) -> None:
    root = policy(dict.fromkeys(FILES, ""))
    for name in FILES:
        (root / name).write_bytes(data)

    with pytest.raises(PolicyFileError) as caught:
        Engine.load(root, plugins=plugins)

    own = [fault for fault in caught.value.diagnostics if fault.file.startswith(str(root))]
    faulty = {fault.file.removeprefix(f"{root}/") for fault in own}
    assert faulty | {"accounts.toml"} == set(FILES)  # no accounts at all is no fault
    assert max(len(fault.message) for fault in own) < 400
