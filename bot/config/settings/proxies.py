"""The passwords of proxies in the environment. Libraries quote a proxy they cannot use in their errors."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import unquote

from bot.core.secret import Secret

VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "ws_proxy", "wss_proxy", "ftp_proxy")
"""In lower or upper case; what programs and libraries read."""


def proxy_secrets(environment: Mapping[str, str]) -> list[Secret]:
    """User and password of each proxy that the environment names, together and the password alone, also where the
    address is malformed. They are redacted as long as they live."""
    found: set[str] = set()
    for name, value in environment.items():
        if name.lower() in VARIABLES:
            user, at, _ = value.strip().partition("://")[2].rpartition("@")
            user = user if at else value.strip().rpartition("@")[0]
            password = user.partition(":")[2]
            found.update((user, unquote(user), password, unquote(password)))
            found.update(re.split(r"[/?#]", password))  # where it is not encoded a library shows parts of it
    return [Secret(each) for each in sorted(found) if each]
