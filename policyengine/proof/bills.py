"""Find outcomes that the bill table of a seller leaves open, component by component."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policyengine.alternatives import each
from policyengine.proof.finding import finding, place_in, shown
from policyengine.sets.region import NotDecided
from policyengine.sets.space import only
from policyengine.vocabulary import COMPONENTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policyengine.engine import Engine
    from policyengine.proof.answers import Answers
    from policyengine.proof.finding import Finding
    from policyengine.proof.listed import Listed
    from policyengine.rules.model import FindingCode
    from policyengine.sets.region import Box
    from policyengine.sets.witness import Witness

__all__ = ["bill_gaps"]

_FIX = "add a rule if somebody with authority says; else it stays unknown"
_MADE = ("delivered", "partial")
_FALLEN_THROUGH = ("unrecognized", "unknown")


def bill_gaps(listed: Listed, answers: Sequence[Answers], engine: Engine) -> Iterator[Finding]:
    """Yield a finding for each outcome and stage for which some component of the seller's tariff is not decided.

    Outcomes and stages are those that the rules for *answers* say. An image was made and a part of it is not billed:
    that is an error; elsewhere "unknown" is what the library says on purpose when nobody with authority spoke.
    """
    file = next(engine.policy.rules.files_for("bill", listed.key), None)
    if file is None:
        return
    at = place_in(file, "seller")
    for outcome, stage in _decided_before(answers, engine):
        subject = f"{listed.key}/{outcome}/{stage}"
        found = [*_open(listed, {"outcome": only(outcome), "stage": only(stage)}, engine)]
        unclear = [component for component, witness in found if witness is None]
        if unclear:
            message = f"whether {_names(unclear)} of {outcome!r} at {stage!r} is decided takes too much work"
            yield finding("not-decided", at, rule=subject, message=message, fix=_FIX)
        gaps = {component: witness for component, witness in found if witness is not None}
        if gaps:
            named = f"{subject}/{'+'.join(gaps)}"
            code: FindingCode = "unbilled" if outcome in _MADE else "undecided-bill"
            message = f"no rule of {listed.key} decides {_names(gaps)} of every answer {outcome!r} at {stage!r}"
            witness = next(iter(gaps.values()))
            yield finding(code, at, rule=named, message=message, fix=_FIX, witness=shown(witness))


def _names(components: Sequence[str] | dict[str, Witness]) -> str:
    return " and ".join(dict.fromkeys(components))


def _decided_before(answers: Sequence[Answers], engine: Engine) -> list[tuple[str, str]]:
    """Return the outcomes and stages that rules say of *answers*."""
    rules = engine.policy.rules
    effects = (rule.rule.then for one in answers for rule in rules.deciding("classify", one.dialect.name).rules)
    return sorted({*((then.outcome, then.stage) for then in effects), _FALLEN_THROUGH})


def _open(listed: Listed, box: Box, engine: Engine) -> Iterator[tuple[str, Witness | None]]:
    """Yield each component of the tariff that is open somewhere in *box*; without a witness when that is not known."""
    prices = engine.policy.prices
    for component in COMPONENTS:
        for given in each(engine.policy.rules.alternatives(listed.key)):
            told = {**box, **{name: only(value) for name, value in given.items()}}
            try:
                witness = listed.left((told,), listed.naming(component))
            except NotDecided:
                yield component, None
                continue
            if witness is not None and component in prices.components(witness.facts, prices.tariffs(witness.facts)):
                yield component, witness
                break
