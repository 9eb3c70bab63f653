"""Prices of models in words."""

from __future__ import annotations

import pytest

from bot.core.news.releases import money


@pytest.mark.parametrize(
    ("dollars", "words"),
    [(0.495, "$0.50"), (0.0375, "$0.0375"), (0.075, "$0.075"), (2.19, "$2.19"), (15.0, "$15"), (0.00012, "$0.00012")],
)
def test_a_price_is_rounded_as_it_is_written(dollars: float, words: str) -> None:
    assert money(dollars) == words
