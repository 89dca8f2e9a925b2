"""Define the verdict: what happened, who bills what, how much, says who, and what to do next."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Literal, cast

import msgspec
from msgspec import Struct

from policyengine.errors import InputError
from policyengine.facts import Facts, UsageRow
from policyengine.rules.model import Evidence
from policyengine.vocabulary import (
    BASES,
    COMPONENTS,
    Action,
    Basis,
    BillValue,
    Component,
    Filter,
    Outcome,
    RateLimit,
    Stage,
)

__all__ = ["Alternative", "Bill", "Charge", "ChargeLine", "PriceRef", "Route", "Step", "Verdict", "VerdictWarning"]


class Step(Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """Name one rule that decided something, where it stands and what it rests on."""

    decision: str
    rule: str
    title: str
    file: str
    line: int
    component: str | None = None
    """What of the bill it decided, for bill rules: a component, or what the bill says beside the money."""
    evidence: tuple[Evidence, ...] = ()

    def best_evidence(self, value: str) -> Evidence | None:
        """Return the best and newest evidence for *value* of the component; None when nothing speaks for it."""
        supporting = [
            one for one in self.evidence if one.component in (None, self.component) and one.supports in (None, value)
        ]
        return min(supporting, key=lambda one: (BASES.index(one.basis), -one.checked.toordinal()), default=None)


class VerdictWarning(Struct, frozen=True):
    """Tell what the reader of a verdict should know before trusting it."""

    code: str
    """seller_assumed, drift, usage_missing, stale_price, settled_differs, conditional, hidden_attempts and so on."""
    message: str


class Bill(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Say, per component, what the seller does, on what basis, and what it depends on."""

    input: BillValue
    text: BillValue
    image: BillValue
    request: BillValue
    basis: dict[Component, Basis] = {}
    """The best evidence per component; components that are `na` or rest on nothing are left out."""
    on: tuple[str, ...] = ()
    """What the conditional components depend on."""
    recourse: tuple[str, ...] = ()
    """How money can be claimed back."""
    rate_limit: RateLimit = "unknown"
    """Whether the answer counts toward the seller's rate limits."""
    filter: Filter = "unknown"
    """Whether a setting of the customer's changes what the filter stops."""
    setting: str | None = None
    """The setting that does."""

    def __getitem__(self, component: str) -> BillValue:
        """Return the value of *component*."""
        if component not in COMPONENTS:
            raise KeyError(component)
        return cast("BillValue", getattr(self, component))

    def values(self) -> dict[Component, BillValue]:
        """Return the four values by component."""
        return {component: self[component] for component in COMPONENTS}

    @property
    def weakest(self) -> Basis:
        """Return the weakest basis of the components that are not `na`; no evidence at all is `inferred`."""
        if any(self[component] != "na" and component not in self.basis for component in COMPONENTS):
            return "inferred"
        return max(self.basis.values(), key=BASES.index, default="inferred")


