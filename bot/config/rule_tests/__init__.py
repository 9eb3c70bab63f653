"""Rule tests: ``rules/tests/*.yaml``."""
