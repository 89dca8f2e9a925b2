"""Define rule files: what a rule says, on what evidence, and the examples that pin it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Generic, Literal, TypeVar

from msgspec import Meta, Struct

from policyengine.vocabulary import Action, Aspect, Basis, Component, Filter, Outcome, RateLimit, Severity, Stage

__all__ = [
    "CUMULATIVE",
    "DECISIONS",
    "RULE_ID_PATTERN",
    "SOURCE_PATTERN",
    "BillEffect",
    "BillFile",
    "ClassifyEffect",
    "ClassifyFile",
    "Decision",
    "Effect",
    "Evidence",
    "Example",
    "FindingCode",
    "NearMiss",
    "PreflightEffect",
    "PreflightFile",
    "RouteEffect",
    "RouteFile",
    "Rule",
    "RuleFile",
    "Waiver",
]

RULE_ID_PATTERN = r"^[a-z0-9][a-z0-9_.-]*$"
SOURCE_PATTERN = r"^(https?://|contract:|ticket:)\S+"
Decision = Literal["classify", "bill", "route", "preflight"]
RuleId = Annotated[str, Meta(pattern=RULE_ID_PATTERN, max_length=80)]
FindingCode = Literal[
    "shadowed",
    "contradiction",
    "dead-dates",
    "gap",
    "unbilled",
    "unfilled",
    "misspelled",
    "evidence-missing",
    "evidence-unquoted",
    "evidence-old",
    "not-decided",
    "overlap",
    "undecided-bill",
    "not-indexable",
]
"""What a proof looks for and a waiver may name; `policyengine.proof.finding` says how grave each is."""
StatedValue = Literal["charged", "free", "credited", "conditional", "unknown"]


class ClassifyEffect(Struct, frozen=True, gc=False, kw_only=True, forbid_unknown_fields=True):
    """Say what happened."""

    outcome: Outcome
    """What happened to the request."""
    stage: Stage
    """Where it stopped."""


class BillEffect(Struct, frozen=True, gc=False, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Say what the seller does with each component the rule knows about, and what it says beside the money."""

    input: StatedValue | None = None
    """The prompt: its tokens, cached ones and input images."""
    text: StatedValue | None = None
    """Text output and thinking."""
    image: StatedValue | None = None
    """The images."""
    request: StatedValue | None = None
    """A fee per call or task, GPU minutes, search queries."""
    on: tuple[str, ...] = ()
    """What a `conditional` depends on."""
    quantity: Literal["delivered", "requested", "task"] = "delivered"
    """What is multiplied: images delivered, images requested, or one task."""
    recourse: str | None = None
    """How the money can be claimed back."""
    rate_limit: RateLimit | None = None
    """Whether such an answer counts toward the seller's rate limits."""
    filter: Filter | None = None
    """Whether a setting of the customer's changes what the filter stops."""
    setting: str | None = None
    """The setting that does, when the filter is adjustable."""


