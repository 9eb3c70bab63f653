"""Names in topic and company files: a text, or a mapping that says when the text counts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Annotated

from pydantic import Field as Setting

from bot.config.yaml.document import Document, DocumentPath, problem
from bot.config.yaml.validation import StrictModel, nearest
from bot.core.errors import Problem
from bot.core.news.lexicon import Name, PatternError, compile_pattern

Text = Annotated[str, Setting(min_length=1)]


class NameEntry(StrictModel):
    """A name that counts only under conditions."""

    name: Text
    """The text. A trailing ``*`` allows any ending; a hyphen also matches a space or nothing."""
    exact: bool = False
    """Whether upper and lower case must match (or all capitals)."""
    needs: tuple[Text, ...] = ()
    """Counts only if one of these is in the story: words, or ``@list``."""
    unless: tuple[Text, ...] = ()
    """Does not count if one of these is in the same part of the story: words, or ``@list``."""
    followed_by: tuple[Text, ...] = ()
    """Counts, whatever ``needs`` says, right before one of these; without ``needs`` only there. A trailing ``*`` allows
    any ending."""
    preceded_by: tuple[Text, ...] = ()
    """The same right after one of these."""


Written = Text | NameEntry


def name_of(written: Written) -> Name:
    """The name as the core knows it."""
    if isinstance(written, str):
        return Name(written)
    return Name(written.name, written.exact, written.needs, written.unless, written.followed_by, written.preceded_by)


def names_of(written: Iterable[Written]) -> tuple[Name, ...]:
    """The names as the core knows them, in order."""
    return tuple(name_of(w) for w in written)


def unknown(what: str, name: str, known: Iterable[str], otherwise: str) -> str:
    """The message for a name that is not defined: the nearest known one, or ``otherwise``, what to do about it."""
    hint = nearest(name, known)
    return f"there is no {what} '{name}'; " + (f"did you mean '{hint}'?" if hint else otherwise)


def list_references(
    document: Document,
    path: DocumentPath,
    written: Sequence[Written],
    known: Iterable[str],
    beside: Collection[str] = (),
) -> Iterator[Problem]:
    """A problem for each ``@list`` that is not defined. ``beside``: lists for ``followed_by`` and ``preceded_by``."""
    lists = set(known)
    for number, entry in enumerate(written):
        if isinstance(entry, str):
            continue
        for key, conditions, allowed in (
            ("needs", entry.needs, lists),
            ("unless", entry.unless, lists),
            ("followed_by", entry.followed_by, beside),
            ("preceded_by", entry.preceded_by, beside),
        ):
            for place, condition in enumerate(conditions):
                if condition.startswith("@") and condition[1:] not in allowed:
                    message = f"there is no word list '{condition[1:]}'; define it under words, or drop the @"
                    if allowed is beside:
                        message = f"there is no list '{condition[1:]}' for words next to a name; write the words"
                    yield problem(document, (*path, number, key, place), message)


def patterns(document: Document, path: DocumentPath, written: Sequence[Written]) -> Iterator[Problem]:
    """A problem for each invalid pattern."""
    for number, entry in enumerate(written):
        try:
            compile_pattern(name_of(entry).text)
        except PatternError as error:
            yield problem(document, (*path, number), str(error))
