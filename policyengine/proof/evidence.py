"""Find rules whose evidence is missing, old, or quoted from an answer that no example shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policyengine.proof.finding import finding

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from policyengine.proof.finding import Finding, Places
    from policyengine.rules.layers import RuleBook
    from policyengine.rules.model import Rule

__all__ = ["evidence_findings"]


def evidence_findings(book: RuleBook, places: Places, *, today: date, oldest_days: int) -> Iterator[Finding]:
    """Yield what is wrong with the evidence of rules; what to do and to mind is a team's own choice and needs none."""
    for name, bound in book.rules.items():
        rule = bound.rule
        if bound.decision in ("classify", "bill") and not rule.evidence:
            message = f"nothing says what {name!r} rests on"
            yield finding("evidence-missing", places.rule(name), rule=name, message=message, fix="cite a source")
        for index, evidence in enumerate(rule.evidence):
            if (today - evidence.checked).days > oldest_days:
                message = f"{evidence.source} was last read on {evidence.checked}, more than {oldest_days} days ago"
                at = places.rule(name, "evidence", index, "checked")
                fix = "read it again, and write the day"
                yield finding("evidence-old", at, rule=name, message=message, fix=fix)
            if evidence.basis == "stated" and not _is_shown(evidence.quote or "", rule):
                message = f"no example of {name!r} has the sentence that it says answers state"
                at = places.rule(name, "evidence", index, "quote")
                yield finding("evidence-unquoted", at, rule=name, message=message, fix="add an example that has it")


def _is_shown(quote: str, rule: Rule[Any]) -> bool:
    """Return whether an example tells a fact that has *quote* in it."""
    words = _words(quote)
    return any(words in _words(value) for example in rule.example for value in _texts(example.given))


def _words(text: str) -> str:
    return " ".join(text.split()).casefold()


def _texts(value: object) -> Iterator[str]:
    """Yield every text in *value*, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
