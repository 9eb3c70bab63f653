"""Answers on alerts, incidents and prices. Read-only."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.adapters.charts import drawn
from bot.app.monitoring.status import PHASES
from bot.app.run.live import LiveBot
from bot.core.incidents.incidents import lead_alert
from bot.core.messages.answers import answer, facts, note, plain_lines
from bot.core.messages.pictures import PricePicture
from bot.core.model import Claim, Line, Link, Moment, Severity, Strong, Summary
from bot.core.ports import OpenHistory, People
from bot.core.prices.windows import parse_duration
from bot.core.text.titles import Titles
from bot.core.text.wording import (
    CAUSE_HEADINGS,
    age,
    bare,
    condition_words,
    confidence_words,
    count,
    hedged,
    percent,
    price,
    shortened,
    typeset,
    verbatim,
    when,
)
from bot.core.view import View

USUAL = timedelta(days=7)
ALERTS = 15
PRICES = 10
DEPTH = 3
"""Dashes show how deeply a condition is nested, at most this many."""
_ID = re.compile(r"[0-9a-z][0-9a-z.\-]{0,63}")
_NO_ID = "That is not the id of an incident or alert; /alerts shows them."


@dataclass(slots=True)
class AlertAnswers:
    """Answers from the history and from what the engine knows now."""

    bot: LiveBot
    people: People
    history: OpenHistory
    now: Callable[[], datetime]

    @property
    def view(self) -> View:
        """What the engine knows now."""
        return self.bot.engine.view()

    # -------------------------------------------------------------------------------------------------------- alerts

    def alerts(self, words: str) -> Summary | str:
        """The latest alerts, of one stock or a span of time."""
        symbol, span = "", USUAL
        for word in words.split():
            try:
                span = parse_duration(word.lower())
            except ValueError:
                symbol = word.upper().lstrip("$")
        with self.history() as history:
            found = history.list_alerts(symbol=symbol or None, since=self.now() - span, limit=ALERTS + 1)
        about = f" of {symbol}" if symbol else ""
        if not found:
            known = {s.upper() for s in self.bot.project.settings.symbols}
            if symbol and symbol not in known:
                return f"{symbol[:20]} is not watched, and had no alert in {age(span)}."
            return f"No alerts{about} in the last {age(span)}."
        lines: list[Line | str] = [
            (
                Strong(f"{self.view.stock_of(a['symbol'])} {_percent(a['fired_change'])}".strip()),
                ", ",
                _when(a["at"]),
                f", {a['severity']}" + (f", {a['incident']}" if a["incident"] else ""),
            )
            for a in found[:ALERTS]
        ]
        more = "There are more; narrow the time or name one stock." if len(found) > ALERTS else ""
        closing = f"{more} Details: /incident ID. Not investment advice.".strip()
        return answer(f"Alerts{about}, last {age(span)}", facts(lines), note(closing))

    def incident(self, words: str) -> Summary | str:
        """The latest message about an incident, with its state."""
        wanted = self._incident(words)
        if wanted is None:
            return _NO_ID if words else "There has been no incident yet."
        with self.history() as history:
            last = history.last_message(wanted)
        found = self.view.incident(wanted)
        lines: list[Line | str] = [f"Incident {wanted}"]
        if found is not None:
            lines = [
                f"Incident {wanted}: {found.state.value}, {found.severity.word}, {count(len(found.symbols), 'stock')}"
            ]
            if found.merged_into:
                lines.append(f"Merged into {found.merged_into}")
            if found.thread.acknowledged_by:
                lines.append(f"Acknowledged by {found.thread.acknowledged_by}")
            due = [f.due_at for f in found.thread.follow_ups if f.due_at is not None and f.done_at is None]
            if due:
                lines.append(("Next message ", when(min(due))))
        if verdicts := self.people.verdicts(wanted):
            lines.append(f"Readers: {', '.join(f'{n} {verdict}' for verdict, n in sorted(verdicts.items()))}")
        latest = last.summary if last is not None else None
        if latest is None:
            return answer(f"Incident {wanted}", facts(lines))
        state = facts(lines, "Status", weight=60)
        return Summary((*latest.blocks[:-1], state, *latest.blocks[-1:]), latest.subject)

    # ----------------------------------------------------------------------------------------------------------- why

    def why(self, words: str) -> Summary | str:
        """Every condition of the rule with its measured value, and the cause."""
        alert = self._alert(words)
        if alert is None:
            return _NO_ID if words else "There has been no alert yet."
        stock = self.view.stock_of(alert["symbol"])
        first = f"{stock} {_percent(alert['fired_change'])}: why {verbatim(alert['rule'])} fired"
        lines: list[Line | str] = []
        for check in alert["why"]:
            mark = {True: "✓", False: "✗"}.get(check["holds"], "?")
            indent = "– " * min(check["depth"], DEPTH)
            measured = f": {typeset(shortened(check['measured'], 120))}" if check["measured"] else ""
            asked = condition_words(check["condition"], check["limit"], alert["currency"])
            lines.append((f"{indent}{mark} ", Strong(shortened(asked, 120)), measured))
        rose = alert["severity_at"] not in (None, alert["at"])
        blocks = [
            facts([self._fired(alert, rose=rose)]),
            plain_lines(lines, "Conditions as it rose" if rose else "Conditions", weight=60),
        ]
        if cause := alert["cause"]:
            blocks.append(facts(_cause(cause, self.bot.project.topics.titles), _heading(cause), weight=55))
        ids = f"Alert {alert['id']}" + (f", incident {alert['incident']}" if alert["incident"] else "")
        blocks.append(note(f"{ids}. Not investment advice."))
        return answer(first, *blocks)

    @staticmethod
    def _fired(alert: dict[str, Any], *, rose: bool) -> Line:
        """When an alert fired and, where it ``rose`` in severity later, when that was; at which prices."""
        currency = alert["currency"]
        fired = f" at {price(alert['fired_price'], currency)}" if alert["fired_price"] else ""
        if not rose:
            return ("Fired ", _when(alert["at"]), f"{fired}, {alert['severity']}")
        then = f" at {price(alert['price'], currency)}, {_percent(alert['change'])}".rstrip(", ")
        since = f"{fired}, {alert['severity']} since "
        return ("Fired ", _when(alert["at"]), since, _when(alert["severity_at"]), then)

    def cause_in_brief(self, incident: str) -> str:
        """An incident's cause in at most 200 characters, as a pop-up in Telegram holds them."""
        alert = self._alert(incident)
        if alert is None:
            return _NO_ID
        move = bare(f"{self.view.stock_of(alert['symbol'])} {_percent(alert['change'])}")
        cause = alert["cause"]
        if cause is None:
            return f"{move}: no known cause; it fired on prices alone."
        more = f"For details send /why {incident} to the bot in a private chat."
        title = hedged(cause["title"], cause["confidence"])
        return f"{move}: {shortened(title, 190 - len(move) - len(more) - 3)} {more}"

    def stories(self, words: str) -> Summary | str:
        """The stories behind an incident's alert, with their scores."""
        alert = self._alert(words)
        if alert is None:
            return _NO_ID
        with self.history() as history:
            whole = history.show_alert(alert["id"])
        stories = whole["stories"] if whole is not None else []
        if not stories:
            return f"No stories behind {bare(self.view.stock_of(alert['symbol']))}: it fired on prices alone."
        lines: list[Line | str] = []
        for story in stories[:ALERTS]:
            source = story["publisher"] or story["source"]
            score = f", score {story['score']:.2f}" if isinstance(story["score"], float) else ""
            seen = story["published_at"] or story["seen_at"]
            lines.append((_linked(story["title"], story["link"]), f" – {verbatim(source)}, ", _when(seen), score))
        more = f"and {len(stories) - ALERTS} more. " if len(stories) > ALERTS else ""
        first = f"{count(len(stories), 'story', 'stories')} behind {self.view.stock_of(alert['symbol'])}"
        return answer(first, facts(lines), note(f"{more}Oldest first. Not investment advice."))

    async def chart(self, incident: str) -> tuple[bytes, ...]:
        """The incident's chart as of now; empty where it is too long ago."""
        found = self.view.incident(incident)
        figures = self.view.figures(found, self.now()) if found is not None else None
        return (
            await _drawn(self.view.price_picture(found, figures)) if found is not None and figures is not None else ()
        )

    # -------------------------------------------------------------------------------------------------------- prices

    async def price(self, words: str) -> tuple[Summary | str, tuple[bytes, ...]]:
        """Prices of stocks and their change from the previous close; for a single one also its chart."""
        asked = list(dict.fromkeys(w.upper().lstrip("$") for w in words.replace(",", " ").split()))
        if not asked:
            return "Which stocks? Write /price NVDA AMD.", ()
        known = {s.upper(): s for s in self.bot.project.settings.symbols}
        unknown = [w[:20] for w in asked if w not in known]
        if unknown:
            return f"Not watched by this bot: {', '.join(unknown[:5])}. It has prices only for stocks it watches.", ()
        symbols = [known[w] for w in asked[:PRICES]]
        lines = [self._standing(symbol) for symbol in symbols]
        closing = f"At most {PRICES} at a time. " if len(asked) > PRICES else ""
        first, pictures = "Prices", tuple[bytes, ...]()
        if len(symbols) == 1:
            first = self.view.name_of(symbols[0])
            pictures = await _drawn(self.view.plain_price_picture(symbols[0], self.now()))
        return answer(first, facts(lines), note(f"{closing}Not investment advice.")), pictures

    def _standing(self, symbol: str) -> Line:
        standing = self.view.standing(symbol, self.now())
        if standing is None:
            return (Strong(self.view.stock_of(symbol)), ": no price yet")
        phase = PHASES[self.view.phase(symbol, standing.at)]
        return (
            Strong(
                f"{self.view.stock_of(symbol)} {price(standing.price, standing.currency)}, {percent(standing.change)}"
            ),
            f" against {price(standing.reference.price, standing.currency)}; {phase}, ",
            when(standing.at),
        )

    # ------------------------------------------------------------------------------------------------------- finding

    def _incident(self, words: str) -> str | None:
        """The id asked for, or the latest; ``None`` if there is none."""
        wanted = words.strip().lower()
        if not wanted:
            with self.history() as history:
                found = history.list_alerts(limit=1)
            return (found[0]["incident"] or None) if found else None
        if _ID.fullmatch(wanted) is None:
            return None
        if self.view.incident(wanted) is not None:
            return wanted
        with self.history() as history:
            return wanted if history.list_alerts(incident=wanted, limit=1) else None

    def _alert(self, words: str) -> dict[str, Any] | None:
        """The alert with this id (or prefix of it), or the leading alert of the incident with this id."""
        wanted = words.strip().lower()
        if wanted and _ID.fullmatch(wanted) is None:
            return None
        incident = self._incident(wanted)
        with self.history() as history:
            if incident is not None:
                alerts = history.list_alerts(incident=incident, limit=None)
                return self._leading(incident, alerts) if alerts else None
            return history.show_alert(wanted) if len(wanted) >= 6 else None

    def _leading(self, incident: str, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """An incident's leading alert; of an incident from long ago the first of the highest severity."""
        found = self.view.incident(incident)
        known = self.view.alerts_of(found) if found is not None else []
        lead = lead_alert(found, known).id if found is not None and known else ""
        return min(rows, key=lambda a: (a["id"] != lead, -int(Severity.parse(a["severity"])), a["at"]))


async def _drawn(picture: PricePicture | None) -> tuple[bytes, ...]:
    png = await drawn(picture) if picture is not None else None
    return (png,) if png is not None else ()


def _heading(cause: dict[str, Any]) -> str:
    return CAUSE_HEADINGS[Claim.of(cause["confidence"])]


def _cause(cause: dict[str, Any], titles: Titles) -> list[Line | str]:
    lines: list[Line | str] = [(_linked(cause["title"], cause["link"]), f" – {verbatim(cause['source'])}")]
    if cause["reach"] == "direct":
        lines.append("It names the company")
    elif cause["reach"] == "exposure":
        by = f": {verbatim(', '.join(map(titles.exposure, cause['exposures'][:4])))}" if cause["exposures"] else ""
        lines.append(f"It affects the company's line of business{by}")
    score = (
        f"Score {cause['score']:.2f} on {verbatim(titles.topic(cause['topic']))}, "
        if cause["topic"]
        else "On no topic, "
    )
    score += count(len(cause["sources"] or ()), "source")
    if isinstance(cause["confidence"], float):
        score += f"; confidence {confidence_words(cause['confidence'])} ({cause['confidence']:.2f})"
    return [*lines, score]


def _linked(title: str, link: str) -> Link | str:
    return Link(shortened(title), link) if link else verbatim(shortened(title))


def _percent(fraction: float | None) -> str:
    return percent(fraction) if fraction is not None else ""


def _when(text: str) -> Moment:
    return when(datetime.fromisoformat(text))
