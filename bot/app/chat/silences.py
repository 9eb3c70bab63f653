"""Silences and acknowledgements by chat command."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.app.chat.naming import EVERYTHING, means_everything, named_symbol
from bot.core.engine import Engine
from bot.core.messages.answers import said
from bot.core.model import Incident, Line, Silence, Summary, stable_id
from bot.core.ports import Clock, People
from bot.core.prices.windows import format_duration, parse_duration
from bot.core.text.wording import joined, listing, when

LONGEST = timedelta(days=90)
USUAL = timedelta(hours=24)
_HOW = "write /silence NVDA 24h, /silence large-fall 8h, or /silence all 2h"


@dataclass(slots=True)
class Silences:
    """The active silences; calling it lists them."""

    people: People
    engine: Callable[[], Engine]
    """The engine in use; a failed one is replaced."""
    clock: Clock
    watched: Callable[[], Collection[str]]
    _active: list[Silence] = field(init=False)

    def __post_init__(self) -> None:
        self._active = list(self.people.silences(self.clock.now()))

    def __call__(self) -> Sequence[Silence]:
        """The silences active now."""
        now = self.clock.now()
        self._active = [s for s in self._active if s.until > now]
        return self._active

    def silence(self, asked: str, by: str) -> Summary | str:
        """``NVDA 24h a comment``: returns what was done, or what to write instead."""
        words = asked.split()
        if not words:
            return f"Silence what? {_HOW[0].upper()}{_HOW[1:]}."
        span, rest = USUAL, words[1:]
        if rest:
            try:
                span, rest = parse_duration(rest[0]), rest[1:]
            except ValueError:
                return f"{rest[0][:20]} is not a duration; {_HOW}."
        if span > LONGEST:
            return f"At most {format_duration(LONGEST)}; to silence a rule for longer, disable it."
        silence = self._matching(words[0])
        if isinstance(silence, str):
            return silence
        now = self.clock.now()
        silence = replace(silence, id=stable_id(words[0].lower(), now.isoformat(), length=6), until=now + span)
        self.add(silence, by, " ".join(rest))
        also = ""
        if silence.symbols and words[0].casefold() in EVERYTHING:
            also = f" That is the stock; for every alert write /silence everything {format_duration(span)}."
        ends = f": {_target(silence)}. /unsilence {silence.id} ends it.{also}"
        return said("Silenced until ", when(silence.until), ends)

    def add(self, silence: Silence, by: str, comment: str = "") -> None:
        """Start a silence; it replaces one with the same id."""
        self.people.save_silence(silence, self.clock.now(), by, comment[:200])
        self._active = [*(s for s in self._active if s.id != silence.id), silence]

    def moved(self, old: str, new: str) -> None:
        """A recipient has a new id: its silences follow."""
        now = self.clock.now()
        for silence in self():
            if silence.recipient == old:
                self.people.save_silence(replace(silence, recipient=new), now, "the chat's move")
        self._active = [replace(s, recipient=new) if s.recipient == old else s for s in self._active]

    def listed(self) -> Summary | str:
        """The active silences in one line."""
        parts: list[Line] = [(f"{s.id}: {_target(s)}, until ", when(s.until), "; ") for s in self()]
        return said(*joined(*parts)[:-1], ".") if parts else "Nothing is silenced."

    def unsilence(self, asked: str) -> str:
        """End one by its id, or ``all``."""
        wanted = [s.id for s in self() if asked.strip().lower() in (s.id, "all")]
        now = self.clock.now()
        for silence_id in wanted:
            self.people.end_silence(silence_id, now)
        self._active = [s for s in self._active if s.id not in wanted]
        if not wanted:
            return "There is no such silence; /silences lists them."
        return f"Ended: {listing(wanted)}."

    def acknowledge(self, asked: str, by: str) -> str:
        """Acknowledge an incident, or the latest: no new messages as it spreads, only if it gets worse."""
        wanted = asked.strip()
        if not wanted:
            latest = max(self.engine().view().open_incidents, key=_age, default=None)
            wanted = latest.id if latest is not None else ""
        incident = self.engine().acknowledge(wanted, self.clock.now(), by)
        if incident is None:
            known = listing([i.id for i in self.engine().view().open_incidents], 5)
            return f"No open incident {wanted[:30]!r}." + (f" Open: {known}." if known else "")
        only = "new messages only if it gets worse, is corrected, or has a follow-up"
        return f"{incident.id} acknowledged by {by}: {only}."

    def _matching(self, word: str) -> Silence | str:
        """A silence matching what ``word`` names, without id and end; or what is wrong with it."""
        blank = Silence("", datetime.max.replace(tzinfo=self.clock.now().tzinfo))
        symbol = named_symbol(word, self.watched())
        if means_everything(word, self.watched()):
            return blank
        rule = self.engine().view().rules.named(word.lower())
        if rule is not None:
            return replace(blank, rules=(rule.name,))
        if self.engine().view().incident(word) is not None:
            return replace(blank, incident=word)
        if symbol is not None:
            return replace(blank, symbols=(symbol,))
        return f"{word[:30]!r} is not a known rule, watched symbol or incident; {_HOW}."


def _age(incident: Incident) -> tuple[datetime, int]:
    """Orders incidents; of those of one moment by the number within their session, which is no text."""
    number = incident.id.rpartition("-")[2]
    return incident.started_at, int(number) if number.isdigit() else 0


def _target(silence: Silence) -> str:
    if silence.rules:
        target = f"rule {listing(list(silence.rules))}"
    elif silence.symbols:
        target = listing(list(silence.symbols))
    else:
        target = f"incident {silence.incident}" if silence.incident else "everything"
    return f"{target} for {silence.recipient}" if silence.recipient else target
