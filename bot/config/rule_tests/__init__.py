"""Reading rule tests, ``rules/tests/*.yaml``."""
