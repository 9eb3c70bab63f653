"""Text that comes from outside, on its way to a terminal or into a command that people copy: the only owner of both.

A feed, a server or a stranger chooses titles, addresses, names and error texts. On a terminal they could move the
cursor, recolour, reverse or fake a line; in a suggested command they could run another one.
"""

from __future__ import annotations

import json
import shlex

from bot.core.secret import redacted
from bot.core.text.characters import CONTROL, HIDING, INVISIBLE, SURROGATE, has_invisible
from bot.installation import INSTALLED, PROGRAM

_LONGEST = 20_000
"""Characters of one line; a terminal needs no more."""


def line(text: object) -> str:
    """``text`` as one line that can do nothing to a terminal, without secrets; spaces stay as they are.

    Control characters become spaces, those that hide or reorder text are dropped, half a surrogate pair becomes U+FFFD.
    """
    return redacted(cell(str(text)[:_LONGEST]))


def json_text(data: object) -> str:
    """JSON on one line that reads back to the same; what could steer a terminal stands in it as JSON escapes."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=True, default=str)
    escaped = INVISIBLE.sub(lambda found: json.dumps(found[0])[1:-1], text)
    return SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", escaped)


def json_line(data: object) -> str:
    """The same without secrets."""
    return redacted(json_text(data))


def cell(text: str) -> str:
    """Text for a file that people look at or open in a spreadsheet: on one line, without what hides or controls."""
    return CONTROL.sub(" ", HIDING.sub("", SURROGATE.sub("\ufffd", text)))


def command(*words: object) -> str:
    """A command of this program to copy into a shell: ``python main.py feeds check 'https://…'``."""
    return f"{PROGRAM} {shell(*words)}"


def adding(extra: str) -> str:
    """The command that adds an optional part of the program: ``web``, ``parquet``, ``apprise`` or ``server``."""
    if INSTALLED:
        return shell("pipx", "install", "--force", f"aftershock[{extra}]")
    return shell("make", "setup", f"EXTRAS={extra}")


def shell(*words: object) -> str:
    """A command of any program to copy into a shell: ``chmod 600 'my file'``.

    Every word is quoted where a shell would read anything else into it. A word that cannot be shown as it is has an
    ellipsis in its place.
    """
    return " ".join(_quoted(str(word)) for word in words)


def _quoted(word: str) -> str:
    if has_invisible(word) or SURROGATE.search(word) or redacted(word) != word:
        return "…"
    return shlex.quote(word)
