"""What binds an alert to an incident: what a reader would call the same event.

Two falls that AI news explains in one session are one incident where the same stories explain them, where those stories
name the same lab or model, or where both are in one line of business. A fall in another line, or for another reason,
is another incident. In the next session an incident goes on only by its stories, or by the same lab or model in the
same line of business.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from bot.core.model import NO_STOCK, Alert, Incident, Together

MARKET_WIDE = 8
"""From this many lines of business on, a shock is one of the whole market for AI, not of single lines: what falls with
it in the same session, and by nothing else that is known, belongs to it."""


def same_kind(one: str, other: str, ai_causes: frozenset[str]) -> bool:
    """Whether two topics are one kind of cause: AI's are one, any other topic is its own."""
    return one == other or {one, other} <= ai_causes


class Bond(enum.IntEnum):
    """Why an alert belongs to an incident, weakest first."""

    NONE = 0
    TOGETHER = 1
    """No cause is known, and the rule says that they fall together."""
    LINE = 2
    """AI explains both, in one session and one line of business."""
    AGENT = 3
    """The stories name the same lab or model."""
    STOCK = 4
    """It is about the same stock in the same session."""
    STORIES = 5
    """The same cluster of stories explains both."""


@dataclass(frozen=True, slots=True)
class Bonds:
    """Finds what binds alerts to incidents."""

    lines_of: Callable[[str], Sequence[str]]
    """The lines of business of a symbol, the main one first."""
    ai_causes: Callable[[], frozenset[str]]
    """Topics that count as one cause, AI."""

    def between(self, incident: Incident, alerts: Iterable[Alert], alert: Alert, together: Together) -> Bond:
        """The strongest bond of ``alert`` with ``incident``, which has ``alerts``; it must be recent and move the same
        way. ``together``: which alerts of the alert's rule are one incident while no cause is known."""
        alerts = tuple(alerts)
        if NO_STOCK in {alert.symbol, *incident.symbols}:  # a happening in the news is told by itself
            alike = incident.symbols == (NO_STOCK,) == (alert.symbol,)
            same = alert.cause is not None and alert.cause.cluster in incident.clusters
            return Bond.STORIES if alike and same else Bond.NONE
        now = [a for a in alerts if a.session == alert.session]
        cause = alert.told_cause
        if cause is not None and cause.cluster in incident.clusters:
            # one story may tell of several companies' reasons
            return Bond.STORIES if same_kind(cause.topic, incident.topic, self.ai_causes()) else Bond.NONE
        known = any(a.symbol == alert.symbol for a in now)
        if cause is None:
            return Bond.STOCK if known else self._without_cause(incident, now, alert, together)
        if known and (not incident.topic or self._by_ai(alert, *now)):
            return Bond.STOCK
        return self._by_cause(incident, alerts, now, alert) if self._by_ai(alert) else Bond.NONE

    def _by_cause(self, incident: Incident, alerts: Sequence[Alert], now: Sequence[Alert], alert: Alert) -> Bond:
        """The bond with an alert that AI news explains."""
        by_ai = [a for a in alerts if self._by_ai(a)]
        of_now = [a for a in by_ai if a.session == alert.session]
        acting = _agents(by_ai)
        same_agent = bool(acting.intersection(_agents([alert])))
        if same_agent and (of_now or self._in_line(by_ai, alert)):
            return Bond.AGENT
        told = incident.topic in self.ai_causes() or (not incident.topic and len(incident.symbols) > 1)
        alike = [a for a in now if a.told_cause is None or self._by_ai(a)]  # what AI explains, and what fell with it
        if told and self._in_line(alike, alert):
            return Bond.LINE
        return Bond.LINE if self.one_shock(of_now, [alert]) else Bond.NONE

    def one_shock(self, some: Iterable[Alert], others: Iterable[Alert], without_cause: str = "") -> bool:
        """Whether alerts of one session are of one shock to the whole market for AI: ``some`` or ``others`` are many
        lines of business, and nothing says that another lab or model was behind the rest. Of those that AI explains
        or, where one is given, of those ``without_cause`` by that rule."""

        def counts(alert: Alert) -> bool:
            return alert.told_cause is None and alert.rule == without_cause if without_cause else self._by_ai(alert)

        some, others = list(filter(counts, some)), list(filter(counts, others))
        if not some or not others or not (self._is_market_wide(some) or self._is_market_wide(others)):
            return False
        acting, others_acting = _agents(some), _agents(others)
        return not acting or not others_acting or not acting.isdisjoint(others_acting)

    def _without_cause(self, incident: Incident, now: Sequence[Alert], alert: Alert, together: Together) -> Bond:
        """The bond with an alert whose cause is not known."""
        fired = together is not Together.APART and any(a.rule == alert.rule for a in now)
        if not fired or (incident.topic and incident.topic not in self.ai_causes()):
            return Bond.NONE
        if together is Together.ALL or not self.lines_of(alert.symbol):
            return Bond.TOGETHER
        return Bond.TOGETHER if self._in_line(now, alert) or self._is_market_wide(now) else Bond.NONE

    def _by_ai(self, alert: Alert, *others: Alert) -> bool:
        """Whether AI news explains ``alert`` and, where there are others, one of them."""
        cause = alert.told_cause
        by_ai = cause is not None and cause.topic in self.ai_causes()
        return by_ai and (not others or any(map(self._by_ai, others)))

    def _in_line(self, alerts: Iterable[Alert], alert: Alert) -> bool:
        lines = self._lines(alert)
        return any(not lines.isdisjoint(self._lines(a)) for a in alerts)

    def _lines(self, alert: Alert) -> frozenset[str]:
        """The lines of business by which its cause reaches it; otherwise those of the company."""
        cause = alert.told_cause
        return frozenset((cause.exposures if cause else ()) or self.lines_of(alert.symbol))

    def _is_market_wide(self, alerts: Iterable[Alert]) -> bool:
        """Whether so many lines of business fall that no single one is meant."""
        mains = {lines[0] for a in alerts if (lines := self.lines_of(a.symbol))}
        return len(mains) >= MARKET_WIDE


def _agents(alerts: Iterable[Alert]) -> set[str]:
    return {agent for a in alerts if (cause := a.told_cause) is not None for agent in cause.agents}
