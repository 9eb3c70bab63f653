"""Feeds as they really are: the parser corpora, and real feeds caught misbehaving, all through the whole adapter."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.adapters.feeds.opml import read_opml
from bot.adapters.feeds.parser import Parser
from bot.adapters.feeds.reader import FeedPoll, FeedReader
from bot.adapters.feeds.session import FeedSession
from bot.core.errors import ConfigError
from bot.core.model import Trouble
from tests.feeds.conftest import LIMITS, SeenSet, Watch, watch
from tests.servers.feed_server import Document, FeedServer

pytestmark = pytest.mark.campaign

PER_SAMPLE = timedelta(seconds=10)
TYPES = {".html": "text/html", ".json": "application/json", ".atom": "application/atom+xml"}


def members(archive: Path) -> Iterator[tuple[str, bytes]]:
    """Name and content of every file in ``archive``."""
    with tarfile.open(archive) as tar:
        for member in tar:
            if member.isfile() and (file := tar.extractfile(member)) is not None:
                yield member.name, file.read()


async def test_every_sample_goes_through_two_polls_without_a_crash_or_a_hang(
    shared_data: Path, session: FeedSession, site: FeedServer
) -> None:
    parser = Parser(time_limit=PER_SAMPLE)
    samples = [m for p in sorted((shared_data / "feeds").glob("*.tar.xz")) for m in members(p)]
    assert len(samples) > 3000
    outcomes: dict[str, int] = {}
    bad = []
    try:
        for name, body in samples:
            seen = SeenSet()
            reader = FeedReader(session, seen.known, jitter=lambda: 0.5, limits=LIMITS, parser=parser)
            kind = TYPES.get(Path(name).suffix, "application/rss+xml")
            watched = watch(reader, seen, site.publish("feed", Document(body, kind, validators=False)))
            first = await watched.poll()
            # One byte more, so that the second poll parses again: everything in it must be known by now.
            site.publish("feed", Document(body + b"\n", kind, validators=False))
            second = await watched.poll()
            outcomes[first.report.trouble] = outcomes.get(first.report.trouble, 0) + 1
            if any(
                word in p.report.detail for p in (first, second) for word in ("stopped", "crashed", "could not be read")
            ):
                bad.append((name, first.report.detail))
            if second.stories and not first.report.detail:
                bad.append((name, f"{len(second.stories)} repeats"))
            for told in first.stories:
                assert told.title, name
                assert told.published_at is None or told.published_at <= told.seen_at, name
    finally:
        await parser.close()
    assert bad == []
    # most are small documents about one element each, with no title: valid, but nothing to tell
    assert outcomes[Trouble.NONE] > 600
    assert outcomes[Trouble.EMPTY] > 1500
    assert outcomes[Trouble.FAILED] < 800


@pytest.fixture(scope="module")
def anomalies(shared_data: Path) -> dict[str, dict[str, bytes]]:
    """The bodies of each real anomaly, by its name and theirs."""
    found: dict[str, dict[str, bytes]] = {}
    for name, body in members(shared_data / "feeds" / "real-anomalies.tar.xz"):
        if name.endswith(".xml"):
            found.setdefault(Path(name).parent.name, {})[Path(name).stem] = body
    return found


@pytest.fixture
async def through(reader: FeedReader, seen: SeenSet, site: FeedServer) -> tuple[Watch, FeedServer]:
    return watch(reader, seen, site.url("feed")), site


async def polls(through: tuple[Watch, FeedServer], *bodies: bytes) -> list[FeedPoll]:
    """One committed poll for each body in turn."""
    watched, site = through
    done = []
    for body in bodies:
        site.publish("feed", body)
        done.append(await watched.poll())
    return done


@pytest.mark.shared
@pytest.mark.parametrize(
    ("out", "back", "entries"),
    [
        ("openai_zero_items_20250127_16h", "openai_zero_items_20250127_17h", 162),
        ("openai_zero_items_20250127_19h", "openai_zero_items_20250127_20h", 162),
        ("claude_138_to_0", "claude_0_to_138_flood", 138),
    ],
)
async def test_real_feeds_that_went_empty_flood_back_without_a_repeat(
    anomalies: dict[str, dict[str, bytes]], through: tuple[Watch, FeedServer], out: str, back: str, entries: int
) -> None:
    full, empty, again = await polls(
        through, anomalies[out]["before"], anomalies[out]["after"], anomalies[back]["after"]
    )
    assert len(full.stories) == full.report.items == entries
    assert empty.report.trouble is Trouble.EMPTY
    assert (again.report.trouble, again.stories) == (Trouble.NONE, ())


@pytest.mark.shared
async def test_a_real_feed_that_shrank_floods_back_without_a_repeat(
    anomalies: dict[str, dict[str, bytes]], through: tuple[Watch, FeedServer]
) -> None:
    shrunk, flood = anomalies["anthropic_news_157_to_14"], anomalies["anthropic_news_14_to_157_flood"]
    full, few, again = await polls(through, shrunk["before"], shrunk["after"], flood["after"])
    assert (full.report.items, few.report.items, again.report.items) == (157, 14, 157)
    assert few.stories == ()
    assert again.stories == ()


@pytest.mark.shared
async def test_a_real_feed_first_met_while_shrunken_brings_the_rest_as_new(
    anomalies: dict[str, dict[str, bytes]], through: tuple[Watch, FeedServer]
) -> None:
    """Nothing can tell: the dates say how old they are, and the engine holds them to its window."""
    through[0].now = datetime(2025, 12, 5, 11, tzinfo=UTC)
    pair = anomalies["anthropic_news_14_to_157_flood"]
    few, flood = await polls(through, pair["before"], pair["after"])
    assert len(few.stories) == 14
    assert len(flood.stories) == 143
    assert sum(s.published_at is not None for s in flood.stories) > 130


@pytest.mark.shared
@pytest.mark.parametrize("name", ["nyt_econ_20_to_0", "anthropic_news_153_to_0"])
async def test_a_real_feed_that_went_empty_is_reported(
    anomalies: dict[str, dict[str, bytes]], through: tuple[Watch, FeedServer], name: str
) -> None:
    _, empty = await polls(through, anomalies[name]["before"], anomalies[name]["after"])
    assert empty.report.trouble is Trouble.EMPTY
    assert empty.state.last_items > 0


@pytest.mark.shared
async def test_a_real_feed_down_to_one_known_entry_brings_nothing(
    anomalies: dict[str, dict[str, bytes]], through: tuple[Watch, FeedServer]
) -> None:
    _, one = await polls(through, *anomalies["mistral_54_to_1"].values())
    assert one.stories == () or len(one.stories) == one.report.items == 1


@pytest.mark.shared
async def test_real_mojibake_mended_later_is_no_rewrite(
    anomalies: dict[str, dict[str, bytes]], through: tuple[Watch, FeedServer]
) -> None:
    pair = anomalies["claude_mojibake_titles"]
    broken, mended = await polls(through, pair["a"], pair["b"])
    assert not [s.title for s in broken.stories if "â" in s.title]
    assert [(s.title[:12], s.revises) for s in mended.stories] == [("Eight trends", None)]


@pytest.mark.shared
async def test_a_real_title_that_was_wrong_and_then_right_is_a_rewrite(
    anomalies: dict[str, dict[str, bytes]], through: tuple[Watch, FeedServer]
) -> None:
    pair = anomalies["anthropic_engineering_wrong_title"]
    wrong, right = await polls(through, pair["a"], pair["b"])
    by_id = {s.id: s for s in wrong.stories}
    (new,) = (s for s in right.stories if s.revises is None)
    (rewritten,) = (s for s in right.stories if s.revises is not None)
    assert new.link.endswith("agent-skills")
    assert rewritten.revises is not None
    assert by_id[rewritten.revises].link == rewritten.link
    assert by_id[rewritten.revises].title == new.title  # two stories under one wrong title


@pytest.mark.shared
async def test_real_dates_that_change_at_every_fetch_make_nothing_new_and_are_not_believed(
    anomalies: dict[str, dict[str, bytes]], through: tuple[Watch, FeedServer]
) -> None:
    watched, _ = through
    watched.now = datetime(2025, 6, 19, 5, 13, tzinfo=UTC)
    pair = anomalies["anthropic_engineering_pubdate_is_fetch_time"]
    first, second = await polls(through, pair["a"], pair["b"])
    assert len(first.stories) == 6
    assert sum(s.published_at is None for s in first.stories) == 1
    assert second.stories == ()


@pytest.mark.shared
async def test_real_random_dates_make_nothing_new(
    anomalies: dict[str, dict[str, bytes]], through: tuple[Watch, FeedServer]
) -> None:
    pair = anomalies["meta_ai_random_pubdates"]
    first, second = await polls(through, pair["a"], pair["b"])
    assert len(first.stories) > 80
    assert second.stories == ()


@pytest.mark.shared
async def test_a_real_feed_with_glued_titles_brings_rewrites_of_what_is_known(
    anomalies: dict[str, dict[str, bytes]], through: tuple[Watch, FeedServer]
) -> None:
    pair = anomalies["anthropic_research_titles_with_category_date_and_abstract_glued"]
    first, second = await polls(through, pair["a"], pair["b"])
    known = {s.link: s.id for s in first.stories}
    assert second.stories
    for told in second.stories:
        assert told.revises == known.get(told.link)


def test_the_shared_list_of_feeds_imports(shared_data: Path) -> None:
    path = shared_data / "feeds" / "lists" / "awesome-tech-rss.opml"
    try:
        found = read_opml(path)
    except ConfigError as error:
        assert error.problems[0].line > 0  # noqa: PT017
    else:
        assert len(found.feeds) > 50
        assert len({f.name for f in found.feeds}) == len(found.feeds)
