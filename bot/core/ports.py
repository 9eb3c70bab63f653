"""What core and application need from the world, as small Protocols named after their use. Adapters implement them.

All datetimes are aware UTC. Methods raise only errors of the tree in ``errors``. ``tests/contract`` runs one set of
tests over every implementation.

The history has several ports, which one class may implement together: ``Journal`` is written by the cycle and read at a
restart, ``Outbox`` and ``Recipients`` serve the sender, ``People`` the chat, ``Upkeep`` housekeeping, and ``History``
queries beside the running bot.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Any, Protocol, runtime_checkable

from bot.core.incidents.outcomes import NoOutcome, Outcome
from bot.core.model import (
    Alert,
    Attempt,
    Batch,
    DailyBar,
    Delivery,
    EarningsDate,
    FeedAnswer,
    FeedState,
    Filters,
    Headline,
    HeldBack,
    HistoryPoll,
    Incident,
    InDoubt,
    JsonAnswer,
    LearnedName,
    Limits,
    NewsPoll,
    Observation,
    Outgoing,
    PricePoll,
    Quote,
    Recipient,
    Severity,
    Silence,
    Split,
    StoredStory,
    Summary,
    ToldMessage,
)
from bot.core.prices.exchanges import Listing
from bot.core.prices.sessions import Timetable


class Clock(Protocol):
    """The time. Read once per cycle; everything below takes ``now`` as an argument."""

    def now(self) -> datetime:
        """Never goes back."""


# ------------------------------------------------------------------------------------------------------------- sources


class EarningsSource(Protocol):
    """When companies report."""

    async def earnings(self, symbols: Sequence[str], first: date, last: date, now: datetime) -> Sequence[EarningsDate]:
        """The earnings dates from ``first`` to ``last``, inclusive, as known at ``now``, of the symbols it knows.

        Raises SourceError when the source as a whole fails.
        """


class CompanyNews(Protocol):
    """Headlines about a company, with their publishers."""

    async def headlines(self, symbol: str) -> Sequence[Headline]:
        """The newest headlines about it, newest first. Raises SourceError."""


class StreamListener(Protocol):
    """Who listens to a price stream. Called in the event loop's thread; must not block."""

    def opened(self) -> None:
        """The connection stands and the symbols are subscribed to."""

    def trade(self, symbol: str, price: float, at: datetime, currency: str) -> None:
        """A trade at ``at``, in whole seconds, as the vendor sends it; ``currency`` is empty where it is not stated."""

    def odd(self, why: str) -> None:
        """A message that cannot be used; ``why`` is one of a few words."""


class PriceStream(Protocol):
    """Trades as they happen, beside the quotes that are polled and stay the truth."""

    source: str
    """The source of quotes made of its trades: ``yahoo stream``."""
    most: int
    """How many symbols it takes at most."""

    async def listen(self, symbols: Sequence[str], listener: StreamListener) -> None:
        """Connect once, and tell the listener of trades of these symbols until the connection ends.

        Raises SourceError that says how it ended. Ends soon after being cancelled.
        """


@runtime_checkable
class PriceSource(Protocol):
    """Latest prices and daily history of symbols. Derive from it: what not every source has, has a default here."""

    title: str
    """For people: ``Yahoo``."""
    advice: str = "see the documentation of this price source"
    """What to do when it fails, in one line."""
    delay: timedelta = timedelta()
    """How far its quotes lag behind the exchange; they count as stale that much later."""
    delays: Mapping[str, timedelta] = MappingProxyType({})
    """How far quotes of single exchanges (ISO 10383 codes) lag behind them, as far as it has said so by now."""
    calendar: EarningsSource | None = None
    """Its earnings dates, if it has any."""
    stream: PriceStream | None = None
    """Its trades as they happen, if it tells them."""
    news: CompanyNews | None = None
    """Its headlines about companies, if it has any."""

    async def quotes(self, symbols: Sequence[str], now: datetime) -> PricePoll:
        """The latest quote of each symbol the source knows, all phases included; ``seen_at`` is ``now``.

        Prices are passed on as the vendor sends them, NaN and nonsense included: the core refuses and counts them.
        Symbols that were not asked for, not answered or held back are in ``missing``; those in neither are unknown.
        Raises SourceError when the source as a whole fails.
        """

    async def history(self, symbols: Sequence[str], first: date, now: datetime) -> HistoryPoll:
        """Daily bars of finished sessions from ``first`` on, and the splits since; all on today's split basis.

        ``seen_at`` is ``now``. Symbols that fail are in ``missing``. Raises SourceError when nothing could be read.
        """

    async def describe(self, symbols: Sequence[str]) -> Mapping[str, Listing]:
        """Name, exchange and currency of the symbols it can describe. Raises SourceError when it fails."""
        return {}

    def close(self) -> None:
        """Release everything. Closing twice is allowed."""
        return


