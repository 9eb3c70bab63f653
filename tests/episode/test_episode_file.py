"""Episodes are read strictly, and every mistake is told with file, line and column."""

from __future__ import annotations

import textwrap
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config.episodes.entries import EpisodeFile
from bot.config.episodes.file import episode_path, episode_paths, load_episode
from bot.core.errors import ConfigError, Problem, UsageError
from bot.core.model import Because, Direction, QuoteKind, SecondReading, ToldMove
from bot.core.model.episodes import Episode, EpisodeKind
from bot.replay.tape import build_tape
from tests.episode.new_york import timetable_of

HEAD = """\
episode: small
title: A small episode
kind: recorded
session: 2025-01-27
from: 2025-01-24
to: 2025-01-28
summary: One stock falls.
trigger: {what: A model is released.}
basis: as traded
"""
DAILY = """\
prices:
  NVDA:
    exchange: XNAS
    daily: |
      2025-01-23 145.05 147.23 143.72 147.22 155915500
      2025-01-24 148.37 148.97 141.88 142.62 234657600
      2025-01-27 124.8 128.4 116.7 118.42 818830900
"""


def load(text: str, *, with_sessions: bool = False) -> Episode:
    return load_episode("small.yaml", textwrap.dedent(text), timetable_of=timetable_of if with_sessions else None)


def mistakes(text: str, *, with_sessions: bool = False) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(text, with_sessions=with_sessions)
    return [str(problem) for problem in caught.value.problems]


def test_a_file_becomes_an_episode() -> None:
    marks = "    marks: |\n      2025-01-27T04:00-05:00 open 133.37\n      2025-01-27T10:00Z low 128.14 1000\n"
    stories = (
        "stories:\n- {at: 2025-01-20T12:37:58Z, source: Hacker News, title: A model, link: https://example.com/r1}\n"
    )
    episode = load(HEAD + DAILY + marks + stories, with_sessions=True)
    assert (episode.name, episode.kind, episode.session) == ("small", EpisodeKind.RECORDED, date(2025, 1, 27))
    nvidia = episode.prices[0]
    assert (nvidia.basis, nvidia.bars[2].low, nvidia.bars[2].volume) == ("as traded", 116.7, 818830900)
    assert nvidia.marks[0].at == datetime(2025, 1, 27, 9, tzinfo=UTC)
    assert (nvidia.marks[1].kind, nvidia.marks[1].volume) == (QuoteKind.LOW, 1000)
    assert nvidia.change(date(2025, 1, 27)) == pytest.approx(-0.1697, abs=0.0001)
    assert (
        episode.stories[0].published_at == episode.stories[0].seen_at == datetime(2025, 1, 20, 12, 37, 58, tzinfo=UTC)
    )


ANSWERED = """\
stories:
- at: 2025-01-27T10:00Z
  source: wire
  title: Chip stocks fall as a lab's model needs fewer chips
  second_reading:
    seen: 2025-01-27T10:00:20Z
    model: tiny
    moves:
    - {who: chip stocks, direction: falls, because: ai rival, ai_is_the_agent: true, certainty: 0.9}
"""


