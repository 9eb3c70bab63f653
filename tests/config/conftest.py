"""A new folder, for tests that use one."""

from __future__ import annotations

from tests.new_folder import config, made

__all__ = ["config", "made"]
