"""Asking on demand: worst first within every budget, over real HTTP against a site that answers, fails and floods."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from urllib.parse import parse_qs

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.adapters.feeds.fetch import Fetched
from bot.adapters.feeds.parser import Parser
from bot.adapters.feeds.reader import FeedPoll, FeedReader
from bot.adapters.feeds.session import FeedSession
from bot.app.run.news.on_demand import (
    APART,
    EMPTY_IN_A_ROW,
    KEPT_BACK,
    LOOK_EVERY,
    SELDOM,
    STILL_AFTER,
    Allowance,
    Budgets,
    OnDemand,
    Plan,
)
from bot.clock import SimulatedClock
from bot.core.errors import StoreError
from bot.core.health import Health
from bot.core.model import Announcement, FeedState, SourceReport, Story, Trouble
from bot.core.model.feeds import FeedSpec
from bot.core.model.on_demand import OnDemandSpec, Wanted, WantedKind
from bot.core.view import View
from tests.feeds.conftest import LIMITS, SeenSet, item, rss
from tests.servers.feed_server import Document, FeedServer

NOW = datetime(2025, 1, 27, 15, 0, tzinfo=UTC)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
BY_SYMBOL = OnDemandSpec("headlines", "https://a.example/rss?s={symbols}", together=5)
SEARCH = OnDemandSpec("search", "https://b.example/search?q={words}")


def company(symbol: str, change: float = -0.06) -> Wanted:
    return Wanted(WantedKind.COMPANY, symbol, f'"{symbol} Inc" shares', change)


def falling(many: int) -> list[Wanted]:
    """So many companies, the furthest first."""
    return [company(f"S{n:02}", -0.20 + n / 1000) for n in range(many)]


# ------------------------------------------------------------------------------------------------------------- budgets


@given(st.lists(st.integers(0, 400), max_size=300), st.integers(1, 20), st.integers(1, 60))
def test_no_minute_and_no_day_has_more_requests_than_allowed(gaps: list[int], a_minute: int, a_day: int) -> None:
    allowance, now, sent = Allowance(a_minute, a_day), NOW, []
    for gap in gaps:
        now += timedelta(seconds=gap)
        if allowance.left(now):
            allowance.spend(now)
            sent.append(now)
    for start in sent:
        assert sum(start <= at < start + MINUTE for at in sent) <= a_minute
        assert sum(start <= at < start + timedelta(days=1) for at in sent) <= a_day


# ---------------------------------------------------------------------------------------------------------------- plan


def asked(plan: Plan, source: OnDemandSpec, now: datetime, **only: bool) -> list[str]:
    """What a request now asks about; it counts as asked."""
    chosen = plan.next(source, now, **only)
    plan.asked(source, chosen, now)
    return [wanted.name for wanted in chosen]


def test_sixty_at_once_are_asked_about_worst_first_several_in_one_request() -> None:
    plan = Plan(MINUTE)
    plan.take(falling(60), NOW)
    requests = [asked(plan, BY_SYMBOL, NOW + n * SECOND) for n in range(13)]
    assert requests[0] == ["S00", "S01", "S02", "S03", "S04"]
    assert [name for request in requests[:12] for name in request] == [f"S{n:02}" for n in range(60)]
    assert requests[12] == [], "each once"
    assert asked(plan, BY_SYMBOL, NOW + MINUTE) == requests[0], "and again after a minute"


def test_what_was_never_asked_about_comes_before_what_is_worse_and_was() -> None:
    plan = Plan(MINUTE)
    plan.take([company("OLD", -0.2)], NOW)
    assert asked(plan, SEARCH, NOW) == ["OLD"]
    later = NOW + MINUTE
    plan.take([company("OLD", -0.3), company("NEW", -0.05)], later)
    assert asked(plan, SEARCH, later) == ["NEW"]
    assert asked(plan, SEARCH, later, only_new=True) == []
    assert asked(plan, SEARCH, later) == ["OLD"]


def test_nobody_starves_where_a_source_answers_less_than_is_wanted() -> None:
    plan, times = Plan(MINUTE), Counter[str]()
    for second in range(0, 600, 6):  # ten a minute, for 30 that want one every minute
        now = NOW + second * SECOND
        plan.take(falling(30), now)
        times.update(asked(plan, SEARCH, now))
    assert set(times) == {f"S{n:02}" for n in range(30)}
    assert max(times.values()) - min(times.values()) <= 1


def test_what_lies_still_is_asked_about_less_often_until_it_moves_further() -> None:
    plan, requests, change = Plan(MINUTE), [], -0.06
    for minute in range(120):
        now = NOW + minute * MINUTE
        if minute == 90:
            change = -0.075
        plan.take([company("NVDA", change)], now)
        requests += [minute] * bool(asked(plan, SEARCH, now))
    still = int(STILL_AFTER / MINUTE)
    assert requests[: still + 1] == list(range(still + 1)), "every minute at first"
    assert {b - a for a, b in pairwise(requests) if still <= a < 85} == {SELDOM}
    assert requests[-29:] == list(range(91, 120)), "and again when it falls further"


def test_a_release_is_asked_about_at_once_and_then_seldom_and_after_what_moves() -> None:
    plan, release = Plan(MINUTE), Wanted(WantedKind.RELEASE, "R2", '"DeepSeek R2"')
    plan.take([company("NVDA"), release], NOW)
    assert asked(plan, BY_SYMBOL, NOW) == ["NVDA"], "there is no symbol to ask by"
    assert [asked(plan, SEARCH, NOW) for _ in range(3)] == [["NVDA"], ["R2"], []]
    times = [
        m for m in range(1, 20) if "R2" in asked(plan, SEARCH, NOW + m * MINUTE) + asked(plan, SEARCH, NOW + m * MINUTE)
    ]
    assert times == [5, 10, 15]


def test_a_price_that_trembles_at_the_threshold_is_no_new_move_each_time() -> None:
    plan, requests = Plan(MINUTE), 0
    for second in range(0, 600, 2):
        now = NOW + second * SECOND
        plan.take([company("NVDA")] if second % 4 else [], now)
        requests += bool(asked(plan, SEARCH, now))
    assert requests == 10


@settings(max_examples=50)
@given(st.lists(st.lists(st.integers(0, 40), max_size=40, unique=True), max_size=60))
def test_no_source_is_asked_about_anything_twice_within_the_interval(looks: list[list[int]]) -> None:
    plan, last = Plan(MINUTE), {}
    for number, symbols in enumerate(looks):
        now = NOW + 13 * number * SECOND
        plan.take([company(f"S{n}", -0.05 - n / 1000) for n in symbols], now)
        for source in (BY_SYMBOL, SEARCH):
            for name in asked(plan, source, now):
                assert now - last.get((source.name, name), NOW - MINUTE) >= MINUTE
                last[source.name, name] = now
    assert len(plan._tracks) <= 41
    assert len(plan._asked_at) <= 82


# ------------------------------------------------------------------------------------------ a site and simulated time


@dataclass(slots=True)
class Moving:
    """A view in which this moves."""

    wanted: Sequence[Wanted] = ()

    def wanted_headlines(self, at: datetime) -> Sequence[Wanted]:
        return self.wanted


@dataclass
class Desk:
    """Everything that asks, against a site of ours; time passes only here."""

    site: FeedServer
    asking: OnDemand
    view: Moving
    clock: SimulatedClock
    seen: SeenSet
    health: Health = field(default_factory=Health)
    stories: list[Story] = field(default_factory=list)
    reports: list[SourceReport] = field(default_factory=list)
    notices: list[Announcement] = field(default_factory=list)
    unwritten: list[str] = field(default_factory=list)
    store_fails: bool = False
    asked: list[tuple[datetime, str]] = field(default_factory=list)
    """When which address was asked."""
    _due: dict[str, datetime] = field(default_factory=dict)

    def take(self, poll: FeedPoll) -> None:
        if self.store_fails:
            raise StoreError("the disk is full")
        self.seen.commit(poll)
        self.stories += poll.stories
        self.reports.append(poll.report)
        if (notice := self.health.observe(poll.report)) is not None:
            self.notices.append(notice)

    async def pass_time(self, span: timedelta) -> None:
        """Every source's job for so long, each when it wants to run again."""
        end = self.clock.now() + span
        while True:
            spec = min(self.asking.specs, key=lambda s: self._due.get(s.name, NOW))
            due = max(self._due.get(spec.name, NOW), self.clock.now())
            if due > end:
                break
            self.clock.advance(due)
            self._due[spec.name] = due + await self.asking.look(spec)
        self.clock.advance(end)


