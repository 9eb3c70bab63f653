"""Where quotation marks pair without doubt, and the words around them: the ground ``voices`` stands on.

Marks are paired paragraph by paragraph. At the first mark that does not fit, the rest of its paragraph counts as
unreadable: what stands behind a lost mark may be anybody's words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.core.news.speech_words import (
    GIVEN,
    HONORIFICS,
    HOUSES,
    MACHINES,
    NO_GIVEN,
    NOT_NAMES,
    OUTLET_ENDS,
    OUTLETS,
    PARTICLES,
    QUALIFIERS,
    ROLE_ENDS,
    TITLES,
    VERBS,
    VOICES_OF_HOUSES,
    listed,
)
from bot.core.news.text import fold

_PAIRS = {"“": "”", "„": "“”", "«": "»", "»": "«", "「": "」", "『": "』", "‚": "‘", '"': '"'}
_STRAY = frozenset('”」』»«"')
_SINGLES = {"‘": "’", "'": "'"}
_BEFORE_OPENING = frozenset("([{—–:/,;>：，。（“")
_CLIPPED = ("em ", "tis ", "twas ", "til ", "cause ", "n ", "n' ", "n’ ", "bout ")  # 'em, 'tis: no quotation

_BREAK = re.compile(r"[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")
_WORD = re.compile(r"[^\W_]+(?:['’&.‐‑-][^\W_]+)*")
_ABBREVIATIONS = listed("mr mrs ms dr prof sir st inc corp co ltd jr sr gov sen rep gen")

SENTENCE_ENDS = frozenset(".!?…;。！？；")


@dataclass(frozen=True, slots=True)
class Quotation:
    """One outermost pair of marks, with its place in the paragraph, and what stands between them."""

    start: int
    end: int
    words: str


@dataclass(frozen=True, slots=True)
class Token:
    """A word, one mark, or a whole quotation."""

    text: str
    start: int
    end: int
    quotation: Quotation | None = None

    @property
    def low(self) -> str:
        """Lower case, for asking word lists."""
        return self.text.lower()

    @property
    def is_word(self) -> bool:
        """Whether this is a word outside every quotation."""
        return self.quotation is None and self.text[0].isalnum()

    @property
    def is_capital(self) -> bool:
        """Whether this may be part of a name: ``Ives``, ``OpenAI``, ``xAI``."""
        return self.is_word and any(c.isupper() for c in self.text) and not self.text[0].isdigit()


def paragraphs(text: str) -> list[str]:
    """The parts of ``text`` between line breaks; each is a substring of it."""
    return [part for part in _BREAK.split(text) if part]


def quotations(text: str) -> list[Quotation]:
    """The quotations of one paragraph in order, up to the first mark that does not pair."""
    found: list[Quotation] = []
    at = 0
    while at < len(text):
        if _opens(text, at):
            close = _close(text, at)
            if close is None:
                break
            found.append(Quotation(at, close + 1, text[at + 1 : close].strip()))
            at = close
        elif text[at] in _STRAY:
            break
        at += 1
    return found


def _opens(text: str, at: int) -> bool:
    """Whether a quotation begins with the character at ``at``."""
    mark = text[at]
    if mark in "“„«「『":
        return True
    if mark not in "»‚\"'‘":
        return False
    free_before = at == 0 or text[at - 1].isspace() or text[at - 1] in _BEFORE_OPENING
    after = text[at + 1 : at + 8]
    if not free_before or not after or after[0].isspace():
        return False
    return mark not in _SINGLES or not (after[0].isdigit() or after.lower().startswith(_CLIPPED))


def _close(text: str, opening: int) -> int | None:
    """Offset of the mark that closes the one at ``opening``; None where that is missing or doubtful."""
    mark = text[opening]
    if mark in _SINGLES:
        return _close_single(text, opening)
    for at in range(opening + 1, len(text)):
        if text[at] in _PAIRS[mark]:
            fits = mark != '"' or not (text[at - 1].isspace() or text[at + 1 : at + 2].isalnum())
            return at if fits else None
        if text[at] == mark or (mark in '“„"' and text[at] in '“”"'):
            return None
    return None


def _close_single(text: str, opening: int) -> int | None:
    """A single mark closes where it is no apostrophe; behind a plural's s only if it is the only candidate."""
    closing = _SINGLES[text[opening]]
    doubtful: list[int] = []
    at = opening + 1
    while at < len(text):
        if text[at] in _PAIRS:
            inner = next((i for i in range(at + 1, len(text)) if text[i] in _PAIRS[text[at]]), None)
            if inner is None:
                return None
            at = inner
        elif text[at] == closing and not text[at - 1].isspace() and not text[at + 1 : at + 2].isalnum():
            if not (text[at - 1] in "sSzZxXn" and text[at + 1 : at + 2] == " " and text[at + 2 : at + 3].isalnum()):
                return at
            doubtful.append(at)
        elif text[at] in _SINGLES and _opens(text, at):
            return None
        at += 1
    return doubtful[0] if len(doubtful) == 1 else None


