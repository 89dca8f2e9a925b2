"""Know what answers of a dialect look like: the facts that its scenarios tell together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from policyengine.errors import PolicyEngineError
from policyengine.exchange import Exchange
from policyengine.facts import Facts
from policyengine.proof.variants import with_word
from policyengine.provider import Dialect
from policyengine.rules.conditions import read
from policyengine.sets.space import FactSet, Space, never, only, told
from policyengine.sets.spans import LAST, Spans
from policyengine.sets.words import Words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from policyengine.engine import Engine
    from policyengine.rules.model import Decision
    from policyengine.sets.region import Box

__all__ = ["CALLER_TELLS", "Answer", "Answers", "Shape", "answers_of", "answers_to"]

CALLER_TELLS = frozenset(
    {"provider", "dialect", "seller", "model", "size", "quality", "at", "elapsed_s", "attempt", "request_id"}
    | {"retry_after_s", "prompt_bytes", "images_requested", "http_status", "transport_error", "images_missing"}
)
"""Facts that the caller, the request or the transport tells, whatever the dialect; `account` facts are others."""
_SHAPING = frozenset({"http_status", "transport_error"})
_SEEN = ("http_status", "outcome", "stage")
_COUNTED = "images_delivered"


class Answer(Struct, frozen=True):
    """Hold one answer, translated and classified."""

    exchange: Exchange
    facts: Facts
    outcome: str
    stage: str

    def read(self, name: str) -> object:
        """Return the fact called *name*; None when it is absent."""
        return read(name, self.facts, self.outcome, self.stage)


class Shape(Struct, frozen=True):
    """Hold which facts answers tell together, with those that show it."""

    dialect: Dialect
    told: frozenset[str]
    answers: tuple[Answer, ...]

    def box(self, asked: Iterable[str], space: Space) -> Box:
        """Return the answers of this shape, as far as the facts in *asked* go.

        What says which kind of answer it is is as in the scenarios: the status, a yes or no, whether there are
        images. Words are those of the dialect's vocabulary, and everything else may be anything.
        """
        box: Box = {"dialect": only(self.dialect.name)}
        for name in asked:
            if not _shapes(name):
                continue
            full = space.full(name)
            if name not in self.told:
                box[name] = never(full)
            elif name in _SEEN or _is_yes_or_no(full):
                box[name] = self._seen(name)
            elif name == _COUNTED:
                box[name] = self._some_or_none(full)
            else:
                words = self.dialect.vocabulary.get(name)
                box[name] = told(full) if words is None else Words(absent=False, values=frozenset(words))
        return box

    def with_word(self, name: str, word: str, asked: Iterable[str], space: Space) -> Box:
        """Return the answers of this shape in which the fact called *name* is *word*, other words as they were seen."""
        seen = {other: self._seen(other) for other in self.dialect.vocabulary if other in self.told}
        return {**self.box(asked, space), **seen, name: only(word)}

    def _seen(self, name: str) -> FactSet:
        """Return the values that the scenarios have of the fact called *name*."""
        values = {answer.read(name) for answer in self.answers}
        numbers = [value for value in values if isinstance(value, int) and not isinstance(value, bool)]
        found = Spans(absent=False)
        for number in numbers:
            found = found.join(Spans(absent=False, cuts=((number, 0), (number + 1, 0))))
        return found if numbers else Words(absent=False, values=frozenset(values))

    def _some_or_none(self, full: FactSet) -> FactSet:
        """Return the numbers of images of answers with some, without, or both, as the scenarios are."""
        numbers = {bool(answer.read(_COUNTED)) for answer in self.answers}
        if len(numbers) > 1 or not isinstance(full, Spans):
            return told(full)
        return full.meet(Spans(absent=False, cuts=((1, 0), LAST) if True in numbers else ((0, 0), (1, 0))))


class Answers(Struct, frozen=True):
    """Hold what the scenarios of a dialect show."""

    dialect: Dialect
    shown: tuple[Answer, ...]

    def shapes(self, asked: Iterable[str]) -> tuple[Shape, ...]:
        """Return the shapes of the answers, told apart by the facts in *asked*."""
        names = [name for name in asked if _shapes(name)]
        found: dict[frozenset[str], list[Answer]] = {}
        for answer in self.shown:
            here = frozenset(name for name in names if answer.read(name) is not None)
            found.setdefault(here, []).append(answer)
        return tuple(Shape(self.dialect, here, tuple(answers)) for here, answers in found.items())

    def telling(self, name: str, word: str) -> Answers:
        """Return the answers in which the fact called *name* is *word*.

        Where no scenario has the word, it takes the place of another in those that have any; where the dialect
        does not read it there either, they are taken as they are.
        """
        telling = [answer for answer in self.shown if answer.read(name) is not None]
        these = [answer for answer in telling if answer.read(name) == word]
        these = these or [*filter(None, (self._with_word(answer, name, word) for answer in telling))]
        return Answers(self.dialect, tuple(these or telling))

    def _with_word(self, answer: Answer, name: str, word: str) -> Answer | None:
        """Return *answer* with *word* where it has another; None when the dialect then reads something else."""
        exchange = with_word(answer.exchange, str(answer.read(name)), word)
        try:
            facts, _ = self.dialect.normalize(exchange)
        except Exception:  # noqa: BLE001  what a plugin cannot read it does not show
            return None
        return Answer(exchange, facts, "", "") if read(name, facts) == word else None

    def fills(self, name: str) -> bool:
        """Return whether the dialect declares the fact called *name*, or some answer tells it."""
        declared = name in self.dialect.vocabulary or name.removeprefix("signal.") in self.dialect.signals
        return declared or any(answer.read(name) is not None for answer in self.shown)


def answers_of(engine: Engine) -> dict[str, Answers]:
    """Return what the scenarios of each dialect show; scenarios that cannot be read show nothing."""
    return {
        dialect.name: Answers(dialect, tuple(_answers(engine, dialect))) for dialect in engine.plugins.dialects.values()
    }


def answers_to(decision: Decision, key: str, engine: Engine, answers: Mapping[str, Answers]) -> Sequence[Answers]:
    """Return the answers that rules of *decision* for *key* decide.

    A seller invoices those of its own dialects and of those that its bill table names; all, where there are none.
    """
    if decision == "classify":
        return [answers[key]] if key in answers else []
    everyone = [*answers.values()]
    if decision != "bill":
        return everyone
    chain = [*engine.policy.rules.chain(key)]
    named = {name for seller in chain for table in engine.policy.rules.bill_files(seller) for name in table.dialects}
    return [one for one in everyone if one.dialect.seller in chain or one.dialect.name in named] or everyone


def _answers(engine: Engine, dialect: Dialect) -> Iterator[Answer]:
    rules = engine.policy.rules.deciding("classify", dialect.name)
    for exchange in _exchanges(engine, dialect):
        try:
            facts, _ = dialect.normalize(exchange)
        except Exception:  # noqa: BLE001, S112  as above
            continue
        first = rules.first(facts)
        outcome, stage = (first.rule.then.outcome, first.rule.then.stage) if first else ("unrecognized", "unknown")
        yield Answer(exchange, facts, outcome, stage)


def _exchanges(engine: Engine, dialect: Dialect) -> Iterator[Exchange]:
    try:
        for scenario in engine.plugins.providers[dialect.provider].scenarios(dialect.name):
            yield from engine.split(scenario.body, dialect=dialect.name, seller=dialect.seller, **scenario.context)
    except PolicyEngineError:
        return


def _shapes(name: str) -> bool:
    """Return whether answers are told apart by the fact called *name*, and not by what the caller knows."""
    return name in _SHAPING or not (name in CALLER_TELLS or name.startswith("account.") or name == "task_id")


def _is_yes_or_no(values: FactSet) -> bool:
    return isinstance(values, Words) and values.values <= {True, False} and not values.is_open
