"""``kill -9`` at random moments under load: no half batch, nothing lost, nothing acknowledged sent again."""

from __future__ import annotations

from pathlib import Path

from tests.store.crasher import RECIPIENTS
from tests.store.torment import torment

KILLS = 100


def test_killed_a_hundred_times_under_load_nothing_is_lost_repeated_or_half_written(tmp_path: Path) -> None:
    """While it commits, sends, prunes and copies itself, and readers ask all the time."""
    toll = torment(tmp_path, KILLS, seed=20250127)
    assert toll.broken == ""
    assert toll.kills == KILLS
    assert toll.met_transactions >= 10, f"the kills did not meet it at work: {toll.met}"
    assert toll.batches >= KILLS
    assert toll.half == []
    assert toll.findings == []
    assert toll.acknowledged >= KILLS
    assert toll.lost == set()
    assert toll.invented == set()
    assert toll.repeated == set()
    assert toll.unsent == 0
    assert toll.in_doubt <= len(RECIPIENTS) * (KILLS + 1), "more in doubt than was ever in flight"
    assert toll.asked > KILLS
    assert toll.readers_failed == []
