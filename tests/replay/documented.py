"""The messages of other episodes, as docs/messages.md shows them beside what the press wrote.

``python -m tests.replay.documented`` writes them there anew; read the difference before it is kept.
"""

from __future__ import annotations

import re
from dataclasses import replace

from bot.app.lab.workbench import episode_scenario, open_workbench
from bot.core.model import Reason
from bot.core.rules.rule import RuleSet
from bot.render import plain
from bot.replay.playing import play
from tests.replay.golden import NOW, REPOSITORY

PAGE = REPOSITORY / "docs" / "messages.md"
EPISODES = {
    "chegg-2023-05": "",
    "bard-2023-02": "",
    "safari-search-2025-05": "",
    "cowork-plugins-2026-02": "",
    "servicenow-2025-01": "large-fall",
}
"""The episodes on the page, each with the rule that is switched on for it beside those that are."""
_SHOWN = re.compile(r"(<!-- ([a-z0-9-]+) -->\n```text\n)(.*?)(```)", re.DOTALL)


def messages(episode: str, also: str = "") -> str:
    """What is told of ``episode`` first and as it spreads, under the rules that are on and the rule ``also``."""
    stage = open_workbench(REPOSITORY / "config.yaml", None, NOW)
    scene = episode_scenario(stage, episode)
    assert scene.tape.first_at is not None
    watched = [rule for rule in stage.rules(scene.symbols) if rule.enabled or rule.name == also]
    rules = RuleSet([replace(rule, enabled=True) for rule in watched])
    told = play(stage.engine(rules, scene.tape.first_at), scene.tape).told
    new = [t.announcement for t in told if t.announcement.incident and not t.announcement.edits]
    return "\n\n\n".join(plain(a.summary) for a in new if a.reason in (Reason.FIRST, Reason.WIDENED))


def shown() -> dict[str, str]:
    """The messages on the page by episode."""
    return {name: text.rstrip("\n") for _, name, text, _ in _SHOWN.findall(PAGE.read_text(encoding="utf-8"))}


if __name__ == "__main__":
    page = PAGE.read_text(encoding="utf-8")
    for name, also in EPISODES.items():
        message = messages(name, also)
        page = _SHOWN.sub(lambda m: f"{m[1]}{message}\n{m[4]}" if m[2] == name else m[0], page)  # noqa: B023
    PAGE.write_text(page, encoding="utf-8")
