"""However a command is started and stopped, it ends with a line and a number, not with a traceback."""

from __future__ import annotations

import asyncio
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

import bot.cli
from bot.app.run.stopping import stopping_signals
from bot.cli.options import parse_when
from bot.core.errors import UsageError
from tests.command import REPOSITORY, run_command
from tests.processes import run


@pytest.mark.parametrize("ending", [KeyboardInterrupt, asyncio.CancelledError])
def test_a_command_that_is_stopped_ends_with_130(ending: type[BaseException], monkeypatch: pytest.MonkeyPatch) -> None:
    """asyncio forgets an interrupt that comes after it has set its handler and before it has begun to run: what is
    stopped then is cancelled, and nobody says by whom."""

    def stopped(**words: object) -> None:
        raise ending

    monkeypatch.setattr(bot.cli, "app", stopped)
    with pytest.raises(SystemExit) as ended:
        bot.cli.main()
    assert ended.value.code == 130


def test_the_end_of_a_terminal_ends_a_command_unless_it_was_started_to_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)  # whatever started these tests
    try:
        assert set(stopping_signals()) == {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does
        assert set(stopping_signals()) == {signal.SIGINT, signal.SIGTERM}
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize("words", ["history list --database none.db", "episode list", "feeds list", "setup"])
def test_closed_streams_are_no_defect(words: str, closed: str, tmp_path: Path) -> None:
    command = f"{sys.executable} {REPOSITORY}/main.py {words} {closed}"
    ran = run(["sh", "-c", command], capture_output=True, text=True, cwd=tmp_path)
    assert ran.returncode in (0, 1, 2), ran.stderr
    assert "a defect" not in ran.stdout + ran.stderr
    assert "Traceback" not in ran.stdout + ran.stderr


@pytest.mark.parametrize("when", ["9999-12-31T23:59Z", "0001-01-01T00:00+14:00"])
def test_a_time_that_nothing_can_be_counted_from_is_refused(when: str) -> None:
    with pytest.raises(UsageError, match="write a year from 1900 to 2098"):
        parse_when(when, datetime(2025, 1, 27, tzinfo=UTC))


def test_a_database_whose_path_leads_in_a_circle_is_a_line_for_people(tmp_path: Path) -> None:
    (tmp_path / "a.db").symlink_to(tmp_path / "b.db")
    (tmp_path / "b.db").symlink_to(tmp_path / "a.db")
    said = run_command("run", "--database", tmp_path / "a.db", "--config", REPOSITORY / "config.yaml", code=None)
    assert said.returncode == 1
    assert "a.db" in said.stderr or "b.db" in said.stderr
    assert "a defect" not in said.stderr
