"""How often the messages of whole months, played with everything shipped, give the right cause.

What is scored is what a subscriber reads: an incident claims AI-model news if the headline of one of its messages gives
that as the cause. It is right if its lead's fall is labelled ``ai`` or, where the lead's label does not tell, most of
its labelled falls are. A fall whose second label is ``ai`` is disputable and counts neither way; what nobody labelled,
or could explain, counts as wrong.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from playing import CLOSE, LABELS, MARKED, NEXT_CLOSE, Key, Labelled, Message, Played

from bot.core.model.decisions import STATED_FROM

FIFTHS = 5
ENOUGH = 10
"""Cases from which a fifth's share is held against its confidence."""
WITHIN = 0.1
BROAD = 3
"""Falls of one line of business in a session that make a shock."""
DEEP = -0.07
KINDS = ("ai", "capex", "own", "other")


@dataclass(frozen=True, slots=True)
class Claim:
    """The first message of an incident whose headline gives a cause of one kind."""

    month: str
    message: Message
    verdict: str
    """``right``, ``wrong``, ``disputable``, ``unclear`` or ``unlabelled``."""
    label: str
    """By which it was judged."""
    withdrawn: bool
    """Whether a later message of the incident gives another kind of cause."""


def ordinary_tables(months: Sequence[Played], windows: Sequence[Played]) -> dict[str, Any]:
    """Everything about the months, and what is asked of months and windows together."""
    claims = [claim for played in months for claim in claims_of(played)]
    cases = [case for played in (*months, *windows) for case in _cases(played)]
    distinct = list({case.fall.key: case for case in reversed(cases)}.values())  # a month's before a window's
    return {
        "months": [_month(played, [c for c in claims if c.month == played.name]) for played in months],
        "messages": [messages(played) for played in months],
        "claims": [_tally(kind, [c for c in claims if c.message.claims == kind]) for kind in KINDS],
        "not_right": [
            _claim_row(c) for c in claims if c.message.claims == "ai" and c.verdict != "right"
        ],
        "right": [_claim_row(c) for c in claims if c.message.claims == "ai" and c.verdict == "right"],
        "others_wrong": [_claim_row(c) for c in claims if c.message.claims != "ai" and c.verdict == "wrong"],
        "missed": missed(months),
        "recall": recall(months, windows),
        "early": early(months, windows),
        "by_next_close": calibration(distinct, lambda c: c.ai_at_next_close, lambda f: f.label == "ai"),
        "at_first_claim": calibration(distinct, lambda c: c.ai_when_told, lambda f: f.label == "ai"),
        "best": calibration_of_best(distinct),
        "first_stories": first_stories([*windows, *months]),
    }  # fmt: skip


# -------------------------------------------------------------------------------------------------------------- claims


def claims_of(played: Played) -> list[Claim]:
    """For each incident and kind of cause, the first message that gives it."""
    falls = {f.key: f for f in played.falls}
    first: dict[tuple[str, str], Message] = {}
    last: dict[str, str] = {}
    for message in played.messages:
        if message.claims:
            first.setdefault((message.incident, message.claims), message)
            last[message.incident] = message.claims
    return [Claim(played.name, m, *_verdict(m, falls), withdrawn=last[m.incident] != m.claims) for m in first.values()]


def _verdict(message: Message, falls: dict[Key, Labelled]) -> tuple[str, str]:
    """How the message's claim is to be judged, and the label that says so."""
    lead = falls.get(message.lead)
    if lead is not None and lead.label != "unclear":
        return _judged(message.claims, lead), lead.label
    labelled = [fall for key in message.falls if (fall := falls.get(key)) is not None]
    clear = [fall for fall in labelled if fall.label != "unclear"]
    if not clear:
        return ("unclear", "unclear") if labelled else ("unlabelled", "")
    judged = Counter(_judged(message.claims, fall) for fall in clear)
    label = Counter(fall.label for fall in clear).most_common(1)[0][0]
    if 2 * judged["right"] > len(clear):
        return "right", label
    return ("disputable" if 2 * judged["disputable"] > len(clear) else "wrong"), label


def _judged(claims: str, fall: Labelled) -> str:
    if claims == fall.label:
        return "right"
    if claims == "ai":
        return "disputable" if fall.disputable else "wrong"
    return "right" if claims == fall.second or (fall.coarse and fall.label == "other") else "wrong"


