"""Polling over real HTTP: what is new, what is kept in the state, and when the next poll comes."""

from __future__ import annotations

from datetime import UTC, timedelta

import pytest

from bot.adapters.feeds.reader import FeedReader
from bot.core.model import Trouble
from bot.core.model.feeds import FeedKind
from tests.feeds.conftest import NOW, SeenSet, Watch, item, rss, sample, watch
from tests.servers.feed_server import Document, FeedServer


def story(n: int, title: str = "") -> str:
    return item(title or f"Story number {n}", guid=f"id-{n}", link=f"https://news.example/{n}")


async def seeded(reader: FeedReader, seen: SeenSet, site: FeedServer, *items: str, **spec: object) -> Watch:
    """A watch whose first poll found ``items``."""
    watched = watch(reader, seen, site.publish("feed", rss(*items)), **spec)
    await watched.poll()
    return watched


async def test_the_first_poll_seeds_silently_and_the_second_brings_what_is_new(
    reader: FeedReader, seen: SeenSet, site: FeedServer
) -> None:
    watched = watch(reader, seen, site.publish("feed", sample("plain.rss")))
    first = await watched.poll()
    assert [s.title for s in first.stories] == ["Chip maker opens lower", "Lab releases a model that costs a tenth"]
    assert all(s.seeded and s.seen_at == watched.now and s.source == "example" for s in first.stories)
    assert first.state.seeded
    assert (first.report.trouble, first.report.items, first.report.fresh, first.report.status) == (
        Trouble.NONE,
        2,
        2,
        200,
    )
    fresh = sample("plain.rss").replace(b"</channel>", story(3).encode() + b"</channel>")
    site.publish("feed", fresh)
    second = await watched.poll()
    assert [(s.title, s.seeded, s.revises) for s in second.stories] == [("Story number 3", False, None)]
    assert (second.report.items, second.report.fresh) == (3, 1)
    assert second.state.last_change_at == watched.now


async def test_an_unchanged_feed_costs_a_304_and_nothing_else(
    reader: FeedReader, seen: SeenSet, site: FeedServer
) -> None:
    watched = await seeded(reader, seen, site, story(1))
    poll = await watched.poll()
    asked = site.asked("feed")[-1].headers
    assert asked["if-none-match"] == site.documents["feed"].etag
    assert asked["if-modified-since"] == site.LAST_MODIFIED
    assert "aftershock" in asked["user-agent"]
    assert (poll.report.status, poll.report.items, poll.report.trouble, poll.stories) == (304, 1, Trouble.NONE, ())


async def test_without_validators_the_same_body_is_not_parsed_again(
    reader: FeedReader, seen: SeenSet, site: FeedServer
) -> None:
    watched = watch(reader, seen, site.publish("feed", Document(rss(story(1)).encode(), validators=False)))
    await watched.poll()
    seen.keys.clear()  # were it parsed again, its story would be new
    poll = await watched.poll()
    assert (poll.report.status, poll.report.items, poll.stories) == (200, 1, ())


LIES = {
    "an ETag that never changes": {"fixed_etag": '"1"'},
    "a date of the past that never changes": {"last_modified": "Mon, 01 Jan 2024 00:00:00 GMT"},
}


@pytest.mark.parametrize("lie", LIES)
async def test_a_server_that_always_says_unchanged_is_asked_for_the_whole_feed_now_and_then(
    reader: FeedReader, seen: SeenSet, site: FeedServer, lie: str
) -> None:
    def published(*stories: str) -> str:
        return site.publish("feed", Document(rss(*stories).encode(), **LIES[lie]))  # type: ignore[arg-type]

    watched = watch(reader, seen, published(story(1)))
    await watched.poll()
    published(story(2), story(1))
    polls = [await watched.poll() for _ in range(12)]
    assert [p.report.status for p in polls] == [304] * 11 + [200]
    assert [s.title for s in polls[-1].stories] == ["Story number 2"]
    assert "stays the same when it changes" in polls[-1].report.detail
    published(story(3), story(2), story(1))
    found = await watched.poll()  # its word is taken no more
    assert [s.title for s in found.stories] == ["Story number 3"]
    assert found.report.detail == ""


