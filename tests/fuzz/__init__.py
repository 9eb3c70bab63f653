"""Random and hostile input for everything that reads what others wrote: see ``python -m tests.fuzz --help``."""
