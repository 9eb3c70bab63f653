"""The audience Telegram asks: hands each command and button to whoever answers it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.adapters.notifiers.telegram.address import CHANNEL
from bot.adapters.notifiers.telegram.commands import Answer, Command
from bot.adapters.notifiers.telegram.keyboard import Button
from bot.adapters.notifiers.telegram.permissions import Chat
from bot.app.chat.access import AccessLists
from bot.app.chat.admin import AdminCommands
from bot.app.chat.alert_answers import AlertAnswers
from bot.app.chat.commands import COMMANDS
from bot.app.chat.news_answers import NewsAnswers
from bot.app.chat.preferences import Preferences
from bot.app.chat.silences import Silences
from bot.app.run.live import LiveBot
from bot.core.model import Announcement, Recipient, Silence, Summary, stable_id
from bot.core.ports import OpenHistory, Outbox, People
from bot.core.text.wording import count
from bot.delivery.recipients import notice

MUTED_FOR = timedelta(hours=24)
_GONE = "That incident is no longer known."
_NO_CHART = "There is no picture of that any more."


@dataclass(slots=True)
class ChatCommands:
    """Everything a chat can ask. ``status`` tells how the bot is doing; ``refresh`` reads the recipients anew."""

    bot: LiveBot
    people: People
    outbox: Outbox
    history: OpenHistory
    admission: AccessLists
    muting: Silences
    refresh: Callable[[], None]
    status: Callable[[], Summary]
    reload: Callable[[], Awaitable[str]]
    announce: Callable[[Announcement], None]
    commands: Sequence[Command] = COMMANDS

    # ----------------------------------------------------------------------------------------------------- receiving

    def subscribe(self, chat: Chat) -> None:
        """The chat receives from now on; an admin's own chat hears of troubles too."""
        operator = chat.private and self.admission.access.is_admin(chat)
        known = next((r for r in self.people.recipients() if r.id == chat.recipient), None)
        recipient = known or Recipient(chat.recipient, CHANNEL, chat.title)
        self.people.save_recipients(
            [replace(recipient, name=chat.title or recipient.name, operator=operator, enabled=True)]
        )
        self.refresh()

    def unsubscribe(self, chat: Chat) -> None:
        """The chat receives no more; what it had chosen is kept for when it comes back."""
        self._switch_off(lambda r: r.id == chat.recipient)

    def removed(self, chat: Chat) -> None:
        """Nothing can be sent there any more, nor to any topic of it."""
        whole = f"telegram:{chat.id}"
        self._switch_off(lambda r: r.id.partition("/")[0] == whole)

    def _switch_off(self, meant: Callable[[Recipient], bool]) -> None:
        gone = [replace(r, enabled=False) for r in self.people.recipients() if r.enabled and meant(r)]
        if gone:
            self.people.save_recipients(gone)
            self.refresh()

    def added(self, chat: Chat, by: str) -> None:
        """Tell the admin of a chat the bot was added to."""
        words = f"Somebody added the bot to {chat.title[:60] or 'a chat'}"
        how = f"{by} did. Nothing is sent there. /allow {chat.id} lets it receive; else remove the bot from it."
        self.announce(notice("added", words, how, self._now()))

    # ----------------------------------------------------------------------------------------------------- answering

    async def answer(self, chat: Chat, command: str, words: str, by: str) -> Answer:
        """The answer to a command whose rights were checked."""
        looking, knowing = self._looking, NewsAnswers(self.bot, self.history, self._now)
        prefers, admin = self._preferences, self._administration
        match command:
            case "price":
                says, pictures = await looking.price(words)
                return Answer(says, pictures)
            case "reload":
                return Answer(await self.reload())
        answers: dict[str, Callable[[], Summary | str]] = {
            "status": self.status,
            "whoami": lambda: f"You are {chat.user or 'nobody Telegram tells of'}; this chat is {chat.recipient}.",
            "alerts": lambda: looking.alerts(words),
            "incident": lambda: looking.incident(words),
            "why": lambda: looking.why(words),
            "news": lambda: knowing.news(words),
            "rules": knowing.rules,
            "rule": lambda: knowing.rule(words),
            "precedents": lambda: knowing.precedents(words),
            "watch": lambda: prefers.watch(chat, words),
            "unwatch": lambda: prefers.unwatch(chat, words),
            "mywatch": lambda: prefers.mywatch(chat),
            "severity": lambda: prefers.severity(chat, words),
            "quiet": lambda: prefers.quiet(chat, words),
            "digest": lambda: prefers.digest(chat, words),
            "silence": lambda: self.muting.silence(words, by),
            "silences": self.muting.listed,
            "unsilence": lambda: self.muting.unsilence(words),
            "ack": lambda: self.muting.acknowledge(words, by),
            "pause": lambda: admin.pause(by),
            "resume": admin.resume,
            "health": admin.health,
            "resolve": lambda: admin.resolve(words, by),
            "chats": admin.chats,
            "allow": lambda: admin.allow(chat, words),
            "deny": lambda: admin.deny(words),
        }
        return Answer(answers[command]())

    async def pressed(self, chat: Chat, button: Button, incident: str, by: str) -> Answer:
        """The answer to a button under a message about ``incident``."""
        if button.verdict:
            person = f"telegram:{chat.user}" if chat.user is not None else chat.recipient
            if not self.people.save_verdict(incident, person, button.value, chat.recipient, self._now()):
                return Answer(_GONE)
            told = self.people.verdicts(incident)
            return Answer(
                f"Thank you: {button.value}. {count(sum(told.values()), 'reader has', 'readers have')} judged this."
            )
        if chat.kind == "channel":
            return Answer(self._looking.briefly(incident))
        match button:
            case Button.WHY:
                return Answer(self._looking.why(incident))
            case Button.STORIES:
                return Answer(self._looking.stories(incident))
            case Button.CHART:
                pictures = await self._looking.chart(incident)
                return Answer("" if pictures else _NO_CHART, pictures)
            case _:
                return Answer(self._mute(chat, incident, by))

    def _mute(self, chat: Chat, incident: str, by: str) -> str:
        found = self.bot.engine.view().incident(incident)
        if found is None:
            return _GONE
        symbol, until = found.lead, self._now() + MUTED_FOR
        made = Silence(stable_id(chat.recipient, symbol, length=6), until, symbols=(symbol,), recipient=chat.recipient)
        self.muting.add(made, by, "button")
        also = f" This incident goes on: it hits {len(found.symbols) - 1} others too." if len(found.symbols) > 1 else ""
        return f"Nothing about {symbol} alone here for 24 hours.{also} An admin ends it with /unsilence {made.id}."

    # --------------------------------------------------------------------------------------------------------- parts

    def _now(self) -> datetime:
        return self.bot.clock.now()

    @property
    def _looking(self) -> AlertAnswers:
        return AlertAnswers(self.bot, self.people, self.history, self._now)

    @property
    def _preferences(self) -> Preferences:
        settings = self.bot.project.settings
        return Preferences(self.people, self.bot.clock, lambda: settings.watched, lambda: settings.groups, self.refresh)

    @property
    def _administration(self) -> AdminCommands:
        return AdminCommands(
            self.bot, self.people, self.outbox, self.muting, self.admission, self.refresh, self.reload, self._now
        )