async def test_a_server_that_ceases_to_lie_is_believed_again(
    reader: FeedReader, seen: SeenSet, site: FeedServer
) -> None:
    watched = watch(reader, seen, site.publish("feed", Document(rss(story(1)).encode(), fixed_etag='"1"')))
    await watched.poll()
    site.publish("feed", Document(rss(story(2), story(1)).encode(), fixed_etag='"1"'))
    await watched.poll(after=timedelta(hours=1))
    site.publish("feed", rss(story(3), story(2), story(1)))
    assert len((await watched.poll()).stories) == 1
    assert (await watched.poll()).report.status == 304


async def test_a_modification_date_of_the_future_is_not_sent_back(
    reader: FeedReader, seen: SeenSet, site: FeedServer
) -> None:
    for date in ("Tue, 01 Jan 2041 00:00:00 GMT", "Mon, 27 Jan 2025 12:30:00 GMT", "2041", "soon"):
        watched = watch(reader, SeenSet(), site.publish(date, Document(rss(story(1)).encode(), last_modified=date)))
        await watched.poll()
        await watched.poll()
        assert ["if-modified-since" in asked.headers for asked in site.asked(date)] == [False, False], date


async def test_a_feed_that_is_quiet_is_fetched_whole_once_an_hour(
    reader: FeedReader, seen: SeenSet, site: FeedServer
) -> None:
    watched = await seeded(reader, seen, site, story(1))
    statuses = [(await watched.poll()).report.status for _ in range(36)]
    assert statuses.count(200) == 3


async def test_a_site_that_does_not_stand_whole_fetches_is_asked_conditionally_again(
    reader: FeedReader, seen: SeenSet, site: FeedServer
) -> None:
    watched = await seeded(reader, seen, site, story(1))
    full = site.documents["feed"]
    site.publish("feed", Document(b"", status=429))
    assert (await watched.poll(after=timedelta(hours=2))).report.status == 429
    assert "if-none-match" not in site.asked("feed")[-1].headers
    site.publish("feed", full)
    assert (await watched.poll()).report.status == 304


async def test_a_poll_that_is_not_committed_is_repeated_in_full(
    reader: FeedReader, seen: SeenSet, site: FeedServer
) -> None:
    watched = await seeded(reader, seen, site, story(1))
    site.publish("feed", rss(story(2), story(1)))
    lost = await watched.poll(commit=False)
    again = await watched.poll()
    assert [s.id for s in lost.stories] == [s.id for s in again.stories]
    assert len(again.stories) == 1


async def test_a_rewritten_title_is_kept_beside_the_first(reader: FeedReader, seen: SeenSet, site: FeedServer) -> None:
    watched = watch(reader, seen, site.publish("feed", rss(story(1, "First wording"))))
    (first,) = (await watched.poll()).stories
    site.publish("feed", rss(story(1, "Quite another")))
    (second,) = (await watched.poll()).stories
    assert second.revises == first.id
    assert second.title == "Quite another"
    site.publish("feed", rss(story(1, "First  WORDING")))
    assert (await watched.poll()).stories == ()


async def test_a_rewrite_that_moved_to_another_page_is_recognised_by_its_words(
    reader: FeedReader, seen: SeenSet, site: FeedServer
) -> None:
    watched = watch(reader, seen, site.publish("feed", rss(story(1, "Chip maker falls on cheaper model"))))
    (first,) = (await watched.poll()).stories
    moved = item("Chip maker plunges 17% on cheaper model", guid="id-1", link="https://news.example/chip-plunge")
    site.publish("feed", rss(moved))
    assert [s.revises for s in (await watched.poll()).stories] == [first.id]
    site.publish("feed", rss(item("Bank opens a branch", guid="id-1", link="https://news.example/bank")))
    assert [s.revises for s in (await watched.poll()).stories] == [None]


