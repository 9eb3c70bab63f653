"""Handles chat commands and buttons: subscriptions here, everything else by the module it belongs to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.adapters.notifiers.telegram.address import CHANNEL, chat_of
from bot.adapters.notifiers.telegram.commands import Answer, Command
from bot.adapters.notifiers.telegram.keyboard import Button
from bot.adapters.notifiers.telegram.permissions import Chat
from bot.app.chat.access import AccessLists
from bot.app.chat.admin import AdminCommands
from bot.app.chat.alert_answers import AlertAnswers
from bot.app.chat.commands import COMMANDS
from bot.app.chat.moves import ChatMoves
from bot.app.chat.news_answers import NewsAnswers
from bot.app.chat.preferences import Preferences
from bot.app.chat.silences import Silences
from bot.app.run.live import LiveBot
from bot.core.model import NO_STOCK, Announcement, Incident, Line, Recipient, Silence, Style, Summary, stable_id
from bot.core.ports import OpenHistory, Outbox, People
from bot.core.text.wording import count, listing
from bot.delivery.recipients import announce_moved, last_operator, notice
from bot.render.numbers import in_form
from bot.render.text import disarmed

MUTED_FOR = timedelta(hours=24)
_NAMED = 40
"""Characters shown of a stranger's words."""
_GONE = "That incident is no longer known."
_NO_CHART = "There is no chart of that any more."


