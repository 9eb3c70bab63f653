"""No feed reports under the name of a part of the bot itself: one would be told as the other."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.config.settings.edit_feeds import add_feeds
from bot.config.settings.model import load_settings
from bot.core.errors import ConfigError
from bot.core.health import SOURCE_NAMES
from bot.core.model.feeds import FeedSpec

FILE = """\
storage: {{database: history.db}}
watchlist: {{chips: [NVDA]}}
news_sources: [{{type: github}}]
feeds:
  - {{name: {name}, url: "https://one.example/f"}}
"""


def config(folder: Path, name: str) -> Path:
    path = folder / "config.yaml"
    path.write_text(FILE.format(name=name))
    return path


@pytest.mark.parametrize("name", sorted(name for name in SOURCE_NAMES if " " not in name))
def test_a_feed_cannot_be_called_as_a_part_of_the_bot(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match=f"'{name}' is what a part of the bot itself is called"):
        load_settings(config(tmp_path, name))


def test_a_list_that_names_feeds_so_is_imported_under_other_names(tmp_path: Path) -> None:
    path = config(tmp_path, "wire")
    feeds = [
        FeedSpec(name, f"https://{n}.example/f") for n, name in enumerate(("prices", "telegram", "github", "wire"))
    ]
    added = add_feeds(path, feeds).added
    assert [feed.name for feed in added] == ["prices-2", "telegram-2", "github-2", "wire-2"]
    assert len(load_settings(path).feeds) == 5