Ask = Callable[[], Awaitable[Fetched]] | None


class Noting(FeedReader):
    """Notes when which address is asked."""

    asked: list[tuple[datetime, str]]

    async def poll(self, feed: FeedSpec, state: FeedState, now: datetime, ask: Ask = None) -> FeedPoll:
        self.asked.append((now, feed.url))
        return await super().poll(feed, state, now, ask)


MakeDesk = Callable[..., Desk]


@pytest.fixture
async def make() -> AsyncIterator[MakeDesk]:
    async with FeedServer() as site, FeedSession() as session:
        parser = Parser()

        def desk(*wanted: Wanted, budgets: Budgets | None = None, **more: object) -> Desk:
            clock, view, seen = SimulatedClock(NOW), Moving(wanted), SeenSet()
            specs = [
                OnDemandSpec("headlines", f"{site.url('headlines')}?s={{symbols}}", together=5, **more),  # type: ignore[arg-type]
                OnDemandSpec("search", f"{site.url('search')}?q={{words}}", **more),  # type: ignore[arg-type]
            ]
            reader = Noting(session, seen.known, jitter=lambda: 0.5, limits=LIMITS, parser=parser)
            seen_by: View = view  # type: ignore[assignment]  # all that is used of one
            asking = OnDemand(specs, reader, lambda: seen_by, clock, clock, lambda p: found.take(p),
                              lambda why: found.unwritten.append(why), MINUTE, budgets or Budgets())  # fmt: skip
            asking.resume({})
            reader.asked = []
            found = Desk(site, asking, view, clock, seen, asked=reader.asked)
            return found

        yield desk
        await parser.close()


