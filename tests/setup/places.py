"""A folder with a configuration, an emulated Bot API, and people who write to the bot."""

from __future__ import annotations

import stat
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.command import Ran, run_command
from tests.servers.botapi import BotApi

OWNER = 42
STRANGER = 666
CONFIG = """\
# mine
storage: {{database: aftershock.db}}
telegram:
  base_url: {base_url}   # here
  admins: {admins}       # who
  allow: {allow}
{more}watchlist: {{ai-chips: [NVDA]}}
"""


@dataclass
class Place:
    """The folder, and how to run commands there."""

    folder: Path
    api: BotApi
    ran: list[Ran] = field(default_factory=list)

    def configure(self, admins: object = "[]", allow: object = "[]", more: str = "", base_url: str = "") -> None:
        """Write the configuration."""
        text = CONFIG.format(base_url=base_url or self.api.url, admins=admins, allow=allow, more=more)
        self.config.write_text(text, encoding="utf-8")

    @property
    def config(self) -> Path:
        return self.folder / "config.yaml"

    @property
    def env(self) -> Path:
        return self.folder / ".env"

    @property
    def database(self) -> Path:
        return self.folder / "aftershock.db"

    def command(self, *words: object, code: int | None = 0, answers: str = "") -> Ran:
        """Run a command on this configuration. No token may show in what it prints, whatever it was."""
        name, *rest = words
        ran = run_command(name, "--config", self.config, *rest, code=code, answers=answers)
        self.ran.append(ran)
        for text in (ran.stdout, ran.stderr):
            assert "AAE-emulated" not in text
        return ran

    def keep(self, text: str, mode: int = 0o600) -> None:
        """An ``.env`` that is there already."""
        self.env.write_text(text, encoding="utf-8")
        self.env.chmod(mode)

    def files(self) -> dict[str, tuple[bytes, int]]:
        """Every file there with its content and permissions; the history apart."""
        return {
            each.name: (each.read_bytes(), stat.S_IMODE(each.stat().st_mode))
            for each in self.folder.iterdir()
            if each.is_file() and not each.name.startswith("aftershock.db")
        }


def writes(api: BotApi, user: int, text: str, *, chat: int | None = None, **person: Any) -> None:
    """Somebody writes to the bot, in private or in a group."""
    who = {"id": user, "is_bot": False, "first_name": "Ada", **person}
    api.update(
        {
            "message": {
                "message_id": api.rooms.number(),
                "date": int(time.time()),
                "chat": api.rooms.describe(user if chat is None else chat),
                "from": who,
                "text": text,
            }
        }
    )
