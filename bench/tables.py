"""What the bench measured, as Markdown: for the terminal, and for the page in ``docs/``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parents[1] / "docs" / "detection.md"
BEGIN, END = "<!-- measured: python bench/detection.py --write -->", "<!-- end of what was measured -->"


def write(tables: str) -> None:
    """Put the tables where the page keeps them."""
    page = DOCS.read_text(encoding="utf-8")
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    DOCS.write_text(f"{before}{BEGIN}\n\n{tables.rstrip()}\n\n{END}{after}", encoding="utf-8")


def told(found: dict[str, Any], *, headlines: bool = True) -> str:
    """The tables, as Markdown; without ``headlines`` those are left out, for they are other people's."""
    out = [f"Measured on: {found['machine']}.", ""]
    if "topic" in found:
        out += _topics_told(found)
    if "shocks" in found:
        out += _shocks_told(found["shocks"], headlines)
    for key, title in (
        ("ordinary", "Ordinary months"),
        ("unread", "Months kept unread until the end"),
        ("second_reader", "Ordinary months with a second reader"),
    ):
        if key in found:
            out += _months_told(found[key], title, headlines)
    if "answered" in found:
        out += ["What its answers change in the confidence that AI explains a labelled fall, at the next close:", ""]
        out += [*table(found["changed"], list(found["changed"][0])), ""]
        out += ["What it answered:", ""]
        out += [*table(found["answered"], ["played", "answers", "moves", "by_ai", "failed"]), ""]
    out += _year_told(found, headlines)
    if "shocks" in found:
        windows = found["shocks"]["windows"]
        out += ["### Time", "", *table(windows, ["window", "sessions", "symbols", "stories", "seconds"])]
    return "\n".join(out)


def _topics_told(found: dict[str, Any]) -> list[str]:
    rates = ["precision", "recall", "f1", "hits", "false", "missed"]
    speed = found["throughput"]
    return [
        "### Topics",
        "",
        *table(found["topic"], ["detector", "headlines", "n", *rates]),
        "",
        f"Scoring, mentions and clustering together: {speed['a_second']:,} headlines a second on one core "
        f"({speed['headlines']:,} recorded ones).",
        "",
    ]


def _shocks_told(shock: dict[str, Any], headlines: bool) -> list[str]:
    rates = ["precision", "recall", "f1", "hits", "false", "missed"]
    count = shock["falls"]
    out = ["### Shocks", ""]
    out += [
        f"{count['ai']} falls labelled `ai`, {count['other']} `other`, {count['unclear']} `unclear` (left out).",
        "",
    ]
    out += [*table(shock["table"], ["rule", *rates]), ""]
    out += ["Called an AI shock, by session, of the falls so labelled:", ""]
    out += [*table(shock["by_session"], ["session", "ai", "other", "unclear"]), ""]
    out += ["By what the company lives from most:", ""]
    out += [*table(shock["by_exposure"], ["exposure", "precision", "recall", "hits", "false", "missed"]), ""]
    right = sum(i["right"] for i in shock["incidents"])
    out += [f"Incidents: {len(shock['incidents'])}, of which {right} right.", ""]
    columns = ["session", "lead", "symbols", "labels", "right", "first_seen_at", "first_alert_at"]
    out += [*table(shock["incidents"], columns), ""]
    delay = shock["delay"]
    if delay["alerts"]:
        out += [
            f"From the cause's first story to the alert, over {delay['alerts']} right alerts: {delay['hours_least']} h "
            f"at least, {delay['hours_median']} h in the middle, {delay['hours_most']} h at most; "
            f"{delay['after_the_last_phase']} alerts came after the session's last phase.",
            "",
        ]
    for title, words in (
        ("misses", "Misses"),
        ("false_alarms", "False alarms"),
        ("unclear_alerted", "Alerts on falls labelled unclear"),
    ):
        rows = [r if headlines else r | {"said": re.sub("“.*?”", "“…”", r["said"])} for r in shock[title]]
        out += [f"{words}: {len(rows)}.", ""]
        if rows:
            out += [*table(rows, ["session", "symbol", "change_pct", "ai_confidence", "said"]), ""]
    extra = shock["alerts_on_unlabelled_falls"]
    out += [f"Alerts on falls nobody labelled (a tenth within the session, less at the close): {len(extra)}.", ""]
    if extra:
        out += [*table(extra, ["session", "symbol", "change_pct", "confidence"]), ""]
    out += ["### Confidence", "", *table(shock["calibration"], list(shock["calibration"][0])), ""]
    return out