def headline(title: str, publisher: str = "", *, guid: str = "") -> str:
    """An entry as a news search gives it: linked to itself, with its publisher beside it."""
    named = f'<source url="https://www.{publisher}">{publisher}</source>' if publisher else ""
    plain = item(f"{title} - {publisher}" if publisher else title, guid=guid or title, link=f"http://127.0.0.1/{title}")
    return plain.replace("</item>", f"{named}<pubDate>Mon, 27 Jan 2025 14:30:00 GMT</pubDate></item>")


async def test_nothing_is_asked_while_nothing_moves(make: MakeDesk) -> None:
    desk = make()
    await desk.pass_time(timedelta(minutes=5))
    assert (desk.site.requests, desk.asking.counts.requests) == ([], 0)
    assert desk.asking.words() == "nothing moves; 0 requests and 0 new since the start"


async def test_by_turns_every_watched_company_is_asked_about_once_in_a_round(make: MakeDesk) -> None:
    desk = make()
    desk.site.publish("headlines", rss(headline("Nothing much")))
    desk.asking.round, desk.asking.symbols = 30 * MINUTE, [f"S{n}" for n in range(12)]
    await desk.pass_time(30 * MINUTE - SECOND)
    groups = [url.partition("?s=")[2].split(",") for _, url in desk.asked]
    assert sorted(symbol for group in groups for symbol in group) == sorted(desk.asking.symbols)
    assert [len(group) for group in groups] == [5, 5, 2]
    assert [round((at - NOW) / MINUTE) for at, _ in desk.asked] == [0, 10, 20]
    assert [story.seeded for story in desk.stories] == [True]


async def test_what_is_asked_through_the_price_source_does_not_go_round_and_fails_like_any_other(
    make: MakeDesk,
) -> None:
    desk = make(through_prices=True)
    desk.asking.round, desk.asking.symbols = MINUTE, ["S1", "S2"]
    await desk.pass_time(10 * MINUTE)
    assert desk.asked == []
    desk.view.wanted = [company("NVDA")]
    await desk.pass_time(30 * MINUTE)
    assert desk.site.requests == [], "its address is for people"
    assert {report.detail.split(";")[0] for report in desk.reports} == {"the price source has no headlines"}
    assert len(desk.asked) < 20, "and is left alone for longer and longer"


async def test_what_moves_comes_before_whose_turn_it_is(make: MakeDesk) -> None:
    desk = make(company("NVDA"), budgets=Budgets(a_minute=2, host_a_minute=2))
    desk.site.publish("headlines", rss(headline("Nvidia sinks")))
    desk.asking.round, desk.asking.symbols = MINUTE, [f"S{n}" for n in range(100)]
    await desk.pass_time(SECOND)
    assert desk.asked[0][1].endswith("?s=NVDA")
    await desk.pass_time(10 * MINUTE)
    assert sum(url.endswith("?s=NVDA") for _, url in desk.asked) >= 5
    assert desk.asking.counts.requests <= 2 * 11


