"""Answers on news, rules and precedents. Read-only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.app.run.live import LiveBot
from bot.core.messages.answers import answer, code, facts, note
from bot.core.messages.blocks.precedents import precedents as precedents_block
from bot.core.messages.precedents import Precedent, outcomes
from bot.core.model import ClusterMatch, Line, Link, Reach, Strong, Summary
from bot.core.ports import OpenHistory
from bot.core.rules.rule import Rule
from bot.core.text.wording import age, count, listing, shortened, verbatim

NEWS = 8
BACK = timedelta(days=3)
RECORD = timedelta(days=365)
EPISODES = 8
LONGEST_RULE = 2500


@dataclass(slots=True)
class NewsAnswers:
    """Answers from the news index, the rules in force and the episodes."""

    bot: LiveBot
    history: OpenHistory
    now: Callable[[], datetime]

    def news(self, words: str) -> Summary | str:
        """The latest AI-model news; with a symbol, what names or reaches it."""
        asked = words.split()
        symbol = asked[0].upper().lstrip("$") if asked else ""
        known = {s.upper(): s for s in self.bot.project.settings.symbols}
        if symbol and symbol not in known:
            return f"{symbol[:20]} is not watched by this bot. /news shows all news."
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
        lines = [_news_line(match, now) for match in found[:NEWS]]
        more = f"{len(found) - NEWS} more. " if len(found) > NEWS else ""
        return answer(f"AI-model news{about}", facts(lines), note(f"{more}Newest first, last {age(BACK)}."))

    # --------------------------------------------------------------------------------------------------------- rules

    def rules(self) -> Summary:
        """The rules in force, how often each fired in a year, and those that are off."""
        on = [r for r in self.bot.engine.view().rules if r.enabled]
        off = [r.name for r in self.bot.engine.view().rules if not r.enabled]
        lines: list[Line | str] = [(Strong(verbatim(r.name)), f": {_described(r)}. {self._fired(r)}") for r in on]
        closing = f"Off: {listing(off, 8)}. " if off else ""
        return answer("Rules", facts(lines), note(f"{closing}/rule NAME shows a rule's text."))

    def rule(self, words: str) -> Summary | str:
        """One rule's text, and how it has performed."""
        name = words.strip().lower()
        found = self.bot.engine.view().rules.named(name) if name else None
        if found is None:
            names = listing([r.name for r in self.bot.engine.view().rules], 12)
            return f"{f'There is no rule {name[:40]}. ' if name else ''}The rules are {names}."
        text = found.text if len(found.text) <= LONGEST_RULE else found.text[:LONGEST_RULE] + "…"
        written = [line for line in text.splitlines() if line.strip()]
        state = "" if found.enabled else "Off. "
        stocks = count(len(found.symbols), "stock")
        return answer(
            f"Rule {verbatim(found.name)}",
            facts([f"{state}{_described(found)}.", f"For {stocks}. {self._fired(found)}"]),
            code(written, "Text"),
        )

    def _fired(self, rule: Rule) -> str:
        with self.history() as history:
            found = history.list_alerts(rule=rule.name, since=self.now() - RECORD, limit=1000)
        if not found:
            return "Not fired in a year."
        incidents = len({a["incident"] for a in found if a["incident"]})
        last = datetime.fromisoformat(found[0]["at"])
        times = f"{'at least ' if len(found) == 1000 else ''}{count(len(found), 'alert')}"
        return f"{times} in {count(incidents, 'incident')} in a year, the last {age(self.now() - last)} ago."

    # ---------------------------------------------------------------------------------------------------- precedents

    def precedents(self, words: str) -> Summary | str:
        """Past episodes, the latest first; with a symbol, those in which it fell."""
        symbol = words.split()[0].upper().lstrip("$") if words.split() else ""
        episodes = self.bot.engine.view().episodes
        found = [e for e in episodes if not symbol or any(f.symbol == symbol for f in e.falls)]
        if not found:
            return f"No episode names {symbol[:20]}." if symbol else "There are no episodes."
        found.sort(key=lambda e: e.session, reverse=True)
        today = self.now().date()
        shown = [Precedent(e, 0.0, outcomes(e, today)) for e in found[:EPISODES]]
        lines = [line for block in precedents_block(shown) for line in block.lines]
        more = f"{len(found) - EPISODES} older ones. " if len(found) > EPISODES else ""
        first = f"Episodes with {symbol}" if symbol else "Past episodes"
        return answer(first, facts(lines), note(f"{more}Past moves predict nothing. Not investment advice."))


def _news_line(match: ClusterMatch, now: datetime) -> Line:
    best = match.best
    title = Link(shortened(best.title), best.link) if best.link else verbatim(shortened(best.title))
    seen = (
        f" – {verbatim(best.publisher or best.source)}, {age(now - match.first.seen_at)} ago; score {match.score:.2f}"
    )
    sources = f", {count(len(match.sources), 'source')}" if len(match.sources) > 1 else ""
    return (title, f"{seen}{sources}")


def _described(rule: Rule) -> str:
    return verbatim((rule.description or "no description").rstrip("."))