def _months_told(month: dict[str, Any], title: str, headlines: bool) -> list[str]:
    verdicts = ["right", "wrong", "disputable", "unclear", "unlabelled", "share"]
    out = [f"### {title}", "", "Incidents that claim AI-model news:", ""]
    columns = ["month", "sessions", "labelled_falls", "labelled_ai", "ai_claims", *verdicts, "seconds"]
    out += [*table(month["months"], columns), ""]
    out += ["By the kind of cause an incident's headline gives:", ""]
    out += [*table(month["claims"], ["claims", "incidents", *verdicts]), ""]
    said = ["said"] if headlines else []
    columns = ["month", "session", "lead", "change_pct", "falls", "confidence", "label", "rules", "withdrawn", *said]
    for part, words in (("not_right", "Claims of AI not right"), ("right", "Claims of AI right")):
        out += [f"{words}: {len(month[part])}.", ""]
        if month[part]:
            verdict = ["verdict"] if part == "not_right" else []
            out += [*table(month[part], [*columns[:6], *verdict, *columns[6:]]), ""]
    wrong = month["others_wrong"]
    out += [f"Other causes given, wrong by the label: {len(wrong)}.", ""]
    if wrong:
        out += [*table(wrong, [*columns[:5], "claims", *columns[5:]]), ""]
    out += ["Messages a month, by kind, and the rules of first ones:", ""]
    kinds = ["first", "escalated", "widened", "corrected", "follow_up", "other", "new_messages", "edit", "suppressed"]
    out += [*table(month["messages"], ["month", *kinds, "first_by_rule"]), ""]
    out += ["Falls labelled `ai`, named by any message, and called AI, by their own close and the next:", ""]
    out += [*table(month["recall"], list(month["recall"][0])), ""]
    early = month["early"]
    out += [
        f"Labelled shocks of which some message spoke by the session's close: {early['named']} of {early['shocks']} "
        f"({early['named_mostly']} with half of their falls or more); of their {early['sessions']} sessions "
        f"{early['sessions_named']}.",
        "",
    ]
    if early["not_named"]:
        out += [*table(early["not_named"], ["played", "session", "line", "falls"]), ""]
    out += [f"Falls labelled `ai` that no message called AI by the next close: {len(month['missed'])}.", ""]
    if month["missed"]:
        out += [*table(month["missed"], list(month["missed"][0])), ""]
    stories = month["first_stories"]
    right = sum(r["by_next_close"] for r in stories)
    out += [f"First stories that are the release the reports name: {right} of {len(stories)}.", ""]
    if stories:
        story = ["story"] if headlines else []
        columns = ["played", "session", "lead", "falls", "at_first", "by_next_close", "first_seen_at", *story]
        out += [*table(stories, columns), ""]
    for part, words in (
        ("by_next_close", "Confidence in AI at the next close, by fifths, over months and windows:"),
        ("at_first_claim", "Confidence in AI in the first message that gives it:"),
        ("best", "Confidence of the likeliest explanation, of whatever kind, at the next close:"),
    ):
        out += [words, "", *table(month[part], list(month[part][0])), ""]
    return out


def _year_told(found: dict[str, Any], headlines: bool) -> list[str]:
    if "year" not in found:
        return []
    year = found["year"]
    out = [
        f"### {year['year']}",
        "",
        f"Without headlines, {year['sessions']} sessions of {year['symbols']} symbols, {year['falls']:,} falls of a "
        f"tenth or more: {year['ai_model_shocks']} called an AI shock.",
        "",
        f"Headlines of another week laid over the {found['shifted'][0]['weeks']} weeks in which SPY fell furthest:",
        "",
    ]
    columns = ["headlines", "weeks", "falls", "called_ai", "share", "plain", "called_ai_on_lows_only"]
    out += [*table(found["shifted"], columns), ""]
    if headlines:
        out += [f"{row['headlines']}: {w}" for row in found["shifted"] for w in row["which"]]
    else:
        out += [
            f"{row['headlines']}: " + ", ".join(f"{w['symbol']} on {w['session']}" for w in row["which"]) + "."
            for row in found["shifted"] if row["which"]
        ]  # fmt: skip
    return [*out, ""]


def table(rows: list[dict[str, Any]], columns: list[str]) -> list[str]:
    """A Markdown table of these columns."""
    if not rows:
        return ["none"]
    lines = ["| " + " | ".join(c.replace("_", " ") for c in columns) + " |", "|" + "---|" * len(columns)]
    return [*lines, *("| " + " | ".join(_cell(row.get(c)) for c in columns) + " |" for row in rows)]


def _cell(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{n} {name}" for name, n in value.items())
    return "" if value is None else str(value).replace("|", "/")
