"""Whom a story reaches, and how."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.core.model import Reach
from tests.news.stories import MONTH, START, empty_index, matched, read, shipped, story

REACHED = [
    ("Anthropic launches a legal plugin for Claude", ["TRI", "RELX", "LZ", "WKL.AS"], ["RXO", "CBRE"]),
    ("Claude Code can now modernise COBOL, Anthropic says", ["IBM", "ACN"], ["CHGG", "VST"]),
    ("Anthropic previews Claude Code Security, which finds vulnerabilities in code", ["CRWD", "OKTA", "ZS"], ["DUOL"]),
    ("OpenAI launches a search engine in ChatGPT", ["GOOGL"], ["VRT", "CEG"]),
    ("New AI model trained at a fraction of the cost", ["NVDA", "AVGO", "VST", "VRT", "ANET", "COHR"], ["CRWD"]),
    ("ChatGPT app lets users buy insurance: insurance brokers under threat", ["AJG", "WTW"], ["VST"]),
    ("AI tool for tax planning launched for wealth managers", ["RJF", "SCHW", "LPLA"], ["CHRW"]),
    ("Start-up launches AI agents for freight brokers", ["CHRW", "RXO"], ["RJF"]),
    ("AI tool launched for commercial real estate brokers", ["CBRE", "JLL", "CWK"], ["CHGG"]),
    ("Google DeepMind unveils Genie 9, which makes playable worlds", ["U", "RBLX", "TTWO"], ["TRI"]),
    ("ChatGPT gets a study mode for students and homework", ["CHGG"], ["VST"]),
    ("OpenAI releases Sora 9, its text-to-video model", ["ADBE", "SSTK"], ["CEG"]),
    ("OpenAI launches voice agents for call centers", ["CNXC", "TTEC"], ["CCJ"]),
    ("Apple adds live translation by AI to its earphones, Duolingo's language learning in view", ["RWS.L"], ["VST"]),
]  # fmt: skip


@pytest.mark.parametrize(("title", "reached", "spared"), REACHED)
def test_what_a_story_says_decides_whom_it_reaches(title: str, reached: list[str], spared: list[str]) -> None:
    news = empty_index()
    news.add(story(title, START))
    for symbol in reached:
        (match,) = matched(news, symbol, "ai-model", "ai-market", since=START - MONTH, until=START)
        assert match.reach in (Reach.DIRECT, Reach.EXPOSURE)
        assert match.strength > 0
        assert bool(match.exposures) == (match.reach is Reach.EXPOSURE)
    for symbol in spared:
        assert not matched(news, symbol, "ai-model", "ai-market", since=START - MONTH, until=START), symbol


LATER = [
    (
        "Thomson Reuters and RELX plunge after Anthropic's legal plugin",
        ["TRI", "RELX", "WKL.AS", "LZ"],
        ["NVDA", "VST", "CHRW"],
    ),
    (
        "Anthropic releases plugins that let Claude review contracts and draft briefs",
        ["TRI", "RELX", "LZ"],
        ["VRT", "CHGG"],
    ),
    ("IBM has its worst day in 25 years on COBOL fears", ["IBM", "ACN", "CTSH", "INFY"], ["NVDA", "CRWD", "CHGG"]),
    ("Claude Code can read forty-year-old COBOL, Anthropic tells banks", ["IBM", "ACN", "KD"], ["VST", "CHGG"]),
    (
        "Insurance brokers suffer steepest one-day fall since 2008 on ChatGPT app",
        ["AJG", "WTW", "AON", "BRO"],
        ["NVDA", "VST"],
    ),
    ("OpenAI approves an insurance app in ChatGPT that gives quotes", ["AJG", "WTW"], ["VST", "CHRW"]),
    ("Freight brokers tumble on fears of AI load-matching tool", ["CHRW", "RXO", "LSTR", "EXPD"], ["SCHW", "NVDA"]),
    ("Small karaoke company unveils AI platform that fills empty trucks", ["CHRW", "RXO"], ["SCHW", "NVDA"]),
    (
        "Wealth managers' shares slide as AI tax tool stokes disruption worries",
        ["SCHW", "RJF", "LPLA", "STJ.L"],
        ["NVDA", "VRT", "CHRW"],
    ),
    ("Start-up's AI tax planner for wealth advisers goes live", ["RJF", "LPLA", "SCHW"], ["NVDA"]),
    ("Cybersecurity stocks drop after Anthropic launches code scanner", ["CRWD", "OKTA", "ZS", "NET"], ["SCHW", "TRI"]),
    ("Roblox and Unity sink as Google shows world-making AI", ["RBLX", "U", "TTWO"], ["CHRW", "VST"]),
    ("Google's Project Genie lets anyone make a playable world from a photo", ["U", "RBLX", "TTWO"], ["VST", "TRI"]),
    ("Alphabet falls 5% on OpenAI browser", ["GOOGL"], ["VST", "TRI"]),
    ("OpenAI launches Atlas, a browser with ChatGPT built in", ["GOOGL"], ["VST", "CHRW"]),
    ("Commercial property brokers sink as AI scare spreads", ["CBRE", "JLL", "CWK"], ["NVDA"]),
    (
        "Infosys, Wipro lead India IT rout on AI automation worries",
        ["INFY", "WIT", "TCS.NS", "ACN"],
        ["NVDA", "VST", "CHRW"],
    ),
    ("Chegg cuts nearly half its staff, blaming AI and lost Google traffic", ["CHGG"], ["NVDA"]),
    (
        "Software stocks enter bear market as investors flee AI disruption",
        ["CRM", "NOW", "ADBE", "TEAM"],
        ["NVDA", "VST"],
    ),
    ("Publicis and WPP shares fall after Meta says AI will make ads by itself", ["WPP.L", "PUB.PA", "OMC"], ["NVDA"]),
    (
        "Nvidia shares sink as cheap Chinese model raises doubts over demand",
        ["NVDA", "AVGO", "VRT", "VST", "CRDO"],
        ["CHGG", "TRI"],
    ),
    (
        "Chip stocks lose $1 trillion as Chinese model shakes faith in AI spending",
        ["NVDA", "MU", "VRT", "VST", "CEG"],
        ["CHGG", "CHRW"],
    ),
    ("受DeepSeek影响，英伟达股价重挫", ["NVDA", "VRT"], ["CHGG"]),
    ("广告股集体跳水，AI工具冲击传统代理商", ["WPP.L", "OMC"], ["NVDA", "VST"]),
    ("Concentrix loses 20% after OpenAI demo of voice agents", ["CNXC", "TTEC", "TEP.PA"], ["VST"]),
    ("Getty Images sinks as OpenAI shows off Sora 3", ["GETY", "SSTK", "ADBE"], ["VST"]),
    ("Expedia and Booking slip on Google's AI travel agent", ["EXPE", "BKNG", "TRIP"], ["VST"]),
    (
        "S&P Global and Moody's drop on fears AI will replace financial analysts",
        ["SPGI", "MCO", "FDS", "MSCI"],
        ["VST"],
    ),
    ("Adecco and Randstad tumble on AI hiring agent for recruiters", ["RAND.AS", "RHI", "MAN"], ["VST"]),
    ("Sage and Xero fall as Anthropic turns to accounting", ["SGE.L", "INTU"], ["VST"]),
]
"""Shocks as they came after the first: what falls, and what the same story leaves alone."""


@pytest.mark.parametrize(("title", "reached", "spared"), LATER)
def test_later_shocks_reach_those_who_live_from_the_work_they_do(
    title: str, reached: list[str], spared: list[str]
) -> None:
    news = empty_index()
    news.add(story(title, START))

    def reaches(symbol: str) -> bool:
        since = START - MONTH
        return bool(matched(news, symbol, "ai-model", "ai-market", since=since, until=START, min_score=0.3))

    assert [symbol for symbol in reached if not reaches(symbol)] == []
    assert [symbol for symbol in spared if reaches(symbol)] == []


def test_a_named_company_is_reached_directly_and_ranks_before_exposure() -> None:
    news = empty_index()
    news.add(story("Cheap AI model from DeepSeek: DeepSeek-R9 trained for $2 million", START, source="one"))
    news.add(story("GPT-9 will run on Nvidia's new systems", START, source="two"))
    first, second = matched(news, "NVDA", since=START - MONTH, until=START)
    assert (first.reach, second.reach) == (Reach.DIRECT, Reach.EXPOSURE)
    assert first.strength == 1.0
    assert second.exposures[0] == "ai-chips"


def test_only_the_reaches_asked_for_are_given() -> None:
    news = empty_index()
    news.add(story("DeepSeek-R9 hits Nvidia: trained at a fraction of the cost", START))

    def reaches(*wanted: Reach) -> list[Reach]:
        found = news.matches("NVDA", ["ai-model"], reaches=wanted, min_score=0.5, since=START - MONTH, until=START)
        return [match.reach for match in found]

    assert reaches(Reach.DIRECT) == [Reach.DIRECT]
    assert reaches(Reach.EXPOSURE) == [Reach.EXPOSURE]
    assert reaches(Reach.DIRECT, Reach.EXPOSURE) == [Reach.DIRECT]
    assert reaches(Reach.NONE) == []
    assert [m.reach for m in news.matches(
        "COST", ["ai-model"], reaches=[Reach.NONE], min_score=0.5, since=START - MONTH, until=START
    )] == [Reach.NONE]  # fmt: skip


def test_a_story_without_any_topic_reaches_only_whom_it_names_and_only_as_a_story() -> None:
    news = empty_index()
    reading = news.add(story("Nvidia opens an office in Leeds", START))
    assert not matched(news, "NVDA", since=START - MONTH, until=START)
    assert reading is not None
    assert reading.cluster == ""


def test_a_window_is_open_at_its_start_and_closed_at_its_end() -> None:
    news = empty_index()
    news.add(story("DeepSeek-R9 hits Nvidia", START))
    second = timedelta(seconds=1)
    assert matched(news, "NVDA", since=START - second, until=START)
    assert not matched(news, "NVDA", since=START, until=START + second)
    assert not matched(news, "NVDA", since=START - MONTH, until=START - second)


def test_a_story_already_older_than_the_window_when_first_seen_raises_nothing() -> None:
    for published, counts in (
        (START - timedelta(days=9), False),
        (START - timedelta(days=1), True),
        (START + timedelta(days=300), True),  # a clock gone wrong tells nothing about age
        (START.replace(year=1970), True),  # nor does an empty date
        (START.replace(year=1795), True),
        (None, True),
        ((START - timedelta(days=2)).replace(hour=0), True),  # a bare date stands for its whole day
    ):
        news = empty_index()
        news.add(story("DeepSeek-R9 hits Nvidia", START, published_at=published))
        since = START - timedelta(days=1, hours=20)
        assert bool(matched(news, "NVDA", since=since, until=START)) is counts, published


def test_two_titles_of_one_entry_are_one_source() -> None:
    news = empty_index()
    news.add(story("DeepSeek-R9 hits Nvidia", START, id="a", source="one"))
    news.add(story("DeepSeek-R9 hits Nvidia hard", START, id="b", source="another name", revises="a"))
    (match,) = matched(news, "NVDA", since=START - MONTH, until=START)
    assert match.sources == ("one",)
    assert [s.id for s in match.stories] == ["a", "b"]


def test_score_reach_and_sources_hold_for_one_cluster_together() -> None:
    news = empty_index()
    news.add(story("DeepSeek-R9 hits Nvidia", START, source="one"))
    news.add(story("Claude Opus 9 is out, on Nvidia", START, source="two"))
    found = matched(news, "NVDA", since=START - MONTH, until=START)
    assert [len(match.sources) for match in found] == [1, 1]


def test_a_match_is_seeded_only_while_all_its_stories_are() -> None:
    news = empty_index()
    news.add(story("DeepSeek-R9 hits Nvidia", START, source="one", seeded=True))
    assert matched(news, "NVDA", since=START - MONTH, until=START)[0].seeded
    news.add(story("Nvidia and DeepSeek-R9: what to know", START, source="two"))
    assert not matched(news, "NVDA", since=START - MONTH, until=START)[0].seeded


def test_what_is_known_later_does_not_change_what_was_known() -> None:
    news = empty_index()
    later = START + timedelta(hours=3)
    news.add(story("DeepSeek-R9", START, source="one"))
    before = matched(news, "NVDA", since=START - MONTH, until=START)
    news.add(story("Nvidia tumbles as DeepSeek-R9 sows doubts about AI spending", later, source="two"))
    assert matched(news, "NVDA", since=START - MONTH, until=START) == before
    after = matched(news, "NVDA", since=START - MONTH, until=later)
    assert after != before
    assert after[0].first.title == "DeepSeek-R9"


def test_every_exposure_of_the_shipped_files_is_defined_and_somebody_lives_from_it() -> None:
    topics, companies = shipped()
    assert set(companies.exposures) <= set(topics.exposure_names)
    reachable = {name for effect in topics.effects for name in effect.reach}
    lonely = [e.name for e in topics.exposures if not companies.exposed_to(e.name)]
    assert lonely == []
    assert reachable <= set(topics.exposure_names)


def test_the_score_of_a_match_is_that_of_its_best_story_with_its_reasons() -> None:
    news = empty_index()
    news.add(story("DeepSeek-R9", START, source="one"))
    news.add(story("DeepSeek releases R9 with open weights, on par with GPT-9", START, source="two"))
    (match,) = matched(news, "NVDA", since=START - MONTH, until=START)
    assert match.score == max(read(s.title).score("ai-model") for s in match.stories)
    assert match.best.source == "two"
    assert sum(r.weight for r in match.reasons) >= match.score
