"""A chat that chose rich messages, from the command to the message with its chart, over real HTTP."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.desk import READER, opened
from tests.servers.botapi_chats import Sent
from tests.waiting import wait_until


def test_a_chat_that_chose_rich_messages_gets_them_with_their_charts(tmp_path: Path) -> None:
    with opened(tmp_path, news=True) as desk:
        desk.write_config()
        desk.start()
        desk.subscribe(READER)
        desk.api.say(READER, READER, "/style rich yes")
        wait_until(lambda: any("rich from now on" in text for text in desk.texts(READER)), "the choice is confirmed")

        def alerts() -> list[Sent]:
            return [m for m in desk.api.messages(READER) if m.rich and "What happened" in m.rich.lines]

        for count, change in enumerate((-0.13, -0.17), 1):  # the second is a new message: more severe
            desk.fall({"NVDA": change})
            wait_until(lambda count=count: len(alerts()) == count, "a rich alert", lambda: desk.bots[-1].log)
        for each in alerts():
            assert each.rich is not None
            assert each.rich.kinds[:2] == ["heading", "photo"]
            assert len(each.buttons) == 7
        assert not any(m.photo for m in desk.api.messages(READER)), "the chart is in the message, and not sent again"
