"""Whether words argue against the logic of a fall, or say who gains by what caused it."""

from __future__ import annotations

import re

from bot.core.news.text import fold

_AGAINST = re.compile(
    r"\b(?:over(?:done|blown|reaction|reacting|reacted|react|stated|sold)|knee jerk|panic selling"
    r"|exaggerated|buy(?:ing)? (?:opportunity|the dip)|(?:golden|great) (?:buying |entry )?opportunity|entry point"
    r"|jevons|(?:more|greater|higher|increas(?:ed?|ing)|growing) (?:\w+ )?(?:demand|comput(?:e|ing)|usage)"
    r"|(?:need|buy|require|use|sell) (?:\w+ )?more (?:\w+ )?(?:chips|gpus)"
    r"|(?:demand|usage|use|consumption)(?: of \w+| for \w+)? (?:will|is going to|would|should|to) "
    r"(?:\w+ )?(?:skyrocket|explode|increase|rise|grow|soar|surge|go up)"
    r"|(?:lower|cheaper) (?:costs?|prices?|ai|models?) (?:will )?(?:boost|drive|expand|increase)s?"
    r"|(?:lower|cheaper|falling|cheap) (?:\w+ ){0,3}(?:be |is |are )?used (?:\w+ )?(?:more|widely|everywhere)"
    r"|(?:need|require|take)s? (?:large|significant|huge|vast|growing|great) "
    r"(?:numbers? |amounts? |quantities )?(?:of )?(?:\w+ ){0,3}(?:chips|gpus|processors|comput(?:e|ing))"
    r"|(?:compute|computing power|chips|gpus|scale)(?: \w+){0,3} (?:continues? to|still) "
    r"(?:drive|matter|count|decide)s?"
    r"|irrational(?! exuberance)|stands? by (?:\w+ ){0,3}(?:spending|investments?|capex)|good news for chip\w*"
    r"|(?:continue[sd]? to|keeps?|still) see(?:ing|s)? (?:\w+ ){0,3}growth"
    r"|got it wrong|getting (?:this|it) wrong|the market is wrong)\b"
    r"|反应过度|过度反应|抄底|买入机会|杰文斯|更多(?:的)?(?:算力|芯片|需求)|需求(?:将|会)?(?:大幅)?(?:增加|增长)"
    r"|(?:卖压|抛售|恐慌).{0,6}(?:过去|结束|过度)"
)
_GAIN = re.compile(
    r"\b(?:would|could|can|may|might|will|to|stands?|likely|set|poised|expected) (?:to )?(?:\w+ )?(?:benefit|profit)\b"
    r"(?! from (?:the )?(?:fall|rout|sell ?off|decline|drop))"
    r"|\b(?:beneficiar(?:y|ies)|winners?(?: from| of| include| are| in)|tailwinds? for|boon (?:for|to))\b"
    r"|受益|利好"
)
_NEGATED = re.compile(
    r"\b(?:not|no|never|isn't|aren't|wasn't|don't|doesn't|won't|nor|without|hardly|neither|nothing|cannot|can't|if"
    r"|less|longer|rather than|too early|far from|doubts?|(?:any(?:one|body)|those|people|whoever) who)\b|不|没|并非"
)
_TOO_MUCH = re.compile(r"over(?:done|blown|stated)|exaggerated|irrational")
_FALL_LOGIC = re.compile(
    r"\b(?:hype|valuations?|multiples|spending|capex|investments?|demand|needs?|expectations|optimism|enthusiasm)\b"
)
_FEARS = re.compile(
    r"\b(?:fears?|worr(?:y|ies)|concerns?|reactions?|sell(?:ing| ?offs?)|rout|falls?|drops?|declines?|panic|claims?"
    r"|threats?)\b"
)


def argues_against(words: str) -> bool:
    """Whether ``words`` say that the fall is a mistake. A negation or a question does not count, nor does "the hype was
    overblown", which is the fall's own logic."""
    low = fold(words)
    for found in _AGAINST.finditer(low):
        after = re.split(r"[.!?;:,。，]", low[found.end() : found.end() + 28])[0] if found[0] == "jevons" else ""
        if _denied(low, found) or _NEGATED.search(after):
            continue
        about = _sentence(low, found).split(" about ")[0]
        if _TOO_MUCH.match(found[0]) and _FALL_LOGIC.search(about) and not _FEARS.search(about):
            continue
        return True
    return False


def names_gain(words: str) -> bool:
    """Whether ``words`` say that somebody gains by what made others fall."""
    low = fold(words)
    return any(not _denied(low, found) for found in _GAIN.finditer(low))


def _sentence(low: str, found: re.Match[str]) -> str:
    """What stands before ``found`` in its sentence."""
    return re.split(r"[.!?;,。，]", low[max(0, found.start() - 80) : found.start()])[-1]


def _denied(low: str, found: re.Match[str]) -> bool:
    """Whether a negation stands in it or shortly before, or the sentence is a question."""
    ending = next((c for c in low[found.end() :] if c in ".!?;。？"), "")
    return ending in ("?", "？") or _NEGATED.search(_sentence(low, found)[-28:] + found[0]) is not None
