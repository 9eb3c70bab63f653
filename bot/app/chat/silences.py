"""Silences and acknowledgements, as an admin asks for them in a chat."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.core.engine import Engine
from bot.core.model import Silence, stable_id
from bot.core.ports import Clock, People
from bot.core.prices.windows import format_duration, parse_duration
from bot.core.text.wording import listing, moment

LONGEST = timedelta(days=90)
USUAL = timedelta(hours=24)
_HOW = "write /silence NVDA 24h, /silence large-fall 8h, or /silence all 2h"


@dataclass(slots=True)
class Silences:
    """What is silenced now, and how that changes."""

    people: People
    engine: Callable[[], Engine]
    """The engine in use: after a failure it is another."""
    clock: Clock
    watched: Callable[[], Collection[str]]
    _running: list[Silence] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._running = list(self.people.silences(self.clock.now()))

    def __call__(self) -> Sequence[Silence]:
        """Those that run now."""
        now = self.clock.now()
        self._running = [s for s in self._running if s.until > now]
        return self._running

    def silence(self, asked: str, by: str) -> str:
        """``NVDA 24h a comment``: what was done, or what to write instead."""
        words = asked.split()
        if not words:
            return f"What shall be silent? {_HOW[0].upper()}{_HOW[1:]}."
        span, rest = USUAL, words[1:]
        if rest:
            try:
                span, rest = parse_duration(rest[0]), rest[1:]
            except ValueError:
                return f"{rest[0][:20]} is no time; {_HOW}."
        if span > LONGEST:
            return f"At most {format_duration(LONGEST)}: a rule that shall stay quiet is better switched off."
        made = self._matching(words[0])
        if isinstance(made, str):
            return made
        now = self.clock.now()
        silence = replace(made, id=stable_id(words[0].lower(), now.isoformat(), length=6), until=now + span)
        self.add(silence, by, " ".join(rest))
        return f"Silent until {moment(silence.until)}: {_about(silence)}. /unsilence {silence.id} ends it."

    def add(self, silence: Silence, by: str, comment: str = "") -> None:
        """Silence from now on; one of the same id is replaced."""
        self.people.save_silence(silence, self.clock.now(), by, comment[:200])
        self._running = [*(s for s in self._running if s.id != silence.id), silence]

    def listed(self) -> str:
        """The silences that run."""
        lines = [f"{s.id}: {_about(s)}, until {moment(s.until)}" for s in self()]
        return f"{'; '.join(lines)}." if lines else "Nothing is silenced."

    def unsilence(self, asked: str) -> str:
        """End one by its id, or ``all``."""
        wanted = [s.id for s in self() if asked.strip().lower() in (s.id, "all")]
        now = self.clock.now()
        for silence_id in wanted:
            self.people.end_silence(silence_id, now)
        self._running = [s for s in self._running if s.id not in wanted]
        if not wanted:
            return "No silence of that id runs; /silences lists them."
        return f"Ended: {listing(wanted)}."

    def acknowledge(self, asked: str, by: str) -> str:
        """Somebody looks after an incident: it says nothing more for growing, only for getting worse."""
        wanted = asked.strip() or max((i.id for i in self.engine().view().open_incidents), default="")
        incident = self.engine().acknowledge(wanted, self.clock.now(), by)
        if incident is None:
            known = listing([i.id for i in self.engine().view().open_incidents], 5)
            return f"No open incident {wanted[:30]!r}." + (f" Open: {known}." if known else "")
        only = "new messages only where it gets worse, is corrected, or a follow-up is due"
        return f"{incident.id} is yours, {by}: {only}."

    def _matching(self, word: str) -> Silence | str:
        """A silence of what ``word`` names, its id and end still open; or what is wrong with it."""
        blank = Silence("", datetime.max.replace(tzinfo=self.clock.now().tzinfo))
        if word.lower() == "all":
            return blank
        rule = self.engine().view().rules.named(word.lower())
        if rule is not None:
            return replace(blank, rules=(rule.name,))
        if self.engine().view().incident(word) is not None:
            return replace(blank, incident=word)
        symbol = next((s for s in self.watched() if s.upper() == word.upper()), None)
        if symbol is not None:
            return replace(blank, symbols=(symbol,))
        return f"{word[:30]!r} is no rule, symbol or incident that is watched; {_HOW}."


def _about(silence: Silence) -> str:
    to = f" for {silence.recipient}" if silence.recipient else ""
    return f"{_what(silence)}{to}"


def _what(silence: Silence) -> str:
    if silence.rules:
        return f"rule {listing(list(silence.rules))}"
    if silence.symbols:
        return listing(list(silence.symbols))
    return f"incident {silence.incident}" if silence.incident else "everything"