def tokens(text: str, quoted: list[Quotation]) -> list[Token]:
    """Words and marks of one paragraph in order, each quotation as one token."""
    found: list[Token] = []
    at = 0
    for quotation in quoted:
        found.extend(_plain(text, at, quotation.start))
        found.append(Token(text[quotation.start], quotation.start, quotation.end, quotation))
        at = quotation.end
    found.extend(_plain(text, at, len(text)))
    return found


def _plain(text: str, start: int, end: int) -> Iterator[Token]:
    at = start
    while at < end:
        match = _WORD.match(text, at, end)
        if match is None:
            if not text[at].isspace():
                yield Token(text[at], at, at + 1)
            at += 1
            continue
        stop = match.end()
        if text[stop : stop + 1] == "." and stop < end and _abbreviated(match.group(), text[stop + 1 : stop + 3]):
            stop += 1
        yield Token(text[at:stop], at, stop)
        at = stop


def _abbreviated(word: str, after: str) -> bool:
    """Whether the point behind ``word`` belongs to it: ``Mr.``, ``U.S.``, a name's ``J.``; not in ``on X.``"""
    if word.lower() in _ABBREVIATIONS or (len(word) > 2 and all(len(part) == 1 for part in word.split("."))):
        return True
    return len(word) == 1 and word.isupper() and word not in "XI" and after[:1] == " " and after[1:].isupper()


def in_title_case(found: list[Token]) -> bool:
    """Whether capitals tell nothing here: most longer words of the paragraph begin with one."""
    capitals = [token.is_capital for token in found if token.is_word and len(token.text) > 3]
    return sum(capitals) > 0.75 * len(capitals)


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who speaks: exact pieces of the text."""

    name: str
    role: str = ""


def cut(text: str, found: Sequence[Token]) -> str:
    """The piece of ``text`` the tokens cover."""
    return text[found[0].start : found[-1].end] if found else ""


def is_marked(token: Token) -> bool:
    """Whether the word is a name whatever its place: ``OpenAI``, ``AMD``, ``Nvidia``."""
    return token.low in HOUSES or (token.low not in NOT_NAMES and any(c.isupper() for c in token.text[1:]))


def is_name(found: Sequence[Token], *, unsure: bool) -> bool:
    """Whether the tokens are a name and nothing else; ``unsure`` where capitals tell little (title case)."""
    if not 1 <= len(found) <= 4 or not (found[0].is_capital and found[-1].is_capital):
        return False
    given = found[0].low in GIVEN
    for i, token in enumerate(found):
        if i and token.low in PARTICLES:
            continue
        strange = (
            token.text.endswith(("'s", "’s", "based", "backed", "owned", "generated", "powered"))
            or token.text[0] >= "\u2e80"
        )
        if strange or not token.is_capital or token.low in (VERBS | TITLES | NOT_NAMES if i else VERBS | TITLES):
            return False
    if given and len(found) > 1:
        return not unsure or len(found) == 2 or any(t.low in PARTICLES or len(t.text) <= 2 for t in found[1:-1])
    if found[0].low in NOT_NAMES or found[0].low.endswith("ly") or found[0].low in OUTLETS:
        return False
    return not unsure or (len(found) == 1 and is_marked(found[0])) or len(found) == 2


def is_person(found: Sequence[Token]) -> bool:
    """Whether the tokens are a person's full name without any doubt."""
    return 2 <= len(found) <= 3 and found[0].low in GIVEN and is_name(found, unsure=True)