def test_a_second_reader_s_answer_stands_with_its_story_and_is_played_when_it_was_known() -> None:
    episode = load(HEAD + DAILY + ANSWERED, with_sessions=True)
    move = ToldMove("chip stocks", Direction.FALLS, Because.AI_RIVAL, agent=True, certainty=0.9)
    known = datetime(2025, 1, 27, 10, 0, 20, tzinfo=UTC)
    assert episode.second_readings == (SecondReading(episode.stories[0].id, known, (move,), "tiny"),)
    (played,) = (group for now, group in build_tape(episode, timetable_of).steps() if now == known)
    assert played == episode.second_readings
    later = ANSWERED.replace("seen: 2025-01-27T10:00:20Z", "seen: 2025-02-03T10:00Z")
    tape = build_tape(load(HEAD + DAILY + later), timetable_of)
    assert not any(isinstance(o, SecondReading) for o in tape.observations), "it was known after the sessions played"


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("10:00:20Z", "09:59Z", "seen: the story was only seen at 2025-01-27 10:00:00 UTC"),
        ("who: chip stocks", "who: Nvidia", "moves[0]: no answer would be believed that says this: who is not in the"),
        ("because: ai rival", "because: own news", "moves[0]: no answer would be believed that says this: it contra"),
        ("direction: falls", "direction: rises", "moves[0]: no answer would be believed that says this: it contra"),
        ("certainty: 0.9", "certainty: 1.5", "moves[0].certainty: "),
        ("certainty: 0.9", "certainty: .nan", "moves[0].certainty: "),
        ("ai_is_the_agent: true", "ai_is_the_agent: perhaps", "moves[0].ai_is_the_agent: "),
        ("direction: falls", "direction: down", "moves[0].direction: "),
        ("certainty: 0.9", "certainty: 0.9, note: sell", "moves[0].note: "),
        ("who: chip stocks", f"who: {'x' * 81}", "moves[0].who: "),
    ],
)
def test_an_answer_the_bot_would_not_have_believed_is_a_mistake(right: str, wrong: str, said: str) -> None:
    (found,) = mistakes(HEAD + DAILY + ANSWERED.replace(right, wrong))
    assert f"stories[0].second_reading.{said}" in found


def test_gaps_comments_and_blank_lines_may_stand_in_a_block() -> None:
    episode = load(
        HEAD
        + "prices:\n  A:\n    exchange: XNAS\n    daily: |  # session open high low close\n"
        + "      # a comment\n\n      2025-01-24 - - - 10  # close only\n      2025-01-27 10 11 9 10 -\n"
    )
    first, second = episode.prices[0].bars
    assert (first.open, first.high, first.low, first.close, first.volume) == (None, None, None, 10, None)
    assert second.volume is None


def test_a_wrong_row_names_its_own_line_and_word() -> None:
    assert mistakes(HEAD + DAILY.replace("142.62", "142,62")) == [
        "small.yaml:15:39: prices.NVDA.daily: close '142,62' is not a number; write one like 142.62, or '-'"
    ]


@pytest.mark.parametrize(
    ("wrong", "right", "place", "words"),
    [
        ("2025-01-27 124.8 128.4 116.7 0 1", "118.42", "16:36", "close 0 is not above 0"),
        ("2025-01-27 124.8 128.4 -116.7 118.42 1", "", "16:30", "low -116.7 is not above 0"),
        ("2025-01-27 124.8 128.4 nan 118.42 1", "", "16:30", "low 'nan' is not a number"),
        ("2025-01-27 124.8 128.4 inf 118.42 1", "", "16:30", "low 'inf' is not a number"),
        ("2025-01-27 1_24.8 128.4 116.7 118.42 1", "", "16:18", "open '1_24.8' is not a number"),
        ("2025-01-27 124.8 116.7 128.4 118.42 1", "", "16:30", "low 128.4 is above high 116.7"),
        ("2025-01-27 124.8 128.4 119 118.42 1", "", "16:30", "low 119 is above the open or the close"),
        ("2025-01-27 124.8 124 116.7 118.42 1", "", "16:24", "high 124 is below the open or the close"),
        ("2025-01-27 124.8 128.4 116.7 - 1", "", "16:36", "a session needs its close"),
        ("2025-01-27 124.8 128.4 116.7", "", "16:7", "expected session, open, high, low, close"),
        ("2025-01-24 124.8 128.4 116.7 118.42 1", "", "16:7", "2025-01-24 does not come after 2025-01-24"),
        ("2025-01-22 124.8 128.4 116.7 118.42 1", "", "16:7", "2025-01-22 does not come after 2025-01-24"),
        ("2025-02-30 124.8 128.4 116.7 118.42 1", "", "16:7", "there is no date 2025-02-30"),
        ("27.01.2025 124.8 128.4 116.7 118.42 1", "", "16:7", "'27.01.2025' is not a date"),
        ("2025-01-27 12.48 12.84 11.67 11.842 1", "", "16:36", "two split bases seem mixed"),
        ("2025-01-27 124.8 128.4 116.7 118.42 -5", "", "16:43", "volume -5 is not above 0"),
    ],
)
def test_what_can_be_wrong_with_a_session(wrong: str, right: str, place: str, words: str) -> None:
    found = mistakes(HEAD + DAILY.replace("2025-01-27 124.8 128.4 116.7 118.42 818830900", wrong))
    assert len(found) == 1
    assert found[0].startswith(f"small.yaml:{place}: prices.NVDA.daily: ")
    assert words in found[0]


