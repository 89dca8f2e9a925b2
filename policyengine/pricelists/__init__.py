"""Check the price book against the price lists of other projects."""

from policyengine.pricelists.crosscheck import Comparison, Disagreement, compare_prices
from policyengine.pricelists.reading import ListedRow, read_listings
from policyengine.pricelists.vendors import Vendors

__all__ = ["Comparison", "Disagreement", "ListedRow", "Vendors", "compare_prices", "read_listings"]
