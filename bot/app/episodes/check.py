"""Plays an episode with the configured rules, and compares what fires with the alerts in the history."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.app.lab.trying import AGREE_WITHIN, Fired, Key, played
from bot.app.lab.workbench import Workbench, scenario_of
from bot.core.model import Alert
from bot.core.model.episodes import Episode
from bot.core.text.wording import count


@dataclass(frozen=True, slots=True)
class EpisodeComparison:
    """The alerts of an incident compared with those its episode fires."""

    same: int
    differences: tuple[str, ...]
    """One line each."""


def fired_in(workbench: Workbench, episode: Episode) -> dict[Key, Fired]:
    """What the configured rules fire in the episode. Raises UsageError."""
    return played(workbench, scenario_of(workbench, episode))


def compared(alerts: Iterable[Alert], fired: dict[Key, Fired]) -> EpisodeComparison:
    """Compare the stored alerts of an incident with what its episode fires for the same symbols and sessions."""
    same, differences = 0, []
    was_fired = (Fired(a.rule, a.symbol, a.session, a.fired_at, a.severity, a.change) for a in alerts)
    expected = {alert.key: alert for alert in was_fired}
    for key, was in expected.items():
        rule, symbol, session = key
        found = fired.get(key)
        if found is None:
            differences.append(f"{symbol} {session} {rule}: fired at {was.at:%Y-%m-%d %H:%M:%S} UTC, not here")
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
                f"{symbol} {session} {rule}: fires here at {found.at:%Y-%m-%d %H:%M:%S} UTC, did not then"
            )
    return EpisodeComparison(same, tuple(differences))


def comparison_lines(comparison: EpisodeComparison, total: int) -> Sequence[str]:
    """For people, on stderr."""
    if not comparison.differences:
        return [f"replayed: the same {count(total, 'alert')} at the same times"]
    shown = [f"replayed: {comparison.same} of {count(total, 'alert')} as in the history; differences:"]
    shown += [f"  {line}" for line in comparison.differences[:10]]
    if len(comparison.differences) > 10:
        shown.append(f"  and {len(comparison.differences) - 10} more")
    return shown
