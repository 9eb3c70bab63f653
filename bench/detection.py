"""How well AI shocks are told from other falls, on recorded history. Prints the tables of ``docs/detection.md``.

    python bench/detection.py [--json] [--quick] [--months 2024-07,2024-08] [--jobs 2] [--write]
        [--second-reader URL [--model NAME]]

Topic detection on labelled headlines; alerts of the shipped rule on labelled falls, through the real backtest, beside
two naive rules; every miss and every false alarm with what the ranking said; how far confidences can be trusted;
ordinary months played whole, with what their messages claim; a year without headlines, and headlines of other times
laid over its worst weeks; throughput. ``--quick`` leaves the year out, ``--months ''`` the months, ``--only-months``
everything else. With ``--second-reader`` the months and windows are played once more, beside a language model that is
asked as the running bot would ask it (a key comes from AFTERSHOCK_LANGUAGE_MODEL_KEY), and both are printed. Needs the
development data beside the checkout and says so where it is absent.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import re
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(REPOSITORY), str(REPOSITORY / "bench")]

import news  # noqa: E402  # the path comes first
import ordinary  # noqa: E402
import playing  # noqa: E402
import second_reader  # noqa: E402
import shocks  # noqa: E402
from second_reader import Asking  # noqa: E402
from shocks import PLAIN, RULE, Explained, Fall, Fired, Outcome  # noqa: E402
from tables import told, write  # noqa: E402

from bot.core.errors import AftershockError  # noqa: E402

SHIFT_WEEKS = 6
YEAR = 2022
Key = tuple[str, date]


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", action="store_true", help="one JSON object instead of tables")
    parser.add_argument("--quick", action="store_true", help="leave out the year and the shifted weeks")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/detection.md, without headlines")
    parser.add_argument("--jobs", type=int, default=2, help="backtests at a time")
    parser.add_argument(
        "--months",
        default=",".join(playing.MONTHS),
        help="ordinary months to play whole, with commas; default: those labelled",
    )
    parser.add_argument("--unread", action="store_true", help="the months kept unread too, reported apart")
    parser.add_argument(
        "--only-months", action="store_true", help="only what is scored of the months and windows played whole"
    )
    parser.add_argument(
        "--second-reader",
        metavar="URL",
        help="play months and windows again, asking the language model there",
    )
    parser.add_argument("--model", default="", help="the name of that model")
    asked = parser.parse_args()
    if not shocks.PRICES.is_file() or not shocks.EVENTS.is_file():
        print(f"nothing measured: the development data is not at {shocks.DATA}", file=sys.stderr)
        return 0
    if asked.write and asked.only_months:
        parser.error("--write needs all the tables; leave out --only-months")
    months = [name for name in asked.months.split(",") if name]
    if asked.write and asked.second_reader:
        parser.error("--write keeps what anybody can measure again; leave out --second-reader")
    if asked.second_reader and not months:
        parser.error("--second-reader is asked in the months; name some with --months")
    asking = Asking(asked.second_reader, asked.model) if asked.second_reader else None
    if asking and (why := asyncio.run(second_reader.refusal(asking))):
        parser.error(f"the second reader does not answer: {why}")
    unread = list(playing.UNREAD) if asked.unread else []
    found: dict[str, Any] = {"machine": machine()}
    with ProcessPoolExecutor(max_workers=max(1, asked.jobs)) as pool:
        apart = pool.map(_whole, map(playing.month, unread))
        stretches = [*map(playing.month, months), *playing.windows()] if months else []
        whole = pool.map(_whole, stretches)
        beside = pool.map(partial(_whole, asking=asking), stretches) if asking else iter(())
        if not asked.only_months:
            found |= everything_else(pool, quick=asked.quick)
        played, kept_unread, helped = list(whole), list(apart), []
        try:
            helped = list(beside)
        except RuntimeError as error:
            print(f"nothing measured with the second reader: {error}", file=sys.stderr)
            pool.shutdown(cancel_futures=True)
    if played:
        found["ordinary"] = ordinary.ordinary_tables(played[: len(months)], played[len(months) :])
    if kept_unread:
        found["unread"] = ordinary.ordinary_tables(kept_unread, [])
    if helped:
        found["second_reader"] = ordinary.ordinary_tables(helped[: len(months)], helped[len(months) :])
        found["changed"] = ordinary.changed(played, helped)
        found["answered"] = list(second_reader.told([(p.name, p.answered) for p in helped]))
    print(json.dumps(found, indent=1, ensure_ascii=False, default=str) if asked.json else told(found))
    if asked.write:
        write(told(found, headlines=False))
    return 1 if asking and not helped else 0


def everything_else(pool: ProcessPoolExecutor, *, quick: bool) -> dict[str, Any]:
    """Topics, throughput, the labelled windows under the shipped rule, and the year."""
    topics, companies = news.vocabulary()
    stories = news.recorded(30_000)
    found: dict[str, Any] = {
        "topic": topic_table(topics, companies),
        "throughput": {
            "headlines": len(stories),
            "a_second": max(throughput(topics, companies, stories) for _ in "12"),
        },
        "shocks": shock_tables(list(pool.map(_window, shocks.WINDOWS)), shocks.labelled_falls()),
    }
    if not quick:
        found["year"], found["shifted"] = year_tables(pool)
    return found


def machine() -> str:
    """What this ran on, in a line."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.is_file() and (match := re.search(r"model name\s*:\s*(.+)", info.read_text(encoding="utf-8"))):
        model = match[1].strip()
    return f"{model}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"


