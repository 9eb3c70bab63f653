"""A live history, in which trades are seen seconds late, in their thousands, beside stories from feeds."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.adapters.store import open_store
from bot.app.episodes.check import compared, fired_in
from bot.app.episodes.recording import EpisodeRecording, record_incident
from bot.app.lab.workbench import Workbench, open_workbench
from bot.config.episodes.file import load_episode
from bot.config.episodes.writing import episode_text
from bot.core.model import DailyBar, Observation, Quote, Story, stable_id
from bot.cycle import Cycle

NOW = datetime(2025, 2, 10, tzinfo=UTC)
OPEN = datetime(2025, 1, 27, 14, 30, tzinfo=UTC)
S = timedelta(seconds=1)
POLLS, FALLING = 240, 120
FALLS = {"NVDA": 0.16, "AVGO": 0.15, "MRVL": 0.17, "ARM": 0.12, "AMD": 0.09, "VRT": 0.25, "SPY": 0.012, "QQQ": 0.02}
STORIES = [
    (
        OPEN - timedelta(days=1),
        "wire",
        "DeepSeek R1 matches OpenAI o1 at a fraction of the cost",
        "javascript:alert(1)",
    ),
    (
        OPEN + 120 * S,
        "tech",
        'Nvidia plunges as "DeepSeek": fears of cheap AI models # rattle',
        "https://t.example/a?b=1",
    ),
    (OPEN + 150 * S, "desk", "Chip stocks tumble after DeepSeek's cheap model stuns investors", "https://d.example/1"),
    (OPEN + 900 * S, "desk", "Grain harvest larger than last year", ""),
]


def observed(stage: Workbench) -> Iterator[tuple[datetime, list[Observation]]]:
    """Half a year of closes, then an hour of polls a quarter of a minute apart, each with everything new."""
    chance = random.Random(7)  # a fixed walk
    timetable = stage.timetables.of_exchange("XNAS")
    sessions = [s for s in timetable.all if datetime(2024, 7, 20, tzinfo=UTC) < s.open_at < OPEN]
    closes = dict.fromkeys(FALLS, 100.0)
    bars: list[Observation] = []
    for session in sessions:
        for symbol in FALLS:
            closes[symbol] *= 1 + chance.gauss(0, 0.012)
            seen_at = sessions[-1].close_at
            bars.append(DailyBar(symbol, session.date, round(closes[symbol], 2), seen_at, source="yahoo"))
    yield sessions[-1].close_at, bars
    told = [
        Story(stable_id(title), source, title, at, at - 60 * S, link=link, keys=(title,))
        for at, source, title, link in STORIES
    ]
    yield told[0].seen_at, [told[0]]
    prices: dict[str, float] = {}
    for poll in range(POLLS):
        at, now = OPEN + poll * 15 * S, OPEN + poll * 15 * S + 4 * S
        repeats = poll % 7 == 6  # now and then the vendor tells of the same trades again
        if not repeats:
            prices = {
                symbol: round(closes[symbol] * (1 - fall * min(1.0, poll / FALLING) + chance.gauss(0, 0.0012)), 4)
                for symbol, fall in FALLS.items()
            }
        quotes: list[Observation] = [
            Quote(
                symbol,
                prices[symbol],
                at - 15 * S if repeats else at,
                now,
                previous_close=round(closes[symbol], 2),
                currency="USD",
                source="yahoo",
            )
            for symbol in FALLS
        ]
        yield now, [*quotes, *(s for s in told[1:] if now - 15 * S < s.seen_at <= now)]


@pytest.fixture(scope="module")
def stage(repository: Path) -> Workbench:
    """The shipped rules."""
    return open_workbench(repository / "config.yaml", None, NOW)


@pytest.fixture(scope="module")
def database(stage: Workbench, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A live history of that Monday."""
    file = tmp_path_factory.mktemp("live") / "live.db"
    with closing(open_store(file, mode="live", run_name="live", now=OPEN)) as store:
        engine = stage.engine(stage.rules(), OPEN - timedelta(days=200))
        store.record_rules(((n, v, t) for n, (v, t) in stage.project.rules.versions.items()), OPEN)
        cycle = Cycle(engine, store, tuple)
        for now, observations in observed(stage):
            fresh = [
                Story(s.id, s.source, s.title, now, s.published_at, link=s.link, keys=s.keys)
                if isinstance(s, Story)
                else s
                for s in observations
            ]
            assert cycle.run(fresh, now).error is None
        assert engine.incidents.open()
    return file


@pytest.mark.parametrize("most", [None, 1000])
def test_a_live_incident_plays_as_it_was(stage: Workbench, database: Path, most: int | None) -> None:
    recording: EpisodeRecording = record_incident(stage, database, "20250127-1", NOW, name="live", most=most)
    text = episode_text(recording.episode)
    episode = load_episode("live.yaml", text, timetable_of=stage.timetables.of_exchange)
    assert len(recording.alerts) >= 4
    comparison = compared(recording.alerts, fired_in(stage, episode))
    assert comparison.differences == ()
    marks = sum(len(p.marks) for p in episode.prices)
    # a trade that the vendor repeats is told once
    told_once = 8 * (POLLS - POLLS // 7)
    assert marks == told_once if most is None else marks < told_once
    assert [n for n in recording.notes if "thinned out" in n] == ([] if most is None else [recording.notes[0]])


def test_stories_keep_their_source_and_time_and_a_link_only_where_it_is_one(stage: Workbench, database: Path) -> None:
    episode = load_episode(
        "live.yaml", episode_text(record_incident(stage, database, "20250127-1", NOW, name="live").episode)
    )
    assert [(s.source, s.title) for s in episode.stories] == [(source, title) for _, source, title, _ in STORIES]
    assert [s.link for s in episode.stories] == ["", *(link for _, _, _, link in STORIES[1:])]
    assert all(timedelta() <= s.seen_at - at < 16 * S for s, (at, *_) in zip(episode.stories, STORIES, strict=True))
    assert all(s.published_at == at - 60 * S for s, (at, *_) in zip(episode.stories, STORIES, strict=True))


def test_differences_are_told(stage: Workbench, database: Path) -> None:
    recording = record_incident(stage, database, "20250127-1", NOW, name="live")
    none = compared(recording.alerts, {})
    assert none.same == 0
    assert len(none.differences) == len(recording.alerts)
    assert all("not here" in line for line in none.differences)
    fired = fired_in(stage, recording.episode)
    extra = compared(recording.alerts[:0] or recording.alerts[:1], fired)
    assert extra.same == 1
    assert all("fires here at" in line for line in extra.differences)
