"""Messages of small cases are as they were."""

from __future__ import annotations

from functools import cache

import pytest

from tests.core import message_cases

NAMES = sorted(path.stem for path in message_cases.FOLDER.glob("*.txt"))


@cache
def made() -> dict[str, str]:
    return message_cases.cases()


def test_every_case_is_on_file() -> None:
    assert sorted(made()) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_every_message_is_as_it_was(name: str) -> None:
    assert made()[name] == (message_cases.FOLDER / f"{name}.txt").read_text(encoding="utf-8")
