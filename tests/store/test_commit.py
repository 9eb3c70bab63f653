"""One batch is one transaction, and writing it again changes nothing."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.adapters.store import open_store
from bot.adapters.store.codec import moment_text
from bot.adapters.store.history import find_alerts, open_history, search, verify
from bot.adapters.store.history.opening import short
from bot.adapters.store.intake import REPORTS_KEPT
from bot.adapters.store.sql_store import SqlStore
from bot.app.stores import Place
from bot.core.errors import StoreError
from bot.core.model import (
    STATED_FROM,
    AlertChange,
    AlertState,
    Because,
    ChangeKind,
    DailyBar,
    Decisions,
    Direction,
    EarningsDate,
    FeedState,
    IncidentState,
    QuoteKind,
    Refused,
    ReportTime,
    SecondReading,
    Severity,
    SourceReport,
    Split,
    ToldMove,
    Trouble,
)
from tests.histories import ask, only_row
from tests.store.strategies import values
from tests.store.values import (
    NOW,
    after,
    alert,
    batch,
    cause,
    fired,
    incident,
    notification,
    quote,
    reading,
    story,
)

EVERY_ENGINE = True
LONG_AGO = NOW - timedelta(days=3650)


def dump(path: Place) -> list[Any]:
    """Every row of every table."""
    tables = (
        *("stories", "story_keys", "story_scores", "quotes", "daily_bars", "splits", "earnings_dates", "feeds"),
        *("source_reports", "rule_versions", "incidents", "alerts", "alert_changes", "alert_stories", "chats"),
        *("alert_exposures", "notifications", "extras", "refused_quotes", "second_readings", "learned_names"),
    )
    return [(table, sorted(ask(path, f"SELECT * FROM {table}"), key=repr)) for table in tables]


def count(path: Place, table: str, where: str = "1 = 1") -> int:
    return int(ask(path, f"SELECT count(*) FROM {table} WHERE {where}")[0][0])


def everything() -> Any:
    first, second = story("s1"), story("s2", after(1))
    return batch(
        first,
        second,
        quote(),
        quote("AMD", 115.0, kind=QuoteKind.LOW, previous_close=122.8, volume=1e6, currency="USD", source="yahoo"),
        quote("BAD", float("nan")),
        DailyBar("NVDA", date(2025, 1, 24), 142.62, NOW, 148.37, 148.97, 141.88, 234657600, "yahoo"),
        Split("NVDA", date(2024, 6, 10), 10.0, NOW),
        EarningsDate("NVDA", date(2025, 2, 26), NOW, ReportTime.AFTER, "yahoo"),
        SecondReading(
            "s1", NOW, (ToldMove("Nvidia", Direction.FALLS, Because.AI_RIVAL, agent=True, certainty=0.9),), "tiny"
        ),
        SourceReport("wire", NOW, Trouble.NONE, items=2, fresh=2, status=200),
        reading(first),
        reading(second, score=0.6),
        incident(),
        fired(alert(cause=cause("s1", "s2"))),
        notification(incident="i1"),
        feeds=(FeedState("wire", "https://wire.example/rss", etag='"1"', last_ok_at=NOW, seeded=True),),
        position="17",
    )


def test_repeating_a_batch_changes_nothing(store: SqlStore, path: Place) -> None:
    store.commit(everything())
    before = dump(path)
    assert sum(len(rows) for _, rows in before) > 15
    store.commit(everything())
    assert dump(path) == before


def test_what_was_committed_is_read_back_as_it_was(store: SqlStore) -> None:
    committed = everything()
    store.commit(committed)
    believed = [o for o in committed.observations if not isinstance(o, SourceReport)]
    believed = [o for o in believed if getattr(o, "symbol", "") != "BAD"]
    read = list(store.observations(NOW - timedelta(seconds=1), after(5)))
    assert sorted(read, key=repr) == sorted(believed, key=repr)
    assert list(store.alerts_since(date(2025, 1, 27))) == [committed.decisions[0].changes[0].alert]
    assert list(store.incidents_since(date(2025, 1, 27))) == list(committed.decisions[0].incidents)
    assert store.feed_states() == {"wire": committed.feeds[0]}
    assert store.extra("position") == "17"
    assert store.extra("nothing") is None


def test_a_batch_that_cannot_be_written_leaves_nothing_and_the_store_usable(store: SqlStore, path: Place) -> None:
    before = dump(path)
    with pytest.raises(StoreError, match=r"(?i)foreign key"):
        store.commit(batch(story(), quote(), fired(alert(incident="nobody")), notification()))
    assert dump(path) == before
    store.commit(everything())
    assert verify(path) == []


def test_observations_of_one_moment_come_back_in_the_order_they_came(store: SqlStore) -> None:
    given = [
        quote("B", 2.0),
        story("s1"),
        quote("A", 1.0, kind=QuoteKind.LOW),
        story("s2"),
        Split("A", date(2025, 1, 27), 2.0, NOW),
        quote("A", 1.5, kind=QuoteKind.CLOSE),
    ]
    store.commit(batch(*given[:3]))
    store.commit(batch(*given[3:]))
    assert list(store.observations(NOW - timedelta(seconds=1), NOW)) == given


def test_the_window_of_observations_is_open_below_and_closed_above(store: SqlStore) -> None:
    store.commit(batch(*(quote(at=after(s), price=100.0 + s) for s in (0, 1, 2, 3))))
    read = [o.seen_at for o in store.observations(after(0), after(2))]
    assert read == [after(1), after(2)]


def test_daily_bars_and_splits_reach_two_years_further_back(store: SqlStore) -> None:
    long_ago = NOW - timedelta(days=500)
    bar = DailyBar("NVDA", date(2023, 10, 1), 43.0, long_ago)
    too_old = DailyBar("NVDA", date(2022, 10, 1), 12.0, long_ago)
    split = Split("NVDA", date(2024, 6, 10), 10.0, long_ago)
    future = DailyBar("NVDA", date(2025, 1, 28), 120.0, after(9))
    store.commit(batch(bar, too_old, split, future, quote(at=long_ago)))
    assert list(store.observations(NOW, after(5))) == [bar, split]


def test_the_first_answer_about_a_story_is_the_one_that_stays(store: SqlStore) -> None:
    first = SecondReading(
        "s1", NOW, (ToldMove("Nvidia", Direction.RISES, Because.NOT_TOLD, agent=False, certainty=0.5),)
    )
    store.commit(batch(story(), first))
    store.commit(batch(SecondReading("s1", after(9)), SecondReading("pruned long ago", after(9))))
    assert list(store.observations(NOW - timedelta(seconds=1), after(9)))[:2] == [story(), first]
    assert list(store.observations(NOW, after(8))) == []
    assert list(store.observations(NOW, after(9))) == [SecondReading("pruned long ago", after(9))]


def test_an_earnings_date_is_stored_where_it_says_something_new(store: SqlStore) -> None:
    def told(day: date, seconds: int, when: ReportTime = ReportTime.UNKNOWN) -> EarningsDate:
        return EarningsDate("NVDA", day, after(seconds), when, "yahoo")

    first, again = told(date(2025, 2, 19), 1), told(date(2025, 2, 19), 2)
    moved, confirmed = told(date(2025, 2, 26), 3), told(date(2025, 2, 26), 4, ReportTime.AFTER)
    next_one, back = told(date(2025, 5, 28), 4), told(date(2025, 2, 19), 6)
    for date_told in (first, again, moved, confirmed, next_one, back):
        store.commit(batch(date_told))
    store.commit(batch(first, moved))
    assert list(store.observations(NOW, after(9))) == [first, moved, confirmed, next_one, back]
    assert list(store.observations(NOW, after(3))) == [first, moved]


def test_a_restart_gets_recent_quotes_whole_and_older_trades_thinned(store: SqlStore) -> None:
    early = NOW - timedelta(hours=6, minutes=5)
    trades = [quote(at=early + timedelta(minutes=i), price=100.0 + i) for i in range(30)]
    low = quote(at=early, kind=QuoteKind.LOW, price=90.0)
    recent = [quote(at=NOW - timedelta(minutes=30 - i), price=200.0 + i) for i in range(10)]
    too_old = quote(at=NOW - timedelta(days=3), price=50.0)
    store.commit(batch(too_old, story(), low, *trades, *recent))
    read = list(store.observations(NOW - timedelta(days=5), NOW, quotes_since=NOW - timedelta(days=1)))
    assert read == [low, *trades[::10], *recent, story()]


@given(observed=st.lists(values(SourceReport) | st.just(quote()) | st.just(story()), max_size=5))
@settings(max_examples=20)
def test_any_report_can_be_stored(tmp_path_factory: pytest.TempPathFactory, observed: list[Any]) -> None:
    path = tmp_path_factory.mktemp("any") / "history.db"
    with open_store(path, mode="live", run_name="live", now=NOW) as store:
        store.commit(batch(*observed))
    with open_history(path) as conn:
        counted = conn.execute("SELECT count(*) FROM source_reports").fetchone()[0]
    assert counted <= sum(isinstance(o, SourceReport) for o in observed)


# ---------------------------------------------------------------------------------------------------------- quotes


def test_the_same_trade_told_again_is_stored_once(store: SqlStore, path: Place) -> None:
    for poll in range(4):
        store.commit(batch(quote(at=NOW, seen_at=after(15 * poll), volume=1000.0 + poll)))
    assert count(path, "quotes") == 1


def test_a_corrected_price_or_previous_close_of_the_same_trade_is_kept(store: SqlStore) -> None:
    told = [
        quote(price=100.0, previous_close=110.0),
        quote(price=101.0, previous_close=110.0, seen_at=after(1), at=NOW),
        quote(price=101.0, previous_close=11.0, seen_at=after(2), at=NOW),
        quote(price=100.0, previous_close=110.0, seen_at=after(3), at=NOW),
    ]
    for each in told * 2:
        store.commit(batch(each))
    assert list(store.observations(LONG_AGO, after(9))) == told


@given(st.lists(st.tuples(st.integers(0, 2), st.sampled_from([1.0, 2.0]), st.integers(0, 4)), max_size=12))
@settings(max_examples=40, deadline=None)
def test_repeated_quotes_are_idempotent_in_any_order(
    tmp_path_factory: pytest.TempPathFactory, given: list[tuple[int, float, int]]
) -> None:
    path = tmp_path_factory.mktemp("quotes") / "history.db"
    batches = [
        batch(quote(price=p, at=after(a), seen_at=after(10 + s))) for a, p, s in sorted(given, key=lambda g: g[2])
    ]
    with open_store(path, mode="replay", run_name="x", now=NOW) as store:
        for each in batches:
            store.commit(each)
        once = list(store.observations(LONG_AGO, after(99)))
        for each in batches:
            store.commit(each)
        assert list(store.observations(LONG_AGO, after(99))) == once


@pytest.mark.parametrize(
    ("price", "why"),
    [(float("nan"), "not a number"), (float("inf"), "not a number"), (0.0, "zero or negative"), (-3.0, "zero or neg")],
)
def test_a_price_that_is_none_is_remembered_as_refused_and_never_as_a_price(
    store: SqlStore, path: Place, price: float, why: str
) -> None:
    store.commit(batch(quote(price=price)))
    assert list(store.observations(LONG_AGO, after(9))) == []
    assert count(path, "refused_quotes", f"why LIKE '{why}%' AND times = 1") == 1


def test_a_quote_the_core_refused_is_counted_and_not_read_back(store: SqlStore, path: Place) -> None:
    for poll in range(3):
        bad = quote(price=1.0, at=NOW, seen_at=after(poll))
        refusal = Decisions(after(poll), refused=(Refused(bad, "stale-dated", after(poll)),))
        store.commit(batch(bad, quote("AMD", at=after(poll)), refusal))
    assert [q.symbol for q in store.observations(LONG_AGO, after(9))] == ["AMD"] * 3  # type: ignore[union-attr]
    assert count(path, "refused_quotes", "why = 'stale-dated' AND times = 3") == 1


# ------------------------------------------------------------------------------------------------------------ bars


def test_a_bar_is_stored_again_only_where_its_figures_changed(store: SqlStore) -> None:
    old = DailyBar("NVDA", date(2025, 1, 24), 1426.2, NOW, volume=5.0)
    again = dataclasses.replace(old, seen_at=after(10), close=1426.2000001)
    split = dataclasses.replace(old, seen_at=after(20), close=142.62)
    for each in (old, again, split, old, again, split):
        store.commit(batch(each))
    assert list(store.observations(NOW, after(30))) == [old, split]
    assert list(store.observations(NOW, after(15))) == [old]


# --------------------------------------------------------------------------------------------------------- stories


def test_the_seen_set_knows_every_key_and_the_first_story_that_had_it(store: SqlStore) -> None:
    store.commit(batch(story("s1", keys=("guid:1", "link:1"))))
    store.commit(batch(story("s2", keys=("guid:1", "link:2"))))
    asked = [f"guid:{i}" for i in range(1200)] + ["link:2"]
    assert store.known_keys(asked) == {"guid:1": "s1", "link:2": "s2"}
    assert store.known_keys([]) == {}


def test_keys_and_titles_that_are_not_unicode_do_not_stop_the_batch(store: SqlStore) -> None:
    store.commit(batch(story("s1", title="half \ud83d", keys=("guid:\ud83d", "nul\x00"))))
    assert store.known_keys(["guid:\ud83d", "guid:\ud83e", "nul\x00"]) == {"guid:\ud83d": "s1", "nul\x00": "s1"}
    (back,) = store.observations(LONG_AGO, NOW)
    assert back.title == "half \\ud83d"  # type: ignore[union-attr]


def test_a_newer_reading_of_a_story_replaces_the_older(store: SqlStore, path: Place) -> None:
    store.commit(batch(story(), reading(story(), score=0.4)))
    store.commit(batch(reading(story(), cluster="s0", score=0.9)))
    assert count(path, "stories", "cluster = 's0'") == 1
    assert count(path, "story_scores", "score = 0.9") == count(path, "story_scores") == 1


def test_stories_are_found_by_their_words(store: SqlStore, path: Place) -> None:
    store.commit(batch(story("s1", title="A lab releases models"), story("s2", title="Rates unchanged", summary="")))
    assert [found["id"] for found in search(path, "model lab")] == ["s1"]
    assert [found["id"] for found in search(path, "rates")] == ["s2"]


# ------------------------------------------------------------------------------------------- alerts and incidents


def test_an_alert_keeps_its_newest_state_whatever_is_repeated(store: SqlStore, path: Place) -> None:
    first = alert()
    worse = dataclasses.replace(first, severity=Severity.CRITICAL, updated_at=after(60), change=-0.17)
    over = dataclasses.replace(worse, state=AlertState.RESOLVED, updated_at=after(120), resolved_at=after(120))
    batches = [
        batch(incident(), fired(first)),
        batch(AlertChange(ChangeKind.ESCALATED, after(60), worse)),
        batch(AlertChange(ChangeKind.RESOLVED, after(120), over)),
    ]
    for each in (*batches, *batches, batches[0]):
        store.commit(each)
    assert list(store.alerts_since(date(2025, 1, 27))) == [over]
    assert count(path, "alert_changes") == 3


def test_two_changes_of_one_moment_leave_the_later(store: SqlStore) -> None:
    first = alert()
    worse = dataclasses.replace(first, severity=Severity.CRITICAL)
    both = batch(incident(), fired(first), AlertChange(ChangeKind.ESCALATED, NOW, worse))
    for _ in range(2):
        store.commit(both)
        assert list(store.alerts_since(date(2025, 1, 27))) == [worse]


def test_a_pending_alert_is_never_stored(store: SqlStore) -> None:
    store.commit(batch(incident(), fired(alert(state=AlertState.PENDING))))
    assert list(store.alerts_since(date.min)) == []


def test_stories_of_a_corrected_cause_stay_and_are_marked_earlier(store: SqlStore, path: Place) -> None:
    first = alert(cause=cause("s1"))
    corrected = dataclasses.replace(first, cause=cause("s2", cluster="s2"), updated_at=after(5))
    store.commit(batch(story("s1"), story("s2"), reading(story("s1")), incident(), fired(first)))
    store.commit(batch(AlertChange(ChangeKind.UPDATED, after(5), corrected)))
    assert count(path, "alert_stories", "story_id = 's1' AND role = 'earlier' AND score = 0.8") == 1
    assert count(path, "alert_stories", "story_id = 's2' AND role = 'shown'") == 1


def test_a_cause_whose_story_is_gone_stops_nothing(store: SqlStore, path: Place) -> None:
    store.commit(batch(incident(), fired(alert(cause=cause("gone")))))
    assert count(path, "alerts", "cause_title = 'A cheap model appears'") == 1
    assert count(path, "alert_stories") == 0


def test_alerts_and_incidents_since_a_session_include_older_ones_still_under_way(store: SqlStore) -> None:
    monday, friday = date(2025, 1, 27), date(2025, 1, 31)
    resolved = {"state": AlertState.RESOLVED, "resolved_at": NOW}
    firing, done = alert("a1"), alert("a2", "AMD", incident="i2", **resolved)
    late = alert("a3", "TSM", at=after(9), session=friday, incident="i3", **resolved)
    spans = incident("i2", "a2", state=IncidentState.CLOSED, sessions=(monday, friday))
    closed = incident("i4", "a4", state=IncidentState.CLOSED)
    store.commit(
        batch(
            *(fired(a) for a in (late, firing, done)), incident(), spans, closed, incident("i3", "a3", session=friday)
        )
    )
    assert [a.id for a in store.alerts_since(friday)] == ["a1", "a3"]
    assert [i.id for i in store.incidents_since(friday)] == ["i1", "i2", "i3"]
    assert [a.id for a in store.alerts_since(monday)] == ["a1", "a2", "a3"]


def test_the_flat_view_answers_without_a_join(store: SqlStore, path: Place) -> None:
    store.commit(everything())
    row = only_row(path, "SELECT * FROM alert_history")
    assert row["symbol"] == "NVDA"
    assert row["reference_price"] == 142.62
    assert row["cause_source"] == "wire"
    assert (row["incident_symbols"], row["notifications"], row["sent"]) == (1, 1, 0)
    assert (row["run_mode"], row["severity_rank"]) == ("live", 3)


def test_what_an_alert_fired_at_stays_beside_what_its_severity_rose_at(store: SqlStore, path: Place) -> None:
    one = alert("a1", incident="i1", price=122.75, price_at=NOW, change=-0.139)
    worse = replace(
        one, price=117.26, price_at=after(60), change=-0.178, severity=Severity.CRITICAL, updated_at=after(60)
    )
    over = replace(worse, state=AlertState.RESOLVED, resolved_at=after(900), updated_at=after(900))
    store.commit(batch(fired(one), incident("i1", "a1")))
    store.commit(batch(AlertChange(ChangeKind.ESCALATED, after(60), worse), now=after(60)))
    store.commit(batch(AlertChange(ChangeKind.RESOLVED, after(900), over), now=after(900)))
    row = only_row(path, "SELECT * FROM alert_history")
    assert (row["fired_at"], row["fired_price"], row["fired_change"]) == (moment_text(NOW), 122.75, -0.139)
    assert row["fired_price_at"] == moment_text(NOW)
    assert (row["severity_at"], row["severity_price"], row["severity_change"]) == (
        moment_text(after(60)),
        117.26,
        -0.178,
    )
    (found,) = find_alerts(path)
    assert (found["fired_price"], found["fired_change"], found["price"]) == (122.75, -0.139, 117.26)
    assert (found["at"], found["severity_at"]) == (short(moment_text(NOW)), short(moment_text(after(60))))


@pytest.mark.parametrize("possible", [True, False])
def test_the_cause_of_an_incident_is_no_more_than_possible_only_without_another(
    store: SqlStore, path: Place, possible: bool
) -> None:
    weak = replace(cause("s1"), title="Weak", confidence=STATED_FROM - 0.01)
    other = replace(cause("s1"), title="Other", confidence=STATED_FROM - 0.2 if possible else STATED_FROM)
    lead, second = alert("a1", incident="i1", cause=weak), alert("a2", "AMD", incident="i1", cause=other)
    store.commit(batch(story("s1"), fired(lead), fired(second), incident("i1", "a1", "a2")))
    ((title,),) = ask(path, "SELECT cause_title FROM incident_summary")
    assert title == ("Weak" if possible else "Other")


# -------------------------------------------------------------------------------------------------- small things


def test_reports_of_each_source_and_subject_are_bounded(store: SqlStore, path: Place) -> None:
    reports = [SourceReport("wire", after(i), Trouble.FAILED, "HTTP 500", status=500) for i in range(REPORTS_KEPT + 50)]
    stale = [SourceReport("prices", after(i), Trouble.STALE, subject="NVDA") for i in range(3)]
    store.commit(batch(*reports, *stale))
    store.commit(batch(reports[0]))
    assert count(path, "source_reports", "source = 'wire'") == REPORTS_KEPT
    assert (
        count(path, "source_reports", f"seen_at > '{after(49).isoformat()[:19]}Z' AND source = 'wire'")
        >= REPORTS_KEPT - 1
    )
    assert count(path, "source_reports", "subject = 'NVDA'") == 3


def test_a_feed_keeps_its_last_state(store: SqlStore, reopen: Callable[..., SqlStore]) -> None:
    feed = FeedState("wire", "https://wire.example/rss", interval=timedelta(minutes=5))
    later = dataclasses.replace(feed, failures=3, last_error="HTTP 500", interval=timedelta(minutes=40))
    store.commit(batch(feeds=(feed, dataclasses.replace(feed, name="other"))))
    store.commit(batch(feeds=(later,)))
    store.close()
    assert reopen().feed_states()["wire"] == later


def test_the_text_of_a_rule_is_kept_as_it_was_first_used(store: SqlStore, path: Place) -> None:
    store.commit(batch(incident(), fired(alert())))
    store.record_rules([("ai-model-shock", "v1", "when: …"), ("other", "v9", "…")], NOW)
    store.record_rules([("ai-model-shock", "v1", "another text")], after(9))
    assert count(path, "rule_versions", "text = 'when: …' AND rule = 'ai-model-shock'") == 1
    assert count(path, "rule_versions") == 2


def test_the_alerts_of_an_open_incident_are_read_back_however_old_they_are(store: SqlStore) -> None:
    old = alert(state=AlertState.RESOLVED, resolved_at=after(60))
    other = alert("a2", "AMD", incident="i2", state=AlertState.RESOLVED, resolved_at=after(60))
    over = incident("i2", "a2", state=IncidentState.CLOSED, closed_at=after(60))
    store.commit(batch(incident(), over, fired(old), fired(other)))
    month = date(2025, 2, 28)
    assert [i.id for i in store.incidents_since(month)] == ["i1"]
    assert [a.id for a in store.alerts_since(month)] == ["a1"]
