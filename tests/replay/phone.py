"""A page that shows the week's first message as a phone does, with its picture, for docs/pictures/.

``python -m tests.replay.phone FOLDER`` writes page.html there; a browser at 390 pixels' width makes the picture.
"""

from __future__ import annotations

import base64
import sys
from dataclasses import replace
from pathlib import Path

from bot.adapters.charts import draw
from bot.app.lab.workbench import episode_scenario, open_workbench
from bot.app.project import load_project
from bot.core.messages.pictures import price_picture
from bot.core.model import Reason
from bot.render import html
from bot.replay.playing import play
from bot.replay.tape import Tape
from tests.replay.golden import EPISODE, NOW, REPOSITORY

PAGE = """\
<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<style>
body {{ margin: 0; padding: 12px 10px; background: #d5dfe8; font: 15px/1.38 "Segoe UI", "DejaVu Sans", sans-serif }}
div {{ background: #fff; border-radius: 14px; padding: 9px 12px; margin-bottom: 8px }}
div {{ white-space: pre-wrap; overflow-wrap: anywhere }}
div.picture {{ padding: 3px }}
img {{ width: 100%; border-radius: 12px; display: block }}
a {{ color: #1d6fb8; text-decoration: none }}
blockquote {{ margin: 2px 0; padding: 1px 8px; background: #eff5fa; border-radius: 4px }}
blockquote {{ border-left: 3px solid #1d6fb8 }}
blockquote[expandable] {{ max-height: 4.2em; overflow: hidden; position: relative }}
blockquote[expandable]::after {{ content: "⌄"; position: absolute; right: 6px; bottom: 0; color: #1d6fb8 }}
::-webkit-scrollbar {{ display: none }}
</style><div>{message}</div><div class="picture"><img src="data:image/png;base64,{picture}"></div>
"""


def page() -> str:
    """The first message and its picture, as things stood when it went out."""
    config = REPOSITORY / "config.yaml"
    stage = open_workbench(config, None, NOW)
    scene = episode_scenario(stage, EPISODE)
    assert scene.tape.first_at is not None
    never = stage.project.settings.never_alerted
    # as the command replays it: only what the episode has prices of is watched
    project = load_project(config, watchlist=tuple(s for s in scene.symbols if s not in never))
    stage, rules = replace(stage, project=project), project.rules
    whole = play(stage.engine(rules, scene.tape.first_at), scene.tape)
    first = next(t.announcement for t in whole.told if t.announcement.reason is Reason.FIRST)
    engine = stage.engine(rules, scene.tape.first_at)
    play(engine, Tape(o for o in scene.tape.observations if o.seen_at <= first.at), until=first.at)
    incident = engine.incidents.get(first.incident)
    assert incident is not None
    alerts = [a for a in map(engine.alerts.get, incident.alerts) if a is not None]
    assert first.summary.figures is not None
    picture = price_picture(engine.market, engine.companies, incident, alerts, first.summary.figures)
    assert picture is not None
    return PAGE.format(message=html(first.summary), picture=base64.b64encode(draw(picture)).decode())


if __name__ == "__main__":
    (Path(sys.argv[1]) / "page.html").write_text(page(), encoding="utf-8")
