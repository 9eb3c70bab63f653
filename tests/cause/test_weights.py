"""The weights that ship, those that hold where a file names none, and those of the page are the same."""

import dataclasses
import re
from pathlib import Path

from bot.core.news import Weights
from tests.news.stories import shipped

PAGE = Path(__file__).parents[2] / "docs" / "topics.md"


def test_the_shipped_weights_are_the_defaults() -> None:
    assert shipped()[0].weights == Weights()


def test_the_page_has_every_weight_with_its_default() -> None:
    section = PAGE.read_text(encoding="utf-8").split("## Weights")[1].split("\n## ")[0]
    told: dict[str, float] = {}
    for line in section.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        names = re.findall(r"`(\w+)`", cells[0]) if len(cells) == 3 else []
        told |= dict(zip(names, map(float, cells[2].split(", ")), strict=True)) if names else {}
    assert told == dataclasses.asdict(Weights())
