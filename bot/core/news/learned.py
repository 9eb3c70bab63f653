"""Names of models that become known words: which are admitted, and when each counts.

A vocabulary that is written by hand is behind by as much as its file is old, and lists of models are written by people
who think of no headline. So a listed name has to prove that it is a name. It is refused

* if it is not written in Latin letters, with a capital, of 3 to 32 characters and at most three words;
* if the vocabulary knows it as anything: a company, a lab, a word of a list, a model;
* if it is a single word that stands in a word list, alone or with others: ``Fed``, ``Oil``, ``March``;
* if headlines used the word before, older than two days and within memory: it is an ordinary word then;
* if a topic file says so (``never_learned``).

What is admitted is read as a model, wherever it stands, only if the story says what it is about: ``Counts``. Where too
few headlines are remembered to know what is ordinary, only a word with a capital inside counts without a number.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime, timedelta

from bot.core.model import Counts, LearnedName, ModelName, Story
from bot.core.news.lexicon import Hit, Name
from bot.core.news.text import COMMON, fold
from bot.core.news.vocabulary import Family, Lab, Topics

ORDINARY_AFTER = timedelta(days=2)
"""A word that headlines used so long ago is no new name; a release is talked about some hours before it is listed."""
ENOUGH = 200
"""Headlines that must be that old to say that a word is not ordinary."""
MOST = 2_000
"""Names in force; more are not learned."""
LONGEST = 32
WORDS = 3
_LISTED = re.compile(r"[A-Za-z][A-Za-z0-9 ._+-]{2,79}")
_WORD = re.compile(r"([A-Za-z]+)([0-9].*)?")
_COINED = re.compile(r"[A-Z]?[a-z]+[A-Z][A-Za-z]*")
_VARIANT_WORDS = """
    agent air alpha audio base beta chat code coder distill embedding exp experimental fast flash free gguf
    guard hd hf high image instruct it large latest lite live long low max medium micro mini moe multimodal nano
    omni plus preview pro reasoner reasoning reward rl safeguard sft small speech super text thinking tiny tts
    turbo ultra video vision vl voice
    """
_VARIANTS = frozenset(_VARIANT_WORDS.split())
"""Words in names of models that tell one version from another."""
_AI = ("@ai", "@model-noun", "@lab", "@model")
"""What a story that speaks of AI has."""

Known = Callable[[str], Sequence[Hit]]
"""The terms of the vocabulary in a text."""


def admitted(
    listed: Iterable[ModelName],
    topics: Topics,
    known: Known,
    learned: Collection[str],
    stories: Sequence[Story],
    source: str,
    now: datetime,
) -> list[LearnedName]:
    """The names among ``listed`` that become known words. ``learned``: the words learned before, in lower case;
    ``stories``: those remembered."""
    labs = {lab.name for lab in topics.labs}
    found: dict[str, LearnedName] = {}
    used: _Used | None = None
    listed_words: frozenset[str] = frozenset()
    for each in listed:
        read = _read(each, topics, known) if each.lab in labs else None
        if read is None or (key := read[0].casefold()) in learned or key in found or key in topics.never_learned:
            continue
        if used is None:
            used = _Used([s.title for s in stories if s.seen_at <= now - ORDINARY_AFTER])
            listed_words = _listed_words(topics)
        word, family = read
        if used.has(word) or key in listed_words:
            continue
        coined = _COINED.fullmatch(word.split()[0]) is not None
        counts = Counts.COINED if coined else Counts.PLAIN if used.enough else Counts.NUMBERED
        found[key] = LearnedName(word, each.lab, now, family, counts, each.name, source)
    return list(found.values())


def taken(text: str, known: Known, learned: Iterable[LearnedName]) -> bool:
    """Whether a name in ``text`` is known as a lab's, a model's or a company's."""
    words = frozenset(re.findall(r"[a-z]+", text.casefold()))
    return any(hit.term.kind in ("lab", "model", "company") for hit in known(text)) or any(
        words.issuperset(re.findall(r"[a-z]+", name.word.casefold())) for name in learned
    )


