"""A small world for backtests: five companies that live from the same, a few weeks of prices, headlines as needed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from bot.adapters.calendar import ExchangeCalendar

FALLING = ("CHGG", "COUR", "DUOL")
STEADY = ("KO", "PEP", "WMT", "XOM", "JNJ", "PG")
HEADER = "symbol,date,open,high,low,close,volume"
RULE = """
rules:
  - name: fall
    description: A stock falls more than a tenth.
    symbols: [group:watchlist]
    when: {all: [{price: {change: "< -10%", since: previous close}}]}
    severity: high
  - name: told
    description: A stock falls more than a tenth while a story on a model reaches it.
    symbols: [group:watchlist]
    when:
      all:
        - price: {change: "< -10%", since: previous close}
        - news: {topic: ai-model, reach: [direct, exposure], within: 5 sessions, score: ">= 0.3"}
    severity: high
"""


def sessions(first: str, last: str) -> list[date]:
    """New York's sessions between two dates."""
    found = ExchangeCalendar().sessions("XNYS", date.fromisoformat(first), date.fromisoformat(last))
    return [s.date for s in found]


@dataclass(frozen=True)
class Recording:
    """Files of one test."""

    folder: Path

    def prices(self, rows: Iterable[str], name: str = "prices.csv", header: str = HEADER) -> Path:
        """A price file with these rows."""
        path = self.folder / name
        path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
        return path

    def news(self, entries: Iterable[Mapping[str, Any]], name: str = "news.jsonl") -> Path:
        """A news file with these entries."""
        path = self.folder / name
        path.write_text("".join(json.dumps(e, ensure_ascii=False) + "\n" for e in entries), encoding="utf-8")
        return path

    def rules(self, text: str = RULE) -> Path:
        """A rule file."""
        path = self.folder / "rules.yaml"
        path.write_text(text, encoding="utf-8")
        return path


def flat(symbols: Iterable[str], first: str, last: str, price: float = 100.0) -> list[str]:
    """Rows of stocks that hardly move."""
    return [
        f"{s},{day},{price},{price + 1},{price - 1},{price + (n % 3) * 0.1:.2f},1000"
        for n, day in enumerate(sessions(first, last))
        for s in symbols
    ]


def fall(symbol: str, day: str, close: float = 80.0, low: float | None = None) -> str:
    """A session that begins at 100 and ends at ``close``."""
    return f"{symbol},{day},99.0,100.0,{low if low is not None else close - 1},{close},5000"
