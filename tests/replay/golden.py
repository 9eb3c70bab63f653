"""Every message of the DeepSeek week as it goes out, in Telegram's HTML and as plain text.

``python -m tests.replay.golden`` writes the files anew; read the difference before it is kept.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from bot.app.lab.workbench import episode_scenario, open_workbench
from bot.core.rules.rule import RuleSet
from bot.render import html, plain
from bot.replay.playing import Played, play

FOLDER = Path(__file__).parent / "golden"
REPOSITORY = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 11, 1, tzinfo=UTC)
EPISODE = "deepseek-2025-01"


def played() -> Played:
    """The week, played with the shipped rules."""
    stage = open_workbench(REPOSITORY / "config.yaml", None, NOW)
    scene = episode_scenario(stage, EPISODE)
    assert scene.tape.first_at is not None
    watched = [rule for rule in stage.rules(scene.symbols) if rule.enabled]
    return play(stage.engine(RuleSet(watched), scene.tape.first_at), scene.tape)


def messages(found: Played) -> dict[str, str]:
    """The two files: new messages whole; of edits, when they came and what they begin with."""
    pages, texts = [], []
    for told in found.told:
        announcement = told.announcement
        moment = f"{announcement.at:%Y-%m-%d %H:%M:%S}Z"
        if announcement.edits:
            texts.append(f"=== {moment} edit of {announcement.edits}: {announcement.summary.subject}")
            continue
        answers = f", answers {announcement.replies_to}" if announcement.replies_to else ""
        head = f"=== {moment} {announcement.key} {announcement.reason.value}, {announcement.severity.word}{answers}"
        texts.append(f"{head}\n{plain(announcement.summary)}\n")
        pages.append(f"<!-- {head} -->\n{html(announcement.summary)}\n")
    return {f"{EPISODE}.txt": "\n".join(texts) + "\n", f"{EPISODE}.html": "\n".join(pages)}


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, text in messages(played()).items():
        (FOLDER / name).write_text(text, encoding="utf-8")
