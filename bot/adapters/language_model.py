"""Leads from a language model with an OpenAI-compatible API, remote or local.

A lead is optional: on any failure there is none, and one line in the log. That line never quotes the response or an
error, as either may contain the key.
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
"""For the whole request."""
MOST_BYTES = 65_536
"""The longest response read; a lead has a few hundred characters."""
MOST_TOKENS = 200
_PATH = "/chat/completions"


class _NoLeadError(Exception):
    """Why there is no lead, in our own words."""


@dataclass(frozen=True, slots=True)
class LanguageModel:
    """Requests leads. ``url`` is the address up to ``/v1``; ``key`` is optional."""

    session: aiohttp.ClientSession = field(repr=False)
    url: str = field(repr=False)
    model: str = ""
    """May be empty for servers with a single model."""
    key: Secret | None = None
    timeout: timedelta = TIMEOUT

    async def lead(self, summary: Summary) -> str | None:
        """A lead for ``summary`` that adds nothing new to it, or ``None``. Never raises for a failed request."""
        why = "it says more than the message, or is not plain text"
        try:
            async with asyncio.timeout(self.timeout.total_seconds()):
                written = _content(await self._ask(prompt(summary)))
            if (lead := checked(written, summary)) is not None:
                return lead
        except _NoLeadError as error:
            why = str(error)
        except TimeoutError:
            why = f"no response within {self.timeout.total_seconds():g} s"
        except (aiohttp.ClientError, OSError, ValueError) as error:
            why = f"request failed ({type(error).__name__}); check language_model: in config.yaml"
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
        # redirects are not followed, as the key is for this address; nothing is decompressed, so the limit holds
        async with self.session.post(
            address, json=body, headers=headers, allow_redirects=False, auto_decompress=False
        ) as response:
            if response.status != 200:
                raise _NoLeadError(f"HTTP {response.status}")
            whole = bytearray()
            async for chunk in response.content.iter_chunked(8192):
                whole += chunk
                if len(whole) > MOST_BYTES:
                    raise _NoLeadError("the response is too long")
            return bytes(whole)


def _content(answer: bytes) -> str:
    """The text of a complete response."""
    try:
        choice = json.loads(answer)["choices"][0]
        message, finish = choice["message"], choice.get("finish_reason")
        content, refusal = message["content"], message.get("refusal")
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise _NoLeadError("not a chat completion response") from None
    if refusal or not isinstance(content, str):
        raise _NoLeadError("it refused")
    if finish not in (None, "stop"):
        raise _NoLeadError("the response was truncated")
    return content
