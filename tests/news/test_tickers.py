"""Tickers in stories: where the sentence makes capitals a ticker, and where they are a word."""

from __future__ import annotations

import re

import pytest

from bot.core.model import Story
from bot.core.news.reader import StoryReader
from tests.news.stories import MONTH, START, add_company, empty_index, matched, named, read, shipped, story

TICKERS = [
    ("CHGG sinks on fears that chatbots do the homework", {"CHGG"}),
    ("CHGG Sinks 40%", {"CHGG"}),
    ("CHGG shares halve as students turn to ChatGPT", {"CHGG"}),
    ("Why CHGG stock crashed today", {"CHGG"}),
    ("Shares of CHGG and DUOL slide", {"CHGG", "DUOL"}),
    ("AI rout drags DUOL to a new low", {"DUOL"}),
    ("New legal plugin hammers LZ", {"LZ"}),
    ("CHGG's worst day ever", {"CHGG"}),
    ("CHGG: the homework is done", {"CHGG"}),
    ("NVDA, PLTR and SMCI forecast: chips look weak", {"NVDA", "PLTR", "SMCI"}),
    ("Options corner: INTC, TSM, MU", {"INTC", "TSM", "MU"}),
    ("DKS vs. TSCO: which is the better value?", {"DKS", "TSCO"}),
    ("CRM & VST weaken as NVDA tumbles", {"CRM", "VST", "NVDA"}),
    ("The big three: TSLA, NOW, ANET", {"TSLA", "NOW", "ANET"}),
    ("Chip stocks (NVDA, AVGO) recover", {"NVDA", "AVGO"}),
    ("Example Chips Inc (NVDA) explained", {"NVDA"}),
    ("Target (TGT) is a trending stock", {"TGT"}),
    ("Three makers (NASDAQ: NVDA, AMD, AVGO) fall", {"NVDA", "AMD", "AVGO"}),
    ("Two makers (NASDAQ: NVDA; NYSE: TSM) fall", {"NVDA", "TSM"}),
    ("Two makers (NASDAQ:NVDA, ETR:SAP) fall", {"NVDA", "SAP.DE"}),
    ("Two makers (NYSE: SO and NOW) rise", {"SO", "NOW"}),
    ("Watchers of (nasdaq: nvda) rejoice", {"NVDA"}),
    ("A utility (NYSE: SO) rises", {"SO"}),
    ("A maker of software (NYSE:AI) falls", {"AI"}),
    ("An exchange first: NASDAQ: CRDO climbs", {"CRDO"}),
    ("芯片股（NASDAQ：NVDA）大跌", {"NVDA"}),
    ("An old friend (NYSE: BRK.B) buys", {"BRK-B"}),
    ("BRK.B shares rise", {"BRK-B"}),
    ("$CHGG is done", {"CHGG"}),
    ("$chgg is done", {"CHGG"}),
    ("$Nvda to the moon", {"NVDA"}),
    ("$AI falls 8%", {"AI"}),
    ("$NOW and $IT look cheap", {"NOW", "IT"}),
    ("$now stock sinks", {"NOW"}),
]

WORDS = [
    "IT spending rises 8%",
    "IT stocks slide",
    "IT shares in India fall",
    "AI stocks slump",
    "AI shares tumble",
    "AI falls short",
    "AI drags down software shares",
    "AI, IT and HR: where the jobs go",
    "AI and ARM",
    "Buy NOW",
    "NOW shares are cheap",
    "And NOW falls the rain",
    "It is ALL down to him",
    "ALL shares fall",
    "ARE stocks up?",
    "SO shares fell, SO what",
    "ON balance, shares fell",
    "A stock that fell",
    "A falls, B rises",
    "How LOW can shares go",
    "LOW prices",
    "KEY shares to watch",
    "The KEY: patience",
    "CAT videos soar",
    "CAT scans fall",
    "SMR stocks soar",
    "Small modular reactors (SMR) get a boost",
    "SMR, EV and AI stocks rise",
    "Artificial intelligence (AI) stocks fall",
    "3 artificial intelligence (AI) stocks to buy",
    "Information technology (IT) spending falls",
    "Age-related macular degeneration (AMD) drug approved",
    "Competition and Markets Authority (CMA) opens inquiry",
    "市场管理局（CMA）宣布调查",
    "PostgreSQL replication (WAL) explained",
    "A COO, a CEO and a CFO resign",
    "The COO sells shares",
    "OPEN letter from founders",
    "SNAP benefits cut",
    "PATH trains fall silent",
    "TEAM USA gains",
    "echo $path",
    "for $all in $it",
    "for $now in $key",
    "Sales ($M) and costs ($B) fall",
    "A$1.2bn deal",
    "US$T stocks",
    "It cost $5",
    "angle $D$ and $V$",
    "STOCKS PLUNGE AS SHOP SALES FALL AND COST RISES",
    "CATS AND DOGS: NET SALES FALL, TEAM SELLS SHARES",
    "EVERY SHARE FALLS AND LULU SHARES FALL TOO",
    "CRM FRAUD REVIEW OPENED",
    "AT&T, S&P and R&D spending",
    "AI-powered SMR-based IT",
    "U.S. shares fall",
    "GPU, CPU and RAM prices rise",
    "UK, US and EU shares fall",
    "ChatGPT hurts MIT",
    "NASA, ESA and JAXA",
]


