"""What a source remembered is read again whatever became of it: numbers no float can hold are no reason to stop."""

from __future__ import annotations

import json

import pytest

from bot.adapters.news_sources.models_dev import source as models_dev
from bot.adapters.news_sources.openrouter import source as openrouter
from bot.adapters.prices.yahoo.client import tidy

BEYOND = 10**400
DAY = "2025-01-27T00:00:00+00:00"


@pytest.mark.parametrize(
    ("read", "state"),
    [
        (openrouter._remembered, {"a/b": [BEYOND, 1, DAY, 1, 1, DAY]}),
        (models_dev._remembered, {"a/b": ["id", BEYOND, 1, DAY]}),
    ],
)
def test_a_price_that_no_float_holds_is_a_state_that_cannot_be_read(read: object, state: object) -> None:
    assert read(json.dumps(state)) == ({}, True)  # type: ignore[operator]


def test_yahoo_s_prices_that_no_float_holds_are_none() -> None:
    assert tidy(BEYOND) is None
    assert tidy(142.6199951171875) == 142.62
