"""A language model behind an OpenAI-compatible address, asked for a lead; a model on this machine serves as well.

It is optional twice over: whatever goes wrong, there is no lead and one line in the log. That line is ours alone: of
the answer and of errors nothing is repeated, because either may hold the key.
"""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import aiohttp

from bot.core.messages.lead import checked, prompt
from bot.core.model import Summary
from bot.core.secret import Secret

log = logging.getLogger(__name__)

TIMEOUT = timedelta(seconds=10)
"""From the first connection to the last byte."""
MOST_BYTES = 65_536
"""A longer answer is no answer: a lead has a few hundred characters."""
MOST_TOKENS = 200
_PATH = "/chat/completions"


class _NoLeadError(Exception):
    """Why there is none, in our own words."""


@dataclass(frozen=True, slots=True)
class LanguageModel:
    """Asks for leads. ``url`` is the address up to ``/v1``; without a ``key`` none is sent."""

    session: aiohttp.ClientSession = field(repr=False)
    url: str = field(repr=False)
    model: str = ""
    """Left out of the request where empty: servers of one model do not ask for it."""
    key: Secret | None = None
    timeout: timedelta = TIMEOUT

    async def lead(self, summary: Summary) -> str | None:
        """A lead for ``summary`` in which nothing is new, or ``None``; never raises for what the other side does."""
        why = "it says something the message does not say, or not plainly"
        try:
            async with asyncio.timeout(self.timeout.total_seconds()):
                written = _content(await self._ask(prompt(summary)))
            if (lead := checked(written, summary)) is not None:
                return lead
        except _NoLeadError as error:
            why = str(error)
        except TimeoutError:
            why = f"no answer within {self.timeout.total_seconds():g} s"
        except (aiohttp.ClientError, OSError, ValueError) as error:
            why = f"it cannot be asked ({type(error).__name__}); check language_model: in config.yaml"
        log.warning("no lead from the language model: %s", why)
        return None

    async def _ask(self, text: str) -> bytes:
        body: dict[str, Any] = {
            "messages": [{"role": "user", "content": text}],
            "temperature": 0,
            "max_tokens": MOST_TOKENS,
            "stream": False,
        }
        if self.model:
            body["model"] = self.model
        headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
        if self.key:
            headers["Authorization"] = f"Bearer {self.key.reveal()}"
        address = self.url.rstrip("/").removesuffix(_PATH) + _PATH
        # a redirect is not followed: the key is for this address; unpacked nothing, so that the bound holds
        async with self.session.post(
            address, json=body, headers=headers, allow_redirects=False, auto_decompress=False
        ) as response:
            if response.status != 200:
                raise _NoLeadError(f"it answered with status {response.status}")
            whole = bytearray()
            async for chunk in response.content.iter_chunked(8192):
                whole += chunk
                if len(whole) > MOST_BYTES:
                    raise _NoLeadError("its answer is too long")
            return bytes(whole)


def _content(answer: bytes) -> str:
    """What the model wrote, where it came to an end by itself."""
    try:
        choice = json.loads(answer)["choices"][0]
        message, finish = choice["message"], choice.get("finish_reason")
        content, refusal = message["content"], message.get("refusal")
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise _NoLeadError("its answer is not that of a chat model") from None
    if refusal or not isinstance(content, str):
        raise _NoLeadError("it refused")
    if finish not in (None, "stop"):
        raise _NoLeadError("its answer was cut off")
    return content
