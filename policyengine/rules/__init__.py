"""Load, check, order, compile and test the rule files."""