def _listed_words(topics: Topics) -> frozenset[str]:
    """Every word of the word lists, which are what headlines are written in."""
    clauses = topics.clauses
    lists = [*topics.words.values(), *topics.phrases.values(), *clauses.lines.values()]
    lists += [words.names for words in (*clauses.words.values(), *clauses.causes.values())]
    text = " ".join(name.text for names in lists for name in names)
    return frozenset(re.findall(r"[a-z]+", text.casefold())) | topics.speech.common_or_not_names


class _Used:
    """The words of headlines. There may be thousands of both, so each is looked at once."""

    def __init__(self, headlines: Sequence[str]) -> None:
        self.enough = len(headlines) >= ENOUGH
        self._text = "\n".join(headlines)
        self._words = frozenset(re.findall(r"[A-Za-z]+", self._text))

    def has(self, name: str) -> bool:
        """Whether the name stands there, in this case."""
        return name in self._words if name.isalpha() else name in self._text


def _read(listed: ModelName, topics: Topics, known: Known) -> tuple[str, str] | None:
    """The word that names the line of models, and the line; ``None`` where it is no name, or known."""
    words = _words(listed.name)
    phrase = " ".join(words)
    if not phrase:
        return None
    families = {family.name: family for family in topics.families}
    line, rest = "", words
    if (first := families.get(words[0])) is not None:  # a line of which only versions are known, such as GPT
        line, rest = (first.name if first.lab == listed.lab else ""), words[1:]
    for hit in sorted(known(phrase), key=lambda h: h.stop - h.start):
        if hit.term.kind == "company" or (hit.start, hit.stop) == (0, len(phrase)):
            return None
        if hit.start == 0 and hit.term.kind in ("lab", "model"):  # Claude Fable, Mistral Saba
            rest = phrase[hit.stop :].split()
            family = families.get(hit.name)
            line = family.name if family is not None and family.lab == listed.lab else ""
    word = " ".join(rest)
    if len(word) < 3 or len(word) > LONGEST or word.lower() in COMMON or not word[0].isupper():
        return None
    if rest is not words and any(hit.stop - hit.start == len(word) for hit in known(word)):
        return None
    return word, line or word


def _words(name: str) -> list[str]:
    """The words before version, size and variant: ``LongCat`` of ``LongCat-Flash-Chat``, ``Muse Spark``."""
    if _LISTED.fullmatch(name) is None:
        return []
    words: list[str] = []
    for token in re.split(r"[ _-]+", name)[: WORDS + 1]:
        match = _WORD.fullmatch(token)
        if match is None or match[1].lower() in _VARIANTS or len(match[1]) < 3 or re.search(r"[A-Z]v$", match[1]):
            break
        words.append(match[1])
        if match[2]:
            break
    return words if len(words) <= WORDS else []


def compiled_names(names: Iterable[LearnedName], topics: Topics, known: Known) -> list[Family]:
    """Each learned name as a line of models for the lexicon, those left out that the vocabulary has by now."""
    labs = {lab.name: lab for lab in topics.labs}
    lines = {family.name: family for family in topics.families}
    found = []
    for name in names:
        lab = labs.get(name.lab)
        word = name.word
        if lab is None or word.casefold() in topics.never_learned:
            continue
        if any(hit.stop - hit.start == len(word) and hit.term.kind != "context" for hit in known(word)):
            continue
        own = name.family == word or name.family not in lines
        needs = tuple(_spelled(lab, lines.get(name.family)))
        if name.counts is Counts.COINED:
            needs = (*needs, *_AI)
        plain = (Name(word, exact=True, needs=needs),) if name.counts is not Counts.NUMBERED else ()
        begins = word if own else f"({word})"
        numbered = tuple(Name(f"{begins} {version}", needs=needs) for version in ("{n}", "{letter}{n}"))
        found.append(Family(word if own else name.family, name.lab, plain, numbered))
    return found


def _spelled(lab: Lab, line: Family | None) -> Iterable[str]:
    """How stories name a lab, and the line of models that the name belongs to."""
    written = (*lab.names, *(line.names if line is not None else ()))
    return dict.fromkeys(text for name in written if len(text := fold(name.text.rstrip("*")).strip()) > 1)
