"""Price what was consumed: price files, dated look-up, exact amounts and intervals."""