def _tally(kind: str, claims: Sequence[Claim]) -> dict[str, Any]:
    verdicts = Counter(c.verdict for c in claims)
    judged = len(claims) - verdicts["disputable"]
    return {
        "claims": kind,
        "incidents": len(claims),
        **{v: verdicts[v] for v in ("right", "wrong", "disputable", "unclear", "unlabelled")},
        "share": round(verdicts["right"] / judged, 2) if judged else None,
    }


def _month(played: Played, claims: Sequence[Claim]) -> dict[str, Any]:
    tally = _tally("ai", [c for c in claims if c.message.claims == "ai"])
    count = Counter(f.label for f in played.falls)
    return {
        "month": played.name,
        "sessions": played.sessions,
        "labelled_falls": len(played.falls),
        "labelled_ai": count["ai"],
        "ai_claims": tally["incidents"],
        **{k: v for k, v in tally.items() if k not in ("claims", "incidents")},
        "seconds": round(played.seconds, 1),
    }


def _claim_row(claim: Claim) -> dict[str, Any]:
    m = claim.message
    return {
        "month": claim.month, "session": m.lead[1].isoformat(), "lead": m.lead[0],
        "change_pct": round(m.change * 100, 1), "falls": len(m.falls), "claims": m.claims,
        "confidence": round(m.confidence or 0.0, 2),
        "verdict": claim.verdict, "label": claim.label, "rules": ", ".join(m.rules), "withdrawn": claim.withdrawn,
        "said": m.title,
    }  # fmt: skip


def messages(played: Played) -> dict[str, Any]:
    """How many messages of each kind the month had; first ones by rule."""
    row: dict[str, Any] = {"month": played.name}
    kinds = Counter(m.kind for m in played.messages)
    row["first_by_rule"] = dict(Counter(" + ".join(m.rules) for m in played.messages if m.kind == "first"))
    for kind in ("first", "escalated", "widened", "corrected", "follow_up", "edit"):
        row[kind] = kinds.pop(kind, 0)
    row["other"] = sum(kinds.values())
    row["new_messages"] = sum(m.kind != "edit" for m in played.messages)
    row["suppressed"] = played.suppressed
    return row


# --------------------------------------------------------------------------------------------------- shocks and silence


def shocks_of(played: Played, *, single: bool) -> list[tuple[date, str, list[Labelled]]]:
    """The labelled AI shocks: session, line of business, falls. ``single``: every fall is one."""
    groups: dict[tuple[date, str], list[Labelled]] = {}
    for fall in played.falls:
        if fall.label == "ai":
            line = fall.line or next(iter(played.exposures.get(fall.symbol, ())), "none described")
            if single:
                groups[fall.session, f"{line}: {fall.symbol}"] = [fall]
            elif fall.change <= DEEP:
                groups.setdefault((fall.session, line), []).append(fall)
    return [(*key, falls) for key, falls in sorted(groups.items()) if single or len(falls) >= BROAD]


def named_by(played: Played, fall: Labelled, moment: str, kind: str = "") -> bool:
    """Whether a message named the fall by then and, with ``kind``, gave it a cause of that kind in its headline."""
    ends = played.closes.get(fall.session)
    if ends is None:
        return False
    until = ends[0 if moment == CLOSE else 1] + MARKED
    return any(
        fall.key in m.falls and m.at <= until and m.kind != "follow_up" and (not kind or m.claims == kind)
        for m in played.messages
    )


def early(months: Sequence[Played], windows: Sequence[Played]) -> dict[str, Any]:
    """Of the labelled shocks, those of which some message spoke by their session's close, whatever cause it gave."""
    rows: list[dict[str, Any]] = []
    for played, single in [(m, False) for m in months] + [(w, True) for w in windows]:
        for session, line, falls in shocks_of(played, single=single):
            named = sum(named_by(played, f, CLOSE) for f in falls)
            rows.append({
                "played": played.name, "session": session.isoformat(), "line": line, "falls": len(falls),
                "named": named, "ai_by_close": sum(named_by(played, f, CLOSE, "ai") for f in falls),
            })  # fmt: skip
    return {
        "shocks": len(rows),
        "named": sum(r["named"] > 0 for r in rows),
        "named_mostly": sum(2 * r["named"] >= r["falls"] for r in rows),
        "share": round(sum(r["named"] > 0 for r in rows) / len(rows), 2) if rows else None,
        "sessions": len({r["session"] for r in rows}),
        "sessions_named": len({r["session"] for r in rows if r["named"]}),
        "not_named": [r for r in rows if not r["named"]],
    }