async def test_a_fall_is_asked_about_at_once_and_its_headlines_are_evidence_with_their_publishers(
    make: MakeDesk,
) -> None:
    desk = make(company("NVDA"))
    desk.site.publish("headlines", rss(headline("Nvidia sinks")))
    desk.site.publish(
        "search", rss(headline("Nvidia sinks on DeepSeek", "cnbc.com"), headline("Chips slide", "ft.com"))
    )
    await desk.pass_time(2 * SECOND)
    assert [seen.path for seen in desk.site.requests] == ["/headlines", "/search"]
    found = {story.title: story for story in desk.stories}
    assert found.keys() == {"Nvidia sinks", "Nvidia sinks on DeepSeek", "Chips slide"}
    told = found["Nvidia sinks on DeepSeek"]
    assert (told.source, told.publisher, told.seeded) == ("search", "cnbc.com", True)
    assert told.published_at == NOW - 30 * MINUTE
    assert found["Nvidia sinks"].publisher == "127.0.0.1", "an aggregator that names nobody is one source"
    await desk.pass_time(10 * MINUTE)
    assert len(desk.stories) == 3, "what is known is known"
    assert {len(desk.site.asked(path)) for path in ("search", "headlines")} <= {10, 11}
    assert "if-none-match" in desk.site.asked("search")[-1].headers
    assert {report.trouble for report in desk.reports} == {Trouble.NONE}


async def test_a_known_title_is_known_whatever_it_was_asked_about(make: MakeDesk) -> None:
    desk = make(company("NVDA"), company("AMD"))
    desk.site.publish("search", rss(headline("Chips slide", "ft.com")))
    await desk.pass_time(5 * SECOND)
    assert len(desk.site.asked("search")) == 2
    assert [story.title for story in desk.stories if story.source == "search"] == ["Chips slide"]


async def test_sixty_falls_are_served_worst_first_and_every_budget_holds(make: MakeDesk) -> None:
    budgets = Budgets(a_minute=30, a_day=70, host_a_minute=25, host_a_day=60)
    desk = make(*falling(60), budgets=budgets)
    desk.site.publish("headlines", rss(headline("Stocks fall")))
    desk.site.publish("search", rss(headline("Stocks fall", "ft.com")))
    await desk.pass_time(MINUTE - SECOND)
    urls = [url for _, url in desk.asked if "/headlines" in url]
    first = [name for url in urls for name in parse_qs(url.partition("?")[2])["s"][0].split(",")]
    assert first[:5] == ["S00", "S01", "S02", "S03", "S04"]
    assert set(first) == {f"S{n:02}" for n in range(60)}, "all within the first minute"
    await desk.pass_time(timedelta(hours=3))
    at = [when for when, _ in desk.asked]
    assert len(at) == len(desk.site.requests) == desk.asking.counts.requests == budgets.host_a_day, "both are one host"
    for start in at:
        assert sum(start <= when < start + MINUTE for when in at) <= budgets.host_a_minute


async def test_what_begins_to_move_later_finds_a_part_of_the_budget_left(make: MakeDesk) -> None:
    desk = make(*falling(60), budgets=Budgets(a_minute=8, host_a_minute=8))
    for path in ("headlines", "search"):
        desk.site.publish(path, rss(headline("Stocks fall")))
    desk.view.wanted = falling(3)
    await desk.pass_time(3 * MINUTE)
    spent = desk.asking.counts.requests
    desk.view.wanted = [*falling(3), company("NEW", -0.03)]
    await desk.pass_time(LOOK_EVERY + APART)
    assert desk.asking.counts.requests > spent
    assert any("NEW" in page for page in desk.asking._pages["headlines"])
    assert KEPT_BACK * 8 >= 1


