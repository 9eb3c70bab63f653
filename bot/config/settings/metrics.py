"""Settings of monitoring: Prometheus metrics and a dead-man's switch, both off by default.

The switch's address works like a password (anyone who knows it can keep the switch quiet), so no message repeats it.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema

from bot.config.yaml.document import Document, problem, refusal
from bot.config.yaml.excerpt import shown
from bot.config.yaml.scalars import Duration, parse_http_url
from bot.config.yaml.validation import StrictModel
from bot.core.errors import Problem
from bot.core.secret import Secret

VARIABLE = "AFTERSHOCK_HEARTBEAT_URL"
LOOPBACK = "127.0.0.1"
LEAST_EVERY = timedelta(seconds=10)

_PLACE = re.compile(r"(?:(?P<host>\[[0-9A-Fa-f:.%\w]+\]|[^\s:\[\]/]+):)?(?P<port>[0-9]{1,5})\Z")


def _listen(value: object) -> str:
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    found = _PLACE.match(text) if isinstance(text, str) else None
    if found is None or not 1 <= int(found["port"]) <= 65535:
        raise ValueError(f"'{shown(str(value))}' is not an address to listen on; write one like {LOOPBACK}:9477")
    return f"{found['host'] or LOOPBACK}:{int(found['port'])}"


def _secret_url(value: object) -> str:
    try:
        return parse_http_url(value)
    except ValueError:
        # "from None": the error repeats the address
        raise ValueError("this is not a web address; write one that begins with https://") from None


Listen = Annotated[
    str,
    BeforeValidator(_listen),
    WithJsonSchema({"type": ["string", "integer"], "description": f"Address and port, like {LOOPBACK}:9477."}),
]
SecretUrl = Annotated[
    str,
    BeforeValidator(_secret_url),
    WithJsonSchema({"type": "string", "pattern": "^https?://", "format": "uri", "description": "A web address."}),
]


class MetricsSettings(StrictModel):
    """Prometheus metrics at `/metrics` and a health check at `/healthz`. Off until `listen` is set."""

    listen: Listen | None = None
    """Address and port; a port alone listens on this machine only."""
    beyond_loopback: bool = False
    """`true` to let other machines connect; there is no password."""

    @property
    def address(self) -> tuple[str, int] | None:
        """Host and port to listen on; ``None`` if off."""
        if self.listen is None:
            return None
        host, _, port = self.listen.rpartition(":")
        return host.strip("[]"), int(port)


class HeartbeatSettings(StrictModel):
    """A dead-man's switch: an address pinged while all is well, which raises the alarm when the pings stop."""

    url: SecretUrl | None = Field(default=None, repr=False)
    """The switch's address, which works like a password. Better set AFTERSHOCK_HEARTBEAT_URL in the environment."""
    every: Duration = timedelta(minutes=1)
    """The ping interval; let the switch wait for a few of these."""


def metrics_problems(document: Document, metrics: MetricsSettings, heartbeat: HeartbeatSettings) -> list[Problem]:
    """Mistakes across the keys of these sections."""
    found: list[Problem] = []
    if metrics.address is not None and not metrics.beyond_loopback and not is_loopback(metrics.address[0]):
        found.append(
            problem(
                document,
                ("metrics", "listen"),
                f"other machines could reach {metrics.listen} without a password; write {LOOPBACK}:"
                f"{metrics.address[1]}, or add 'beyond_loopback: true' if that is intended",
            )
        )
    if heartbeat.every < LEAST_EVERY:
        found.append(problem(document, ("heartbeat", "every"), "too frequent; write 10s or more"))
    return found


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach ``host``; a name other than localhost may resolve to anything."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


def find_heartbeat_url(environment: Mapping[str, str], heartbeat: HeartbeatSettings) -> Secret | None:
    """The switch's address from the environment, else from the settings. Raises ConfigError if it is not one."""
    value: Any = environment.get(VARIABLE, "").strip() or heartbeat.url
    if not value:
        return None
    try:
        return Secret(_secret_url(value))
    except ValueError as error:
        raise refusal(VARIABLE, str(error)) from None
