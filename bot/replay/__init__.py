"""Replaying the past: recorded files, tapes of observations, and the runner that plays them on a simulated clock."""
