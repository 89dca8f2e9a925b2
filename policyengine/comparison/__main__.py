"""Print docs/comparison.md."""

from policyengine.comparison.page import main

main()
