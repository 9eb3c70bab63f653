"""A language model with an OpenAI-compatible API, remote or local: it writes leads, and reads stories a second time.

Both are optional: on any failure there is none. What is said of a failure never quotes the response or an error, as
either may contain the key.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import aiohttp

from bot.core.cause.second_reader import NAME, SCHEMA, question, read_answer
from bot.core.errors import SourceError
from bot.core.messages.lead import checked, prompt
from bot.core.model import Story, Summary, ToldMove
from bot.core.secret import Secret
from bot.core.waiting import retry_after

log = logging.getLogger(__name__)

TIMEOUT = timedelta(seconds=10)
"""For the whole request of a lead."""
READING_TIMEOUT = timedelta(seconds=30)
"""The same of a second reading: no message waits for it, and a local model is slow."""
MOST_BYTES = 65_536
"""The longest response read; a lead has a few hundred characters."""
MOST_TOKENS = 200
MOST_READING_TOKENS = 1000
_PATH = "/chat/completions"
_ADVICE = {
    400: "; the server may not know answers by JSON schema",
    401: "; check the key",
    403: "; check the key",
    404: "; check language_model: url and model in config.yaml",
}
_AS_ASKED = {"type": "json_schema", "json_schema": {"name": NAME, "strict": True, "schema": SCHEMA}}


@dataclass(frozen=True, slots=True)
class LanguageModel:
    """Requests leads and second readings. ``url`` is the address up to ``/v1``; ``key`` is optional."""

    session: aiohttp.ClientSession = field(repr=False)
    url: str = field(repr=False)
    model: str = ""
    """May be empty for servers with a single model."""
    key: Secret | None = None
    timeout: timedelta = TIMEOUT
    reading_timeout: timedelta = READING_TIMEOUT

    async def lead(self, summary: Summary) -> str | None:
        """A lead for ``summary`` that adds nothing new to it, or ``None``. Never raises for a failed request."""
        why = "it says more than the message, or is not plain text"
        try:
            written = await self._written(prompt(summary), MOST_TOKENS, self.timeout)
            if (lead := checked(written, summary)) is not None:
                return lead
        except SourceError as error:
            why = str(error)
        log.warning("no lead from the language model: %s", why)
        return None

    async def read(self, story: Story) -> tuple[ToldMove, ...]:
        """Every move that the model finds in the story.

        Raises SourceError where there is no answer; ``permanent`` where the same question would fail again.
        """
        shape = {"response_format": _AS_ASKED}
        written = await self._written(question(story), MOST_READING_TOKENS, self.reading_timeout, shape)
        moves = read_answer(written, story)
        if moves is None:
            raise SourceError("its answer is not as asked", permanent=True)
        return moves

    async def _written(
        self, text: str, most_tokens: int, within: timedelta, more: Mapping[str, Any] | None = None
    ) -> str:
        """What the model writes. Raises SourceError, in our own words, where that is nothing complete."""
        seconds = within.total_seconds()
        try:
            async with asyncio.timeout(seconds):
                return _content(await self._ask(text, most_tokens, more or {}))
        except TimeoutError:
            raise SourceError(f"no response within {seconds:g} s") from None
        except (aiohttp.ClientError, OSError, ValueError, AssertionError) as error:
            failed = f"request failed ({type(error).__name__}); check language_model: in config.yaml"
        # outside the "except": the error may carry the key
        raise SourceError(failed)

    async def _ask(self, text: str, most_tokens: int, more: Mapping[str, Any]) -> bytes:
        body: dict[str, Any] = {
            "messages": [{"role": "user", "content": text}],
            "temperature": 0,
            "max_tokens": most_tokens,
            "stream": False,
            **more,
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
                words = f"HTTP {response.status}{_ADVICE.get(response.status, '')}"
                raise SourceError(words, retry_after=retry_after(response.headers))
            whole = bytearray()
            async for chunk in response.content.iter_chunked(8192):
                whole += chunk
                if len(whole) > MOST_BYTES:
                    raise SourceError("the response is too long", permanent=True)
            return bytes(whole)


def _content(answer: bytes) -> str:
    """The text of a complete response."""
    try:
        choice = json.loads(answer)["choices"][0]
        message, finish = choice["message"], choice.get("finish_reason")
        content, refusal = message["content"], message.get("refusal")
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise SourceError("not a chat completion response") from None
    if refusal or not isinstance(content, str):
        raise SourceError("it refused", permanent=True)
    if finish not in (None, "stop"):
        raise SourceError("the response was truncated", permanent=True)
    return content
