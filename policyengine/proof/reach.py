"""Find rules that decide nothing: shadowed by earlier ones, contradicting themselves, or dated away."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from msgspec import Struct

from policyengine.proof.contradiction import contradictions, holds_nowhere
from policyengine.proof.finding import finding, shown
from policyengine.proof.listed import Listed
from policyengine.rules.conditions import All
from policyengine.rules.layers import window_of
from policyengine.rules.model import BillEffect
from policyengine.sets.order import Placed
from policyengine.sets.region import NotDecided, apart
from policyengine.sets.witness import Witness
from policyengine.vocabulary import PARTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from policyengine.proof.finding import Finding, Places
    from policyengine.rules.layers import RuleBook
    from policyengine.rules.ordered import BoundRule

__all__ = ["Reach", "reach_of", "unreached"]


class Reach(Struct, frozen=True, kw_only=True):
    """Say what one list leaves to one rule, for one component of a bill."""

    listed: Listed
    placed: Placed
    component: str | None
    earlier: tuple[Placed, ...]
    """The rules before it that count against it."""
    witness: Witness | None
    """Facts that the rule decides."""
    is_decided: bool
    """Whether the absence of a witness proves that there is none."""


def reach_of(listed: Listed, places: Places) -> Iterator[Reach]:
    """Yield what is left to each rule of *listed*; a team's rules do not count against those that were shipped."""
    is_own = [places.origin(one.rule.rule.id) == "user" for one in listed.rules]
    for index, placed in enumerate(listed.rules):
        before = listed.rules[:index]
        if not is_own[index]:
            before = tuple(one for one, own in zip(before, is_own, strict=False) if not own)
        for component in _components(placed.rule):
            earlier = listed.naming(component, before)
            witness, is_decided = _left(listed, placed, earlier)
            yield Reach(
                listed=listed,
                placed=placed,
                component=component,
                earlier=earlier,
                witness=witness,
                is_decided=is_decided,
            )


def _components(rule: BoundRule) -> tuple[str | None, ...]:
    then = rule.rule.then
    if not isinstance(then, BillEffect):
        return (None,)
    return tuple(name for name in PARTS if getattr(then, name) is not None)


def _left(listed: Listed, placed: Placed, earlier: Sequence[Placed]) -> tuple[Witness | None, bool]:
    try:
        return listed.left(placed.told(), earlier), True
    except NotDecided:
        return None, False


def unreached(reached: Iterable[Reach], places: Places, book: RuleBook) -> Iterator[Finding]:
    """Yield a finding for each rule, or component of one, that no list leaves anything to."""
    by_rule: dict[str, dict[str | None, list[Reach]]] = {}
    for reach in reached:
        by_rule.setdefault(reach.placed.rule.rule.id, {}).setdefault(reach.component, []).append(reach)
    for name, components in by_rule.items():
        dead = {key: found for key, found in components.items() if all(one.witness is None for one in found)}
        everything = [*chain.from_iterable(dead.values())]
        if not everything:
            yield from contradictions(book.rules[name], _spaces(components.values()), places)
        elif not all(one.is_decided for one in everything):
            message = f"whether anything is left to {name!r} takes too much work"
            fix = "state it with fewer alternatives, or in two rules"
            yield finding("not-decided", places.rule(name), rule=name, message=message, fix=fix)
        else:
            yield from _dead(book.rules[name], dead, components, places)


def _spaces(reached: Iterable[Sequence[Reach]]) -> list[Listed]:
    return [one.listed for one in next(iter(reached))]


def _dead(
    rule: BoundRule,
    dead: Mapping[str | None, Sequence[Reach]],
    components: Mapping[str | None, Sequence[Reach]],
    places: Places,
) -> Iterator[Finding]:
    """Yield why *rule* decides nothing: its own conditions, its dates, or the rules before it."""
    name = rule.rule.id
    lists = _spaces(dead.values())
    if holds_nowhere(rule.condition, lists):
        yield from contradictions(rule, lists, places)
        return
    dates = tuple(window_of(rule.rule.from_, rule.rule.until))
    if holds_nowhere(All((*dates, rule.condition)), lists):
        message = f"the dates of {name!r} and its conditions on 'at' never meet"
        fix = "mend the dates, or delete the rule"
        yield finding("dead-dates", places.rule(name, "when"), rule=name, message=message, fix=fix)
        return
    if not any(reach.placed.region for found in dead.values() for reach in found):
        return  # others replace it on all its days: that is what they are for
    cover = _covering(dead.values())
    if not cover:
        message = f"{name!r} never holds: the images requested, delivered, withheld and missing do not add up"
        yield finding("contradiction", places.rule(name, "when"), rule=name, message=message, fix="mend the counts")
        return
    part = "" if len(dead) == len(components) else f" {' and '.join(map(str, dead))}"
    message = f"{name!r} never decides{part}: {', '.join(cover)} {'comes' if len(cover) == 1 else 'come'} first"
    fix = "move it before them, or delete it"
    told = shown(_matched(chain.from_iterable(dead.values())))
    yield finding("shadowed", places.rule(name), rule=name, message=message, fix=fix, covered_by=cover, witness=told)


def _matched(dead: Iterable[Reach]) -> Witness | None:
    """Return facts that the rule matches and earlier ones decide."""
    found = (_left(reach.listed, reach.placed, ())[0] for reach in dead)
    return next((witness for witness in found if witness is not None), None)


def _covering(dead: Iterable[Sequence[Reach]]) -> tuple[str, ...]:
    """Return the rules that together leave nothing, none of which can be spared, over all lists."""
    names = (one.rule.rule.id for reached in dead for reach in reached for one in _needed(reach))
    return tuple(dict.fromkeys(names))


def _needed(reach: Reach) -> list[Placed]:
    region = reach.placed.told()
    needed = [one for one in reach.earlier if any(not apart(box, cover) for cover in one.told() for box in region)]
    for one in tuple(needed):
        fewer = [other for other in needed if other is not one]
        witness, is_decided = _left(reach.listed, reach.placed, fewer)
        if witness is None and is_decided:
            needed = fewer
    return needed
