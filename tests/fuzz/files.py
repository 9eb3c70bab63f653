"""What reads files that people hand in: each takes a document as bytes, and raises only where it found a fault."""

from __future__ import annotations

import json
import tempfile
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from bot.adapters.calendar import kept
from bot.adapters.calendar.schedule import _from_kept
from bot.adapters.feeds.opml import parse_opml
from bot.config.episodes.file import load_episode
from bot.config.news.companies import load_companies
from bot.config.news.topics import load_topics
from bot.config.rule_tests.file import load_rule_tests
from bot.config.settings.edit_feeds import add_feeds
from bot.config.settings.model import load_settings
from bot.core.errors import AftershockError
from bot.core.model.feeds import FeedSpec
from bot.core.text.characters import HIDING
from bot.replay.columns import read_prices
from bot.replay.earnings_file import read_earnings
from bot.replay.recording import read_recording
from tests.news.stories import shipped
from tests.rules.files import load

MOST_WORDS = 200_000
"""Characters of an error: every mistake of a file is listed, and files here are small."""
PRICES = b"symbol,date,open,high,low,close,volume\nNVDA,2025-01-24,148.4,148.9,141.9,142.62,234657000\n"


@cache
def folder() -> Path:
    """A folder of this process for what is read from a file."""
    return Path(tempfile.mkdtemp(prefix="aftershock-fuzz-"))


def written(name: str, content: bytes) -> Path:
    """``content`` in a file."""
    file = folder() / name
    file.write_bytes(content)
    return file


class Refused(suppress):
    """Our own errors are no fault, if they are of bounded length."""

    def __init__(self) -> None:
        super().__init__(AftershockError)

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:  # type: ignore[override]
        if isinstance(error, AftershockError):
            assert 0 < len(str(error)) < MOST_WORDS
        return super().__exit__(type(error) if error is not None else None, error, None)


def opml(body: bytes) -> None:
    """A list of feeds."""
    with Refused():
        assert all(not HIDING.search(feed.name + feed.title) for feed in parse_opml(body, "feeds.opml").feeds)


def rules(body: bytes) -> None:
    """A file of rules."""
    with Refused():
        load(folder(), body.decode("utf-8", "replace"))


def rule_tests(body: bytes) -> None:
    """A file of rule tests."""
    with Refused():
        load_rule_tests([written("tests.yaml", body)])


def episodes(body: bytes) -> None:
    """An episode."""
    with Refused():
        load_episode("fuzzed.yaml", body.decode("utf-8", "surrogateescape"))


def settings(body: bytes) -> None:
    """``config.yaml``, read, and with a feed added to it."""
    file = written("config.yaml", body)
    with Refused():
        load_settings(file)
        before = file.read_bytes()
        try:
            added = add_feeds(file, [FeedSpec("fuzzed", "https://fuzzed.example/rss", "Fuzzed")])
        except AftershockError:
            assert file.read_bytes() == before, "what cannot be edited is left as it was"
            raise
        names = [feed.name for feed in load_settings(file).feeds]
        assert not added.added or added.added[0].name in names


def companies(body: bytes) -> None:
    """The companies and their words."""
    topics, _ = shipped()
    with Refused():
        load_companies(written("companies.yaml", body), exposures=topics.exposure_names, lists=tuple(topics.words))


def topics(body: bytes) -> None:
    """One file of topics, alone in its folder."""
    place = folder() / "topics"
    place.mkdir(exist_ok=True)
    (place / "fuzzed.yaml").write_bytes(body)
    with Refused():
        load_topics(place)


def prices(body: bytes) -> None:
    """Recorded prices."""
    with Refused():
        read_prices([written("prices.csv", body)])


def news(body: bytes) -> None:
    """Recorded headlines."""
    with Refused():
        read_recording([written("good.csv", PRICES)], [written("news.jsonl", body)], lag=timedelta(0))


def earnings(body: bytes) -> None:
    """Recorded earnings dates."""
    with Refused():
        read_earnings([written("earnings.csv", body)])


FIRST, LAST = datetime(2025, 1, 1, tzinfo=UTC).date(), datetime(2025, 1, 31, tzinfo=UTC).date()


def kept_sessions(body: bytes) -> None:
    """A file of a calendar's sessions: read as it was written or not at all; and what could be in one."""
    with suppress(ValueError, RecursionError):
        found = json.loads(body)
        schedule = _from_kept(found)
        assert schedule is None or all(hours.opens.tzinfo is not None for hours in schedule.sessions)
        kept.write("XFUZ", FIRST, LAST, found)
    file = kept._file("XFUZ", FIRST, LAST)
    if file.is_file():
        good = file.read_bytes()
        file.write_bytes(good[:-1] + body)
        assert kept.read("XFUZ", FIRST, LAST) is None or file.read_bytes() == good
        file.unlink()
