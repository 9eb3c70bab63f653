"""Emulated services on loopback, for tests and for trying things out: real HTTP, scripted behaviour."""
