"""Name the closed sets of words that verdicts, rules and prices share."""

from __future__ import annotations

from typing import Literal, get_args

__all__ = [
    "ACTIONS",
    "ASPECTS",
    "BASES",
    "BILL_VALUES",
    "COMPONENTS",
    "OUTCOMES",
    "PARTS",
    "SEVERITIES",
    "STAGES",
    "TIERS",
    "Action",
    "Aspect",
    "Basis",
    "BillValue",
    "Component",
    "Filter",
    "Outcome",
    "RateLimit",
    "Severity",
    "Stage",
    "Tier",
]

Outcome = Literal[
    "delivered",  # every image asked for arrived
    "partial",  # at least one arrived, at least one was filtered or failed
    "pending",  # not final yet: queued, running, waits for the caller
    "blocked",  # a safety, policy or copyright filter stopped it
    "declined",  # no filter named itself; the model produced no image
    "rejected",  # the request was malformed or unsupported
    "denied",  # authentication, permission, account, region
    "throttled",  # rate, concurrency or capacity: the same request may pass later
    "exhausted",  # money, credits, plan hours are gone
    "failed",  # the platform's own fault
    "timeout",  # a deadline passed or the connection broke; the end is not known
    "canceled",  # canceled by the caller
    "lost",  # made or possibly made, and cannot be fetched
    "unrecognized",  # the signals match none of the above
]
"""What happened to one image-generation request."""

Stage = Literal[
    "admission",  # before any model or filter ran
    "prompt",  # the input filter
    "generation",  # the model ran and gave no image
    "output",  # the filter after generation
    "delivery",  # made, then not handed over
    "none",  # delivered or pending
    "unknown",
]
"""Where the request stopped."""

Component = Literal["input", "text", "image", "request"]
"""What a bill is split into: prompt, text output and thinking, images, and a fee per call or task."""

BillValue = Literal["charged", "free", "credited", "conditional", "unknown", "na"]
"""What the seller does with one component; `na` is derived: the tariff has no such component."""

Aspect = Literal["rate_limit", "filter"]
"""What a bill says of a failure beside the money."""

RateLimit = Literal["counted", "not_counted", "unknown"]
"""Whether a failure counts toward the seller's rate limits."""

Filter = Literal["adjustable", "fixed", "unknown"]
"""Whether a setting of the customer's changes what the filter stops."""

Basis = Literal["settled", "stated", "official", "reported", "inferred"]
"""The kind of evidence behind a bill value, best first."""

Action = Literal[
    "none",
    "poll",
    "fix_request",
    "change_prompt",
    "change_content",
    "rewrite_once",
    "backoff",
    "stop_and_alert",
    "look_up",
]
"""What to do next."""

Severity = Literal["critical", "warning", "info"]
"""How much advice before a call matters, most first."""

Tier = Literal["standard", "batch", "flex", "priority"]
"""The service tier a request was served on."""

OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
STAGES: tuple[Stage, ...] = get_args(Stage)
COMPONENTS: tuple[Component, ...] = get_args(Component)
ASPECTS: tuple[Aspect, ...] = get_args(Aspect)
PARTS: tuple[Component | Aspect, ...] = (*COMPONENTS, *ASPECTS)
"""What bill rules decide, each on its own: the first rule that matches and names it."""
BILL_VALUES: tuple[BillValue, ...] = get_args(BillValue)
BASES: tuple[Basis, ...] = get_args(Basis)
ACTIONS: tuple[Action, ...] = get_args(Action)
SEVERITIES: tuple[Severity, ...] = get_args(Severity)
TIERS: tuple[Tier, ...] = get_args(Tier)
