"""Compare what decides beside the rules: prices, currencies, accounts, hosts, open facts, advice, evidence."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from policyengine.money.documents import document_of
from policyengine.vocabulary import COMPONENTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from policyengine.engine import Engine
    from policyengine.money.entry import PriceEntry, PriceFile
    from policyengine.rules.ordered import BoundRule
    from policyengine.vocabulary import Component

__all__ = ["TableChange", "table_changes"]

_NO_PRICE = frozenset({"source", "checked", "note"})
_IDENTITY = ("model", "from", "mode", "operation", "account", "dialects")


class TableChange(Struct, frozen=True, kw_only=True):
    """Say what became of one entry."""

    table: str
    """price, currency, account, host, open fact, preflight or basis."""
    entry: str
    """Which one: a price by seller, model and first day, for instance."""
    field: str
    """What of it."""
    old: str | None
    """What it was; None when it is new."""
    new: str | None
    """What it is; None when it is gone."""


Leaves = dict[tuple[str, str, str], str]
"""Values by table, entry and field."""


def table_changes(old: Engine, new: Engine) -> tuple[TableChange, ...]:
    """Return what the tables of *old* and *new* say differently, in the order of *new*, what is gone last."""
    before, after = _leaves(old), _leaves(new)
    found = [
        TableChange(table=table, entry=entry, field=field, old=before.get(key), new=after.get(key))
        for key in dict.fromkeys((*after, *before))
        for table, entry, field in [key]
        if before.get(key) != after.get(key)
    ]
    return (*sorted(found, key=lambda change: (change.table, change.new is None)), *_bases(old, new))


def _leaves(engine: Engine) -> Leaves:
    policy = engine.policy
    found: Leaves = {}
    for file in policy.prices.files:
        found |= _prices(file.content, file.origin)
    for name, account in policy.accounts.items():
        found |= {("account", name, field): text for field, text in _flat(document_of(account))}
    for seller in policy.rules.sellers():
        for table in policy.rules.bill_files(seller):
            found |= {("host", host, "seller"): seller for host in table.hosts}
        for fact, values in policy.rules.alternatives(seller).items():
            found["open fact", seller, fact] = ", ".join(values)
    for rule in policy.rules.deciding("preflight").rules:
        found |= {("preflight", rule.rule.id, field): text for field, text in _advice(rule)}
    return found


def _advice(rule: BoundRule) -> Iterator[tuple[str, str]]:
    """Yield what a rule says before a call: all that match speak, so each is compared with itself."""
    yield "when", json.dumps(rule.rule.when, default=str)
    dates = (("from", rule.rule.from_), ("until", rule.rule.until))
    yield from ((name, str(day)) for name, day in dates if day is not None)
    yield from _flat(document_of(rule.rule.then))


def _bases(old: Engine, new: Engine) -> Iterator[TableChange]:
    """Yield what the evidence of a rule that both have amounts to, where that is not the same."""
    before, after = old.policy.rules.rules, new.policy.rules.rules
    for name, rule in after.items():
        if name in before and rule.decision == before[name].decision == "bill":
            for component in COMPONENTS:
                bases = [_basis(one, component) for one in (before[name], rule)]
                if None not in bases and bases[0] != bases[1]:
                    yield TableChange(table="basis", entry=name, field=component, old=bases[0], new=bases[1])


def _basis(rule: BoundRule, component: Component) -> str | None:
    value = getattr(rule.rule.then, component)
    if value is None:
        return None
    best = msgspec.structs.replace(rule.step, component=component).best_evidence(value)
    return best.basis if best else "inferred"


def _prices(content: PriceFile, origin: str) -> Leaves:
    layer = f" for {content.layer}" if content.layer else ""
    mine = " (own)" if origin == "user" else ""
    head = f"{content.seller}{layer}"
    found: Leaves = {}
    if content.components:
        found["price", f"{head}{mine}", "components"] = ", ".join(content.components)
    seen: Counter[str] = Counter()
    for entry in content.price:
        name = f"{head} {_named(entry)}{mine}"
        seen[name] += 1
        name += f" #{seen[name]}" if seen[name] > 1 else ""
        found |= {("price", name, field): f"{text}{_unit(field, content)}" for field, text in _told(entry)}
    for currency in content.currencies:
        found["currency", f"{currency.code} from {currency.from_}", "usd"] = _amount(f"{currency.usd:f}")
    return found


def _named(entry: PriceEntry) -> str:
    document = document_of(entry)
    told = {name: document[name] for name in _IDENTITY if name in document}
    words = [str(told.pop("model"))]
    words += [f"from {told.pop('from')}"] if "from" in told else []
    words += [text for name, value in told.items() for _, text in _flat({name: value})]
    return " ".join(words)


def _told(entry: PriceEntry) -> Iterator[tuple[str, str]]:
    document = document_of(entry)
    told = {name: value for name, value in document.items() if name not in _NO_PRICE and name not in _IDENTITY}
    return ((field, _amount(text) if _is_money(field) else text) for field, text in _flat(told))


def _is_money(field: str) -> bool:
    return field.startswith(("per_", "credit", "discount_", "tier.")) and field != "credit_unit"


def _amount(text: str) -> str:
    """Return an amount without zeros that say nothing."""
    return text.rstrip("0").rstrip(".") if "." in text else text


def _unit(field: str, content: PriceFile) -> str:
    return f" {content.currency}" if content.currency != "USD" and _is_money(field) else ""


def _flat(value: Mapping[str, object], path: str = "") -> Iterator[tuple[str, str]]:
    """Yield every leaf of a table with its dotted name."""
    for key, inner in value.items():
        name = f"{path}.{key}" if path else key
        if isinstance(inner, dict):
            yield from _flat(inner, name)
        else:
            yield name, ", ".join(map(str, inner)) if isinstance(inner, list) else str(inner)