AskJson = Callable[[str, str], Awaitable[JsonAnswer]]
"""Asks an address for JSON, with the ETag of its last answer or an empty text. Raises SourceError."""
AskFeed = Callable[[str, str], Awaitable[FeedAnswer]]
"""The same for an RSS or Atom feed."""
Organisations = Callable[[str], Mapping[str, str]]
"""The labs that publish at a place, by the names of their organisations there."""


@runtime_checkable
class NewsSource(Protocol):
    """What happens, as structured observations from where it happens: models as they are published, prices as they
    change. Derive from it: the defaults suit a public list that is asked with one request."""

    title: str
    """For people: ``Hugging Face``. The publisher of its stories, unless they name another."""
    advice: str = "see the documentation of this news source"
    """What to do when it fails, in one line."""
    interval: timedelta = timedelta(minutes=2)
    """How often it is polled while it works."""
    stories_per_day: int = 100
    """What it brings beyond this is not read, and reported once."""

    async def poll(self, state: str, since: datetime | None, now: datetime) -> NewsPoll:
        """What is new at ``now``. ``state`` is that of the last poll's answer, ``since`` when that was; at the first
        poll they are empty and ``None``, and what it brings explains moves but fires no rule.

        Raises SourceError when the source as a whole fails, or its answer has another shape than expected.
        """

    def close(self) -> None:
        """Release everything. Closing twice is allowed."""
        return


# ------------------------------------------------------------------------------------------------------------ delivery


@runtime_checkable
class Notifier(Protocol):
    """One channel that reaches recipients. Derive from it: the defaults are those of a channel without limits."""

    channel: str
    """Its name, before the colon in the ids of its recipients."""
    edits: bool = True
    """Sent messages can be edited; otherwise edits are not routed here."""
    limits: Limits | None = None
    """Rate limits, if any."""
    separate_services: bool = False
    """Each recipient is a service of its own: one may be down while the others work."""
    repeatable: bool = False
    """The receiver recognises a repeated message by its id, so that one in doubt may be sent again."""

    async def send(self, outgoing: Outgoing) -> str:
        """Deliver, and return the channel's id of the message, for edits and replies.

        Raises DeliveryError; after ``unknown`` a repeat must be marked as perhaps one. Raises CancelledUnsent when
        cancelled before anything was sent.
        """

    async def probe(self) -> None:
        """Ask whether the channel works again, without sending a message. Raises DeliveryError if it does not."""
        return

    async def close(self) -> None:
        """Release everything; nothing is sent afterwards. Closing twice is allowed."""
        return


class Outbox(Protocol):
    """Notifications that are committed and not settled. Methods raise StoreError."""

    def claim(
        self, now: datetime, lease_for: timedelta, limit: int, channels: Collection[str], busy: Collection[str] = ()
    ) -> Sequence[Outgoing]:
        """Lease up to ``limit`` queued notifications that are due, one per recipient: messages before edits, then the
        most severe, then the oldest.

        Recipients in ``busy`` (by id) are skipped: only what is sent at once is leased, so that a killed process leaves
        nothing in doubt that it had not begun to send.

        An edit waits until the message it edits is ``sent``; where that will never be, it is settled as ``superseded``.
        The attempt is recorded before this returns: ``recover`` finds a lease left by a killed process, and one that
        ran out becomes ``unknown``. An edit is queued again instead, as repeating it does no harm.
        """

    def settle(self, *deliveries: Delivery) -> None:
        """Record how attempts ended: ``sent``, back to the queue at ``retry_at`` if there is one, or given up.

        Settling again changes nothing. Raises StoreError for an attempt that was never claimed, and records none then.
        """

    def recover(self, now: datetime) -> int:
        """At start: leases of a dead process become ``unknown``, as they may have been sent; edits are queued again.
        Returns how many became ``unknown``."""

    def repeat_in_doubt(self, since: datetime, least: Severity, ask: Collection[str], always: Collection[str]) -> int:
        """Queue once more what is in doubt after a single attempt and was created after ``since``. Returns how many.

        That is operator notices and what is of severity ``least`` or above, except on the channels in ``ask``; on those
        in ``always``, which recognise repeats, everything.
        """

    def attempts_since(self, since: datetime) -> Sequence[Attempt]:
        """Every attempt that began after ``since``, and the last one of what is queued, oldest first."""

    def outbox_counts(self) -> Mapping[str, int]:
        """How many notifications are ``queued``, ``leased`` and ``unknown``."""

    def in_doubt(self) -> Sequence[InDoubt]:
        """Notifications that may or may not have arrived, newest first."""

    def resolve(self, wanted: str, how: str, by: str, now: datetime) -> int:
        """Settle what is in doubt as ``done`` or ``again``, by the start of its id, or ``all``. Returns how many."""


