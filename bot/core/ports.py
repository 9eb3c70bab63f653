"""What the core and the application need from the world, as small Protocols, by who uses them. Adapters implement them.

All datetimes are aware UTC; durations are ``timedelta``; fractions are fractions. Every method raises only members of
the tree in ``errors``. ``tests/contract`` holds every implementation to what the docstrings promise.

The history has five faces, and one class may show several of them: ``Journal`` is written by the cycle and read at a
restart, ``Outbox`` and ``Recipients`` serve the sender, ``People`` the chat, ``Upkeep`` the housekeeping, and
``History`` answers questions without the running bot.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime, timedelta
from typing import Any, Protocol, runtime_checkable

from bot.core.incidents.outcomes import NoOutcome, Outcome
from bot.core.model import (
    Alert,
    Batch,
    DailyBar,
    Delivery,
    EarningsDate,
    FeedState,
    Filters,
    HeldBack,
    Incident,
    InDoubt,
    Limits,
    Observation,
    Outgoing,
    Quote,
    Recipient,
    Silence,
    Split,
    StoredStory,
    Summary,
)
from bot.core.prices.exchanges import Listing
from bot.core.prices.sessions import Timetable


class Clock(Protocol):
    """What time it is. Read once per cycle; everything below takes ``now`` as an argument."""

    def now(self) -> datetime:
        """The present, aware UTC. Never goes back."""


# ------------------------------------------------------------------------------------------------------------- sources


class EarningsSource(Protocol):
    """When companies report."""

    async def earnings(self, symbols: Sequence[str], first: date, last: date, now: datetime) -> Sequence[EarningsDate]:
        """The dates from ``first`` to ``last``, inclusive, on which these report, as known at ``now``.

        Symbols the source knows no date of are missing. Raises SourceError when the source as a whole fails.
        """


@runtime_checkable
class PriceSource(Protocol):
    """Latest prices and daily history of symbols. Derive from it: what is not every source's has a default here."""

    title: str
    """What people call it: ``Yahoo``."""
    advice: str = "see the documentation of this price source"
    """What to do where it fails, in one line."""
    note: str = ""
    """What the last call could not do as it should, in one line; empty where all went well."""
    delay: timedelta = timedelta()
    """How far its quotes are behind the exchange. A quote is called stale only that much later."""
    calendar: EarningsSource | None = None
    """Who knows when companies report, where this source does."""

    async def quotes(self, symbols: Sequence[str], now: datetime) -> Sequence[Quote]:
        """The latest quote of each symbol the source knows, pre and post phases included; ``seen_at`` is ``now``.

        Symbols it does not know are missing from the answer. Prices are handed on as the vendor states them, NaN and
        nonsense included: the core refuses and counts them. Raises SourceError when the source as a whole fails.
        """

    async def history(
        self, symbols: Sequence[str], first: date, now: datetime
    ) -> tuple[Sequence[DailyBar], Sequence[Split]]:
        """Finished daily bars from ``first`` on and the splits among them; all on today's split basis.

        ``seen_at`` is ``now``. A session not yet over has no bar. Raises SourceError when nothing could be read;
        single symbols that fail are left out.
        """

    async def describe(self, symbols: Sequence[str]) -> Mapping[str, Listing]:
        """Name, exchange and currency of the symbols the source can describe. Raises SourceError when it fails."""
        return {}

    def close(self) -> None:
        """Give everything back. Closing twice is allowed."""
        return


# ------------------------------------------------------------------------------------------------------------ delivery


@runtime_checkable
class Notifier(Protocol):
    """One channel that reaches recipients. Derive from it: the defaults are those of a channel without limits."""

    channel: str
    """Its name: what stands before the colon in the ids of its recipients."""
    edits: bool = True
    """A message that was sent can be replaced by a newer text; without it, edits are not routed here."""
    limits: Limits | None = None
    """How fast it may be used; ``None`` for as fast as it goes."""
    apart: bool = False
    """Each recipient is a service of its own: where one of them is down, the others go on."""
    repeatable: bool = False
    """The receiver knows a repeated message by its id, so that one in doubt may be sent again."""

    async def send(self, outgoing: Outgoing) -> str:
        """Deliver, and return the channel's id of the message (for later edits and replies).

        Raises DeliveryError; after ``unknown`` the caller must not repeat the attempt by itself. Cancelled before
        anything was sent it raises CancelledUnsent.
        """

    async def close(self) -> None:
        """Give everything back; nothing is sent afterwards. Closing twice is allowed."""
        return


