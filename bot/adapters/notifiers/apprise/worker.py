"""The process that sends one message through Apprise, and what it is made of.

It says that it is ready, reads one request from stdin, sends, and answers on stdout. The bot kills it when it takes too
long; should the bot itself have died, SIGALRM does. Its memory is limited, as a server may answer with anything.

Apprise returns only whether it sent a message. The reason for a failure is in its log, which is read here but never
shown, as it may contain addresses with passwords.
"""

from __future__ import annotations

import json
import logging
import os
import re
import signal
import sys
import warnings
from types import ModuleType
from typing import Any

MEMORY_LIMIT = 640 * 1024**2
"""Bytes of address space."""
READ_TIMEOUT = 15.0
"""Seconds to wait for a response unless the address says otherwise; Apprise's default of 4 leaves too many in doubt."""
_STATUS = re.compile(r"\berror=(\d{3})\b")
_WENT_OUT = re.compile(r"Read timed out|Connection aborted|Connection reset|Connection broken")


class _LogReader:
    """What Apprise's log says about one attempt, without its text."""

    def __init__(self) -> None:
        self.status = 0
        self.doubtful = False

    def __call__(self, entry: Any, _service: object) -> None:
        """Read one log entry."""
        text = str(entry.message)
        if entry.level == "WARNING" and (status := _STATUS.search(text)) is not None:
            self.status = int(status[1])
        about, _, why = text.partition(":")
        if about == "Notification Exception" and not why.strip():
            self.doubtful = True  # a MemoryError, which has no words: by what the service answered
        if text.startswith("Socket Exception") and _WENT_OUT.search(text) is not None:
            self.doubtful = True


def service(apprise: ModuleType, url: str) -> Any:
    """Apprise with the services of this address, none if it cannot read it."""
    asset = apprise.AppriseAsset(
        app_id="Aftershock",
        app_desc="Aftershock",
        image_url_mask="",  # Apprise's own pictures
        image_url_logo="",
        async_mode=False,
        http_redirects=False,  # a redirected POST becomes a GET, and the message is lost without an error
    )
    found = apprise.Apprise(asset=asset)
    found.add(url)
    for server in found:
        if server.socket_read_timeout == type(server).socket_read_timeout:
            server.socket_read_timeout = READ_TIMEOUT
        if server.overflow_mode == apprise.OverflowMode.UPSTREAM:
            server.overflow_mode = apprise.OverflowMode.SPLIT
    return found


def quiet() -> None:
    """Keep the logs of Apprise and its libraries out of ours: they may contain addresses at any level."""
    logger = logging.getLogger("apprise")
    logger.handlers, logger.propagate = [logging.NullHandler()], False
    logger.setLevel(logging.DEBUG)  # for _LogReader alone
    for name in ("urllib3", "requests", "requests_oauthlib", "oauthlib", "paho", "slixmpp"):
        logging.getLogger(name).setLevel(logging.CRITICAL)


def _sent(apprise: ModuleType, request: dict[str, Any]) -> dict[str, Any]:
    log = _LogReader()
    format_ = apprise.NotifyFormat.MARKDOWN if request["markdown"] else apprise.NotifyFormat.TEXT
    try:
        sent = service(apprise, request["url"]).notify(
            body=request["body"], title=request["title"], body_format=format_, log_callback=log, log_level=logging.DEBUG
        )
    except MemoryError:  # by what the service answered
        return {"doubtful": True}
    except Exception as error:
        return {"failed": type(error).__name__}  # not its text, which may contain the address
    return {"sent": bool(sent), "status": log.status, "doubtful": log.doubtful and not sent}


def main() -> None:
    """Run as the child."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print must not reach the pipe
    warnings.simplefilter("ignore")
    quiet()
    import apprise

    service(apprise, "json://127.0.0.1")  # the first one loads them all
    answers.write(b"ready\n")
    answers.flush()
    request = json.load(sys.stdin.buffer)
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))
    except (ImportError, OSError, ValueError):
        pass  # not on this system; the time limit still holds
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, request["seconds"])
    answers.write(json.dumps(_sent(apprise, request)).encode())
    answers.flush()
    os._exit(0)
