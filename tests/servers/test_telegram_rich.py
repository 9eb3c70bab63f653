"""The strict reader of rich messages itself: what Telegram refuses, it refuses."""

from __future__ import annotations

from typing import Any

import pytest

from tests.servers.telegram_rich import BLOCKS, COLUMNS, LEVELS, MEDIA, TEXT, RichError, read

P = {"type": "paragraph", "text": "x"}
CELL = {"text": "x", "align": "left", "valign": "middle"}
PHOTO = {"type": "photo", "photo": {"type": "photo", "media": "file-1"}}


def nested(levels: int) -> dict[str, Any]:
    """A paragraph inside that many quotations."""
    block: dict[str, Any] = P
    for _ in range(levels):
        block = {"type": "blockquote", "blocks": [block]}
    return block


@pytest.mark.parametrize(
    ("blocks", "words"),
    [
        ([], "RICH_MESSAGE_CONTENT_REQUIRED"),
        ([{"type": "marquee", "text": "x"}], "Block is not allowed"),
        ([{"type": "paragraph"}], "field text is missing"),
        ([P | {"colour": "red"}], "unknown field colour"),
        ([{"type": "heading", "text": "x", "size": 7}], "Invalid section heading size"),
        ([{"type": "list", "items": []}], "List must be non-empty"),
        ([{"type": "paragraph", "text": " "}], "must be non-empty"),
        ([{"type": "paragraph", "text": "\ud800"}], "UTF-8"),
        ([{"type": "paragraph", "text": {"type": "blink", "text": "x"}}], "unknown type"),
        ([{"type": "table", "cells": [[CELL] * (COLUMNS + 1)]}], "too many columns"),
        ([{"type": "table", "cells": [[CELL | {"colspan": COLUMNS + 1}]]}], "too many columns"),
        ([{"type": "table", "cells": [[CELL | {"align": "justify"}]]}], "invalid alignment"),
        ([P | {"text": "x" * TEXT}, P], "too long"),
        ([P] * (BLOCKS + 1), "too many blocks"),
        ([{"type": "table", "cells": [[CELL]] * BLOCKS}], "too many blocks"),
        ([PHOTO] * (MEDIA + 1), "too many media"),
        ([nested(LEVELS)], "nested too deeply"),
        ([{"type": "photo", "photo": {"type": "photo", "media": "attach://none"}}], "wrong remote file identifier"),
    ],
)
def test_a_message_telegram_refuses_is_refused(blocks: list[Any], words: str) -> None:
    with pytest.raises(RichError, match=words):
        read({"blocks": blocks}, lambda media: media == "file-1")


def test_exactly_one_kind_of_content_is_taken() -> None:
    for message in ({}, {"blocks": [P], "html": "x"}):
        with pytest.raises(RichError, match="RICH_MESSAGE_CONTENT_REQUIRED"):
            read(message, lambda media: True)


def test_what_telegram_takes_is_read_in_order() -> None:
    blocks = [P, {"type": "details", "summary": ["a ", {"type": "bold", "text": "b"}], "blocks": [PHOTO, nested(3)]}]
    found = read({"blocks": blocks}, lambda media: True)
    assert found.lines == ["x", "a b", "x"]
    assert found.kinds == ["paragraph", "details", "photo", *["blockquote"] * 3, "paragraph"]
    assert (found.blocks, found.media) == (7, ["file-1"])
