"""Compare what the same failure of the same piece of work costs at each seller."""

from policyengine.comparison.rows import Row, compare, prices_checked
from policyengine.comparison.samples import STANDARD_WORK, as_work, evaluate_scenario, sellers_of, usual_model

__all__ = [
    "STANDARD_WORK",
    "Row",
    "as_work",
    "compare",
    "evaluate_scenario",
    "prices_checked",
    "sellers_of",
    "usual_model",
]