@pytest.mark.parametrize(
    ("wrong", "place", "words"),
    [
        ("2025-01-27T10:00Z lows 128.14", "18:25", "unknown kind 'lows'; write one of trade, open, low, high, close"),
        ("2025-01-27T10:00 low 128.14", "18:7", "is not a time"),
        ("2025-01-27T25:00Z low 128.14", "18:7", "there is no time 2025-01-27T25:00Z"),
        ("2025-01-27T10:00Z low", "18:7", "expected time, kind, price"),
        ("2025-01-27T10:00Z low -", "18:29", "a mark needs a price"),
        ("2025-01-27T10:00Z low 0", "18:29", "price 0 is not above 0"),
        ("2025-01-27T10:00Z low 12.814", "18:29", "another split basis"),
        ("2025-01-26T10:00Z low 128.14", "18:7", "had no session then"),
        ("2025-01-27T03:59-05:00 low 128.14", "18:7", "had no session then"),
        ("2025-01-28T01:00:01Z low 128.14", "18:7", "had no session then"),
        ("2025-01-27T15:00Z low 110", "18:29", "outside the session's 116.7 to 128.4"),
    ],
)
def test_what_can_be_wrong_with_a_mark(wrong: str, place: str, words: str) -> None:
    found = mistakes(HEAD + DAILY + f"    marks: |\n      {wrong}\n", with_sessions=True)
    assert len(found) == 1
    assert found[0].startswith(f"small.yaml:{place}: prices.NVDA.marks: ")
    assert words in found[0]


def test_marks_out_of_order_are_a_mistake() -> None:
    marks = "    marks: |\n      2025-01-27T10:00Z low 128.14\n      2025-01-27T09:00Z open 133.37\n"
    assert mistakes(HEAD + DAILY + marks) == [
        "small.yaml:19:7: prices.NVDA.marks: 2025-01-27T09:00Z comes after a later time; put the rows in order"
    ]


def test_a_pre_market_mark_may_lie_outside_the_regular_range() -> None:
    marks = "    marks: |\n      2025-01-27T09:00Z open 133.37\n"
    assert load(HEAD + DAILY + marks, with_sessions=True).prices[0].marks[0].price == 133.37


def test_all_mistakes_are_told_at_once_in_file_order() -> None:
    text = (HEAD.replace("kind: recorded", "kind: recordet") + DAILY).replace("147.22", "x").replace("116.7 ", "0 ")
    found = mistakes(text + "bananas: 1\n")
    assert [line.split(": ")[0] for line in found] == [
        "small.yaml:3:7",
        "small.yaml:14:39",
        "small.yaml:16:30",
        "small.yaml:17:1",
    ]
    assert "did you mean 'recorded'?" in found[0]


def test_dates_that_were_no_session_are_mistakes_where_the_calendar_is_known() -> None:
    text = HEAD.replace("from: 2025-01-24", "from: 2025-01-25") + DAILY.replace("2025-01-23", "2025-01-20")
    assert load(text).first == date(2025, 1, 25)
    assert mistakes(text, with_sessions=True) == [
        "small.yaml:5:7: from: 2025-01-25 was no session of XNAS; write one that was",
        "small.yaml:14:7: prices.NVDA.daily: 2025-01-20 was no session of XNAS; remove the line",
    ]


