"""Reading and writing episodes, ``rules/episodes/*.yaml``."""
