"""Notifiers: the channels that reach people and programs, one module or package each."""
