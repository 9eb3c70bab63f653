"""Random worlds, and what must hold of every message about them.

``python -m tests.core.message_worlds 10000`` walks that many, ``--wide`` of those with rules of every kind, three
markets and several recipients; ``--from 5000`` begins there. The suite walks fewer.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from collections.abc import Sequence as Sequence_
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from bot.core.engine import Engine
from bot.core.messages.headline import WHEN as PHASES
from bot.core.messages.pictures import price_picture, table_picture
from bot.core.model import (
    NO_STOCK,
    Announcement,
    Block,
    Claim,
    DailyBar,
    Observation,
    Phase,
    Quote,
    QuoteKind,
    Reason,
    Severity,
    StockMove,
    Summary,
)
from bot.core.news import Companies, Company, NewsIndex
from bot.core.prices.market import Market
from bot.core.prices.sessions import Timetable
from bot.core.prices.windows import Span, parse_since
from bot.core.rules.conditions import (
    All,
    Any,
    Breadth,
    Condition,
    Drawdown,
    During,
    Extreme,
    Gap,
    Level,
    MarketTest,
    NoneOf,
    Portfolio,
    Sequence,
)
from bot.core.rules.rule import Rule, RuleSet, SeverityStep
from bot.core.text.wording import CAUSE_HEADINGS, OLD, percent, price
from bot.render import plain
from tests.core import worlds
from tests.core.worlds import TOPICS, at, close, news, quote, rule, story, weekday_timetable
from tests.forms import stray_times

STOCKS = ("NVDA", "AVGO", "MRVL", "VRT", "ETN", "MOD", "KO", "PEP")
COMPANIES = Companies(
    [
        Company("NVDA", "Nvidia", exchange="XNYS", exposures={"ai-chips": 1.0}),
        Company("AVGO", "Broadcom", exchange="XNYS", exposures={"ai-chips": 0.8}),
        Company("MRVL", "Marvell", exchange="XNYS", exposures={"ai-chips": 0.7}),
        Company("VRT", "Vertiv", exchange="XNYS", exposures={"cooling": 1.0}),
        Company("ETN", "Eaton", exchange="XNYS", exposures={"cooling": 0.6}),
        Company("MOD", "Modine", exchange="XNYS", exposures={"cooling": 0.9}),
        Company("KO", "Coca-Cola", exchange="XNYS"),
        Company("PEP", "PepsiCo", exchange="XNYS"),
        Company("SPY", "S&P 500 fund", exchange="XNYS", tracks="S&P 500"),
    ]
)
ALL_COMPANIES = Companies(
    [
        *(company for symbol in (*STOCKS, "SPY") if (company := COMPANIES.get(symbol)) is not None),
        Company("8035.T", "Tokyo Electron", exchange="XTKS", exposures={"ai-chips": 0.6}),
        Company("ASML", "ASML", exchange="XNYS", exposures={"ai-chips": 0.5}),
        Company("ASML.AS", "ASML", exchange="XAMS", exposures={"ai-chips": 0.5}, same_as="ASML"),
    ]
)
ABROAD = ("8035.T", "ASML", "ASML.AS")
HOLDINGS = {"NVDA": 0.4, "8035.T": 0.3, "ASML.AS": 0.2, "KO": 0.1}
TITLES = (
    worlds.CHEAP,
    "DeepSeek-R1 is out",
    "Nvidia sinks as DeepSeek releases DeepSeek-R1",
    "Chip stocks fall after DeepSeek launches a cheaper model",
    "Vertiv and Eaton tumble on fears of DeepSeek-R1",
    "Broadcom rises as DeepSeek-R1 stirs demand",
    "Coca-Cola opens a plant",
)
TITLES_ABROAD = (
    *TITLES,
    "Tokyo Electron tumbles as DeepSeek-R1 raises doubts about chip spending",
    "ASML slides after DeepSeek launches a cheaper model",
)
DAYS = ("01-27", "01-28", "01-29")
HOURS = (9.5, 10.0, 11.0, 13.5, 14.5, 15.0, 16.0, 17.5, 19.0, 20.5, 21.0, 22.0, 23.5)
TOKYO, AMSTERDAM = (0.0, 0.5, 1.5, 3.0, 5.0, 6.0), (8.0, 8.5, 10.0, 12.0, 14.0, 16.0)
"""Hours at which there may be prices there; the close is half an hour after the last."""
TIMETABLES = {
    "XNYS": weekday_timetable(),
    "XTKS": weekday_timetable("XTKS", hours=(0, 0, 6.5, 6.5), zone=ZoneInfo("Asia/Tokyo")),
    "XAMS": weekday_timetable("XAMS", hours=(8, 8, 16.5, 16.5), zone=ZoneInfo("Europe/Amsterdam")),
}
OF_MOMENT = frozenset({QuoteKind.OPEN, QuoteKind.TRADE, QuoteKind.CLOSE})


@dataclass(frozen=True)
class World:
    """Rules, and what is seen."""

    rules: tuple[Rule, ...]
    tape: tuple[Observation, ...]
    companies: Companies = COMPANIES


def world(random: Random) -> World:
    """Any rules over any prices and stories."""
    return World(tuple(_rules(random)), tuple(_tape(random)))


def wide_world(random: Random) -> World:
    """The same with rules of every kind, three markets, a company with two listings, and several recipients."""
    return World(tuple(_wide_rules(random)), tuple(_wide_tape(random)), ALL_COMPANIES)


def _wide_rules(random: Random) -> Iterator[Rule]:
    kinds = ("session close", "rebound 5%", "next session close", "recovered")
    steps = (
        (SeverityStep(Severity.WARNING),),
        (SeverityStep(Severity.INFO), SeverityStep(Severity.HIGH, worlds.asks("< -8%"))),
        (SeverityStep(Severity.HIGH), SeverityStep(Severity.CRITICAL, worlds.asks("< -15%"))),
    )
    for number in range(random.randint(1, 5)):
        condition, symbols = _wide_condition(random), (*STOCKS, *ABROAD)
        if isinstance(condition, Portfolio):
            symbols = (NO_STOCK,)
        elif random.random() < 0.3:
            symbols = tuple(random.sample(symbols, random.randint(1, 4)))
        found = rule(
            f"rule-{number}",
            condition,
            symbols=symbols,
            hold=random.choice((1, 2)),
            follow_up=tuple(k for k in kinds if random.random() < 0.5) if symbols != (NO_STOCK,) else (),
            cooldown=random.choice((None, worlds.ONE_SESSION)),
        )
        yield replace(found, severity=random.choice(steps), to=("desk",) if random.random() < 0.15 else ())


def _wide_condition(random: Random) -> Condition:
    """One of every kind, or two of them joined."""
    kind = random.randrange(12)
    if kind == 0:
        members = tuple(random.sample((*STOCKS, *ABROAD), 5))
        since = parse_since(random.choice(("previous close", "open", "30m", "2 sessions")))
        counted = worlds.asks(random.choice((">= 2", ">= 3")))
        listings = {"ASML.AS": "ASML"}
        return Breadth(
            "five", worlds.asks(random.choice(("< -3%", "< -6%", "> 4%"))), members, since, counted, listings=listings
        )
    if kind == 1:
        return Portfolio("My portfolio", HOLDINGS, worlds.asks(random.choice(("< -3%", "< -6%", "> 3%"))))
    if kind == 2:
        return Level(random.random() < 0.7, random.choice((88.0, 95.0, 104.0)))
    if kind == 3:
        return Drawdown(worlds.asks(random.choice(("< -8%", "< -15%"))), Span(sessions=random.choice((3, 4))))
    if kind == 4:
        return Extreme(random.random() < 0.7, random.choice((2, 3)))
    if kind == 5:
        return Gap(worlds.asks(random.choice(("< -3%", "> 3%"))))
    if kind == 6:
        return All((During((random.choice((Phase.PRE, Phase.REGULAR, Phase.POST)),)), _condition(random)))
    if kind == 7:
        return Any((_condition(random), worlds.price(random.choice(("< -6%", "> 7%")))))
    if kind == 8:
        return All((_condition(random), NoneOf((MarketTest("SPY", worlds.price("< -2%")),))))
    if kind == 9:
        return Sequence((news(), worlds.price("< -4%")), Span(sessions=2))
    return _condition(random)


def _wide_tape(random: Random) -> Iterator[Observation]:
    yield from _tape(random, TITLES_ABROAD)
    for symbol in ABROAD:
        for day in ("01-21", "01-22", "01-23", "01-24"):
            session = TIMETABLES[ALL_COMPANIES.get(symbol).exchange].on(at(f"{day} 00:00").date())  # type: ignore[union-attr]
            assert session is not None
            yield DailyBar(symbol, session.date, 100.0 * random.uniform(0.97, 1.03), session.close_at)
        if random.random() < 0.85:
            hours = {"8035.T": TOKYO, "ASML.AS": AMSTERDAM}.get(symbol, HOURS)
            yield from _prices(random, symbol, hours, 21.0 if hours is HOURS else hours[-1] + 0.5)


def _rules(random: Random) -> Iterator[Rule]:
    for number in range(random.randint(1, 4)):
        follow_up = ("session close", "rebound 5%", "next session close", "recovered") if random.random() < 0.7 else ()
        yield rule(
            f"rule-{number}", _condition(random), symbols=STOCKS, hold=random.choice((1, 2)), follow_up=follow_up
        )


def _condition(random: Random) -> Condition:
    sinces = ("previous close", "previous close", "open", "30m", "2 sessions", "high of 3 sessions", "story")
    asked = random.choice(("< -5%", "< -10%", "between -10% and -4%", "> 5%", "< -2%"))
    moved = worlds.price(asked, random.choice(sinces))
    return random.choice((moved, All((moved, news())), news(), All((moved, news(within=2)))))


def _tape(random: Random, titles: Sequence_[str] = TITLES) -> Iterator[Observation]:
    for symbol in (*STOCKS, "SPY"):
        for day in ("01-21", "01-22", "01-23", "01-24"):
            yield close(symbol, 100.0 * random.uniform(0.97, 1.03), day)
    for _ in range(random.randint(0, 6)):
        hour = random.choice(HOURS)
        day = random.choice(("01-24", "01-25", *DAYS))
        moment = at(f"{day} 00:00") + timedelta(hours=hour, seconds=random.choice((0, 0, 1, 60)))
        yield story(random.choice(titles), f"{moment:%m-%d %H:%M:%S}", random.choice(("wire", "paper", "blog")))
    for symbol in STOCKS:
        if random.random() < 0.2:
            continue
        yield from _prices(random, symbol)
    yield from (quote("SPY", 100.0, f"{day} 15:00") for day in DAYS)


def _prices(random: Random, symbol: str, hours: Sequence_[float] = HOURS, closes: float = 21.0) -> Iterator[Quote]:
    """Prices at some of these ``hours`` of each day, UTC, or only those of a whole session, which ``closes`` then."""
    level = 100.0
    daily = random.random() < 0.3
    opens = 14.5 if hours is HOURS else hours[0]
    for day in DAYS:
        level *= 1 + random.choice((-0.16, -0.11, -0.07, -0.03, 0.0, 0.02, 0.06, 0.12))
        low, high = level * random.uniform(0.9, 1.0), level * random.uniform(1.0, 1.1)
        opened, closed = (f"{at(f'{day} 00:00') + timedelta(hours=hour):%m-%d %H:%M}" for hour in (opens, closes))
        if daily:
            yield quote(symbol, high, opened, QuoteKind.OPEN)
            yield quote(symbol, low, closed, QuoteKind.LOW)
            yield quote(symbol, high, closed, QuoteKind.HIGH)
            yield quote(symbol, level, closed, QuoteKind.CLOSE)
            continue
        for hour in sorted(random.sample(hours, random.randint(1, len(hours)))):
            moment = at(f"{day} 00:00") + timedelta(hours=hour, seconds=random.choice((0, 0, 2, 61)))
            when = f"{moment:%m-%d %H:%M:%S}"
            if random.random() < 0.2 and hour < closes:
                yield quote(symbol, low, when, QuoteKind.LOW)
                yield quote(symbol, high, when, QuoteKind.HIGH)
            yield quote(symbol, random.uniform(low, high), when)
        if random.random() < 0.7:
            yield quote(symbol, level, closed, QuoteKind.CLOSE)
        level *= random.uniform(0.97, 1.05)


# ------------------------------------------------------------------------------------------------------------ walking


def walk(found: World) -> int:
    """Plays a world and asks of every message what must hold; returns how many messages there were."""
    machine = Engine(
        RuleSet(found.rules),
        found.companies,
        TOPICS,
        NewsIndex(TOPICS, found.companies, window=timedelta(days=14)),
        Market(_timetable_of),
        benchmark="SPY",
        watching_since=at("01-20 00:00"),
    )
    told: list[Announcement] = []
    moments = sorted({o.seen_at for o in found.tape})
    moments += [at(f"{day} {hour}") for day in ("01-30", "02-03", "02-04", "02-05") for hour in ("03:00", "23:59")]
    for moment in sorted(moments):
        decided = machine.step([o for o in found.tape if o.seen_at == moment], moment)
        for announcement in decided.announcements:
            if announcement.incident:
                check(machine, announcement)
                beside_earlier(machine, announcement, told)
                told.append(announcement)
    apart(told)
    newly(told)
    return len(told)


def _timetable_of(symbol: str) -> Timetable:
    company = ALL_COMPANIES.get(symbol)
    return TIMETABLES[company.exchange if company else "XNYS"]


def beside_earlier(machine: Engine, announcement: Announcement, told: Sequence_[Announcement]) -> None:
    """A message agrees with those sent before it: only who has fallen falls again, and a cause that was told of a
    stock's fall in this session is not unknown."""
    summary = announcement.summary
    if not summary.figures or not summary.figures.moves or announcement.reason is Reason.FOLLOW_UP:
        return
    lead = summary.figures.moves[0]
    before = [a for a in told if a.summary.figures and a.suppressed_by is None and a.at < announcement.at]
    before = [a for a in before if a.to in {(), announcement.to}]  # who was told
    if summary.subject.startswith("Again: "):
        name = ALL_COMPANIES.name_of(lead.symbol)
        mine = [a for a in before if a.incident == announcement.incident]
        counted = any(m.symbol == lead.symbol for a in mine for m in a.summary.figures.moves)  # type: ignore[union-attr]
        over = any(re.search(rf"{name} (?:fell|rose) as much as", a.summary.subject) for a in mine)
        alerts = [a for a in machine.alerts.about(lead.symbol) if a.incident == announcement.incident and a.told_at]
        assert counted or over or any(a.session < lead.session for a in alerts), summary.subject
    if "no cause known yet" in summary.subject:
        for a in before:
            cause = a.summary.cause
            since = min(lead.reference.session, lead.session - timedelta(days=1))
            own = [x for x in machine.alerts.about(lead.symbol) if x.incident == a.incident and (x.change or 0.0) < 0]
            own = [x for x in own if since < x.session and x.told_at is not None and x.told_at <= a.at]
            mine = any(x.told_cause is not None for x in own)
            told_of_it = cause is not None and (
                cause.claim is Claim.STATED or (mine and cause.claim is Claim.COINCIDENT)
            )
            known = told_of_it and a.reason is not Reason.FOLLOW_UP
            alike = [m for m in a.summary.figures.moves if m.symbol == lead.symbol and since < m.session]  # type: ignore[union-attr]
            fell = re.search(r" falls? | below ", a.summary.subject)
            assert not (known and alike and fell), f"{a.summary.subject}\n{summary.subject}"


