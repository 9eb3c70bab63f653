"""What the tests of setting up share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.botapi import in_thread
from tests.setup.places import Place


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """A configuration that names an emulated Bot API and nobody; no token anywhere."""
    monkeypatch.delenv("TELEGRAM_BOT_TOKEN", raising=False)
    with in_thread() as api:
        place = Place(tmp_path, api)
        place.configure()
        yield place
