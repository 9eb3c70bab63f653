"""docs/messages.md shows what the replays say."""

from __future__ import annotations

import pytest

from tests.replay.documented import EPISODES, first_messages, shown


def test_the_page_has_every_episode() -> None:
    assert set(shown()) == set(EPISODES)


@pytest.mark.parametrize("episode", EPISODES)
def test_the_page_shows_the_first_message_of_the_replay(episode: str) -> None:
    assert first_messages(episode, EPISODES[episode]) == [shown()[episode]]


def test_a_fall_for_its_own_results_has_no_message_under_the_rules_that_are_on() -> None:
    assert first_messages("servicenow-2025-01") == []