def newly(told: Sequence_[Announcement]) -> None:
    """No edit shows what its message showed already."""
    shown: dict[str, str] = {}
    for announcement in told:
        text = re.sub(r"^[A-Z][\w ]+: ", "", plain(announcement.summary, width=None))  # "Spreading: " and the like
        message = announcement.edits or announcement.key
        assert not announcement.edits or shown[message] != text, f"an edit that changes nothing\n{text}"
        shown[message] = text


def apart(told: Sequence_[Announcement]) -> None:
    """No two new messages of one incident come together, and no message is edited as it goes out."""
    last: dict[str, datetime] = {}
    for announcement in told:
        of = announcement.edits or announcement.incident
        before = last.get(of)
        if before is not None and announcement.at - before < timedelta(seconds=1):
            what = f"{announcement.reason} {announcement.key} {announcement.at - before} after another"
            so_far = [
                f"{a.at:%d %H:%M:%S} {a.key} {a.reason} {a.summary.subject}"
                for a in told
                if a.incident == announcement.incident
            ]
            raise AssertionError(f"{what}: {announcement.summary.subject}\n" + "\n".join(so_far))
        last[of] = announcement.at
        if not announcement.edits:
            last[announcement.key] = announcement.at


def check(machine: Engine, announcement: Announcement) -> None:
    """Everything a message says agrees with its figures, and these with the moment; all its times are ones that a
    reader's program can put into the reader's zone."""
    summary = announcement.summary
    assert stray_times(summary) == []
    if any(b.name == "part of" for b in summary.blocks) or announcement.reason is Reason.CORRECTED:
        return
    figures = summary.figures
    assert figures is not None
    text = plain(summary, width=None)
    assert figures.at == announcement.at or announcement.reason is Reason.FOLLOW_UP
    assert len({m.symbol for m in figures.moves}) == len(figures.moves)
    _check_picture(machine, announcement)
    _check_prices(machine.market, figures.moves)
    _check_ages(text, figures.moves, figures.at)
    _check_held_up(text, figures.moves)
    for due in re.findall(r"Next message: by (\d+ \w+ \d\d:\d\d) UTC", text):
        assert datetime.strptime(f"2025 {due} +0000", "%Y %d %b %H:%M %z") > announcement.at, text
    assert not re.search(r"as much as(?! \d)", text), text
    _check_sums(text, announcement.at)
    if announcement.reason is Reason.FOLLOW_UP:
        return
    _check_cause(summary, text)
    if figures.moves:
        lead = figures.moves[0]
        assert percent(lead.change) in text, text
        assert lead.symbol == NO_STOCK or price(lead.price) in text, text
        worst = max((m.severity or 0, round(abs(m.change), 12)) for m in figures.moves)
        assert (lead.severity or 0, round(abs(lead.change), 12)) == worst, text
    _check_counts(summary, figures.moves)
    _check_words(summary, figures.moves, text)
    if not announcement.edits:
        for move in figures.moves:
            if move.symbol != NO_STOCK:
                timetable = machine.market.of(move.symbol).timetable
                current = timetable.current(announcement.at)
                before = timetable.before(current) if current else None
                assert move.session in {s.date for s in (current, before) if s}, text