FAULTS = {
    "forbidden": Document(b"no", status=403, validators=False),
    "too many": Document(b"no", status=429, validators=False, headers={"Retry-After": "300"}),
    "another shape": Document(b'{"items": 3}', "application/json", validators=False),
    "a page": Document(b"<html><body>Please log in</body></html>", "text/html", validators=False),
    "a redirect to a page": Document(b"", status=302, validators=False, headers={"Location": "/login"}),
    "a body of 100 MB": Document(b"<rss>" + b"x" * 100_000_000, validators=False, chunk=1_000_000),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_source_that_fails_is_one_notice_and_left_alone_and_the_other_goes_on(
    make: MakeDesk, fault: str
) -> None:
    desk = make(company("NVDA"))
    desk.site.publish("search", FAULTS[fault])
    desk.site.publish("login", FAULTS["a page"])
    desk.site.publish("headlines", rss(headline("Nvidia sinks")))
    for minute in range(240):
        desk.view.wanted = [company("NVDA", -0.06 - 0.02 * (minute % 2))]
        await desk.pass_time(MINUTE)
    assert len(desk.site.asked("headlines")) >= 238
    assert 3 <= len(desk.site.asked("search")) <= 50
    assert [notice.summary.subject.split(" has failed")[0] for notice in desk.notices] == ["Search search"]
    assert "failing: search" in desk.asking.words()
    desk.site.publish("search", rss(headline("Nvidia sinks on DeepSeek", "cnbc.com")))
    for minute in range(120):
        desk.view.wanted = [company("NVDA", -0.06 - 0.02 * (minute % 2))]
        await desk.pass_time(MINUTE)
    assert [notice.summary.subject for notice in desk.notices][1:] == ["Search search works again"]
    assert any(story.publisher == "cnbc.com" for story in desk.stories)


async def test_a_search_that_finds_nothing_is_no_trouble_unless_it_never_finds_anything(make: MakeDesk) -> None:
    desk = make(company("NVDA"))
    desk.site.publish("search", rss())
    desk.site.publish("headlines", rss(headline("Nvidia sinks")))
    await desk.pass_time((EMPTY_IN_A_ROW - 2) * MINUTE)
    assert desk.notices == []
    await desk.pass_time(5 * MINUTE)
    assert [notice.summary.subject for notice in desk.notices] == ["Search search finds nothing"]


async def test_a_search_that_still_finds_nothing_after_a_restart_does_not_work_again(make: MakeDesk) -> None:
    desk = make(company("NVDA"))
    desk.site.publish("search", rss())
    desk.site.publish("headlines", rss(headline("Nvidia sinks")))
    await desk.pass_time((EMPTY_IN_A_ROW + 2) * MINUTE)
    stored = desk.asking.states
    again = make(company("NVDA"))
    again.asking.resume(stored)
    await again.pass_time(2 * MINUTE)
    assert [notice.summary.subject for notice in again.notices] == ["Search search finds nothing"], "still in trouble"


async def test_a_flood_is_read_up_to_the_budget_and_fires_nothing(make: MakeDesk) -> None:
    desk = make(company("NVDA"), stories_per_day=150)
    numbers = iter(range(10**6))

    def flood() -> None:
        desk.site.publish("search", rss(*(headline(f"Invented {next(numbers)}", "spam.example") for _ in range(1000))))

    desk.site.publish("headlines", rss(headline("Nvidia sinks")))
    for _ in range(6):
        flood()
        await desk.pass_time(MINUTE)
    assert len([s for s in desk.stories if s.source == "search"]) <= 151
    assert all(story.seeded for story in desk.stories)
    assert [notice.summary.subject for notice in desk.notices] == ["Search search brings more stories than are read"]


async def test_a_history_that_cannot_be_written_loses_nothing(make: MakeDesk) -> None:
    desk = make(company("NVDA"))
    for path in ("headlines", "search"):
        desk.site.publish(path, rss(headline("Nvidia sinks")))
    desk.store_fails = True
    await desk.pass_time(3 * SECOND)
    assert desk.unwritten == ["the disk is full"] * 2
    desk.store_fails = False
    await desk.pass_time(MINUTE)
    assert {story.source for story in desk.stories} == {"headlines", "search"}


async def test_what_is_remembered_of_addresses_is_bounded(make: MakeDesk) -> None:
    desk = make(budgets=Budgets(1000, 10_000, 1000, 10_000))
    for path in ("headlines", "search"):
        desk.site.publish(path, rss(headline("Stocks fall")))
    for n in range(30):
        desk.view.wanted = [replace(w, name=f"{w.name}.{n}", words=f"{w.words} {n}") for w in falling(10)]
        await desk.pass_time(10 * SECOND)
    assert desk.asking.counts.requests >= 300
    assert max(len(pages) for pages in desk.asking._pages.values()) <= 200