# --------------------------------------------------------------------------------------------------------------- topics


def topic_table(topics: Any, companies: Any) -> list[dict[str, Any]]:
    """Precision, recall and F1 for ``model``, with and without the ambiguous, beside the keyword rule."""
    rows = news.labelled(news.StoryReader(topics, companies))
    clear = [row for row in rows if not row.ambiguous]
    table = []
    for part, some in (("all", rows), ("without the ambiguous", clear)):
        for who, measure in (
            ("ai-model", news.topic_measure(some, "ai-model", "model")),
            ("keywords", news.measure(some, "model", lambda c: bool(news.NAIVE.search(c.story.title)))),
            ("ai-market", news.topic_measure(some, "ai-market", "ai_market")),
        ):
            table.append({"detector": who, "headlines": part, "n": len(some), **_rates(measure)})
    return table


def _rates(measure: news.Measure) -> dict[str, Any]:
    return {
        "hits": measure.hits,
        "false": measure.false,
        "missed": measure.missed,
        "precision": round(measure.precision, 3),
        "recall": round(measure.recall, 3),
        "f1": round(measure.f1, 3),
    }


def throughput(topics: Any, companies: Any, stories: list[Any]) -> int:
    """Headlines a second of one core's time (not the clock's: others may be at work on it)."""
    index = news.NewsIndex(topics, companies, window=timedelta(days=14))
    began = time.process_time()
    for story in stories:
        index.add(story)
    return round(len(stories) / (time.process_time() - began))


# --------------------------------------------------------------------------------------------------------------- shocks


def played(*arguments: Any) -> Outcome:
    """``shocks.run`` in a process of its own: an error comes back as words."""
    try:
        return shocks.run(*arguments)
    except AftershockError as error:
        raise RuntimeError(str(error)) from None


def _whole(stretch: playing.Stretch, asking: Asking | None = None) -> playing.Played:
    try:
        return playing.play(stretch, asking)
    except AftershockError as error:
        raise RuntimeError(str(error)) from None


def _window(window: shocks.Window) -> Outcome:
    falls = [f for f in shocks.labelled_falls() if window.first <= f.session <= window.last]
    return played(window.name, (shocks.headlines(window.news),), window.first, window.last, falls)


