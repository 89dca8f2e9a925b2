"""Test which dialect an answer is taken to be in, and that plugins which err do not take the engine down."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from policyengine.engine import Engine
from policyengine.errors import DialectError
from policyengine.hookspecs import hookimpl
from policyengine.native import mapping
from policyengine.plugins import PluginProblem, PluginSet
from policyengine.provider import Claim, Dialect, Normalized, Provider, Seller

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from policyengine.exchange import Exchange
    from policyengine.verdict import Verdict

AT = "2026-06-15T00:00:00Z"


class Claiming(Dialect):
    """Claim an answer as its own as far as the answer says: `{"a-api": 3}`."""

    seller: ClassVar[str] = "a-inc"

    def recognizes(self, exchange: Exchange) -> Claim:
        told = mapping(exchange.body).get(self.name)
        return Claim(told) if isinstance(told, int) else Claim.NO

    def normalize(self, exchange: Exchange) -> Normalized:
        return exchange.facts(self), ()

    def split(self, body: object) -> Sequence[object]:
        parts = mapping(body).get("parts")
        return parts if isinstance(parts, list) and parts else [body]


class A(Claiming):
    name: ClassVar[str] = "a-api"


class B(Claiming):
    name: ClassVar[str] = "b-api"
    seller: ClassVar[str] = "b-inc"


class C(Claiming):
    name: ClassVar[str] = "c-api"


def plugins_of(dialects: Sequence[Dialect], sellers: Sequence[Seller] = ()) -> PluginSet:
    class Plugin:
        @hookimpl
        def policyengine_provider(self) -> Provider:
            return Provider("abc", dialects)

        @hookimpl
        def policyengine_sellers(self) -> list[Seller]:
            return [*sellers, Seller("b-inc", hosts=("b.test",))]

    found = PluginSet()
    found.add("abc", Plugin())
    assert found.problems == []
    found.problems.append(PluginProblem("others", "left out of this test"))
    return found


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine.load(plugins=plugins_of([A(), B(), C()]))


def evaluate(engine: Engine, body: object, **context: Any) -> Verdict:  # noqa: ANN401
    return engine.evaluate(body, **{"at": AT, **context})


def warned(verdict: Verdict, code: str) -> list[str]:
    return [warning.message for warning in verdict.warnings if warning.code == code]


@pytest.mark.parametrize(
    ("claims", "dialect"),
    [
        ({"a-api": 1}, "a-api"),
        ({"a-api": 1, "b-api": 2}, "b-api"),
        ({"a-api": 3, "b-api": 2, "c-api": 2}, "a-api"),
        ({"a-api": 2, "b-api": 2, "c-api": 3}, "c-api"),
        ({"a-api": 1, "b-api": 1, "c-api": 2}, "c-api"),
        ({"a-api": 1, "b-api": 1}, "none"),
        ({"a-api": 1, "b-api": 1, "c-api": 1}, "none"),
        ({"a-api": 0}, "none"),
        ({}, "none"),
    ],
)
def test_the_surest_dialect_translates(engine: Engine, claims: Mapping[str, int], dialect: str) -> None:
    verdict = evaluate(engine, dict(claims), http_status=503)

    assert (verdict.facts.dialect, verdict.outcome) == (dialect, "failed")
    assert bool(warned(verdict, "dialect_unknown")) is (dialect == "none")


@pytest.mark.parametrize(
    ("claims", "candidates"),
    [
        ({"a-api": 3, "b-api": 3}, ("a-api", "b-api")),
        ({"a-api": 2, "c-api": 2}, ("a-api", "c-api")),
        ({"a-api": 2, "b-api": 2, "c-api": 2}, ("a-api", "b-api", "c-api")),
    ],
)
@pytest.mark.parametrize("url", [None, "https://gateway.test/v1"])
def test_a_tie_of_dialects_that_are_sure_names_the_candidates(
    engine: Engine, claims: Mapping[str, int], candidates: tuple[str, ...], url: str | None
) -> None:
    with pytest.raises(DialectError) as caught:
        evaluate(engine, dict(claims), url=url)

    assert caught.value.candidates == candidates
    assert "pass dialect=, provider= or seller=" in str(caught.value)


@pytest.mark.parametrize(
    ("claims", "context", "dialect"),
    [
        ({"a-api": 3, "b-api": 3}, {"seller": "b-inc"}, "b-api"),
        ({"a-api": 1, "b-api": 1}, {"seller": "b-inc"}, "b-api"),
        ({"a-api": 3, "b-api": 3}, {"url": "https://b.test/v1"}, "b-api"),
        ({"a-api": 3, "b-api": 3}, {"dialect": "a-api"}, "a-api"),
        ({"a-api": 1, "b-api": 1}, {"dialect": "b-api"}, "b-api"),
    ],
)
def test_the_flag_the_seller_or_the_address_settles_a_tie(
    engine: Engine, claims: Mapping[str, int], context: dict[str, str], dialect: str
) -> None:
    assert evaluate(engine, dict(claims), **context).facts.dialect == dialect


def test_a_seller_that_two_dialects_share_settles_nothing(engine: Engine) -> None:
    with pytest.raises(DialectError):
        evaluate(engine, {"a-api": 3, "c-api": 3}, seller="a-inc")


def test_a_body_of_several_answers_is_split(engine: Engine) -> None:
    parts = [{"a-api": 3, "n": index} for index in range(3)]

    exchanges = engine.split({"a-api": 3, "parts": parts}, seller="b-inc", at=AT)

    assert [exchange.body for exchange in exchanges] == parts
    assert {verdict.facts.seller for verdict in engine.evaluate_many(exchanges)} == {"b-inc"}


def test_a_body_of_one_answer_stays_whole(engine: Engine) -> None:
    (exchange,) = engine.split(b'{"a-api": 3, "parts": []}')

    assert exchange.body == {"a-api": 3, "parts": []}


class Nothing(Claiming):
    """Forget to return."""

    name: ClassVar[str] = "nothing"

    def recognizes(self, exchange: Exchange) -> Any:  # noqa: ANN401  that is the point
        del exchange

    def normalize(self, exchange: Exchange) -> Any:  # noqa: ANN401
        del exchange


class Raising(Claiming):
    """Raise wherever it is asked."""

    name: ClassVar[str] = "raising"

    def recognizes(self, exchange: Exchange) -> Claim:
        raise KeyError(exchange.url)

    def normalize(self, exchange: Exchange) -> Normalized:
        raise RecursionError(exchange.url)


class ListedUsage(Claiming):
    """Return a list where a tuple is expected."""

    name: ClassVar[str] = "listed"

    def normalize(self, exchange: Exchange) -> Any:  # noqa: ANN401
        return exchange.facts(self), []


class RaisingSeller(Seller):
    def recognizes(self, exchange: Exchange) -> bool:
        raise KeyError(exchange.url)


@pytest.fixture(scope="module")
def careless() -> Engine:
    return Engine.load(plugins=plugins_of([Nothing(), Raising(), ListedUsage(), A()], [RaisingSeller("raising-inc")]))


def test_plugins_that_fail_to_recognize_claim_nothing(careless: Engine) -> None:
    verdict = evaluate(careless, {"a-api": 2}, http_status=503)

    assert (verdict.facts.dialect, verdict.facts.seller, verdict.outcome) == ("a-api", "a-inc", "failed")


@pytest.mark.parametrize(
    ("dialect", "what"), [("nothing", "raised TypeError: cannot unpack"), ("raising", "raised RecursionError")]
)
def test_plugins_that_fail_to_normalize_are_named_and_the_transport_is_read(
    careless: Engine, dialect: str, what: str
) -> None:
    verdict = evaluate(careless, {}, http_status=429, headers={"Retry-After": "7"}, dialect=dialect)

    assert (verdict.outcome, verdict.facts.retry_after_s) == ("throttled", 7)
    (message,) = warned(verdict, "plugin_failed")
    assert message.startswith(f"dialect {dialect!r} of provider 'abc' {what}")


def test_usage_in_a_list_is_kept_as_a_tuple(careless: Engine) -> None:
    assert evaluate(careless, {}, dialect="listed").usage == ()


@pytest.mark.parametrize("seller", ["a-inc", "b-inc", "nobody"])
def test_what_was_wrong_with_the_answer_stays_so_under_another_invoice(careless: Engine, seller: str) -> None:
    verdict = evaluate(careless, b"<html>", http_status=503, dialect="nothing")

    again = careless.rebill(verdict, seller=seller)

    for code in ("body", "plugin_failed"):
        assert warned(again, code) == warned(verdict, code) != []
