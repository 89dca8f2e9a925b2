"""Find pairs of rules that both match and decide differently, where order alone decides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policyengine.proof.finding import finding, shown
from policyengine.sets.order import covers_of, decides
from policyengine.sets.region import Budget, NotDecided, intersection
from policyengine.sets.search import find
from policyengine.vocabulary import PARTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from policyengine.proof.answers import Answers
    from policyengine.proof.finding import Finding, Places
    from policyengine.proof.listed import Listed
    from policyengine.sets.order import Placed
    from policyengine.sets.region import Box
    from policyengine.sets.witness import Witness

__all__ = ["Pair", "overlaps"]

Pair = tuple[str, str]
"""The ids of an earlier and a later rule."""
_FIX = "nothing, if the order is meant; else tell them apart by one more condition"
_MOST = 250_000  # steps for one list: this is information, not a fault


def overlaps(listed: Listed, answers: Sequence[Answers], places: Places, seen: set[Pair]) -> Iterator[Finding]:
    """Yield a finding for each pair of *listed* rules that is not in *seen*, to which it is added.

    The answers are those that the scenarios show, all of them where there are no scenarios, and no earlier rule
    decides them. Where one rule matches only part of what the other matches there is but one order in which both
    decide, and nothing to tell.
    """
    shapes = [shape.box(listed.asked, listed.space) for one in answers for shape in one.shapes(listed.asked)] or [{}]
    budget = Budget(_MOST)
    for index, earlier in enumerate(listed.rules):
        name = earlier.rule.rule.id
        later = [one for one in listed.rules[index + 1 :] if (name, one.rule.rule.id) not in seen]
        try:
            for placed, component, witness in _clashes(listed, index, later, shapes, budget):
                other = placed.rule.rule.id
                seen.add((name, other))
                what = f" for {component}" if component else ""
                message = f"{name!r} and {other!r} may both match and differ{what}: the first decides, being first"
                at = places.rule(other)
                yield finding("overlap", at, rule=other, message=message, fix=_FIX, witness=shown(witness))
        except NotDecided:
            message = f"which rules overlap from {name!r} on takes too much work"
            yield finding("not-decided", places.rule(name), rule=name, message=message, fix="nothing, or fewer rules")
            return


def _clashes(
    listed: Listed, index: int, later: Sequence[Placed], shapes: Sequence[Box], budget: Budget
) -> Iterator[tuple[Placed, str | None, Witness]]:
    """Yield the rules of *later* that clash with the one at *index*, on which component, and facts that show it.

    Raises:
        NotDecided: it takes more steps than *budget* has left.
    """
    earlier = listed.rules[index]
    shown_answers = [*_meeting(earlier.told(), shapes)]
    before: dict[str | None, list[Box]] = {}
    for placed in later:
        component = _at_odds(earlier, placed)
        if component == "":
            continue
        if component not in before:
            before[component] = covers_of(listed.naming(component, listed.rules[:index]))
        witness = find(_meeting(shown_answers, placed.told()), before[component], listed.space, budget)
        if witness is None or _is_part(listed, earlier, placed, budget) or _is_part(listed, placed, earlier, budget):
            continue
        yield placed, component, witness


def _at_odds(earlier: Placed, later: Placed) -> str | None:
    """Return the component on which two rules differ, None when it is all they decide, "" when they do not differ."""
    if earlier.rule.decision != "bill":
        return "" if decides(earlier.rule, None) == decides(later.rule, None) else None
    one, other = earlier.rule.rule.then, later.rule.rule.then
    named = (name for name in PARTS if getattr(one, name) is not None and getattr(other, name) is not None)
    return next((name for name in named if getattr(one, name) != getattr(other, name)), "")


def _meeting(one: Iterable[Box], other: Sequence[Box]) -> Iterator[Box]:
    """Yield what is in a box of both, where that is anything."""
    crossed = (intersection(box, another) for box in one for another in other)
    return (box for box in crossed if box is not None)


def _is_part(listed: Listed, one: Placed, other: Placed, budget: Budget) -> bool:
    """Return whether *other* matches all that *one* matches."""
    return find(one.told(), other.told(), listed.space, budget) is None
