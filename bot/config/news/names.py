"""How topics and companies write names: a text, or a mapping that says when a text counts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Annotated

from pydantic import Field as Setting

from bot.config.yaml.document import Document, DocumentPath, problem
from bot.config.yaml.validation import StrictModel
from bot.core.errors import Problem
from bot.core.news.lexicon import Name, PatternError, compile_pattern

Text = Annotated[str, Setting(min_length=1)]


class NameEntry(StrictModel):
    """A name that needs care."""

    name: Text
    """The text. A trailing ``*`` allows any ending; a hyphen may be a space or nothing."""
    exact: bool = False
    """Upper and lower case as written here (or all capitals)."""
    needs: tuple[Text, ...] = ()
    """At least one of these must be in the story: words, or ``@list``."""
    unless: tuple[Text, ...] = ()
    """None of these may be in the same part of the story: words, or ``@list``."""
    followed_by: tuple[Text, ...] = ()
    """It counts, whatever ``needs`` says, where one of these comes right after it; without ``needs`` only there. A
    trailing ``*`` allows any ending."""
    preceded_by: tuple[Text, ...] = ()
    """The same for the word right before it."""


Written = Text | NameEntry


def name_of(written: Written) -> Name:
    """The core's value."""
    if isinstance(written, str):
        return Name(written)
    return Name(
        written.name,
        written.exact,
        tuple(written.needs),
        tuple(written.unless),
        tuple(written.followed_by),
        tuple(written.preceded_by),
    )


def names_of(written: Iterable[Written]) -> tuple[Name, ...]:
    """The core's values, in order."""
    return tuple(name_of(w) for w in written)


def list_references(
    document: Document,
    path: DocumentPath,
    written: Sequence[Written],
    known: Iterable[str],
    beside: Collection[str] = (),
) -> Iterator[Problem]:
    """A problem for each ``@list`` that nobody defines. ``beside``: those that words beside a name may come from."""
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
                        message = f"there is no list '{condition[1:]}' of words beside a name; write the words"
                    yield problem(document, (*path, number, key, place), message)


def patterns(document: Document, path: DocumentPath, written: Sequence[Written]) -> Iterator[Problem]:
    """A problem for each pattern that cannot be one."""
    for number, entry in enumerate(written):
        try:
            compile_pattern(name_of(entry).text)
        except PatternError as error:
            yield problem(document, (*path, number), str(error))