class Outbox(Protocol):
    """Notifications that are committed and not settled. Every method raises StoreError or one of its children."""

    def claim(
        self, now: datetime, lease_for: timedelta, limit: int, channels: Collection[str], busy: Collection[str] = ()
    ) -> Sequence[Outgoing]:
        """Lease up to ``limit`` queued notifications whose time has come: messages before edits, then most severe,
        then oldest; one per recipient at a time.

        Recipients in ``busy`` (ids whose chat must rest a moment) are passed over: a lease is only ever taken on what
        goes out at once, so that a killed process leaves nothing in doubt that it had not begun to send.

        An edit is only handed out when the message it edits is ``sent``; until then it waits, and where that message
        will never be sent it is settled as ``superseded``. The attempt is recorded before this returns: a lease left
        by a killed process is found by ``recover``, and one that ran out becomes ``unknown``.
        """

    def settle(self, delivery: Delivery) -> None:
        """Record how an attempt ended and what follows: ``sent``, back to the queue at ``retry_at``, or given up.

        A repeat changes nothing. Raises StoreError for an attempt that was never claimed.
        """

    def recover(self, now: datetime) -> int:
        """At start: leases of a dead process become ``unknown`` (they may have been sent). Returns how many."""

    def outbox_counts(self) -> Mapping[str, int]:
        """How many notifications stand ``queued``, ``leased`` and ``unknown``."""

    def in_doubt(self) -> Sequence[InDoubt]:
        """Notifications of which nobody knows whether they arrived, the newest first."""

    def resolve(self, wanted: str, how: str, by: str, now: datetime) -> int:
        """Settle what is in doubt as somebody found it (``done``, ``again``), by the beginning of its id, or ``all``.

        Returns how many.
        """


class Recipients(Protocol):
    """Who may be told something. Every method raises StoreError or one of its children."""

    def recipients(self) -> Sequence[Recipient]:
        """Everyone who may be told something, disabled ones included."""

    def save_recipients(self, recipients: Iterable[Recipient]) -> None:
        """Insert or update recipients by id. What waits for one that is now disabled is suppressed."""

    def move_recipient(self, old: str, new: str) -> None:
        """The channel gave the chat ``old`` the id ``new``: preferences, history and queue go along. Repeating is
        harmless."""


class Extras(Protocol):
    """Small named values beside everything else."""

    def extra(self, name: str) -> str | None:
        """The value of that name; ``None`` where there is none."""

    def save_extra(self, name: str, value: str, now: datetime) -> None:
        """Write one by itself; a batch may bring others."""


class People(Recipients, Extras, Protocol):
    """Recipients and what people choose. Every method raises StoreError or one of its children."""

    def silences(self, now: datetime) -> Sequence[Silence]:
        """What people have silenced and is not over at ``now``."""

    def save_silence(self, silence: Silence, now: datetime, made_by: str, comment: str = "") -> None:
        """Remember a silence, and who made it; one of the same id is replaced."""

    def end_silence(self, silence_id: str, now: datetime) -> bool:
        """End a silence; False where none of that id runs."""

    def save_verdict(self, incident: str, person: str, verdict: str, recipient: str, now: datetime) -> bool:
        """What a person answers to "was this right?", the last word counts; False where there is no such incident."""

    def verdicts(self, incident: str) -> Mapping[str, int]:
        """How many people said what of an incident."""

    def held(self, recipient: str, since: datetime) -> Sequence[HeldBack]:
        """What was held back from a recipient since then and not told meanwhile, oldest first."""


# ------------------------------------------------------------------------------------------------------------- journal


class Recorder(Protocol):
    """What a cycle writes to."""

    def commit(self, batch: Batch) -> None:
        """Write all of ``batch`` in one transaction. Repeating a batch changes nothing: rows are known by their ids.

        A queued edit that is still unsent is superseded by a newer edit of the same message in the same call. Raises
        StoreBusyError or StoreFullError where trying again may help, another StoreError where it will not.
        """


