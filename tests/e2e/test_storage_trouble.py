"""``main.py run`` while its disk is full or its files cannot be written: it says so once and loses nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.store.trouble import Told, full_disk, unwritable_files


def assert_nothing_lost(told: Told) -> None:
    assert told.kept_running
    assert len(told.alarms) == 1, told.alarms
    assert "aftershock.db: the database cannot be written; free some disk space" in told.alarms[0]
    assert len(told.ends) == 1, told.ends
    assert told.held == 0, "what is not written is not sent"
    assert told.alerts == [("NVDA", "critical"), ("VRT", "high")]
    assert len(told.sent) == 2
    assert max(told.sent.values()) == 1, "something was sent twice"
    assert told.unsettled == []
    assert told.stories == 7
    assert told.findings == []
    assert told.log.count("the history cannot be written") == 1, told.log
    assert "Traceback" not in told.log, told.log
    assert told.exit_code == 0


def test_a_disk_that_fills_up_is_told_once_and_nothing_is_lost(tmp_path: Path) -> None:
    assert_nothing_lost(full_disk(tmp_path))


def test_files_that_become_unwritable_are_told_once_and_nothing_is_lost(tmp_path: Path) -> None:
    told = unwritable_files(tmp_path)
    if told is None:
        pytest.skip("files that are open cannot be made unwritable here: needs root and chattr")
    assert_nothing_lost(told)
