"""Where the pages of ``web`` can be reached by those who get messages."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, WithJsonSchema

from bot.config.yaml.excerpt import shown
from bot.config.yaml.scalars import parse_http_url
from bot.config.yaml.validation import StrictModel
from bot.core.text.links import host_of


def _address(value: object) -> str:
    """An address that Telegram takes in a button. It refuses the whole message over a host without a dot."""
    address = parse_http_url(value)
    host = host_of(address)
    if "?" in address or "#" in address:
        raise ValueError(f"'{shown(address)}' has a part after the path; write it like https://desk.example")
    if "." not in host and ":" not in host:
        raise ValueError(
            f"Telegram takes no link to '{shown(host)}'; write the name or address by which a phone reaches the pages,"
            " like https://desk.example"
        )
    return address.rstrip("/")


PageAddress = Annotated[str, BeforeValidator(_address), WithJsonSchema({"type": "string", "pattern": "^https?://"})]
"""Where the pages begin, without a slash at the end."""


class WebSettings(StrictModel):
    """The pages of `python main.py web`, as others reach them."""

    address: PageAddress | None = None
    """Where the pages are for those who get messages, like https://desk.example: messages on Telegram then have a
    button that opens the incident's page. How to serve them beyond this machine is in docs/web.md."""
