"""What the library of calendars said is kept between runs: the same sessions, sooner, and never anything else."""

from __future__ import annotations

import json
import os
import stat
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from bot.adapters.calendar import ExchangeCalendar, exchange, kept, schedule
from bot.core.prices.sessions import Timetable
from tests.processes import run

FIRST, LAST = date(2025, 1, 1), date(2025, 1, 31)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty cache folder, and a process that has asked for nothing yet."""
    monkeypatch.setenv(kept.VARIABLE, str(tmp_path / "cache"))
    forget()
    yield tmp_path / "cache" / "sessions"
    forget()


def forget() -> None:
    exchange._between.cache_clear()
    schedule.schedule.cache_clear()


def asked(exchange: str = "XNYS") -> Timetable:
    """As by a process that starts."""
    forget()
    return ExchangeCalendar().timetable(exchange, FIRST, LAST)


@pytest.mark.parametrize("code", ["XNYS", "XCME", "XTKS", "XHKG", "XSHG", "XBOM", "XLON", "XASX"])
def test_what_is_kept_is_what_the_library_says(folder: Path, code: str) -> None:
    said, again = asked(code), asked(code)
    assert again.all == said.all
    assert again.zone == said.zone
    assert len(list(folder.iterdir())) == 1


def test_what_is_kept_needs_no_library(folder: Path) -> None:
    asked()
    code = (
        "import sys; from datetime import date; from bot.adapters.calendar import ExchangeCalendar; "
        f"table = ExchangeCalendar().timetable('XNYS', {FIRST!r}, {LAST!r}); "
        "print(len(table.all), table.zone, 'pandas' in sys.modules)"
    ).replace("datetime.date", "date")
    done = run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.split() == ["20", "America/New_York", "False"], done.stderr


def test_only_the_user_may_read_it(folder: Path) -> None:
    asked()
    (file,) = folder.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def written(file: Path, **changed: object) -> None:
    """As ``write`` writes it, so that what is in it has to be looked at."""
    text = json.dumps(json.loads(file.read_text().partition("\n")[2]) | changed)
    file.write_text(f"{kept._digest(text)}\n{text}")


def out_of_order(file: Path) -> None:
    written(file, sessions=json.loads(file.read_text().partition("\n")[2])["sessions"][::-1])


def without_a_session(file: Path) -> None:
    digest, _, text = file.read_text().partition("\n")
    file.write_text(f"{digest}\n{json.dumps(json.loads(text) | {'sessions': []})}")


def as_a_pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def as_a_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


@pytest.mark.parametrize(
    "damage",
    [
        lambda file: file.write_bytes(b""),
        lambda file: file.write_bytes(file.read_bytes()[:-100]),
        lambda file: file.write_bytes(b"\xff\x00" * 100),
        lambda file: file.write_text("[" * 100_000),
        lambda file: file.write_text(
            '{"zone": "America/New_York", "sessions": [["2025-01-27", 1e99, "x", null, null]]}'
        ),
        lambda file: file.write_text('{"zone": "../../etc/passwd", "sessions": []}'),
        lambda file: written(file, sessions=[["2025-01-27", 1e99, "x", None, None]]),
        lambda file: written(file, zone="../../etc/passwd"),
        lambda file: written(file, zone="Mars/Olympus"),
        lambda file: written(file, sessions=[[5]]),
        lambda file: written(file, sessions=5),
        lambda file: file.write_bytes(b" " * (kept.MOST_BYTES + 1)),
        out_of_order,
        without_a_session,
        as_a_pipe,
        as_a_folder,
    ],
)
def test_a_file_that_is_not_as_it_was_is_as_good_as_none(folder: Path, damage: Callable[[Path], object]) -> None:
    said = asked()
    (file,) = folder.iterdir()
    damage(file)
    assert asked().all == said.all


def test_of_another_version_of_the_library_nothing_is_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked()
    (file,) = folder.iterdir()
    written(file, sessions=[])
    assert asked().all == (), "it is read,"
    monkeypatch.setattr(kept, "_version", lambda: "99.0")
    assert len(asked().all) == 20, "but not by a later version"


def test_where_nothing_can_be_kept_all_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv(kept.VARIABLE, str(tmp_path / "file" / "below"))
    assert len(asked().all) == 20
    forget()


def test_a_user_without_a_home_gets_no_folder_of_that_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(kept.VARIABLE)
    monkeypatch.setattr(kept, "user_cache_path", lambda *words, **more: Path("~/.cache/aftershock"))
    monkeypatch.chdir(tmp_path)
    assert len(asked().all) == 20
    assert list(tmp_path.iterdir()) == []
    forget()


def test_the_oldest_go_when_there_are_too_many(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "MOST_FILES", 3)
    for number in range(8):
        kept.write(f"X{number:03}", FIRST, LAST, {})
        (file,) = folder.glob(f"*X{number:03}*")
        os.utime(file, (number, number))
    assert [file.name.split("-")[1] for file in sorted(folder.iterdir())] == ["X004", "X005", "X006", "X007"]


def test_several_may_write_and_read_at_once(folder: Path) -> None:
    whole = {"zone": "UTC", "sessions": [["2025-01-27", 1, 2, None, None]] * 2000}
    kept.write("XNYS", FIRST, LAST, whole)
    read: list[object] = []

    def work() -> None:
        for _ in range(50):
            kept.write("XNYS", FIRST, LAST, whole)
            read.append(kept.read("XNYS", FIRST, LAST))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(found == whole for found in read)
    assert len(list(folder.iterdir())) == 1


def test_the_file_of_a_running_year_stays_the_same_from_day_to_day(folder: Path) -> None:
    for day in range(100, 200, 9):
        forget()
        ExchangeCalendar().timetable("XTKS", FIRST + timedelta(days=day), LAST + timedelta(days=day))
    assert len(list(folder.iterdir())) == 1