class PriceRef(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Name the price entry behind a charge line."""

    seller: str
    model: str
    source: str
    checked: str
    """ISO date."""
    file: str


class ChargeLine(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Price one unit of one component: quantity times rate, and what of it is or may be billed."""

    component: Component
    value: BillValue
    unit: str
    quantity: Decimal | None = None
    """Units consumed; None when only bounds are known."""
    at_least: Decimal | None = None
    """The least quantity, when only bounds are known."""
    at_most: Decimal | None = None
    """The largest quantity, when only bounds are known; None: nothing bounds it."""
    rate: Decimal | None = None
    """Price of `per` units in `currency`; the dearest when several may apply."""
    per: int = 1
    currency: str = "USD"
    usd_per_unit_of_currency: Decimal | None = None
    """The dated exchange rate used, for currencies other than the dollar."""
    gross: Decimal | None = None
    """Dollars before the bill value was applied."""
    low: Decimal = Decimal(0)
    """Dollars at least."""
    high: Decimal | None = None
    """Dollars at most; None: nothing bounds it."""
    price: PriceRef | None = None
    estimated: bool = False
    """Whether the quantity follows from the request or a table, as the answer does not count it."""
    note: str | None = None
    """What the quantity or the rate rests on when the answer does not tell."""


class Alternative(Struct, frozen=True, kw_only=True):
    """Give the total for one possible value of facts that the exchange does not tell."""

    given: dict[str, str]
    low: Decimal
    high: Decimal | None


class Charge(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Bound the money: [low, high] in dollars; equal ends are exact, no high end means no bound is known."""

    low: Decimal
    high: Decimal | None
    source: Literal["computed", "settled", "quoted"] = "computed"
    """Where the amount comes from: rates, the amount the answer reports as charged, or the one it announces."""
    lines: tuple[ChargeLine, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
    """The totals behind the interval, when account facts are not known."""
    computed_low: Decimal | None = None
    """What the rates give, when a settled amount stands instead."""
    computed_high: Decimal | None = None

    @property
    def is_exact(self) -> bool:
        """Return whether the amount is known to the last digit."""
        return self.high is not None and self.low == self.high

    @property
    def is_unpriced(self) -> bool:
        """Return whether nothing bounds the amount."""
        return self.high is None


class Route(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Say what to do next."""

    action: Action
    tag: str
    retry: bool
    """Whether another try is in order now."""
    wait_s: float = 0.0
    """Seconds to wait before it."""
    attempts_left: int = 0
    advice: str | None = None


class Verdict(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Answer the four questions about one exchange: what happened, who bills what, how much, what next.

    >>> from policyengine import Engine
    >>> verdict = Engine.load().evaluate({"error": {"code": 503}}, seller="nobody", http_status=503)
    >>> verdict.outcome, verdict.bill.image, verdict.charge.low, verdict.charge.high, verdict.route.action
    ('failed', 'unknown', Decimal('0'), None, 'backoff')

    A charge is in dollars. Who says so stands in the trail: `trail[n].evidence`, with source and day.
    """

    outcome: Outcome
    """What happened; docs/concepts.md says what each word means."""
    stage: Stage
    """Where it stopped."""
    images: int | None
    """Images delivered; None when the answer does not tell."""
    bill: Bill
    charge: Charge
    route: Route
    facts: Facts
    usage: tuple[UsageRow, ...] = ()
    trail: tuple[Step, ...] = ()
    """The rules that decided, in the order of the decisions."""
    experimental: tuple[Step, ...] = ()
    """Experimental rules that would have decided."""
    warnings: tuple[VerdictWarning, ...] = ()
    fingerprint: str = ""
    """The engine that decided: a digest of its rules, prices, facts and plugins."""

    @property
    def final(self) -> bool:
        """Return whether nothing more will come."""
        return self.outcome != "pending"

    @property
    def basis(self) -> Basis:
        """Return the weakest basis among the components that are not `na`."""
        return self.bill.weakest

    def explain(self) -> str:
        """Return the verdict in words: rules with their place, evidence, arithmetic, warnings."""
        from policyengine.explain import explain  # noqa: PLC0415  only when somebody reads it

        return explain(self)

    def record(self) -> dict[str, object]:
        """Return a flat mapping for logs, without prompts or the model's text."""
        facts = self.facts
        kept = (
            "provider",
            "dialect",
            "seller",
            "model",
            "tier",
            "http_status",
            "finish_reason",
            "block_reason",
            "code",
        )
        flat: dict[str, object] = {name: getattr(facts, name) for name in kept}
        flat |= {
            "at": facts.at.isoformat() if facts.at else None,
            "request_id": facts.request_id,
            "task_id": facts.task_id,
            "attempt": facts.attempt,
            "outcome": self.outcome,
            "stage": self.stage,
            "images": self.images,
            **{f"bill_{component}": value for component, value in self.bill.values().items()},
            "basis": self.basis,
            "charge_low_usd": str(self.charge.low),
            "charge_high_usd": None if self.charge.high is None else str(self.charge.high),
            "charge_source": self.charge.source,
            "action": self.route.action,
            "tag": self.route.tag,
            "rules": ",".join(dict.fromkeys(step.rule for step in self.trail)),
            "warnings": ",".join(dict.fromkeys(warning.code for warning in self.warnings)),
            "fingerprint": self.fingerprint,
        }
        return flat

    def to_json(self) -> bytes:
        """Return the verdict as JSON; `Verdict.from_json` reads it back equal."""
        try:
            return msgspec.json.encode(self)
        except UnicodeEncodeError:  # half of a surrogate pair, from a mapping that was never JSON
            return json.dumps(msgspec.to_builtins(self), ensure_ascii=False).encode("utf-8", "replace")

    @classmethod
    def from_json(cls, written: bytes | str) -> Verdict:
        """Return the verdict that `to_json` wrote.

        Raises:
            InputError: *written* is no verdict.
        """
        try:
            return msgspec.json.decode(written, type=cls)
        except (msgspec.DecodeError, RecursionError) as error:
            msg = f"no verdict: {error}"
            raise InputError(msg) from error
