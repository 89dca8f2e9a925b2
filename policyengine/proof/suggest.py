"""Write the examples and near misses that rules lack, out of the regions of their conditions."""

from __future__ import annotations

from functools import cache
from itertools import chain
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct

from policyengine.proof.answers import answers_of, answers_to
from policyengine.proof.contradiction import alternatives_of, parts_of
from policyengine.proof.listed import Listed
from policyengine.rules.conditions import All, Condition, Not, holds
from policyengine.rules.examples import Case, facts_of, failure_of
from policyengine.rules.layers import RuleBook, window_of
from policyengine.rules.load import LoadedRules
from policyengine.rules.model import CUMULATIVE, BillFile, ClassifyFile, Example, NearMiss
from policyengine.rules.narrow import tests_of
from policyengine.rules.ordered import BoundRule
from policyengine.rules.why import stated
from policyengine.sets.order import MOST_BOXES, covers_of
from policyengine.sets.region import Budget, NotDecided, boxes_of, intersection
from policyengine.sets.search import find
from policyengine.sets.space import told
from policyengine.vocabulary import PARTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from policyengine.engine import Engine
    from policyengine.sets.region import Box
    from policyengine.sets.witness import Witness

__all__ = ["Suggestion", "suggestions"]


class Suggestion(Struct, frozen=True, kw_only=True):
    """Hold an example or a near miss that a rule lacks."""

    file: LoadedRules
    rule: BoundRule
    kind: Literal["example", "near_miss"]
    given: dict[str, Any]
    decided_by: str | None = None
    """For a near miss, the rule that decides it."""
    why: str
    """What it shows, in a few words."""


def suggestions(engine: Engine) -> Iterator[Suggestion]:
    """Yield what the rules of *engine* lack: an example of each alternative, and a near miss of each condition.

    Each one was tried: `imgpolicy test` passes with it. Rules on trial, and those of which all that match count,
    are left alone.
    """
    book = engine.policy.rules
    shipped = RuleBook([file for file in book.files if file.source.origin != "user"])
    answers = answers_of(engine)

    @cache
    def ground(decision: Any, key: str) -> Listed:  # noqa: ANN401
        return Listed(engine, decision, key)

    for file in book.files:
        if file.content.decision in CUMULATIVE:
            continue
        listed = ground(file.content.decision, _key(file, engine))
        these = answers_to(listed.decision, listed.key, engine, answers)
        shown = [shape.box(listed.asked, listed.space) for one in these for shape in one.shapes(listed.asked)]
        for rule in file.rules:
            if rule.rule.status == "experimental":
                continue
            writer = _Writer(file, rule, listed, shown, book if file.source.origin == "user" else shipped)
            try:
                yield from writer.missing()
            except NotDecided:
                continue


def _key(file: LoadedRules, engine: Engine) -> str:
    """Return the list to try the rules of *file* in, as their examples do."""
    content = file.content
    if isinstance(content, ClassifyFile):
        return content.dialects[0] if content.dialects[0] != "*" else next(iter(engine.plugins.dialects), "*")
    return content.seller if isinstance(content, BillFile) else ""


def _named_parts(when: Mapping[str, Any], condition: Condition) -> Iterator[tuple[str, Condition]]:
    """Yield all that must hold, one by one: by its key in `when`, or in words where one key asks for several."""
    for key, part in zip(when, parts_of(when, condition), strict=True):
        single = [*_joint(part)]
        yield from ((key if len(single) == 1 else stated(one), one) for one in single)


def _joint(condition: Condition) -> Iterator[Condition]:
    if isinstance(condition, All):
        for part in condition.parts:
            yield from _joint(part)
    else:
        yield condition