class Journal(Recorder, Extras, Protocol):
    """What a run has seen and decided, and how a restart gets it back. One writer.

    Every method raises StoreError or one of its children.
    """

    def known_keys(self, keys: Collection[str]) -> Mapping[str, str]:
        """Which of these story identities were ever seen: key to story id. The seen-set never forgets."""

    def feed_states(self) -> Mapping[str, FeedState]:
        """What is remembered of each feed, by name."""

    def observations(
        self, since: datetime, until: datetime, quotes_since: datetime | None = None
    ) -> Iterator[Observation]:
        """Stored stories, quotes, daily bars and splits with ``since < seen_at <= until``, by ``seen_at``.

        With ``quotes_since``, quotes only from then on, older trades thinned out: what a live restart needs.
        Daily bars are always included from ``since`` minus two years, so that long references can be rebuilt.
        """

    def alerts_since(self, session: date) -> Sequence[Alert]:
        """Alerts of sessions from ``session`` on, and any older one that fires or whose incident is open, by
        ``fired_at``."""

    def incidents_since(self, session: date) -> Sequence[Incident]:
        """Incidents whose last session is ``session`` or later, and any still open, by ``started_at``."""

    def record_rules(self, versions: Iterable[tuple[str, str, str]], now: datetime) -> None:
        """Remember the text of each ``(rule, version, text)``; one known already stays as it was first used."""


class Upkeep(Protocol):
    """What the running bot does for its history now and then, and says of it."""

    version: str
    """The version of what is stored."""

    def size(self) -> int:
        """How much room it takes, in bytes; 0 where that cannot be told. Raises nothing."""

    def prune_in_steps(self, now: datetime, keep: Mapping[str, timedelta]) -> Iterator[Mapping[str, int]]:
        """Forget rows older than ``keep`` says for each kind, apart from what an alert rests on.

        Yields how many went so far, by kind, after each short transaction, so that an event loop can breathe. Raises
        StoreError.
        """

    def update_outcomes_in_steps(self, timetable_of: Callable[[str], Timetable], now: datetime) -> Iterator[int]:
        """Store what followed each alert, as far as it is due and known and not stored yet, in one transaction.

        ``timetable_of`` gives the sessions of a symbol's exchange. Yields how many are new so far, after each symbol.
        Raises StoreError.
        """


class Store(Journal, Outbox, People, Upkeep, Protocol):
    """Everything a run writes to, as the wiring opens it. Nobody else asks for more than one of these."""

    def close(self, now: datetime | None = None) -> None:
        """End the run, at ``now`` if given, and let others write. Closing twice is allowed."""


# ------------------------------------------------------------------------------------------------------------- history


class Outcomes(Protocol):
    """What followed the alerts. Every method raises StoreError."""

    def known_rules(self) -> Sequence[str]:
        """The rules that were ever in force, by name."""

    def fired_alerts(self, *, rule: str | None = None, since: datetime | None = None) -> Sequence[Alert]:
        """Alerts as they were when they fired, oldest first, without cause and checks; severity is the highest."""

    def all_verdicts(self) -> Mapping[str, Mapping[str, int]]:
        """By incident, how many readers said what of it."""

    def stored_outcomes(self) -> Iterator[Outcome]:
        """Every stored outcome that has a price."""

    def first_session(self) -> date | None:
        """The earliest session an alert is about."""

    def missing_outcomes(
        self, timetable_of: Callable[[str], Timetable], now: datetime
    ) -> Iterator[Sequence[Outcome | NoOutcome]]:
        """What is not stored yet and can be told at ``now``, a list for each symbol looked at."""


class RecordedIncident(Protocol):
    """What is stored of one incident, for making an episode of it. Every method raises StoreError."""

    def incident(self, incident_id: str) -> Incident | None:
        """The incident of that id; where it turned out to be part of another, that one."""

    def newest_incidents(self, count: int) -> Sequence[str]:
        """Ids of the incidents that began last, newest first."""

    def alerts_of(self, incident_id: str) -> Sequence[Alert]:
        """The alerts of an incident, in the order they fired."""

    def changed_at(self, alert_id: str) -> Sequence[datetime]:
        """When an alert fired and rose in severity."""

    def last_seen_at(self) -> datetime | None:
        """When the newest price was seen."""

    def first_priced_at(self, symbol: str, since: datetime) -> datetime | None:
        """When the first price of a symbol from ``since`` on happened."""

    def priced_symbols(self) -> Sequence[str]:
        """Every symbol that ever had a price, in order."""

    def count_quotes(self, symbol: str, since: datetime, until: datetime) -> int:
        """How many prices of a symbol happened from ``since`` to ``until``, inclusive."""

    def quotes(self, symbol: str, since: datetime, until: datetime) -> Sequence[Quote]:
        """Those prices, in order of time."""

    def thinned_quotes(
        self,
        symbol: str,
        since: datetime,
        until: datetime,
        whole: Iterable[tuple[datetime, datetime]],
        *,
        minutely: bool,
    ) -> Sequence[Quote]:
        """Those prices, whole within the stretches given; outside, one a minute, or only what others rest on."""

    def bars(self, symbol: str, first: date, last: date) -> Sequence[DailyBar]:
        """Daily bars of a symbol by session, both ends inclusive, as they were stored last."""

    def splits(self, symbol: str) -> Sequence[Split]:
        """Every split of a symbol."""

    def stories(self, since: datetime, until: datetime, alerts: Sequence[str]) -> Iterator[StoredStory]:
        """The stories seen from ``since`` to ``until``, and those these alerts point to, by ``seen_at``."""


