"""A folder of one's own, as ``init`` makes it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bot.app.setup.new_folder import make_folder


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as ``init`` makes it; to be copied, not changed."""
    folder = tmp_path_factory.mktemp("made") / "mine"
    make_folder(folder)
    return folder


@pytest.fixture
def config(made: Path, tmp_path: Path) -> Path:
    """The configuration of a new folder."""
    shutil.copytree(made, tmp_path / "mine")
    return tmp_path / "mine" / "config.yaml"
