"""Translate Acme's answers: a job that is done, refused or crashed, or an error."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from policyengine import Claim, Dialect, UsageRow
from policyengine.native import amount, items, mapping, mappings, scalar_text, text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policyengine import Exchange
    from policyengine.provider import Normalized

_SIDES = {"prompt": "prompt", "picture": "output"}


class AcmeImages(Dialect):
    """Read `{"acme_job": …}` and `{"acme_error": …}`."""

    name: ClassVar[str] = "acme-images"
    seller: ClassVar[str] = "acme"
    signals: ClassVar[Mapping[str, str]] = {"refunded": "boolean"}
    vocabulary: ClassVar[Mapping[str, frozenset[str]]] = {
        "status": frozenset({"waiting", "painting", "done", "refused", "crashed"}),
        "code": frozenset({"bad_size", "bad_key", "too_fast", "no_credits"}),
    }

    def recognizes(self, exchange: Exchange) -> Claim:
        """Return how sure it is: the two keys are Acme's alone."""
        body = mapping(exchange.body)
        return Claim.CERTAIN if "acme_job" in body or "acme_error" in body else Claim.NO

    def normalize(self, exchange: Exchange) -> Normalized:
        """Return the facts and the usage."""
        body = mapping(exchange.body)
        job, error = mapping(body.get("acme_job")), mapping(body.get("acme_error"))
        refusal = mapping(job.get("refusal"))
        delivered = len(list(mappings(job.get("pictures")))) if job else None
        refunded = job.get("refunded")
        facts = exchange.facts(
            self,
            model=text(job.get("model")),
            status=text(job.get("state")),
            code=text(error.get("code")),
            message=text(job.get("note")) or text(error.get("message")),
            filter_stage=_SIDES.get(text(refusal.get("side")) or ""),
            category=tuple(topic for item in items(refusal.get("topics")) if (topic := text(item))),
            images_delivered=delivered,
            settled=amount(job.get("credits_taken")),
            money_unit="credit",
            task_id=scalar_text(job.get("id")),
            signal={"refunded": refunded} if isinstance(refunded, bool) else {},
        )
        return facts, (UsageRow("image", "image", delivered),) if delivered else ()
