"""Sets of facts, exactly: what the conditions of rules cover, and where two lists of rules differ.

The modules, each building on those before it:

- `words`, `lists`, `spans`: the set of values that one fact may have, absence included
- `space`: which facts there are in one list of rules, and what each may be
- `region`: sets of facts as unions of products, made of conditions; intersection, difference, emptiness
- `witness`, `search`: facts out of a region; the first that no other region covers
- `order`: rules with their regions, and where two lists decide differently

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

from policyengine.sets.order import Difference, Differences, difference
from policyengine.sets.region import NotDecided
from policyengine.sets.space import Space, space_of
from policyengine.sets.witness import Witness

__all__ = ["Difference", "Differences", "NotDecided", "Space", "Witness", "difference", "space_of"]
