"""The constraints, one file per family, one function per constraint."""
