"""Run the examples and near misses that rules carry, and say why one fails."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

import msgspec
from msgspec import Struct

from policyengine.errors import InputError, nearest
from policyengine.facts import Facts
from policyengine.request import Request, completed
from policyengine.rules.conditions import parse_conditions
from policyengine.rules.fields import Subject
from policyengine.rules.layers import RuleBook
from policyengine.rules.load import LoadedRules
from policyengine.rules.model import CUMULATIVE, BillFile, ClassifyFile, Example, NearMiss, PreflightFile
from policyengine.rules.ordered import BoundRule
from policyengine.rules.why import why_not

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from policyengine.rules.fields import Field
    from policyengine.rules.ordered import OrderedRules

__all__ = ["Case", "Failure", "Given", "cases", "facts_of", "failure_of", "given_facts", "run_examples", "untested"]

_ANY_DAY = date(2026, 11, 24)


class Failure(Struct, frozen=True, kw_only=True):
    """Say which example of which rule does not hold, on which facts, and why."""

    file: str
    line: int
    rule: str
    kind: str
    """example or near_miss."""
    number: int
    """Counted from 1."""
    given: dict[str, Any]
    """The facts, as the file has them."""
    decided_by: tuple[str, ...] = ()
    """The rules that decide instead, each with its place."""
    message: str

    def __str__(self) -> str:
        """Return the failure in one line."""
        return f"{self.file}:{self.line}: {self.rule}: {self.kind} {self.number}: {self.message}"

    def details(self) -> list[str]:
        """Return the facts and who decided instead, a line each."""
        lines = [f"given {{ {', '.join(_assignments(self.given))} }}"]
        return lines + ([f"decided by {', '.join(self.decided_by)}"] if self.decided_by else [])


def _assignments(table: Mapping[str, object]) -> Iterator[str]:
    """Yield the keys and values of *table* as TOML has them in one line."""
    for key, value in table.items():
        yield f"{key} = {_inline(value)}"


def _inline(value: object) -> str:
    if isinstance(value, dict):
        return f"{{ {', '.join(_assignments(value))} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(_inline, value))}]"
    if isinstance(value, str | bool):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


class Given(Struct, frozen=True, kw_only=True):
    """Hold the facts of an example, and what was decided before the rule's turn."""

    facts: Subject
    outcome: str | None = None
    stage: str | None = None


class Case(Struct, frozen=True, kw_only=True):
    """Hold one example or near miss, and the rules that it is decided by."""

    book: RuleBook
    file: LoadedRules
    rule: BoundRule
    told: Example | NearMiss
    number: int
    """Counted from 1."""

    @property
    def kind(self) -> str:
        """Return whether the rule must decide it or must not."""
        return "example" if isinstance(self.told, Example) else "near_miss"

    def given(self) -> Given:
        """Return its facts.

        Raises:
            ValueError: a fact has the wrong type, is outside its closed set, or does not exist.
        """
        return facts_of(self.told.given, self.file, self.rule)

    def rules(self, given: Given) -> OrderedRules:
        """Return the list of rules that the rule belongs to, for the dialect or the seller of *given*."""
        facts = given.facts
        keys = {"classify": facts.dialect, "bill": facts.seller} if isinstance(facts, Facts) else {}
        find = self.book.experimental if self.rule.rule.status == "experimental" else self.book.deciding
        return find(self.rule.decision, keys.get(self.rule.decision, ""))


def cases(book: RuleBook) -> Iterator[Case]:
    """Yield every example and near miss.

    Shipped rules are held to their examples as shipped: that a team's own rules decide before them is no fault.
    """
    shipped = RuleBook([file for file in book.files if file.source.origin != "user"])
    for file in book.files:
        own = book if file.source.origin == "user" else shipped
        for rule in file.rules:
            kinds: tuple[tuple[Example | NearMiss, ...], ...] = (rule.rule.example, rule.rule.near_miss)
            for examples in kinds:
                for number, told in enumerate(examples, 1):
                    yield Case(book=own, file=file, rule=rule, told=told, number=number)


def run_examples(book: RuleBook) -> tuple[int, list[Failure]]:
    """Return how many examples and near misses were run, and those that do not hold."""
    results = [failure_of(case) for case in cases(book)]
    return len(results), [failure for failure in results if failure is not None]


def untested(book: RuleBook) -> list[BoundRule]:
    """Return the rules that lack an example or a near miss."""
    return [rule for file in book.files for rule in file.rules if not (rule.rule.example and rule.rule.near_miss)]


def failure_of(case: Case) -> Failure | None:
    """Return what is wrong with *case*, or None."""
    try:
        given = case.given()
    except (msgspec.ValidationError, TypeError, ValueError) as error:
        return _failure(case, f"'given' is not a set of facts: {error}")
    rules = case.rules(given)
    deciders = _deciders(rules, case.rule, given)
    ids = [decider.rule.id for decider in deciders]
    own = case.rule.rule.id
    if isinstance(case.told, Example):
        return None if own in ids else _failure(case, _instead(deciders, case, rules, given), deciders)
    if own in ids:
        return _failure(case, "decided by this rule", deciders)
    wanted = case.told.decided_by
    if wanted is None or wanted in ids:
        return None
    if wanted not in case.book.rules:
        return _failure(case, f"there is no rule {wanted!r}{nearest(wanted, tuple(case.book.rules))}", deciders)
    return _failure(case, _instead(deciders, case, rules, given), deciders)


