"""Messages in a form of somebody else's: text with names of what stands there, as ``"$severity: $headline"``.

A template is data (text, lists and mappings of it), never code; what is put in stays text, whatever it holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from string import Template
from typing import Any

from bot.core.model import Notification
from bot.render.plain import plain
from bot.render.text import clean

BRIEF = 1_500
"""UTF-16 code units of ``$brief``: services that take little take 2,000 (Discord)."""


class _Form(Template):
    """Names are ASCII words; of labels, ``$labels`` is all of them and ``$labels.desk`` one."""

    idpattern = r"(?a:labels\.[a-z][a-z0-9_]*|[_a-z][_a-z0-9]*)"
    flags = re.NOFLAG


LABEL = "labels."
_SIGNS = str.maketrans({"@": "@\u200b", "<": "‹", ">": "›"})
WORDS = ("headline", "brief", "text", "severity", "reason", "labels", "incident", "page", "id", "at")
"""What a template can name."""


def mistakes(template: Any) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """What is wrong in a template, each with where it is."""
    for path, text in _texts(template, ()):
        found = _Form(text)
        if not found.is_valid():
            yield path, "a '$' that names nothing; write $$ for a dollar"
            continue
        for name in found.get_identifiers():
            if name not in WORDS and not name.startswith(LABEL):
                yield path, f"there is no ${name}; there are {', '.join(f'${word}' for word in WORDS)}"


def filled(template: Any, words: Mapping[str, str]) -> Any:
    """The template with ``words`` in their places."""
    if isinstance(template, str):
        return _Form(template).substitute(_Given(words))
    if isinstance(template, Mapping):
        return {key: filled(value, words) for key, value in template.items()}
    if isinstance(template, list | tuple):
        return [filled(value, words) for value in template]
    return template


class _Given(dict[str, str]):
    """What stands for each name; nothing for a label that the message has not."""

    def __missing__(self, name: str) -> str:
        if name.startswith(LABEL):
            return ""
        raise KeyError(name)


def page_of(note: Notification, pages: str) -> str:
    """The address of its incident's page; empty where it has none, or nobody said where the pages are."""
    return f"{pages}/incident/{note.incident}" if pages and note.incident else ""


def fields_of(note: Notification, pages: str = "") -> dict[str, str]:
    """What a template can name of a message; ``pages``: where those of the history begin, if anywhere."""
    labels = {name: "/".join(values) for name, values in note.summary.labels.items()}
    fields = {
        "headline": clean(note.summary.subject).strip() or clean(note.text.partition("\n")[0]).strip(),
        "brief": plain(note.summary, None, BRIEF),
        "text": plain(note.summary, None),
        "severity": note.severity.word,
        "reason": note.reason.value,
        "labels": ", ".join(f"{name}={value}" for name, value in labels.items()),
        **{f"{LABEL}{name}": value for name, value in labels.items()},
        "incident": note.incident or "",
        "page": page_of(note, pages),
        "id": note.id,
        "at": f"{note.created_at:%Y-%m-%dT%H:%M:%SZ}",
    }
    return {name: disarmed(words) for name, words in fields.items()}


def disarmed(words: str) -> str:
    """``words`` without what chat services make mentions and hidden links of: ``@channel``, ``<!here>``,
    ``[text](address)``. A headline is somebody else's; an address of its own stays one."""
    return words.translate(_SIGNS).replace("](", "] (")


def _texts(template: Any, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if isinstance(template, str):
        yield path, template
    elif isinstance(template, Mapping):
        for key, value in template.items():
            yield from _texts(value, (*path, key))
    elif isinstance(template, list | tuple):
        for index, value in enumerate(template):
            yield from _texts(value, (*path, index))
