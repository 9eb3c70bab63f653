"""Removing the token and other secrets from log records and error texts."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterable
from urllib.parse import quote

from bot.core.secret import Secret

_MARK = "[secret]"
_LEAST = 6


class Redactor:
    """Replaces every known secret in a text, also percent-encoded, and the key part of a token by itself."""

    def __init__(self, secrets: Iterable[Secret]) -> None:
        forms: set[str] = set()
        for secret in secrets:
            value = secret.reveal().strip()
            forms.update((value, quote(value, safe=""), value.partition(":")[2]))
        self._forms = sorted((form for form in forms if len(form) >= _LEAST), key=len, reverse=True)

    def __call__(self, text: str) -> str:
        """``text`` without secrets."""
        for form in self._forms:
            if form in text:
                text = text.replace(form, _MARK)
        return text

    def __repr__(self) -> str:
        return f"Redactor({len(self._forms)} forms)"


class RedactingFilter(logging.Filter):
    """A logging filter that removes secrets from the message, its arguments, the traceback and the stack.

    Add it to *handlers*: a filter on a logger does not see the records of its children. A record whose traceback
    contains a secret keeps the redacted text in ``exc_text`` and loses ``exc_info``, which still has the exception.
    """

    def __init__(self, secrets: Iterable[Secret]) -> None:
        super().__init__()
        self.redact = Redactor(secrets)

    def filter(self, record: logging.LogRecord) -> bool:
        """Redact the record; always true, as it is never dropped."""
        try:
            message = record.getMessage()
        except Exception:
            message = str(record.msg)
            record.args = None
        cleaned = self.redact(message)
        if cleaned != message or self._in_arguments(record):
            record.msg, record.args = cleaned, None
        if record.exc_info and not isinstance(record.exc_info, bool):
            text = "".join(traceback.format_exception(*record.exc_info)).rstrip("\n")
            cleaned = self.redact(text)
            if cleaned != text:
                record.exc_info, record.exc_text = None, cleaned
        if record.exc_text:
            record.exc_text = self.redact(record.exc_text)
        if record.stack_info:
            record.stack_info = self.redact(record.stack_info)
        return True

    def _in_arguments(self, record: logging.LogRecord) -> bool:
        """A structured formatter may print arguments that the message does not."""
        return bool(record.args) and self.redact(text := repr(record.args)) != text


def quiet_libraries() -> None:
    """Keep libraries from logging requests: httpx logs their addresses, with the token, at INFO."""
    for name in ("httpx", "httpcore", "telegram", "telegram.ext", "hpack"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # it logs bodies and tracebacks of errors that are handled here
    logging.getLogger("telegram.request").setLevel(logging.CRITICAL)