class Recipients(Protocol):
    """Who receives messages. Methods raise StoreError."""

    def recipients(self) -> Sequence[Recipient]:
        """All recipients, disabled ones included."""

    def save_recipients(self, recipients: Iterable[Recipient]) -> None:
        """Insert or update by id. What is queued for a recipient disabled now is suppressed."""

    def move_recipient(self, old: str, new: str) -> None:
        """Give the chat ``old`` the id ``new``, with its preferences, history and queue. Repeating changes nothing."""


class Extras(Protocol):
    """Small named values."""

    def extra(self, name: str) -> str | None:
        """The value of that name, if any."""

    def save_extra(self, name: str, value: str, now: datetime) -> None:
        """Write one; batches may write others."""


class Aside(Protocol):
    """A short note beside the history, for the next run: it can be written also when the history cannot be."""

    def note(self) -> str:
        """The note as it was left, by whichever run; empty if there is none. Raises nothing."""

    def leave_note(self, note: str) -> None:
        """Replace it, as well as possible; of one line of up to 250 characters of ASCII. Raises nothing."""


class People(Recipients, Extras, Protocol):
    """Recipients and their choices. Methods raise StoreError."""

    def silences(self, now: datetime) -> Sequence[Silence]:
        """Silences in force at ``now``."""

    def save_silence(self, silence: Silence, now: datetime, made_by: str, comment: str = "") -> None:
        """Insert or replace a silence by id."""

    def end_silence(self, silence_id: str, now: datetime) -> bool:
        """End a silence; False where none of that id is in force."""

    def save_verdict(self, incident: str, person: str, verdict: str, recipient: str, now: datetime) -> bool:
        """A person's answer to "was this right?", replacing an earlier one; False where there is no such incident."""

    def verdicts(self, incident: str) -> Mapping[str, int]:
        """How many people gave each verdict on an incident."""

    def held(self, recipient: str, since: datetime) -> Sequence[HeldBack]:
        """What was held back from a recipient since then and not sent later, oldest first."""


# ------------------------------------------------------------------------------------------------------------- journal


class Recorder(Protocol):
    """What a cycle writes to."""

    def commit(self, batch: Batch) -> None:
        """Write all of ``batch`` in one transaction. Committing it again changes nothing, as rows have their own ids.

        A newer edit of a message supersedes one still queued. Raises StoreBusyError or StoreFullError where trying
        again may help, another StoreError where it will not.
        """


class Journal(Recorder, Extras, Protocol):
    """What a run has seen and decided, for a restart. One writer. Methods raise StoreError."""

    def known_keys(self, keys: Collection[str]) -> Mapping[str, str]:
        """Which of these story identities were ever seen: key to story id. None is ever forgotten."""

    def feed_states(self) -> Mapping[str, FeedState]:
        """The state of each feed, by name."""

    def observations(
        self, since: datetime, until: datetime, quotes_since: datetime | None = None
    ) -> Iterator[Observation]:
        """Stored stories, second readings, quotes, daily bars and splits with ``since < seen_at <= until``, by
        ``seen_at``.

        With ``quotes_since``, quotes only from then on, older trades thinned out, as a live restart needs. Daily bars
        are included from two years before ``since``, for long references.
        """

    def latest_at(self) -> datetime | None:
        """When the newest story or quote was seen; ``None`` where there is none."""

    def alerts_since(self, session: date) -> Sequence[Alert]:
        """Alerts of sessions from ``session`` on, and older ones firing or of an open incident, by ``fired_at``."""

    def incidents_since(self, session: date) -> Sequence[Incident]:
        """Incidents whose last session is ``session`` or later, and all open ones, by ``started_at``."""

    def record_rules(self, versions: Iterable[tuple[str, str, str]], now: datetime) -> None:
        """Store the ``(rule, version, text)`` of all rules in force from ``now`` on."""

    def rules_in_force(self) -> Sequence[tuple[str, str, str]]:
        """The rules recorded last, as ``(rule, version, text)``, by name; a text is empty where it was never stored."""


