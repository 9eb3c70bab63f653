"""Removing the token and other secrets from log records."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterable

from bot.core.secret import Secret, redacted


class RedactingFilter(logging.Filter):
    """A logging filter that removes secrets from the message, its arguments, the traceback and the stack.

    Add it to *handlers*: a filter on a logger does not see the records of its children. A record whose traceback
    contains a secret keeps the redacted text in ``exc_text`` and loses ``exc_info``, which still has the exception.
    ``secrets`` live as long as it does, so that they are known.
    """

    def __init__(self, secrets: Iterable[Secret] = ()) -> None:
        super().__init__()
        self._known = tuple(secrets)

    def filter(self, record: logging.LogRecord) -> bool:
        """Redact the record; always true, as it is never dropped."""
        try:
            message = record.getMessage()
        except Exception:
            message = str(record.msg)
            record.args = None
        cleaned = redacted(message)
        if cleaned != message or self._in_arguments(record):
            record.msg, record.args = cleaned, None
        if record.exc_info and not isinstance(record.exc_info, bool):
            text = "".join(traceback.format_exception(*record.exc_info)).rstrip("\n")
            cleaned = redacted(text)
            if cleaned != text:
                record.exc_info, record.exc_text = None, cleaned
        if record.exc_text:
            record.exc_text = redacted(record.exc_text)
        if record.stack_info:
            record.stack_info = redacted(record.stack_info)
        return True

    def _in_arguments(self, record: logging.LogRecord) -> bool:
        """A structured formatter may print arguments that the message does not."""
        return bool(record.args) and redacted(text := repr(record.args)) != text


def quiet_libraries() -> None:
    """Keep libraries from logging requests: httpx logs their addresses, with the token, at INFO."""
    for name in ("httpx", "httpcore", "telegram", "telegram.ext", "hpack"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # it logs bodies and tracebacks of errors that are handled here
    logging.getLogger("telegram.request").setLevel(logging.CRITICAL)