async def test_a_feed_that_is_suddenly_empty_is_reported_and_floods_back_without_repeats(
    reader: FeedReader, seen: SeenSet, site: FeedServer
) -> None:
    full = [story(n) for n in range(40)]
    watched = await seeded(reader, seen, site, *full)
    before = watched.state
    site.publish("feed", sample("empty.rss"))
    for _ in range(2):  # it stays reported while it stays empty
        poll = await watched.poll()
        assert poll.report.trouble is Trouble.EMPTY
        assert "it had 40 at its last full poll" in poll.report.detail
        assert poll.state.seeded
        assert poll.state.last_items == 40
        assert poll.state.body_hash == before.body_hash
    site.publish("feed", rss(*full[:1]))
    assert (await watched.poll()).stories == ()
    site.publish("feed", rss(story(99), *full))
    back = await watched.poll()
    assert [s.title for s in back.stories] == ["Story number 99"]
    assert back.report.trouble is Trouble.NONE


async def test_a_new_feed_that_begins_empty_still_seeds_silently(
    reader: FeedReader, seen: SeenSet, site: FeedServer
) -> None:
    watched = watch(reader, seen, site.publish("feed", sample("empty.rss")))
    poll = await watched.poll()
    assert poll.report.trouble is Trouble.EMPTY
    assert not poll.state.seeded
    site.publish("feed", rss(*[story(n) for n in range(5)]))
    assert all(s.seeded for s in (await watched.poll()).stories)


async def test_a_first_poll_that_was_cut_off_does_not_make_the_rest_look_new(
    reader: FeedReader, seen: SeenSet, site: FeedServer
) -> None:
    watched = watch(reader, seen, site.publish("feed", sample("cut-off.rss")))
    first = await watched.poll()
    assert len(first.stories) == 2
    assert "is truncated" in first.report.detail
    assert first.state.etag is None
    whole = sample("cut-off.rss").replace(b"Half an ent\n", b"Half an entry</title><link>https://news.example/3</link>")
    site.publish("feed", whole + b"</item></channel></rss>")
    second = await watched.poll()
    assert [(s.title, s.seeded) for s in second.stories] == [("Half an entry", True)]
    assert second.state.seeded


async def test_a_feed_that_is_always_cut_off_is_seeded_the_second_time(
    reader: FeedReader, seen: SeenSet, site: FeedServer
) -> None:
    watched = watch(reader, seen, site.publish("feed", sample("cut-off.rss")))
    await watched.poll()
    assert (await watched.poll()).state.seeded
    site.publish("feed", sample("cut-off.rss").replace(b"</link>", b"</link>" + story(5).encode(), 1))
    assert [s.seeded for s in (await watched.poll()).stories] == [False]


async def test_more_entries_than_a_poll_takes_come_with_the_next_polls(
    session: object, seen: SeenSet, site: FeedServer, reader: FeedReader
) -> None:
    small = FeedReader(reader._session, seen.known, jitter=lambda: 0.5, max_stories=4, parser=reader._parser)
    watched = watch(small, seen, site.publish("feed", rss(*[story(n) for n in range(10)])))
    polls = [await watched.poll() for _ in range(3)]
    assert [len(p.stories) for p in polls] == [4, 4, 2]
    assert "6 entries over the limit of 4 per poll" in polls[0].report.detail
    assert polls[0].state.next_poll_at == NOW + timedelta(minutes=5) + watched.feed.min_interval
    assert [p.state.seeded for p in polls] == [False, False, True]
    assert all(s.seeded for p in polls for s in p.stories)
    assert len({s.id for p in polls for s in p.stories}) == 10
    assert [p.state.etag is None for p in polls] == [True, True, False]


def dated(n: int, when: str, *, at: str = "") -> str:
    return item(f"Story number {n}", guid=f"{at}id-{n}", link=f"https://news.example/{at}{n}", date=when)


YESTERDAY, JUST_NOW = "Sun, 26 Jan 2025 10:00:00 GMT", "Mon, 27 Jan 2025 12:08:{:02}.{} GMT"


