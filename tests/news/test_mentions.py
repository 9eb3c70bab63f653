"""Who is named: ambiguity, tickers, versions."""

from __future__ import annotations

import pytest

from bot.core.model import Field
from tests.news.stories import MONTH, START, add_company, empty_index, matched, named, read, story


@pytest.mark.parametrize(
    ("title", "symbol"),
    [
        ("Meta shares jump after earnings", "META"),
        ("META SHARES FALL", "META"),
        ("Zuckerberg's Meta opens its Llama model", "META"),
        ("Apple to pay fine", "AAPL"),
        ("Oracle raises its forecast", "ORCL"),
        ("Micron's profit doubles", "MU"),
        ("Target cuts its sales forecast as shoppers stay away; retailer blames weather", "TGT"),
        ("Arm shares slide as chip royalties disappoint", "ARM"),
        ("Block, owner of Cash App, lays off staff", "XYZ"),
        ("Gap and Old Navy to close stores", "GAP"),
        ("Visa and Mastercard settle over payments fees", "V"),
        ("C3.ai shares tumble", "AI"),
        ("C3 AI cuts its guidance", "AI"),
        ("Snowflake beats estimates on cloud revenue", "SNOW"),
        ("Intel names a new chief", "INTC"),
        ("Palantir wins a contract", "PLTR"),
        ("英伟达股价大跌", "NVDA"),
        ("台积电营收创新高", "TSM"),
        ("Shares of $ANET slip", "ANET"),
        ("Credo Technology (NASDAQ: CRDO) reports", "CRDO"),
        ("RELX (LON: REL) falls", "REL.L"),
        ("Tencent (HKG:700) rises", "0700.HK"),
        ("S&P Global buys a data firm", "SPGI"),
        ("Moody's cuts the outlook", "MCO"),
    ],
)
def test_a_company_is_found(title: str, symbol: str) -> None:
    assert symbol in named(title)


@pytest.mark.parametrize(
    ("title", "symbol"),
    [
        ("A meta-analysis of sleep studies", "META"),
        ("She baked an apple pie", "AAPL"),
        ("The Oracle of Omaha speaks", "ORCL"),
        ("A particle one micron wide", "MU"),
        ("Analyst lifts price target on the stock", "TGT"),
        ("Police target smugglers", "TGT"),
        ("Man loses arm in accident", "ARM"),
        ("Google's investment arm backs a start-up", "ARM"),
        ("Arms sales to rise", "ARM"),
        ("Road block in Leeds", "XYZ"),
        ("The gap between rich and poor", "GAP"),
        ("The Gap Between Rich and Poor", "GAP"),
        ("Student visa rules tighten", "V"),
        ("AI will change everything", "AI"),
        ("A snowflake in July", "SNOW"),
        ("US intel report warns of attacks", "INTC"),
        ("Amazon rainforest fires spread", "AMZN"),
        ("Klaus Schwab at Davos", "SCHW"),
        ("A$1.2bn deal", "A"),
        ("It costs $5", "5"),
    ],
)
def test_a_word_that_is_no_company_is_not_taken_for_one(title: str, symbol: str) -> None:
    assert symbol not in named(title)


@pytest.mark.parametrize(
    ("title", "model"),
    [
        ("GPT-9 is out", "GPT 9"),
        ("gpt 9 is out", "GPT 9"),
        ("GPT9 is out", "GPT 9"),
        ("GPT‑9.5 is out", "GPT 9.5"),
        ("DeepSeek-R3 is out", "DeepSeek R3"),
        ("深度求索：DeepSeek R3发布", "DeepSeek R3"),
        ("DeepSeek releases V9", "DeepSeek V9"),
        ("Claude Opus 9.1 is out", "Claude opus 9.1"),
        ("Kimi-K9 is out", "Kimi K9"),
        ("OpenAI o9 is out", "o-series O9"),
    ],
)
def test_a_version_nobody_has_released_yet_is_recognised(title: str, model: str) -> None:
    assert model in {m.name for m in read(title).mentions if m.kind == "model"}


@pytest.mark.parametrize("title", ["Claude in 2 weeks", "GPT4All installs", "GPT-2023 party", "He saw 3 llamas"])
def test_a_number_nearby_is_no_version(title: str) -> None:
    assert not any(m.name[-1].isdigit() for m in read(title).mentions if m.kind == "model")


def test_a_mention_says_where_it_stands_in_the_text_as_written() -> None:
    title = "Why “Nvidia” fell — and ＡＭＤ did not"
    for mention in read(title).mentions:
        if mention.kind == "company":
            assert mention.where is Field.TITLE
            assert title[mention.start : mention.start + len(mention.text)] == mention.text
    assert named(title) >= {"NVDA"}


def test_a_symbol_nobody_described_is_matched_by_its_ticker() -> None:
    news = empty_index()
    news.add(story("DeepSeek-R9 hits $QZXW hard", START))
    news.add(story("GPT-9 threatens Example Corp (NYSE: EXMP)", START))
    assert matched(news, "QZXW", since=START - MONTH, until=START)
    assert matched(news, "EXMP", since=START - MONTH, until=START)
    assert not matched(news, "QZX", since=START - MONTH, until=START)


def test_a_symbol_added_by_name_is_matched_in_stories_old_and_new() -> None:
    news = empty_index()
    news.add(story("GPT-9 threatens Quokka Learning", START, source="one"))
    assert not matched(news, "QOKA", since=START - MONTH, until=START)
    add_company(news, "QOKA", "Quokka Learning")
    news.add(story("Quokka Learning answers GPT-9", START, source="two"))
    (match,) = matched(news, "QOKA", since=START - MONTH, until=START)
    assert match.reach == "direct"
    assert {told.source for told in match.stories} == {"one", "two"}


def test_adding_a_company_already_described_changes_nothing() -> None:
    news = empty_index()
    add_company(news, "NVDA", "Something Else")
    assert news.companies.get("NVDA").name == "Nvidia"  # type: ignore[union-attr]
