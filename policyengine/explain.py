"""Say a verdict in words: which rules, in which file and line, on what evidence, with what arithmetic."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from policyengine.fallback import NOBODY
from policyengine.money.exact import EXACT
from policyengine.vocabulary import COMPONENTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policyengine.facts import Facts
    from policyengine.rules.model import Evidence
    from policyengine.verdict import Bill, Charge, ChargeLine, Step, Verdict

__all__ = ["evidence_text", "explain", "interval", "money", "printable", "short_interval"]

_NAMED_FACTS = (
    "model",
    "tier",
    "size",
    "quality",
    "mode",
    "http_status",
    "transport_error",
    "status",
    "finish_reason",
    "block_reason",
    "code",
    "error_type",
    "filter_stage",
)
_LONGEST_MESSAGE = 240
_RATE_LIMITS = {"counted": "the answer counts toward it", "not_counted": "the answer does not count toward it"}
_FILTERS = {"adjustable": "a setting changes what it stops", "fixed": "no setting changes what it stops"}


def explain(verdict: Verdict) -> str:
    """Return *verdict* as text of several paragraphs."""
    parts = [
        _head(verdict),
        _happened(verdict),
        _bill(verdict),
        _charge(verdict),
        _next(verdict),
        _on_trial(verdict),
        _warnings(verdict),
        f"Decided by engine {verdict.fingerprint[:12]}." if verdict.fingerprint else "",
    ]
    return printable("\n\n".join(part for part in parts if part))


def printable(text: str) -> str:
    """Return *text* with what steers a terminal, or cannot be encoded, escaped: platforms send anything."""
    return "\n".join(
        line if line.isprintable() else "".join(char if char.isprintable() else ascii(char)[1:-1] for char in line)
        for line in text.split("\n")
    )


def money(amount: Decimal) -> str:
    """Return dollars with as many digits as it takes, two at least.

    >>> money(Decimal("0.000009000000"))
    '$0.000009'
    """
    text = f"{amount:f}"
    if "." in text:
        text = text.rstrip("0")
    whole, _, cents = text.partition(".")
    return f"${whole or '0'}.{cents.ljust(2, '0')}"


def interval(low: Decimal, high: Decimal | None) -> str:
    """Return [low, high] as people write it.

    >>> interval(Decimal(0), None)
    'at least $0.00, no upper bound known'
    """
    if high is None:
        return f"at least {money(low)}, no upper bound known"
    return money(low) if low == high else f"{money(low)} to {money(high)}"


def short_interval(low: Decimal, high: Decimal | None) -> str:
    """Return [low, high] for a column of a table: `?` where nothing bounds it.

    >>> short_interval(Decimal(0), None)
    '$0.00 to ?'
    """
    return f"{money(low)} to ?" if high is None else interval(low, high)


def _head(verdict: Verdict) -> str:
    facts = verdict.facts
    when = f", {facts.at:%Y-%m-%d %H:%M} UTC" if facts.at else ""
    told = ", ".join(
        f"{name} {_short(str(value))}" for name in _NAMED_FACTS if (value := getattr(facts, name)) is not None
    )
    kind = "An answer in no known dialect" if facts.dialect == "none" else f"{facts.dialect} answer"
    seller = "somebody not known" if facts.seller == NOBODY else facts.seller
    lines = [f"{kind}, invoiced by {seller}{when}", f"  {told}" if told else ""]
    if facts.message:
        lines.append(f'  the platform says: "{_short(facts.message)}"')
    return "\n".join(line for line in lines if line)


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= _LONGEST_MESSAGE else f"{flat[:_LONGEST_MESSAGE]}…"


def _happened(verdict: Verdict) -> str:
    stage = "" if verdict.stage in ("none", "unknown") else f" at {verdict.stage}"
    where = "" if verdict.stage != "unknown" else " (where is not known)"
    lines = [f"What happened: {verdict.outcome}{stage}{where}; {_images(verdict.facts)}."]
    steps = [step for step in verdict.trail if step.decision == "classify"]
    by_no_rule = "no rule matches" if verdict.outcome == "unrecognized" else "so it was told; no rule was asked"
    lines += [line for step in steps for line in _step(step)] or [f"  {by_no_rule}"]
    return "\n".join(lines)


def _images(facts: Facts) -> str:
    told = "not told how many" if facts.images_delivered is None else str(facts.images_delivered)
    asked = "" if facts.images_requested is None else f" of {facts.images_requested}"
    return f"images delivered: {told}{asked}"


def _bill(verdict: Verdict) -> str:
    bill = verdict.bill
    lines = ["Who bills what:"]
    for component in COMPONENTS:
        value = bill[component]
        basis = f" ({bill.basis[component]})" if component in bill.basis else ""
        lines.append(f"  {component:<8}{value}{basis}")
    if bill.on:
        lines.append(f"  conditional on: {', '.join(bill.on)}")
    lines += [f"  recourse: {text}" for text in bill.recourse]
    lines += _beside_the_money(bill)
    lines += _bill_steps(verdict)
    if "unknown" in bill.values().values():
        lines.append("  unknown: nobody with authority says whether it is billed")
    return "\n".join(lines)


def _beside_the_money(bill: Bill) -> Iterator[str]:
    """Yield what is known of rate limits and of the filter."""
    if bill.rate_limit != "unknown":
        yield f"  rate limit: {_RATE_LIMITS[bill.rate_limit]}"
    if bill.filter != "unknown":
        setting = f": {bill.setting}" if bill.setting else ""
        yield f"  filter: {_FILTERS[bill.filter]}{setting}"


def _bill_steps(verdict: Verdict) -> Iterator[str]:
    """Yield each bill rule once, with the components it decided."""
    by_rule: dict[str, list[Step]] = {}
    for step in verdict.trail:
        if step.decision == "bill":
            by_rule.setdefault(step.rule, []).append(step)
    for steps in by_rule.values():
        decided = ", ".join(dict.fromkeys(step.component or "" for step in steps))
        yield from _step(steps[0], f"{decided}: ")


def _step(step: Step, label: str = "") -> Iterator[str]:
    yield f"  {label}{step.title}  [{step.rule}, {step.file}:{step.line}]"
    for evidence in step.evidence:
        yield f"    {evidence_text(evidence)}"


def evidence_text(evidence: Evidence) -> str:
    """Return the basis, what it speaks of, the quote, and the source with the day it was read."""
    against = f", for {evidence.supports!r} instead" if evidence.supports else ""
    about = f", on {evidence.component}" if evidence.component else ""
    quote = f' "{_short(evidence.quote)}"' if evidence.quote else ""
    return f"{evidence.basis}{about}{against}:{quote} {evidence.source} (checked {evidence.checked})"


def _charge(verdict: Verdict) -> str:
    charge = verdict.charge
    lines = [f"How much: {interval(charge.low, charge.high)}{_origin(charge)}"]
    for line in charge.lines:
        lines.append(f"  {_arithmetic(line)}")
        lines += _price(line)
    for one in charge.alternatives:
        given = ", ".join(f"{name} = {value}" for name, value in one.given.items())
        lines.append(f"  with {given}: {interval(one.low, one.high)}")
    return "\n".join(lines)


def _origin(charge: Charge) -> str:
    if charge.source == "settled" and charge.computed_low is not None:
        return f", as the answer reports; the rates give {interval(charge.computed_low, charge.computed_high)}"
    return ", as the answer announces" if charge.source == "quoted" else ""


def _arithmetic(line: ChargeLine) -> str:
    """Return `image: 1120 token x 60 USD per 1000000 = $0.0672, charged`."""
    parts = f"{line.component}:"
    parts += f" {_quantity(line)} {line.unit}" if line.unit else " quantity not known"
    if line.rate is not None:
        per = "" if line.per == 1 else f" per {line.per:,}"
        parts += f" x {line.rate.normalize(EXACT):f} {line.currency}{per}"
    if line.usd_per_unit_of_currency is not None:
        parts += f" x {line.usd_per_unit_of_currency:f} USD"
    if line.gross is not None:
        parts += f" = {money(line.gross)}"
    result = (
        ""
        if line.gross is not None and line.low == line.high == line.gross
        else f", so {interval(line.low, line.high)}"
    )
    return f"{parts}, {line.value}{result}"


def _quantity(line: ChargeLine) -> str:
    if line.quantity is not None:
        return _number(line.quantity)
    if line.at_most is None:
        return f"at least {_number(line.at_least or Decimal(0))}"
    return f"{_number(line.at_least or Decimal(0))} to {_number(line.at_most)}"


def _number(amount: Decimal) -> str:
    """Return a quantity without zeros that say nothing.

    >>> _number(Decimal("1.500")), _number(Decimal("12000"))
    ('1.5', '12,000')
    """
    text = f"{amount:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _price(line: ChargeLine) -> Iterator[str]:
    if line.note:
        yield f"    {line.note}"
    if line.price is not None:
        price = line.price
        yield f"    price of {price.model} at {price.seller}: {price.source} (checked {price.checked}; {price.file})"


def _next(verdict: Verdict) -> str:
    route = verdict.route
    lines = [f"What to do next: {route.action}, tagged {route.tag!r}"]
    if route.retry or route.wait_s:
        lines.append(f"  wait {route.wait_s:g} s; attempts left: {route.attempts_left}")
    if route.advice:
        lines.append(f"  {route.advice}")
    lines += [line for step in verdict.trail if step.decision == "route" for line in _step(step)]
    return "\n".join(lines)


def _on_trial(verdict: Verdict) -> str:
    lines = [line for step in verdict.experimental for line in _step(step, f"{step.decision}: ")]
    return "\n".join(["On trial, deciding nothing:", *lines]) if lines else ""


def _warnings(verdict: Verdict) -> str:
    lines = [f"  {warning.code}: {warning.message}" for warning in verdict.warnings]
    return "\n".join(["Mind:", *lines]) if lines else ""
