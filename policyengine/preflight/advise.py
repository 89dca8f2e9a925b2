"""Advise on a call before it is made: rules that match its request, and what it costs if it fails or succeeds."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from policyengine.billing import Billing, Case
from policyengine.comparison import STANDARD_WORK
from policyengine.facts import Facts, UsageRow
from policyengine.fallback import NOBODY
from policyengine.request import Request, completed
from policyengine.verdict import Charge, Step, VerdictWarning
from policyengine.vocabulary import SEVERITIES, Outcome, Severity, Stage
from policyengine.warning import unlisted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from decimal import Decimal

    from policyengine.engine import Engine
    from policyengine.policy.accounts import Account
    from policyengine.provider import Dialect
    from policyengine.rules.ordered import BoundRule
    from policyengine.verdict import ChargeLine

__all__ = ["Advice", "Ending", "Preflight", "Quote", "preflight"]

_ENDINGS: tuple[tuple[Outcome, Stage], ...] = (("blocked", "prompt"), ("blocked", "output"), ("declined", "generation"))
"""The failures that a prompt brings about, in the words of `classify`."""
_KEPT = ("provider", "model", "seller", "tier", "size", "quality", "mode", "at", "input_tokens", "account")


class Advice(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Say what to mind, how much it matters, and says who."""

    severity: Severity
    advice: str
    failure_reduction_percent: int | None = None
    """How many percent fewer such calls fail, as the evidence of the step says; not measured by this library."""
    step: Step
    """The rule, where it stands and what it rests on."""


class Ending(Struct, frozen=True, kw_only=True):
    """Bound what the call costs if it ends in one way."""

    outcome: Outcome
    stage: Stage
    charge: Charge


