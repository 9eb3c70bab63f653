"""Whether a quotation argues against the logic of a fall."""

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
    r"|got it wrong|getting (?:this|it) wrong|the market is wrong)\b"
    r"|反应过度|过度反应|抄底|买入机会|杰文斯|更多(?:的)?算力|需求(?:将|会)?(?:大幅)?(?:增加|增长)"
)
_NEGATED = re.compile(
    r"\b(?:not|no|never|isn't|aren't|wasn't|don't|doesn't|won't|nor|without|hardly|neither|nothing|cannot|can't|if"
    r"|less|longer|rather than|too early|far from|doubts?|(?:any(?:one|body)|those|people|whoever) who)\b|不|没|并非"
)
_TOO_MUCH = re.compile(r"over(?:done|blown|stated)|exaggerated")
_FALL_LOGIC = re.compile(
    r"\b(?:hype|valuations?|multiples|spending|capex|investments?|demand|needs?|expectations|optimism|enthusiasm)\b"
)
_FEARS = re.compile(
    r"\b(?:fears?|worr(?:y|ies)|concerns?|reactions?|sell ?offs?|rout|falls?|drops?|declines?|panic|claims?|threats?)\b"
)


def argues_against(words: str) -> bool:
    """Whether ``words`` say that the fall is a mistake. A negation or a question does not count, nor does "the hype was
    overblown", which is the fall's own logic."""
    low = fold(words)
    for found in _AGAINST.finditer(low):
        sentence = re.split(r"[.!?;,。，]", low[max(0, found.start() - 80) : found.start()])[-1]
        clause = sentence[-28:]
        after = re.split(r"[.!?;:,。，]", low[found.end() : found.end() + 28])[0] if found[0] == "jevons" else ""
        ending = next((c for c in low[found.end() :] if c in ".!?;。"), "")
        if ending == "?" or _NEGATED.search(clause) or _NEGATED.search(after):
            continue
        about = sentence.split(" about ")[0]
        if _TOO_MUCH.match(found[0]) and _FALL_LOGIC.search(about) and not _FEARS.search(about):
            continue
        return True
    return False
