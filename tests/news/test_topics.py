"""What counts as AI-model news: tables of headlines in the shapes real ones have."""

from __future__ import annotations

import pytest

from tests.news.stories import empty_index, read, story

MODEL = [
    "OpenAI unveils GPT-9, its most capable model yet",
    "Anthropic launches Claude Sonnet 8",
    "Claude Something 7 is here",
    "Introducing Gemini 6 Ultra",
    "DeepSeek-R7",
    "DeepSeek R3: a technical report",
    "Meta releases Llama 9 with open weights",
    "Mistral ships a new open-source coding model",
    "Alibaba's Qwen 9 beats rivals on math benchmarks",
    "Moonshot's Kimi K9 tops the leaderboard",
    "xAI's Grok 11 rolls out to all users",
    "Baidu unveils chatbot to rival ChatGPT",
    "OpenAI cuts prices of GPT-9 by 80%",
    "DeepSeek trained its model for $6 million",
    "Italy bans DeepSeek over privacy",
    "OpenAI reportedly plans to release a new reasoning model in March",
    "What is GPT-9 and how does it differ from its predecessor?",
    "Google's Gemini gets the date wrong in its first demo: a costly mistake",
    "Start-up launches AI-powered search engine",
    "Spreadsheet maker adds ChatGPT-powered formulas",
    "Google adds generative AI to its documents",
    "深度求索发布DeepSeek-V9模型，性能对标GPT-9",
    "月之暗面推出Kimi K9并开源",
    "阿里通义千问Qwen9发布",
    "智谱开源新一代大模型GLM-9",
    "字节跳动豆包大模型降价",
    "OpenAI lanza GPT-9",
    "OpenAI veröffentlicht GPT-9",
    "OpenAI dévoile GPT-9",
    "OpenAI、GPT-9を発表",
]

NOT_MODEL = [
    "Anthropic raises $30 billion at a valuation of $350 billion",
    "OpenAI in talks to invest $500 billion in data centers",
    "Authors sue Anthropic over copyright",
    "Senators press AI companies on safety",
    "Why I stopped believing in artificial intelligence",
    "OpenAI's chief scientist quits",
    "How to use ChatGPT to plan a wedding",
    "Hospital uses ChatGPT to sort letters",
    "ChatGPT is down for thousands of users",
    "3 artificial intelligence stocks to buy now",
    "Survey: half of workers fear AI",
    "Nvidia shares fall 4% as investors weigh AI demand",
    "Jean-Claude Juncker on the future of Europe",
    "Claude Monet's water lilies return to Paris",
    "Gemini: your horoscope for March",
    "Gemini exchange settles with the regulator over crypto lending",
    "A llama escaped from a farm in Kent",
    "Opus Dei under investigation in Spain",
    "The bard of Stratford: a new biography of Shakespeare",
    "Pilot and copilot praised after emergency landing",
    "Bank lifts its interest rate",
    "Council to raise parking charges",
    "",
]


@pytest.mark.parametrize("title", MODEL)
def test_a_headline_about_a_model_counts(title: str) -> None:
    reading = read(title)
    assert reading.score("ai-model") >= 0.5, reading.topics


@pytest.mark.parametrize("title", NOT_MODEL)
def test_a_headline_not_about_a_model_does_not_count(title: str) -> None:
    reading = read(title)
    assert reading.score("ai-model") < 0.5, reading.topics


MARKET = [
    "Chipmakers tumble as Chinese AI model rattles investors",
    "Tech stocks slide on fears about AI spending",
    "Publisher's shares plunge 30% after it says ChatGPT hurts growth",
    "Software stocks sink as Anthropic's new tool threatens them",
    "DeepSeek wipes $600 billion off Nvidia",
    "AI概念股大跌",
    "受DeepSeek影响，英伟达股价重挫",
]


@pytest.mark.parametrize("title", MARKET)
def test_a_headline_about_a_move_caused_by_ai_counts_as_ai_market(title: str) -> None:
    reading = read(title)
    assert reading.score("ai-market") >= 0.5, reading.topics