def _failure(case: Case, message: str, deciders: Iterable[BoundRule] = ()) -> Failure:
    place = case.rule.place
    named = dict.fromkeys(f"{one.rule.id} ({one.place.file}:{one.place.line})" for one in deciders)
    return Failure(
        file=place.file,
        line=place.line,
        rule=case.rule.rule.id,
        kind=case.kind,
        number=case.number,
        given=case.told.given,
        decided_by=tuple(named),
        message=message,
    )


def _instead(deciders: Sequence[BoundRule], case: Case, rules: OrderedRules, given: Given) -> str:
    """Return who decides instead of the rule that should, and what keeps that one from it."""
    decided = f"decided by {', '.join(dict.fromkeys(one.rule.id for one in deciders)) or 'no rule'}"
    wanted = case.rule.rule.id
    if isinstance(case.told, NearMiss) and case.told.decided_by is not None:
        wanted = case.told.decided_by
        decided += f", not by {wanted}"
    listed = next((one for one in rules.rules if one.rule.id == wanted), None)  # with the days on which it decides
    if listed is None:
        return f"{decided}; {wanted} is not asked: it is disabled, replaced, or serves others"
    return f"{decided}; {why_not(listed.condition, given)}"


def _deciders(rules: OrderedRules, rule: BoundRule, given: Given) -> list[BoundRule]:
    """Return those of *rules*, the list that *rule* belongs to, that decide *given*."""
    if rule.decision in CUMULATIVE:
        return rules.matching(given.facts)
    if rule.decision == "bill":
        found = rules.per_component(given.facts, given.outcome or "", given.stage or "")
        return [one for one in found if one is not None]
    first = rules.first(given.facts, given.outcome, given.stage)
    return [] if first is None else [first]


def facts_of(given: Mapping[str, object], file: LoadedRules, rule: BoundRule) -> Given:
    """Return *given* as facts of a dialect and seller that *file* serves, on a day on which *rule* holds.

    Raises:
        ValueError: a fact has the wrong type, is outside its closed set, or does not exist.
    """
    content = file.content
    if isinstance(content, PreflightFile):
        _refuse_wrong(given, file.fields)
        return Given(facts=_request(given, rule))
    known = {"provider": "example", "dialect": "example", "seller": "example"}
    if isinstance(content, ClassifyFile):
        known["dialect"] = content.dialects[0]
    if isinstance(content, BillFile):
        known["seller"] = content.seller
    return given_facts(given, file.fields, {**known, "at": _day_of(rule.rule.from_, rule.rule.until)})


def given_facts(given: Mapping[str, object], fields: Mapping[str, Field], known: Mapping[str, object]) -> Given:
    """Return *given* as facts, with what is *known* where it does not tell.

    Raises:
        ValueError: a fact has the wrong type, is outside its closed set, or does not exist.
    """
    _refuse_wrong(given, fields)
    told = {**known, **{name: value for name, value in given.items() if name not in ("outcome", "stage")}}
    return Given(
        facts=msgspec.convert(_plain(told), _StrictFacts),
        outcome=cast("str | None", given.get("outcome")),
        stage=cast("str | None", given.get("stage")),
    )


def _refuse_wrong(given: Mapping[str, object], fields: Mapping[str, Field]) -> None:
    """Raise a `ValueError` that says what is wrong with *given*, if anything is."""
    if wrong := "; ".join(_wrong(given, fields)):
        raise ValueError(wrong)


def _request(given: Mapping[str, object], rule: BoundRule) -> Request:
    """Return *given* as a request on a day on which *rule* holds.

    Raises:
        ValueError: a value has the wrong type.
    """
    fields = {"at": _day_of(rule.rule.from_, rule.rule.until), **given}
    try:
        return completed(msgspec.convert(_plain(fields), Request))
    except InputError as error:
        raise ValueError(str(error)) from error


def _wrong(given: Mapping[str, object], fields: Mapping[str, Field]) -> Iterator[str]:
    """Yield what is wrong with *given*, read as conditions: a fact is written as the value it must be equal to."""
    for fault in parse_conditions(given, fields)[1]:
        yield fault.message
    signals = given.get("signal")
    for name, value in signals.items() if isinstance(signals, dict) else ():
        field = fields.get(f"signal.{name}")
        if field is not None and field.kind != "texts" and isinstance(value, list):
            yield f"{field.name!r} takes {field.kind}, not several"


class _StrictFacts(Facts, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Refuse names that are no facts."""


def _day_of(from_: date | None, until: date | None) -> date:
    """Return a day on which a rule with these dates holds."""
    if from_ is not None or until is None or until == date.min:
        return from_ or _ANY_DAY
    return until - timedelta(days=1)


def _plain(fields: Mapping[str, object]) -> dict[str, object]:
    """Return TOML values as `Facts` has them: days as times, whole decimals and floats as they convert."""
    plain: dict[str, object] = {}
    for name, value in fields.items():
        if isinstance(value, date) and not isinstance(value, datetime):
            plain[name] = datetime.combine(value, time(), UTC)
        elif isinstance(value, datetime):
            plain[name] = value if value.tzinfo else value.replace(tzinfo=UTC)
        elif isinstance(value, Decimal) and name in ("elapsed_s", "retry_after_s", "input_megapixels"):
            plain[name] = float(value)
        elif name in ("quoted", "settled") and isinstance(value, int | Decimal):
            plain[name] = str(value)
        else:
            plain[name] = value
    return plain