async def test_a_relaunch_under_new_guids_and_links_brings_nothing_but_what_is_new(
    reader: FeedReader, seen: SeenSet, site: FeedServer
) -> None:
    watched = await seeded(reader, seen, site, *[dated(n, YESTERDAY) for n in range(20)])
    moved = [dated(n, YESTERDAY, at="new/") for n in range(20)]
    site.publish("feed", rss(dated(99, JUST_NOW.format(0, 0)), *moved))
    poll = await watched.poll()
    assert [(s.title, s.seeded) for s in poll.stories] == [("Story number 99", False)]


async def test_a_relaunch_with_new_dates_is_evidence_only(reader: FeedReader, seen: SeenSet, site: FeedServer) -> None:
    watched = await seeded(reader, seen, site, *[dated(n, YESTERDAY) for n in range(3)])
    site.publish("feed", rss(*[dated(n, JUST_NOW.format(n, n), at="new/") for n in (9, 0, 1, 2)]))
    poll = await watched.poll()
    assert {s.title[-1]: s.seeded for s in poll.stories} == {"0": True, "1": True, "2": True, "9": False}
    assert "3 of 4 new entries are taken as evidence only" in poll.report.detail
    site.publish("feed", rss(*[dated(n, JUST_NOW.format(n, n), at="new/") for n in (9, 0, 1)]))
    assert (await watched.poll()).stories == ()


async def test_links_that_change_at_every_fetch_make_no_entry_new(
    reader: FeedReader, seen: SeenSet, site: FeedServer
) -> None:
    watched = watch(reader, seen, site.url("feed"))
    fresh = []
    for t in range(4):
        site.publish("feed", rss(*[dated(n, "", at=f"?t={t}&") for n in range(8 + t)]))
        fresh.append([s.title for s in (await watched.poll()).stories])
    assert fresh[1:] == [["Story number 8"], ["Story number 9"], ["Story number 10"]]


@pytest.mark.parametrize(
    ("count", "date", "evidence"),
    [
        (10, "", 0),
        (11, "", 11),
        (11, YESTERDAY, 11),
        (11, "Mon, 27 Jan 2025", 0),
        (11, "now", 0),
        (100, "now", 0),
        (101, "now", 101),
        (500, "", 500),
    ],
)
async def test_more_at_once_than_can_be_new_is_evidence_only(
    reader: FeedReader, seen: SeenSet, site: FeedServer, count: int, date: str, evidence: int
) -> None:
    watched = await seeded(reader, seen, site, story(1))
    dates = [JUST_NOW.format(n % 60, n) if date == "now" else date for n in range(count)]
    site.publish("feed", rss(*[dated(1000 + n, at) for n, at in enumerate(dates)]))
    poll = await watched.poll()
    assert len(poll.stories) == count
    assert sum(s.seeded for s in poll.stories) == evidence


async def test_what_a_flood_leaves_for_the_next_poll_is_part_of_it(
    reader: FeedReader, seen: SeenSet, site: FeedServer
) -> None:
    small = FeedReader(reader._session, seen.known, jitter=lambda: 0.5, max_stories=20, parser=reader._parser)
    watched = await seeded(small, seen, site, story(1))
    site.publish("feed", rss(*[story(n) for n in range(100, 125)]))
    polls = [await watched.poll() for _ in range(2)]
    assert [len(p.stories) for p in polls] == [20, 5]
    assert all(s.seeded for p in polls for s in p.stories)
    site.publish("feed", rss(story(200)))
    assert [s.seeded for s in (await watched.poll()).stories] == [False]


