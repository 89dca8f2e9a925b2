"""Test that plugins load one by one, and that one that fails is named and takes no other down."""

from __future__ import annotations

import sys
from importlib.metadata import EntryPoint
from types import ModuleType
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from policyengine.engine import Engine
from policyengine.errors import DialectError
from policyengine.hookspecs import PLUGIN_API, hookimpl
from policyengine.plugins import PluginSet, load_plugins
from policyengine.provider import Claim, Dialect, Normalized, Provider, Seller

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from policyengine.exchange import Exchange


class Plain(Dialect):
    """Claim everything and read nothing."""

    seller: ClassVar[str] = "one-inc"

    def recognizes(self, exchange: Exchange) -> Claim:
        del exchange
        return Claim.MAYBE

    def normalize(self, exchange: Exchange) -> Normalized:
        return exchange.facts(self), ()


class One(Plain):
    name: ClassVar[str] = "one-api"


class Two(Plain):
    name: ClassVar[str] = "two-api"


def module(name: str, **told: object) -> ModuleType:
    made = ModuleType(name)
    for key, value in told.items():
        setattr(made, key, value)
    return made


def provider(name: str, *dialects: Dialect) -> Any:  # noqa: ANN401
    def policyengine_provider() -> Provider:
        return Provider(name, dialects)

    return hookimpl(policyengine_provider)


def sellers(*names: str) -> Any:  # noqa: ANN401
    def policyengine_sellers() -> Sequence[Seller]:
        return [Seller(name) for name in names]

    return hookimpl(policyengine_sellers)


def plugin_set(**modules: object) -> PluginSet:
    found = PluginSet()
    for name, one in modules.items():
        found.add(name, one)
    return found


def test_what_a_plugin_ships_is_found_by_name() -> None:
    found = plugin_set(
        one=module("one", policyengine_provider=provider("one", One()), policyengine_sellers=sellers("one-inc")),
        two=module("two", policyengine_provider=provider("two", Two())),
    )

    assert found.problems == []
    assert sorted(found.dialects) == ["one-api", "two-api"]
    assert sorted(found.sellers) == ["one-inc"]
    assert found.dialect("one-api").provider == "one"
    assert [dialect.name for dialect in found.dialects_of("two")] == ["two-api"]


@pytest.mark.parametrize(
    ("kind", "second"),
    [
        ("provider 'one'", {"policyengine_provider": provider("one", Two())}),
        ("dialect 'one-api'", {"policyengine_provider": provider("two", One())}),
        ("seller 'one-inc'", {"policyengine_sellers": sellers("one-inc")}),
    ],
)
def test_two_plugins_that_clash_are_both_named_and_the_first_stays(kind: str, second: dict[str, object]) -> None:
    first = module("one", policyengine_provider=provider("one", One()), policyengine_sellers=sellers("one-inc"))

    found = plugin_set(first=first, second=module("second", **second))

    (problem,) = found.problems
    assert problem.plugin == "second"
    assert problem.message == f"ValueError: {kind} is already registered by first; rename one of the two"
    assert sorted(found.dialects) == ["one-api"]


def test_a_plugin_that_clashes_with_itself_is_left_out() -> None:
    found = plugin_set(one=module("one", policyengine_provider=provider("one", One(), One())))

    assert [problem.message for problem in found.problems] == [
        "ValueError: dialect 'one-api' is already registered by itself; rename one of the two"
    ]
    assert found.dialects == {}


class Keyed(One):
    keys: ClassVar[Any] = ("a", "b")


class Signalling(One):
    signals: ClassVar[Any] = {"hint": "txt"}


@pytest.mark.parametrize(
    ("dialect", "message"),
    [
        (Keyed(), "TypeError: dialect 'one-api' declares keys as tuple, expected a frozenset"),
        (Signalling(), "ValueError: dialect 'one-api' declares signal 'hint' of kind 'txt'; did you mean 'text'?"),
    ],
)
def test_a_dialect_that_declares_the_wrong_thing_is_left_out(dialect: Dialect, message: str) -> None:
    found = plugin_set(one=module("one", policyengine_provider=provider("one", dialect)))

    assert [problem.message for problem in found.problems] == [message]
    assert found.dialects == {}


def test_a_misspelled_hook_is_reported() -> None:
    def policyengine_providr() -> Provider:
        return Provider("one", [One()])

    found = plugin_set(one=module("one", policyengine_providr=hookimpl(policyengine_providr)))

    (problem,) = found.problems
    assert "policyengine_providr" in problem.message
    assert found.dialects == {}


@pytest.mark.parametrize(
    ("name", "returned", "message"),
    [
        ("policyengine_provider", "one", "TypeError: a hook returned str, expected Provider"),
        ("policyengine_sellers", ["one"], "TypeError: a hook returned str, expected Seller"),
        ("policyengine_sellers", 5, "TypeError: 'int' object is not iterable"),
    ],
)
def test_a_hook_that_returns_something_else_is_reported(name: str, returned: object, message: str) -> None:
    def hook() -> object:
        return returned

    hook.__name__ = name

    found = plugin_set(one=module("one", **{name: hookimpl(hook)}))

    assert [problem.message for problem in found.problems] == [message]


