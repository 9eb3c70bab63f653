"""Histories are tested on every engine."""

from __future__ import annotations

from tests.histories import place, server

__all__ = ["place", "server"]
