"""Which stories are one happening."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.model import Reach
from tests.news.stories import START, empty_index, matched, moment, story

WEEK = [
    ("20 12:37", "Hacker News", "DeepSeek-R1"),
    ("20 16:03", "Example China", "深度求索发布DeepSeek-R1，性能媲美OpenAI o1"),
    ("22 15:00", "Example Letter", "DeepSeek-R1, an affordable rival to o1"),
    ("23 18:00", "Hacker News", "OpenAI launches Operator, an agent that uses the web"),
    ("23 19:00", "Example Wire", "OpenAI unveils Operator agent to use the web for you"),
    ("27 09:50", "Example Times", "What analysts tell clients about DeepSeek"),
    ("27 12:37", "Example Times", "Tech stocks tumble as China's DeepSeek sows doubts about AI spending"),
    ("27 12:45", "Example Broadcaster", "Cheap Chinese chatbot DeepSeek sparks tech sell-off"),
    ("27 17:00", "Hacker News", "DeepSeek releases Janus-Pro, an image model"),
    ("29 01:41", "Example China", "阿里云发布Qwen2.5-Max"),
    ("29 02:00", "Example Wire", "Alibaba releases Qwen 2.5 Max, says it beats DeepSeek-V3"),
]


def clusters(stories: list[tuple[str, str, str]]) -> dict[str, str]:
    """Title to title of its cluster's first story."""
    news = empty_index()
    found, firsts = {}, {"": ""}
    for at, source, title in stories:
        reading = news.add(story(title, at, source=source))
        assert reading is not None
        found[title] = firsts.setdefault(reading.cluster, title)
    return found


def test_one_happening_is_one_cluster_over_a_week_and_two_languages() -> None:
    found = clusters(WEEK)
    together = [title for _, _, title in WEEK if "R1" in title or "DeepSeek s" in title or "analysts" in title]
    assert len(together) >= 5
    assert {found[title] for title in together} == {"DeepSeek-R1"}


def test_other_happenings_stay_apart() -> None:
    found = clusters(WEEK)
    operator = {found[title] for title in found if "Operator" in title}
    qwen = {found[title] for title in found if "Qwen" in title}
    janus = {found[title] for title in found if "Janus" in title}
    assert len(operator) == len(qwen) == len(janus) == 1
    assert not (operator | qwen | janus) & {"DeepSeek-R1"}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("OpenAI unveils GPT-9, its new model", "OpenAI unveils GPT-9, its new AI model - Example Post"),
        ("Publisher's shares plunge after it blames ChatGPT", "Publisher’s shares plunge after blaming ChatGPT"),
        ("OpenAI unveils GPT-9", "GPT-9: everything you need to know"),
        (
            "Anthropic's new legal plugin reviews contracts",
            "Legal plugin by Anthropic reviews contracts",
        ),
        ("DeepSeek-R9 released", "深度求索发布DeepSeek-R9"),
        ("Chegg's shares halve on ChatGPT worries", "ChatGPT threat wipes billions off Chegg"),
        # other languages' names
        ("DeepSeek-R9 released", "딥시크, R9 공개"),
        ("DeepSeek-R9 released", "ディープシーク、R9を公開"),
        ("OpenAI lanza GPT-9", "OpenAI、GPT-9を発表"),
        ("Gemini 9 est arrivé, selon Google", "Google launches Gemini 9"),
        ("月之暗面发布Kimi K9", "Moonshot's Kimi K9 tops the leaderboard"),
        ("阿里发布千问9", "Alibaba releases Qwen 9"),
        ("Nvidia tumbles as DeepSeek sows doubts", "英伟达股价因DeepSeek重挫"),
        # a rumour and what it was about
        ("Anthropic is preparing Claude Opus 9, sources say", "Anthropic launches Claude Opus 9"),
        ("OpenAI reportedly plans GPT-9 for March", "OpenAI unveils GPT-9"),
        ("Opus 9 by Anthropic spotted in code", "Claude Opus 9 is here"),
        # what a tool did to a line of work
        ("Insurance brokers tumble on ChatGPT insurance app", "ChatGPT app for insurance quotes sinks brokers"),
        (
            "Trucking stocks tumble after karaoke firm unveils AI freight tool",
            "AI freight tool from former karaoke maker hammers logistics stocks",
        ),
        ("Wealth stocks sink on AI tax tool from Altruist", "Altruist's AI tax tool hits Schwab and Raymond James"),
        (
            "Thomson Reuters and RELX plunge after Anthropic's legal plugin",
            "Anthropic legal tool wipes billions off RELX and Wolters Kluwer",
        ),
        (
            "IBM has its worst day on COBOL fears after Anthropic post",
            "Anthropic's COBOL tool sends IBM to its worst day in decades",
        ),
        (
            "Google's Genie 9 makes playable worlds; game stocks sink",
            "Roblox, Unity plunge as Google Genie 9 makes games",
        ),
    ],
)
def test_rewrites_and_syndication_join(first: str, second: str) -> None:
    news = empty_index()
    one = news.add(story(first, START, source="one"))
    two = news.add(story(second, START + timedelta(hours=5), source="two"))
    assert one is not None
    assert two is not None
    assert two.cluster == one.cluster == one.story.id


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("OpenAI unveils GPT-9", "OpenAI unveils GPT-10"),
        ("OpenAI unveils GPT-9", "Google unveils Gemini 9"),
        ("OpenAI launches a search engine", "OpenAI launches a video generator"),
        ("ChatGPT adds shopping", "ChatGPT gets a study mode"),
        ("Anthropic releases Claude Opus 9", "Mistral releases Mistral Large 9"),
        ("Google adds AI to Gmail", "Google adds AI to YouTube"),
        ("AI stocks fall on spending worries", "AI-powered toothbrush launched"),
        ("Anthropic launches a legal plugin", "Anthropic launches a plugin for drug research"),
        ("Software stocks fall on AI fears", "Chip stocks fall on AI fears"),
        ("Freight brokers tumble on AI tool", "Insurance brokers tumble on AI tool"),
        ("AMD reports quarterly results below estimates", "Intel reports quarterly results below estimates"),
        ("AMD results miss estimates; shares fall", "Nvidia tumbles as DeepSeek sows doubts"),
        ("Tesla recalls 100,000 cars", "Ford recalls 100,000 trucks"),
        ("千问9发布", "豆包9发布"),
        ("Claude gets a memory", "Claude gets a browser"),
    ],
)
def test_different_happenings_do_not_join(first: str, second: str) -> None:
    news = empty_index()
    one = news.add(story(first, START, source="one"))
    two = news.add(story(second, START + timedelta(hours=5), source="two"))
    assert one is not None
    assert two is not None
    assert two.cluster != one.cluster