def test_a_hook_that_raises_is_reported() -> None:
    def policyengine_provider() -> Provider:
        raise OSError("no such file")  # noqa: EM101, TRY003

    found = plugin_set(one=module("one", policyengine_provider=hookimpl(policyengine_provider)))

    assert [str(problem) for problem in found.problems] == ["one: OSError: no such file"]


def test_a_dialect_or_provider_nobody_ships_is_an_error_with_the_candidates() -> None:
    found = plugin_set(one=module("one", policyengine_provider=provider("one", One())))

    with pytest.raises(DialectError, match=r"dialect 'one-apo' is not known; did you mean 'one-api'\?"):
        found.dialect("one-apo")
    with pytest.raises(DialectError, match="provider 'uno' is not known; known are one"):
        found.dialects_of("uno")


@pytest.fixture
def points(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[EntryPoint]:
    """Return entry points of modules that are good, broken, absent and of another time."""
    (tmp_path / "toy_broken.py").write_text("raise RuntimeError('half installed')\n", encoding="utf-8")
    (tmp_path / "toy_syntax.py").write_text("def (\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    good = module("toy_good", policyengine_provider=provider("one", One()), PLUGIN_API=PLUGIN_API)
    old = module("toy_old", policyengine_provider=provider("two", Two()), PLUGIN_API=PLUGIN_API - 1)
    monkeypatch.setitem(sys.modules, "toy_good", good)
    monkeypatch.setitem(sys.modules, "toy_old", old)
    names = ("toy_syntax", "toy_old", "toy_good", "toy_gone", "toy_broken")
    return [EntryPoint(name, name, "policyengine") for name in names]


def test_each_entry_point_is_loaded_on_its_own(points: list[EntryPoint]) -> None:
    found = load_plugins(points)

    assert sorted(found.dialects) == ["one-api"]
    assert found.versions == {"toy_good": "toy_good"}
    assert [problem.plugin for problem in found.problems] == [
        "toy_broken (toy_broken)",
        "toy_gone (toy_gone)",
        "toy_old (toy_old)",
        "toy_syntax (toy_syntax)",
    ]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("toy_broken", "RuntimeError: half installed"),
        ("toy_gone", "ModuleNotFoundError: No module named 'toy_gone'"),
        ("toy_old", f"it was written for plugin API {PLUGIN_API - 1}, this is {PLUGIN_API}"),
        ("toy_syntax", "SyntaxError"),
    ],
)
def test_a_plugin_that_does_not_load_says_why(points: list[EntryPoint], name: str, message: str) -> None:
    found = load_plugins(points)

    (problem,) = [problem for problem in found.problems if problem.plugin.startswith(name)]
    assert message in problem.message


def test_an_engine_loads_with_what_is_left(points: list[EntryPoint]) -> None:
    engine = Engine.load(plugins=load_plugins(points))

    assert engine.evaluate({"a": 1}, http_status=503, dialect="one-api").outcome == "failed"


RULES = """\
decision = "classify"
dialects = ["one-api"]

[[rule]]
id = "one.teapot"
title = "A teapot"
when.http_status = 418
then = { outcome = "declined", stage = "generation" }
"""


def ruled(directory: Path) -> ModuleType:
    def policyengine_rules() -> Path:
        return directory

    return module("one", policyengine_provider=provider("one", One()), policyengine_rules=hookimpl(policyengine_rules))


def engine_of(one: ModuleType) -> Engine:
    plugins = plugin_set(one=one, broken=module("broken", policyengine_sellers=sellers("one-inc", "one-inc")))
    plugins.add("gone", module("gone", policyengine_provider=provider("one")))
    return Engine.load(plugins=plugins)


def test_rules_of_a_plugin_decide(tmp_path: Path) -> None:
    (tmp_path / "classify").mkdir()
    (tmp_path / "classify" / "one.toml").write_text(RULES, encoding="utf-8")

    verdict = engine_of(ruled(tmp_path)).evaluate({"a": 1}, http_status=418, dialect="one-api")

    assert verdict.trail[0].rule == "one.teapot"
    assert verdict.trail[0].file == "one:rules/classify/one.toml"


def test_faulty_rules_of_a_plugin_are_left_out_and_reported(tmp_path: Path) -> None:
    (tmp_path / "classify").mkdir()
    (tmp_path / "classify" / "one.toml").write_text(RULES.replace("418", '"418"'), encoding="utf-8")

    engine = engine_of(ruled(tmp_path))

    assert engine.evaluate({"a": 1}, http_status=503, dialect="one-api").outcome == "failed"
    reported = [fault for fault in engine.policy.warnings if fault.file == "one:rules/classify/one.toml"]
    assert "takes an integer, not '418'" in reported[0].message
