"""Whatever updates a Bot API server hands over: nobody is obeyed who may not be, and the bot goes on listening."""

from __future__ import annotations

import asyncio
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.delivery.test_telegram_listener import FRIEND, GROUP, OWNER, STRANGER, listening
from tests.fuzz.strategies import SETTINGS, changed
from tests.servers.botapi import BotApi

USER = {"id": STRANGER, "is_bot": False, "first_name": "Eve", "username": "eve"}
CHAT = {"id": STRANGER, "type": "private", "first_name": "Eve"}
MESSAGE = {
    "message_id": 7, "date": 1737990000, "chat": CHAT, "from": USER, "text": "/start now",
    "entities": [{"type": "bot_command", "offset": 0, "length": 6}],
}  # fmt: skip
SUPERGROUP = {"id": -1000000000777, "type": "supergroup", "title": "x"}
CHANNEL = {"id": -100555, "type": "channel", "title": "x"}
ME = {"id": 123456789, "is_bot": True, "first_name": "Aftershock"}
UPDATES = [
    {"message": MESSAGE},
    {"message": {**MESSAGE, "forward_origin": {"type": "user", "date": 1, "sender_user": USER}, "via_bot": ME}},
    {"message": {**MESSAGE, "chat": SUPERGROUP, "migrate_from_chat_id": -777}},
    {"channel_post": {**MESSAGE, "chat": CHANNEL, "sender_chat": CHANNEL}},
    {"callback_query": {"id": "1", "from": USER, "chat_instance": "1", "data": "1:mute:a-1", "message": MESSAGE}},
    {"my_chat_member": {"chat": CHAT, "from": USER, "date": 1, "old_chat_member": {"status": "left", "user": ME},
                        "new_chat_member": {"status": "member", "user": ME}}},
    {"edited_message": MESSAGE},
]  # fmt: skip


@SETTINGS
@given(st.lists(changed(UPDATES), min_size=1, max_size=8))
def test_updates(contents: list[Any]) -> None:
    async def scenario() -> None:
        async with BotApi() as api, listening(api) as scene:
            for content in contents:
                if isinstance(content, dict):
                    api.update({**content})
            assert "Aftershock" in await scene.answered(OWNER, OWNER, "/help"), "it still listens"
            allowed = {f"telegram:{chat}" for chat in (OWNER, FRIEND, GROUP)}
            assert set(scene.audience.receiving) <= allowed
            assert all(user in (OWNER, FRIEND) or user is not None for user, _, _ in scene.audience.presses)

    asyncio.run(scenario())
