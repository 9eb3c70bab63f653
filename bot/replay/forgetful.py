"""A store that keeps nothing: for runs of the cycle whose decisions are looked at and thrown away."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta

from bot.core.model import Alert, Batch, Delivery, FeedState, Incident, Observation, Outgoing, Recipient


class ForgetfulStore:
    """Meets the port ``Store``: takes everything, has nothing, raises nothing."""

    def commit(self, batch: Batch) -> None:
        """Nothing is written."""

    def claim(
        self, now: datetime, lease_for: timedelta, limit: int, channels: Collection[str], busy: Collection[str] = ()
    ) -> Sequence[Outgoing]:
        """Nothing waits."""
        return ()

    def settle(self, delivery: Delivery) -> None:
        """Nothing is written."""

    def recover(self, now: datetime) -> int:
        """Nothing was in flight."""
        return 0

    def known_keys(self, keys: Collection[str]) -> Mapping[str, str]:
        """Nothing was seen."""
        return {}

    def feed_states(self) -> Mapping[str, FeedState]:
        """No feed was polled."""
        return {}

    def observations(
        self, since: datetime, until: datetime, quotes_since: datetime | None = None
    ) -> Iterator[Observation]:
        """Nothing was observed."""
        return iter(())

    def alerts_since(self, session: date) -> Sequence[Alert]:
        """Nothing fired."""
        return ()

    def incidents_since(self, session: date) -> Sequence[Incident]:
        """Nothing happened."""
        return ()

    def recipients(self) -> Sequence[Recipient]:
        """Nobody is known."""
        return ()

    def save_recipients(self, recipients: Iterable[Recipient]) -> None:
        """Nobody is remembered."""

    def move_recipient(self, old: str, new: str) -> None:
        """Nobody moves."""

    def extra(self, name: str) -> str | None:
        """Nothing was written."""
        return None
