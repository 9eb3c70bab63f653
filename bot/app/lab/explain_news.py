"""How a headline is classified: scores with reasons, clauses, names, lines of business, and the symbols it reaches.

It goes through the same news index as any story from a feed; nothing is computed in a second way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from bot.app.lines import iso
from bot.app.project import load_project
from bot.app.stores import Place, exists, open_history
from bot.core.errors import StoreVersionError, UsageError
from bot.core.model import (
    ClusterMatch,
    Counts,
    Field,
    LearnedName,
    Mention,
    Reach,
    Reading,
    ScoreReason,
    Story,
    Subject,
    SubjectKind,
)
from bot.core.news import Companies, NewsIndex, Topics
from bot.core.news.clauses import AiRole, CauseKind, Frame, Move
from bot.core.news.reader import SCORED
from bot.core.text.titles import Titles
from bot.render.text import clean

COUNTS = 0.5
"""The score from which a story counts, unless a rule says otherwise."""
_CAUSES = {
    CauseKind.RESULTS: "on results",
    CauseKind.SPENDING: "on AI spending",
    CauseKind.CONTAGION: "with another company",
    CauseKind.UNKNOWN: "for no known reason",
}
_ROLES = {
    AiRole.AGENT: " (AI is the agent)",
    AiRole.OBJECT: " (AI is what is sold or spent on)",
    AiRole.LABEL: " (AI is only the kind of share)",
    AiRole.OWN: " (AI is its own product)",
    AiRole.NONE: "",
}
_COUNTS = {
    Counts.COINED: "counts where the story speaks of AI",
    Counts.PLAIN: "counts where the story names the lab",
    Counts.NUMBERED: "counts with a number, where the story names the lab",
}
_ORDER = {Reach.DIRECT: 0, Reach.EXPOSURE: 1, Reach.NONE: 2}


@dataclass(frozen=True, slots=True)
class Explained:
    """A classified headline."""

    reading: Reading
    titles: Titles
    frames: tuple[tuple[Frame, tuple[str, ...]], ...]
    """Each clause that tells of a move, with the names of those who move."""
    why: tuple[tuple[str, ScoreReason], ...]
    """Each exposure with a reason, strongest first."""
    reached: tuple[tuple[str, str, ClusterMatch], ...]
    """Symbol, name and match: those named, then the most exposed."""
    learned: tuple[LearnedName, ...] = ()
    """The names of models in it that no topic file has."""


def explain_headline(
    config: Path,
    title: str,
    now: datetime,
    *,
    summary: str = "",
    source: str = "",
    link: str = "",
    database: Place | None = None,
) -> Explained:
    """Classify ``title`` as a story seen ``now``, with the topics and companies of ``config`` and the names learned in
    the history.

    Raises ConfigError, UsageError, StoreError.
    """
    if not title.strip():
        raise UsageError('the headline is empty; write news explain "OpenAI unveils GPT-9"')
    project = load_project(config)
    story = Story("headline", source, clean(title), now, now, clean(summary), link)
    return explain_story(project.topics, project.companies, story, _learned(database or project.settings.storage.place))


def _learned(database: Place) -> Sequence[LearnedName]:
    if not exists(database):
        return ()
    try:
        with open_history(database) as history:
            return history.learned_names()
    except StoreVersionError:  # of an earlier version, which learned none
        return ()


def explain_story(topics: Topics, companies: Companies, story: Story, learned: Sequence[LearnedName] = ()) -> Explained:
    """The same for a story, alone in an empty news index."""
    index = NewsIndex(topics, companies, window=timedelta(days=8), learned=learned)
    reading = index.add(story)
    if reading is None:
        raise UsageError("the headline could not be read; rephrase it")
    since = story.seen_at - timedelta(seconds=1)
    found = []
    for symbol in sorted(index.reached(reading.cluster)):
        for match in index.matches(symbol, (), min_score=SCORED, since=since, until=story.seen_at):
            company = companies.get(symbol)
            found.append((symbol, company.name if company else "", match))
    found.sort(key=lambda item: (_ORDER[item[2].reach], -item[2].strength, item[0]))
    frames = tuple(
        (frame, tuple(dict.fromkeys(_subject(s, topics, companies) for s in frame.subjects)))
        for frame in index.reader.frames(story)
    )
    models = [m.text.casefold() for m in reading.mentions if m.kind == "model"]
    named = tuple(name for name in learned if any(name.word.casefold() in text for text in models))
    return Explained(reading, topics.titles, frames, index.why(story.id), tuple(found), named)


def _subject(subject: Subject, topics: Topics, companies: Companies) -> str:
    """The name of who moves; the same for all listings of a company."""
    if subject.kind is SubjectKind.COMPANY:
        company = companies.get(subject.name)
        return company.name if company else subject.name
    if subject.kind is SubjectKind.LINE:
        return f"{topics.titles.exposure(subject.name)} (line of business)"
    return "the market" if subject.kind is SubjectKind.INDEX else "somebody unknown"


# ------------------------------------------------------------------------------------------------------------- output


def explained_lines(found: Explained, companies_shown: int) -> Iterator[str]:
    """For people. At most ``companies_shown`` symbols reached by exposure; 0 for all."""
    yield from _topic_lines(found)
    if found.frames:
        yield "reads"
        yield from (f"  {_clause(frame, who, found.titles)}" for frame, who in found.frames)
    named = _mentions(found.reading.mentions)
    yield "names " + ("; ".join(named) if named else "no known company, lab or model")
    for name in found.learned:
        origin = f"{name.seen_at:%Y-%m-%d %H:%M} UTC from {name.source} ({clean(name.model)}, {name.lab})"
        yield f"  {clean(name.word)} was learned {origin}; it {_COUNTS[name.counts]}"
    if not found.reading.cluster:
        yield "off topic: seen only by rules that ask for its words or names, and for no topic"
        return
    if found.why:
        yield "affects"
        strongest: dict[str, ScoreReason] = {}
        for exposure, reason in found.why:
            strongest.setdefault(exposure, reason)  # only the strongest reason counts
        for exposure, reason in strongest.items():
            yield f"  {reason.weight:.2f} {exposure}: {reason.name}" + (f" ({reason.text})" if reason.text else "")
    yield from _reach_lines(found, companies_shown)


def _topic_lines(found: Explained) -> Iterator[str]:
    topics = sorted(found.reading.topics, key=lambda t: (-t.score, t.topic))
    if not topics:
        yield "no topic: nothing in it indicates one"
    for topic in topics:
        verdict = "counts" if topic.score >= COUNTS else f"below {COUNTS:.1f}"
        yield f"{topic.topic} {topic.score:.2f} ({verdict}): {found.titles.topic(topic.topic)}"
        for reason in topic.reasons:
            yield f"  {reason.weight:+.2f} {reason.name}" + (f": {reason.text}" if reason.text else "")


def _clause(frame: Frame, who: tuple[str, ...], titles: Titles) -> str:
    """One clause: ``Chegg falls because of ChatGPT (AI is the agent): ties the fall to AI``."""
    many = len(who) > 1
    move = "may move" if frame.move is Move.NONE else frame.move.value + ("" if many else "s")
    size = "" if frame.size is None else f" {frame.size:g}%"
    if frame.cause is CauseKind.AI:
        agents = dict.fromkeys(agent.partition(":")[2] for agent in frame.agents)
        cause = f"because of {', '.join(agents) or 'AI'}"
    elif frame.cause is CauseKind.OTHER:
        cause = f"on {titles.topic(frame.other)}"
    else:
        cause = _CAUSES[frame.cause]
    verdict = "ties the fall to AI" if frame.ties else "not tied"
    old = ", an earlier move" if frame.old else ""
    place = "" if frame.where is Field.TITLE else f", in the {frame.where.value}"
    return f"{', '.join(who)} {move}{size} {cause}{_ROLES[frame.role]}{old}{place}: {verdict}"


def _reach_lines(found: Explained, companies_shown: int) -> Iterator[str]:
    direct = [item for item in found.reached if item[2].reach is Reach.DIRECT]
    exposed = [item for item in found.reached if item[2].reach is Reach.EXPOSURE]
    if not found.reached:
        yield "reaches no symbol"
        return
    yield f"reaches {len(direct)} by name, {len(exposed)} by line of business"
    shown = [*direct, *(exposed[:companies_shown] if companies_shown else exposed)]
    for symbol, name, match in shown:
        by = ", ".join(match.exposures) if match.exposures else "named"
        yield f"  {match.strength:.2f} {symbol:10} {name}: {by}"
    if left := len(found.reached) - len(shown):
        yield f"  and {left} more (--top 0 shows all)"


def _mentions(mentions: tuple[Mention, ...]) -> list[str]:
    """Each name once, with the words used, and where they are if not in the title."""
    found: dict[tuple[str, str], str] = {}
    for mention in mentions:
        place = "" if mention.where is Field.TITLE else f", in the {mention.where.value}"
        text = f" ({mention.text}{place})" if mention.text != mention.name or place else ""
        found.setdefault((mention.kind, mention.name), f"{mention.kind} {mention.name}{text}")
    return list(found.values())


def explained_object(found: Explained) -> dict[str, Any]:
    """The same as one JSON object."""
    story = found.reading.story
    return {
        "type": "news",
        "title": story.title,
        "summary": story.summary,
        "source": story.source,
        "link": story.link,
        "scored": bool(found.reading.cluster),
        "topics": [
            {
                "topic": topic.topic,
                "score": topic.score,
                "counts": topic.score >= COUNTS,
                "reasons": [_reason(reason) for reason in topic.reasons],
            }
            for topic in sorted(found.reading.topics, key=lambda t: (-t.score, t.topic))
        ],
        "frames": [_frame(frame, who) for frame, who in found.frames],
        "mentions": [
            {"kind": m.kind, "name": m.name, "text": m.text, "where": m.where.value, "start": m.start}
            for m in found.reading.mentions
        ],
        "learned": [
            {
                "word": name.word,
                "lab": name.lab,
                "seen_at": iso(name.seen_at),
                "source": name.source,
                "model": name.model,
                "counts": name.counts.value,
            }
            for name in found.learned
        ],
        "exposures": [
            {
                "exposure": name,
                "strength": strength,
                "reasons": [_reason(reason) for exposure, reason in found.why if exposure == name],
            }
            for name, strength in found.reading.exposures
        ],
        "reaches": [
            {
                "symbol": symbol,
                "name": name,
                "reach": match.reach.value,
                "strength": match.strength,
                "exposures": list(match.exposures),
            }
            for symbol, name, match in found.reached
        ],
    }


def _frame(frame: Frame, who: tuple[str, ...]) -> dict[str, Any]:
    return {
        "subjects": [{"kind": subject.kind.value, "name": subject.name} for subject in frame.subjects],
        "who": list(who),
        "move": frame.move.value,
        "size": frame.size,
        "connective": frame.connective,
        "cause": frame.other or frame.cause.value,
        "role": frame.role.value,
        "agents": list(frame.agents),
        "because": frame.because,
        "strength": frame.strength,
        "where": frame.where.value,
        "old": frame.old,
        "ties": frame.ties,
    }


def _reason(reason: ScoreReason) -> dict[str, Any]:
    return {"name": reason.name, "weight": reason.weight, "text": reason.text}
