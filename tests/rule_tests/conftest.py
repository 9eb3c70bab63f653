"""The workbench, and the replayed week."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rule_tests.bench import Bench
from tests.week import replayed

__all__ = ["bench", "replayed"]

__all__ = ["bench", "replayed"]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """A folder with a few plain rules, to write tests for."""
    return Bench(tmp_path)