@dataclass(slots=True)
class ChatCommands:
    """Handles every command of a chat. ``refresh`` reloads the recipients."""

    bot: LiveBot
    people: People
    outbox: Outbox
    history: OpenHistory
    access_lists: AccessLists
    muting: Silences
    refresh: Callable[[], None]
    moves: ChatMoves
    status: Callable[[], Summary]
    reload: Callable[[], Awaitable[str]]
    announce: Callable[[Announcement], None]
    commands: Sequence[Command] = COMMANDS

    # ----------------------------------------------------------------------------------------------------- receiving

    def subscribe(self, chat: Chat) -> None:
        """The chat receives from now on; an admin's own chat gets operator notices too."""
        operator = chat.private and self.access_lists.access.is_admin(chat)
        known = next((r for r in self.people.recipients() if r.id == chat.recipient), None)
        recipient = known or Recipient(chat.recipient, CHANNEL, chat.title)
        self.people.save_recipients(
            [replace(recipient, name=chat.title or recipient.name, operator=operator, enabled=True)]
        )
        self.refresh()

    def unsubscribe(self, chat: Chat) -> None:
        """The chat receives no more; its preferences are kept for when it comes back."""
        self._disable(lambda r: r.id == chat.recipient)

    def removed(self, chat: Chat) -> None:
        """Nothing can be sent there any more, nor to any topic of it. The only admin stays: its next message fails, and
        the other channels are told."""
        whole = f"telegram:{chat.id}"
        admins = self.access_lists.access.admins
        everybody = [replace(r, operator=chat_of(r) in admins) for r in self.people.recipients()]
        self._disable(lambda r: r.id.partition("/")[0] == whole and not last_operator(r.id, everybody))

    def _disable(self, affected: Callable[[Recipient], bool]) -> None:
        disabled = [replace(r, enabled=False) for r in self.people.recipients() if r.enabled and affected(r)]
        if disabled:
            self.people.save_recipients(disabled)
            self.refresh()

    def moved(self, before: int, after: int) -> None:
        """A group became a supergroup, with a new id."""
        if self.moves.chat_moved(before, after):
            self.announce(announce_moved(f"{CHANNEL}:{before}", f"{CHANNEL}:{after}", self._now()))

    def unreadable(self, update: int) -> None:
        """Tell the admins that something sent to the bot could not be read."""
        headline = "Something sent to the bot could not be read"
        detail = f"It was skipped (update {update}); the log names its kind. If this recurs, update the bot."
        self.announce(notice("unreadable", headline, detail, self._now()))

    def added(self, chat: Chat, by: str, untold: int) -> None:
        """Tell the admins about a chat the bot was added to, in words that nobody can tap."""
        headline = f"The bot was added to a {chat.kind if chat.kind in ('channel', 'group') else 'group'}"
        title, person = (disarmed(words)[:_NAMED].strip() or "without a name" for words in (chat.title, by))
        told = (
            f"A stranger called “{person}”, id {chat.user or 'unknown'}, added it to “{title}”, id {chat.id}. Nothing "
            "is sent there. If that was you, allow that id; /help allow says how. Otherwise there is nothing to do."
        )
        detail: list[Line] = [(told,)]
        if untold:
            more = f"{count(untold, 'more such event')} since the last notice: strangers are told of sparingly."
            detail.append((more,))
        self.announce(notice("added", headline, detail, self._now()))

    # ----------------------------------------------------------------------------------------------------- answering

    async def answer(self, chat: Chat, command: str, words: str, by: str) -> Answer:
        """The answer to a command whose permissions were checked."""
        return self._in_form(await self._answer(chat, command, words, by), chat)

    def _in_form(self, answer: Answer, chat: Chat) -> Answer:
        """``answer`` with numbers as this chat writes them."""
        if not isinstance(answer.says, Summary):
            return answer
        return replace(answer, says=in_form(answer.says, self._preferences.numbers_of(chat)))

    async def _answer(self, chat: Chat, command: str, words: str, by: str) -> Answer:
        alerts, news = self._alert_answers, NewsAnswers(self.bot, self.history, self._now)
        preferences = self._preferences
        admin = AdminCommands(
            self.bot, self.people, self.outbox, self.muting, self.access_lists, self.refresh, self.reload, self._now
        )
        match command:
            case "price":
                says, pictures = await alerts.price(words)
                return Answer(says, pictures)
            case "reload":
                return Answer(await self.reload())
            case "style":
                return preferences.style(chat, words)
        answers: dict[str, Callable[[], Summary | str]] = {
            "status": self.status,
            "whoami": lambda: _who(chat),
            "alerts": lambda: alerts.alerts(words),
            "incident": lambda: alerts.incident(words),
            "why": lambda: alerts.why(words),
            "news": lambda: news.news(words),
            "rules": news.rules,
            "rule": lambda: news.rule(words),
            "precedents": lambda: news.precedents(words),
            "watch": lambda: preferences.watch(chat, words),
            "unwatch": lambda: preferences.unwatch(chat, words),
            "mywatch": lambda: preferences.mywatch(chat),
            "severity": lambda: preferences.severity(chat, words),
            "quiet": lambda: preferences.quiet(chat, words),
            "digest": lambda: preferences.digest(chat, words),
            "numbers": lambda: preferences.numbers(chat, words),
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
        return self._in_form(await self._pressed(chat, button, incident, by), chat)

    async def _pressed(self, chat: Chat, button: Button, incident: str, by: str) -> Answer:
        if button.verdict:
            person = f"telegram:{chat.user}" if chat.user is not None else chat.recipient
            if not self.people.save_verdict(incident, person, button.value, chat.recipient, self._now()):
                return Answer(_GONE)
            readers = count(sum(self.people.verdicts(incident).values()), "reader has", "readers have")
            return Answer(f"Thank you: {button.value}. {readers} judged this.")
        if button is Button.STYLE:
            style = next((each for each in Style if each.value == incident), None)
            return Answer(self._preferences.choose_style(chat, style) if style else _GONE)
        alerts = self._alert_answers
        if chat.kind == "channel":
            return Answer(alerts.cause_in_brief(incident))
        match button:
            case Button.WHY:
                return Answer(alerts.why(incident))
            case Button.STORIES:
                return Answer(alerts.stories(incident))
            case Button.CHART:
                pictures = await alerts.chart(incident)
                return Answer("" if pictures else _NO_CHART, pictures)
            case _:
                return Answer(self._mute(chat, incident, by))

    def _mute(self, chat: Chat, incident: str, by: str) -> str:
        found = self.bot.engine.view().incident(incident)
        if found is None:
            return _GONE
        symbol, until = found.lead, self._now() + MUTED_FOR
        if symbol == NO_STOCK:
            return self._mute_rules(chat, found, by, until)
        silence = Silence(
            stable_id(chat.recipient, symbol, length=6), until, symbols=(symbol,), recipient=chat.recipient
        )
        self.muting.add(silence, by, "button")
        others = len(found.symbols) - 1
        also = f" This incident continues: it hits {count(others, 'other stock')} too." if others else ""
        return f"{symbol} is muted here for 24 hours.{also} An admin ends it with /unsilence {silence.id}."

    def _mute_rules(self, chat: Chat, incident: Incident, by: str, until: datetime) -> str:
        """Mute the rules of an incident that is about no stock."""
        rules = tuple(sorted({alert.rule for alert in self.bot.engine.view().alerts_of(incident)}))
        silence = Silence(stable_id(chat.recipient, *rules, length=6), until, rules=rules, recipient=chat.recipient)
        self.muting.add(silence, by, "button")
        return f"{listing(list(rules))} is muted here for 24 hours. An admin ends it with /unsilence {silence.id}."

    def _now(self) -> datetime:
        return self.bot.clock.now()

    @property
    def _preferences(self) -> Preferences:
        settings = self.bot.project.settings
        return Preferences(
            self.people,
            self.bot.clock,
            lambda: settings.watched,
            lambda: settings.groups,
            self.refresh,
            settings.telegram.style,
            settings.numbers,
        )

    @property
    def _alert_answers(self) -> AlertAnswers:
        return AlertAnswers(self.bot, self.people, self.history, self._now)


def _who(chat: Chat) -> str:
    """The ids of sender and chat."""
    if chat.user is None:
        return (
            "You write anonymously here, as the group or as a channel. Telegram then names an account that stands for "
            f"everybody who does so, which has no rights with this bot. This chat is {chat.recipient}."
        )
    return f"You are {chat.user}; this chat is {chat.recipient}."
