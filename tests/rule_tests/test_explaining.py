"""``rules explain``: the state as of a moment, never later; every condition with what was measured."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.app.lab.explaining import (
    Explanations,
    explain,
    explain_episode,
    explain_history,
    explanation_lines,
    explanation_object,
)
from bot.app.lab.workbench import episode_scenario, open_workbench
from bot.app.stores import prune_history
from bot.core.errors import StoreError, UsageError
from bot.core.model import Quote
from tests.command import run_command

from .bench import CONFIG, NOW, RULES

EPISODE = "deepseek-2025-01"


def at(text: str) -> datetime:
    """A moment in January 2025, UTC."""
    return datetime.fromisoformat(f"2025-01-{text}").replace(tzinfo=UTC)


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Plain rules."""
    path = tmp_path_factory.mktemp("rules") / "rules.yaml"
    path.write_text(RULES, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def database(replayed: Path) -> Path:
    """The episode's week, replayed into a database."""
    return replayed


def without_alerts(found: Explanations) -> dict[str, Any]:
    """Everything but what is looked up beside the state."""
    return explanation_object(replace(found, alerts=()))


@pytest.mark.parametrize("moment", ["27 10:00", "27 14:29", "27 21:00", "28 02:00", "28 15:30"])
def test_history_and_episode_tell_the_same_at_the_same_moment(database: Path, rules: Path, moment: str) -> None:
    by_history = explain_history(CONFIG, "NVDA", at(moment), NOW, database, rules)
    by_episode = explain_episode(CONFIG, "NVDA", at(moment), NOW, EPISODE, rules)
    assert without_alerts(by_history) == without_alerts(by_episode)
    assert by_history.quote is not None


def test_what_comes_later_changes_nothing(rules: Path) -> None:
    stage = open_workbench(CONFIG, rules, NOW)
    scene = episode_scenario(stage, EPISODE)
    moment = at("27 14:00")
    loaded = stage.rules(scene.symbols)
    known = [o for o in scene.tape.observations if o.seen_at <= moment]
    by_cut = explain(stage, loaded, known, "NVDA", moment)
    whole = explain_episode(CONFIG, "NVDA", moment, NOW, EPISODE, rules)
    assert without_alerts(by_cut) == without_alerts(whole)
    assert max(o.seen_at for o in scene.tape.observations) > moment
    later = [o for o in scene.tape.observations if isinstance(o, Quote) and o.symbol == "NVDA" and o.seen_at > moment]
    assert without_alerts(explain(stage, loaded, [*known, *later], "NVDA", moment)) != without_alerts(whole)


def test_a_rule_that_does_not_hold_names_the_first_thing_that_stopped_it(rules: Path) -> None:
    found = explain_episode(CONFIG, "MSFT", at("27 15:00"), NOW, EPISODE, rules)
    told = explanation_object(found)
    (fall,) = (r for r in told["rules"] if r["rule"] == "fall")
    assert fall["holds"] is False
    assert fall["stopped_by"].startswith("price change < -10%")
    price = next(c for c in fall["checks"] if c["condition"].startswith("price"))
    assert price["limit"] == -0.10
    assert price["value"] == pytest.approx(told["change"], abs=1e-6)
    assert {"drop", "release", "off"} <= set(told["not_concerned"])


def test_what_was_known_and_what_fired_is_told(database: Path) -> None:
    found = explain_history(CONFIG, "NVDA", at("27 15:00"), NOW, database)
    lines = "\n".join(explanation_lines(found))
    assert "Nvidia" in lines
    assert "regular phase of the session of 2025-01-27" in lines
    assert "previous close: 142.62 of 2025-01-24" in lines
    assert "stories: ai-model" in lines
    assert "alert 20250127-NVDA" in lines
    assert all(match.first.seen_at <= at("27 15:00") for match in found.clusters)


def test_an_alert_after_the_moment_is_said_to_be_so(database: Path) -> None:
    lines = "\n".join(explanation_lines(explain_history(CONFIG, "NVDA", at("27 09:10"), NOW, database)))
    assert "(later)" in lines


def test_prices_that_were_thinned_are_said_to_be_so(database: Path, tmp_path: Path) -> None:
    shutil.copy(database, tmp_path / "thinned.db")
    prune_history(tmp_path / "thinned.db", datetime(2025, 2, 4, tzinfo=UTC), {"every quote": timedelta(days=7)})
    said = "note: before 2025-01-28 00:00 UTC the history has one price in ten minutes"
    for moment, thinned in ((at("27 15:00"), True), (at("28 15:00"), False)):
        found = explain_history(CONFIG, "NVDA", moment, NOW, tmp_path / "thinned.db")
        assert (said in "\n".join(explanation_lines(found))) == thinned


def test_a_session_without_an_alert_says_so(database: Path) -> None:
    lines = "\n".join(explanation_lines(explain_history(CONFIG, "MSFT", at("27 15:00"), NOW, database)))
    assert "no alert for MSFT in the session of 2025-01-27" in lines


@pytest.mark.parametrize(
    ("symbol", "moment", "said"),
    [
        ("NVDAA", at("27 15:00"), "unknown symbol 'NVDAA'; did you mean 'NVDA'"),
        ("NVDA", at("01 15:00"), "is before the history"),
        ("NVDA", datetime(2025, 6, 2, tzinfo=UTC), "is after the history"),
        ("NVDA", NOW + timedelta(days=1), "is in the future"),
    ],
)
def test_a_question_without_an_answer_is_refused(database: Path, symbol: str, moment: datetime, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        explain_history(CONFIG, symbol, moment, NOW, database)


def test_a_moment_outside_an_episode_is_refused() -> None:
    with pytest.raises(UsageError, match="is outside deepseek-2025-01"):
        explain_episode(CONFIG, "NVDA", datetime(2025, 6, 2, tzinfo=UTC), NOW, EPISODE)
    with pytest.raises(UsageError, match="did you mean deepseek"):
        explain_episode(CONFIG, "NVDA", at("27 15:00"), NOW, "deepseek-2025")


def test_a_database_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no such database"):
        explain_history(CONFIG, "NVDA", at("27 15:00"), NOW, tmp_path / "gone.db")


def test_the_command_prints_a_tree_or_an_object() -> None:
    command = ["rules", "explain", "nvda", "--at", "2025-01-27T10:00Z", "--episode", EPISODE]
    people = run_command(*command)
    assert "ai-model-shock: " in people.stdout
    programs = run_command(*command, "--json")
    assert json.loads(programs.stdout)["symbol"] == "NVDA"
