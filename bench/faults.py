"""The bot among all that goes wrong around it: ``python bench/faults.py [--only WORDS] [--json FILE] [--write]``.

For every fault of ``fault_script.py`` the bot runs as a process against Yahoo, feeds and Telegram of ours on loopback,
with a pause of a second between polls. A stock falls while the fault lasts, and another, with stories of its own, the
moment it is over. Counted is what three chats and the operator are shown:

told          falls that each of the three chats was told of, during the fault or afterwards
told twice    messages beyond the first about a fall in a chat that do not say "perhaps a repeat"
told wrongly  stocks alerted on that did not fall
blind         seconds, and polls of prices, from the fault's end until the bot has a price of after it; ``news``:
              seconds until it has read the stories of after it
operator      messages about the fault, and about its end

Prints a table, what the operator was told, and everything that is not as it should be; ends with 1 if there is any.
With ``--write`` the table goes into docs/operations.md.
"""

from __future__ import annotations

import argparse
import json
import logging
import re
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.fault_script import FAULTS, HEARD, MOVED, Fault, Stage
from bench.store import machine
from bench.tables import table
from tests.e2e.desk import ADMIN, GROUP, NEWS, READER

DOCS = Path(__file__).resolve().parents[1] / "docs" / "operations.md"
BEGIN, END = "<!-- measured: python bench/faults.py --write -->", "<!-- end of what was measured -->"
FALLS = {"during": "NVDA", "after": "CHGG"}
PATIENCE = 60.0
"""Seconds after a fault's end within which everything must be told."""
LINGER = 2.0
"""Seconds more for what should not come, such as repeats."""
END_HEARD = 40.0
"""Seconds after a fault's end within which the operator must have heard of that: a feed that answered with errors is
polled again only after its back-off."""
HEARD_OF = "AC"
"""Kinds of faults that leave the line to the operator alone."""
CLOSE = 0.5
"""Seconds between two requests for prices that are one poll."""
POLLS = 2
OVER = re.compile(r"\bagain\b|is back", re.IGNORECASE)
ANSWER = re.compile("/help|^Silenced")
MARK = "erhaps a repeat"


@dataclass
class Outcome:
    """A row of the table."""

    kind: str
    fault: str
    falls: int = 0
    told: int = 0
    told_twice: int = 0
    marked: int = 0
    told_wrongly: int = 0
    blind_seconds: float | None = None
    blind_polls: int | None = None
    news_seconds: float | None = None
    told_seconds: float | None = None
    """From the fault's end until the fall after it is told in every chat."""
    begin: int = 0
    end: int = 0
    operator: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    log: list[str] = field(default_factory=list)
    """Errors and tracebacks in the log."""


def within(seconds: float, holds: Callable[[], object]) -> bool:
    """Whether it came to hold in time."""
    ends = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > ends:
            return False
        time.sleep(0.05)
    return True


def play(fault: Fault, folder: Path) -> Outcome:
    """One fault, from the bot's start to its end."""
    outcome = Outcome(fault.kind, fault.words)
    with Stage(folder) as stage:
        fault.setup(stage)
        stage.write_config()
        bot = stage.start(new_process=fault.new_process)
        bot.until_logged("started feeds=")
        stage.api.say(GROUP, ADMIN, "/start", thread=stage.thread)
        stage.subscribe(ADMIN, READER)
        within(10, lambda: stage.texts(GROUP))
        within(10, lambda: all(stage.feeds.asked(p.partition("?")[0]) for p in stage.paths.values()))
        stage.after_polls(2)
        falling = [FALLS["after"]]
        with fault.during(stage):
            if fault.falls:
                falling.append(FALLS["during"])
                for name, title in NEWS.items():
                    stage.publish(name, [title])
                stage.levels[FALLS["during"]] = -0.13
            time.sleep(fault.seconds)
            longer = fault.until_heard or (HEARD if fault.kind[0] in HEARD_OF else 0.0)
            if fault.told and longer:
                within(longer, lambda: _of_faults(stage))
        _afterwards(fault, stage, falling, outcome)
        _count(fault, stage, falling, outcome)
        code, seconds = stage.bot.stop()
        if code or seconds > 5:
            outcome.wrong.append(f"stopped with {code} after {seconds:.1f} s")
    return outcome


