"""Prove things about rules by set analysis: what is covered, what overlaps, what falls through, what nobody fills.

- `answers`, `variants`: what the answers of a dialect look like, by its scenarios
- `reach`, `contradiction`, `overlap`, `gaps`, `bills`, `reads`, `evidence`: what is looked for
- `listed`, `finding`, `waivers`, `check`: over all rules of an engine, at their places, but for what is waived
- `suggest`: examples that rules lack
"""
