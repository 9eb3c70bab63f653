"""When the bot calls itself well, and when the heartbeat stops: by a bot of which only what is looked at is there."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.app.monitoring.counters import Measures
from bot.app.monitoring.health import SILENT_AFTER, HealthMonitor, HealthReport
from bot.app.monitoring.heartbeat import Heartbeat
from bot.app.run.live import Counters, LiveBot
from bot.config.settings.model import Settings
from bot.core.errors import SourceError, StoreFullError
from bot.core.model import Decisions, FeedState, Phase, SourceReport, Trouble
from bot.cycle import CycleResult

START = datetime(2025, 1, 27, 15, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@dataclass
class FakeBot:
    """Counters, feeds and a phase."""

    phase: Phase = Phase.REGULAR
    counters: Counters = field(default_factory=Counters)
    states: dict[str, FeedState] = field(default_factory=dict)
    waiting: int = 0

    price_interval = LiveBot.price_interval

    def __post_init__(self) -> None:
        settings = Settings.model_validate({"watchlist": {"ai-chips": ["NVDA"]}})
        self.project = SimpleNamespace(settings=settings)
        view = SimpleNamespace(phase=lambda symbol, at: self.phase)
        self.engine = SimpleNamespace(view=lambda: view)

    @property
    def cycle(self) -> Any:
        return SimpleNamespace(uncommitted=self.waiting)


def watched(**of: Any) -> tuple[FakeBot, Measures, HealthMonitor]:
    bot, measures = FakeBot(**of), Measures()
    return bot, measures, HealthMonitor(cast(LiveBot, bot), measures, START)


def asked(measures: Measures, source: str, at: datetime, trouble: Trouble = Trouble.NONE) -> None:
    measures.take([SourceReport(source, at, trouble)])


@pytest.mark.parametrize(
    ("phase", "after", "well"),
    [
        (Phase.REGULAR, 15, True),
        (Phase.REGULAR, 130, True),
        (Phase.REGULAR, 140, False),
        (Phase.PRE, 145, True),
        (Phase.POST, 155, False),
        (Phase.CLOSED, 16 * 60, True),
        (Phase.CLOSED, 18 * 60, False),
    ],
)
def test_prices_have_to_be_asked_for_as_often_as_the_phase_wants(phase: Phase, after: int, well: bool) -> None:
    _, measures, vitals = watched(phase=phase)
    asked(measures, "prices", START)
    judged = vitals.judge(START + timedelta(seconds=after))
    assert judged.well is well
    assert well or judged.reasons[0].startswith("prices are overdue by")


def test_a_source_that_fails_but_is_asked_is_no_reason() -> None:
    bot, measures, vitals = watched()
    bot.counters.prices_failed = True
    asked(measures, "prices", START, Trouble.FAILED)
    assert vitals.judge(START + 50 * MINUTE).well  # Yahoo may ask for an hour's rest
    assert not vitals.judge(START + 70 * MINUTE).well


def test_the_first_poll_has_its_time() -> None:
    _, _, vitals = watched()
    assert vitals.judge(START + MINUTE).well
    assert vitals.judge(START + 3 * MINUTE).reasons == ("prices are overdue by 3 min",)


def test_feeds_have_to_be_asked_when_they_are_due() -> None:
    bot, measures, vitals = watched()
    bot.states = {
        "long-due": FeedState("long-due", "https://a.example", next_poll_at=START - timedelta(days=3)),
        "later": FeedState("later", "https://b.example", next_poll_at=START + 30 * MINUTE),
        "another-clock": FeedState("another-clock", "https://c.example", next_poll_at=START + timedelta(days=4000)),
        "new": FeedState("new", "https://d.example"),
    }
    now = START + MINUTE
    asked(measures, "prices", now)
    assert vitals.judge(now).well
    now = START + 10 * MINUTE
    asked(measures, "prices", now)
    assert vitals.judge(now).reasons == ("2 feeds overdue by up to 10 min",)
    asked(measures, "long-due", now, Trouble.FAILED)
    assert vitals.judge(now).reasons == ("1 feed overdue by up to 10 min",)
    asked(measures, "new", now)
    assert vitals.judge(now).well
    now = START + 40 * MINUTE
    asked(measures, "prices", now)
    assert any("feeds overdue" in r for r in vitals.judge(now).reasons)


def committed(measures: Measures, now: datetime, error: StoreFullError | None = None) -> None:
    result = CycleResult(Decisions(now), (), committed=error is None, error=error)
    measures.decided(result, waiting=int(error is not None), now=now)


def test_a_history_that_cannot_be_written_is_a_reason_unless_it_is_a_moment() -> None:
    bot, measures, vitals = watched()
    for seconds in (0, 5, 12):
        now = START + timedelta(seconds=seconds)
        asked(measures, "prices", now)
        committed(measures, now, StoreFullError("full"))
        bot.waiting += 1
        assert vitals.judge(now).well is (seconds < 10)
    assert measures.refused_commits == 3
    assert vitals.judge(now).told() == {
        "status": "unwell", "reasons": ["the history could not be written for less than a minute"], "warnings": [],
        "uptime_seconds": 12, "prices_answered_at": None, "feeds_answered_at": None, "uncommitted_cycles": 3,
    }  # fmt: skip
    committed(measures, now)
    assert vitals.judge(now).well


async def test_a_scheduler_that_stands_still_is_a_reason_and_its_lag_is_told() -> None:
    _, measures, vitals = watched()
    asked(measures, "prices", START)
    assert vitals.judge(START).well
    vitals._elapsed = lambda: SILENT_AFTER.total_seconds() + 90
    assert vitals.judge(START).reasons == ("the scheduler has run nothing for 2 min",)
    await vitals.tick()
    assert vitals.judge(START).well
    assert vitals.longest_lag == pytest.approx(119)


# ------------------------------------------------------------------------------------------------------- the heartbeat


class FakeSwitch:
    """Answers, or not."""

    where = "switch.example"

    def __init__(self) -> None:
        self.asked = 0
        self.fails = False

    async def beat(self) -> None:
        self.asked += 1
        if self.fails:
            raise SourceError("switch.example answered 500")


async def test_the_heart_beats_only_while_well_and_says_what_changes_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    switch, now = FakeSwitch(), [HealthReport((), {})]
    heart = Heartbeat(switch, lambda: now[0])
    await heart.beat()
    now[0] = HealthReport(("prices are overdue by 3 min",), {})
    for _ in range(3):
        await heart.beat()
    now[0] = HealthReport((), {}, ("telegram:1, the only admin, cannot be reached: Chat not found",))
    await heart.beat()
    assert now[0].well, "a restart would not help"
    assert (switch.asked, heart.beats) == (1, 1)
    now[0] = HealthReport((), {})
    switch.fails = True
    for _ in range(3):
        await heart.beat()
    switch.fails = False
    for _ in range(2):
        await heart.beat()
    assert (switch.asked, heart.beats) == (6, 3)
    assert [record.getMessage() for record in caplog.records] == [
        "unhealthy, no heartbeat to switch.example: prices are overdue by 3 min",
        "healthy again: the heartbeat to switch.example resumes",
        "heartbeat failed: switch.example answered 500; retried at each interval",
        "heartbeat to switch.example works again",
    ]