class Upkeep(Protocol):
    """Housekeeping of the history by the running bot."""

    version: str
    """The version of the storage format."""

    def size(self) -> int:
        """In bytes; 0 where that is unknown. Raises nothing."""

    def lost(self) -> str:
        """Why nobody would read what is written now (the file was removed or replaced) and what to do, in one line;
        empty if all is well. Writing raises StoreLostError then. Cheap; raises nothing."""

    def replaced(self) -> str:
        """Who has taken the history over from this run, in one line, which then has to end; empty as long as nobody
        has. Asked about once a second by a run that is alive, for others may tell by that. Cheap; raises nothing."""
        return ""

    def prune_in_steps(self, now: datetime, keep: Mapping[str, timedelta]) -> Iterator[Mapping[str, int]]:
        """Delete rows older than ``keep`` has for their kind, except evidence of alerts.

        Of the kind ``every quote``, older trades are not deleted but thinned: one every ten minutes stays, each hour's
        range, and whatever alerts, messages and outcomes rest on.

        Yields how many so far, by kind, after each short transaction, so that an event loop is not blocked. Raises
        StoreError.
        """

    def update_outcomes_in_steps(self, timetable_of: Callable[[str], Timetable], now: datetime) -> Iterator[int]:
        """Store the outcomes of alerts that are due, known and not stored yet, in one transaction.

        ``timetable_of`` has the sessions of a symbol's exchange. Yields how many so far, after each symbol. Raises
        StoreError.
        """


class Store(Journal, Outbox, People, Upkeep, Aside, Protocol):
    """Everything a run writes to, as the wiring opens it. Everyone else takes a single port."""

    def close(self, now: datetime | None = None) -> None:
        """End the run, at ``now`` if given, and release the history. Closing twice is allowed."""


# ------------------------------------------------------------------------------------------------------------- history


class Outcomes(Protocol):
    """Outcomes of alerts. Methods raise StoreError."""

    def known_rules(self) -> Sequence[str]:
        """The names of all rules ever in force."""

    def fired_alerts(self, *, rule: str | None = None, since: datetime | None = None) -> Sequence[Alert]:
        """Alerts as they fired, oldest first, without cause and checks, with their highest severity."""

    def all_verdicts(self) -> Mapping[str, Mapping[str, int]]:
        """By incident, how many people gave each verdict."""

    def stored_outcomes(self) -> Iterator[Outcome]:
        """Every stored outcome that has a price."""

    def first_session(self) -> date | None:
        """The earliest session an alert is about."""

    def missing_outcomes(
        self, timetable_of: Callable[[str], Timetable], now: datetime
    ) -> Iterator[Sequence[Outcome | NoOutcome]]:
        """Outcomes not stored yet and known at ``now``, a list for each symbol."""


class RecordedIncident(Protocol):
    """What is stored about one incident, to make an episode of it. Methods raise StoreError."""

    def every_quote_since(self) -> datetime | None:
        """Quotes traded before that may have been thinned; ``None`` where none have."""

    def incident(self, incident_id: str) -> Incident | None:
        """The incident of that id, or the one it was merged into."""

    def newest_incidents(self, count: int) -> Sequence[str]:
        """Ids of the latest incidents, newest first."""

    def alerts_of(self, incident_id: str) -> Sequence[Alert]:
        """In the order they fired."""

    def changed_at(self, alert_id: str) -> Sequence[datetime]:
        """When an alert fired and rose in severity."""

    def last_seen_at(self) -> datetime | None:
        """When the newest quote was seen."""

    def first_priced_at(self, symbol: str, since: datetime) -> datetime | None:
        """The event time of a symbol's first quote from ``since`` on."""

    def priced_symbols(self) -> Sequence[str]:
        """Every symbol that ever had a quote, sorted."""

    def count_quotes(self, symbol: str, since: datetime, until: datetime) -> int:
        """Quotes of a symbol by event time from ``since`` to ``until``, inclusive."""

    def quotes(self, symbol: str, since: datetime, until: datetime) -> Sequence[Quote]:
        """The same, by event time."""

    def thinned_quotes(
        self,
        symbol: str,
        since: datetime,
        until: datetime,
        whole: Iterable[tuple[datetime, datetime]],
        *,
        minutely: bool,
    ) -> Sequence[Quote]:
        """The same, all of them within the spans ``whole``; outside, one a minute, or only what references need."""

    def bars(self, symbol: str, first: date, last: date) -> Sequence[DailyBar]:
        """Daily bars by session, both ends inclusive, as stored last."""

    def splits(self, symbol: str) -> Sequence[Split]:
        """All splits of a symbol."""

    def stories(self, since: datetime, until: datetime, alerts: Sequence[str]) -> Iterator[StoredStory]:
        """Stories seen from ``since`` to ``until``, and those these alerts point to, by ``seen_at``; with what a second
        reader answered about each."""


