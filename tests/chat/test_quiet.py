"""Quiet hours: what is read, when they hold, and what becomes of what was held back."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.store import SqliteStore, open_store
from bot.core.model import PAUSE, Announcement, Batch, Reason, Recipient, Severity, Silence
from bot.delivery.bursts import MOST, Bursts
from bot.delivery.held import AFTER, HeldMessages
from bot.delivery.quiet_hours import QuietHours, parse_quiet_hours, quiet_at
from bot.delivery.routing import route
from tests.delivery.makers import NOW, StandingClock, announcement
from tests.store.values import batch, incident

ZONES = ("UTC", "Europe/Paris", "America/New_York", "Asia/Kolkata", "Pacific/Auckland")


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("22:00-07:00 Europe/Paris", "22:00-07:00 Europe/Paris"),
        ("22-7", "22:00-07:00 UTC"),
        ("  22:30 – 6:15   europe/paris ", "22:30-06:15 Europe/Paris"),
        ("9:00 to 17:00 America/New_York", "09:00-17:00 America/New_York"),
        ("18:00-24 UTC", "18:00-00:00 UTC"),
        ("0-6 asia/tokyo", "00:00-06:00 Asia/Tokyo"),
    ],
)
def test_quiet_hours_are_read_as_people_write_them(text: str, read: str) -> None:
    hours = parse_quiet_hours(text)
    assert str(hours) == read
    assert parse_quiet_hours(str(hours)) == hours


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "write the hours"),
        ("at night", "write the hours"),
        ("25:00-07:00", "no such hour"),
        ("22:00-07:61", "no such hour"),
        ("22:00-25", "no such hour"),
        ("22:00-07:00 Mars/Base", "no such time zone"),
        ("22:00-07:00 ../../etc/passwd", "no such time zone"),
        ("22:00-07:00 /etc/passwd", "no such time zone"),
        ("07:00-7", "start and end are the same"),
        ("²2:00-07:00", "write the hours|no such hour"),
    ],
)
def test_what_does_not_read_is_said(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse_quiet_hours(text)


@given(st.times(), st.times(), st.sampled_from(ZONES), st.datetimes(timezones=st.just(UTC)))
def test_a_moment_is_quiet_by_the_clock_on_the_wall(start: time, end: time, zone: str, at: datetime) -> None:
    wall = at.astimezone(ZoneInfo(zone)).time()
    whole = {start, end}
    covered = QuietHours(start, end, zone).covers(at)
    other = QuietHours(end, start, zone).covers(at)
    assert covered != other or len(whole) == 1, "the hours and the rest of the day share no moment"
    if wall == start and len(whole) == 2:
        assert covered


def test_summer_time_is_followed() -> None:
    hours = "22:00-07:00 Europe/Paris"
    assert quiet_at(hours, datetime(2026, 1, 15, 5, 30, tzinfo=UTC))
    assert not quiet_at(hours, datetime(2026, 7, 15, 5, 30, tzinfo=UTC))
    assert not quiet_at("", NOW)
    assert not quiet_at("22:00-07:00 Gone/Zone", NOW)


def held_by(announced: Announcement, recipient: Recipient, silences: tuple[Silence, ...] = ()) -> str:
    found = route(announced, [recipient], NOW, "", silences, quiet=lambda r: bool(r.quiet))
    return str(found[0].suppressed_by or "") if found else "nobody"


def test_what_is_critical_comes_at_any_hour_and_the_rest_waits() -> None:
    asleep = Recipient("telegram:1", "telegram", quiet="22:00-07:00 UTC", operator=True)
    assert held_by(announcement(severity=Severity.CRITICAL), asleep) == ""
    assert held_by(announcement(), asleep) == "quiet hours"
    assert held_by(announcement(for_operator=True), asleep) == "quiet hours"
    assert held_by(announcement(edits="b"), asleep) == "", "an edit makes no sound"
    assert held_by(announcement(recipient="telegram:1"), asleep) == ""
    paused = Silence(PAUSE, NOW + timedelta(hours=1))
    assert held_by(announcement(reason=Reason.DIGEST, symbols=()), asleep, (paused,)) == "silence pause"
    assert held_by(announcement(reason=Reason.DIGEST, symbols=()), asleep) == "quiet hours"
    assert held_by(announcement(recipient="telegram:2"), asleep) == "nobody"
    muted = Silence("s", NOW + timedelta(hours=1), symbols=("NVDA",))
    assert held_by(announcement(), asleep, (muted,)) == "silence s", "what is silenced is not told later either"


class Night:
    """A store, a clock, and somebody who sleeps or does not."""

    def __init__(self, folder: Path) -> None:
        self.clock = StandingClock(datetime(2026, 1, 15, 23, 0, tzinfo=UTC))
        self.store: SqliteStore = open_store(folder / "a.db", mode="live", run_name="live", now=self.clock.now())
        self.person = Recipient("telegram:1", "telegram", quiet="22:00-07:00 UTC")
        self.silences: list[Silence] = []
        self.bursts = Bursts({"telegram"})
        self.store.save_recipients([self.person])
        self.store.commit(batch(incident("i1"), now=self.clock.now()))
        self.restart()

    def restart(self) -> None:
        self.held = HeldMessages(self.store.held, lambda: [self.person], lambda: self.silences)

    def say(self, key: str, **changes: object) -> None:
        self.clock.pass_by(timedelta(minutes=1))
        self.announce(announcement(key, at=self.clock.now(), **changes))

    def announce(self, *wishes: Announcement) -> None:
        now = self.clock.now()
        routed = [route(w, [self.person], now, "", self.silences, lambda r: quiet_at(r.quiet, now)) for w in wishes]
        notes = self.bursts.gather([note for each in routed for note in each], now)
        self.store.commit(Batch(now, notifications=tuple(notes)))
        self.held.take(notes, now, committed=True)

    def look(self, hours: float = 0) -> list[Announcement]:
        """What is told when it is so many hours later, or as soon as it may be; committed like any other."""
        self.clock.pass_by(timedelta(hours=hours) or AFTER)
        told = self.held.due(self.clock.now())
        self.announce(*told)
        return told


def test_what_was_held_back_is_told_once_when_the_night_is_over(tmp_path: Path) -> None:
    night = Night(tmp_path)
    night.held.due(night.clock.now())
    night.say("a", incident="i1")
    night.say("b", incident="i1")
    night.say("c")
    assert night.look(hours=1) == []
    (told,) = night.look(hours=7)
    assert told.recipient == "telegram:1"
    assert told.summary.subject == "Held back: 3 messages"
    assert len(told.summary.blocks[1].lines) == 2, "an incident is told once, by the last that was said of it"
    assert night.look() == []
    night.restart()
    assert night.look() == [], "a restart repeats nothing"
    night.store.close()


def test_a_burst_is_told_in_one_message_at_once_and_the_next_a_minute_later(tmp_path: Path) -> None:
    night = Night(tmp_path)
    night.person = Recipient("telegram:1", "telegram")
    night.bursts = Bursts()
    assert night.look() == []
    wishes = [announcement(f"fall {n}", at=night.clock.now()) for n in range(40)]
    night.announce(*wishes)
    (told,) = night.look()
    assert told.summary.subject == f"{40 - MOST} more messages at once"
    assert night.store.outbox_counts()["queued"] == MOST + 1
    night.clock.pass_by(timedelta(seconds=15))
    night.announce(*[announcement(f"more {n}", at=night.clock.now()) for n in range(5)])
    assert night.look() == [], "one list a minute"
    (told,) = night.look(hours=0.02)
    assert told.summary.subject == "5 more messages at once"
    night.restart()
    assert night.look() == []
    night.store.close()


def test_a_restart_at_night_loses_nothing(tmp_path: Path) -> None:
    night = Night(tmp_path)
    night.say("a")
    night.restart()
    assert night.look() == []
    night.say("b")
    (told,) = night.look(hours=9)
    assert told.summary.subject == "Held back: 2 messages"
    night.store.close()


def test_a_pause_holds_back_even_what_is_critical_and_tells_it_after(tmp_path: Path) -> None:
    night = Night(tmp_path)
    night.person = Recipient("telegram:1", "telegram")
    night.silences = [Silence(PAUSE, night.clock.now() + timedelta(days=30))]
    night.say("a", severity=Severity.CRITICAL)
    assert night.look() == []
    night.silences = []
    (told,) = night.look(hours=0.01)
    assert told.severity is Severity.CRITICAL
    assert night.store.outbox_counts()["queued"] == 1
    night.store.close()


def test_what_the_history_could_not_take_yet_is_waited_for(tmp_path: Path) -> None:
    night = Night(tmp_path)
    assert night.look() == []
    night.held.take((), night.clock.now(), committed=False)
    night.clock.pass_by(timedelta(hours=9))
    assert night.look() == []
    night.clock.at -= timedelta(hours=9)
    night.say("a")
    assert [t.summary.subject for t in night.look(hours=9)] == ["Held back: 1 message"]
    night.store.close()


def test_what_was_silenced_or_not_wanted_is_never_told(tmp_path: Path) -> None:
    night = Night(tmp_path)
    night.person = Recipient("telegram:1", "telegram", min_severity=Severity.CRITICAL, quiet="22:00-07:00 UTC")
    night.say("a")
    assert night.store.held("telegram:1", night.clock.now() - timedelta(days=1)) == []
    night.store.close()


def test_a_group_that_gets_a_new_id_at_night_is_told_in_the_morning(tmp_path: Path) -> None:
    night = Night(tmp_path)
    night.held.due(night.clock.now())
    night.say("a")
    assert night.look() == []
    night.store.move_recipient("telegram:1", "telegram:-1001")
    night.person = Recipient("telegram:-1001", "telegram", quiet="22:00-07:00 UTC")
    (told,) = night.look(hours=9)
    assert told.recipient == "telegram:-1001"
    night.store.close()
