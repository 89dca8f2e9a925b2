"""List what rules and prices rest on, how old it is, and which past days a dated or replacing rule changes."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Literal

import msgspec
from msgspec import Struct

from policyengine.rules.load import entry_lines
from policyengine.vocabulary import BASES, Aspect, Basis, Component

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policyengine.policy.load import Policy
    from policyengine.rules.layers import RuleBook
    from policyengine.rules.ordered import BoundRule

__all__ = ["Change", "CitedSource", "Use", "changes", "sources"]

_DAY = timedelta(days=1)


class Use(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Say which rule or price leans on a source, and when that was last read for it."""

    kind: Literal["rule", "price", "currency"]
    name: str
    """The id of the rule, or seller and model of the price."""
    file: str
    line: int
    checked: date
    basis: Basis | None = None
    """What the source is to a rule; prices have none."""
    component: Component | Aspect | None = None
    """The component it speaks of, when not all."""
    supports: str | None = None
    """What it says instead, when it disagrees with the rule."""


class CitedSource(Struct, frozen=True, kw_only=True):
    """Hold one source and all that leans on it."""

    source: str
    age_days: int
    """Days since it was last read for any of the uses."""
    checked: date
    """When it was last read for any of the uses."""
    bases: tuple[Basis, ...]
    """What it is to rules, best first."""
    uses: tuple[Use, ...]


def sources(policy: Policy, today: date, *, stale_after_days: int | None = None) -> list[CitedSource]:
    """Return every source, the longest unread first; with *stale_after_days* only those uses that are older."""
    found = [*_rule_uses(policy), *_price_uses(policy)]
    if stale_after_days is not None:
        found = [(source, use) for source, use in found if (today - use.checked).days > stale_after_days]
    found.sort(key=lambda pair: pair[0])
    cited = [
        _cited(source, [use for _, use in pairs], today) for source, pairs in groupby(found, key=lambda one: one[0])
    ]
    return sorted(cited, key=lambda one: (one.checked, one.source))


def _cited(source: str, uses: list[Use], today: date) -> CitedSource:
    checked = max(use.checked for use in uses)
    bases = {use.basis for use in uses if use.basis is not None}
    return CitedSource(
        source=source,
        age_days=(today - checked).days,
        checked=checked,
        bases=tuple(sorted(bases, key=BASES.index)),
        uses=tuple(uses),
    )


def _rule_uses(policy: Policy) -> Iterator[tuple[str, Use]]:
    for rule in policy.rules.rules.values():
        for one in rule.rule.evidence:
            yield (
                one.source,
                Use(
                    kind="rule",
                    name=rule.rule.id,
                    file=rule.place.file,
                    line=rule.place.line,
                    checked=one.checked,
                    basis=one.basis,
                    component=one.component,
                    supports=one.supports,
                ),
            )


def _price_uses(policy: Policy) -> Iterator[tuple[str, Use]]:
    for file in policy.prices.files:
        content = file.content
        lines = entry_lines(file.data, "price", len(content.price))
        for line, entry in zip(lines, content.price, strict=True):
            name = f"{content.seller} {entry.model}"
            yield entry.source, Use(kind="price", name=name, file=file.file, line=line, checked=entry.checked)
        lines = entry_lines(file.data, "currencies", len(content.currencies))
        for line, worth in zip(lines, content.currencies, strict=True):
            yield worth.source, Use(kind="currency", name=worth.code, file=file.file, line=line, checked=worth.checked)


class Change(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Say on which days that had passed when a rule became known it changes what is decided."""

    rule: str
    file: str
    line: int
    what: Literal["decides", "decides instead", "no longer decides"]
    other: str | None = None
    """The rule that it stands in for, or that decides again."""
    first: date | None
    """The first of the days; None: from the beginning."""
    last: date | None
    """The last of the days; None: there are none."""
    known: date | None
    """The day on which its evidence was read, the earliest of it; None: it has none, and all days up to today count."""

    @property
    def days(self) -> int | None:
        """Return how many days that are; None when they have no beginning."""
        if self.last is None:
            return 0
        return None if self.first is None else (self.last - self.first).days + 1


def changes(book: RuleBook, today: date) -> list[Change]:
    """Return what each replacing, dated or disabled rule changes of the days before it was known, file by file."""
    found: list[Change] = []
    for file in book.files:
        disabled = [book.rules[name] for name in file.content.disable if name in book.rules]
        found += [_disabled(rule, file.source.file, today) for rule in disabled]
        for rule in file.rules:
            if rule.rule.status != "experimental":
                found += _dated(rule, today)
    return found


def _disabled(rule: BoundRule, file: str, today: date) -> Change:
    return Change(
        rule=rule.rule.id,
        file=file,
        line=1,
        what="no longer decides",
        first=None,
        last=today - _DAY,
        known=None,
    )


def _dated(rule: BoundRule, today: date) -> Iterator[Change]:
    """Yield the days before *rule* was known on which it decides, and those on which it decides no more."""
    told = rule.rule
    if told.replace is None and told.from_ is None and told.until is None:
        return
    known = min((one.checked for one in told.evidence), default=None)
    passed = min(known or today, today)
    until = min(told.until or passed, passed)
    is_past = told.from_ is None or told.from_ < until
    held = Change(
        rule=told.id,
        file=rule.place.file,
        line=rule.place.line,
        what="decides instead" if told.replace else "decides",
        other=told.replace,
        first=told.from_ if is_past else None,
        last=until - _DAY if is_past else None,
        known=known,
    )
    yield held
    if told.until is not None and told.until < passed:
        yield msgspec.structs.replace(held, what="no longer decides", first=told.until, last=passed - _DAY)
