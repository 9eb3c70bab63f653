"""A configuration whose only episode is three sessions of four stocks: replays that take no time."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.desk import PLAIN_RULE, REPOSITORY

CHATS = (42, 7, -1001)
"""Who receives: an admin, a reader and a group."""

EPISODE = """\
episode: short
title: A short week
kind: recorded
session: 2025-01-27
from: 2025-01-24
to: 2025-01-29
summary: Three stocks fall on a Monday.
trigger: {what: A model is released.}
basis: as traded
stories:
- {at: 2025-01-27T09:00Z, source: Wire, title: "DeepSeek R1 matches OpenAI o1 at a fraction of the cost"}
- {at: 2025-01-27T09:05Z, source: Tech, title: "DeepSeek R1 open model needs far fewer Nvidia GPUs to train"}
prices:
"""
NUMBERS = {
    "NVDA": ("148.37 148.97 141.88 142.62", "124.8 128.4 116.7 118.42", "121.81 129 116.25 128.99", 133.0),
    "VRT": ("150 152 144 145.97", "110 112 95 102.4", "105 111 100 108.4", 128.0),
    "MU": ("105 106 102 103.19", "95 96 90 91.2", "91 93 88 89.9", 99.0),
    "SPY": ("608 611 606 607.97", "597 600 594 599.4", "600 605 597 604.5", 603.0),
}


def write_short(folder: Path, telegram: str) -> Path:
    """A configuration whose only episode is short; its messages go to ``telegram``."""
    (folder / "rules" / "episodes").mkdir(parents=True)
    for part in ("topics", "companies.yaml"):
        (folder / "rules" / part).symlink_to(REPOSITORY / "rules" / part)
    (folder / "rules" / "plain.yaml").write_text(PLAIN_RULE)
    text = EPISODE
    for symbol, (friday, monday, tuesday, pre) in NUMBERS.items():
        text += f"  {symbol}:\n    exchange: {'ARCX' if symbol == 'SPY' else 'XNAS'}\n    daily: |\n"
        text += f"      2025-01-23 {friday} 1000\n      2025-01-24 {friday} 1000\n      2025-01-27 {monday} 1000\n"
        text += f"      2025-01-28 {tuesday} 1000\n      2025-01-29 {tuesday} 1000\n    marks: |\n"
        for minute in (0, 4, 40, 44):  # it slides from the pre-market on, so that one message follows another
            text += f"      2025-01-27T10:{minute:02}Z trade {pre * (1 - minute / 400):.2f}\n"
    (folder / "rules" / "episodes" / "short.yaml").write_text(text)
    config = folder / "config.yaml"
    config.write_text(
        f"telegram: {{base_url: {telegram}, admins: [{CHATS[0]}], allow: {list(CHATS[1:])}}}\n"
        "watchlist: {ai-chips: [NVDA, MU], cooling: [VRT]}\nbenchmarks: [SPY]\n"
    )
    return config