def role_of(text: str, found: Sequence[Token]) -> str | None:
    """What stands between commas behind a name, as a role; empty for an age or a clause, None where unclear."""
    if not found or len(found) > 16 or any(token.low in VERBS or token.quotation for token in found):
        return None
    if found[0].low in ("who", "whose") or (len(found) == 1 and found[0].text.isdigit()):
        return ""
    start = found[0].low in ("a", "an", "the", "its")
    end = next((i for i, token in enumerate(found) if i > start and token.low in ROLE_ENDS), len(found))
    kept = found[start:end]
    last = max((i for i, token in enumerate(kept[:9]) if token.low in TITLES), default=None)
    if last is None or not all(token.is_word or token.text in "'’&-" for token in kept):
        return None
    if last + 1 < len(kept) and kept[last + 1].low not in ("at", "of", "for", "and", "covering", "emeritus"):
        return None
    return cut(text, kept)


def speaker_in(text: str, found: Sequence[Token], *, unsure: bool) -> Speaker | None:
    """The one speaker the tokens name, all of them used up: ``Microsoft CEO Satya Nadella``."""
    found = list(found[1:] if found and found[0].low in ("the", "a", "an") else found)
    if not found or len(found) > 14 or not all(token.is_word or token.text in "'’&" for token in found):
        return None
    if house := _speaking_for_a_house(text, found):
        return house
    title = max((i for i, token in enumerate(found) if token.low in TITLES), default=-1)
    name = found[title + 1 :]
    name = name[1:] if len(name) > 1 and name[0].low in HONORIFICS else name
    if title >= 0:
        fits = _is_office(found[: title + 1]) and is_name(name, unsure=False) and not (unsure and len(name) > 2)
        return Speaker(cut(text, name), cut(text, found[: title + 1])) if fits else None
    at = next((i for i, token in enumerate(name) if token.low in ("of", "at", "from")), None)
    if at is not None and is_person(name[:at]) and is_name(name[at + 1 :], unsure=False):
        return Speaker(cut(text, name[:at]), cut(text, name[at + 1 :]))
    owner = _owner(name[0]) if name and is_person(name[1:]) else ""
    if owner:
        return Speaker(cut(text, name[1:]), owner)
    machine = any(_MACHINE.match(token.low) for token in name)
    outlet = bool(name) and name[-1].low in OUTLET_ENDS and name[0].low not in GIVEN
    return Speaker(cut(text, name)) if is_name(name, unsure=unsure) and not machine and not outlet else None


_MACHINE = re.compile(rf"(?:{'|'.join(sorted(MACHINES))})(?![a-z])|[rvok]\d|.*-v?\d")
"""``DeepSeek``, ``Qwen2.5-Max``, ``R1``, ``GPT-4``."""


def _owner(token: Token) -> str:
    """Whose somebody is: ``Wedbush`` in ``Wedbush's Dan Ives``; only of houses known for such."""
    bare = token.text.removesuffix("'s").removesuffix("’s")
    sure = bare.lower() in HOUSES or any(c.isupper() for c in bare[1:])
    return bare if bare != token.text and sure and bare.lower() not in NOT_NAMES else ""


def _is_office(office: Sequence[Token]) -> bool:
    """Whether this can stand directly before a name: ``Nvidia's chief executive``, ``founder and CEO``."""
    for i, token in enumerate(office):
        if token.low in ("and", "&"):
            if i == 0 or office[i - 1].low not in TITLES:
                return False
        elif token.low.startswith("anti-") or (
            token.low not in TITLES | QUALIFIERS and (not token.is_capital or token.low in NOT_NAMES | VERBS)
        ):
            return False
    return 1 <= len(office) <= 8 and office[-1].low in TITLES


