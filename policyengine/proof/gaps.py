"""Find answers that fall through: words of a dialect that no rule classifies, bills that nothing decides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policyengine.proof.finding import finding, place_in, shown
from policyengine.sets.region import NotDecided
from policyengine.sets.space import never, only

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policyengine.engine import Engine
    from policyengine.proof.answers import Answers
    from policyengine.proof.finding import Finding
    from policyengine.proof.listed import Listed
    from policyengine.sets.region import Box, Region

__all__ = ["word_gaps"]

_FIX = "add a rule for it, or a scenario that shows what comes with it"


def word_gaps(listed: Listed, answers: Answers, engine: Engine) -> Iterator[Finding]:
    """Yield a finding for each word of a dialect's vocabulary with which some answer is not classified.

    The answers are of the shapes that the dialect's scenarios show with that word, or where none has it, with that
    word put into those that have another.
    """
    file = next(engine.policy.rules.files_for("classify", listed.key), None)
    if file is None:
        return
    at = place_in(file, "dialects")
    for name, words in answers.dialect.vocabulary.items():
        for word in sorted(words):
            subject = f"{listed.key}/{name}/{word}"
            try:
                witness = listed.left(_answers_with(listed, answers, name, word), listed.rules)
            except NotDecided:
                message = f"whether every answer with {name} {word!r} is classified takes too much work"
                yield finding("not-decided", at, rule=subject, message=message, fix=_FIX)
                continue
            if witness is not None:
                message = f"an answer of {listed.key!r} with {name} {word!r} is not classified"
                yield finding("gap", at, rule=subject, message=message, fix=_FIX, witness=shown(witness))


def _answers_with(listed: Listed, answers: Answers, name: str, word: str) -> Region:
    shapes = answers.telling(name, word).shapes((*listed.asked, name))
    boxes: list[Box] = [shape.with_word(name, word, listed.asked, listed.space) for shape in shapes]
    return tuple(boxes) or (_alone(listed, name, word),)


def _alone(listed: Listed, name: str, word: str) -> Box:
    """Return the answer that tells *word* and nothing else, as far as the rules ask."""
    full = {asked: listed.space.full(asked) for asked in listed.asked}
    return {**{asked: never(values) for asked, values in full.items() if values.absent}, name: only(word)}
