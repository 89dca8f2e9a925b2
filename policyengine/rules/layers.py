"""Put rules into the order in which they decide: layers, replacements, dates."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import TYPE_CHECKING

from policyengine.errors import Diagnostic, nearest
from policyengine.rules.conditions import All, Condition, Not, Test
from policyengine.rules.fields import Field
from policyengine.rules.model import BillFile, ClassifyFile, Decision
from policyengine.rules.ordered import BoundRule, OrderedRules

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from policyengine.rules.load import LoadedRules

__all__ = ["RuleBook"]

_AT = Field("at", "time")
_ORIGINS = ("user", "bundled")


class RuleBook:
    """Answer which rules decide for a dialect, a seller, or the route, and in which order."""

    def __init__(self, files: Sequence[LoadedRules]) -> None:
        """Take the loaded *files*, user files and bundled ones."""
        self.files = tuple(files)
        self.rules: Mapping[str, BoundRule] = {rule.rule.id: rule for file in files for rule in file.rules}
        self._disabled = frozenset(name for file in files for name in file.content.disable)
        self._replacements = _replacements(self.rules.values(), self._disabled)
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
        for file in self.files_for(decision, key):
            for rule in file.rules:
                if rule.rule.id not in self._disabled and (timed := self._timed(rule)) is not None:
                    yield timed

    def files_for(self, decision: Decision, key: str) -> Iterator[LoadedRules]:
        """Yield the files of *decision* for *key*: the user's own, the bundled ones, then the common ones."""
        for wanted in (*self._keys(decision, key), "*"):
            for origin in _ORIGINS:
                for file in self.files:
                    if file.source.origin == origin and _serves(file, decision, wanted):
                        yield file

    def _keys(self, decision: Decision, key: str) -> Iterator[str]:
        """Yield *key* and, for sellers, those whose rules it takes over."""
        seen = set()
        while key and key not in seen:
            seen.add(key)
            yield key
            key = (
                next((base for file in self.bill_files(key) if (base := file.extends)), "")
                if decision == "bill"
                else ""
            )

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
            tables = [table for name in self._keys("bill", seller) for table in self.bill_files(name)]
            found = self._alternatives[seller] = {
                name: values for table in reversed(tables) for name, values in table.alternatives.items()
            }
        return found

    def _timed(self, rule: BoundRule) -> BoundRule | None:
        """Return *rule* limited to its dates and to when nothing replaces it; None when that is never."""
        limits = [*_window(rule.rule.from_, rule.rule.until)]
        for replacing in self._replacements.get(rule.rule.id, ()):
            window = tuple(_window(replacing.rule.from_, replacing.rule.until))
            if not window:
                return None
            limits.append(Not(All(window)))
        if not limits:
            return rule
        condition = All((*limits, rule.condition))
        return BoundRule(rule.decision, rule.rule, condition, rule.place)


def _serves(file: LoadedRules, decision: str, key: str) -> bool:
    content = file.content
    if content.decision != decision:
        return False
    if isinstance(content, ClassifyFile):
        return key in content.dialects
    return content.seller == key if isinstance(content, BillFile) else key == "*"


def _replacements(rules: Iterable[BoundRule], disabled: frozenset[str]) -> Mapping[str, tuple[BoundRule, ...]]:
    found: dict[str, tuple[BoundRule, ...]] = {}
    for rule in rules:
        old = rule.rule.replace
        if old is not None and rule.rule.id not in disabled and rule.rule.status != "experimental":
            found[old] = (*found.get(old, ()), rule)
    return found


def _window(from_: date | None, until: date | None) -> Iterator[Condition]:
    """Yield the conditions on `at` that two dates mean: from inclusive, until exclusive, in UTC."""
    if from_ is not None:
        yield Test(_AT, "ge", (datetime.combine(from_, time(), UTC),))
    if until is not None:
        yield Test(_AT, "lt", (datetime.combine(until, time(), UTC),))


def cross_faults(files: Sequence[LoadedRules]) -> list[Diagnostic]:
    """Return the faults that only all *files* together show: ids given twice, names of rules that are not there."""
    faults: list[Diagnostic] = []
    by_id: dict[str, BoundRule] = {}
    for rule in (rule for file in files for rule in file.rules):
        first = by_id.setdefault(rule.rule.id, rule)
        if first is not rule:
            message = (
                f"rule id {rule.rule.id!r} is taken by {first.place.file}:{first.place.line}; give this rule its own"
            )
            faults.append(Diagnostic(file=rule.place.file, line=rule.place.line, message=message))
    for file in files:
        faults += _dangling(file, by_id)
    return [*faults, *_circular(files)]


def _dangling(file: LoadedRules, by_id: Mapping[str, BoundRule]) -> Iterator[Diagnostic]:
    for name in file.content.disable:
        if name not in by_id:
            yield Diagnostic(
                file=file.source.file, message=f"'disable' names no rule: {name!r}{nearest(name, tuple(by_id))}"
            )
    for rule in file.rules:
        old = rule.rule.replace
        if old is not None and (old == rule.rule.id or old not in by_id or by_id[old].decision != rule.decision):
            known = tuple(name for name, other in by_id.items() if other.decision == rule.decision)
            message = f"'replace' names no other {rule.decision} rule: {old!r}{nearest(old, known)}"
            yield Diagnostic(file=rule.place.file, line=rule.place.line, message=message)


def _circular(files: Sequence[LoadedRules]) -> list[Diagnostic]:
    tables = {file.content.seller: file for file in files if isinstance(file.content, BillFile)}
    faults = []
    for seller, file in tables.items():
        base = file.content.extends if isinstance(file.content, BillFile) else None
        if base is not None and base not in tables:
            faults.append(
                Diagnostic(
                    file=file.source.file, message=f"'extends' names no seller: {base!r}{nearest(base, tuple(tables))}"
                )
            )
        seen = [seller]
        while base in tables:
            if base in seen:
                message = f"'extends' goes round in a circle: {' -> '.join([*seen, base])}"
                faults.append(Diagnostic(file=file.source.file, message=message))
                break
            seen.append(base)
            content = tables[base].content
            base = content.extends if isinstance(content, BillFile) else None
    return faults
