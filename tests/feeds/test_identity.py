"""Which entry is which, by table and by property; the seen-set here is a dictionary."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.adapters.feeds.identity import (
    Entry,
    EntryVerdict,
    Novelty,
    first_keys,
    fold_link,
    fold_title,
    judge,
    mark,
    rewrite_keys,
)

NEW, REPEAT, REVISION = Novelty.NEW, Novelty.REPEAT, Novelty.REVISION
HOME = "https://news.example/"


class Seen:
    """Polls in turn, each answered from what the earlier ones left."""

    def __init__(self) -> None:
        self.keys: dict[str, str] = {}

    def poll(self, *entries: Entry, source: str = "wire") -> list[EntryVerdict]:
        marks = mark(source, entries, homes=(HOME,))
        known = {k: self.keys[k] for k in first_keys(marks) if k in self.keys}
        known |= {k: self.keys[k] for k in rewrite_keys(marks, known) if k in self.keys}
        verdicts = judge(marks, known)
        for verdict in verdicts:
            for key in verdict.keys:
                self.keys.setdefault(key, verdict.story)
        return verdicts


def seen_after(*entries: Entry) -> Seen:
    seen = Seen()
    seen.poll(*entries)
    return seen


def novelties(first: Sequence[Entry], then: Sequence[Entry]) -> list[Novelty]:
    seen = Seen()
    assert all(v.novelty is NEW for v in seen.poll(*first))
    return [v.novelty for v in seen.poll(*then)]


A = Entry("g1", "https://news.example/a", "Chip maker falls after lab shows cheaper model")


@pytest.mark.parametrize(
    ("after", "novelty"),
    [
        pytest.param(A, REPEAT, id="unchanged"),
        pytest.param(
            Entry("g1", A.link, "  CHIP maker falls\n after lab shows cheaper model"), REPEAT, id="case and space"
        ),
        pytest.param(Entry("g1", A.link, "Chip maker falls after lab shows cheaper model."), REPEAT, id="final dot"),
        pytest.param(Entry("g2", A.link, A.title), REPEAT, id="guid changed"),
        pytest.param(Entry("", A.link, A.title), REPEAT, id="guid gone"),
        pytest.param(Entry("g1", "https://news.example/b", A.title), REPEAT, id="link changed"),
        pytest.param(Entry("g1", "", A.title), REPEAT, id="link gone"),
        pytest.param(
            Entry("g9", "http://www.news.example:80/a/?utm_source=x&fbclid=1#ref=rss", A.title), REPEAT, id="tracking"
        ),
        pytest.param(Entry("g1", A.link, "Why everyone sold today"), REVISION, id="title rewritten entirely"),
        pytest.param(Entry("g1", "", "Why everyone sold today"), REVISION, id="rewritten, no link to tell"),
        pytest.param(
            Entry("g1", "https://news.example/a-2", "Chip maker plunges 17% as cheaper model spooks funds"),
            REVISION,
            id="title and link rewritten, similar",
        ),
        pytest.param(Entry("g1", "https://news.example/z", "Bank opens branch in Lisbon"), NEW, id="guid reused"),
        pytest.param(
            Entry("g7", A.link, "Chip maker falls 12% after cheaper model"), REVISION, id="guid changed, title similar"
        ),
        pytest.param(Entry("g7", A.link, "Bank opens branch in Lisbon"), NEW, id="a page that changes its subject"),
        pytest.param(Entry("g2", "https://news.example/b", "Bank opens branch"), NEW, id="another story"),
    ],
)
def test_what_one_entry_is_when_it_comes_again(after: Entry, novelty: Novelty) -> None:
    assert novelties([A], [after]) == [novelty]


def test_a_rewritten_title_points_to_the_first_story_and_the_old_title_is_still_known() -> None:
    seen = Seen()
    (first,) = seen.poll(A)
    (second,) = seen.poll(Entry("g1", A.link, "Second headline entirely"))
    (third,) = seen.poll(Entry("g1", A.link, "Third wording of it all"))
    (back,) = seen.poll(A)
    assert second.revises == first.story
    assert third.revises == first.story
    assert len({first.story, second.story, third.story}) == 3
    assert (back.novelty, back.story) == (REPEAT, first.story)


def test_a_story_that_took_over_a_guid_is_known_under_its_own_link_and_title() -> None:
    seen = Seen()
    taken = Entry("g1", "https://news.example/z", "Bank opens branch in Lisbon")
    (old,), (new,) = seen.poll(A), seen.poll(taken)
    assert new.novelty is NEW
    assert seen.poll(taken)[0].story == new.story
    rewritten = Entry("g1", taken.link, "Lisbon branch opened by bank at last")
    assert seen.poll(rewritten)[0].revises == new.story
    assert old.story != new.story


def test_entries_that_all_link_to_the_homepage_are_told_apart_by_title() -> None:
    first = [Entry("", HOME, "Market wrap for Monday evening"), Entry("", HOME, "Something else")]
    then = [Entry("", HOME, "Market wrap for Tuesday evening"), first[0]]
    assert novelties(first, then) == [NEW, REPEAT]


def test_one_homepage_link_at_a_time_is_no_page_either() -> None:
    assert novelties([Entry("", HOME, "Market wrap Monday")], [Entry("", HOME, "Market wrap Tuesday")]) == [NEW]


def test_the_feeds_own_address_is_nobodys_page() -> None:
    def entry(title: str) -> Entry:
        return Entry("", "https://news.example/blog/", title)

    def poll(title: str, known: dict[str, str]) -> EntryVerdict:
        marks = mark("wire", [entry(title)], homes=("http://www.news.example/blog",))
        return judge(marks, known)[0]

    first = poll("Market wrap for Monday evening", {})
    second = poll("Market wrap for Tuesday evening", dict.fromkeys(first.keys, first.story))
    assert second.novelty is NEW


def test_a_guid_that_all_entries_share_tells_none_apart() -> None:
    first = [Entry("feed", f"https://news.example/{n}", f"Story number {n}") for n in range(3)]
    then = [Entry("feed", "https://news.example/9", "Story number 9"), *first]
    assert novelties(first, then) == [NEW, REPEAT, REPEAT, REPEAT]


def test_without_guid_and_link_the_title_decides() -> None:
    bare = Entry("", "", "Up 5% at the open")
    assert novelties([bare], [bare, Entry("", "", "Down 5% at the open"), Entry("", "", "Up 5%  at the OPEN")]) == [
        REPEAT,
        NEW,
        REPEAT,
    ]


def test_one_title_under_several_guids_at_once_is_several_stories() -> None:
    first = [Entry("h1", HOME, "Trading halt"), Entry("h2", HOME, "Trading halt")]
    assert novelties(first, [*first, Entry("h3", HOME, "Trading halt")]) == [REPEAT, REPEAT, NEW]


def test_the_same_entry_twice_in_one_poll_is_one_story() -> None:
    assert [v.novelty for v in Seen().poll(A, A)] == [NEW, REPEAT]


def test_two_sources_do_not_share_a_seen_set() -> None:
    seen = Seen()
    seen.poll(A, source="one")
    assert seen.poll(A, source="two")[0].novelty is NEW


def test_ids_are_the_same_whenever_the_same_entry_is_judged_afresh() -> None:
    assert Seen().poll(A) == Seen().poll(A)


def test_mended_and_typographic_titles_are_the_same_title() -> None:
    assert fold_title("Nvidia’s “worst” day – ever") == fold_title('nvidia\'s "worst"  day - ever.')
    assert fold_title("Up 5%") != fold_title("Up 15%")
    assert fold_title("+5%") != fold_title("-5%")
    assert fold_title("...") != ""


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://a.example/x?b=2&a=1", "http://www.a.example/x/?a=1&b=2&utm_medium=rss", True),
        ("https://a.example/x?id=1", "https://a.example/x?id=2", False),
        ("https://a.example/x?source=rss", "https://a.example/x", True),
        ("https://a.example/x?source=12345", "https://a.example/x?source=54321", False),
        ("https://a.example/log#2024-01", "https://a.example/log#2024-02", False),
        ("https://a.example/x#xtor=RSS-1", "https://a.example/x", True),
        ("https://a.example:8443/x", "https://a.example/x", False),
        ("tag:a.example,2024:1", "tag:a.example,2024:1 ", True),
        ("http://[broken", "http://[broken", True),
    ],
)
def test_links_are_compared_by_the_page_they_lead_to(one: str, other: str, same: bool) -> None:
    assert (fold_link(one) == fold_link(other)) is same


MONDAY = datetime(2025, 1, 27, 9, 30, tzinfo=UTC)
DAY = timedelta(days=1)


def relaunched(n: int, **changed: datetime | None) -> Entry:
    """Entry ``n`` under a new guid and link."""
    return replace(told(n), guid=f"new-{n}", link=f"https://new.example/{n}", **changed)


def told(n: int) -> Entry:
    return Entry(f"id-{n}", f"https://news.example/{n}", f"Story number {n}", MONDAY + timedelta(minutes=n))


@pytest.mark.parametrize("date", ["same", "none"])
def test_known_titles_under_new_guids_and_links_are_known(date: str) -> None:
    old = [told(n) if date == "same" else replace(told(n), date=None) for n in range(20)]
    new = [replace(relaunched(n), date=entry.date) for n, entry in enumerate(old)]
    seen = Seen()
    seen.poll(*old)
    for _ in range(3):
        assert {v.novelty for v in seen.poll(*new)} == {REPEAT}
    fresh = Entry("new-99", "https://new.example/99", "Something else", None)
    assert [v.novelty for v in seen.poll(fresh, *new)] == [NEW] + [REPEAT] * 20


def test_guids_and_links_that_change_at_every_fetch_make_nothing_new() -> None:
    def fetched(t: int) -> list[Entry]:
        return [replace(told(n), guid=f"{n}?t={t}", link=f"https://news.example/{n}?t={t}") for n in range(9)]

    seen = Seen()
    seen.poll(*fetched(0))
    for t in range(1, 4):
        assert {v.novelty for v in seen.poll(*fetched(t))} == {REPEAT}


def test_a_known_title_with_a_new_date_is_new_but_familiar() -> None:
    (found,) = seen_after(told(1)).poll(relaunched(1, date=MONDAY + DAY))
    assert (found.novelty, found.familiar) == (NEW, True)


@pytest.mark.parametrize(
    ("date", "novelty"),
    [
        (MONDAY + DAY, NEW),
        (MONDAY + timedelta(minutes=1), REPEAT),  # the earlier one's own: the feed lists it under both addresses
        (None, NEW),
    ],
)
def test_a_title_that_comes_back_beside_the_earlier_one_is_told_apart_by_the_feed(
    date: datetime | None, novelty: Novelty
) -> None:
    old = told(1) if date else replace(told(1), date=None)
    found, known = seen_after(old).poll(relaunched(1, date=date), old)
    assert (found.novelty, found.familiar, known.novelty) == (novelty, False, REPEAT)


def test_a_title_that_an_entry_had_by_mistake_is_new_where_it_belongs() -> None:
    wrong = Entry("g1", "https://news.example/a", "Story number 2")
    right, other = replace(wrong, title="Story number 1"), Entry("g2", "https://news.example/b", "Story number 2")
    assert [v.novelty for v in seen_after(wrong).poll(other, right)] == [NEW, REVISION]


def test_two_of_a_title_on_one_day_are_not_one_because_the_feed_gives_days_only() -> None:
    old = replace(told(1), date=MONDAY.replace(hour=0, minute=0))
    assert seen_after(old).poll(replace(relaunched(1), date=old.date), old)[0].novelty is NEW


guids = st.sampled_from(["", "g1", "g2", "https://news.example/a"]) | st.text(max_size=5)
links = st.sampled_from(["", HOME, "https://news.example/a", "https://news.example/b?utm_source=1"])
titles = st.sampled_from(["Trading halt", "trading  HALT", "Chips fall", "Chips fall again today"]) | st.text(
    max_size=5
)
dates = st.sampled_from([None, MONDAY, MONDAY + DAY, MONDAY.replace(hour=0, minute=0)])
entries = st.lists(st.builds(Entry, guids, links, titles, dates), max_size=8)


@given(entries, entries)
@example(
    [
        Entry("", "", "Trading halt"),
        Entry("", "", "Trading halt"),
        Entry("", "", "Chips fall again today"),
        Entry("g2", "https://news.example/b?utm_source=1", "Trading halt"),
    ],
    [
        Entry("", "", "Trading halt"),
        Entry("", "https://news.example/b?utm_source=1", "Chips fall again today"),
        Entry("g2", "", "Chips fall"),
    ],
)
def test_whatever_comes_coming_again_is_a_repeat(first: list[Entry], second: list[Entry]) -> None:
    seen = Seen()
    seen.poll(*first)
    seen.poll(*second)
    assert all(v.novelty is REPEAT for v in seen.poll(*second))


@given(entries)
def test_no_two_stories_of_a_poll_share_an_id_or_a_key(found: list[Entry]) -> None:
    fresh = [v for v in Seen().poll(*found) if v.novelty is not REPEAT]
    assert len({v.story for v in fresh}) == len(fresh)
    keys = [key for v in fresh for key in v.keys]
    assert len(set(keys)) == len(keys)
    assert all(v.keys for v in fresh)