def _speaking_for_a_house(text: str, found: list[Token]) -> Speaker | None:
    """``analysts at Wedbush``, ``Wedbush analysts led by Dan Ives``, ``a spokesperson for OpenAI``."""
    at = next((i for i, token in enumerate(found) if token.low in VOICES_OF_HOUSES), None)
    if at is None:
        return None
    house, link, rest = found[:at], [token.low for token in found[at + 1 : at + 3]], found[at + 2 :]
    if not house and link[:1] in (["at"], ["for"], ["of"], ["from"]):
        house, rest, link = rest, [], []
    elif link == ["led", "by"]:
        rest, link = [], [] if is_name(found[at + 3 :], unsure=False) else link
    sure = house and (found[at].low.endswith("s") or house[0].low in HOUSES or re.search("[A-Z]{2}", house[0].text))
    fits = sure and not link and not rest and is_name(house, unsure=False)
    return Speaker(cut(text, house), found[at].text) if fits else None


def speaker_with_office(text: str, office: Sequence[Token], name: Sequence[Token]) -> Speaker | None:
    """``Nvidia's chief executive, Jensen Huang`` and ``the chief executive of Microsoft, Satya Nadella``."""
    office = office[1:] if office and office[0].low in ("the", "a", "an") else office
    of = next((i for i, token in enumerate(office) if token.low in ("of", "at")), len(office))
    tail = office[of + 1 :]
    fits = _is_office(office[:of]) and (not tail or is_name(tail, unsure=False)) and len(name) > 1
    return Speaker(cut(text, name), cut(text, office)) if fits and is_name(name, unsure=False) else None


def person_in(text: str, found: Sequence[Token]) -> Speaker | None:
    """The speaker where no verb helps: by given name or office. ``OpenAI Sues Investor Ann Example`` has no office."""
    speaker = speaker_in(text, found, unsure=True)
    if speaker is None or is_person(found) or (is_person(found[:2]) and found[2].low in ("of", "at", "from")):
        return speaker
    others = sum(word.lower() not in TITLES | QUALIFIERS for word in speaker.role.split())
    known = found[0].low in TITLES | QUALIFIERS or is_marked(found[0])
    return speaker if speaker.role and known and others <= 1 else None


class FullNames:
    """Full names in the order of reading, to be found by surname."""

    def __init__(self) -> None:
        self._by_surname: dict[str, set[str]] = {}

    def read(self, text: str, before: Token, token: Token) -> None:
        """Take in two neighbours."""
        if before.is_capital and token.is_capital and before.low not in NO_GIVEN:
            name = cut(text, (before, token)).removesuffix("'s").removesuffix("’s")
            self._by_surname.setdefault(name.split()[-1], set()).add(name)

    def full(self, name: str) -> str:
        """The one full name that ends in ``name``; ``name`` itself where there is none or a second."""
        found = self._by_surname.get(name, set())
        known = [full for full in found if full.split()[0].lower() in GIVEN]
        return known[0] if len(found) == len(known) == 1 and fold(name) not in HOUSES else name


_SPOKE = ("表示", "说道", "写道", "指出", "强调", "說", "说", "称", "表示說")
_OFFICES = ("首席执行官", "执行长", "執行長", "创始人", "总裁", "总经理", "董事长", "分析师", "首席科学家", "CEO")
_SURNAMES = frozenset("王李张刘陈杨黄赵周吴徐孙朱马胡郭何林罗梁宋郑谢韩唐冯董程曹袁邓傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎")
_NO_NAME = frozenset("未没不否也还则都又再并就对向等管层们人者家方关经在于是的了与和及谓称说被让据可或将会已曾所有些")


def chinese_speaker(clause: str, *, ahead: bool) -> Speaker | None:
    """Who speaks in a Chinese clause that consists of office, name, place and verb: ``黄仁勋在采访中表示：``."""
    bare = clause.rstrip("：:，, ") if ahead else clause.split("，")[0]
    verb = next((verb for verb in _SPOKE if bare.endswith(verb)), None)
    if verb is None or (ahead and bare == clause) or len(clause) > 80:
        return None
    subject = re.split("[，,：:、 ]", bare.removesuffix(verb).split("在")[0])[-1]
    office = max((subject.rfind(word) + len(word) for word in _OFFICES if word in subject), default=0)
    name = subject[office:]
    if any(c in _NO_NAME or not ("\u3400" <= c <= "\u9fff" or c == "·") for c in name):
        return None
    if office:
        return Speaker(name, subject[:office]) if 2 <= len(name) <= 8 else None
    return Speaker(name) if 2 <= len(name) <= 3 and name[0] in _SURNAMES else None