class Quote(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Bound what the call costs: at least as a failure, at most as a success."""

    seller: str
    success: Ending
    failures: tuple[Ending, ...]
    assumed: tuple[str, ...] = ()
    """What the amounts rest on that the request does not tell."""

    @property
    def low(self) -> Decimal:
        """Return the least that a failure costs."""
        return min(one.charge.low for one in self.failures)

    @property
    def high(self) -> Decimal | None:
        """Return the most that a success costs; None where nothing bounds it."""
        return self.success.charge.high


class Preflight(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Answer what to mind before one call, and what it will cost."""

    request: Request
    """The request, without its prompt and the terms of it."""
    advice: tuple[Advice, ...]
    """The most severe first."""
    quote: Quote
    experimental: tuple[Step, ...] = ()
    """Experimental rules that match."""
    warnings: tuple[VerdictWarning, ...] = ()
    fingerprint: str = ""
    """The engine that advised."""

    @property
    def is_critical(self) -> bool:
        """Return whether the call will hardly succeed."""
        return any(one.severity == "critical" for one in self.advice)

    def explain(self) -> str:
        """Return the advice and the quote in words."""
        from policyengine.preflight.words import explain  # noqa: PLC0415  only when somebody reads it

        return explain(self)

    def to_json(self) -> bytes:
        """Return everything as JSON."""
        return msgspec.json.encode({**msgspec.structs.asdict(self), "low": self.quote.low, "high": self.quote.high})


def preflight(engine: Engine, billing: Billing, request: Request, account: Account | None) -> Preflight:
    """Return the advice of *engine* on *request*, and its quote by *billing*; *account* tells what *request* does not.

    Raises:
        DialectError: no plugin ships the provider.
        InputError: a value of the request has the wrong type.
    """
    known = _with_account(completed(request), account)
    dialects = engine.plugins.dialects_of(known.provider) if known.provider else ()
    whole, warnings = _with_seller(known, engine, dialects)
    rules = engine.policy.rules
    found = [_advice(rule) for rule in rules.deciding("preflight").matching(whole)]
    on_trial = rules.experimental("preflight").matching(whole)
    return Preflight(
        request=msgspec.structs.replace(whole, prompt=None, terms=()),
        advice=tuple(sorted(found, key=lambda one: SEVERITIES.index(one.severity))),
        quote=_quote(whole, billing, dialects),
        experimental=tuple(rule.step for rule in on_trial),
        warnings=(*warnings, *_words_unknown(whole)),
        fingerprint=engine.fingerprint,
    )


def _with_account(request: Request, account: Account | None) -> Request:
    if account is None:
        return request
    facts = {**account.account_facts, **request.account}
    return msgspec.structs.replace(request, seller=request.seller or account.seller, account=facts)


def _with_seller(request: Request, engine: Engine, dialects: Sequence[Dialect]) -> tuple[Request, list[VerdictWarning]]:
    """Return *request* with who invoices it, and a warning when that is an assumption or a name without rules."""
    if request.seller is not None:
        return request, unlisted(request.seller, engine.policy.prices)
    if not dialects:
        return request, []
    seller = dialects[0].seller
    warning = VerdictWarning("seller_assumed", f"nothing tells who invoices; assumed {seller!r}")
    return msgspec.structs.replace(request, seller=seller), [warning]


def _advice(rule: BoundRule) -> Advice:
    then = rule.rule.then
    return Advice(
        severity=then.severity,
        advice=then.advice,
        failure_reduction_percent=then.failure_reduction_percent,
        step=rule.step,
    )


def _words_unknown(request: Request) -> list[VerdictWarning]:
    if request.prompt is None or request.words is not None:
        return []
    return [VerdictWarning("words_unknown", "the prompt's script puts no spaces between words: they are not counted")]


def _quote(request: Request, billing: Billing, dialects: Sequence[Dialect]) -> Quote:
    facts, usage = _facts(request, dialects), tuple(_references(request))
    delivered = msgspec.structs.replace(facts, images_delivered=request.n)
    success = Ending(outcome="delivered", stage="none", charge=billing.success(delivered, usage))
    failed = Case(msgspec.structs.replace(facts, images_delivered=0, terminal=True), usage, "", "")
    failures = tuple(_failure(failed, outcome, stage, billing) for outcome, stage in _ENDINGS)
    lines = [line for ending in (success, *failures) for line in ending.charge.lines]
    return Quote(seller=facts.seller, success=success, failures=failures, assumed=tuple(_assumed(request, lines)))


def _failure(case: Case, outcome: Outcome, stage: Stage, billing: Billing) -> Ending:
    ended = msgspec.structs.replace(case, outcome=outcome, stage=stage)
    return Ending(outcome=outcome, stage=stage, charge=billing.decide(ended).charge)


def _facts(request: Request, dialects: Sequence[Dialect]) -> Facts:
    """Return *request* as the facts of an answer that says no more; text is that of the standard work."""
    own = [dialect for dialect in dialects if dialect.seller == request.seller]
    without_images = request.prompt is not None and not request.has_input_image
    told = {name: getattr(request, name) for name in _KEPT}
    return Facts(
        **{**told, "provider": request.provider or "none", "seller": request.seller or NOBODY},
        dialect=next((one.name for one in own or dialects), "none"),
        images_requested=request.n,
        prompt_bytes=len((request.prompt or "").encode("utf-8", "surrogatepass")) if without_images else None,
        text_tokens=STANDARD_WORK.text_tokens,
    )


def _references(request: Request) -> Iterator[UsageRow]:
    """Yield the area of the reference image, for tariffs that price it; a started megapixel counts whole."""
    if request.input_megapixels is not None:
        yield UsageRow("input", "megapixel", ceil(request.input_megapixels))
    elif request.has_input_image is False:
        yield UsageRow("input", "megapixel", 0)


def _assumed(request: Request, lines: Sequence[ChargeLine]) -> Iterator[str]:
    if any(line.component == "text" and line.unit == "token" for line in lines):
        yield f"{STANDARD_WORK.text_tokens} tokens of text and thinking"
    if request.input_megapixels is not None and any(line.unit == "megapixel" for line in lines):
        yield "one reference image"
    if request.has_input_image is None and any(_is_bounded_by_text(line) for line in lines):
        yield "no reference image"


def _is_bounded_by_text(line: ChargeLine) -> bool:
    return line.component == "input" and line.estimated and line.quantity is None and line.at_most is not None
