"""Put rules into the order in which they decide: layers, replacements, dates."""

from __future__ import annotations

from datetime import UTC, datetime, time
from math import prod
from typing import TYPE_CHECKING

from policyengine.errors import Diagnostic, nearest
from policyengine.rules.conditions import All, Condition, Fault, Not, Test, shown
from policyengine.rules.diagnose import placed
from policyengine.rules.fields import Field
from policyengine.rules.model import BillFile, ClassifyFile, Decision
from policyengine.rules.ordered import BoundRule, OrderedRules

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from policyengine.rules.load import LoadedRules

    _ById = Mapping[str, tuple[LoadedRules, BoundRule]]

__all__ = ["RuleBook", "cross_faults", "window_of"]

_AT = Field("at", "time")
_ORIGINS = ("user", "bundled", "plugin")
_ID_OWNERS = ("bundled", "plugin", "user")  # whose id it is when two rules have the same
_MOST_ALTERNATIVES = 64


class RuleBook:
    """Answer which rules decide for a dialect, a seller, or the route, and in which order."""

    def __init__(self, files: Sequence[LoadedRules]) -> None:
        """Take the loaded *files*, user files and bundled ones."""
        self.files = tuple(files)
        self.rules: Mapping[str, BoundRule] = {rule.rule.id: rule for file in files for rule in file.rules}
        self._disabled = frozenset(name for file in files for name in file.content.disable)
        self._ordered: dict[tuple[str, str, bool], OrderedRules] = {}
        self._alternatives: dict[str, Mapping[str, tuple[str, ...]]] = {}
        self.has_experiments = any(rule.rule.status == "experimental" for rule in self.rules.values())

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle the files; order and index are made anew."""
        return RuleBook, (self.files,)

    def deciding(self, decision: Decision, key: str = "") -> OrderedRules:
        """Return the rules of *decision* for *key*: a dialect, a seller, or "" for the route."""
        return self._list(decision, key, experimental=False)

    def experimental(self, decision: Decision, key: str = "") -> OrderedRules:
        """Return the rules that are on trial: evaluated, reported, and deciding nothing."""
        return self._list(decision, key, experimental=True)

    def _list(self, decision: Decision, key: str, *, experimental: bool) -> OrderedRules:
        found = self._ordered.get((decision, key, experimental))
        if found is None:
            rules = [
                rule for rule in self._in_order(decision, key) if (rule.rule.status == "experimental") is experimental
            ]
            found = self._ordered[decision, key, experimental] = OrderedRules(rules)
        return found

    def _in_order(self, decision: Decision, key: str) -> Iterator[BoundRule]:
        rules = [
            rule for file in self.files_for(decision, key) for rule in file.rules if rule.rule.id not in self._disabled
        ]
        instead = _replacements(rules)
        standing_in = {rule.rule.id for replacing in instead.values() for rule in replacing}
        for rule in rules:
            if rule.rule.id not in standing_in:
                yield from _in_place(rule, instead)

    def files_for(self, decision: Decision, key: str) -> Iterator[LoadedRules]:
        """Yield the files of *decision* for *key*: the user's own, the bundled ones, then the common ones."""
        own = self.chain(key) if decision == "bill" else filter(None, (key,))
        for wanted in (*own, "*"):
            for origin in _ORIGINS:
                for file in self.files:
                    if file.source.origin == origin and _serves(file, decision, wanted):
                        yield file

    def chain(self, seller: str) -> Iterator[str]:
        """Yield *seller* and those whose rules it takes over, nearest first."""
        seen: list[str] = []
        while seller and seller not in seen:
            seen.append(seller)
            yield seller
            seller = self.base_of(seller)

    def base_of(self, seller: str) -> str:
        """Return the seller whose rules *seller* takes over; "" when there is none."""
        return next((base for file in self.bill_files(seller) if (base := file.extends)), "")

    def bill_files(self, seller: str) -> list[BillFile]:
        """Return the bill tables of *seller* itself, the user's first."""
        contents = [file.content for origin in _ORIGINS for file in self.files if file.source.origin == origin]
        return [content for content in contents if isinstance(content, BillFile) and content.seller == seller]

    def sellers(self) -> Iterable[str]:
        """Return the sellers that have a bill table."""
        found = [file.content.seller for file in self.files if isinstance(file.content, BillFile)]
        return [seller for seller in dict.fromkeys(found) if seller != "*"]

    def alternatives(self, seller: str) -> Mapping[str, tuple[str, ...]]:
        """Return the facts on which the bill of *seller* depends, with their values."""
        found = self._alternatives.get(seller)
        if found is None:
            tables = [table for name in self.chain(seller) for table in self.bill_files(name)]
            found = self._alternatives[seller] = {
                name: values for table in reversed(tables) for name, values in table.alternatives.items()
            }
        return found


def _serves(file: LoadedRules, decision: str, key: str) -> bool:
    content = file.content
    if content.decision != decision:
        return False
    if isinstance(content, ClassifyFile):
        return key in content.dialects
    return content.seller == key if isinstance(content, BillFile) else key == "*"