async def test_a_feed_may_bring_so_many_stories_a_day_and_no_more(
    reader: FeedReader, seen: SeenSet, site: FeedServer
) -> None:
    watched = await seeded(reader, seen, site, story(1), stories_per_day=120)
    taken, polls = 0, []
    for n in range(1, 31):  # fifty new entries every five minutes, none of them kept in the feed for long
        site.publish("feed", rss(*[story(n * 100 + k) for k in range(50)]))
        polls.append(await watched.poll())
        taken += len(polls[-1].stories)
    assert 120 <= taken <= 120 + 120 * 30 * 5 / (24 * 60) + 1
    assert [p.report.trouble for p in polls[:2]] == [Trouble.NONE, Trouble.NONE]
    assert {p.report.trouble for p in polls[3:]} == {Trouble.REFUSED}
    assert "new entries left unread: it may bring 120 a day" in polls[-1].report.detail
    assert polls[-1].state.next_poll_at == watched.now + polls[-1].state.interval  # not sooner for what is unread


async def test_what_was_over_the_budget_is_read_when_it_is_there_a_day_later(
    reader: FeedReader, seen: SeenSet, site: FeedServer
) -> None:
    watched = await seeded(reader, seen, site, story(1), stories_per_day=30)
    site.publish("feed", rss(*[story(n) for n in range(100, 150)]))
    assert len((await watched.poll()).stories) == 30
    assert (await watched.poll()).report.trouble is Trouble.REFUSED
    later = await watched.poll(after=timedelta(days=1))
    assert (len(later.stories), later.report.trouble) == (20, Trouble.NONE)


async def test_the_budget_survives_a_clock_that_is_set_back(
    reader: FeedReader, seen: SeenSet, site: FeedServer
) -> None:
    watched = await seeded(reader, seen, site, story(1), stories_per_day=10)
    site.publish("feed", rss(*[story(n) for n in range(100, 120)]))
    assert len((await watched.poll()).stories) == 10
    assert len((await watched.poll(after=-timedelta(days=3))).stories) == 0
    assert len((await watched.poll(after=timedelta(days=1))).stories) == 10


async def test_a_changed_address_begins_anew(reader: FeedReader, seen: SeenSet, site: FeedServer) -> None:
    watched = await seeded(reader, seen, site, story(1))
    moved = watch(reader, seen, site.publish("moved", rss(story(1), story(2))))
    moved.state = watched.state
    poll = await moved.poll()
    assert [(s.title, s.seeded) for s in poll.stories] == [("Story number 2", True)]
    assert poll.state.url == moved.feed.url
    assert "if-none-match" not in site.asked("moved")[0].headers


async def test_an_aggregators_publisher_is_whom_it_points_to(
    reader: FeedReader, seen: SeenSet, site: FeedServer
) -> None:
    watched = watch(reader, seen, site.publish("feed", sample("aggregator.rss")), kind=FeedKind.AGGREGATOR)
    stories = {s.title: s for s in (await watched.poll()).stories}
    assert {title: s.publisher for title, s in stories.items()} == {
        "Pointed to directly": "lab.example",
        "Behind a redirect": "paper.example",
        "Asked by a reader": "aggregator.example",
    }
    assert stories["Pointed to directly"].summary == ""


async def test_a_publishers_stories_carry_its_title(reader: FeedReader, seen: SeenSet, site: FeedServer) -> None:
    own = await watch(reader, seen, site.publish("a", rss(story(1)))).poll()
    named = await watch(reader, SeenSet(), site.publish("b", rss(story(1))), title="The Wire").poll(commit=False)
    assert own.stories[0].publisher == "Example Wire"
    assert not named.stories  # the reader's seen-set knows it; a feed is known by its name
    other = FeedReader(reader._session, SeenSet().known, parser=reader._parser)
    assert (await watch(other, SeenSet(), site.url("b"), title="The Wire").poll()).stories[0].publisher == "The Wire"


async def test_relative_links_lead_to_the_feeds_site(reader: FeedReader, seen: SeenSet, site: FeedServer) -> None:
    watched = watch(reader, seen, site.publish("feed", rss(item("x", link="/x"), link="")))
    assert (await watched.poll()).stories[0].link == site.url("/x")


async def test_absurd_dates_never_reach_a_story(reader: FeedReader, seen: SeenSet, site: FeedServer) -> None:
    watched = watch(reader, seen, site.publish("feed", sample("dates.rss")))
    for told in (await watched.poll()).stories:
        assert told.published_at is None or told.published_at <= told.seen_at
        assert told.published_at is None or told.published_at.tzinfo is UTC
        assert told.seen_at == watched.now