class History(Outcomes, RecordedIncident, Protocol):
    """Read-only queries, beside a running bot.

    Objects are those that ``--json`` prints, described in docs/history.md. Methods raise StoreError, or UsageError for
    arguments that make no sense.
    """

    def extent(self) -> tuple[datetime, datetime] | None:
        """When the first and the last story or quote was seen, if any was."""

    def told_by_source(self, since: datetime) -> Iterator[tuple[str, str, datetime]]:
        """For each happening that an alert since then points to as its cause, each source that told of it, and when it
        did so first."""

    def stories_by_source(self, since: datetime) -> Mapping[str, int]:
        """How many stories each source brought since then."""

    def learned_names(self) -> Sequence[LearnedName]:
        """Every name of models that was learned, oldest first."""

    def is_of_backtest(self) -> bool:
        """Whether a backtest wrote it: then it has prices only of what alerts needed."""

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
        """Alerts fired from ``since`` to before ``until``, newest first."""

    def find_alerts(self, filters: Filters, limit: int | None = 100) -> Sequence[dict[str, Any]]:
        """As ``list_alerts``, with every filter."""

    def show_alert(self, alert_id: str) -> dict[str, Any] | None:
        """One alert with everything about it, by its id or the start of it. Raises StoreError where several match."""

    def quotes_around(self, alert_id: str) -> Sequence[tuple[str, float, str]]:
        """Quotes of the alert's symbol from a day before to a day after: event time, price, kind."""

    def list_incidents(self, filters: Filters | None = None, limit: int | None = 100) -> Sequence[dict[str, Any]]:
        """Incidents, newest first."""

    def show_incident(self, incident_id: str) -> dict[str, Any] | None:
        """One incident with its alerts, stories, messages, outcomes and verdicts."""

    def last_message(self, incident_id: str) -> ToldMessage | None:
        """The newest message with an incident's whole summary, edits included, sent or not."""

    def read_summary(self, stored: str) -> Summary | None:
        """A summary from ``show_incident``; ``None`` where another version of the program wrote it."""

    def list_rules(self) -> Sequence[dict[str, Any]]:
        """Every rule that was ever in force, by name, with what it fired."""

    def show_rule(self, rule: str) -> dict[str, Any] | None:
        """One of them with its texts, what it fired and what followed; ``None`` where none has this name."""

    def search(self, words: str, filters: Filters | None = None, limit: int = 20) -> Sequence[dict[str, Any]]:
        """Alerts and stories with these words, newest first, at most ``limit`` of each."""

    def statistics(self, by: str, filters: Filters | None = None) -> Sequence[dict[str, Any]]:
        """How many alerts fired, by ``rule``, ``symbol``, ``month`` or ``exposure``."""

    def standing(self) -> Mapping[str, Any]:
        """The current status: ``open`` incidents, latest ``story_at`` and ``quote_at``, number of ``sources`` and of
        those in ``trouble``."""

    def live(self) -> Mapping[str, Any]:
        """How the bot stands: its last ``run``, ids of ``open`` incidents, ``waiting`` messages by channel and state,
        and ``sources`` with their last polls, those in trouble first."""

    def export(self, what: str, filters: Filters, form: str, out: Sink) -> int:
        """Write all ``alerts``, ``incidents`` or ``stories`` that match, in a format; returns how many."""

    def export_to(self, file: str, what: str, filters: Filters, form: str) -> int:
        """As ``export``, into a file that appears under its name once it is complete."""

    def select(
        self, sql: str, *, seconds: float
    ) -> AbstractContextManager[tuple[Sequence[str], Iterator[tuple[Any, ...]]]]:
        """Column names and rows of a user's own read-only query, as they come."""

    def findings(self) -> Sequence[str]:
        """Faults and gaps of the history, one line each."""

    def prunable(self, now: datetime, keep: Mapping[str, timedelta]) -> Mapping[str, int]:
        """How many rows ``Upkeep.prune_in_steps`` would delete, by kind; a quote both to be thinned and too old counts
        for both."""


class Sink(Protocol):
    """Where an export is written."""

    def write(self, data: bytes, /) -> object:
        """Write some of it."""


OpenHistory = Callable[[], AbstractContextManager[History]]
"""Opens the history for reading within a ``with`` block. Raises StoreError."""
