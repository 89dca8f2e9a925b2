"""Measure what the library promises: ratios within one run, each against a named reference."""
