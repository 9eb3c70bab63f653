"""Words by which ``quotations`` and ``voices`` tell who speaks: names, offices, verbs of saying, and what is none."""

from __future__ import annotations

from bot.core.news.text import COMMON


def listed(text: str) -> frozenset[str]:
    """The words of a list written as text."""
    return frozenset(text.split())


GIVEN = listed(
    """adam alex alexander allison andrew andy ann anthony aravind arthur ben benjamin bob brian charles chris christian
    christopher daniel dan dario dave david demis dylan ed edward elizabeth elon emily emma fei-fei geoffrey george
    gil greg ian ilya jack jacob james jamie jan jason jeff jeffrey jennifer jensen jim joe john jon katie kelly
    kevin kim lauren liang linda lip-bu lisa marc mark martin mary matt matthew michael mike mira nancy patrick paul
    peter rachel richard robert ryan safra sam samantha samuel sarah satya scott sean sergey stephen steve steven
    sundar susan tim tom william yann yoshua"""
)
"""Given names: what tells a person in a headline that has no verb."""

TITLES = listed(
    """analyst strategist economist ceo cfo cto coo chief executive president mayor chairman chairwoman chair founder
    co-founder director head boss investor capitalist manager officer scientist researcher professor engineer
    partner minister secretary senator governor adviser advisor trader spokesman spokeswoman spokesperson
    billionaire lawyer author entrepreneur deputy columnist"""
)
"""The last word of what somebody is."""

VOICES_OF_HOUSES = listed("analysts strategists economists researchers spokesman spokeswoman spokesperson")
"""Who speaks for an organisation without a name of their own."""

NOT_NAMES = COMMON | listed(
    """she others many nobody everyone someone anyone none several three analysts officials experts sources reports
    critics investors traders police economists researchers executives bulls bears markets startup report people
    monday tuesday wednesday thursday friday saturday sunday january february march april june july august
    september october november december yesterday tomorrow tonight earlier later meanwhile however chinese
    american european british japanese german french indian russian asked former longtime veteran bullish bearish
    exclusive watch review source reportedly inside mr mrs ms dr wrote writes told adds added argued argues warned
    warns posted tweeted parody chatgpt claude gemini grok street earthquake war crisis rout selloff sell-off
    fears ai uk eu u.s wall meet dear united city reacts responds speaks explains reveals apologizes admits
    defends insists slams tells calls rival rivals clients users customers insiders employees regulators redditors
    fans supporters opponents friends colleagues lawyers"""
)
"""Words that are capitalised for other reasons than being a name, or whose name would mislead."""

VERBS = listed("said says wrote writes told added adds argued argues warned warns posted tweeted noted")
"""Verbs of saying whose subject is the speaker."""

OUTLETS = listed(
    """reuters bloomberg cnbc cnn bbc fox forbes fortune axios politico barron's marketwatch insider benzinga
    techcrunch wired verge guardian telegraph economist ft wsj nyt ap afp xinhua nikkei nbc abc cbs yahoo"""
)
"""They report what others said; as the speaker of a quotation they would hide who that was."""

OUTLET_ENDS = listed("times daily post journal herald tribune gazette chronicle news insider magazine weekly wikipedia")
"""The last word of what reports; behind a given name it is a surname."""

HOUSES = listed(
    """nvidia microsoft google meta alphabet apple amazon intel broadcom oracle wedbush citi jefferies bernstein
    barclays anthropic deepseek alibaba tencent samsung baidu mistral perplexity qualcomm micron marvell dell"""
)
"""Organisations named with one word that no capital inside betrays."""

NO_GIVEN = NOT_NAMES | TITLES | VERBS | HOUSES
MACHINES = listed(
    """deepseek qwen llama copilot siri alexa perplexity mistral ernie kimi doubao bard bing gpt claude gemini grok
    chatgpt manus chatbot"""
)
"""What answers for itself, or may: ``DeepSeek told us`` is the company, or its app. No voice of anybody."""

PARTICLES = listed("de van von der den bin al la le di da of & the")
QUALIFIERS = listed(
    """former senior press chief executive managing general vice technology technical operating financial research
    equity tech venture hedge fund portfolio founding and & market investment prime foreign finance head ai"""
)
HONORIFICS = listed("mr mr. mrs mrs. ms ms. dr dr. sir prof prof.")
ROLE_ENDS = listed("who whose in on to during after via as while when that which told adding with")

POISON = listed(
    """quoting citing paraphrasing quoted misquoted parody satire fake hoax deepfake fictional imagined allegedly
    purportedly supposedly falsely reportedly denied denies denying never ask asked asks asking whether if not
    attributed attributing
    apocryphal impersonating mimicking imitating channeling channelling echoing repeating reciting recounting reading
    translating words nobody might could would recalled recalling"""
)
"""One of these in the sentence, and the words may be somebody else's, or nobody's."""
LINKS = listed("and but still yet meanwhile however separately elsewhere later today yesterday earlier")
TURNS = listed("but while though although")
OPENERS = listed("after as on in at when while with despite amid following during speaking writing before since")
REPLIES = listed("words reply response answer answered replied verdict view")
"""In the sentence behind words that name nobody, these give them to somebody."""
ADVERBS = listed("also later has had then recently previously today yesterday")
PLACES = listed("in on at to of with during after before via through for a an the his her its their this")
ADJUNCT = PLACES | listed(
    """our that last late early earlier later today yesterday and note notes statement interview post posts blog
    email e-mail memo letter thread tweet message call earnings conference press briefing speech podcast event
    release clients investors reporters shareholders analysts employees staff customers research social media
    network platform website television radio morning afternoon evening week day translator interpreter newspaper
    panel forum summit keynote testimony hearing stage rout selloff sell-off fall weekend new separate joint written
    brief long"""
)
"""What may stand between the verb of saying and the words: where, when, to whom."""
NAME_STOPS = listed("in on during via through after as while when before with who to amid")
INVERTED = VERBS - {"told", "posted", "tweeted"}
SPOKEN = VERBS - {"wrote", "writes", "posted", "tweeted"}
"""Without a comma, what follows ``wrote`` may be the title of a book."""
ASIDES = listed("in on at during speaking adding referring pointing who while after as with")
SAFE_AFTER_ON = listed("the a his her their its why how what being ai")
