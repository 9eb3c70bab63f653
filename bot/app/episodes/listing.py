"""Episodes for people and programs: listed, shown and checked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from bot.app.lab.replaying import EPISODES_FROM
from bot.app.project import Timetables
from bot.config.episodes.file import episode_path, episode_paths, load_episode, load_episodes
from bot.config.episodes.writing import moment
from bot.config.settings.model import load_settings
from bot.core.errors import ConfigError, Problem, UsageError
from bot.core.model.episodes import Episode, EpisodeKind, Fall
from bot.render.text import clean
from bot.replay.tape import build_tape

SHOWN = 12
"""Falls shown, worst first, unless all are asked for."""


def all_episodes(config: Path) -> Sequence[Episode]:
    """Every episode, newest first. Raises ConfigError."""
    settings = load_settings(config)
    episodes = load_episodes(settings.rules / "episodes", settings.beneath("episodes"))
    return sorted(episodes, key=lambda e: (e.session, e.name), reverse=True)


def one_episode(config: Path, name: str) -> Episode:
    """The episode with that name, or in that file. Raises UsageError and ConfigError."""
    settings = load_settings(config)
    return load_episode(episode_path(settings.rules / "episodes", name, settings.beneath("episodes")))


def check_episodes(config: Path, names: Sequence[str], now: datetime) -> list[tuple[Episode, int]]:
    """Read and check the named episodes, or all; each with the number of steps it plays.

    Raises ConfigError with every mistake in all of them, UsageError for an unknown name.
    """
    settings = load_settings(config)
    folder, beneath = settings.rules / "episodes", settings.beneath("episodes")
    every = episode_paths(folder, beneath)
    paths = [episode_path(folder, name, beneath) for name in names] if names else list(every.values())
    if not paths:
        raise UsageError(f"{folder} has no episodes (*.yaml)")
    timetables = Timetables(EPISODES_FROM, now.date() + timedelta(days=60))
    found: list[tuple[Episode, int]] = []
    problems: list[Problem] = []
    for path in paths:
        try:
            episode = load_episode(path, timetable_of=timetables.of_exchange)
            steps = len(build_tape(episode, timetables.of_exchange)) if episode.prices else 0
            found.append((episode, steps))
        except ConfigError as error:
            problems += error.problems
        except UsageError as error:
            problems.append(Problem(str(path), 0, 0, "", str(error)))
    if problems:
        raise ConfigError(problems)
    return found


def listed_object(episode: Episode) -> dict[str, Any]:
    """An episode in brief, for ``--json``."""
    return {
        "type": "episode",
        "episode": episode.name,
        "title": episode.title,
        "kind": episode.kind.value,
        "shock": episode.shock,
        "session": episode.session.isoformat(),
        "from": episode.first.isoformat(),
        "to": episode.last.isoformat(),
        "topic": episode.trigger.topic,
        "symbols": len(episode.prices) or len(episode.described),
        "stories": len(episode.stories),
    }


def whole_object(episode: Episode) -> dict[str, Any]:
    """An episode with its trigger, falls and stories, without prices."""
    trigger = episode.trigger
    return {
        **listed_object(episode),
        "summary": episode.summary,
        "trigger": {
            "what": trigger.what,
            "at": moment(trigger.at) if trigger.at else None,
            "exposures": list(trigger.exposures),
            "source": trigger.source,
            "link": trigger.link,
        },
        "falls": [
            {
                "symbol": fall.symbol,
                "change": _rounded(fall.change),
                "exposure": fall.exposure,
                "next_session": _rounded(fall.next_session),
                "five_sessions": _rounded(fall.five_sessions),
                "twenty_sessions": _rounded(fall.twenty_sessions),
            }
            for fall in episode.falls
        ],
        "told": [
            {"seen_at": moment(s.seen_at), "source": s.source, "title": s.title, "link": s.link}
            for s in episode.stories
        ],
    }


def whole_lines(episode: Episode, *, every: bool = False) -> Iterator[str]:
    """An episode for people."""
    yield clean(episode.title)
    shock = "" if episode.shock else "; its cause was not AI"
    yield f"{episode.name}: {episode.kind.value}, session of {episode.session}{shock}"
    if episode.kind is EpisodeKind.RECORDED:
        marks = sum(len(p.marks) for p in episode.prices)
        yield (
            f"plays {episode.first} to {episode.last}: {len(episode.prices)} symbols, {len(episode.stories)} stories, "
            f"{marks:,} prices within sessions"
        )
    yield ""
    yield clean(episode.summary)
    yield ""
    trigger = episode.trigger
    at = f" ({trigger.at:%Y-%m-%d %H:%M} UTC)" if trigger.at else ""
    yield f"trigger: {clean(trigger.what)}{at}"
    for word, value in (("topic", trigger.topic), ("source", trigger.source), ("link", trigger.link)):
        if value:
            yield f"  {word}: {clean(value)}"
    falls = episode.falls if every else episode.falls[:SHOWN]
    if falls:
        yield ""
        yield "symbol     session    next    five  twenty  line of business"
        yield from map(_fall_line, falls)
    if len(falls) < len(episode.falls):
        yield f"and {len(episode.falls) - len(falls)} more; --all shows them"


def _fall_line(fall: Fall) -> str:
    moves = (fall.change, fall.next_session, fall.five_sessions, fall.twenty_sessions)
    return f"{fall.symbol:<10} {' '.join(f'{_percent(m):>7}' for m in moves)}  {clean(fall.exposure)}".rstrip()


def _percent(fraction: float | None) -> str:
    return f"{fraction * 100:+.1f}%" if fraction is not None else ""


def _rounded(number: float | None) -> float | None:
    return round(number, 6) if number is not None else None