# ------------------------------------------------------------------------------------------------------------ pace


async def test_the_interval_halves_on_change_and_grows_when_quiet_within_bounds(
    reader: FeedReader, seen: SeenSet, site: FeedServer
) -> None:
    minutes = timedelta(minutes=1)
    watched = await seeded(reader, seen, site, story(0), min_interval=2 * minutes, max_interval=6 * minutes)
    intervals = []
    for n in range(6):
        if n < 2:
            site.publish("feed", rss(*[story(i) for i in range(n + 2)]))
        poll = await watched.poll()
        assert poll.state.next_poll_at == watched.now + poll.state.interval  # jitter 0.5 leaves it as it is
        intervals.append(poll.state.interval / minutes)
    assert intervals == [2, 2, 3, 4.5, 6, 6]


async def test_errors_back_off_exponentially_to_a_cap_and_success_forgets_them(
    reader: FeedReader, seen: SeenSet, site: FeedServer
) -> None:
    watched = await seeded(reader, seen, site, story(1))
    interval = watched.state.interval
    site.publish("feed", Document(b"", status=500))
    waits = []
    for n in range(1, 9):
        poll = await watched.poll()
        assert poll.report.trouble is Trouble.FAILED
        assert poll.state.failures == n
        assert poll.state.last_error == poll.report.detail
        assert poll.state.next_poll_at is not None
        waits.append((poll.state.next_poll_at - watched.now) / timedelta(minutes=1))
    assert waits == [2, 4, 8, 16, 32, 60, 60, 60]
    assert watched.state.interval == interval
    assert watched.state.seeded
    site.publish("feed", rss(story(2), story(1)))
    poll = await watched.poll()
    assert (poll.state.failures, poll.state.last_error, len(poll.stories)) == (0, "", 1)


async def test_jitter_spreads_the_waits(seen: SeenSet, site: FeedServer, reader: FeedReader) -> None:
    site.publish("feed", Document(b"", status=500))
    waits = []
    for jitter in (0.0, 0.999):
        spread = FeedReader(reader._session, seen.known, jitter=lambda j=jitter: j, parser=reader._parser)  # type: ignore[misc]
        watched = watch(spread, seen, site.url("feed"))
        poll = await watched.poll()
        assert poll.state.next_poll_at is not None
        waits.append((poll.state.next_poll_at - watched.now) / timedelta(minutes=1))
    assert waits == pytest.approx([1, 3], rel=0.01)


@pytest.mark.parametrize(
    ("retry_after", "wait"),
    [
        ("3600", timedelta(hours=1)),
        ("Mon, 27 Jan 2025 14:05:00 GMT", timedelta(hours=2)),
        ("5", timedelta(minutes=1)),  # never sooner than min_interval
        ("Mon, 27 Jan 2020 14:05:00 GMT", timedelta(minutes=1)),
        ("999999999", timedelta(days=1)),
        ("soon", timedelta(minutes=2)),
        ("-1", timedelta(minutes=2)),
        ("1e9", timedelta(minutes=2)),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
async def test_retry_after_is_obeyed(
    reader: FeedReader, seen: SeenSet, site: FeedServer, retry_after: str, wait: timedelta, status: int
) -> None:
    watched = watch(
        reader, seen, site.publish("feed", Document(b"", status=status, headers={"Retry-After": retry_after}))
    )
    poll = await watched.poll()
    assert poll.report.status == status
    assert poll.state.next_poll_at == watched.now + wait


async def test_a_feed_that_is_gone_is_rarely_asked_again(reader: FeedReader, seen: SeenSet, site: FeedServer) -> None:
    watched = watch(reader, seen, site.publish("feed", Document(b"", status=410)))
    poll = await watched.poll()
    assert "permanently gone; remove it" in poll.report.detail
    assert poll.state.next_poll_at == watched.now + timedelta(hours=12)
