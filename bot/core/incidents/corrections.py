"""When later stories explain a fall better than what was said: the alert is corrected, once, and people are told.

An early alert says what is known; a company's results, an outage or a deal may come out only afterwards, as may the
story that ties a fall to AI. Until the next session's close what was said is held against what is known now.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from bot.core.cause.causes import CauseRanking
from bot.core.incidents.alerts import cause_of
from bot.core.model import Alert, Reading
from bot.core.news import Topics
from bot.core.prices.sessions import Session, Timetable

LIKELY = 0.6
"""The other explanation is at least so likely,"""
AHEAD = 0.1
"""and by so much likelier than the one that was told, as both are judged now."""
WORTH_TELLING = 0.3
"""An explanation less likely than this is not told."""


def named_by(readings: Iterable[Reading], topics: Topics) -> set[str]:
    """The symbols that these stories name and tell something of that explains a fall."""
    telling = topics.causes
    return {
        mention.name
        for reading in readings
        if any(score.topic in telling and score.score > 0 for score in reading.topics)
        for mention in reading.mentions
        if mention.kind == "company"
    }


def still_open(alert: Alert, timetable: Timetable, at: datetime) -> Session | None:
    """The alert's session, where its cause may still be found or corrected at ``at``: it was never corrected, and the
    next session has not closed."""
    session = timetable.on(alert.session)
    if session is None or alert.corrected_at is not None:
        return None
    following = timetable.before(session, -1)
    return session if following is None or at <= following.close_at else None


def completed(alert: Alert, verdict: CauseRanking | None, at: datetime) -> Alert | None:
    """``alert``, told without a cause, with the one that is known by now; ``None`` where there still is none."""
    best = verdict.best if verdict else None
    if best is None or best.match is None or alert.cause is not None or best.confidence < WORTH_TELLING:
        return None
    return replace(alert, cause=cause_of(best.match, best.confidence), updated_at=at)


def corrected(alert: Alert, verdict: CauseRanking | None, at: datetime, topics: Topics) -> Alert | None:
    """``alert`` with the explanation that is better by now; ``None`` where what was said still stands best."""
    best = verdict.best if verdict else None
    if verdict is None or best is None or best.match is None or alert.cause is None:
        return None
    told = alert.cause.topic
    same = topics.ai_causes if told in topics.ai_causes else frozenset({told})
    if best.topic in same or best.confidence < LIKELY:
        return None
    stands = max((e.confidence for e in verdict.explanations if e.topic in same), default=0.0)
    if best.confidence < stands + AHEAD:
        return None
    return replace(
        alert,
        cause=cause_of(best.match, best.confidence),
        corrected_from=alert.cause,
        corrected_at=at,
        updated_at=at,
    )