class History(Outcomes, RecordedIncident, Protocol):
    """The history as people and programs read it: beside a running bot, and without changing anything.

    Objects are those that ``--json`` prints, and the pages of docs/history.md describe them. Every method raises
    StoreError, or UsageError where it is asked for what makes no sense.
    """

    def extent(self) -> tuple[datetime, datetime] | None:
        """When the first and the last story or quote was seen; ``None`` where there is none yet."""

    def count_alerts(self) -> int:
        """How many alerts there are."""

    def list_alerts(
        self,
        *,
        symbol: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        rule: str | None = None,
        incident: str | None = None,
        limit: int | None = 100,
    ) -> Sequence[dict[str, Any]]:
        """Alerts, newest first; ``since`` and ``until`` bound when they fired, the latter exclusive."""

    def find_alerts(self, filters: Filters, limit: int | None = 100) -> Sequence[dict[str, Any]]:
        """As ``list_alerts``, for everything that can be asked."""

    def show_alert(self, alert_id: str) -> dict[str, Any] | None:
        """One alert with all that belongs to it, by its id or enough of its beginning; ``None`` where there is none.

        Raises StoreError where several begin so.
        """

    def quotes_around(self, alert_id: str) -> Sequence[tuple[str, float, str]]:
        """The quotes an alert rests on, a day before to a day after: when, the price, and what kind it is."""

    def list_incidents(self, filters: Filters | None = None, limit: int | None = 100) -> Sequence[dict[str, Any]]:
        """Incidents, newest first."""

    def show_incident(self, incident_id: str) -> dict[str, Any] | None:
        """One incident with its alerts, stories, messages, what followed and what readers say."""

    def headline(self, incident_id: str) -> str | None:
        """The first line of what was told of an incident last; ``None`` where nothing was."""

    def told_summary(self, incident_id: str) -> Summary | None:
        """The newest whole summary of an incident."""

    def read_summary(self, stored: str) -> Summary | None:
        """A summary as ``show_incident`` gives it; ``None`` where another version of the program wrote it."""

    def search(self, words: str, filters: Filters | None = None, limit: int = 20) -> Sequence[dict[str, Any]]:
        """Alerts and stories with these words, newest first, at most so many of each."""

    def statistics(self, by: str, filters: Filters | None = None) -> Sequence[dict[str, Any]]:
        """How often what fired, by ``rule``, ``symbol``, ``month`` or ``exposure``."""

    def standing(self) -> Mapping[str, Any]:
        """How the history stands: ``open`` incidents, newest ``story_at`` and ``quote_at``, how many ``sources`` are
        known and how many of them are in ``trouble``."""

    def export(self, what: str, filters: Filters, form: str, out: Sink) -> int:
        """Write all ``alerts``, ``incidents`` or ``stories`` that pass, as ``form`` says; returns how many."""

    def export_to(self, file: str, what: str, filters: Filters, form: str) -> int:
        """As ``export``, into the file of that name, which is put in its place when it is whole."""

    def select(
        self, sql: str, *, seconds: float
    ) -> AbstractContextManager[tuple[Sequence[str], Iterator[tuple[Any, ...]]]]:
        """The names of the columns of somebody's own query, and its rows as they come; for reading only."""

    def findings(self) -> Sequence[str]:
        """What is wrong with the history or missing in it, one line each; empty where it is whole."""

    def prunable(self, now: datetime, keep: Mapping[str, timedelta]) -> Mapping[str, int]:
        """How many rows ``Upkeep.prune_in_steps`` would remove, by kind."""


class Sink(Protocol):
    """Where an export is written."""

    def write(self, data: bytes, /) -> object:
        """Take some of it."""


OpenHistory = Callable[[], AbstractContextManager[History]]
"""Opens the history for reading for the time of a block. Raises StoreError, StoreVersionError where it cannot be."""