def _check_counts(summary: Summary, moves: Sequence_[StockMove]) -> None:
    """The stocks in the headline are the rows of the table, and move as its verb says."""
    subject = re.sub(r"^[A-Z][\w ]+: ", "", summary.subject)
    falls = re.search(r"\bfalls?\b", subject)
    rises = re.search(r"\brises?\b", subject)
    if falls is None and rises is None:
        return
    assert all((m.change < 0) == (falls is not None) for m in moves), subject
    group = re.match(r"(\d+) ", subject)
    others = re.search(r"(?:alongside|with) (\d+) other stocks?", subject)
    named = 2 if re.search(r"% (?:since [\w ]+|in [\w ]+|from [\w ]+)? ?and \w", subject) or " % and " in subject else 1
    counted = int(group[1]) if group else named + (int(others[1]) if others else 0)
    assert counted == len(moves), f"{subject}: {len(moves)}"
    rows = [b for b in summary.blocks if b.name.startswith("who is hit")]
    if rows:
        assert sum(map(_rows, rows)) == len(moves), subject
        assert str(len(moves)) in rows[0].title
    else:
        assert len(moves) == 1, subject


_PERCENT = r"([+−]?[0-9.]+) %"
_OLD = r"(\d\d):(\d\d) UTC \((?:less than a|(\d+)) (minute|min|h|days?) old\)"
_UNITS = {"minute": 1, "min": 1, "h": 60, "day": 1440, "days": 1440}


