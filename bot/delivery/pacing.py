"""How fast a channel may be used: overall, per chat, per group, and the pauses it asks for. Pure: time is handed in."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from itertools import islice

from bot.core.model import Limits

_EARLIEST = timedelta(0)


def chat_of(recipient: str) -> str:
    """The chat behind a recipient id: topics of one group share its limits."""
    return recipient.split("/", 1)[0]


class Pacer:
    """Says when a recipient may be sent to. Keeps only what the windows need, so memory follows recent traffic.

    Channels without ``limits`` are always free; on those that are ``apart`` each recipient is a service of its own.
    ``now`` is aware UTC and may be any clock that follows real time, the same for every call.
    """

    def __init__(self, limits: Mapping[str, Limits], apart: Collection[str] = ()) -> None:
        self._limits = dict(limits)
        self._apart = frozenset(apart)
        self._overall: dict[str, deque[datetime]] = {channel: deque() for channel in self._limits}
        self._chats: dict[str, deque[datetime]] = {}
        self._pauses: dict[str, tuple[datetime, datetime]] = {}  # chat: (told at, until)
        self._channel_pauses: dict[str, datetime] = {}
        self._recipients: dict[str, set[str]] = {}

    def fate_of(self, recipient: str) -> tuple[str, str]:
        """What fails and rests together with this recipient: its channel as a whole, or the one name on it."""
        channel, _, name = recipient.partition(":")
        return (channel, name if channel in self._apart else "")

    def free(self, channel: str, now: datetime) -> int | None:
        """How many messages the channel takes right now; ``None`` where it has no limit."""
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
            lately = sum(1 for at in islice(reversed(sent), limits.burst) if at > now - limits.burst_window)
            free = min(free, limits.burst - lately)
        return max(0, free)

    def channel_ready_at(self, channel: str, now: datetime) -> datetime:
        """The first moment the channel as a whole takes a message; ``now`` where it does already."""
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
        """The first moment the recipient's chat takes a message, the channel's own limit apart."""
        chat = chat_of(recipient)
        ready = now
        pause = self._pauses.get(chat)
        if pause is not None:
            ready = max(ready, pause[1])
        limits = self._limits.get(chat.split(":", 1)[0])
        sent = self._chats.get(chat)
        if limits is not None and sent:
            ready = max(ready, sent[-1] + limits.chat_interval)
            if _is_group(chat) and len(sent) >= limits.group:
                ready = max(ready, sent[-limits.group] + limits.group_window)
        return ready

    def take(self, recipient: str, now: datetime) -> None:
        """Count one message going out to ``recipient`` now."""
        chat = chat_of(recipient)
        channel = chat.split(":", 1)[0]
        limits = self._limits.get(channel)
        if limits is None:
            return
        self._overall[channel].append(now)
        sent = self._chats.setdefault(chat, deque(maxlen=limits.group if _is_group(chat) else 1))
        sent.append(now)
        self._recipients.setdefault(chat, set()).add(recipient)

    def know(self, recipient: str) -> None:
        """Remember that this recipient shares its chat's limits while that chat has to rest."""
        self._recipients.setdefault(chat_of(recipient), set()).add(recipient)

    def pause(self, recipient: str, until: datetime, now: datetime) -> None:
        """The channel said to leave this chat alone until then. Several such within seconds pause the whole channel."""
        chat = chat_of(recipient)
        self._pauses[chat] = (now, max(until, self._pauses.get(chat, (now, until))[1]))
        self.know(recipient)
        channel = chat.split(":", 1)[0]
        limits = self._limits.get(channel)
        if limits is None:
            return
        recent = [
            pause_until
            for name, (told_at, pause_until) in self._pauses.items()
            if name.startswith(f"{channel}:") and told_at > now - limits.flood_window and pause_until > now
        ]
        if len(recent) >= limits.flood_chats:
            self.pause_channel(channel, min(recent))

    def pause_channel(self, channel: str, until: datetime) -> None:
        """Leave the whole channel alone until then."""
        self._channel_pauses[channel] = max(until, self._channel_pauses.get(channel, until))

    def rest(self, recipient: str, until: datetime, now: datetime) -> None:
        """Leave alone until then what shares this recipient's fate."""
        channel, name = self.fate_of(recipient)
        if name:
            self.pause(recipient, until, now)
        else:
            self.pause_channel(channel, until)

    def resting(self, now: datetime) -> frozenset[str]:
        """Recipients, as far as known, whose chat takes no message now: to be passed over by a claim.

        Chats that nothing holds back any more are forgotten on the way.
        """
        self._forget(now)
        return frozenset(
            recipient
            for chat, recipients in self._recipients.items()
            if self.ready_at(chat, now) > now
            for recipient in recipients
        )

    def next_ready_at(self, channels: Iterable[str], now: datetime) -> datetime | None:
        """When the next chat or channel that now rests becomes free; ``None`` where none rests."""
        moments = [self.ready_at(chat, now) for chat in self._recipients]
        moments += [self.channel_ready_at(channel, now) for channel in channels]
        return min((moment for moment in moments if moment > now), default=None)

    def _forget(self, now: datetime) -> None:
        for chat, (told_at, until) in list(self._pauses.items()):
            limits = self._limits.get(chat.split(":", 1)[0])
            window = limits.flood_window if limits else _EARLIEST
            if until <= now and told_at <= now - window:
                del self._pauses[chat]
        for chat, sent in list(self._chats.items()):
            limits = self._limits[chat.split(":", 1)[0]]
            keep = max(limits.chat_interval, limits.group_window if _is_group(chat) else _EARLIEST)
            if sent[-1] + keep <= now:
                del self._chats[chat]
        for chat in list(self._recipients):
            if chat not in self._chats and chat not in self._pauses:
                del self._recipients[chat]


def _is_group(chat: str) -> bool:
    """Groups and channels have negative ids on Telegram."""
    return chat.partition(":")[2].startswith("-")
