"""``feeds rank``: which source told first of what alerts were about."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

from typer.testing import CliRunner

from bot.adapters.store import open_store
from bot.app.feed_ranks import ranked
from bot.cli import app
from bot.core.model import Reading, Story
from tests.store.values import NOW, after, alert, batch, cause, fired, incident

TOLD = [
    *(("a", "wire", NOW), ("a", "paper", after(600)), ("a", "blog", after(1200))),
    *(("b", "paper", NOW), ("b", "wire", after(60))),
    ("c", "blog", NOW),
    *(("d", "wire", NOW), ("d", "paper", NOW)),
]


def test_who_was_first_how_often_and_how_late_the_others_were() -> None:
    found = ranked(TOLD, {"wire": 9, "paper": 5, "blog": 2, "idle": 700, "gone": 1}, {"wire", "paper", "blog", "idle"})
    assert found.happenings == 4
    by_name = {rank.source: rank for rank in found.ranks}
    assert [rank.source for rank in found.ranks] == ["wire", "paper", "blog", "idle", "gone"]
    assert [(r.first, r.told, r.alone) for r in found.ranks] == [(2, 3, 0), (2, 3, 0), (1, 2, 1), (0, 0, 0), (0, 0, 0)]
    assert by_name["wire"].late == timedelta(minutes=1)
    assert by_name["paper"].late == timedelta(minutes=10)
    assert by_name["idle"].late is None
    assert by_name["idle"].stories == 700
    assert not by_name["gone"].configured


def test_nothing_yet() -> None:
    assert ranked([], {}, {"wire"}).ranks[0].told == 0


def test_the_command_reads_the_history(tmp_path: Path) -> None:
    file = tmp_path / "history.db"
    config = tmp_path / "config.yaml"
    config.write_text("watchlist: {mine: [NVDA]}\nfeeds:\n  - {name: wire, url: 'https://wire.example/feed'}\n")

    def read(source: str, seconds: int, cluster: str) -> Reading:
        name = f"{source}{seconds}{cluster}"
        story = Story(name, source, f"{source} tells", after(seconds), keys=(name,))
        return Reading(story, (), (), (), cluster, 1.0)

    with open_store(file, mode="live", run_name="live", now=NOW) as store:
        store.commit(
            batch(
                *(read("wire", 0, "s1"), read("paper", 300, "s1"), read("paper", 30, "other")),
                incident("i1", "a1"),
                fired(alert("a1", incident="i1", cause=cause("s1"))),
                now=after(600),
            )
        )
    asked = ["feeds", "rank", "--config", str(config), "--database", str(file), "--since", "2025-01-01"]
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == 0, done.output
    assert [line.split()[:4] for line in done.stdout.splitlines()[1:]] == [
        ["wire", "1", "1", "0"],
        ["paper", "(not", "asked", "now)"],
    ]
    assert "1 happenings" in done.stderr
    rows = [json.loads(line) for line in CliRunner().invoke(app, [*asked, "--json"]).stdout.splitlines()]
    assert [(row["source"], row["first"], row["told"], row["median_late_seconds"], row["stories"]) for row in rows] == [
        ("wire", 1, 1, None, 1),
        ("paper", 0, 1, 300, 2),
    ]
