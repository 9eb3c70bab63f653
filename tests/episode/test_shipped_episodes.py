"""The described episodes that ship say what happened: figures as measured, causes named, words known to the rules."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest

from bot.adapters.calendar import ExchangeCalendar
from bot.config.episodes.file import episode_paths, load_episode
from bot.config.news.topics import load_topics
from bot.core.messages.precedents import hit
from bot.core.model.episodes import Episode, EpisodeKind
from bot.core.news.vocabulary import Topics
from bot.core.prices.sessions import Timetable
from tests.conftest import REPOSITORY

PATHS = episode_paths(REPOSITORY / "rules" / "episodes")
RECORDED = "deepseek-2025-01"
CALENDAR = ExchangeCalendar()
TOLERANCE = 0.0006
"""Figures are written with one decimal of a percent."""

each = pytest.mark.parametrize("name", [name for name in PATHS if name != RECORDED])


def timetable_of(exchange: str) -> Timetable:
    """Long enough for every bar of the recorded episodes."""
    return Timetable(exchange, CALENDAR.sessions(exchange, date(2022, 7, 1), date(2026, 6, 30)))


@pytest.fixture(scope="module")
def episodes() -> Mapping[str, Episode]:
    """Every shipped episode by its file's name, read once."""
    return {name: load_episode(path, timetable_of=timetable_of) for name, path in PATHS.items()}


@pytest.fixture(scope="module")
def described(episodes: Mapping[str, Episode]) -> list[Episode]:
    return [episode for episode in episodes.values() if episode.kind is EpisodeKind.DESCRIBED]


@pytest.fixture(scope="module")
def topics() -> Topics:
    return load_topics(REPOSITORY / "rules" / "topics")


def test_every_file_loads_and_is_called_as_its_episode(episodes: Mapping[str, Episode]) -> None:
    assert [episode.name for episode in episodes.values()] == list(PATHS)


def test_the_recorded_week_is_joined_by_at_least_25_described_episodes(
    episodes: Mapping[str, Episode], described: list[Episode]
) -> None:
    assert episodes[RECORDED].kind is EpisodeKind.RECORDED
    assert len(described) >= 25


def test_there_are_shocks_and_look_alikes(described: list[Episode]) -> None:
    assert sum(episode.shock for episode in described) >= 8
    assert sum(not episode.shock for episode in described) >= 15


@each
def test_the_session_is_one_of_new_york_from_2022_on(episodes: Mapping[str, Episode], name: str) -> None:
    day = episodes[name].session
    assert day.year >= 2022
    assert CALENDAR.sessions("XNYS", day, day)


@each
def test_the_trigger_says_what_happened_and_who_reported_it(episodes: Mapping[str, Episode], name: str) -> None:
    trigger = episodes[name].trigger
    assert trigger.what.endswith(".")
    assert str(episodes[name].session.year) in trigger.source


@each
def test_the_trigger_was_known_before_the_close_of_the_fall(episodes: Mapping[str, Episode], name: str) -> None:
    episode = episodes[name]
    (session,) = CALENDAR.sessions("XNYS", episode.session, episode.session)
    assert episode.trigger.at is None or episode.trigger.at < session.close_at


@each
def test_topic_and_exposures_are_known_to_the_rules(episodes: Mapping[str, Episode], topics: Topics, name: str) -> None:
    episode = episodes[name]
    named = {*episode.trigger.exposures, *(fall.exposure for fall in episode.falls if fall.exposure)}
    assert named <= set(topics.exposure_names)
    assert not episode.trigger.topic or episode.trigger.topic in topics.names


@each
def test_a_shock_is_about_ai_and_says_what_it_threatened(episodes: Mapping[str, Episode], name: str) -> None:
    episode = episodes[name]
    assert (episode.trigger.topic in ("ai-model", "ai-market")) is episode.shock
    if episode.shock:
        assert episode.trigger.exposures
        assert {fall.exposure for fall in hit(episode)} <= set(episode.trigger.exposures)


@each
def test_something_fell_and_nothing_rose(episodes: Mapping[str, Episode], name: str) -> None:
    falls = hit(episodes[name])
    assert falls
    assert all(-1 < fall.change < 0 for fall in falls)
    assert falls[0].change < -0.02


@pytest.fixture(scope="module")
def closes(shared_data: Path, described: list[Episode]) -> Mapping[str, Mapping[date, float]]:
    """Closes of every described symbol, and of SPY, whose dates are the sessions."""
    wanted = {"SPY", *(fall.symbol for episode in described for fall in episode.falls)}
    found: dict[str, dict[date, float]] = {}
    with gzip.open(shared_data / "prices" / "daily_2021-06_2025-04.csv.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            symbol, _, rest = line.partition(",")
            if symbol in wanted:
                day, _, _, _, close, _ = rest.split(",")
                found.setdefault(symbol, {})[date.fromisoformat(day)] = float(close)
    return found


@pytest.mark.shared
def test_every_figure_that_the_price_file_covers_is_as_measured(
    described: list[Episode], closes: Mapping[str, Mapping[date, float]]
) -> None:
    sessions = sorted(closes["SPY"])
    compared, wrong = 0, []
    for episode in described:
        for fall in episode.falls:
            known = closes.get(fall.symbol, {})
            if episode.session not in known:
                continue
            at = sessions.index(episode.session)
            base = known[episode.session]
            measured = {"change": base / known[sessions[at - 1]] - 1}
            for key, count in (("next_session", 1), ("five_sessions", 5), ("twenty_sessions", 20)):
                if at + count < len(sessions) and sessions[at + count] in known:
                    measured[key] = known[sessions[at + count]] / base - 1
            for key in ("change", "next_session", "five_sessions", "twenty_sessions"):
                written, expected = getattr(fall, key), measured.get(key)
                compared += 1
                if written is None or expected is None:
                    right = written is expected
                else:
                    right = abs(written - expected) <= TOLERANCE
                if not right:
                    wrong.append((episode.name, fall.symbol, key, written, expected))
    assert wrong == []
    assert compared > 400


@pytest.mark.shared
def test_what_followed_is_told_only_where_it_was_measured(
    described: list[Episode], closes: Mapping[str, Mapping[date, float]]
) -> None:
    unmeasured = [
        fall for episode in described for fall in episode.falls if episode.session not in closes.get(fall.symbol, {})
    ]
    assert all(
        fall.next_session is None and fall.five_sessions is None and fall.twenty_sessions is None for fall in unmeasured
    )
