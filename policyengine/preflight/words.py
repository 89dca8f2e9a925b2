"""Say the advice before a call in words: what to mind, says who, and what the call costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policyengine.explain import evidence_text, interval, money, printable
from policyengine.fallback import NOBODY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policyengine.preflight import Advice, Ending, Preflight, Quote
    from policyengine.request import Request

__all__ = ["explain"]

_NAMED = ("tier", "size", "quality", "mode")


def explain(done: Preflight) -> str:
    """Return *done* as text of a few paragraphs."""
    parts = [
        _head(done.request),
        "\n".join(["What to mind:", *(line for one in done.advice for line in _advice(one))]) if done.advice else "",
        "\n".join(_quote(done.quote)),
        "\n".join(["On trial, saying nothing:", *(f"  {one.title}  [{one.rule}]" for one in done.experimental)])
        if done.experimental
        else "",
        "\n".join(["Mind:", *(f"  {one.code}: {one.message}" for one in done.warnings)]) if done.warnings else "",
    ]
    return printable("\n\n".join(part for part in parts if part))


def _head(request: Request) -> str:
    seller = "somebody not known" if request.seller is None else request.seller
    words = "words not known" if request.words is None else f"{request.words} words"
    told = [f"{name} {value}" for name in _NAMED if (value := getattr(request, name)) is not None]
    with_image = ["with a reference image"] if request.has_input_image else []
    images = f"{request.n} image{'s' if request.n > 1 else ''}"
    return f"A call of {request.model or 'a model not known'}, invoiced by {seller}\n  " + ", ".join(
        [images, words, *told, *with_image]
    )


def _advice(advice: Advice) -> Iterator[str]:
    step = advice.step
    yield f"  {advice.severity}: {step.title}  [{step.rule}, {step.file}:{step.line}]"
    less = advice.failure_reduction_percent
    yield f"    {advice.advice}{f'; {less} % fewer failures are claimed' if less else ''}"
    yield from (f"    {evidence_text(one)}" for one in step.evidence)


def _quote(quote: Quote) -> Iterator[str]:
    if quote.seller == NOBODY:
        yield "What it costs: not known; tell provider or seller"
        return
    most = "without a known bound" if quote.high is None else money(quote.high)
    yield f"What it costs: from {money(quote.low)} if it fails to {most} if it succeeds"
    for ending in (quote.success, *quote.failures):
        yield f"  {_ended(ending):<24}{interval(ending.charge.low, ending.charge.high)}"
        if ending.charge.high is None:
            yield from (f"    {line.component}: {line.note}" for line in ending.charge.lines if line.high is None)
    if quote.assumed:
        yield f"  assumed: {', '.join(quote.assumed)}"


def _ended(ending: Ending) -> str:
    return ending.outcome if ending.stage == "none" else f"{ending.outcome} at {ending.stage}"