@pytest.mark.parametrize(("title", "symbols"), TICKERS)
def test_a_ticker_is_read_where_the_sentence_makes_it_one(title: str, symbols: set[str]) -> None:
    assert named(title) >= symbols


@pytest.mark.parametrize(("title", "symbols"), TICKERS[:13])
def test_a_ticker_is_read_in_a_summary_too(title: str, symbols: set[str]) -> None:
    if not title.startswith("CHGG:"):
        mentions = read("Today's markets", summary=f"In short. {title}.").mentions
        assert {m.name for m in mentions if m.kind == "company"} >= symbols


@pytest.mark.parametrize("title", WORDS)
def test_a_word_in_capitals_is_no_ticker(title: str) -> None:
    tickers = {m.name for m in read(title).mentions if m.kind == "company" and m.text.lstrip("$") == m.name}
    assert not tickers


@pytest.mark.parametrize("title", [title for title, _ in TICKERS[:13]])
def test_another_ticker_in_the_same_sentence_is_read_alike(title: str) -> None:
    assert "DOCU" in named(re.sub(r"CHGG|LZ|DUOL|INTC|NVDA|TSCO", "DOCU", title, count=1))


def test_a_ticker_and_the_name_do_the_same_in_a_clause() -> None:
    reader = StoryReader(*shipped())

    def told(title: str) -> list[tuple[object, ...]]:
        frames = reader.frames(Story(id="1", source="s", title=title, seen_at=START))
        return [(frame.subjects, frame.move, frame.cause, frame.strength) for frame in frames]

    for title in (
        "{} sinks on fears that ChatGPT does the homework",
        "{} shares plunge 40% after OpenAI launches a study tool",
        "Shares of {} tumble as students turn to ChatGPT",
    ):
        assert told(title.format("CHGG")) == told(title.format("Chegg")) != []


def test_the_ticker_of_a_firm_named_like_a_word_does_not_speak_of_that_word() -> None:
    title = "Software maker (NYSE: {}) falls 9% after its results"
    assert read(title.format("AI")).score("ai-market") == read(title.format("CRM")).score("ai-market") == 0


def test_a_ticker_says_where_it_stands() -> None:
    title = "Makers (NASDAQ: NVDA, AVGO), $chgg and DUOL's rival"
    for mention in read(title).mentions:
        assert title[mention.start : mention.start + len(mention.text)] == mention.text


def test_a_symbol_added_without_a_name_is_matched_by_its_bare_ticker_in_stories_old_and_new() -> None:
    news = empty_index()
    news.add(story("QOKA sinks as GPT-9 does the homework", START, source="one"))
    news.add(story("QOKAS sink as GPT-9 does the homework", START, source="three"))
    assert not matched(news, "QOKA", since=START - MONTH, until=START)
    add_company(news, "QOKA", "")
    news.add(story("GPT-9 hammers QOKA, CHGG", START, source="two"))
    (match,) = matched(news, "QOKA", since=START - MONTH, until=START)
    assert match.reach == "direct"
    assert {told.source for told in match.stories} >= {"one", "two"}
    assert "QOKA" not in {m.name for told in match.stories if told.source == "three" for m in read(told.title).mentions}
