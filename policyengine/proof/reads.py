"""Find rules that read what nobody fills or ask for a word that is no word, and rules that no index can leave out."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from policyengine.proof.answers import CALLER_TELLS
from policyengine.proof.finding import finding
from policyengine.rules.conditions import All, Condition
from policyengine.rules.model import CUMULATIVE, BillFile, ClassifyFile
from policyengine.rules.narrow import key_of, tests_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from policyengine.proof.answers import Answers
    from policyengine.proof.finding import Finding, Places
    from policyengine.rules.layers import RuleBook
    from policyengine.rules.load import LoadedRules
    from policyengine.toml import Path

__all__ = ["misspelled", "unfilled", "unindexed"]

_ENGINE_TELLS = frozenset({"outcome", "stage"})
_LIKENESS = 0.9  # two letters swapped in a word of ten; related words of a platform differ more


def unfilled(book: RuleBook, answers: Mapping[str, Answers], places: Places) -> Iterator[Finding]:
    """Yield a finding for each fact that a rule reads and none of the dialects that it serves ever tells."""
    for file in book.files:
        if file.content.decision in CUMULATIVE:
            continue  # they read a request, which the caller fills
        dialects = _served(file, book, answers)
        for bound in file.rules:
            for name in dict.fromkeys(test.field.name for test in tests_of(bound.condition)):
                if _is_told(name) or not dialects or any(one.fills(name) for one in dialects):
                    continue
                rule = bound.rule.id
                at = places.rule(rule, "when", *_path_of(name, bound.rule.when))
                whose = ", ".join(one.dialect.name for one in dialects) if len(dialects) <= 3 else "any dialect"  # noqa: PLR2004
                message = f"{rule!r} reads {name!r}, which no scenario of {whose} tells"
                fix = "add a scenario that tells it, or read another fact"
                yield finding("unfilled", at, rule=rule, message=message, fix=fix)


def misspelled(book: RuleBook, answers: Mapping[str, Answers], places: Places) -> Iterator[Finding]:
    """Yield a finding for each word that none of the dialects that a rule serves lists, and that is nearly one they do.

    A word that is like none of theirs may be a new one of the platform.
    """
    for file in book.files:
        if file.content.decision in CUMULATIVE:
            continue
        dialects = _served(file, book, answers)
        for bound in file.rules:
            for test in dict.fromkeys(tests_of(bound.condition)):
                known = {word for one in dialects for word in one.dialect.vocabulary.get(test.field.name, ())}
                operands = test.operands if test.operator == "equals" and known else ()
                for word in operands:
                    if word in known or not (close := get_close_matches(str(word), known, 1, _LIKENESS)):
                        continue
                    rule, name = bound.rule.id, test.field.name
                    at = places.rule(rule, "when", *_path_of(name, bound.rule.when))
                    message = f"{rule!r} asks for {name} {word!r}, which no dialect lists"
                    yield finding("misspelled", at, rule=rule, message=message, fix=f"did you mean {close[0]!r}?")


def _is_told(name: str) -> bool:
    return name in CALLER_TELLS or name in _ENGINE_TELLS or name.startswith("account.")


def _served(file: LoadedRules, book: RuleBook, answers: Mapping[str, Answers]) -> list[Answers]:
    """Return the dialects that the rules of *file* may read: those it names, those of its provider, or all."""
    content = file.content
    if isinstance(content, ClassifyFile) and "*" not in content.dialects:
        return [answers[name] for name in content.dialects if name in answers]
    if isinstance(content, BillFile):
        sellers = {content.seller, *(one for one in book.sellers() if content.seller in book.chain(one))}
        providers = {one.dialect.provider for one in answers.values() if one.dialect.seller in sellers}
        return [one for one in answers.values() if one.dialect.provider in providers or not providers]
    return [*answers.values()]


def _path_of(name: str, when: object) -> Path:
    """Return where `when` asks about the fact called *name* first; () when it is written in another way."""
    if isinstance(when, list):
        inner = ((index, _path_of(name, one)) for index, one in enumerate(when))
        return next(((index, *path) for index, path in inner if path), ())
    if not isinstance(when, dict):
        return ()
    head, _, rest = name.partition(".")
    if head in when:
        return (head, rest) if rest else (head,)
    found = ((key, _path_of(name, when[key])) for key in ("any", "all", "not") if key in when)
    return next(((key, *path) for key, path in found if path), ())


def unindexed(book: RuleBook, places: Places) -> Iterator[Finding]:
    """Yield a finding for each rule that is tried on every answer, as nothing that they are sorted by excludes it."""
    for name, bound in book.rules.items():
        if bound.decision in CUMULATIVE:
            continue
        if bound.rule.when and not any(_sorts(part) for part in _joint(bound.condition)):
            message = f"{name!r} is tried on every answer: no condition of it compares a whole fact"
            fix = "add a condition that compares a whole fact, such as a status or an outcome"
            yield finding("not-indexable", places.rule(name, "when"), rule=name, message=message, fix=fix)


def _joint(condition: Condition) -> Iterator[Condition]:
    """Yield the conditions that must all hold."""
    if isinstance(condition, All):
        for part in condition.parts:
            yield from _joint(part)
    else:
        yield condition


def _sorts(condition: Condition) -> bool:
    """Return whether the key of an answer alone decides *condition*."""
    key = key_of([condition])
    return all(test.field.name in key.values or test in key.tests for test in tests_of(condition))