def recall(months: Sequence[Played], windows: Sequence[Played]) -> list[dict[str, Any]]:
    """Of the falls labelled ``ai``, how many were named, and how many called AI, by their own and the next close."""
    rows = []
    for name, some in (("months", months), ("windows", windows)):
        falls = [(p, f) for p in some for f in p.falls if f.label == "ai"]
        row: dict[str, Any] = {"played": name, "ai_falls": len(falls)}
        for moment, words in ((CLOSE, "close"), (NEXT_CLOSE, "next_close")):
            row[f"named_by_{words}"] = sum(named_by(p, f, moment) for p, f in falls)
            row[f"ai_by_{words}"] = sum(named_by(p, f, moment, "ai") for p, f in falls)
        rows.append(row)
    return rows


def missed(months: Iterable[Played]) -> list[dict[str, Any]]:
    """Labelled falls by AI that no message called AI by the next session's close."""
    return [
        {
            "session": f.session.isoformat(), "symbol": f.symbol, "change_pct": round(f.change * 100, 1),
            "line": f.line, "named": named_by(p, f, NEXT_CLOSE),
            "ai_confidence": round(p.ranked[NEXT_CLOSE][f.key].ai, 2) if f.key in p.ranked[NEXT_CLOSE] else None,
        }
        for p in months for f in p.falls
        if f.label == "ai" and not named_by(p, f, NEXT_CLOSE, "ai")
    ]  # fmt: skip


# --------------------------------------------------------------------------------------------------------- calibration


@dataclass(frozen=True, slots=True)
class Case:
    """A labelled fall with the confidences given to it."""

    fall: Labelled
    ai_at_next_close: float | None
    ai_when_told: float | None
    """In the first message that gave AI as its cause; ``None`` where none did."""
    best: float | None
    best_kind: str


def _cases(played: Played) -> list[Case]:
    first = {m.incident: m for m in reversed(played.messages) if m.claims == "ai"}
    told: dict[Key, float] = {}
    for message in sorted(first.values(), key=lambda m: m.at):
        for key, believed in message.falls.items():
            if believed.kind == "ai":
                told.setdefault(key, believed.confidence)
    cases = []
    for fall in played.falls:
        ranked = played.ranked[NEXT_CLOSE].get(fall.key)
        kind = ranked.kind if ranked else ""
        cases.append(Case(fall, ranked.ai if ranked else None, told.get(fall.key),
                          ranked.confidence if ranked and kind else None, kind))  # fmt: skip
    return cases


def calibration(
    cases: Iterable[Case], confidence: Callable[[Case], float | None], right: Callable[[Labelled], bool]
) -> list[dict[str, Any]]:
    """By fifths of the confidence: how many falls, and how many of them AI caused. Unclear and disputable ones are left
    out."""
    judged = [
        (c, p) for c in cases
        if c.fall.label != "unclear" and not c.fall.disputable and (p := confidence(c)) is not None
    ]  # fmt: skip
    return by_fifths([(c.fall, p, right(c.fall)) for c, p in judged])


def changed(before: Sequence[Played], after: Sequence[Played]) -> list[dict[str, Any]]:
    """How the same falls were ranked in two plays of the same stretches, by label."""
    beside = {
        key: (ranked.ai, helped.ranked[NEXT_CLOSE][key].ai)
        for played, helped in zip(before, after, strict=True)
        for key, ranked in played.ranked[NEXT_CLOSE].items()
        if key in helped.ranked[NEXT_CLOSE]
    }
    labels = {fall.key: fall.label for played in before for fall in played.falls}
    rows = []
    for label in (*KINDS, "unclear"):
        pairs = [both for key, both in beside.items() if labels[key] == label]
        rows.append({
            "label": label,
            "falls": len(pairs),
            "with_a_story_of_AI": sum(was > 0 for was, _ in pairs),
            "raised": sum(now > was for was, now in pairs),
            "lowered": sum(now < was for was, now in pairs),
            "from_0.6_without": sum(was >= STATED_FROM for was, _ in pairs),
            "from_0.6_with": sum(now >= STATED_FROM for _, now in pairs),
        })  # fmt: skip
    return rows