def test_an_exchange_without_calendar_is_a_mistake_at_its_line() -> None:
    assert mistakes(HEAD + DAILY.replace("XNAS", "XMAS"), with_sessions=True) == [
        "small.yaml:12:15: prices.NVDA.exchange: no calendar for exchange 'XMAS'"
    ]


def test_a_real_move_of_a_third_can_be_declared() -> None:
    crash = DAILY.replace("124.8 128.4 116.7 118.42", "30 31 20 24.2")
    assert "jump: 2025-01-27" in mistakes(HEAD + crash)[0]
    declared = crash.replace("exchange: XNAS", "exchange: XNAS\n    jump: 2025-01-27")
    assert load(HEAD + declared).prices[0].bars[2].close == 24.2


@pytest.mark.parametrize("style", ["    daily: >\n      ", '    daily: "', "    daily: "])
def test_a_block_that_is_not_literal_is_pointed_at_as_a_whole(style: str) -> None:
    end = '"\n' if '"' in style else "\n"
    found = mistakes(HEAD + f"prices:\n  A:\n    exchange: XNAS\n{style}2025-01-24 1 1 1 0{end}")
    assert [line.split(": ")[0].rpartition(":")[0] for line in found] in (["small.yaml:13"], ["small.yaml:14"])
    assert "close 0 is not above 0" in found[0]


def test_a_symbol_needs_a_basis_of_its_own_or_of_the_episode() -> None:
    text = HEAD.replace("basis: as traded\n", "") + DAILY
    assert mistakes(text) == [
        "small.yaml:11:5: prices.NVDA: 'basis' is missing; say which splits the prices are adjusted for"
    ]
    assert load(text.replace("XNAS\n", "XNAS\n    basis: as traded\n")).prices[0].basis == "as traded"


def test_the_name_must_be_the_files_own(tmp_path: Path) -> None:
    path = tmp_path / "other.yaml"
    path.write_text(HEAD + DAILY, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_episode(path)
    assert str(caught.value) == f"{path}:1:10: episode: the file is called 'other'; give both the same name"


def test_positions_hold_in_a_file_on_disk_with_byte_order_mark_and_windows_line_ends(tmp_path: Path) -> None:
    path = tmp_path / "small.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + (HEAD + DAILY.replace("142.62", "-1")).replace("\n", "\r\n").encode())
    with pytest.raises(ConfigError) as caught:
        load_episode(path)
    assert str(caught.value).startswith(f"{path}:15:39: prices.NVDA.daily: close -1 is not above 0")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (("to: 2025-01-28", "to: 2025-01-24"), "small.yaml:6:5: to: the replay ends before the session of the fall"),
        (("from: 2025-01-24", "from: 2025-01-28"), "small.yaml:5:7: from: the replay begins after the session"),
        (("from: 2025-01-24\n", ""), "small.yaml:1:1: 'from' is missing"),
        (("kind: recorded", "kind: described"), "small.yaml:10:1: prices: a described episode has no prices"),
    ],
)
def test_the_parts_of_a_file_must_fit_together(change: tuple[str, str], expected: str) -> None:
    assert mistakes((HEAD + DAILY).replace(*change))[0].startswith(expected)


def test_a_story_told_twice_is_a_mistake() -> None:
    story = "  - {at: 2025-01-20T12:37Z, source: HN, title: A model}\n"
    assert mistakes(HEAD + DAILY + "stories:\n" + story + story) == [
        "small.yaml:19:5: stories[1]: this story repeats stories[0]; remove one"
    ]


def test_a_new_title_at_the_same_address_revises_the_first_seen_one() -> None:
    stories = """\
stories:
  - {at: 2025-01-27T22:00Z, source: HN, title: A rout of $589B, link: https://example.com/a}
  - {at: 2025-01-27T10:57Z, source: HN, title: Chip stocks sink, link: https://example.com/a}
  - {at: 2025-01-27T11:00Z, source: FT, title: Chip stocks sink, link: https://example.com/a}
"""
    first, other, later = load(HEAD + DAILY + stories).stories
    assert (first.title, first.revises) == ("Chip stocks sink", None)
    assert later.revises == first.id
    assert other.revises is None
    assert len({first.id, other.id, later.id}) == 3