def _afterwards(fault: Fault, stage: Stage, falling: Sequence[str], outcome: Outcome) -> None:
    """The fault is over: another fall, and what it takes to be seen."""
    over, moment, asked = time.monotonic(), stage.now(), len(stage.yahoo.requests)
    for name, title in fault.later.items():
        stage.publish(name, [title, *([NEWS[name]] if fault.falls else [])])
    stage.levels[FALLS["after"]] = -0.14
    left = {"blind", "news", "told"}
    fresh = "SELECT count(*) FROM quotes WHERE at > ?"
    while left and time.monotonic() < over + PATIENCE:
        spent = round(time.monotonic() - over, 1)
        if "blind" in left and stage.count(fresh, f"{moment:%Y-%m-%dT%H:%M:%S}.999999Z"):
            requests = [r for r in stage.yahoo.requests[asked:] if r.endpoint == "quote"]
            polls = _polls([r.at for r in requests])
            outcome.blind_seconds, outcome.blind_polls = spent, polls
            left.remove("blind")
        titles = tuple(fault.later.values())
        if "news" in left and stage.count("SELECT count(*) FROM stories WHERE title IN (?, ?)", *titles) == len(titles):
            outcome.news_seconds = spent
            left.remove("news")
        if "told" in left and all(_is_told(stage, symbol) for symbol in falling):
            outcome.told_seconds = spent
            left.remove("told")
        time.sleep(0.05)
    if fault.ends and fault.told:
        within(END_HEARD, lambda: any(OVER.search(_headline(t)) for t in _of_faults(stage)))
    elif fault.afterwards:
        within(END_HEARD, lambda: _of_faults(stage))
    time.sleep(LINGER)


def _polls(requests: Sequence[float]) -> int:
    """How many polls these requests were, by their moments: one may be a few requests, close together."""
    return sum(i == 0 or at - requests[i - 1] > CLOSE for i, at in enumerate(requests))


def _chats(stage: Stage) -> list[tuple[int, ...]]:
    """The chats, each with the ids it had."""
    return [(ADMIN,), (READER,), (GROUP, MOVED)]


def _alerts(stage: Stage, chat: tuple[int, ...]) -> list[str]:
    return [text for one in chat for text in stage.alerts(one)]


def _is_told(stage: Stage, symbol: str) -> bool:
    return all(any(symbol in text for text in _alerts(stage, chat)) for chat in _chats(stage))


def _notices(stage: Stage) -> list[str]:
    return [text for text in stage.texts(ADMIN) if text.strip() and "What happened" not in text]


def _of_faults(stage: Stage) -> list[str]:
    return [text for text in _notices(stage) if not ANSWER.search(text)]


def _headline(text: str) -> str:
    return text.strip().splitlines()[0]


def _count(fault: Fault, stage: Stage, falling: Sequence[str], outcome: Outcome) -> None:
    """What the chats show, against what they should."""
    outcome.falls, outcome.told = len(falling), sum(_is_told(stage, symbol) for symbol in falling)
    for symbol in falling:
        for chat in _chats(stage):
            about = [text for text in _alerts(stage, chat) if symbol in text]
            unmarked = [text for text in about if MARK not in text]
            outcome.told_twice += max(0, len(unmarked) - 1)
            outcome.marked += len(about) - len(unmarked)
    alerted = {symbol for (symbol,) in stage.rows("SELECT DISTINCT symbol FROM alerts")}
    outcome.told_wrongly = len(alerted - set(falling))
    outcome.operator = [_headline(text) for text in _of_faults(stage)]
    outcome.end = sum(bool(OVER.search(h)) for h in outcome.operator)
    outcome.begin = len(outcome.operator) - outcome.end
    log = stage.bot.log
    outcome.log = [line for line in log.splitlines() if re.match(r"\S+ (error|critical)|.*Traceback", line)][:5]
    _judge(fault, sorted(alerted - set(falling)), outcome)


def _judge(fault: Fault, invented: Sequence[str], outcome: Outcome) -> None:
    wrong = outcome.wrong
    if outcome.told < outcome.falls:
        wrong.append(f"told {outcome.told} of {outcome.falls} falls")
    if outcome.told_twice:
        wrong.append(f"{outcome.told_twice} told twice")
    if invented:
        wrong.append(f"told of {', '.join(invented)}, which did not fall")
    if outcome.blind_polls is None:
        wrong.append(f"blind for more than {PATIENCE:.0f} s")
    elif outcome.blind_polls > POLLS:
        wrong.append(f"blind for {outcome.blind_polls} polls")
    if outcome.begin > fault.faults or outcome.end > fault.faults:
        wrong.append(f"{outcome.begin} messages to the operator about it, {outcome.end} about its end")
    if fault.told and not outcome.begin:
        wrong.append("the operator was not told")
    if fault.afterwards and not outcome.operator:
        wrong.append("the operator was not told afterwards")
    if fault.told and fault.ends and outcome.begin and not outcome.end:
        wrong.append("the operator was not told of its end")
    if any("Traceback" in line for line in outcome.log):
        wrong.append("a traceback in the log")