def _check_sums(text: str, moment: datetime) -> None:
    """What a reader can work out from the message is what it says."""
    for price_, changed, before in re.findall(rf"([0-9.]+), {_PERCENT} against ([0-9.]+)", text):
        assert abs(_number(price_) / _number(before) - 1 - _number(changed) / 100) < 0.0012, text
    for before, changed in re.findall(rf"Against ([0-9.]+) before the \w+: {_PERCENT}", text):
        latest = re.search(r"\) ([0-9.]+), ", text)
        assert latest is not None
        assert abs(_number(latest[1]) / _number(before) - 1 - _number(changed) / 100) < 0.0012, text
    if rebounded := re.search(r"has rebounded (\d+) % or more from the close", text):
        since = re.findall(rf"That is {_PERCENT} from|, {_PERCENT} against", text)
        assert max(_number(one or other) for one, other in since) >= float(rebounded[1]) - 0.05, text
    for before, again in re.findall(r"(\d+) stocks (?:fell|rose)(?:; (\d+) of them)?", text):
        assert int(before) >= max(2, int(again or 0)), text
    subject, _, body = text.partition("\n")
    if far := re.search(rf"as much as {_PERCENT}", subject):
        further = re.findall(rf"s (?:low|high) as (?:[0-9.]+, )?{_PERCENT}", body)
        assert all(abs(_number(one)) <= abs(_number(far[1])) + 0.05 for one in further[:1]), text
    for way, far in re.findall(rf"s (low|high) as (?:[0-9.]+, )?{_PERCENT}", body):
        assert ("−" in far) == (way == "low") or _number(far) == 0, text
    for hour, minute, number, unit in re.findall(_OLD, text):
        ago = ((moment - moment.replace(hour=int(hour), minute=int(minute), second=0)).total_seconds() / 60) % 1440
        more = (ago + 1 - int(number or 0) * _UNITS[unit]) % 1440  # the text has neither days nor seconds
        assert unit.startswith("day") or more < _UNITS[unit] + 2, text


