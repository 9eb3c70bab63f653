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


# what labs and makers of chips do as any company does, and others' products that take a model in
BUSINESS = [
    "OpenAI announces a one-off bonus for its researchers",
    "Anthropic launches an offer to buy shares from employees",
    "DeepMind staff to get retention bonuses as rivals circle",
    "OpenAI unveils a new office in Dublin",
    "Mistral AI opens its headquarters in London",
    "Chinese AI chip maker launches share listing in Hong Kong",
    "GPU designer's Shanghai listing rises fivefold on debut",
    "AI start-up prepares to go public at $20 billion",
    "xAI launches $5 billion debt sale",
    "OpenAI reveals revenue of $12 billion a year",
    "Anthropic introduces a new chief financial officer",
    "OpenAI announces joint venture with SoftBank in Japan",
    "Anthropic launches a fund for research on the economy",
    "Google DeepMind launches a fellowship for students",
    "OpenAI to show its first television advert at the Super Bowl",
    "Microsoft gives up its seat on OpenAI's board",
    "Meta releases results that beat forecasts as AI lifts advertising",
    "Alibaba unveils plan to spend 380 billion yuan on cloud and AI",
    "Anthropic signs lease for an office tower in San Francisco",
    "OpenAI announces partnership with a publisher",
    "Judge lets case against OpenAI go on",
    "Cohere hires a new head of sales",
    "xAI rolls out stock options for staff",
    "Perplexity launches bid for a social network",
    "OpenAI completes move to a public benefit corporation",
    "Hugging Face acquires a robot maker",
    "OpenAI releases letter to shareholders",
    "AI lab releases list of its investors",
    "Anthropic wins a $200 million contract from the Pentagon",
    "Zhipu files prospectus for its stock listing",
    "Adobe launches scholarship for creators who learn AI skills",
    "Bank introduces AI ethics committee",
    "Nvidia announces AI stock split",
    "IBM unveils AI campus in New York",
    "Infosys launches AI training programme for staff",
    "Trump announces AI venture with OpenAI and Oracle",
    "智谱AI启动上市辅导",
    "月之暗面创始人遭仲裁",
    "DeepSeek 招聘实习生，日薪千元",
    "字节跳动宣布全员年终奖方案",
    "寒武纪发布财报，AI芯片收入大增",
    "阿里巴巴成立新公司，含人工智能业务",
    "OpenAI 计划在首尔设立办公室",
    "百度发布三季报：AI云收入增长",
    "摩尔线程科创板上市首日大涨",
    "多家车企宣布接入DeepSeek",
    "某银行完成DeepSeek本地化部署",
    "某券商App接入豆包大模型",
    "xAI 拟发债50亿美元",
]

# somebody brings, changes, prices or withdraws a model or a feature of AI
FRAMES = [
    "Software maker adds AI drafting feature to its contract editor",
    "Adobe brings AI video editing to Premiere",
    "Salesforce launches AI agent for customer service",
    "Intuit rolls out AI bookkeeper for small firms",
    "Amazon adds AI shopping assistant to its app",
    "Spotify introduces AI playlists",
    "Zoom gains AI companion that writes emails",
    "Oracle adds AI agents to its finance software",
    "Perplexity launches browser with built-in AI search",
    "Cohere unveils open model for enterprises",
    "Figure AI shows robot model that folds laundry",
    "Google adds Gemini to Gmail's side panel",
    "OpenAI makes voice mode free for all ChatGPT users",
    "Meta halts chatbots with famous faces",
    "Chinese start-up releases open video model",
    "University team builds language model for rare diseases",
    "Anthropic doubles the price of its smallest model",
    "Mistral opens its OCR model to developers",
    "Harvey launches AI tool that reviews leases",
    "OpenAI launches search engine inside ChatGPT",
    "Midjourney releases web editor for images",
    "ElevenLabs debuts AI dubbing app",
    "谷歌推出可实时对话的 AI 助手",
    "科大讯飞发布汽车大模型",
    "腾讯开源混元视频模型",
    "OpenAI 推出深度研究功能",
    "联想发布企业智能体",
    "华为盘古大模型升级",
    "快手可灵上线新版本",
    "中国石油发布昆仑大模型",
    "Kimi 上线视觉思考模型",
    "微软 Copilot 新增 AI 编程功能",
    "百度文心一言全面免费",
    "苹果推迟发布新版 AI Siri",
    "三星手机 AI 功能迎来更新",
    "高校团队研发医疗大模型",
]


@pytest.mark.parametrize("title", BUSINESS)
def test_a_labs_business_is_no_model_news(title: str) -> None:
    reading = read(title)
    assert reading.score("ai-model") < 0.5, reading.topics


@pytest.mark.parametrize("title", FRAMES)
def test_whoever_brings_a_model_or_a_feature_makes_model_news(title: str) -> None:
    reading = read(title)
    assert reading.score("ai-model") >= 0.5, reading.topics


@pytest.mark.parametrize(
    ("together", "apart"),
    [
        ("Bank launches AI feature in its app", "Bank launches a bond as stocks rally on hopes for a feature of AI"),
        ("Intuit adds AI tools", "Intuit adds three directors to a board that has long argued about AI tools"),
        ("银行推出AI功能", "银行推出债券，市场期待今年下半年将有更多公司披露AI功能"),
    ],
)
def test_words_that_stand_apart_are_no_frame(together: str, apart: str) -> None:
    assert read(together).score("ai-model") >= 0.5, read(together).topics
    assert read(apart).score("ai-model") < 0.5, read(apart).topics


def test_a_feature_in_the_summary_is_no_frame_of_the_title() -> None:
    told = read("Bank opens branch", summary="Its app gets an AI feature next year.")
    assert not any(r.name == "something becomes of an AI feature" for t in told.topics for r in t.reasons)


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


@pytest.mark.parametrize(
    ("title", "counts"),
    [
        ("Zorvane: a small but mighty LLM for code", True),
        ("Zorvane 2: an open video model", True),
        ("Salesforce: an AI agent story to watch", False),
        ("李明华：智能体即将迎来爆发点", False),
        ("Zorvane applies for the trademark AI Assistant", False),
        ("OpenAI in talks with a conglomerate about AI partnerships", False),
        ("Inquiry begins into firms that launch a magazine about ChatGPT and its users' habits", False),
        ("ChatGPT app earns $3 billion a year", False),
    ],
)
def test_how_a_title_begins_and_what_stands_beside_the_model_decide(title: str, *, counts: bool) -> None:
    assert (read(title).score("ai-model") >= 0.5) is counts


@pytest.mark.parametrize("written", ["AI", "A.I."])
@pytest.mark.parametrize(
    "title", ["Start-up launches {}-powered search engine", "Google adds generative {} to documents"]
)
def test_ai_is_one_word_however_it_is_written(title: str, written: str) -> None:
    assert read(title.format(written)).score("ai-model") == read(title.format("AI")).score("ai-model") >= 0.5
