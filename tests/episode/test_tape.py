"""A tape shows everything in the order it could have been seen, and nothing earlier."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.errors import LookAheadError, UsageError
from bot.core.model import DailyBar, Observation, Quote, QuoteKind, SourceReport, Split, Story
from bot.core.model.episodes import Episode, EpisodeBar, EpisodeKind, EpisodePrices, Mark, Trigger
from bot.replay.tape import Tape, build_tape
from tests.episode.new_york import TIMETABLE, sessions, timetable_of

DAYS = [s.date for s in sessions(date(2025, 1, 13), date(2025, 2, 7))]
NOON = datetime(2025, 1, 27, 17, tzinfo=UTC)


def episode(
    *prices: EpisodePrices, stories: tuple[Story, ...] = (), first: date = DAYS[0], last: date = DAYS[-1]
) -> Episode:
    return Episode(
        name="synthetic",
        title="Synthetic",
        kind=EpisodeKind.RECORDED,
        session=first,
        first=first,
        last=last,
        summary="",
        trigger=Trigger("nothing"),
        stories=tuple(sorted(stories, key=lambda story: story.seen_at)),
        prices=prices,
    )


def prices(symbol: str, bars: list[EpisodeBar], marks: tuple[Mark, ...] = ()) -> EpisodePrices:
    return EpisodePrices(symbol, "XNYS", "as traded", tuple(bars), marks)


def story(seen_at: datetime, title: str = "A story") -> Story:
    return Story(id=f"{title}@{seen_at}", source="test", title=title, seen_at=seen_at, published_at=seen_at)


def told(observation: Observation) -> tuple[object, ...]:
    if isinstance(observation, Quote):
        return (observation.symbol, observation.kind.value, observation.price)
    if isinstance(observation, DailyBar):
        return (observation.symbol, "bar", observation.close)
    return (type(observation).__name__,)


amounts = st.floats(min_value=1, max_value=1000, allow_nan=False).map(lambda number: round(number, 2))


@st.composite
def some_bars(draw: st.DrawFn) -> list[EpisodeBar]:
    bars = []
    for day in DAYS:
        if draw(st.booleans()):
            low, opened, close, high = sorted(draw(st.tuples(amounts, amounts, amounts, amounts)))
            full = draw(st.booleans())
            bars.append(EpisodeBar(day, close, opened, high, low, 10.0) if full else EpisodeBar(day, close))
    return bars


@st.composite
def some_marks(draw: st.DrawFn) -> tuple[Mark, ...]:
    moments = []
    for day in draw(st.lists(st.sampled_from(DAYS), max_size=4)):
        session = TIMETABLE.on(day)
        assert session is not None
        span = int((session.ends_at - session.starts_at).total_seconds())
        moments.append(session.starts_at + timedelta(seconds=draw(st.integers(0, span))))
    return tuple(Mark(at, draw(st.sampled_from(list(QuoteKind))), draw(amounts)) for at in sorted(moments))


@st.composite
def some_episodes(draw: st.DrawFn) -> Episode:
    symbols = [prices(symbol, draw(some_bars()), draw(some_marks())) for symbol in ("AAA", "BBB")]
    minutes = draw(st.lists(st.integers(0, 26 * 24 * 60), max_size=5))
    stories = tuple(story(datetime(2025, 1, 13, tzinfo=UTC) + timedelta(minutes=m)) for m in minutes)
    first, last = sorted(draw(st.tuples(st.sampled_from(DAYS), st.sampled_from(DAYS))))
    return episode(*symbols, stories=stories, first=first, last=last)


@given(some_episodes())
def test_nothing_is_seen_before_it_happened(recorded: Episode) -> None:
    tape = build_tape(recorded, timetable_of)
    for observation in tape.observations:
        if isinstance(observation, Quote):
            assert observation.at <= observation.seen_at
        if isinstance(observation, DailyBar):
            session = TIMETABLE.on(observation.session)
            assert session is not None
            assert observation.seen_at >= session.close_at


@given(some_episodes())
def test_a_sessions_low_high_close_and_bar_are_unknown_before_its_close(recorded: Episode) -> None:
    """Whatever is seen before a close stays the same when that session's prices were others."""
    day = recorded.last
    session = TIMETABLE.on(day)
    assert session is not None

    def changed(p: EpisodePrices) -> EpisodePrices:
        bars = [EpisodeBar(bar.session, 7.0, bar.open, 9.0, 5.0, 3.0) if bar.session == day else bar for bar in p.bars]
        return prices(p.symbol, bars, p.marks)

    other = episode(*map(changed, recorded.prices), stories=recorded.stories, first=recorded.first, last=recorded.last)
    before = [o for o in build_tape(recorded, timetable_of).observations if o.seen_at < session.close_at]
    assert before == [o for o in build_tape(other, timetable_of).observations if o.seen_at < session.close_at]


