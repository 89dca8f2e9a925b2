"""Put the rules of every list into the space of that list: the ground of all checks."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from policyengine.rules.model import ClassifyFile
from policyengine.sets.order import Placed, covers_of, place
from policyengine.sets.search import find
from policyengine.sets.space import space_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policyengine.engine import Engine
    from policyengine.rules.model import Decision
    from policyengine.sets.region import Region
    from policyengine.sets.witness import Witness

__all__ = ["Listed", "lists_of"]


class Listed:
    """Hold the rules that decide for one dialect, one seller, or the route, in order and with their regions."""

    def __init__(self, engine: Engine, decision: Decision, key: str) -> None:
        """Take the rules of *decision* for *key* from *engine*."""
        self.decision = decision
        self.key = key
        self.space = space_of(decision, key, engine)
        self.rules = place(engine.policy.rules.deciding(decision, key).rules, self.space)

    @cached_property
    def asked(self) -> tuple[str, ...]:
        """Return the facts that the rules ask about."""
        boxes = (box for placed in self.rules for box in placed.region or ())
        return tuple(dict.fromkeys(name for box in boxes for name in box))

    def naming(self, component: str | None, rules: Sequence[Placed] | None = None) -> tuple[Placed, ...]:
        """Return the rules, or those of *rules*, that say something of *component*; all when it is None."""
        among = self.rules if rules is None else rules
        return tuple(one for one in among if component is None or getattr(one.rule.rule.then, component) is not None)

    def left(self, region: Region, earlier: Sequence[Placed]) -> Witness | None:
        """Return facts of *region* that none of the *earlier* rules matches; None when there are none.

        Raises:
            NotDecided: it takes too much work, or an earlier rule has no region.
        """
        return find(region, covers_of(earlier), self.space)


def lists_of(engine: Engine) -> Iterator[Listed]:
    """Yield every list of rules: one for each dialect, one for each seller, and the route."""
    contents = [file.content for file in engine.policy.rules.files]
    named = [name for one in contents if isinstance(one, ClassifyFile) for name in one.dialects if name != "*"]
    for dialect in dict.fromkeys((*engine.plugins.dialects, *named)):
        yield Listed(engine, "classify", dialect)
    for seller in engine.policy.rules.sellers():
        yield Listed(engine, "bill", seller)
    yield Listed(engine, "route", "")