def _number(text: str) -> float:
    return float(text.replace("−", "-"))


def _check_words(summary: Summary, moves: Sequence_[StockMove], text: str) -> None:
    """Phases are those of the prices, changes are those from the references, and parts add up to the whole."""
    for phase, words in PHASES.items():
        assert words not in summary.subject or (moves and moves[0].phase is phase), text
    for move in moves:
        assert abs(move.price / move.reference.price - 1 - move.change) < 1e-9, move
    points = [float(found.replace("−", "-")) for found in re.findall(r"([+−][0-9.]+) points", text)]
    if points:
        (whole,) = moves
        assert abs(sum(points) - 100 * whole.change) < 0.06 * (len(points) + 1), text


def _rows(block: Block) -> int:
    """How many stocks a table's lines of business count."""
    number = 0
    for line in block.lines:
        words = "".join(i if isinstance(i, str) else i.text for i in line)
        if isinstance(line[0], str):
            continue  # those that did not move so, or have no price
        number += len(re.findall(r"\b(?:[A-Z]{2,4}(?:\.AS)?|Tokyo Electron) [+−]?\d", words))
        number += sum(int(n) for n in re.findall(r"and (\d+) more", words))
    return number


def _check_cause(summary: Summary, text: str) -> None:
    """A message that names a cause never says that there is none."""
    none = "no cause" in summary.subject or "No cause" in text
    given = any(b.title in (CAUSE_HEADINGS[Claim.STATED], CAUSE_HEADINGS[Claim.COINCIDENT]) for b in summary.blocks)
    assert not (none and given), text
    if "rises" in summary.subject:
        assert "Likely cause" not in text, text
        assert "hit" not in text, text


