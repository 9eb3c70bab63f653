"""Admin commands: pause, who receives, health, and messages in doubt."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.adapters.notifiers.telegram import Chat, chat_of
from bot.app.chat.access import AccessLists
from bot.app.chat.silences import Silences
from bot.app.run.live import LiveBot
from bot.core.messages.answers import answer, facts, note
from bot.core.model import PAUSE, Line, Recipient, Severity, Silence, Strong, Summary
from bot.core.ports import Outbox, People
from bot.core.text.wording import age, count, listing, shortened, verbatim

PAUSED_FOR = timedelta(days=30)
MOST_CHATS = 40
SHOWN = 12
_CHAT = re.compile(r"(?:telegram:)?(-?\d{1,20})")
_NO_CHAT = "Write the id of a person, group or channel: /allow -1001234567890. /chats lists those that receive."


@dataclass(slots=True)
class AdminCommands:
    """Carries out an admin's commands; permissions were checked before."""

    bot: LiveBot
    people: People
    outbox: Outbox
    muting: Silences
    access_lists: AccessLists
    refresh: Callable[[], None]
    reload: Callable[[], Awaitable[str]]
    now: Callable[[], datetime]

    # ------------------------------------------------------------------------------------------------------- silence

    def pause(self, by: str) -> str:
        """Hold back every alert until ``resume``."""
        if any(s.id == PAUSE for s in self.muting()):
            return "Already paused; /resume ends it."
        self.muting.add(Silence(PAUSE, self.now() + PAUSED_FOR), by, "pause")
        return "Paused: no alerts to anybody until /resume. The bot keeps watching; missed alerts are sent then."

    def resume(self) -> str:
        """End a pause."""
        if not any(s.id == PAUSE for s in self.muting()):
            return "Nothing is paused. /silences lists the silences."
        self.muting.unsilence(PAUSE)
        return "Alerts go out again. Those held back come as one message."

    # ---------------------------------------------------------------------------------------------------------- chats

    def allow(self, chat: Chat, words: str) -> str:
        """Allow a chat to receive, once somebody sends ``/start`` there."""
        number = _number(words, chat)
        if number is None:
            return _NO_CHAT
        if not self.access_lists.allow(number):
            return f"{number} is allowed already; send /start there to receive alerts."
        self.refresh()
        return f"{number} is allowed. Send /start in that chat to receive alerts."

    def deny(self, words: str) -> str:
        """Stop a chat from receiving."""
        number = _number(words, None)
        if number is None:
            return _NO_CHAT.replace("/allow", "/deny")
        if number in self.access_lists.access.admins:
            return "That is an admin; remove the id from telegram: admins: in config.yaml and restart the bot."
        denied = self.access_lists.deny(number)
        enabled = [r for r in self.people.recipients() if chat_of(r) == number and r.enabled]
        self.people.save_recipients([replace(r, enabled=False) for r in enabled])
        self.refresh()
        if not denied and not enabled:
            return f"{number} was not allowed anyway."
        listed = number in self.access_lists.configured.allow
        also = " It is still in config.yaml; this overrides it." if listed else ""
        return f"{number} no longer receives alerts.{also}"

    def chats(self) -> Summary:
        """Every recipient with its preferences, and allowed chats that never sent ``/start``."""
        access, recipients = self.access_lists.access, self.people.recipients()
        lines: list[Line | str] = [
            (Strong(verbatim(shortened(r.name, 40)) or r.id), f" {r.id}: {_preferences(r)}")
            for r in recipients[:MOST_CHATS]
        ]
        known = {chat_of(r) for r in recipients}
        waiting = [str(c) for c in sorted(access.allow | access.admins) if c not in known]
        closing = f"Allowed, but never sent /start: {listing(waiting, 8)}. " if waiting else ""
        more = f"and {len(recipients) - MOST_CHATS} more. " if len(recipients) > MOST_CHATS else ""
        first = count(sum(r.enabled for r in recipients), "recipient")
        return answer(first, facts(lines), note(f"{more}{closing}/allow and /deny change who may receive."))

    # --------------------------------------------------------------------------------------------------------- health

    def health(self) -> Summary:
        """Sources in trouble, the send queue, and messages in doubt."""
        now, failing = self.now(), self.bot.engine.view().failing
        named = {source for source, _, _, _ in failing}
        troubles: list[Line | str] = [
            (
                Strong(verbatim(f"{source}{f' {subject}' if subject else ''}")),
                f": {trouble.value}, {verbatim(shortened(detail, 100))}",
            )
            for source, subject, trouble, detail in failing
        ]
        slow = [
            (Strong(verbatim(s.name)), f": {verbatim(shortened(s.last_error, 100))}")
            for s in self.bot.states.values()
            if s.failures and s.name not in named
        ]
        outbox = self.outbox.outbox_counts()
        state = [f"{outbox.get('queued', 0)} messages queued, {outbox.get('leased', 0)} being sent"]
        if self.bot.cycle.uncommitted:
            state.append(f"The history cannot be written: {count(self.bot.cycle.uncommitted, 'cycle')} kept in memory")
        if any(s.id == PAUSE for s in self.muting()):
            state.append("Alerts are paused; /resume ends it")
        doubtful = self.outbox.in_doubt()
        doubts: list[Line | str] = [
            (Strong(d.id[:8]), f" to {d.recipient}, {age(now - d.created_at)} ago: {shortened(d.subject, 80)}")
            for d in doubtful[:SHOWN]
        ]
        if len(doubtful) > SHOWN:
            doubts.append(f"and {len(doubtful) - SHOWN} more")
        well = not troubles and not slow and not doubts and len(state) == 1
        return answer(
            "All is well" if well else "Health",
            facts(state),
            facts([*troubles, *slow][:SHOWN], "In trouble"),
            facts(doubts, "In doubt: may or may not have arrived"),
            note("Settle one in doubt with /resolve ID done, or /resolve ID again.") if doubts else note(""),
        )

    def resolve(self, words: str, by: str) -> str:
        """Settle messages in doubt: ``ID done``, ``ID again``, ``all done``."""
        asked = words.lower().split()
        if len(asked) != 2 or asked[1] not in ("done", "again"):
            return "Write an id from /health and what to do: /resolve 1a2b3c4d done, or again."
        wanted, how = asked
        if wanted != "all" and re.fullmatch(r"[0-9a-f]{4,64}", wanted) is None:
            return "That is not a message id; /health shows them."
        settled = self.outbox.resolve(wanted, how, by, self.now())
        if not settled:
            return "No message in doubt has that id; /health shows them."
        if how == "again":
            self.bot.wake()
            return f"{count(settled, 'message')} will be sent again."
        return f"{count(settled, 'message')} settled."


def _number(words: str, here: Chat | None) -> int | None:
    if not words and here is not None and not here.private:
        return here.id
    match = _CHAT.fullmatch(words.strip())
    return int(match[1]) if match else None


def _preferences(recipient: Recipient) -> str:
    if not recipient.enabled:
        return "off"
    parts = [listing(list(recipient.symbols), 6) if recipient.symbols else "all stocks"]
    if recipient.min_severity > Severity.INFO:
        parts.append(f"{recipient.min_severity.word} and above")
    if recipient.quiet:
        parts.append(f"quiet {recipient.quiet}")
    if recipient.operator:
        parts.append("operator")
    return ", ".join(parts)
