"""Find answers that two engines decide differently, or show that there are none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NoReturn

import msgspec
from msgspec import Struct

from policyengine.diff.simplest import Asked, simplest
from policyengine.rules.model import ClassifyFile, Decision
from policyengine.sets.order import difference
from policyengine.sets.space import space_of
from policyengine.vocabulary import ASPECTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from policyengine.engine import Engine
    from policyengine.rules.ordered import BoundRule, OrderedRules
    from policyengine.sets.order import Difference
    from policyengine.vocabulary import Outcome, Stage

__all__ = ["Kind", "RuleChange", "RuleChanges", "rule_changes"]


class Kind(Struct, frozen=True, kw_only=True):
    """Show answers that one rule decided and another decides now, differently."""

    component: str | None
    """The component of the bill, or the aspect; None for other decisions."""
    old: str | None
    """The id of the rule that decided; None when none did."""
    new: str | None
    was: str
    """What was decided."""
    becomes: str
    """What is decided now."""
    lists: tuple[str, ...]
    """The dialects or sellers for which that is so; "" is the route."""
    witness: dict[str, Any]
    """Such an answer as `imgpolicy explain` reads it: `{"facts": {…}}`, with outcome and stage where they are given."""
    old_verdict: dict[str, object]
    """The flat record of the whole verdict on it."""
    new_verdict: dict[str, object]

    @property
    def given(self) -> dict[str, Any]:
        """Return the answer as an example of a rule has it: what matters and no more."""
        return dict(self.witness["facts"])


class RuleChange(Struct, frozen=True, kw_only=True):
    """Show what one rule changes that is new, gone, written otherwise, or moved."""

    decision: Decision
    rule: str
    """Its id."""
    what: Literal["added", "removed", "changed", "moved"]
    place: str
    """Where it stands, or stood."""
    kinds: tuple[Kind, ...]
    """The answers that are decided differently, those first that take fewest facts to tell."""


class RuleChanges(Struct, frozen=True, kw_only=True):
    """Say how the rules of two engines differ."""

    found: tuple[RuleChange, ...] = ()
    undecided: tuple[str, ...] = ()
    """Lists of rules for which it takes too much work to say whether there is more."""


def rule_changes(old: Engine, new: Engine) -> RuleChanges:
    """Return, for each rule that makes a difference, an answer for each rule in whose place it decides."""
    found: dict[tuple[object, ...], RuleChange] = {}
    undecided: list[str] = []
    for decision, key in _lists(old, new):
        before, after = (engine.policy.rules.deciding(decision, key) for engine in (old, new))
        if _written(before) == _written(after):
            continue
        compared = difference(before.rules, after.rules, space_of(decision, key, old, new))
        if not compared.is_complete:
            undecided.append(f"{decision} {key}".rstrip())
        for one in compared.found:
            _add(found, _change(key, one, (old, new)))
    changes = (msgspec.structs.replace(change, kinds=_in_order(change.kinds)) for change in found.values())
    return RuleChanges(found=tuple(changes), undecided=tuple(undecided))


def _lists(*engines: Engine) -> Iterator[tuple[Decision, str]]:
    """Yield every list of which the first rule that matches decides."""
    contents = [file.content for engine in engines for file in engine.policy.rules.files]
    named = [name for one in contents if isinstance(one, ClassifyFile) for name in one.dialects if name != "*"]
    dialects = [name for engine in engines for name in engine.plugins.dialects]
    for dialect in dict.fromkeys((*dialects, *named)):
        yield "classify", dialect
    for seller in sorted({name for engine in engines for name in engine.policy.prices.sellers}):
        yield "bill", seller
    yield "route", ""


def _written(ordered: OrderedRules) -> list[tuple[object, object]]:
    return [(rule.condition, rule.rule.then) for rule in ordered.rules]


def _change(key: str, one: Difference, engines: tuple[Engine, Engine]) -> RuleChange:
    """Return *one* as a change of the rule that makes it."""
    decision = (one.old or one.new or _nobody()).decision
    before, after = (engine.policy.rules.deciding(decision, key) for engine in engines)
    rule, what = _maker(one, _by_id(before), _by_id(after))
    asked = simplest(Asked(decision, one.witness.facts, one.witness.given), one.component, before, after)
    old, new = (_verdict(engine, asked) for engine in engines)
    kind = Kind(
        component=one.component,
        old=one.old.rule.id if one.old else None,
        new=one.new.rule.id if one.new else None,
        was=_effect(one.old, one.component),
        becomes=_effect(one.new, one.component),
        lists=(key,),
        witness={"facts": asked.given},
        old_verdict=old,
        new_verdict=new,
    )
    place = f"{rule.place.file}:{rule.place.line}"
    return RuleChange(decision=decision, rule=rule.rule.id, what=what, place=place, kinds=(kind,))


def _verdict(engine: Engine, asked: Asked) -> dict[str, object]:
    outcome: Outcome | None = asked.given.get("outcome")
    stage: Stage = asked.given.get("stage") or "unknown"
    decided = (outcome, stage) if outcome else None
    return engine.decide(asked.facts, decided=decided).record()


def _by_id(ordered: OrderedRules) -> Mapping[str, BoundRule]:
    return {rule.rule.id: rule for rule in ordered.rules}


def _maker(
    one: Difference, before: Mapping[str, BoundRule], after: Mapping[str, BoundRule]
) -> tuple[BoundRule, Literal["added", "removed", "changed", "moved"]]:
    """Return the rule that makes the difference, and what became of it."""
    if one.new is not None and one.new.rule.id not in before:
        return one.new, "added"
    if one.old is not None and one.old.rule.id not in after:
        return one.old, "removed"
    for rule in (one.new, one.old):
        if rule is not None and _says(after[rule.rule.id]) != _says(before[rule.rule.id]):
            return after[rule.rule.id], "changed"
    return one.new or one.old or _nobody(), "moved"


def _nobody() -> NoReturn:
    msg = "a difference without a rule on either side"
    raise ValueError(msg)


def _says(rule: BoundRule) -> tuple[object, object]:
    return rule.condition, rule.rule.then


def _add(found: dict[tuple[object, ...], RuleChange], change: RuleChange) -> None:
    """Add *change*, to the change of the same rule in another list where there is one."""
    key = (change.decision, change.rule, change.what)
    known = found.get(key)
    if known is None:
        found[key] = change
        return
    (kind,) = change.kinds
    kinds = {_pair(one): one for one in known.kinds}
    same = kinds.get(_pair(kind))
    kinds[_pair(kind)] = kind if same is None else msgspec.structs.replace(same, lists=(*same.lists, *kind.lists))
    found[key] = msgspec.structs.replace(known, kinds=tuple(kinds.values()))


def _pair(kind: Kind) -> tuple[object, ...]:
    return kind.component, kind.old, kind.new, kind.was, kind.becomes


def _in_order(kinds: tuple[Kind, ...]) -> tuple[Kind, ...]:
    return tuple(sorted(kinds, key=lambda kind: len(kind.given)))


def _effect(rule: BoundRule | None, component: str | None) -> str:
    """Return what *rule* decides, in words."""
    if rule is None:
        return "no rule decides"
    then = rule.rule.then
    if rule.decision == "classify":
        return f"{then.outcome} at {then.stage}"
    if component is None:
        told = msgspec.structs.asdict(then).items()
        defaults = {field.name: field.default for field in msgspec.structs.fields(then)}
        return ", ".join(f"{name} {value}" for name, value in told if value != defaults[name])
    words = [f"{component} {getattr(then, component)}"]
    if component in ASPECTS:
        return ", ".join([*words, *([f"setting {then.setting!r}"] if then.setting else [])])
    words += [f"on {', '.join(then.on)}"] if then.on else []
    words += [f"per {then.quantity}"] if then.quantity != "delivered" else []
    words += [f"recourse {then.recourse!r}"] if then.recourse else []
    return ", ".join(words)