def shock_tables(windows: list[Outcome], falls: list[Fall]) -> dict[str, Any]:
    """Everything about the labelled falls."""
    ends = {day: both for w in windows for day, both in w.ends.items()}
    explained = {k: e for w in windows for k, e in w.at_next_close.items()}
    exposures = {s: e for w in windows for s, e in w.exposures.items()}
    shocks_fired = [f for w in windows for f in w.fired if f.rule == RULE]
    alerts = {(f.symbol, f.session): f for f in shocks_fired}
    plain = {(f.symbol, f.session): f for w in windows for f in w.fired if f.rule == PLAIN}
    labelled = {(f.symbol, f.session): f for f in falls}

    def until(which: int) -> Callable[[Fall], bool]:
        return lambda f: (a := alerts.get((f.symbol, f.session))) is not None and a.at <= ends[f.session][which]

    def plainly(fall: Fall) -> bool:
        a = plain.get((fall.symbol, fall.session))
        return a is not None and a.at <= ends[fall.session][1]

    keyword = keyword_moments()
    table = [
        {"rule": "ai-model-shock, by the session's last phase", **scored(falls, until(0))},
        {"rule": "ai-model-shock, until the next session's close", **scored(falls, until(1))},
        {"rule": "plain rule (some AI-model story reaches it)", **scored(falls, plainly)},
        {
            "rule": "naive keyword rule (any AI headline in 5 sessions)",
            **scored(falls, lambda f: any(f.session - timedelta(days=7) < m.date() <= f.session for m in keyword)),
        },
    ]
    told_ = until(1)
    misses = [_line(f, explained, alerts) for f in falls if f.label == "ai" and not told_(f)]
    false = [_line(f, explained, alerts) for f in falls if f.label == "other" and told_(f)]
    unclear = [_line(f, explained, alerts) for f in falls if f.label == "unclear" and told_(f)]
    other = [_extra(a) for k, a in sorted(alerts.items(), key=lambda i: (i[0][1], i[0][0])) if k not in labelled]
    return {
        "falls": {label: sum(f.label == label for f in falls) for label in ("ai", "other", "unclear")},
        "windows": [
            {"window": w.name, "sessions": w.sessions, "symbols": w.symbols, "stories": w.stories,
             "seconds": round(w.seconds, 1)} for w in windows
        ],
        "table": table,
        "by_session": by_session(falls, told_),
        "by_exposure": by_exposure(falls, told_, exposures),
        "incidents": incidents(shocks_fired, labelled),
        "delay": delays(alerts, labelled, ends),
        "misses": misses,
        "false_alarms": false,
        "unclear_alerted": unclear,
        "alerts_on_unlabelled_falls": other,
        "calibration": calibration(falls, explained),
    }  # fmt: skip


def keyword_moments() -> list[datetime]:
    """When headlines with an AI word were published."""
    return [s.seen_at for s in news.recorded(100_000) if news.NAIVE.search(s.title)]


def scored(falls: Iterable[Fall], says: Callable[[Fall], bool]) -> dict[str, Any]:
    """Precision and recall per symbol and session; unclear ones are left out."""
    judged = [(says(f), f.label == "ai") for f in falls if f.label != "unclear"]
    hits = sum(s and t for s, t in judged)
    false = sum(s and not t for s, t in judged)
    missed = sum(t and not s for s, t in judged)
    return _rates(news.Measure(hits, false, missed))


def by_session(falls: list[Fall], says: Callable[[Fall], bool]) -> list[dict[str, Any]]:
    """AI falls and others of each session that has AI falls or an alert, and how many of each were called AI."""
    rows = []
    for day in sorted({f.session for f in falls}):
        here = [f for f in falls if f.session == day]
        row = {"session": day.isoformat()}
        for label in ("ai", "other", "unclear"):
            some = [f for f in here if f.label == label]
            row[label] = f"{sum(map(says, some))} of {len(some)}"
        if any(f.label == "ai" or says(f) for f in here):
            rows.append(row)
    return rows


def by_exposure(
    falls: list[Fall], says: Callable[[Fall], bool], exposures: dict[str, dict[str, float]]
) -> list[dict[str, Any]]:
    """The same by what a company lives from most; a company counts under its strongest exposure."""
    groups: dict[str, list[Fall]] = {}
    for fall in falls:
        own = exposures.get(fall.symbol) or {"none described": 1.0}
        groups.setdefault(max(own, key=lambda e: (own[e], e)), []).append(fall)
    rows = [{"exposure": name, **scored(some, says)} for name, some in groups.items()]
    return sorted((r for r in rows if r["hits"] or r["false"] or r["missed"]), key=lambda r: -r["hits"] - r["missed"])


def incidents(fired: list[Fired], labelled: dict[Key, Fall]) -> list[dict[str, Any]]:
    """Each incident of the shipped rule, with how its falls were labelled."""
    found: dict[str, list[Fired]] = {}
    for alert in fired:
        found.setdefault(alert.incident, []).append(alert)
    rows = []
    for alerts in found.values():
        labels = [fall.label if (fall := labelled.get((a.symbol, a.session))) else "unlabelled" for a in alerts]
        first = min(alerts, key=lambda a: a.at)
        rows.append({
            "session": first.session.isoformat(), "lead": first.symbol, "symbols": len(alerts),
            "labels": {label: labels.count(label) for label in dict.fromkeys(labels)},
            "right": labels.count("ai") >= labels.count("other") and labels.count("ai") > 0,
            "cause": first.first_title, "first_seen_at": str(first.first_at), "first_alert_at": str(first.at),
        })  # fmt: skip
    return sorted(rows, key=lambda r: r["session"])