def test_a_happening_nobody_wrote_about_for_long_is_over() -> None:
    news = empty_index()
    one = news.add(story("DeepSeek-R9", START))
    two = news.add(story("DeepSeek-R9 again", START + timedelta(days=9)))
    assert one is not None
    assert two is not None
    assert two.cluster != one.cluster


def test_novelty_falls_with_each_repeat() -> None:
    news = empty_index()
    novelties = []
    for number in range(5):
        reading = news.add(story("DeepSeek-R9 is out", START + timedelta(hours=number), source=f"source {number}"))
        assert reading is not None
        novelties.append(reading.novelty)
    assert novelties[0] == 1.0
    assert novelties == sorted(novelties, reverse=True)
    assert len(set(novelties)) == 5


def test_a_rewritten_title_stays_in_its_cluster() -> None:
    news = empty_index()
    one = news.add(story("OpenAI unveils GPT-9", START, id="a"))
    two = news.add(story("A chatbot maker's big day: new AI model shows its teeth", START, id="b", revises="a"))
    assert one is not None
    assert two is not None
    assert two.cluster == "a"


def test_a_story_already_here_is_not_read_twice() -> None:
    news = empty_index()
    assert news.add(story("DeepSeek-R9", START, id="a")) is not None
    assert news.add(story("DeepSeek-R9", START, id="a")) is None
    assert len(news) == 1


def test_forgetting_keeps_the_first_story_as_long_as_any_other() -> None:
    news = empty_index(timedelta(days=9))
    for day in range(0, 14, 2):
        news.add(story(f"DeepSeek-R9, day {day}", START + timedelta(days=day), source=f"source {day}"))
    end = START + timedelta(days=12)
    news.forget(end)  # no more than the window allows
    assert news.reading(f"source 0|DeepSeek-R9, day 0|{START.isoformat()}") is None
    (match,) = matched(news, "NVDA", since=end - timedelta(days=9), until=end)
    assert match.first.title == "DeepSeek-R9, day 0"
    assert len(news) == 5


def test_memory_is_bounded_by_the_window() -> None:
    news = empty_index(timedelta(days=8))
    sizes = []
    for day in range(60):
        for number in range(20):
            at = START + timedelta(days=day, minutes=number)
            news.add(story(f"GPT-{number + 1} tested on day {day} by team {number}", at, source=f"s{number}"))
        news.forget(START + timedelta(days=day - 8))
        sizes.append(len(news))
    assert max(sizes[20:]) <= 20 * 10
    assert max(sizes[40:]) <= max(sizes[15:40])


# ------------------------------------------------------------------------------------------- any text, any batch

PIECES = st.sampled_from(
    [
        "DeepSeek-R1", "OpenAI", "GPT-9", "launches", "Claude", "Opus 9", "Nvidia", "shares plunge", "as", "AI",
        "深度求索", "发布", "Qwen3", "英伟达", "?", "ChatGPT", "rival to", "legal plugin", "$NVDA", "İ", "ß", "GPT",
        "(NASDAQ: AMD)", "{n}", "o3-mini", "R2", "Google", "trained for $6 million",
    ]
)  # fmt: skip
TITLES = st.one_of(st.text(max_size=80), st.lists(PIECES, max_size=8).map(" ".join))
FEED = st.lists(st.tuples(TITLES, TITLES, st.integers(0, 20 * 24), st.integers(0, 4), st.booleans()), max_size=25)


