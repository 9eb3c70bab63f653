"""What queries and commands say of the replayed DeepSeek week, as docs and golden files show it.

``python -m tests.history.answers`` writes it anew; read the difference before it is kept.
"""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path

from tests.command import run_command
from tests.week import judge, replay

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "history.md"
RECORD = ROOT / "tests" / "outcomes" / "ai-model-shock.txt"
ANSWER = re.compile(r"(### \d+\. (.+?)\n\n```sql\n(.+?)\n```\n\n```text\n)(.+?)(\n```)", re.DOTALL)
"""An answer on the page: what stands before it, its question, its query, it, and its end."""
COLUMNS = "100"


def said(sql: str, database: Path) -> str:
    """What ``history sql`` prints, in so many ``COLUMNS``."""
    return run_command("history", "sql", sql, "--database", database).stdout.rstrip()


def main() -> None:
    """Write the page and the golden file."""
    os.environ["COLUMNS"] = COLUMNS
    with tempfile.TemporaryDirectory() as folder:
        replayed, week = Path(folder, "replayed.db"), Path(folder, "deepseek.db")
        replay(replayed)
        judge(replayed, week)
        page = PAGE.read_text(encoding="utf-8")
        page = ANSWER.sub(lambda found: f"{found[1]}{said(found[3], week)}{found[5]}", page)
        PAGE.write_text(page, encoding="utf-8")
        record = run_command("performance", "ai-model-shock", "--database", replayed).stdout
        RECORD.write_text(record, encoding="utf-8")


if __name__ == "__main__":
    main()
