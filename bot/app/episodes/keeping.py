"""Records an incident as an episode file: written whole or not at all, after it was read back and replayed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from bot.app.episodes.check import EpisodeComparison, compared, comparison_lines, fired_in
from bot.app.episodes.recording import MOST_QUOTES, EpisodeRecording, record_incident
from bot.app.lab.workbench import open_workbench
from bot.app.stores import Place
from bot.config.episodes.file import load_episode
from bot.config.episodes.writing import episode_text
from bot.config.settings.replacing import replace_file
from bot.config.yaml.scalars import parse_name
from bot.core.errors import UsageError

COMMENT = (
    "Recorded from the alert history. Headlines and summaries are the publishers' own, as the feeds gave them:",
    "rephrase them before you pass this file on. Prices are as the bot saw them.",
)
PERMISSIONS = 0o644


@dataclass(frozen=True, slots=True)
class KeptEpisode:
    """A recorded episode, its file, and the result of replaying it."""

    file: Path
    recording: EpisodeRecording
    comparison: EpisodeComparison


def keep_incident(
    config: Path,
    database: Place,
    incident: str,
    now: datetime,
    *,
    name: str | None = None,
    folder: Path | None = None,
    every: bool = False,
    force: bool = False,
) -> KeptEpisode:
    """Write the episode of an incident to ``folder``, by default ``episodes`` beside the rules.

    Raises UsageError, StoreError and ConfigError; nothing is written then.
    """
    if name is not None:
        name = name.removesuffix(".yaml")
        try:
            parse_name(name)
        except ValueError as error:
            raise UsageError(str(error)) from None
    workbench = open_workbench(config, None, now)
    place = folder if folder is not None else workbench.project.settings.rules / "episodes"
    if not place.is_dir():
        raise UsageError(f"the folder {place} does not exist; create it, or name a file with --output")
    recording = record_incident(workbench, database, incident, now, name=name, most=None if every else MOST_QUOTES)
    file = place / f"{recording.episode.name}.yaml"
    if file.exists() and not force:
        raise UsageError(f"{file} exists already; choose another --name, or replace it with --force")
    text = episode_text(recording.episode, COMMENT)
    # checked before it is written: a running bot reads whatever is in the folder
    episode = load_episode(file, text, timetable_of=workbench.timetables.of_exchange)
    comparison = compared(recording.alerts, fired_in(workbench, episode))
    replace_file(file, text.encode(), PERMISSIONS)
    return KeptEpisode(file, recording, comparison)


def kept_lines(kept: KeptEpisode) -> Iterator[str]:
    """For people, on stderr."""
    episode = kept.recording.episode
    yield (
        f"{episode.first} to {episode.last}: {len(episode.prices)} symbols, {len(episode.stories)} stories, "
        f"{sum(len(p.marks) for p in episode.prices):,} prices within sessions"
    )
    for note in kept.recording.notes:
        yield f"note: {note}"
    yield from comparison_lines(kept.comparison, len(kept.recording.alerts))


def kept_object(kept: KeptEpisode) -> dict[str, Any]:
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