@given(some_episodes())
def test_steps_are_strictly_later_and_hold_everything_once(recorded: Episode) -> None:
    tape = build_tape(recorded, timetable_of)
    moments = [now for now, _ in tape.steps()]
    assert all(earlier < later for earlier, later in pairwise(moments))
    assert len(moments) == len(tape)
    assert [o for _, group in tape.steps() for o in group] == list(tape.observations)
    assert all(o.seen_at == now for now, group in tape.steps() for o in group)
    assert (tape.first_at, tape.last_at) == ((moments[0], moments[-1]) if moments else (None, None))


@given(some_episodes(), st.randoms(use_true_random=False))
def test_the_order_depends_on_nothing_but_the_observations(recorded: Episode, random: object) -> None:
    tape = build_tape(recorded, timetable_of)
    shuffled = list(tape.observations)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert Tape(shuffled).observations == tape.observations


@given(some_episodes(), st.integers(0, 26 * 24 * 60))
def test_a_tape_can_be_taken_up_after_any_moment(recorded: Episode, minutes: int) -> None:
    tape = build_tape(recorded, timetable_of)
    after = datetime(2025, 1, 13, tzinfo=UTC) + timedelta(minutes=minutes)
    rest = list(tape.steps(after=after))
    assert rest == [step for step in tape.steps() if step[0] > after]
    assert tape.position(after) + len(rest) == len(tape)


@given(some_episodes())
def test_every_close_of_a_replayed_session_is_quoted_and_followed_by_its_bar(recorded: Episode) -> None:
    observations = build_tape(recorded, timetable_of).observations
    for p in recorded.prices:
        for bar in p.bars:
            session = TIMETABLE.on(bar.session)
            assert session is not None
            bars = [i for i, o in enumerate(observations) if told(o) == (p.symbol, "bar", bar.close)]
            closes = [
                i
                for i, o in enumerate(observations)
                if told(o) == (p.symbol, "close", bar.close) and o.seen_at == session.close_at
            ]
            if bar.session > recorded.last:
                continue
            assert bars
            if bar.session >= recorded.first:
                assert closes
                assert min(closes) < max(bars)


def test_a_session_is_told_as_open_then_low_high_close_and_bar() -> None:
    day = date(2025, 1, 27)
    tape = build_tape(episode(prices("AAA", [EpisodeBar(day, 4, 5, 6, 3, 100)]), first=day, last=day), timetable_of)
    steps = [(now.strftime("%H:%M"), [told(o)[1:] for o in group]) for now, group in tape.steps()]
    assert steps == [
        ("14:30", [("open", 5)]),
        ("21:00", [("low", 3), ("high", 6), ("close", 4), ("bar", 4)]),
    ]
    close = next(o for o in tape.observations if isinstance(o, Quote) and o.kind is QuoteKind.CLOSE)
    assert (close.volume, close.basis, close.source) == (100, "as traded", "synthetic")


def test_a_half_session_closes_early() -> None:
    day = date(2024, 12, 24)
    tape = build_tape(episode(prices("AAA", [EpisodeBar(day, 4)]), first=day, last=day), timetable_of)
    assert tape.last_at == datetime(2024, 12, 24, 18, tzinfo=UTC)


