"""The heartbeat to a dead man's switch. Its address is a secret: anyone who knows it could fake the heartbeat."""

from __future__ import annotations

import aiohttp

from bot.core.errors import SourceError
from bot.core.secret import Secret
from bot.core.text.links import host_of

TIMEOUT = 10.0


class HeartbeatSender:
    """Sends heartbeats to one address, by GET. ``where`` is the part of it that may be shown: the host."""

    def __init__(self, session: aiohttp.ClientSession, url: Secret) -> None:
        self._session = session
        self._url = url
        self.where = host_of(url.reveal()) or "the heartbeat's address"

    async def beat(self) -> None:
        """Send a heartbeat. Raises SourceError, without the address, unless the response is a 2xx."""
        try:
            async with self._session.get(
                self._url.reveal(),
                timeout=aiohttp.ClientTimeout(total=TIMEOUT),
                allow_redirects=False,
                auto_decompress=False,
                headers={"User-Agent": "Aftershock"},
            ) as response:
                status = response.status
        except TimeoutError:
            raise SourceError(f"{self.where} timed out after {TIMEOUT:g} s") from None
        except (aiohttp.ClientError, OSError, ValueError, AssertionError) as error:
            # "from None": the error may contain the address
            raise SourceError(f"{self.where} cannot be reached ({type(error).__name__})") from None
        if not 200 <= status < 300:
            raise SourceError(f"{self.where} answered {status}")
