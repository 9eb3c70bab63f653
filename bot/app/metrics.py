"""The running bot in numbers, for Prometheus: read from outside at the moment somebody asks.

Every family is listed in docs/operations.md; a test holds the page, the dashboard and this module against each other.
"""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime

from bot.adapters.metrics import Family, Kind, Sample
from bot.adapters.metrics.process import process_families
from bot.app.live import LiveBot
from bot.app.measures import Measures
from bot.app.vitals import Vitals
from bot.core.errors import StoreError
from bot.core.model import Trouble
from bot.core.ports import Clock
from bot.sender import Sender

VERSION = "0.1.0"
"""As in pyproject.toml, which is not there where the program was copied without it; a test compares them."""


class Gauges:
    """Puts the numbers of one running bot together."""

    def __init__(
        self, bot: LiveBot, sender: Sender, measures: Measures, vitals: Vitals, clock: Clock, started_at: datetime
    ) -> None:
        self._bot = bot
        self._sender = sender
        self._measures = measures
        self._vitals = vitals
        self._clock = clock
        self._started_at = started_at

    def families(self) -> Iterator[Family]:
        """All of them, as they stand now."""
        now = self._clock.now()
        yield from self._build(now)
        yield from self._sources(now)
        yield from self._decisions()
        yield from self._delivery()
        yield from self._history()
        yield from process_families()

    def _build(self, now: datetime) -> Iterator[Family]:
        labels = {"version": VERSION, "python": platform.python_version(), "database_version": self._bot.upkeep.version}
        yield _gauge("aftershock_build_info", "Which program runs; always 1.", 1, labels)
        up = (now - self._started_at).total_seconds()
        yield _gauge("aftershock_uptime_seconds", "How long the bot has run.", up)
        well = self._vitals.judge(now).well
        yield _gauge("aftershock_healthy", "1 where /healthz answers 200.", int(well))

    def _sources(self, now: datetime) -> Iterator[Family]:
        asked, answered = dict(self._measures.polled_at), self._answered()
        yield Family(
            "aftershock_poll_age_seconds",
            Kind.GAUGE,
            "How long ago each source was last asked, whatever it answered.",
            _ages(asked, now),
        )
        yield Family(
            "aftershock_answer_age_seconds",
            Kind.GAUGE,
            "How long ago each source last answered well.",
            _ages(answered, now),
        )
        polls, failures = self._measures.polls, Counter[str]()
        for (source, trouble), times in polls.items():
            failures[source] += times if trouble != Trouble.NONE else 0
        yield Family(
            "aftershock_polls_total",
            Kind.COUNTER,
            "Polls of each source, and how they went.",
            [Sample(n, {"source": s, "trouble": t}) for (s, t), n in sorted(polls.items())],
        )
        yield Family(
            "aftershock_poll_failures_total",
            Kind.COUNTER,
            "Polls of each source that did not go well.",
            [Sample(n, {"source": source}) for source, n in sorted(failures.items())],
        )
        failing = Counter(trouble.value for _, _, trouble, _ in self._bot.engine.view().failing)
        yield Family(
            "aftershock_sources_in_trouble",
            Kind.GAUGE,
            "Sources and symbols in trouble now, by what is wrong.",
            [Sample(failing[t], {"trouble": t.value}) for t in Trouble if t is not Trouble.NONE],
        )
        seen = self._bot.counters
        yield _counter("aftershock_stories_total", "Stories seen.", seen.stories)
        yield _counter("aftershock_quotes_total", "Prices seen.", seen.quotes)
        yield _gauge("aftershock_symbols_priced", "Symbols in the newest answer with prices.", seen.symbols)
        watched = len(self._bot.world.settings.symbols)
        yield _gauge("aftershock_symbols_watched", "Symbols that prices are asked for.", watched)

    def _answered(self) -> dict[str, datetime]:
        """When each source last answered; feeds remember it over a restart."""
        known = {name: state.last_ok_at for name, state in self._bot.states.items() if state.last_ok_at is not None}
        return known | self._measures.answered_at

    def _decisions(self) -> Iterator[Family]:
        counted = self._measures
        yield Family(
            "aftershock_alerts_total",
            Kind.COUNTER,
            "Alerts fired, by rule and severity.",
            [Sample(n, {"rule": r, "severity": s}) for (r, s), n in sorted(counted.alerts.items())],
        )
        yield Family(
            "aftershock_alert_escalations_total",
            Kind.COUNTER,
            "Alerts risen in severity, by rule and new severity.",
            [Sample(n, {"rule": r, "severity": s}) for (r, s), n in sorted(counted.escalations.items())],
        )
        opened = len(self._bot.engine.view().open_incidents)
        yield _gauge("aftershock_incidents_open", "Incidents that are not over.", opened)
        yield Family(
            "aftershock_cycle_duration_seconds",
            Kind.HISTOGRAM,
            "How long one turn of the cycle takes, its transaction included.",
            list(counted.cycle_seconds.samples()),
        )
        lag = self._vitals.longest_lag
        yield _gauge("aftershock_loop_lag_seconds", "The longest the event loop stood still in the last minute.", lag)

    def _delivery(self) -> Iterator[Family]:
        try:
            states = self._bot.outbox.outbox_counts()
        except StoreError:
            states = {}  # a database that cannot be read shows in the numbers below; these are missing then
        yield Family(
            "aftershock_outbox",
            Kind.GAUGE,
            "Notifications in the outbox, by state; unknown ones may have arrived.",
            [Sample(n, {"state": state}) for state, n in states.items()],
        )
        tally = self._sender.tally
        outcomes = {"sent": tally.sent, "retry": tally.retry, "unknown": tally.unknown, "failed": tally.failed}
        yield Family(
            "aftershock_deliveries_total",
            Kind.COUNTER,
            "Attempts to deliver, by how they ended.",
            [Sample(n, {"outcome": outcome}) for outcome, n in outcomes.items()],
        )
        yield _gauge("aftershock_deliveries_in_flight", "Messages being sent now.", self._sender.in_flight)
        yield Family(
            "aftershock_delivery_latency_seconds",
            Kind.HISTOGRAM,
            "From the transaction that holds a message to its acknowledgement by the channel; edits apart.",
            [
                sample
                for channel, histogram in sorted(self._measures.delivery_seconds.items())
                for sample in histogram.samples({"channel": channel})
            ],
        )

    def _history(self) -> Iterator[Family]:
        waiting = self._bot.cycle.uncommitted
        yield _gauge("aftershock_uncommitted_cycles", "Turns of the cycle that wait for the database.", waiting)
        unsettled = self._sender.unsettled
        yield _gauge("aftershock_unsettled_deliveries", "Attempts whose end waits for the database.", unsettled)
        refused = self._measures.refused_commits
        yield _counter("aftershock_refused_commits_total", "Transactions that the database refused.", refused)
        yield _gauge("aftershock_database_bytes", "Size of the history's files.", self._bot.upkeep.size())


def _gauge(name: str, about: str, value: float, labels: Mapping[str, str] | None = None) -> Family:
    return Family(name, Kind.GAUGE, about, [Sample(value, labels or {})])


def _counter(name: str, about: str, value: float) -> Family:
    return Family(name, Kind.COUNTER, about, [Sample(value)])


def _ages(moments: Mapping[str, datetime], now: datetime) -> list[Sample]:
    return [Sample(max(0.0, (now - at).total_seconds()), {"source": s}) for s, at in sorted(moments.items())]
