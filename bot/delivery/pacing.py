"""Rate limits of channels: overall, per chat, per group, and the pauses they ask for. Pure: time is an argument."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from itertools import islice

from bot.core.model import Attempt, Limits


def chat_of(recipient: str) -> str:
    """The chat behind a recipient id: topics of one group share its limits."""
    return recipient.split("/", 1)[0]


class Pacer:
    """When a recipient may be sent a message. Keeps only what the limits' windows need.

    Channels without ``limits`` are always free; on those in ``apart`` each recipient is a service of its own. ``now``
    is aware UTC, of the same real-time clock in every call.
    """

    def __init__(self, limits: Mapping[str, Limits], apart: Collection[str] = ()) -> None:
        self._limits = dict(limits)
        self._apart = frozenset(apart)
        self._overall: dict[str, deque[datetime]] = {channel: deque() for channel in self._limits}
        self._chats: dict[str, deque[datetime]] = {}
        self._pauses: dict[str, tuple[datetime, datetime]] = {}  # chat: (asked at, until)
        self._channel_pauses: dict[str, datetime] = {}
        self._recipients: dict[str, set[str]] = {}

    def service_of(self, recipient: str) -> tuple[str, str]:
        """What fails and pauses together with this recipient: its channel, or channel and name if that is apart."""
        channel, _, name = recipient.partition(":")
        return (channel, name if channel in self._apart else "")

    def free(self, channel: str, now: datetime) -> int | None:
        """How many messages the channel takes now; ``None`` for no limit."""
        until = self._channel_pauses.get(channel)
        if until is not None and until > now:
            return 0
        limits = self._limits.get(channel)
        if limits is None:
            return None
        sent = self._overall[channel]
        while sent and sent[0] <= now - limits.overall_window:
            sent.popleft()
        free = limits.overall - len(sent)
        if limits.burst:
            burst = sum(1 for at in islice(reversed(sent), limits.burst) if at > now - limits.burst_window)
            free = min(free, limits.burst - burst)
        return max(0, free)

    def channel_ready_at(self, channel: str, now: datetime) -> datetime:
        """When the channel as a whole takes the next message; at the earliest ``now``."""
        ready = max(now, self._channel_pauses.get(channel, now))
        limits = self._limits.get(channel)
        if limits is not None:
            sent = self._overall[channel]
            if len(sent) >= limits.overall:
                ready = max(ready, sent[-limits.overall] + limits.overall_window)
            if 0 < limits.burst <= len(sent):
                ready = max(ready, sent[-limits.burst] + limits.burst_window)
        return ready

    def ready_at(self, recipient: str, now: datetime) -> datetime:
        """When the recipient's chat takes the next message, apart from the channel's overall limit."""
        chat = chat_of(recipient)
        _, paused_until = self._pauses.get(chat, (now, now))
        ready = max(now, paused_until)
        limits = self._limits.get(chat.split(":", 1)[0])
        sent = self._chats.get(chat)
        if limits is not None and sent:
            ready = max(ready, sent[-1] + limits.chat_interval)
            if _is_group(chat) and len(sent) >= limits.group:
                ready = max(ready, sent[-limits.group] + limits.group_window)
        return ready

    def take(self, recipient: str, now: datetime) -> None:
        """Count one message sent to ``recipient`` now."""
        chat = chat_of(recipient)
        channel = chat.split(":", 1)[0]
        limits = self._limits.get(channel)
        if limits is None:
            return
        self._overall[channel].append(now)
        sent = self._chats.setdefault(chat, deque(maxlen=limits.group if _is_group(chat) else 1))
        sent.append(now)
        self.track(recipient)

    def resume(self, attempt: Attempt, now: datetime) -> None:
        """Take over an attempt of an earlier run, oldest first: it counts, and a wait goes on. Its time is by this
        pacer's clock, and not after ``now``."""
        if attempt.counts:
            self.take(attempt.recipient, attempt.at)
        if attempt.asked_wait is not None and attempt.at + attempt.asked_wait > now:
            self.pause(attempt.recipient, attempt.at + attempt.asked_wait, attempt.at)

    @property
    def remembers(self) -> timedelta:
        """How far back what was sent matters."""
        windows = [max(x.group_window, x.overall_window, x.chat_interval) for x in self._limits.values()]
        return max(windows, default=timedelta())

    def track(self, recipient: str) -> None:
        """Remember that this recipient shares the limits of its chat."""
        self._recipients.setdefault(chat_of(recipient), set()).add(recipient)

    def pause(self, recipient: str, until: datetime, now: datetime) -> None:
        """Pause this chat, as the channel asks. Several such requests within seconds pause the whole channel."""
        chat = chat_of(recipient)
        self._pauses[chat] = (now, max(until, self._pauses.get(chat, (now, until))[1]))
        self.track(recipient)
        channel = chat.split(":", 1)[0]
        limits = self._limits.get(channel)
        if limits is None:
            return
        recent = [
            pause_until
            for name, (asked_at, pause_until) in self._pauses.items()
            if name.startswith(f"{channel}:") and asked_at > now - limits.flood_window and pause_until > now
        ]
        if len(recent) >= limits.flood_chats:
            self.pause_channel(channel, min(recent))

    def pause_channel(self, channel: str, until: datetime) -> None:
        """Pause the whole channel."""
        self._channel_pauses[channel] = max(until, self._channel_pauses.get(channel, until))

    def pause_service(self, recipient: str, until: datetime, now: datetime) -> None:
        """Pause the service that this recipient belongs to."""
        channel, name = self.service_of(recipient)
        if name:
            self.pause(recipient, until, now)
        else:
            self.pause_channel(channel, until)

    def paused(self, now: datetime) -> frozenset[str]:
        """The known recipients whose chat takes no message now, for claims to skip. Forgets chats that are free."""
        self._forget(now)
        return frozenset(
            recipient
            for chat, recipients in self._recipients.items()
            if self.ready_at(chat, now) > now
            for recipient in recipients
        )

    def next_ready_at(self, channels: Iterable[str], now: datetime) -> datetime | None:
        """When the next chat or channel that takes no message now becomes free; ``None`` if all are."""
        moments = [self.ready_at(chat, now) for chat in self._recipients]
        moments += [self.channel_ready_at(channel, now) for channel in channels]
        return min((moment for moment in moments if moment > now), default=None)

    def _forget(self, now: datetime) -> None:
        for chat, (asked_at, until) in list(self._pauses.items()):
            limits = self._limits.get(chat.split(":", 1)[0])
            window = limits.flood_window if limits else timedelta(0)
            if until <= now and asked_at <= now - window:
                del self._pauses[chat]
        for chat, sent in list(self._chats.items()):
            limits = self._limits[chat.split(":", 1)[0]]
            keep = max(limits.chat_interval, limits.group_window if _is_group(chat) else timedelta(0))
            if sent[-1] + keep <= now:
                del self._chats[chat]
        for chat in list(self._recipients):
            if chat not in self._chats and chat not in self._pauses:
                del self._recipients[chat]


def _is_group(chat: str) -> bool:
    """Groups and channels have negative ids on Telegram."""
    return chat.partition(":")[2].startswith("-")
