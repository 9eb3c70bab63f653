"""The history is its owner's: nobody else on the machine can read it, its copies or what is exported of it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.adapters.store import open_store
from bot.adapters.store.schema import _back_up
from bot.app.setup.checkup import wider
from tests.command import run_command
from tests.week import replayed, week

__all__ = ["replayed", "week"]

NOW = datetime(2025, 1, 27, 15, tzinfo=UTC)


@pytest.fixture(autouse=True)
def usual_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def mode(place: Path) -> int:
    return stat.S_IMODE(place.stat().st_mode)


def test_a_new_history_its_log_its_lock_and_its_folder_are_its_owners(tmp_path: Path) -> None:
    file = tmp_path / "data" / "history.db"
    with open_store(file, mode="live", run_name="live", now=NOW):
        made = sorted(file.parent.iterdir())
        assert [place.name for place in made] == ["history.db", "history.db-shm", "history.db-wal", "history.db.lock"]
        assert {mode(place) for place in made} == {0o600}
    assert mode(file.parent) == 0o700


def test_an_existing_one_and_its_folder_keep_what_their_owner_gave_them(tmp_path: Path) -> None:
    file = tmp_path / "history.db"
    tmp_path.chmod(0o750)
    with open_store(file, mode="live", run_name="live", now=NOW):
        pass
    file.chmod(0o640)
    with open_store(file, mode="live", run_name="live", now=NOW):
        assert mode(file.with_name("history.db-wal")) == 0o640
    assert (mode(file), mode(tmp_path)) == (0o640, 0o750)


@pytest.mark.parametrize(
    "words",
    [
        ("backup", "{}"),
        *(("export", "--format", form, "-o", "{}") for form in ("csv", "json", "jsonl")),
        ("export", "--what", "stories", "-o", "{}"),
    ],
)
def test_copies_and_exports_are_their_owners(week: Path, tmp_path: Path, words: tuple[str, ...]) -> None:
    made = tmp_path / "made"
    run_command("history", *(word.format(made) for word in words), "--database", week)
    assert mode(made) == 0o600


def test_the_copy_made_before_an_update_is_its_owners(tmp_path: Path) -> None:
    file = tmp_path / "history.db"
    with open_store(file, mode="live", run_name="live", now=NOW) as store:
        assert mode(_back_up(store._conn, file, 1)) == 0o600


def test_check_says_what_others_can_read_and_how_to_end_it(tmp_path: Path) -> None:
    config, folder = tmp_path / "config.yaml", tmp_path / "my data"
    folder.mkdir(mode=0o755)
    file = folder / "history.db"
    assert list(wider(file, config)) == [], "there is none yet"
    config.touch()
    file.touch(0o644)
    (folder / "history.db-wal").touch(0o600)
    assert list(wider(file, config)) == [
        f"others on this machine can read history.db; run: chmod 600 '{file}'",
        f"others on this machine can look into {folder}; run: chmod 700 '{folder}'",
    ]
    file.chmod(0o600)
    folder.chmod(0o700)
    assert list(wider(file, config)) == []


def test_the_folder_of_the_configuration_is_not_the_histories_own(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").touch()
    (tmp_path / "history.db").touch(0o600)
    tmp_path.chmod(0o755)
    assert list(wider(tmp_path / "history.db", tmp_path / "config.yaml")) == []