def _replacements(rules: Sequence[BoundRule]) -> Mapping[str, list[BoundRule]]:
    """Return the rules that stand in for others of *rules*, by the id of the other."""
    ids = {rule.rule.id for rule in rules}
    found: dict[str, list[BoundRule]] = {}
    for rule in rules:
        old = rule.rule.replace
        if old is not None and old in ids and rule.rule.status != "experimental":
            found.setdefault(old, []).append(rule)
    return found


def _in_place(rule: BoundRule, instead: Mapping[str, Sequence[BoundRule]]) -> Iterator[BoundRule]:
    """Yield what stands at the place of *rule*: the rules that replace it, then itself on the days they leave to it."""
    replacing = instead.get(rule.rule.id, ())
    for other in replacing:
        yield from _in_place(other, instead)
    limits = [*window_of(rule.rule.from_, rule.rule.until)]
    for other in replacing:
        window = tuple(window_of(other.rule.from_, other.rule.until))
        if not window:
            return
        limits.append(Not(All(window)))
    yield BoundRule(rule.decision, rule.rule, All((*limits, rule.condition)), rule.place) if limits else rule


def window_of(from_: date | None, until: date | None) -> Iterator[Condition]:
    """Yield the conditions on `at` that two dates mean: from inclusive, until exclusive, in UTC."""
    if from_ is not None:
        yield Test(_AT, "ge", (datetime.combine(from_, time(), UTC),))
    if until is not None:
        yield Test(_AT, "lt", (datetime.combine(until, time(), UTC),))


def cross_faults(files: Sequence[LoadedRules]) -> list[Diagnostic]:
    """Return the faults that only all *files* together show: ids given twice, names of rules that are not there."""
    by_id: dict[str, tuple[LoadedRules, BoundRule]] = {}
    for file in sorted(files, key=lambda file: _ID_OWNERS.index(file.source.origin)):
        for rule in file.rules:
            by_id.setdefault(rule.rule.id, (file, rule))
    book = RuleBook(files)
    faults: list[Diagnostic] = []
    for file in files:
        wrong = [*_taken(file, by_id), *_dangling(file, by_id, book), *_seller_faults(file, book)]
        faults += placed(file.source, wrong)
    return faults


def _taken(file: LoadedRules, by_id: _ById) -> Iterator[Fault]:
    for index, rule in enumerate(file.rules):
        first = by_id[rule.rule.id][1]
        if first is not rule:
            where = f"{first.place.file}:{first.place.line}"
            message = f"rule id {rule.rule.id!r} is taken by {where}; give this rule its own"
            yield Fault(("rule", index, "id"), message)


def _dangling(file: LoadedRules, by_id: _ById, book: RuleBook) -> Iterator[Fault]:
    """Yield what *file* names that is not there, or that it has no hold of."""
    for place, name in enumerate(file.content.disable):
        if name not in by_id:
            yield Fault(("disable", place), f"there is no rule {shown(name)}{nearest(name, tuple(by_id))}")
    for index, rule in enumerate(file.rules):
        old = rule.rule.replace
        if old is not None and (wrong := _replace_fault(file, rule, by_id, book)) is not None:
            yield Fault(("rule", index, "replace"), wrong)


def _replace_fault(file: LoadedRules, rule: BoundRule, by_id: _ById, book: RuleBook) -> str | None:
    """Return why *rule* cannot stand in for the rule it names, or None."""
    old = rule.rule.replace or ""
    known = tuple(name for name, (_, other) in by_id.items() if other.decision == rule.decision)
    if old not in known:
        return f"there is no {rule.decision} rule {shown(old)}{nearest(old, known)}"
    seen = [rule.rule.id]
    while old in by_id and old not in seen:
        seen.append(old)
        old = by_id[old][1].rule.replace or ""
    if old == rule.rule.id:
        return f"'replace' goes round in a circle: {' -> '.join([*seen, old])}"
    home = by_id[seen[1]][0]
    keys = {"", *_served(file), *_served(home)} - {"*"}
    if not any({id(file), id(home)} <= set(map(id, book.files_for(rule.decision, key))) for key in keys):
        return f"{seen[1]!r} stands in {home.source.file}, which serves none that this file serves"
    return None


def _served(file: LoadedRules) -> tuple[str, ...]:
    """Return the dialects or the seller that *file* serves."""
    content = file.content
    if isinstance(content, ClassifyFile):
        return content.dialects
    return (content.seller,) if isinstance(content, BillFile) else ()


def _seller_faults(file: LoadedRules, book: RuleBook) -> Iterator[Fault]:
    """Yield what is wrong with how sellers build on one another."""
    content = file.content
    if not isinstance(content, BillFile):
        return
    if prod(map(len, book.alternatives(content.seller).values())) > _MOST_ALTERNATIVES:
        place = "alternatives" if content.alternatives else "extends"
        yield Fault((place,), f"more than {_MOST_ALTERNATIVES} combinations; name fewer facts or values")
    if content.extends is None:
        return
    sellers = tuple(book.sellers())
    if content.extends not in sellers:
        yield Fault(("extends",), f"{shown(content.extends)} has no bill table{nearest(content.extends, sellers)}")
    chain = [*book.chain(content.seller)]
    if book.base_of(chain[-1]) == content.seller:
        yield Fault(("extends",), f"'extends' goes round in a circle: {' -> '.join([*chain, content.seller])}")