COLUMNS = ["fault", "falls", "told", "twice", "marked", "wrongly", "blind_s", "polls", "news_s", "operator", "end"]


def row(outcome: Outcome) -> dict[str, object]:
    """The outcome as the table shows it."""
    return {
        "fault": f"{outcome.kind} {outcome.fault}", "falls": outcome.falls, "told": outcome.told,
        "twice": outcome.told_twice, "marked": outcome.marked, "wrongly": outcome.told_wrongly,
        "blind_s": outcome.blind_seconds, "polls": outcome.blind_polls, "news_s": outcome.news_seconds,
        "operator": outcome.begin, "end": outcome.end,
    }  # fmt: skip


def summary(outcomes: Sequence[Outcome]) -> str:
    """The whole in a sentence, and what is not as it should be."""
    blind = [o.blind_polls for o in outcomes if o.blind_polls is not None]
    most = max(blind, default=0)
    seconds = max((o.blind_seconds for o in outcomes if o.blind_seconds is not None), default=0.0)
    return (
        f"{len(outcomes)} faults, {sum(o.falls for o in outcomes)} falls: {sum(o.told for o in outcomes)} told, "
        f"{sum(o.told_twice for o in outcomes)} twice without the mark, {sum(o.marked for o in outcomes)} with it, "
        f"{sum(o.told_wrongly for o in outcomes)} told wrongly; blind after a fault for {most} polls at most "
        f"({seconds} s)."
    )


def page(outcomes: Sequence[Outcome]) -> str:
    """What goes into the docs."""
    lines = [f"Measured on: {machine()}.", "", summary(outcomes), "", *table([row(o) for o in outcomes], COLUMNS)]
    wrong = [f"- {o.fault}: {'; '.join(o.wrong)}" for o in outcomes if o.wrong]
    return "\n".join([*lines, "", *(["Not as it should be:", "", *wrong] if wrong else [])]).rstrip()


def write(tables: str) -> None:
    """Put the tables where the page keeps them."""
    text = DOCS.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    DOCS.write_text(f"{before}{BEGIN}\n\n{tables}\n\n{END}{after}", encoding="utf-8")


def main() -> int:
    """Play, print, and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="faults whose words or kind contain this")
    parser.add_argument("--json", type=Path, help="write every outcome there, and take those it has as played")
    parser.add_argument("--write", action="store_true", help="put the table into docs/operations.md")
    parser.add_argument("--folder", type=Path, help="keep what the bots wrote here")
    asked = parser.parse_args()
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)  # our servers' clients hang up, as they should
    outcomes: list[Outcome] = []
    if asked.json and asked.json.exists():
        outcomes = [Outcome(**each) for each in json.loads(asked.json.read_text())]
    played = {(o.kind, o.fault) for o in outcomes}
    with tempfile.TemporaryDirectory() as temporary:
        for number, fault in enumerate(FAULTS):
            if asked.only not in f"{fault.kind} {fault.words}" or (fault.kind, fault.words) in played:
                continue
            try:
                outcome = play(fault, (asked.folder or Path(temporary)) / str(number))
            except Exception as error:  # the campaign goes on
                traceback.print_exc()
                outcome = Outcome(fault.kind, fault.words, wrong=[f"the campaign failed: {error!r}"[:200]])
            outcomes.append(outcome)
            print(json.dumps(row(outcome)), *outcome.operator, *(f"!! {w}" for w in outcome.wrong), *outcome.log,
                  sep="\n    ", flush=True)  # fmt: skip
            if asked.json:
                asked.json.write_text(json.dumps([asdict(o) for o in outcomes], indent=1))
    order = {(f.kind, f.words): n for n, f in enumerate(FAULTS)}
    outcomes = sorted((o for o in outcomes if (o.kind, o.fault) in order), key=lambda o: order[o.kind, o.fault])
    print(page(outcomes))
    if asked.write:
        write(page(outcomes))
    return 1 if any(o.wrong for o in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main())
