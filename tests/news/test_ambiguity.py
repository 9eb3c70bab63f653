"""Names that are also words, people, animals or places: tables both ways."""

from __future__ import annotations

import pytest

from tests.news.stories import named, read

COMPANY = [
    ("Target raises its profit outlook", "TGT"), ("Shares of Target sink", "TGT"),
    ("Walmart and Target cut prices", "TGT"), ("Retailer Target names a new chief", "TGT"),
    ("Block shares tumble after outlook", "XYZ"), ("Block beats estimates", "XYZ"),
    ("Jack Dorsey's Block cuts staff", "XYZ"), ("Visa's profit tops estimates", "V"),
    ("Visa sues the Justice Department", "V"), ("Gap raises outlook", "GAP"), ("Gap shares soar", "GAP"),
    ("Intel to cut 15,000 jobs", "INTC"), ("Intel's CEO steps down", "INTC"), ("Match Group falls", "MTCH"),
    ("Tinder owner warns", "MTCH"), ("Snap plunges on weak ad sales", "SNAP"), ("Snap shares fall 25%", "SNAP"),
    ("Ford recalls 400,000 trucks", "F"), ("Ford and GM raise prices", "F"),
    ("General Motors lifts its forecast", "GM"), ("GM posts record profit", "GM"),
    ("Chase CEO says the economy is fine", "JPM"), ("JPMorgan Chase lifts its dividend", "JPM"),
    ("State Street shares dip", "STT"), ("State Street Corp reports results", "STT"),
    ("Southern Company plans gas plants", "SO"), ("Progressive shares fall as premiums slow", "PGR"),
    ("Progressive posts a monthly profit", "PGR"), ("Travelers reports catastrophe losses", "TRV"),
    ("Travelers' shares rise", "TRV"), ("Carnival Corp lifts guidance", "CCL"),
    ("Delta cuts its profit forecast", "DAL"), ("Ball Corp sells its aerospace arm", "BALL"),
    ("Lilly raises its outlook on Zepbound", "LLY"), ("Vertex shares drop after pain drug disappoints", "VRTX"),
    ("Best Buy warns on tariffs", "BBY"), ("Unity Software cuts 25% of staff", "U"), ("Unity shares sink", "U"),
    ("Alphabet shares slide", "GOOGL"), ("Apple loses a court fight", "AAPL"), ("Meta to spend more", "META"),
    ("Meta shares fall", "META"), ("Oracle shares plunge", "ORCL"), ("C3.ai founder steps back", "AI"),
    ("Arm forecasts weak royalties", "ARM"), ("Arm stock jumps", "ARM"), ("Micron warns of a glut", "MU"),
    ("Gemini, the Winklevoss crypto exchange, files for an IPO", "GEMI"), ("Box reports record bookings", "BOX"),
    ("Toast shares jump", "TOST"), ("Chewy tops estimates", "CHWY"), ("Prudential Financial profit falls", "PRU"),
    ("Shell reports bumper profit", "SHEL"), ("Lemonade soars on growth", "LMND"), ("Affirm plunges", "AFRM"),
    ("Pearson shares slide on AI fears", "PSO"), ("Hays warns on profit", "HAYS.L"),
    ("Dover Corp cuts forecast", "DOV"), ("3M settles earplug suits", "MMM"), ("Citi cuts 20,000 jobs", "C"),
    ("First Republic shares halve", "FRC"), ("Schwab stock sinks as depositors move cash", "SCHW"),
    ("Western Alliance falls 47%", "WAL"), ("London Stock Exchange Group slides", "LSEG.L"),
    ("Zhipu's shares surge in Hong Kong debut", "2513.HK"), ("思科财报超预期", "CSCO"), ("京东发布财报", "JD"),
]  # fmt: skip

