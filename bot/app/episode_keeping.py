"""Records an incident as an episode's file: written whole or not at all, after it was read back and played."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from bot.app.episode_recording import MOST_QUOTES, Recording, record_incident
from bot.app.staging import Stage, open_stage, tape_of
from bot.config.episode_file import load_episode
from bot.config.episode_writing import episode_text
from bot.config.replacing import replace_file
from bot.config.scalars import parse_name
from bot.core.episode import Episode
from bot.core.errors import UsageError
from bot.core.model import Alert, AlertChange, ChangeKind, Severity
from bot.core.wording import count
from bot.replay.playing import play

COMMENT = (
    "Recorded from the alert history. Headlines and summaries are as the feeds gave them: they are their publishers',",
    "so put them into your own words before you pass this file on. Prices are as the bot saw them.",
)
PERMISSIONS = 0o644
AGREE_WITHIN = timedelta(seconds=1)

Key = tuple[str, str, date]
"""Rule, symbol, session."""


@dataclass(frozen=True, slots=True)
class Fired:
    """An alert, as far as two are compared."""

    at: datetime
    severity: Severity
    """The highest it had."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """The alerts of an incident beside those its episode fires."""

    same: int
    differences: tuple[str, ...]
    """One line each."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A recorded episode, where it is, and how it plays."""

    file: Path
    recording: Recording
    comparison: Comparison


def keep_incident(
    config: Path,
    database: Path,
    incident: str,
    now: datetime,
    *,
    name: str | None = None,
    folder: Path | None = None,
    every: bool = False,
    force: bool = False,
) -> Kept:
    """Write the episode of an incident into ``folder``, by default that of the rules.

    Raises UsageError, StoreError and ConfigError; nothing is written then.
    """
    if name is not None:
        name = name.removesuffix(".yaml")
        try:
            parse_name(name)
        except ValueError as error:
            raise UsageError(str(error)) from None
    stage = open_stage(config, None, now)
    place = folder if folder is not None else stage.world.settings.rules / "episodes"
    if not place.is_dir():
        raise UsageError(f"there is no folder {place}; create it, or name a file with --output")
    recording = record_incident(stage, database, incident, now, name=name, most=None if every else MOST_QUOTES)
    file = place / f"{recording.episode.name}.yaml"
    if file.exists() and not force:
        raise UsageError(f"{file} is there already; choose another --name, or replace it with --force")
    text = episode_text(recording.episode, COMMENT)
    # read back before it is written: a running bot reads whatever stands in the folder
    episode = load_episode(file, text, timetable_of=stage.timetables.of_exchange)
    comparison = compared(recording.alerts, fired_in(stage, episode))
    replace_file(file, text.encode(), PERMISSIONS)
    return Kept(file, recording, comparison)


def kept_lines(kept: Kept) -> Iterator[str]:
    """For people, on stderr."""
    episode = kept.recording.episode
    yield (
        f"{episode.first} to {episode.last}: {len(episode.prices)} symbols, {len(episode.stories)} stories, "
        f"{sum(len(p.marks) for p in episode.prices):,} prices within sessions"
    )
    for note in kept.recording.notes:
        yield f"note: {note}"
    yield from comparison_lines(kept.comparison, len(kept.recording.alerts))


def kept_object(kept: Kept) -> dict[str, Any]:
    """For programs."""
    episode = kept.recording.episode
    return {
        "type": "episode",
        "file": str(kept.file),
        "episode": episode.name,
        "incident": kept.recording.incident.id,
        "from": episode.first.isoformat(),
        "to": episode.last.isoformat(),
        "symbols": len(episode.prices),
        "stories": len(episode.stories),
        "alerts": len(kept.recording.alerts),
        "same": kept.comparison.same,
        "differences": list(kept.comparison.differences),
        "notes": list(kept.recording.notes),
    }


# ------------------------------------------------------------------------------------------------------- played again


def fired_in(stage: Stage, episode: Episode) -> dict[Key, Fired]:
    """What the configured rules fire there."""
    tape = tape_of(stage, episode)
    assert tape.first_at is not None
    rules = stage.rules(p.symbol for p in episode.prices)
    return _fired(play(stage.engine(rules, tape.first_at), tape).changes)


def compared(alerts: Iterable[Alert], fired: dict[Key, Fired]) -> Comparison:
    """What the history has of an incident beside what its episode fires for the same symbols and sessions."""
    same, differences = 0, []
    expected = {(a.rule, a.symbol, a.session): Fired(a.fired_at, a.severity) for a in alerts}
    for key, was in expected.items():
        rule, symbol, session = key
        found = fired.get(key)
        if found is None:
            differences.append(f"{symbol} {session} {rule}: fired at {was.at:%Y-%m-%d %H:%M:%S} UTC, and not here")
        elif abs(found.at - was.at) > AGREE_WITHIN:
            differences.append(
                f"{symbol} {session} {rule}: fired at {was.at:%Y-%m-%d %H:%M:%S} UTC, here at "
                f"{found.at:%Y-%m-%d %H:%M:%S}"
            )
        elif found.severity is not was.severity:
            differences.append(f"{symbol} {session} {rule}: was {was.severity.word}, here {found.severity.word}")
        else:
            same += 1
    sessions = {(symbol, session) for _, symbol, session in expected}
    for (rule, symbol, session), found in fired.items():
        if (symbol, session) in sessions and (rule, symbol, session) not in expected:
            differences.append(
                f"{symbol} {session} {rule}: fires here at {found.at:%Y-%m-%d %H:%M:%S} UTC, and did not"
            )
    return Comparison(same, tuple(differences))


def comparison_lines(comparison: Comparison, total: int) -> list[str]:
    """For people, on stderr."""
    if not comparison.differences:
        return [f"played again: the same {count(total, 'alert')} at the same times"]
    shown = [f"played again: {comparison.same} of {count(total, 'alert')} as in the history; otherwise:"]
    shown += [f"  {line}" for line in comparison.differences[:10]]
    if len(comparison.differences) > 10:
        shown.append(f"  and {len(comparison.differences) - 10} more")
    return shown


def _fired(changes: Iterable[AlertChange]) -> dict[Key, Fired]:
    found: dict[Key, Fired] = {}
    for change in changes:
        alert = change.alert
        key = (alert.rule, alert.symbol, alert.session)
        if change.kind is ChangeKind.FIRED:
            found[key] = Fired(change.at, alert.severity)
        elif change.kind is ChangeKind.ESCALATED and key in found:
            found[key] = Fired(found[key].at, alert.severity)
    return found