def _check_prices(market: Market, moves: Sequence_[StockMove]) -> None:
    """A price told as that of a moment is one: a low or high only where it came alone."""
    for move in moves:
        known = [q for q in market.of(move.symbol).quotes_between(move.at, move.at) if q.kind in OF_MOMENT]
        assert not known or any(q.price == move.price for q in known), move


def _check_ages(text: str, moves: Sequence_[StockMove], moment: datetime) -> None:
    """No old price without its age or its time."""
    for move in moves:
        if moment - move.at > OLD:
            assert " old" in text or f"{move.at:%H:%M}" in text, f"{move}\n{text}"


def _check_held_up(text: str, moves: Sequence_[StockMove]) -> None:
    """Who is said to have fallen less did: less than everybody who is counted as hit."""
    for line in re.findall(r"Fell less: (.*)", text):
        less = [float(found) for found in re.findall(r"(?<=−)[0-9.]+(?=.%)", line)]
        assert all(100 * abs(move.change) > fall - 0.06 for move in moves for fall in less), text


def _check_picture(machine: Engine, announcement: Announcement) -> None:
    """A picture shows the figures of its text."""
    figures = announcement.summary.figures
    incident = machine.incidents.get(announcement.incident)
    assert figures is not None
    assert incident is not None
    alerts = [a for a in map(machine.alerts.get, incident.alerts) if a is not None]
    chart = price_picture(machine.market, machine.companies, incident, alerts, figures)
    if chart is not None:
        lead = figures.moves[0]
        assert (chart.symbol, chart.price, chart.change, chart.price_at) == (
            lead.symbol, lead.price, lead.change, lead.at
        )  # fmt: skip
        shown = {machine.companies.label_of(m.symbol): m.change for m in figures.moves}
        assert all(shown[p.label] == p.change for p in chart.peers)
    table = table_picture(machine.companies, TOPICS, figures)
    if table is not None:
        assert {cell for row in table.rows for cell in row.cells} == {
            (machine.companies.label_of(m.symbol), m.change) for m in figures.moves
        }


def main() -> None:
    """Walks as many worlds as the command line says, and ends at the first false message."""
    parser = argparse.ArgumentParser()
    parser.add_argument("worlds", type=int)
    parser.add_argument("--from", type=int, default=0, dest="first")
    parser.add_argument("--wide", action="store_true")
    asked = parser.parse_args()
    make, messages = wide_world if asked.wide else world, 0
    for seed in range(asked.first, asked.first + asked.worlds):
        try:
            messages += walk(make(Random(seed)))
        except Exception:
            print(f"world {seed}")
            raise
    print(f"{asked.worlds} worlds, {messages} messages")


if __name__ == "__main__":
    main()
