"""A second reader's answers in a history: live, after a restart, tried, recorded and replayed they decide alike."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterable
from contextlib import aclosing, closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.adapters.store import open_store
from bot.app.episodes.check import compared, fired_in
from bot.app.episodes.recording import EpisodeRecording, record_incident
from bot.app.lab.replaying import plan_replay, start_replay
from bot.app.lab.trying import Difference, try_history
from bot.app.lab.workbench import Workbench, open_workbench
from bot.config.episodes.file import load_episode
from bot.config.episodes.writing import episode_text
from bot.core.engine import Engine
from bot.core.model import Observation
from bot.cycle import Cycle
from bot.replay.tape import Tape
from tests.core.test_second_reader import BASE, NOW, READER, SOON, Scene

BEGUN = NOW - timedelta(days=200)
Said = dict[tuple[str, str], tuple[str, str, float | None]]
"""By rule and symbol: when an alert fired, its severity, and the confidence in its cause at last."""


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return Scene(tmp_path_factory.mktemp("day"))


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory, repository: Path) -> Path:
    """The shipped configuration in a world that doubts, so that the answer decides."""
    folder = tmp_path_factory.mktemp("doubting")
    shutil.copytree(repository / "rules", folder / "rules", ignore=shutil.ignore_patterns("episodes", "tests"))
    (folder / "rules" / "episodes").mkdir()
    shutil.copy(repository / "config.yaml", folder)
    weights = folder / "rules" / "topics" / "weights.yaml"
    lines = weights.read_text(encoding="utf-8").splitlines()
    doubting = [f"  base: {BASE}" if line.strip().startswith("base:") else line for line in lines]
    assert doubting != lines
    watching = (folder / "config.yaml").read_text(encoding="utf-8").replace("LSTR, EXPD]", "LSTR, EXPD, HUBG]")
    (folder / "config.yaml").write_text(watching, encoding="utf-8")
    weights.write_text("\n".join(doubting) + "\n", encoding="utf-8")
    return folder / "config.yaml"


@pytest.fixture(scope="module")
def stage(config: Path) -> Workbench:
    return open_workbench(config, None, NOW + timedelta(days=9))


def engine(stage: Workbench) -> Engine:
    return stage.engine(stage.rules(), BEGUN)


def live(stage: Workbench, database: Path, observations: Iterable[Observation], stop: bool = False) -> Path:
    """A live history of the day; with ``stop``, of two runs, the second begun a minute after the answer."""
    running = engine(stage)
    store = open_store(database, mode="live", run_name="live", now=BEGUN)
    store.save_recipients([READER])
    store.record_rules(((n, v, t) for n, (v, t) in stage.project.rules.versions.items()), BEGUN)
    cycle = Cycle(running, store, lambda: [READER])
    for now, group in Tape(observations).steps():
        if stop and now > SOON + timedelta(minutes=1):
            stop, at = False, SOON + timedelta(minutes=1)
            assert cycle.run([], at).error is None
            store.close()
            store = open_store(database, mode="live", run_name="live", now=at)
            running = engine(stage)
            kept = list(store.observations(BEGUN, at))
            running.restore(kept, store.alerts_since(BEGUN.date()), store.incidents_since(BEGUN.date()), at)
            cycle = Cycle(running, store, lambda: [READER])
        assert cycle.run(group, now).error is None
    store.close()
    return database


def alerts_in(database: Path) -> Said:
    with closing(sqlite3.connect(database)) as conn:
        rows = conn.execute("SELECT rule, symbol, fired_at, severity, json_extract(cause, '$.confidence') FROM alerts")
        return {(rule, symbol): (at[:19], str(severity), sure) for rule, symbol, at, severity, sure in rows}


@pytest.fixture(scope="module")
def database(stage: Workbench, scene: Scene, tmp_path_factory: pytest.TempPathFactory) -> Path:
    observations = [*scene.tape.observations, scene.answer(agent=True)]
    return live(stage, tmp_path_factory.mktemp("live") / "live.db", observations)


@pytest.fixture(scope="module")
def recorded(stage: Workbench, database: Path) -> EpisodeRecording:
    return record_incident(stage, database, "20260212-1", NOW, name="brokers")


def test_the_answer_decides(stage: Workbench, scene: Scene, database: Path, tmp_path: Path) -> None:
    without = alerts_in(live(stage, tmp_path / "without.db", scene.tape.observations))
    said = alerts_in(database)
    assert ("ai-sell-off", "CHRW") in said.keys() - without.keys()


def test_a_restart_decides_alike(stage: Workbench, scene: Scene, database: Path, tmp_path: Path) -> None:
    observations = [*scene.tape.observations, scene.answer(agent=True)]
    assert alerts_in(live(stage, tmp_path / "two.db", observations, stop=True)) == alerts_in(database)


def test_a_trial_over_the_history_decides_alike(config: Path, database: Path, tmp_path: Path) -> None:
    span = NOW - timedelta(days=1), NOW + timedelta(days=2), NOW + timedelta(days=9)
    tried = try_history(config, None, *span, database)
    assert {row.difference for row in tried.rows} == {Difference.SAME}
    assert {(row.either.rule, row.either.symbol) for row in tried.rows} == set(alerts_in(database))
    shutil.copy(database, tmp_path / "forgotten.db")
    with closing(sqlite3.connect(tmp_path / "forgotten.db")) as conn, conn:
        conn.execute("DELETE FROM second_readings")
    assert Difference.LOST in {
        row.difference for row in try_history(config, None, *span, tmp_path / "forgotten.db").rows
    }


def test_a_recorded_episode_decides_alike(stage: Workbench, recorded: EpisodeRecording) -> None:
    episode = load_episode("brokers.yaml", episode_text(recorded.episode), timetable_of=stage.timetables.of_exchange)
    assert compared(recorded.alerts, fired_in(stage, episode)).differences == ()


async def test_the_recorded_episode_and_its_replay_decide_alike(
    config: Path, stage: Workbench, scene: Scene, database: Path, recorded: EpisodeRecording, tmp_path: Path
) -> None:
    text = episode_text(recorded.episode)
    episode = load_episode("brokers.yaml", text, timetable_of=stage.timetables.of_exchange)
    (kept,) = episode.second_readings
    (asked,) = (s for s in episode.stories if s.id == kept.story)
    assert asked.title == scene.story.title
    assert replace(kept, story=scene.story.id) == scene.answer(agent=True)

    file = config.parent / "rules" / "episodes" / "brokers.yaml"
    file.write_text(text, encoding="utf-8")
    for until in (SOON, None):  # interrupted once the answer is known, and resumed
        plan = plan_replay(config, "brokers", NOW + timedelta(days=9))
        with closing(open_store(tmp_path / "replay.db", mode="replay", run_name="brokers", now=NOW)) as store:
            playing = start_replay(plan, store, {}, [])
            async with aclosing(playing.results()) as results:
                async for _, result in results:
                    if until is not None and result.decisions.now >= until:
                        break
    assert alerts_in(tmp_path / "replay.db") == alerts_in(database)