def test_a_story_can_have_been_seen_later_than_it_was_published() -> None:
    text = "stories:\n  - {at: 2025-01-23T19:09Z, published: 2025-01-23T00:00Z, source: OpenAI, title: An agent}\n"
    text += "  - {at: 2025-01-24T10:00Z, seen: 2025-01-24T12:00Z, source: OpenAI, title: Another}\n"
    published, seen = load(HEAD + DAILY + text).stories
    assert (published.published_at, published.seen_at.hour) == (datetime(2025, 1, 23, tzinfo=UTC), 19)
    assert (seen.published_at, seen.seen_at.hour) == (datetime(2025, 1, 24, 10, tzinfo=UTC), 12)


def test_a_described_episode_says_what_fell_and_what_followed() -> None:
    described = load(
        """\
        episode: small
        title: A described episode
        kind: described
        shock: false
        session: 2024-07-19
        summary: An outage.
        trigger: {what: A faulty update., topic: outage, source: "its own report, 24 July 2024"}
        falls:
          AAA: {change: -11.1%, next_session: -13.5%, five_sessions: "-20%"}
          BBB: {change: -20%}
        """
    )
    assert described.kind is EpisodeKind.DESCRIBED
    assert not described.shock
    worst, other = described.falls
    assert (worst.symbol, worst.change, worst.next_session) == ("BBB", -0.2, None)
    assert (other.five_sessions, other.twenty_sessions) == (-0.2, None)


def test_measured_falls_and_what_followed_come_from_the_prices() -> None:
    more = "      2025-01-28 121.81 129 116.25 128.99 579666400\n"
    (fall,) = load(HEAD + DAILY + more).falls
    assert fall.change == pytest.approx(118.42 / 142.62 - 1)
    assert fall.next_session == pytest.approx(128.99 / 118.42 - 1)
    assert fall.five_sessions is None


def test_an_unknown_episode_is_answered_with_the_nearest_and_an_empty_folder_with_none(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there are none"):
        episode_path(tmp_path / "missing", "deepseek")
    (tmp_path / "deepseek-2025-01.yaml").write_text("", encoding="utf-8")
    assert list(episode_paths(tmp_path)) == ["deepseek-2025-01"]
    with pytest.raises(UsageError, match=r"did you mean deepseek-2025-01\?"):
        episode_path(tmp_path, "deepseek-2025")


def test_editors_get_a_schema_with_every_key_explained() -> None:
    schema = EpisodeFile.model_json_schema()
    assert set(schema["properties"]) >= {"episode", "from", "to", "stories", "prices", "falls"}
    assert schema["additionalProperties"] is False
    for part in (p for p in [schema, *schema["$defs"].values()] if "enum" not in p):
        assert [key for key, value in part["properties"].items() if not value.get("description")] == []


WHOLE = HEAD + DAILY + "    marks: |\n      2025-01-27T10:00Z low 128.14\n"


@given(
    st.integers(0, len(WHOLE)),
    st.integers(0, 40),
    st.one_of(
        st.text(max_size=20), st.sampled_from(["0", "-1", "1e999", "[", "{}", "~", "- ", "'", "|", ">", "\n\n", "#"])
    ),
)
def test_whatever_is_typed_over_gives_an_episode_or_mistakes_with_positions(
    start: int, length: int, typed: str
) -> None:
    text = WHOLE[:start] + typed + WHOLE[start + length :]
    problems: tuple[Problem, ...] = ()
    try:
        load_episode("small.yaml", text, timetable_of=timetable_of)
    except ConfigError as error:
        problems = error.problems or (Problem("none was told", 0, 0, "", ""),)
    lines = len(text.splitlines()) + 1
    assert all(p.file == "small.yaml" and 1 <= p.line <= lines and p.column >= 1 for p in problems)
