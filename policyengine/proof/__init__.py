"""Prove things about rules by exact set analysis: what is covered, what overlaps, what falls through, what differs.

The modules, each building on those before it:

- `words`, `lists`, `spans`: the set of values that one fact may have, absence included
- `space`: which facts there are in one list of rules, and what each may be
- `region`: sets of facts as unions of products, made of conditions; intersection, difference, emptiness
- `witness`, `search`: facts out of a region; the first that no other region covers
- `order`: rules with their regions, and where two lists decide differently
- `answers`, `variants`: what the answers of a dialect look like, by its scenarios
- `reach`, `contradiction`, `overlap`, `gaps`, `bills`, `reads`, `evidence`: what is looked for
- `listed`, `finding`, `waivers`, `check`: over all rules of an engine, at their places, but for what is waived
- `suggest`: examples that rules lack

A region that is said to be empty is; one that is not yields a witness. Where the work would pass its bound the answer
is "not decided", never a guess.

>>> from policyengine import Engine
>>> engine = Engine.load()
>>> rules = engine.policy.rules.deciding("route").rules
>>> space = space_of("route", "", engine)
>>> difference(rules, rules, space).answer
'equivalent'
>>> [(one.old.rule.id, one.new.rule.id) for one in difference(rules, rules[1:], space).found if one.new]
[]
>>> difference(rules, rules[1:], space).found[0].witness.given["outcome"]
'delivered'
"""

from policyengine.proof.order import Difference, Differences, difference
from policyengine.proof.region import NotDecided
from policyengine.proof.space import Space, space_of
from policyengine.proof.witness import Witness

__all__ = ["Difference", "Differences", "NotDecided", "Space", "Witness", "difference", "space_of"]
