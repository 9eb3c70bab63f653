"""docs/messages.md shows what the replays say."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.app.lab.replaying import plan_replay
from bot.core.errors import UsageError
from tests.replay.documented import EPISODES, messages, shown
from tests.replay.golden import NOW, REPOSITORY


def test_the_page_has_every_episode() -> None:
    assert set(shown()) == set(EPISODES)


@pytest.mark.parametrize("episode", EPISODES)
def test_the_page_shows_the_messages_of_the_replay(episode: str) -> None:
    assert messages(episode, EPISODES[episode]) == shown()[episode]


def test_a_replay_is_played_by_other_rules_that_are_named(tmp_path: Path) -> None:
    text = (REPOSITORY / "rules" / "large-fall.yaml").read_text(encoding="utf-8")
    (tmp_path / "large-fall.yaml").write_text(text.replace("enabled: false", "enabled: true"), encoding="utf-8")
    config = REPOSITORY / "config.yaml"
    plan = plan_replay(config, "servicenow-2025-01", NOW, tmp_path / "large-fall.yaml")
    rules = {rule.name: rule.enabled for rule in plan.project.rules}
    assert rules["large-fall"], "of this name"
    assert rules["ai-model-shock"], "and all others as configured"
    (tmp_path / "folder").mkdir()
    (tmp_path / "large-fall.yaml").rename(tmp_path / "folder" / "large-fall.yaml")
    plan = plan_replay(config, "servicenow-2025-01", NOW, tmp_path / "folder")
    assert [(rule.name, rule.enabled) for rule in plan.project.rules] == [("large-fall", True)]
    (tmp_path / "none").mkdir()
    with pytest.raises(UsageError, match="no rule files"):
        plan_replay(config, "servicenow-2025-01", NOW, tmp_path / "none")


def test_a_fall_for_its_own_results_has_no_message_under_the_rules_that_are_on() -> None:
    assert messages("servicenow-2025-01") == ""