def delays(
    alerts: dict[Key, Fired], labelled: dict[Key, Fall], ends: dict[date, tuple[datetime, datetime]]
) -> dict[str, Any]:
    """Time from the cause's first story to the alert, and how long after its session's last phase alerts came."""
    right = [a for k, a in alerts.items() if k in labelled and labelled[k].label == "ai" and a.first_at]
    hours = sorted((a.at - a.first_at).total_seconds() / 3600 for a in right if a.first_at)
    late = [k for k, a in alerts.items() if k in labelled and a.at > ends[a.session][0]]
    if not hours:
        return {"alerts": 0}
    return {
        "alerts": len(hours),
        "hours_least": round(hours[0], 1),
        "hours_median": round(statistics.median(hours), 1),
        "hours_most": round(hours[-1], 1),
        "after_the_last_phase": len(late),
    }


def calibration(falls: list[Fall], explained: dict[Key, Explained]) -> list[dict[str, Any]]:
    """By tenths of the confidence given to AI at the next session's close: how many falls, and how many truly AI's."""
    rows = []
    for tenth in range(10):
        some = [
            f for f in falls
            if f.label != "unclear" and (e := explained.get((f.symbol, f.session))) is not None
            and min(int(e.ai * 10), 9) == tenth
        ]  # fmt: skip
        right = sum(f.label == "ai" for f in some)
        sessions = len({f.session for f in some if f.label == "ai"})
        share = round(right / len(some), 2) if some else None
        rows.append({"confidence": f"{tenth / 10:.1f} to {(tenth + 1) / 10:.1f}", "falls": len(some), "ai": right,
                     "share": share, "ai_sessions": sessions})  # fmt: skip
    return rows


def _line(fall: Fall, explained: dict[Key, Explained], alerts: dict[Key, Fired]) -> dict[str, Any]:
    key = (fall.symbol, fall.session)
    said = explained.get(key, Explained())
    alert = alerts.get(key)
    return {
        "session": fall.session.isoformat(), "symbol": fall.symbol, "change_pct": round(fall.change * 100, 1),
        "ai_confidence": round(said.ai, 2), "said": said.words, "alert_at": str(alert.at) if alert else None,
    }  # fmt: skip


def _extra(alert: Fired) -> dict[str, Any]:
    return {
        "session": alert.session.isoformat(), "symbol": alert.symbol, "change_pct": round(alert.change * 100, 1),
        "confidence": round(alert.confidence or 0.0, 2), "topic": alert.topic,
    }  # fmt: skip


# ----------------------------------------------------------------------------------------------------------------- year


def year_tables(pool: ProcessPoolExecutor) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The year without headlines, and each window's headlines laid over its worst weeks."""
    whole = pool.submit(played, str(YEAR), (), date(YEAR, 1, 3), date(YEAR, 12, 30))
    weeks = shocks.worst_weeks(YEAR, SHIFT_WEEKS)
    jobs = {
        (window.name, days[0]): pool.submit(
            played, window.name, (shocks.headlines(window.news),), days[0], days[-1], (),
            days[0] - timedelta(days=days[0].weekday()) - window.monday,
        )
        for window in shocks.WINDOWS
        for days in weeks
    }  # fmt: skip
    falls = {(f.symbol, f.session) for f in shocks.falls_between(date(YEAR, 1, 3), date(YEAR, 12, 30))}
    year = whole.result()
    quiet = {
        "year": YEAR,
        "sessions": year.sessions, "symbols": year.symbols, "falls": len(falls), "seconds": round(year.seconds, 1),
        "ai_model_shocks": sum(f.rule == RULE for f in year.fired),
    }  # fmt: skip
    rows = []
    for window in shocks.WINDOWS:
        here = {k for days in weeks for k in falls if days[0] <= k[1] <= days[-1]}
        fired = [f for days in weeks for f in jobs[window.name, days[0]].result().fired]
        called = [f for f in fired if f.rule == RULE]
        closed = [f for f in called if (f.symbol, f.session) in here]
        rows.append({
            "headlines": window.name, "weeks": len(weeks), "falls": len(here), "called_ai": len(closed),
            "share": round(len(closed) / len(here), 4), "plain": sum(
                f.rule == PLAIN and (f.symbol, f.session) in here for f in fired),
            "called_ai_on_lows_only": len(called) - len(closed),
            "which": [_extra(f) | {"title": f.title[:80]} for f in called],
        })  # fmt: skip
    return quiet, rows


if __name__ == "__main__":
    raise SystemExit(main())