def test_marks_add_to_the_bar_and_a_mark_that_repeats_it_is_told_once() -> None:
    day = date(2025, 1, 27)
    opened, closed = datetime(2025, 1, 27, 14, 30, tzinfo=UTC), datetime(2025, 1, 27, 21, tzinfo=UTC)
    marks = (
        Mark(NOON, QuoteKind.LOW, 3),
        Mark(NOON, QuoteKind.TRADE, 3.5),
        Mark(closed, QuoteKind.CLOSE, 4),
        Mark(closed + timedelta(hours=4), QuoteKind.TRADE, 4.1),
    )
    bars = [EpisodeBar(day, 4, 5, 6, 3)]
    tape = build_tape(
        episode(prices("AAA", bars, (Mark(opened, QuoteKind.OPEN, 5), *marks)), first=day, last=day), timetable_of
    )
    assert [told(o)[1:] for o in tape.observations] == [
        ("open", 5),
        ("low", 3),
        ("trade", 3.5),
        ("low", 3),
        ("high", 6),
        ("close", 4),
        ("bar", 4),
        ("trade", 4.1),
    ]


def test_sessions_before_the_first_are_bars_and_sessions_after_the_last_are_left_out() -> None:
    days = [date(2025, 1, 24), date(2025, 1, 27), date(2025, 1, 28)]
    late = story(datetime(2025, 1, 28, 1, 0, 1, tzinfo=UTC), "after the post phase")
    last = story(datetime(2025, 1, 28, 1, 0, tzinfo=UTC), "the last moment")
    marks = (Mark(datetime(2025, 1, 24, 17, tzinfo=UTC), QuoteKind.TRADE, 2),)
    recorded = episode(
        prices("AAA", [EpisodeBar(day, 4, 5, 6, 3) for day in days], marks),
        stories=(late, last),
        first=days[1],
        last=days[1],
    )
    tape = build_tape(recorded, timetable_of)
    assert [told(o)[1:] for o in tape.observations[:2]] == [("bar", 4), ("open", 5)]
    assert tape.observations[-1] == last
    assert late not in tape.observations


def test_stories_come_before_prices_of_the_same_moment_and_reports_last() -> None:
    quote = Quote("AAA", 1, NOON, NOON)
    bar = DailyBar("AAA", date(2025, 1, 24), 1, NOON)
    split = Split("AAA", date(2025, 1, 27), 10, NOON)
    report = SourceReport("prices", NOON)
    tape = Tape([report, bar, quote, split, story(NOON)])
    assert tape.observations == (story(NOON), split, quote, bar, report)
    assert len(tape) == 1


def test_a_quote_seen_before_it_happened_is_refused() -> None:
    with pytest.raises(LookAheadError, match="before it happened"):
        Tape([Quote("AAA", 1, NOON, NOON - timedelta(seconds=1))])


def test_a_group_that_holds_something_seen_later_is_refused() -> None:
    """The guard itself: a tape tampered with must not play on."""
    tape = Tape([Quote("AAA", 1, NOON, NOON), Quote("AAA", 2, NOON, NOON + timedelta(hours=1))])
    (now, _), (_, later) = tape._groups
    tape._groups = ((now, later),)
    with pytest.raises(LookAheadError, match="only seen later"):
        list(tape.steps())


def test_an_empty_tape_has_no_steps() -> None:
    tape = Tape([])
    assert (len(tape), tape.first_at, tape.last_at, list(tape.steps())) == (0, None, None, [])


def test_a_described_episode_cannot_be_replayed() -> None:
    with pytest.raises(UsageError, match="synthetic is a described episode"):
        build_tape(episode(), timetable_of)


def test_a_price_on_a_day_without_session_is_refused() -> None:
    with pytest.raises(UsageError, match="2025-01-20 is not a session of XNYS"):
        build_tape(episode(prices("AAA", [EpisodeBar(date(2025, 1, 20), 4)])), timetable_of)


def test_a_mark_outside_every_phase_is_refused() -> None:
    marks = (Mark(datetime(2025, 1, 26, 17, tzinfo=UTC), QuoteKind.TRADE, 2),)
    with pytest.raises(UsageError, match="has a mark at 2025-01-26T17:00:00"):
        build_tape(episode(prices("AAA", [], marks)), timetable_of)
