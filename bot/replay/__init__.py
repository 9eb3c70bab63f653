"""Simulated time: tapes of past observations, and the clock they are played by."""