class _Writer:
    """Write what one rule lacks."""

    def __init__(
        self, file: LoadedRules, rule: BoundRule, listed: Listed, shown: Sequence[Box], book: RuleBook
    ) -> None:
        self.file = file
        self.rule = rule
        self.listed = listed
        self.shown = shown
        self.book = book
        self.when = rule.rule.when
        self.parts = tuple(_named_parts(self.when, rule.condition))
        self.dates = tuple(window_of(rule.rule.from_, rule.rule.until))

    def missing(self) -> Iterator[Suggestion]:
        """Yield examples first, then near misses.

        Raises:
            NotDecided: a condition takes too many boxes.
        """
        alternatives = [
            (f"alternative {path[-1]}", one) for path, one in alternatives_of(self.when, self.rule.condition)
        ]
        wanted = alternatives or [("all conditions hold", self.rule.condition)]
        for why, condition in wanted:
            if not self._is_told(self.rule.rule.example, condition):
                yield from self._example(condition, why)
        for name, part in self.parts:
            near = All((*(other for _, other in self.parts if other is not part), Not(part)))
            if not self._is_told(self.rule.rule.near_miss, near):
                yield from self._near_miss(All((*self.dates, near)), part, f"all but {name}")

    def _is_told(self, examples: Iterable[Example | NearMiss], condition: Condition) -> bool:
        """Return whether *condition* holds in one of *examples*."""
        given = (facts_of(example.given, self.file, self.rule) for example in examples)
        return any(holds(condition, one.facts, one.outcome, one.stage) for one in given)

    def _example(self, condition: Condition, why: str) -> Iterator[Suggestion]:
        place = self._place()
        if place is None:
            return
        boxes = boxes_of(All((*self.dates, condition)), self.listed.space, Budget(MOST_BOXES))
        for component in self._components():
            covers = covers_of(self.listed.naming(component, self.listed.rules[:place]))
            for witness in self._witnesses(boxes, covers):
                given = self._given(witness, Example)
                if given is not None:
                    yield Suggestion(file=self.file, rule=self.rule, kind="example", given=given, why=why)
                    return

    def _near_miss(self, near: Condition, part: Condition, why: str) -> Iterator[Suggestion]:
        asked = {test.field.name for test in tests_of(part)}
        boxes = boxes_of(near, self.listed.space, Budget(MOST_BOXES))
        there = [{name: told(values) if name in asked else values for name, values in box.items()} for box in boxes]
        nearest = [box for box in there if not any(values.is_empty for values in box.values())]
        for witness in chain(self._witnesses(nearest, ()), self._witnesses(boxes, ())):
            decider = next((one.rule.rule.id for one in self.listed.rules if witness.meets(one.rule.condition)), None)
            given = self._given(witness, NearMiss, decided_by=decider)
            if given is not None:
                yield Suggestion(
                    file=self.file, rule=self.rule, kind="near_miss", given=given, decided_by=decider, why=why
                )
                return

    def _place(self) -> int | None:
        names = [one.rule.rule.id for one in self.listed.rules]
        return names.index(self.rule.rule.id) if self.rule.rule.id in names else None

    def _components(self) -> tuple[str | None, ...]:
        if self.rule.decision != "bill":
            return (None,)
        return tuple(name for name in PARTS if getattr(self.rule.rule.then, name))

    def _witnesses(self, boxes: Iterable[Box], covers: Sequence[Box]) -> Iterator[Witness]:
        """Yield facts of *boxes* outside *covers*: such as scenarios show, if any are, then any."""
        region = [*boxes]
        crossed = (intersection(box, answer) for box in region for answer in self.shown)
        for tried in ([box for box in crossed if box is not None], region):
            witness = find(tried, covers, self.listed.space)
            if witness is not None:
                yield witness

    def _given(self, witness: Witness, kind: type[Example | NearMiss], **more: str | None) -> dict[str, Any] | None:
        """Return the facts of *witness*, as few as the test of examples passes with; None when it never does."""
        full = witness.given
        short = {name: value for name, value in full.items() if name not in ("dialect", "seller")}
        for given in (short, full):
            told_here = kind(given=given, **more)
            if failure_of(Case(book=self.book, file=self.file, rule=self.rule, told=told_here, number=1)) is None:
                return given
        return None
