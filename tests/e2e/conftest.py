"""The replayed week."""

from __future__ import annotations

from tests.week import replayed

__all__ = ["replayed"]
