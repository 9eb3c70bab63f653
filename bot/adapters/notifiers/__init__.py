"""Channels that reach people and programs, one module or package each."""
