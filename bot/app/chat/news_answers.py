"""News, rules and precedents, as somebody asks for them. Nothing here changes anything."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.app.chat.words import answer, code, facts, note
from bot.app.run.live import LiveBot
from bot.core.messages.blocks.precedents import precedents as precedents_block
from bot.core.messages.precedents import Precedent, outcomes
from bot.core.model import ClusterMatch, Line, Link, Reach, Strong, Summary
from bot.core.model.episodes import Episode
from bot.core.ports import OpenHistory
from bot.core.rules.rule import Rule
from bot.core.text.wording import age, count, listing, shortened

NEWS = 8
BACK = timedelta(days=3)
RECORD = timedelta(days=365)
EPISODES = 8
LONGEST_RULE = 2500


@dataclass(slots=True)
class NewsAnswers:
    """Answers from the news room, the rules in force and the episodes."""

    bot: LiveBot
    history: OpenHistory
    now: Callable[[], datetime]

    def news(self, words: str) -> Summary | str:
        """The latest happenings on AI models; with a symbol, those that name or reach it."""
        asked = words.split()
        symbol = asked[0].upper().lstrip("$") if asked else ""
        known = {s.upper(): s for s in self.bot.project.settings.symbols}
        if symbol and symbol not in known:
            return f"{symbol[:20]} is not watched by this bot. /news alone shows the latest of all."
        view, now = self.bot.engine.view(), self.now()
        topics = view.topics.ai_causes or view.topics.names
        if symbol:
            found = view.matches(known[symbol], topics, since=now - BACK, until=now)
        else:
            found = view.matches("", topics, reaches=(Reach.NONE,), since=now - BACK, until=now)
        found = sorted(found, key=lambda m: m.stories[-1].seen_at, reverse=True)
        about = f" that reaches {known[symbol]}" if symbol else ""
        if not found:
            return f"No AI-model news{about} in the last {age(BACK)}."
        lines = [self._told(match, now) for match in found[:NEWS]]
        more = f"{len(found) - NEWS} more. " if len(found) > NEWS else ""
        return answer(f"AI-model news{about}", facts(lines), note(f"{more}Newest first, last {age(BACK)}."))

    def _told(self, match: ClusterMatch, now: datetime) -> Line:
        best = match.best
        title = Link(shortened(best.title), best.link) if best.link else shortened(best.title)
        said = f" – {best.publisher or best.source}, {age(now - match.first.seen_at)} ago; score {match.score:.2f}"
        sources = f", {count(len(match.sources), 'source')}" if len(match.sources) > 1 else ""
        return (title, f"{said}{sources}")

    # --------------------------------------------------------------------------------------------------------- rules

    def rules(self) -> Summary:
        """The rules in force, how often each fired in a year, and those that are switched off."""
        on = [r for r in self.bot.engine.view().rules if r.enabled]
        off = [r.name for r in self.bot.engine.view().rules if not r.enabled]
        lines: list[Line | str] = [(Strong(r.name), f": {_described(r)}. {self._fired(r)}") for r in on]
        closing = f"Switched off: {listing(off, 8)}. " if off else ""
        return answer("Rules", facts(lines), note(f"{closing}/rule and a name shows one as written."))

    def rule(self, words: str) -> Summary | str:
        """One rule as it stands in its file, and how it did."""
        name = words.strip().lower()
        found = self.bot.engine.view().rules.named(name) if name else None
        if found is None:
            names = listing([r.name for r in self.bot.engine.view().rules], 12)
            return f"{f'There is no rule {name[:40]}. ' if name else ''}The rules are {names}."
        text = found.text if len(found.text) <= LONGEST_RULE else found.text[:LONGEST_RULE] + "…"
        written = [line for line in text.splitlines() if line.strip()]
        state = "" if found.enabled else "Switched off. "
        stocks = count(len(found.symbols), "stock")
        return answer(
            f"Rule {found.name}",
            facts([f"{state}{_described(found)}.", f"For {stocks}. {self._fired(found)}"]),
            code(written, "As written"),
        )

    def _fired(self, rule: Rule) -> str:
        with self.history() as history:
            found = history.list_alerts(rule=rule.name, since=self.now() - RECORD, limit=1000)
        if not found:
            return "It has not fired in a year."
        incidents = len({a["incident"] for a in found if a["incident"]})
        last = datetime.fromisoformat(found[0]["at"])
        times = f"{'at least ' if len(found) == 1000 else ''}{count(len(found), 'alert')}"
        return f"{times} in {count(incidents, 'incident')} in a year, the last {age(self.now() - last)} ago."

    # ---------------------------------------------------------------------------------------------------- precedents

    def precedents(self, words: str) -> Summary | str:
        """Past episodes, the latest first; with a symbol, those in which it fell."""
        symbol = words.split()[0].upper().lstrip("$") if words.split() else ""
        told: Sequence[Episode] = self.bot.engine.view().episodes
        found = [e for e in told if not symbol or any(f.symbol == symbol for f in e.falls)]
        if not found:
            return f"No episode names {symbol[:20]}." if symbol else "No episodes are described."
        found.sort(key=lambda e: e.session, reverse=True)
        today = self.now().date()
        shown = [Precedent(e, 0.0, outcomes(e, today)) for e in found[:EPISODES]]
        lines = [line for block in precedents_block(shown) for line in block.lines]
        more = f"{len(found) - EPISODES} older ones. " if len(found) > EPISODES else ""
        first = f"Episodes with {symbol}" if symbol else "Past episodes"
        return answer(first, facts(lines), note(f"{more}Past moves promise nothing. Not investment advice."))


def _described(rule: Rule) -> str:
    return (rule.description or "no description").rstrip(".")
