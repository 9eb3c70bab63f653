"""A value that must not be shown by accident, and the one place that removes such values from text.

Whatever leaves the program passes ``redacted``: log, terminal, errors, reports of sources and with them the database
and the chat. It knows every ``Secret`` that exists, so that a new kind of secret needs nothing but to be one.
"""

from __future__ import annotations

import hmac
import json
import re
import weakref
from typing import NoReturn
from urllib.parse import quote, unquote

MARK = "[secret]"
LEAST = 6
"""A shorter secret is not looked for: it would turn up in words."""


class Secret:
    """Holds a secret string. ``str``, ``repr`` and formatting give ``[secret]``; only ``reveal`` gives the value.

    It can be compared and tested for emptiness, but neither pickled nor written as JSON, so that it cannot get into a
    store or a log with the object that holds it. As long as it lives, ``redacted`` removes its value.
    """

    __slots__ = ("__weakref__", "_value")

    def __init__(self, value: str) -> None:
        self._value = value
        _living[id(self)] = self

    def reveal(self) -> str:
        """The value itself, for the one call that needs it."""
        return self._value

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._value.encode(), other._value.encode())

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __repr__(self) -> str:
        return MARK

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return MARK

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret cannot be pickled")

    def __deepcopy__(self, memo: object) -> Secret:
        return self


_living: weakref.WeakValueDictionary[int, Secret] = weakref.WeakValueDictionary()

_USER = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{0,30}://)[^\s/?#\"'<>@]{1,400}@(?:[^\s/?#\"'<>@]{1,400}@)?")
"""A user name and a password before a host; the password may have an ``@`` of its own."""
_TOKEN = re.compile(r"[0-9]{5,20}:[A-Za-z0-9_-]{20,400}")
"""Anything that may be a Telegram bot token. People paste them anywhere; nothing may repeat one."""
_PARAMETER = re.compile(
    r"([?&;](?:[a-z0-9]{1,20}[._-])?"
    r"(?:api[_-]?key|key|(?:access|auth|api)?[_-]?token|secret|passw(?:or)?d|pwd|signature)=)[^\s&;#\"'<>]{1,2000}",
    re.IGNORECASE,
)
"""A parameter of an address that is a key by its name."""
_HEADER = re.compile(
    r"(authorization[\"']?\s{0,3}[:=]\s{0,3}[\"']?(?:bearer |basic )?|\bbearer (?=\S{0,80}[0-9]))[^\s\"',;]{8,2000}",
    re.IGNORECASE,
)
"""What a request says who it is from."""


def redacted(text: str) -> str:
    """``text`` without any living secret, plain or percent-encoded, and without what is one by its shape: a password
    in an address, a key among an address's parameters, a Telegram token."""
    for form in _forms():
        if form in text:
            text = text.replace(form, MARK)
    if ":" in text:
        text = _TOKEN.sub(MARK, _USER.sub(rf"\1{MARK}@", text))
    if "=" in text:
        text = _PARAMETER.sub(rf"\1{MARK}", text)
    return _HEADER.sub(rf"\1{MARK}", text)


def _forms() -> list[str]:
    """How the living secrets may be written, the longest first. The part of a token after the colon counts alone."""
    forms: set[str] = set()
    for living in _living.valuerefs():
        if (secret := living()) is None:
            continue
        value = secret.reveal().strip()
        forms.update((value, quote(value, safe=""), quote(value), unquote(value), value.partition(":")[2]))
        forms.add(json.dumps(value)[1:-1])
    return sorted((form for form in forms if len(form) >= LEAST), key=len, reverse=True)
