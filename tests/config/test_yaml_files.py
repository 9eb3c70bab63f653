"""Files that editors and systems leave in a folder are none of its files."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bot.app.project import load_project
from bot.config.yaml.reading import yaml_files


@pytest.fixture
def project(repository: Path, tmp_path: Path) -> Path:
    shutil.copytree(repository / "rules", tmp_path / "rules")
    shutil.copy(repository / "config.yaml", tmp_path)
    return tmp_path


@pytest.mark.parametrize("folder", ["", "topics", "tests", "episodes"])
def test_locks_and_copies_are_not_read(project: Path, folder: str) -> None:
    place = project / "rules" / folder
    before = yaml_files(place)
    (place / ".#ai-model-shock.yaml").symlink_to("root@host.1234:17")  # Emacs, while a buffer is not saved
    (place / "._ai-model-shock.yaml").write_bytes(b"\0\5\x16\7\0\2\0\0Mac OS X")
    (place / ".ai-model-shock.yaml").write_text("rules: [{name: ai-model-shock}]")
    (place / ".folder.yaml").mkdir()
    assert yaml_files(place) == before
    assert len(before) > 0
    assert len(load_project(project / "config.yaml").rules) > 0


def test_without_a_folder_there_are_none(tmp_path: Path) -> None:
    assert yaml_files(tmp_path / "none") == []