@pytest.mark.parametrize(
    "title",
    [
        "Nvidia shares rise 2%",
        "OpenAI unveils GPT-9",
        "Bank shares plunge as depositors flee",
        "5 AI stocks that could make you a millionaire",
    ],
)
def test_a_headline_without_a_move_or_without_ai_is_not_ai_market(title: str) -> None:
    reading = read(title)
    assert reading.score("ai-market") < 0.5, reading.topics


def test_spending_on_data_centres_is_ai_capex_and_not_ai_model() -> None:
    reading = read("Microsoft to spend $90 billion on AI data centers this year")
    assert reading.score("ai-capex") >= 0.5
    assert reading.score("ai-model") < 0.5


def test_law_on_ai_is_ai_policy_and_not_ai_model() -> None:
    reading = read("White House signs executive order on artificial intelligence")
    assert reading.score("ai-policy") >= 0.5
    assert reading.score("ai-model") < 0.5


CAPEX = [
    "Meta lifts capex forecast to $145 billion on AI",
    "Alphabet's capital expenditures for AI alarm investors",
    "Oracle borrows $38 billion for AI data centers",
    "OpenAI's Stargate adds five sites",
    "AI infrastructure spending spree to top $500 billion",
    "微软今年将投800亿美元建AI数据中心",
]
POLICY = [
    "EU agrees to delay parts of its AI Act",
    "Trump signs executive order on artificial intelligence",
    "US tightens chip export controls on China",
    "Senators question AI companies over safety",
    "监管部门发布人工智能新规",
]


@pytest.mark.parametrize(
    ("title", "topic"), [*((title, "ai-capex") for title in CAPEX), *((title, "ai-policy") for title in POLICY)]
)
def test_spending_and_policy_are_topics_of_their_own_and_no_model_news(title: str, topic: str) -> None:
    reading = read(title)
    assert reading.score(topic) >= 0.5, reading.topics
    assert reading.score("ai-model") < 0.5, reading.topics


@pytest.mark.parametrize(
    "title", ["Bank lifts capex on branches", "Council debates parking policy", "OpenAI unveils GPT-9"]
)
def test_other_spending_and_other_policy_are_neither(title: str) -> None:
    reading = read(title)
    assert reading.score("ai-capex") < 0.5, reading.topics
    assert reading.score("ai-policy") < 0.5, reading.topics


def test_the_score_is_the_clipped_sum_of_its_named_reasons() -> None:
    for title in (*MODEL, *NOT_MODEL, *MARKET):
        for topic in read(title).topics:
            total = sum(reason.weight for reason in topic.reasons)
            assert topic.score == pytest.approx(min(1.0, max(0.0, total)), abs=1e-4)
            assert all(reason.name and reason.text for reason in topic.reasons)


def test_source_and_summary_supply_what_a_title_leaves_out() -> None:
    title = "Plugins for Cowork"
    assert read(title).score("ai-model") < 0.5
    told = read(
        title,
        source="Claude blog",
        link="https://claude.com/blog/cowork-plugins",
        summary="Cowork can now use plugins for legal, sales and finance work. Claude reviews contracts for you.",
    )
    assert told.score("ai-model") >= 0.5
    assert dict(told.exposures).get("legal-data", 0) >= 0.3


def test_a_lookalike_of_a_labs_domain_is_not_the_lab() -> None:
    title = "Introducing our new assistant"
    assert read(title, link="https://www.openai.com/index/x").score("ai-model") > read(
        title, link="https://notopenai.com/index/x"
    ).score("ai-model")


def test_a_story_that_names_the_model_of_a_proven_cluster_follows_it_up() -> None:
    news = empty_index()
    alone = read("What brokers tell their clients about DeepSeek").score("ai-model")
    assert alone < 0.5
    assert news.add(story("DeepSeek-R1", "20 12:37", source="Hacker News")) is not None
    followed = news.add(story("What brokers tell their clients about DeepSeek", "27 09:50", source="Example Times"))
    assert followed is not None
    assert followed.score("ai-model") >= 0.5
    assert followed.topics[0].reasons[-1].name == "follows a story on the same model"


def test_a_lawsuit_does_not_follow_up_a_release() -> None:
    news = empty_index()
    news.add(story("DeepSeek-R1", "20 12:37", source="Hacker News"))
    sued = news.add(story("DeepSeek sued over copyright", "21 09:50", source="Example Times"))
    assert sued is not None
    assert sued.score("ai-model") < 0.5