class RouteEffect(Struct, frozen=True, gc=False, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Say what to do next."""

    action: Action
    """What to do."""
    tag: str
    """The word to log the failure under."""
    max_attempts: Annotated[int, Meta(ge=1, le=100)] = 1
    """Tries in all, the first one included; 1 means no retry."""
    backoff: Literal["none", "fixed", "exponential"] = "none"
    """How the wait grows from one try to the next."""
    wait_s: int | Decimal = 0
    """Seconds before the next try."""
    max_wait_s: int | Decimal = 300
    """The longest wait that backoff grows to."""
    advice: str | None = None
    """One sentence for the person who reads the log."""


class PreflightEffect(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Say what to mind before the call is made."""

    severity: Severity
    """critical: it will hardly succeed; warning: it fails more often; info: it costs more, or is good to know."""
    advice: str
    """What to do instead, in one sentence."""
    failure_reduction_percent: Annotated[int, Meta(ge=1, le=100)] | None = None
    """How many percent fewer such calls fail when the advice is taken, as the evidence says."""


Effect = TypeVar("Effect", ClassifyEffect, BillEffect, RouteEffect, PreflightEffect)


class Evidence(Struct, frozen=True, gc=False, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Cite what a rule rests on."""

    basis: Basis
    """settled, stated, official, reported or inferred."""
    source: Annotated[str, Meta(pattern=SOURCE_PATTERN)]
    """A URL, or `contract:…`, `ticket:…`."""
    checked: date
    """The day the source was last read."""
    quote: str | None = None
    """The source's own words."""
    component: Component | Aspect | None = None
    """The component it speaks of, when not all."""
    supports: StatedValue | RateLimit | Filter | None = None
    """What it says instead, when it disagrees with the rule."""


class Example(Struct, frozen=True, gc=False, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Give facts that the rule must decide."""

    given: dict[str, Any]
    """Facts by name, with `outcome` and `stage` for bill and route rules."""
    note: str | None = None
    """What a reader should know."""


class NearMiss(Struct, frozen=True, gc=False, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Give facts that look alike and that the rule must not decide."""

    given: dict[str, Any]
    """Facts by name."""
    decided_by: str | None = None
    """The id of the rule that decides instead."""
    note: str | None = None
    """What a reader should know."""


class Rule(
    Struct,
    Generic[Effect],
    gc=False,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    rename={"from_": "from"},
):
    """Say that whenever `when` holds, `then` follows."""

    id: RuleId
    """Unique over all files; a change of meaning gets a new id."""
    title: Annotated[str, Meta(min_length=1, max_length=200)]
    """One line for people."""
    status: Literal["stable", "experimental", "deprecated"] = "stable"
    """Experimental rules are evaluated and reported, and do not decide."""
    replace: str | None = None
    """The id of a rule that this one stands in for."""
    from_: date | None = None
    """The first day (UTC) on which the rule holds."""
    until: date | None = None
    """The first day (UTC) on which it no longer holds."""
    when: dict[str, Any] = {}
    """Conditions on facts; all of them must hold."""
    then: Effect
    """What follows."""
    evidence: tuple[Evidence, ...] = ()
    """What the rule rests on."""
    example: tuple[Example, ...] = ()
    """Facts that this rule must decide."""
    near_miss: tuple[NearMiss, ...] = ()
    """Facts that this rule must not decide."""


class Waiver(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Say that a finding of `imgpolicy check --proof` in this file is meant, and why."""

    code: FindingCode
    """The code of the finding."""
    rule: Annotated[str, Meta(min_length=1)]
    """The id of the rule, or the name that the finding gives to what has none."""
    reason: Annotated[str, Meta(min_length=1, max_length=400)]
    """Why it is meant."""


class ClassifyFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Decide outcome and stage of the answers of some dialects."""

    decision: Literal["classify"]
    """What the rules of this file decide: `classify`."""
    dialects: Annotated[tuple[str, ...], Meta(min_length=1)]
    """The dialects these rules serve; `["*"]` for all, after their own."""
    disable: tuple[str, ...] = ()
    """Ids of rules that do not apply."""
    waive: tuple[Waiver, ...] = ()
    """Findings of a proof that are meant."""
    rule: tuple[Rule[ClassifyEffect], ...] = ()
    """The rules, in the order in which they are tried."""


class BillFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Decide what one seller charges, component by component."""

    decision: Literal["bill"]
    """What the rules of this file decide: `bill`."""
    seller: str
    """Who sends the invoice; `"*"` for every seller, after its own rules."""
    extends: str | None = None
    """Another seller whose rules follow these."""
    hosts: tuple[str, ...] = ()
    """Hosts whose answers this seller invoices."""
    dialects: tuple[str, ...] = ()
    """Dialects whose answers this seller invoices beside its own; left out, its prices tell as far as they do."""
    alternatives: dict[str, tuple[str, ...]] = {}
    """Facts the bill depends on and their values, for when an exchange does not tell."""
    disable: tuple[str, ...] = ()
    """Ids of rules that do not apply."""
    waive: tuple[Waiver, ...] = ()
    """Findings of a proof that are meant."""
    rule: tuple[Rule[BillEffect], ...] = ()
    """The rules, in the order in which they are tried."""


class RouteFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Decide what to do next."""

    decision: Literal["route"]
    """What the rules of this file decide: `route`."""
    disable: tuple[str, ...] = ()
    """Ids of rules that do not apply."""
    waive: tuple[Waiver, ...] = ()
    """Findings of a proof that are meant."""
    rule: tuple[Rule[RouteEffect], ...] = ()
    """The rules, in the order in which they are tried."""


class PreflightFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Advise on a call before it is made; every rule that matches is heard."""

    decision: Literal["preflight"]
    """What the rules of this file decide: `preflight`."""
    disable: tuple[str, ...] = ()
    """Ids of rules that do not apply."""
    waive: tuple[Waiver, ...] = ()
    """Findings of a proof that are meant."""
    rule: tuple[Rule[PreflightEffect], ...] = ()
    """The rules, each heard where it matches."""


RuleFile = ClassifyFile | BillFile | RouteFile | PreflightFile
DECISIONS: dict[str, type[RuleFile]] = {
    "classify": ClassifyFile,
    "bill": BillFile,
    "route": RouteFile,
    "preflight": PreflightFile,
}
"""The file type of each decision; the facts and effects of a decision follow from it."""
CUMULATIVE: frozenset[Decision] = frozenset({"preflight"})
"""The decisions in which every rule that matches counts, not the first alone."""