NO_COMPANY = [
    ("Analyst raises price target on Walmart", "TGT"), ("Stocks end above target", "TGT"),
    ("Fed's Inflation Target Raises Questions", "TGT"), ("Missiles hit target in Kyiv", "TGT"),
    ("PT Target Raised To $200 On Walmart", "TGT"), ("Lawmakers block the bill", "XYZ"), ("Cell Block C", "XYZ"),
    ("H&R Block shares rise", "XYZ"), ("New block of flats opens", "XYZ"), ("Trump's $100,000 visa fee", "V"),
    ("New Visa Rules for Students", "V"), ("Visa Holders Face Delays", "V"), ("Gender Pay Gap Widens", "GAP"),
    ("Mind the Gap", "GAP"), ("Pentagon intel leak", "INTC"), ("House Intel chair speaks", "INTC"),
    ("Match of the Day presenter quits", "MTCH"), ("Tennis Match Falls to Rain", "MTCH"),
    ("Snap election called in Japan", "SNAP"), ("SNAP benefits cut", "SNAP"), ("Harrison Ford returns", "F"),
    ("Doug Ford warns of tariffs", "F"), ("Police chase ends in crash", "JPM"), ("Chevy Chase recovers", "JPM"),
    ("A walk down State Street", "STT"), ("Southern border falls quiet", "SO"),
    ("Progressive Caucus says no", "PGR"), ("Progressive Democrats warn", "PGR"),
    ("Travelers stranded at JFK", "TRV"), ("Carnival in Rio", "CCL"), ("Delta variant spreads", "DAL"),
    ("Mississippi Delta floods", "DAL"), ("Ball drops in Times Square", "BALL"), ("Water lilies bloom", "LLY"),
    ("Best buy of the week", "BBY"), ("Unity government falls", "U"), ("The alphabet of grief", "GOOGL"),
    ("Meta analysis of drugs", "META"), ("An AI chatbot", "AI"), ("The robotic arm falls", "ARM"),
    ("Delphi oracle site closes", "ORCL"), ("An apple a day", "AAPL"), ("Gemini season is here", "GEMI"),
    ("Google launches Gemini 3", "GEMI"), ("Box office falls", "BOX"), ("French toast recipe", "TOST"),
    ("Texas Governor Abbott says", "ABT"), ("Chevron deference falls", "CVX"), ("Rob Lowe's podcast", "LOW"),
    ("W tym roku", "ROKU"), ("Argentyna 42 lata temu", "PDD"), ("£3M house sold", "MMM"),
    ("蓝思科技大涨", "CSCO"), ("京东方发布财报", "JD"), ("美诺华业绩预增", "NVS"), ("PKO BP wyniki", "BP"),
    ("Prudential decision by regulators", "PRU"), ("Shell shock", "SHEL"),
    ("Lemonade stand raises money", "LMND"), ("Principal of the school says", "PFG"),
    ("Mount Everest deaths", "EG"), ("The adobe church crumbles", "ADBE"), ("Dover port queues", "DOV"),
    ("Paris Hilton marries", "HLT"),
]  # fmt: skip

MODEL = [
    ("Claude gets a memory, Anthropic says", "Claude"), ("ChatGPT, Claude and Gemini compared", "Claude"),
    ("Claude Opus 6 is out", "Claude opus 6"), ("Google's Gemini comes to cars", "Gemini"),
    ("Gemini 5 Ultra is out", "Gemini 5"), ("Meta's Llama goes to school", "Llama"),
    ("Llama 6 is out", "Llama 6"), ("Musk's chatbot Grok praises its maker", "Grok"), ("Grok 7 is out", "Grok 7"),
    ("Google's Bard gets it wrong", "Bard"), ("OpenAI's Sora makes films", "Sora"),
    ("Sora 3 is out, OpenAI says", "Sora 3"),
    ("Falcon-180B language model released by TII", "Falcon 180"), ("Microsoft's Copilot comes to Excel", "Copilot"),
    ("GitHub Copilot gets agents", "GitHub Copilot"), ("Opus 6 by Anthropic tops tests", "Claude opus 6"),
    ("Qwen5 is out", "Qwen 5"), ("Kimi K4 is out", "Kimi K4"), ("DeepSeek R3 is out", "DeepSeek R3"),
    ("Claude Something 7 is out", "Claude something 7"), ("GPT-9 is out", "GPT 9"),
]  # fmt: skip

NO_MODEL = [
    "Claude Monet's garden", "Jean-Claude Van Damme at 65", "Claude Makélélé joins the staff",
    "Gemini lists three tokens on its crypto exchange", "Gemini: your week in the stars",
    "NASA's Gemini capsule returns", "A llama escapes from a zoo", "Llama farm opens in Wales",
    "Opus Dei elects a prelate", "Magnum opus", "Opus 111 by Beethoven played in Bonn",
    "He could not grok the plot", "The Bard of Avon's birthday", "Bard College names a president",
    "The mistral blows at 100 km/h", "Sora rail seen in a marsh", "Sora Aoi returns to television",
    "Falcon 9 lifts off again", "Peregrine falcon nests on a tower", "Copilot landed the aircraft",
    "The copilot fainted, the airline says", "Kimi Antonelli wins in Monza", "Manus Island centre to close",
    "Comet seen over Europe", "Whisper of spring", "Codex Sinaiticus on display", "Operator of the plant fined",
    "Nova Scotia floods", "Titan submersible inquiry opens", "Titan, moon of Saturn", "Phi Beta Kappa admits 40",
]  # fmt: skip


@pytest.mark.parametrize(("title", "symbol"), COMPANY)
def test_a_company_with_an_ordinary_name_is_found_where_it_is_meant(title: str, symbol: str) -> None:
    assert symbol in named(title)


@pytest.mark.parametrize(("title", "symbol"), NO_COMPANY)
def test_an_ordinary_word_is_not_taken_for_a_company(title: str, symbol: str) -> None:
    assert symbol not in named(title)


@pytest.mark.parametrize(("title", "model"), MODEL)
def test_a_model_with_an_ordinary_name_is_found_where_it_is_meant(title: str, model: str) -> None:
    assert model in {m.name for m in read(title).mentions if m.kind == "model"}


@pytest.mark.parametrize("title", NO_MODEL)
def test_an_ordinary_word_is_not_taken_for_a_model(title: str) -> None:
    reading = read(title)
    assert [m for m in reading.mentions if m.kind == "model"] == []
    assert reading.score("ai-model") < 0.5
