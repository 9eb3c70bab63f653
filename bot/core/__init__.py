"""What decides. Pure: no I/O, no clock, no environment, no randomness, no logging.

Everything in this package is a function of its arguments. Time is always handed in; a module here that asks what
time it is, opens a file or reads a setting is in the wrong folder.
"""
