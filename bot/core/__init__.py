"""What decides. Pure: no I/O, no clock, no environment, no randomness, no logging.

Everything here is a function of its arguments; time is always passed in. What asks the time, opens a file or reads a
setting belongs elsewhere.
"""