def calibration_of_best(cases: Iterable[Case]) -> list[dict[str, Any]]:
    """The same for the likeliest explanation of each fall, of whatever kind; a second label counts as right except for
    AI."""
    return by_fifths([
        (c.fall, c.best, _judged(c.best_kind, c.fall) == "right") for c in cases
        if c.best is not None and c.fall.label != "unclear" and not (c.best_kind == "ai" and c.fall.disputable)
    ])  # fmt: skip


def by_fifths(judged: Sequence[tuple[Labelled, float, bool]]) -> list[dict[str, Any]]:
    """By fifths of a confidence: falls, those it was right about, and whether the share is what it claims. ``judged``:
    each fall, its confidence, whether that was right."""
    rows = []
    for fifth in range(FIFTHS):
        some = [j for j in judged if min(int(j[1] * FIFTHS + 1e-9), FIFTHS - 1) == fifth]
        firm = [j for j in some if j[0].sure != "guess"]
        share = sum(r for _, _, r in some) / len(some) if some else None
        mean = sum(p for _, p, _ in some) / len(some) if some else None
        holds = abs(share - mean) <= WITHIN if share is not None and mean is not None else None
        rows.append({
            "confidence": f"{fifth / FIFTHS:.1f} to {(fifth + 1) / FIFTHS:.1f}", "falls": len(some),
            "mean": round(mean, 2) if mean is not None else None, "right": sum(r for _, _, r in some),
            "share": round(share, 2) if share is not None else None,
            "without_guesses": round(sum(r for _, _, r in firm) / len(firm), 2) if firm else None,
            "months": len({f.session.strftime("%Y-%m") for f, _, _ in some}),
            "sessions": len({f.session for f, _, _ in some}),
            "within_0.1": ("yes" if holds else "no") if len(some) >= ENOUGH else "too few",
        })  # fmt: skip
    return rows


# -------------------------------------------------------------------------------------------------------- first stories


@dataclass(frozen=True, slots=True)
class Release:
    """What the first story behind a labelled shock must be."""

    session: date
    leads: frozenset[str]
    """Empty for any."""
    title_has: tuple[str, ...]
    """One of these is in the title."""
    earliest: date
    latest: date

    def is_story(self, title: str, at: datetime | None) -> bool:
        """Whether a story of this title, first seen then, is the release or reports it."""
        folded = title.casefold()
        return (
            at is not None
            and self.earliest <= at.date() <= self.latest
            and any(words.casefold() in folded for words in self.title_has)
        )


def releases() -> list[Release]:
    """The table ``bench/labels/releases.csv``."""
    with (LABELS / "releases.csv").open(encoding="utf-8", newline="") as rows:
        return [
            Release(
                date.fromisoformat(r["session"]),
                frozenset(() if r["leads"] == "*" else r["leads"].split()),
                tuple(r["title_has"].split("|")),
                date.fromisoformat(r["earliest"]),
                date.fromisoformat(r["latest"]),
            )
            for r in csv.DictReader(rows)
        ]


def first_stories(some: Iterable[Played]) -> list[dict[str, Any]]:
    """For each incident that claims AI on a day with a known release: whether its first story is that release, in its
    first claim and in its last message by the next session's close."""
    rows = []
    for played in some:
        for release in releases():
            about = [
                m for m in played.messages
                if m.claims == "ai" and m.lead[1] == release.session
                and (not release.leads or m.lead[0] in release.leads)
            ]  # fmt: skip
            for incident in dict.fromkeys(m.incident for m in about):
                said = [m for m in about if m.incident == incident]
                ends = played.closes.get(release.session)
                in_time = [m for m in said if ends is None or m.at <= ends[1] + MARKED] or said[:1]
                rows.append({
                    "played": played.name, "session": release.session.isoformat(), "lead": said[0].lead[0],
                    "falls": len(said[0].falls), "at_first": release.is_story(*_first_story(said[0])),
                    "by_next_close": release.is_story(*_first_story(in_time[-1])),
                    "first_seen_at": str(in_time[-1].first_at), "story": _first_story(in_time[-1])[0],
                })  # fmt: skip
    return rows


def _first_story(message: Message) -> tuple[str, datetime | None]:
    return message.first_title or message.title, message.first_at
