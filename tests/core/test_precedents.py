"""Which past episodes are set beside an incident, and what is said of what followed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config.episodes.file import load_episodes
from bot.core.messages.blocks.precedents import precedents
from bot.core.messages.precedents import LIKE_ENOUGH, MOST, IncidentProfile, exposures_of, likeness, nearest, outcomes
from bot.core.model import Summary
from bot.core.model.episodes import Episode, EpisodeKind, Fall, Trigger
from bot.render.plain import plain
from tests.core.real_sessions import timetable
from tests.news.stories import shipped

SHIPPED = load_episodes(Path(__file__).resolve().parents[2] / "rules" / "episodes")
TOPICS = shipped()[0]
MONDAY = date(2025, 1, 27)
CHIPS = {"ai-chips": 1.0, "memory": 0.3}


def episode(
    name: str, session: date, *falls: Fall, topic: str = "ai-model", exposures: tuple[str, ...] = ()
) -> Episode:
    return Episode(
        name=name,
        title=name.title(),
        kind=EpisodeKind.DESCRIBED,
        session=session,
        first=session,
        last=session,
        summary="",
        trigger=Trigger(what="x", topic=topic, exposures=exposures),
        described=falls,
    )


def happening(**other: object) -> IncidentProfile:
    found = IncidentProfile(MONDAY, "ai-market", CHIPS, -0.12, 3)
    return replace(found, **other)  # type: ignore[arg-type]


LIKE = episode("like", date(2024, 1, 10), Fall("NVDA", -0.11, "ai-chips", 0.02, -0.01, 0.3), exposures=("ai-chips",))
TUTORS = episode("tutors", date(2024, 1, 11), Fall("CHGG", -0.48, "education", 0.1), exposures=("education",))
PUPILS = replace(TUTORS, name="pupils", described=(Fall("CHGG", -0.12, "education"),))
RESULTS = episode("results", date(2024, 1, 12), Fall("KO", -0.05), topic="earnings")


def names(*given: Episode, of: IncidentProfile | None = None) -> list[str]:
    return [p.episode.name for p in nearest(of or happening(), given, TOPICS)]


def test_the_likest_comes_first_and_the_far_fetched_not_at_all() -> None:
    both = episode(
        "both",
        date(2024, 1, 9),
        Fall("NVDA", -0.11, "ai-chips"),
        Fall("MU", -0.1, "memory"),
        Fall("AMD", -0.1, "ai-chips"),
    )
    assert names(RESULTS, TUTORS, LIKE, both) == ["both", "like"]
    assert names(RESULTS, TUTORS) == []
    assert names(RESULTS, PUPILS) == ["pupils"], "an AI shock as deep, though of another line of business"
    assert names(RESULTS) == []


def test_ai_shocks_come_first_and_a_look_alike_of_the_same_line_before_another_shock() -> None:
    chips = replace(
        LIKE, name="chips", shock=False, trigger=Trigger("rules", topic="ai-policy", exposures=("ai-chips",))
    )
    assert names(chips, PUPILS) == ["pupils", "chips"]
    assert names(chips, LIKE, PUPILS) == ["like", "chips"]
    assert names(chips, PUPILS, replace(PUPILS, name="more pupils")) == ["more pupils", "chips"]
    assert names(chips, of=happening(exposures={"education": 1.0})) == []


def test_the_same_kind_of_news_makes_a_precedent_in_another_line() -> None:
    tool = replace(TUTORS, name="tool", trigger=replace(TUTORS.trigger, kinds=("work-tool",)))
    assert names(tool, PUPILS, of=happening(kinds=("work-tool", "code"))) == ["tool"]
    assert names(tool, PUPILS, of=happening(kinds=("pictures",))) == ["pupils"]


def test_of_two_as_like_the_one_that_people_remember_comes_first() -> None:
    older = replace(
        LIKE, name="older", session=date(2021, 1, 11), described=(replace(LIKE.described[0], change=-0.12),)
    )
    assert names(older, LIKE) == ["like", "older"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("deepseek-2025-01", ["bard-2023-02"]),
        ("gemini-pictures-2024-02", ["bard-2023-02", "samsung-bing-2023-04"]),
        ("chegg-2025-02", ["chegg-2023-05"]),
        ("cowork-plugins-2026-02", ["klarna-assistant-2024-02"]),
        ("claude-code-security-2026-02", ["semicab-2026-02", "crowdstrike-outage-2024-07"]),
    ],
)
def test_what_ships_is_set_beside_what_a_reader_would_name(name: str, expected: list[str]) -> None:
    (one,) = [e for e in SHIPPED if e.name == name]
    falls = [f for f in one.falls if f.exposure]
    exposures = exposures_of({falls[0].exposure: 1.0}, [{f.exposure: 1.0} for f in falls[1:]])
    asked = IncidentProfile(one.session, one.trigger.topic, exposures, falls[0].change, len(falls), one.trigger.kinds)
    assert [p.episode.name for p in nearest(asked, SHIPPED, TOPICS)][: len(expected)] == expected


def test_no_shock_is_the_precedent_of_everything() -> None:
    shocks = [e for e in SHIPPED if e.shock]
    first: list[str] = []
    for one in shocks:
        falls = [f for f in one.falls if f.exposure]
        asked = IncidentProfile(
            one.session, one.trigger.topic, {falls[0].exposure: 1.0}, falls[0].change, 1, one.trigger.kinds
        )
        first += [p.episode.name for p in nearest(asked, SHIPPED, TOPICS, most=1)]
    assert max(map(first.count, first)) <= len(shocks) / 3


def test_every_kind_an_episode_names_is_one_of_the_topics() -> None:
    known = {kind.name for kind in TOPICS.kinds}
    for one in SHIPPED:
        assert set(one.trigger.kinds) <= known, one.name
        assert one.trigger.kinds or not one.shock, f"{one.name} is an AI shock of no kind"


def test_of_two_alike_the_newer_comes_first() -> None:
    older = replace(LIKE, name="older", session=date(2023, 1, 10))
    assert names(older, LIKE) == ["like", "older"]


def test_what_came_later_is_no_precedent() -> None:
    assert names(replace(LIKE, session=MONDAY), replace(LIKE, session=MONDAY + timedelta(days=1))) == []


def test_a_fall_without_a_cause_is_compared_with_nothing() -> None:
    assert names(LIKE, of=happening(topic="")) == []


def test_a_rise_has_none() -> None:
    assert names(LIKE, of=happening(change=0.12)) == []


@pytest.mark.parametrize(
    ("days", "known"), [(1, []), (7, []), (8, [1]), (13, [1]), (14, [1, 5]), (37, [1, 5]), (38, [1, 5, 20])]
)
def test_only_what_was_over_by_then_is_said_to_have_followed(days: int, known: list[int]) -> None:
    assert [o.sessions for o in outcomes(LIKE, LIKE.session + timedelta(days=days))] == known


@pytest.mark.parametrize("exchange", ["XNYS", "XLON", "XPAR", "XTKS", "XHKG"])
def test_nothing_is_said_to_have_followed_before_its_session_was_over(exchange: str) -> None:
    sessions = timetable(exchange).all
    for n in range(len(sessions) - 20):
        past = replace(LIKE, session=sessions[n].date)
        for count in (1, 5, 20):
            assert count not in [o.sessions for o in outcomes(past, sessions[n + count].date)]


def test_what_followed_is_the_median_of_those_that_fell_and_are_known() -> None:
    several = episode(
        "several",
        date(2024, 1, 10),
        Fall("A", -0.1, "", 0.01, None, 0.5),
        Fall("B", -0.2, "", 0.03),
        Fall("C", -0.3, "", -0.05, 0.02),
        Fall("D", 0.3, "", 0.9, 0.9, 0.9),
    )
    found = outcomes(several, MONDAY)
    assert [(o.sessions, round(o.change, 4), o.symbols) for o in found] == [(1, 0.01, 3), (5, 0.02, 1), (20, 0.5, 1)]


def test_a_line_says_when_what_fell_and_what_followed() -> None:
    (found,) = nearest(happening(), [LIKE], TOPICS)
    text = plain(Summary(tuple(precedents([found]))), None)
    assert (
        "10 Jan 2024: Like: NVDA −11.0 %; then +2.0 % next session, −1.0 % in five sessions, +30.0 % in twenty." in text
    )
    assert precedents([]) == []


def test_each_median_is_of_as_many_as_are_known() -> None:
    several = replace(
        LIKE, described=(Fall("NVDA", -0.11, "ai-chips", 0.02, -0.01), Fall("MU", -0.1, "memory", 0.04, None))
    )
    (found,) = nearest(happening(), [several], TOPICS)
    text = " ".join(plain(Summary(tuple(precedents([found]))), None).split())
    assert "then +3.0 % next session (median of 2), −1.0 % in five sessions (of one)." in text


def test_what_a_recorded_episode_sets_beside_for_comparison_did_not_fall_with_it() -> None:
    (recorded,) = [e for e in SHIPPED if e.name == "deepseek-2025-01"]
    with_exposure = [f for f in recorded.falls if f.change < 0 and f.exposure]
    assert {"SPY", "CRWD"} <= {f.symbol for f in recorded.falls if f.change < 0 and not f.exposure}
    later = IncidentProfile(date(2026, 1, 27), "ai-market", CHIPS, -0.17, 40)
    (found,) = nearest(later, [recorded], TOPICS)
    assert {o.symbols for o in found.outcomes} == {len(with_exposure)}
    assert f" and {len(with_exposure) - 2} others;" in plain(Summary(tuple(precedents([found]))), None)


def test_every_line_of_work_an_episode_names_is_one_that_companies_have() -> None:
    known = set(shipped()[0].exposure_names)
    for one in SHIPPED:
        assert {*one.trigger.exposures, *(f.exposure for f in one.falls if f.exposure)} <= known, one.name


def test_a_look_alike_is_named_as_one() -> None:
    (found,) = nearest(happening(), [replace(LIKE, shock=False)], TOPICS)
    assert "Like (not AI): NVDA" in plain(Summary(tuple(precedents([found]))), None)


def test_deepseek_monday_is_set_beside_chips_and_a_later_legal_shock_beside_earlier_software() -> None:
    chips = IncidentProfile(MONDAY, "ai-market", CHIPS, -0.17, 40)
    assert {p.episode.session < MONDAY for p in nearest(chips, SHIPPED, TOPICS)} == {True}
    legal = IncidentProfile(date(2026, 6, 1), "ai-market", {"legal-data": 1.0}, -0.12, 6)
    first = nearest(legal, SHIPPED, TOPICS)[0].episode
    assert first.shock
    assert "legal-data" in {*first.trigger.exposures, *(f.exposure for f in first.falls)}


def test_shares_of_what_companies_live_from() -> None:
    found = exposures_of({"ai-chips": 0.5}, [{"cloud": 0.6, "ai-chips": 1.0}])
    assert list(found.items()) == [("ai-chips", 0.75), ("cloud", 0.3)]
    assert exposures_of({"ai-chips": 0.5}, []) == {"ai-chips": 0.5}
    assert exposures_of({}, [{"cloud": 0.6}]) == {"cloud": 0.6}
    assert exposures_of({}, []) == {}


def test_a_wide_incident_is_compared_by_its_lead_as_much_as_by_all_the_others() -> None:
    works = ["cooling", "optical", "networking", "power-generation", "uranium", "memory"]
    found = exposures_of({"ai-chips": 1.0}, [{work: 1.0} for work in works])
    assert found["ai-chips"] == pytest.approx(0.5)
    assert sum(found.values()) == pytest.approx(1.0)
    assert names(TUTORS, LIKE, of=happening(exposures=found, breadth=37))[0] == "like"


shares = st.dictionaries(st.sampled_from(["a", "b", "c"]), st.floats(0.01, 1), max_size=3)


@given(
    topic=st.sampled_from(["", "ai-model", "ai-market", "ai-capex", "earnings"]),
    exposures=shares,
    change=st.floats(-0.9, -0.001),
    breadth=st.integers(1, 500),
    which=st.sampled_from([LIKE, TUTORS, RESULTS, *SHIPPED]),
)
def test_likeness_lies_between_nothing_and_one(
    topic: str, exposures: dict[str, float], change: float, breadth: int, which: Episode
) -> None:
    asked = IncidentProfile(date(2030, 1, 1), topic, exposures, change, breadth)
    assert 0 <= likeness(asked, which, TOPICS) <= 1 + 1e-9
    assert all(p.likeness >= LIKE_ENOUGH for p in nearest(asked, [which], TOPICS))
    found = nearest(asked, [LIKE, TUTORS, RESULTS, *SHIPPED], TOPICS)
    assert len(found) <= MOST
    assert [p.episode.shock for p in found] == sorted((p.episode.shock for p in found), reverse=True)
