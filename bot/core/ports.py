"""What the core and the application need from the world, as small Protocols. Adapters implement them.

All datetimes are aware UTC. Every method raises only members of the tree in ``errors``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Protocol

from bot.core.model import (
    Alert,
    Batch,
    DailyBar,
    Delivery,
    EarningsDate,
    FeedState,
    Incident,
    Observation,
    Outgoing,
    Quote,
    Recipient,
    Split,
)


class Clock(Protocol):
    """What time it is. Read once per cycle; everything below takes ``now`` as an argument."""

    def now(self) -> datetime:
        """The present, aware UTC. Never goes back."""
        ...


class QuoteSource(Protocol):
    """Latest prices and daily history of symbols."""

    async def quotes(self, symbols: Sequence[str], now: datetime) -> Sequence[Quote]:
        """The latest quote of each symbol the source knows, pre and post phases included; ``seen_at`` is ``now``.

        Symbols it does not know are missing from the answer. Prices are handed on as the vendor states them, NaN and
        nonsense included: the core refuses and counts them. Raises SourceError when the source as a whole fails.
        """
        ...

    async def history(
        self, symbols: Sequence[str], first: date, now: datetime
    ) -> tuple[Sequence[DailyBar], Sequence[Split]]:
        """Finished daily bars from ``first`` on and the splits among them; all on today's split basis.

        ``seen_at`` is ``now``. A session not yet over has no bar. Raises SourceError when nothing could be read;
        single symbols that fail are left out.
        """
        ...


class EarningsSource(Protocol):
    """When companies report."""

    async def earnings(self, symbols: Sequence[str], first: date, last: date, now: datetime) -> Sequence[EarningsDate]:
        """The dates from ``first`` to ``last`` on which these report, as known at ``now``.

        Symbols the source knows no date of are missing. Raises SourceError when the source as a whole fails.
        """
        ...


class Notifier(Protocol):
    """One channel that reaches recipients."""

    channel: str

    async def send(self, outgoing: Outgoing) -> str:
        """Deliver, and return the channel's id of the message (for later edits and replies).

        Raises DeliveryError; after ``unknown`` the caller must not repeat the attempt by itself.
        """
        ...


class Store(Protocol):
    """The history. One writer. Every method raises StoreError or one of its children."""

    def commit(self, batch: Batch) -> None:
        """Write all of ``batch`` in one transaction. Repeating a batch changes nothing: rows are known by their ids.

        A queued edit that is still unsent is superseded by a newer edit of the same message in the same call.
        """
        ...

    def claim(
        self, now: datetime, lease_for: timedelta, limit: int, channels: Collection[str], busy: Collection[str] = ()
    ) -> Sequence[Outgoing]:
        """Lease up to ``limit`` queued notifications whose time has come, most severe and then oldest first.

        Recipients in ``busy`` (ids whose chat must rest a moment) are passed over: a lease is only ever taken on what
        goes out at once, so that a killed process leaves nothing in doubt that it had not begun to send.

        An edit is only handed out when the message it edits is ``sent``; until then it waits, and where that message
        will never be sent it is settled as ``superseded``. At most one notification per recipient is out at a time.
        The attempt is recorded before this returns: a lease left by a killed process is found by ``recover``.
        """
        ...

    def settle(self, delivery: Delivery) -> None:
        """Record how an attempt ended and what follows: ``sent``, back to the queue at ``retry_at``, or given up."""
        ...

    def recover(self, now: datetime) -> int:
        """At start: leases of a dead process become ``unknown`` (they may have been sent). Returns how many."""
        ...

    def known_keys(self, keys: Collection[str]) -> Mapping[str, str]:
        """Which of these story identities were ever seen: key to story id. The seen-set never forgets."""
        ...

    def feed_states(self) -> Mapping[str, FeedState]:
        """What is remembered of each feed, by name."""
        ...

    def observations(
        self, since: datetime, until: datetime, quotes_since: datetime | None = None
    ) -> Iterator[Observation]:
        """Stored stories, quotes, daily bars and splits with ``since < seen_at <= until``, by ``seen_at``.

        With ``quotes_since``, quotes only from then on, older trades thinned out: what a live restart needs.
        Daily bars are always included from ``since`` minus two years, so that long references can be rebuilt.
        """
        ...

    def alerts_since(self, session: date) -> Sequence[Alert]:
        """Alerts of sessions from ``session`` on, and any older one still firing, by ``fired_at``."""
        ...

    def incidents_since(self, session: date) -> Sequence[Incident]:
        """Incidents whose last session is ``session`` or later, and any still open, by ``started_at``."""
        ...

    def recipients(self) -> Sequence[Recipient]:
        """Everyone who may be told something, disabled ones included."""
        ...

    def save_recipients(self, recipients: Iterable[Recipient]) -> None:
        """Insert or update recipients by id."""
        ...

    def move_recipient(self, old: str, new: str) -> None:
        """The channel gave the chat ``old`` the id ``new``: preferences, history and queue go along. Repeating is
        harmless."""
        ...

    def extra(self, name: str) -> str | None:
        """A small named value written by a batch; ``None`` where there is none."""
        ...
