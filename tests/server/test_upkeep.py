"""Housekeeping leaves the same rows on a server as in a file."""

from __future__ import annotations

import shutil
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from bot.adapters.store.engine import columns
from bot.adapters.store.history.opening import open_place
from bot.app.project import Timetables
from bot.app.stores import copy_whole, open_history, open_store, prune_history
from bot.core.prices.exchanges import HOME
from tests.command import run_command
from tests.server.cluster import Cluster
from tests.server.rows import rows
from tests.store.steps import update_outcomes
from tests.store.values import batch, quote

LATER = datetime(2025, 4, 1, tzinfo=UTC)
KEEP = {
    "every quote": timedelta(days=1),
    "quotes": timedelta(days=66),
    "stories": timedelta(days=66),
    "source_reports": timedelta(days=65),
    "refused_quotes": timedelta(days=65),
}


def test_a_month_later_the_same_is_forgotten_and_known(server: Cluster, replayed: Path, tmp_path: Path) -> None:
    file, address = tmp_path / "week.db", server.address()
    shutil.copy(replayed, file)
    monday = datetime(2025, 1, 27, 15, tzinfo=UTC)
    trades = (quote("NVDA", 120 + number % 7, monday + timedelta(seconds=15 * number)) for number in range(2000))
    with closing(open_store(file, mode="replay", run_name="deepseek-2025-01", now=LATER)) as store:
        store.commit(batch(*trades, now=LATER))
    list(copy_whole(file, address))
    timetables = Timetables(date(2024, 12, 1), date(2025, 5, 1), otherwise=HOME)
    performed = [
        run_command("performance", "--json", "--database", where).stdout
        for where in (file, f"{address.reveal()}#{address.schema}")
    ]
    assert performed[0] == performed[1] != ""
    known, gone, told = [], [], []
    for place in (file, address):
        with closing(open_store(place, mode="replay", run_name="deepseek-2025-01", now=LATER)) as store:
            known.append(update_outcomes(store, timetables.of_symbol, LATER))
        with open_history(place) as history:
            expected = history.prunable(LATER, KEEP)
            told.append(
                (
                    sorted(history.told_by_source(datetime(2025, 1, 1, tzinfo=UTC))),
                    history.stories_by_source(datetime(2025, 1, 1, tzinfo=UTC)),
                    history.extent(),
                    history.priced_symbols(),
                )
            )
        gone.append((expected["every quote"], prune_history(place, LATER, KEEP)))
    assert known == [0, 0], "the command has stored what is known"
    assert gone[0] == gone[1]
    assert gone[0][1]["every quote"] > 0
    assert gone[0][1]["stories"] > 0
    assert told[0] == told[1]
    with open_place(file) as ours, open_place(address) as theirs:
        assert len(rows(ours, "outcomes")) > 100
        for table in ("quotes", "stories", "story_scores", "outcomes", "extras", "source_reports", "second_readings"):
            assert columns(ours, table)
            assert rows(ours, table) == rows(theirs, table), table
