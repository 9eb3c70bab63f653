"""Messages of small cases are as they were."""

from __future__ import annotations

from functools import cache

import pytest

from bot.core.model import Announcement
from bot.render import objects
from tests.core import message_cases
from tests.forms import stray_times

NAMES = sorted(path.stem for path in message_cases.FOLDER.glob("*.txt"))


@cache
def made() -> dict[str, list[Announcement]]:
    return message_cases.cases()


def test_every_case_is_on_file() -> None:
    assert sorted(made()) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_every_message_is_as_it_was(name: str) -> None:
    assert message_cases.text_of(made()[name]) == (message_cases.FOLDER / f"{name}.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_every_time_of_day_can_be_put_into_the_readers_zone(name: str) -> None:
    for message in made()[name]:
        assert stray_times(message.summary) == []


def test_programs_are_told_the_currency() -> None:
    yen, none = made()["a-level-in-yen"][0].summary, made()["an-hour-ago"][0].summary
    assert objects(yen)["figures"]["moves"][0]["currency"] == "JPY"
    assert objects(none)["figures"]["moves"][0]["currency"] is None
