"""The address of a history on a database server."""

from __future__ import annotations

import re
from urllib.parse import unquote

from bot.core.secret import LEAST, Secret

SCHEMES = ("postgresql", "postgres")
"""How the address of a PostgreSQL database begins, before ``://``."""
NAME = "aftershock"
"""The name of a history where its address gives none."""
_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")
_PARTS = re.compile(
    r"\w+://(?:(?P<user>[^\s:@/?]*)(?::(?P<password>[^\s@/?]*))?@)?(?P<place>[^\s@/?]*)"
    r"(?:/(?P<database>[^\s/?]*))?(?:\?(?P<query>\S*))?"
)
"""As libpq reads it: user, password and what else may be misread are percent-encoded."""


class ServerAddress:
    """Where a PostgreSQL database is, with whatever password is needed, and the name of the history in it.

    Written ``postgresql://user:password@host:port/database#name``. With a password it is a secret as a whole;
    ``str`` has host, port, database and name, and nothing else of it.
    """

    def __init__(self, written: str) -> None:
        """Raises ValueError where this is not such an address; the error does not repeat it."""
        url, _, name = written.strip().partition("#")
        if not is_address(url):
            raise ValueError("not the address of a PostgreSQL database; write one like postgresql://host/database")
        if name and _NAME.fullmatch(name) is None:
            raise ValueError("the name of a history, after the #, has letters a-z, digits and _; a # is written %23")
        parts = _PARTS.fullmatch(url)
        if parts is None:
            raise ValueError("this address cannot be read; special characters in it are written like %5B")
        given = dict(pair.partition("=")[::2] for pair in (parts["query"] or "").split("&"))
        place = parts["place"] or unquote(given.get("host", ""))
        database = unquote(parts["database"] or given.get("dbname", ""))
        self._shown = f"postgresql://{place}/{database}{f'#{name}' if name else ''}"
        self.schema = name or NAME
        """The schema with the history's tables: its name."""
        words = [parts["password"] or "", given.get("password", "")]
        self.has_password = any(words)
        self._url = Secret(url) if self.has_password else url
        self._passwords = tuple(Secret(form) for w in words for form in {w, unquote(w)} if len(form) >= LEAST)

    def reveal(self) -> str:
        """What the driver takes, for the one call that needs it."""
        return self._url if isinstance(self._url, str) else self._url.reveal()

    def __str__(self) -> str:
        return self._shown

    def __repr__(self) -> str:
        return f"ServerAddress({self})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ServerAddress) and (self._url, self.schema) == (other._url, other.schema)

    def __hash__(self) -> int:
        return hash((self._url, self.schema))


def is_address(text: str) -> bool:
    """Whether a text is meant as the address of a database server."""
    scheme, found, _ = text.partition("://")
    return bool(found) and scheme.lower() in SCHEMES
