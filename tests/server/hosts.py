"""A desk whose bots keep their history on a server: as many as one likes, of which one decides."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from typing import Any

from bot.adapters.store.history.opening import open_place
from bot.app.stores import Place
from bot.core.errors import StoreError
from bot.core.server_address import ServerAddress
from tests.e2e.desk import DULL, PLAIN_RULE, Bot, Desk
from tests.server.cluster import Cluster


class Hosts(Desk):
    """As ``Desk``; its history is a schema of ``server``."""

    server: Cluster
    address: ServerAddress

    @classmethod
    def of(cls, folder: Path, server: Cluster) -> Hosts:
        """A desk of its own on the server."""
        made = cls(folder)
        made.server = server
        made.address = server.address()
        return made

    def open(self) -> None:
        """The market is open, and two feeds tell of a dull week."""
        for file in (self.folder / "rules").glob("*.yaml"):
            if file.name != "companies.yaml":
                file.unlink()
        (self.folder / "rules" / "plain.yaml").write_text(PLAIN_RULE)
        self.open_market()
        for name, titles in DULL.items():
            self.publish(name, titles)
        self.write_config()

    def host(self) -> Bot:
        """Another host's bot."""
        written: Any = f"{self.address.reveal()}#{self.address.schema}"
        return self.start(database=written)

    def fall_of(self, symbol: str, change: float = -0.12) -> float:
        """A stock whose previous close is 100 falls; returns the moment, on the monotonic clock."""
        self.trade(symbol, change + 0.002, previous=100.0)
        began = time.monotonic()
        time.sleep(1.2)
        self.trade(symbol, change, previous=100.0)
        return began

    def rows(self, sql: str, *values: object, database: Place | None = None) -> list[tuple[Any, ...]]:
        """What the history answers."""
        with open_place(self.address) as conn:
            return conn.execute(sql, values).fetchall()

    def count(self, sql: str, *values: object) -> int:
        """The single number a question answers; 0 while there is no history."""
        try:
            return int(self.rows(sql, *values)[0][0])
        except StoreError:
            return 0


def frozen(bot: Bot) -> None:
    """Stop it where it stands, as a host that hangs."""
    bot.process.send_signal(signal.SIGSTOP)


def thawed(bot: Bot) -> None:
    """Let it go on."""
    bot.process.send_signal(signal.SIGCONT)
