"""What only admins may do: silences, pauses, who receives, messages in doubt, and the state of everything."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.adapters.notifiers.telegram import Chat, chat_of
from bot.app.chat.access import AccessLists
from bot.app.chat.silences import Silences
from bot.app.chat.words import answer, facts, note
from bot.app.run.live import LiveBot
from bot.core.model import PAUSE, Line, Recipient, Severity, Silence, Strong, Summary
from bot.core.ports import Outbox, People
from bot.core.text.wording import age, count, listing, shortened

PAUSED_FOR = timedelta(days=30)
SHOWN = 12
_CHAT = re.compile(r"(?:telegram:)?(-?\d{1,20})")
_NO_CHAT = "Write the number of a person, group or channel: /allow -1001234567890. /chats lists those that receive."


@dataclass(slots=True)
class AdminCommands:
    """Carries out what an admin asks for; whether they may was decided before."""

    bot: LiveBot
    people: People
    outbox: Outbox
    muting: Silences
    admission: AccessLists
    refresh: Callable[[], None]
    reload: Callable[[], Awaitable[str]]
    now: Callable[[], datetime]

    # ------------------------------------------------------------------------------------------------------- silence

    def pause(self, by: str) -> str:
        """Hold back every alert until ``resume``; what is held back is told then."""
        if any(s.id == PAUSE for s in self.muting()):
            return "Paused already; /resume ends it."
        self.muting.add(Silence(PAUSE, self.now() + PAUSED_FOR), by, "pause")
        return "Paused: no alerts to anybody until /resume. The bot goes on watching, and tells then what was missed."

    def resume(self) -> str:
        """End a pause."""
        if not any(s.id == PAUSE for s in self.muting()):
            return "Nothing is paused. /silences lists what is silent."
        self.muting.unsilence(PAUSE)
        return "Alerts go out again. What was held back comes as one message."

    # ---------------------------------------------------------------------------------------------------------- chats

    def allow(self, chat: Chat, words: str) -> str:
        """Let a chat receive, once somebody sends ``/start`` there."""
        number = _number(words, chat)
        if number is None:
            return _NO_CHAT
        if not self.admission.allow(number):
            return f"{number} may receive already; /start there begins it."
        self.refresh()
        return f"{number} may receive now. Alerts begin with /start in that chat."

    def deny(self, words: str) -> str:
        """Let a chat receive no more."""
        number = _number(words, None)
        if number is None:
            return _NO_CHAT.replace("/allow", "/deny")
        if number in self.admission.access.admins:
            return "That is an admin; take the id from telegram: admins: in config.yaml and start the bot anew."
        denied = self.admission.deny(number)
        gone = [r for r in self.people.recipients() if chat_of(r) == number and r.enabled]
        self.people.save_recipients([_off(r) for r in gone])
        self.refresh()
        if not denied and not gone:
            return f"{number} may not receive anyway."
        listed = number in self.admission.configured.allow
        also = " It still stands in config.yaml; this goes before it." if listed else ""
        return f"{number} receives no more.{also}"

    def chats(self) -> Summary:
        """Everybody who may be told something, with what they chose."""
        access, lines = self.admission.access, list[Line | str]()
        people = self.people.recipients()
        for person in people[:40]:
            lines.append((Strong(f"{shortened(person.name, 40) or person.id}"), f" {person.id}: {_chosen(person)}"))
        known = {chat_of(r) for r in people}
        waiting = [str(c) for c in sorted(access.allow | access.admins) if c not in known]
        closing = f"Allowed, but /start was never sent: {listing(waiting, 8)}. " if waiting else ""
        more = f"and {len(people) - 40} more. " if len(people) > 40 else ""
        first = f"{count(sum(r.enabled for r in people), 'recipient')}"
        return answer(first, facts(lines), note(f"{more}{closing}/allow and /deny change who may."))

    # --------------------------------------------------------------------------------------------------------- health

    def health(self) -> Summary:
        """Sources in trouble, what waits to be sent, and messages in doubt."""
        now, failing = self.now(), self.bot.engine.view().failing
        named = {source for source, _, _, _ in failing}
        troubles: list[Line | str] = [
            (Strong(f"{source}{f' {subject}' if subject else ''}"), f": {trouble.value}, {shortened(detail, 100)}")
            for source, subject, trouble, detail in failing
        ]
        slow = [
            (Strong(s.name), f": {shortened(s.last_error, 100)}")
            for s in self.bot.states.values()
            if s.failures and s.name not in named
        ]
        outbox = self.outbox.outbox_counts()
        waiting = f"{outbox.get('queued', 0)} messages wait, {outbox.get('leased', 0)} on their way"
        state = [waiting]
        if self.bot.cycle.uncommitted:
            state.append(f"The history cannot be written: {count(self.bot.cycle.uncommitted, 'turn')} kept in memory")
        if any(s.id == PAUSE for s in self.muting()):
            state.append("Alerts are paused; /resume")
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
            note("/resolve and the id, then done or again, settles one in doubt.") if doubts else note(""),
        )

    def resolve(self, words: str, by: str) -> str:
        """Settle messages in doubt: ``ID done``, ``ID again``, ``all done``."""
        asked = words.lower().split()
        if len(asked) != 2 or asked[1] not in ("done", "again"):
            return "Write an id that /health shows, and how it ended: /resolve 1a2b3c4d done, or again."
        wanted, how = asked
        if wanted != "all" and re.fullmatch(r"[0-9a-f]{4,64}", wanted) is None:
            return "That is no id of a message; /health shows them."
        settled = self.outbox.resolve(wanted, how, by, self.now())
        if not settled:
            return "No message in doubt has that id; /health shows them."
        if how == "again":
            self.bot.wake()
            return f"{count(settled, 'message')} will be sent once more."
        return f"{count(settled, 'message')} settled."


def _number(words: str, here: Chat | None) -> int | None:
    if not words and here is not None and not here.private:
        return here.id
    match = _CHAT.fullmatch(words.strip())
    return int(match[1]) if match else None


def _off(recipient: Recipient) -> Recipient:
    return replace(recipient, enabled=False)


def _chosen(person: Recipient) -> str:
    if not person.enabled:
        return "switched off"
    parts = [listing(list(person.symbols), 6) if person.symbols else "every stock"]
    if person.min_severity > Severity.INFO:
        parts.append(f"from {person.min_severity.word} on")
    if person.quiet:
        parts.append(f"quiet {person.quiet}")
    if person.operator:
        parts.append("operator")
    return ", ".join(parts)
