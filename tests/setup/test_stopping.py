"""Ctrl-C ends a command with 130 and without a traceback, at whatever moment it comes."""

from __future__ import annotations

import asyncio

import pytest

import bot.cli


@pytest.mark.parametrize("ending", [KeyboardInterrupt, asyncio.CancelledError])
def test_a_command_that_is_stopped_ends_with_130(ending: type[BaseException], monkeypatch: pytest.MonkeyPatch) -> None:
    """asyncio forgets an interrupt that comes after it has set its handler and before it has begun to run: what is
    stopped then is cancelled, and nobody says by whom."""

    def stopped(**words: object) -> None:
        raise ending

    monkeypatch.setattr(bot.cli, "app", stopped)
    with pytest.raises(SystemExit) as ended:
        bot.cli.main()
    assert ended.value.code == 130