@settings(max_examples=60, deadline=None)
@given(title=TITLES, summary=TITLES, link=st.one_of(st.just(""), st.text(max_size=40), st.just("http://[bad")))
def test_any_text_is_read_without_a_crash(title: str, summary: str, link: str) -> None:
    reading = empty_index().add(story(title, START, summary=summary, link=link, source=summary))
    assert reading is not None
    assert all(0 <= topic.score <= 1 for topic in reading.topics)
    assert all(0 < strength <= 1 for _, strength in reading.exposures)
    for mention in reading.mentions:
        text = {"title": title, "summary": summary}.get(mention.where.value)
        if text is not None:
            assert text[mention.start : mention.start + len(mention.text)] == mention.text


@settings(max_examples=40, deadline=None)
@given(feed=FEED, forget_every=st.integers(1, 5))
def test_neither_batching_nor_forgetting_nor_asking_changes_the_result(
    feed: list[tuple[str, str, int, int, bool]], forget_every: int
) -> None:
    stories = sorted(
        (
            story(
                title,
                START + timedelta(hours=hours),
                summary=summary,
                source=f"source {source}",
                id=f"{number}",
                revises=f"{number - 1}" if revises and number else None,
            )
            for number, (title, summary, hours, source, revises) in enumerate(feed)
        ),
        key=lambda s: s.seen_at,
    )
    window = timedelta(days=8)
    plain, busy = empty_index(window), empty_index(window)
    for one in stories:
        plain.add(one)
    for number, one in enumerate(stories):
        busy.add(one)
        if number % forget_every == 0:
            busy.forget(one.seen_at - window)
            matched(busy, "NVDA", since=one.seen_at - window, until=one.seen_at)
    if not stories:
        return
    end = stories[-1].seen_at
    plain.forget(end - window)
    busy.forget(end - window)
    for symbol in ("NVDA", "TRI", "GOOGL", "COST"):
        for since in (end - window, end - timedelta(days=1)):
            wanted = [Reach.DIRECT, Reach.EXPOSURE]
            asked = {"reaches": wanted, "min_score": 0.3, "since": since, "until": end}
            assert plain.matches(symbol, ["ai-model", "ai-market"], **asked) == busy.matches(  # type: ignore[arg-type]
                symbol,
                ["ai-model", "ai-market"],
                **asked,  # type: ignore[arg-type]
            )
    for one in stories:
        assert plain.reading(one.id) == busy.reading(one.id)


# --------------------------------------------------------------------------------------------------- the DeepSeek week

HIT = (
    "NVDA", "TSM", "MU", "ARM", "ASX", "ONTO", "SMCI", "CLS", "ANET", "CRDO", "COHR", "LITE",
    "VST", "CEG", "GEV", "CCJ", "OKLO", "VRT", "MOD", "ETN", "PWR", "NBIS", "ORCL", "APLD", "CORZ",
)  # fmt: skip
"""One or two that fell over 10 % for each thing they live from."""
CLOSE_17TH = moment("17 21:00")


def test_before_the_market_opens_a_bare_title_and_a_follow_up_reach_nvidia() -> None:
    news = empty_index()
    at = "20 12:37"
    news.add(story("DeepSeek-R1", at, source="Hacker News", published_at=moment(at)))
    assert len(matched(news, "NVDA", since=CLOSE_17TH, until=moment("24 21:00"))[0].sources) == 1
    news.add(story("What analysts are saying about DeepSeek", "27 09:50", source="Example Times"))
    (match,) = matched(news, "NVDA", since=CLOSE_17TH, until=moment("27 10:00"))
    assert match.reach is Reach.EXPOSURE
    assert "ai-chips" in match.exposures
    assert match.score >= 0.5
    assert match.sources == ("Hacker News", "Example Times")
    assert match.first.title == "DeepSeek-R1"
    assert not matched(news, "VST", since=CLOSE_17TH, until=moment("27 10:00"))


def test_by_the_open_the_same_cluster_reaches_those_who_power_cool_and_wire() -> None:
    news = empty_index()
    for at, source, title in WEEK:
        news.add(story(title, at, source=source))
    for until in ("27 14:30", "27 21:00"):
        for symbol in HIT:
            match = matched(news, symbol, since=CLOSE_17TH, until=moment(until))[0]
            assert match.first.title == "DeepSeek-R1", symbol
            assert len(match.sources) >= 2
            assert match.score >= 0.5
        for symbol in ("CRWD", "NOW", "COST", "JPM", "CHRW"):
            found = matched(news, symbol, since=CLOSE_17TH, until=moment(until))
            assert "DeepSeek-R1" not in {match.first.title for match in found}, symbol
