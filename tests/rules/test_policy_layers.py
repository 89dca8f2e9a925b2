"""Test whose rules decide once all is loaded: a team's over a plugin's over bundled ones, and none of a faulty file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from policyengine.engine import Engine
from policyengine.errors import Diagnostic, PolicyFileError
from policyengine.hookspecs import hookimpl
from policyengine.rules.load import LoadedRules

if TYPE_CHECKING:
    from policyengine.plugins import PluginSet

Load = Callable[[Mapping[str, str]], Engine]
LoadFile = Callable[..., tuple[LoadedRules | None, list[Diagnostic]]]
Policy = Callable[[Mapping[str, str]], Path]


class Shop:
    """Ship a bill table and no code."""

    def __init__(self, rules: Path) -> None:
        self.rules = rules

    @hookimpl
    def policyengine_rules(self) -> Path:
        return self.rules


def rule(name: str, *lines: str, then: str = 'image = "free"') -> str:
    return "\n".join(["[[rule]]", f'id = "{name}"', 'title = "Toy"', *lines, f"then = {{ {then} }}", ""])


def bill(seller: str, *rules: str, head: str = "") -> str:
    return "\n".join(['decision = "bill"', f'seller = "{seller}"', head, *rules])


Ship = Callable[..., None]


@pytest.fixture
def ship(plugins: PluginSet, tmp_path: Path) -> Ship:
    """Return a function that registers a plugin which ships bill tables."""

    def add(**tables: str) -> None:
        folder = tmp_path / "shipped" / "bill"
        folder.mkdir(parents=True)
        for name, written in tables.items():
            (folder / f"{name}.toml").write_text(written, encoding="utf-8")
        plugins.add("shop", Shop(folder.parent))

    return add


def ids(engine: Engine, seller: str) -> list[str]:
    return [one.rule.id for one in engine.policy.rules.deciding("bill", seller).rules]


OVER: dict[str, tuple[str, list[str]]] = {
    "nothing": (bill("else"), ["shop.a", "shop.b"]),
    "own rules": (bill("shop", rule("ours")), ["ours", "shop.a", "shop.b"]),
    "disable": (bill("*", head='disable = ["shop.a"]'), ["shop.b"]),
    "replace": (bill("shop", rule("ours", 'replace = "shop.a"')), ["ours", "shop.b"]),
}


@pytest.mark.parametrize(("written", "decide"), OVER.values(), ids=OVER)
def test_a_team_rules_over_what_a_plugin_ships(engine_with: Load, ship: Ship, written: str, decide: list[str]) -> None:
    ship(shop=bill("shop", rule("shop.a"), rule("shop.b")))

    assert ids(engine_with({"bill/ours.toml": written}), "shop") == decide


def test_a_team_extends_a_seller_that_a_plugin_ships(engine_with: Load, ship: Ship) -> None:
    ship(shop=bill("shop", rule("shop.a")))

    engine = engine_with({"bill/corner.toml": bill("corner", rule("corner.a"), head='extends = "shop"')})

    assert ids(engine, "corner") == ["corner.a", "shop.a"]


def test_an_id_that_a_plugin_has_taken_is_a_fault(engine_with: Load, ship: Ship) -> None:
    ship(shop=bill("shop", rule("shop.a")))

    with pytest.raises(PolicyFileError) as caught:
        engine_with({"bill/ours.toml": bill("ours", rule("shop.a"))})

    first = caught.value.diagnostics[0]
    assert (first.line, first.column) == (5, 6)
    assert "rule id 'shop.a' is taken by shop:rules/bill/shop.toml:4; give this rule its own" in first.message


def test_the_order_of_a_plugins_files_does_not_matter(engine_with: Load, ship: Ship) -> None:
    ship(
        a=bill("a", rule("a.one", 'replace = "z.one"'), head='extends = "z"'),
        z=bill("z", rule("z.one"), rule("z.two")),
    )

    assert ids(engine_with({}), "a") == ["a.one", "z.two"]


def test_a_plugins_file_with_a_fault_is_left_out_alone(engine_with: Load, ship: Ship) -> None:
    ship(
        a=bill("a", rule("a.one"), head='extends = "b"'),
        b=bill("b", rule("b.one"), head='extends = "gone"'),
        c=bill("c", rule("c.one")),
        d=bill("d", rule("d.one", "when.code = 5")),
    )

    engine = engine_with({})

    assert [ids(engine, seller) for seller in "abcd"] == [[], [], ["c.one"], []]
    told = [str(fault) for fault in engine.policy.warnings if fault.file.startswith("shop:")]
    assert [line.split(": ")[0] for line in told] == [
        "shop:rules/bill/d.toml:7:13",
        "shop:rules/bill/b.toml:3:11",
        "shop:rules/bill/a.toml:3:11",
    ]


def test_bundled_files_whose_plugin_is_not_there_are_warnings(engine: Engine) -> None:
    """Only the toy plugin is loaded, so what other plugins declare is no fact here."""
    left_out = [fault for fault in engine.policy.warnings if "is no fact" in fault.message]

    assert left_out
    assert {fault.file.split("/")[0] for fault in left_out} == {"rules"}
    assert {fault.file for fault in left_out}.isdisjoint(file.source.file for file in engine.policy.rules.files)
    assert "rules/classify/common.toml" in {file.source.file for file in engine.policy.rules.files}


def test_a_deprecated_rule_decides_and_is_warned_of(engine_with: Load, toy_files: dict[str, str]) -> None:
    old = rule("toy.old", 'status = "deprecated"', 'when.code = "old"', then='outcome = "lost", stage = "delivery"')

    engine = engine_with({**toy_files, "classify/toy.toml": toy_files["classify/toy.toml"] + old})

    assert engine.evaluate({"toy": {"code": "old"}}).outcome == "lost"
    (told,) = (fault for fault in engine.policy.warnings if "deprecated" in fault.message)
    assert (told.severity, told.message) == ("warning", "rule 'toy.old' is deprecated; it still decides")
    assert told.line == engine.policy.rules.rules["toy.old"].place.line


def test_a_directory_that_does_not_load_changes_nothing_that_did(
    policy: Policy, plugins: PluginSet, toy_files: dict[str, str]
) -> None:
    root = policy(toy_files)
    engine = Engine.load(root, plugins=plugins)
    before = engine.evaluate({"toy": {"finish_reason": "SAFETY"}}, at="2026-06-15")
    (root / "bill" / "toy-inc.toml").write_text(bill("toy-inc", rule("a"), rule("b", "when.code = 5")), "utf-8")

    with pytest.raises(PolicyFileError) as caught:
        Engine.load(root, plugins=plugins)

    assert [fault.line for fault in caught.value.diagnostics if fault.file.startswith(str(root))] == [12]
    assert engine.evaluate({"toy": {"finish_reason": "SAFETY"}}, at="2026-06-15") == before


def test_the_faulty_half_of_a_file_takes_the_other_half_along(load_file: LoadFile) -> None:
    loaded, found = load_file(bill("toy-inc", rule("a"), rule("b", "when.code = 5"), rule("c")))

    assert loaded is None
    assert len(found) == 1


def test_rules_of_a_team_come_before_bundled_ones_and_common_ones_after_own(
    engine_with: Load, toy_files: dict[str, str]
) -> None:
    common = f'decision = "classify"\ndialects = ["*"]\n{rule("ours.common", then=LOST)}'

    engine = engine_with({**toy_files, "classify/common.toml": common})

    order = [
        one.place.file.rpartition("policy/")[2] for one in engine.policy.rules.deciding("classify", "toy-api").rules
    ]
    assert list(dict.fromkeys(order)) == ["classify/toy.toml", "classify/common.toml", "rules/classify/common.toml"]


LOST = 'outcome = "lost", stage = "delivery"'


@pytest.mark.parametrize(
    ("at", "decided"),
    [
        ("2026-04-30T23:59:59.999999Z", "toy.safety"),
        ("2026-05-01T00:00:00Z", "ours"),
        ("2026-05-01T01:59:59+02:00", "toy.safety"),
        ("2026-04-30T22:00:00-02:00", "ours"),
        ("2026-05-31T23:59:59.999999Z", "ours"),
        ("2026-06-01T00:00:00Z", "toy.safety"),
    ],
)
def test_dates_are_days_in_utc(engine_with: Load, toy_files: dict[str, str], at: str, decided: str) -> None:
    ours = rule("ours", 'replace = "toy.safety"', "from = 2026-05-01", "until = 2026-06-01", then=LOST)
    file = f'decision = "classify"\ndialects = ["toy-api"]\n{ours}'

    engine = engine_with({**toy_files, "classify/ours.toml": file})

    assert engine.evaluate({"toy": {"finish_reason": "SAFETY"}}, at=at).trail[0].rule == decided
