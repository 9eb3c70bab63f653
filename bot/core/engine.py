"""``step(observations, now) → decisions``: the only way in.

Inside a step, observations are taken in groups of equal ``seen_at``, and what time alone brings about (an alert
resolves, a follow-up falls due) happens at its own moment between them. So it does not matter how observations are cut
into steps: live polling and a replay's tape come to the same decisions.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import groupby
from operator import attrgetter

from bot.core.cause.causes import Causes
from bot.core.cause.second_reader import SecondReadings
from bot.core.digests.digests import Digests
from bot.core.errors import LookAheadError
from bot.core.health import Freshness, Health, ToldTrouble
from bot.core.incidents import follow_ups
from bot.core.incidents.alerts import AlertBook
from bot.core.incidents.announcing import Announcer
from bot.core.incidents.corrections import LEAST_CONFIDENCE, Corrections
from bot.core.incidents.incidents import Incidents
from bot.core.messages.summary import MessageBuilder
from bot.core.model import (
    NO_STOCK,
    Absence,
    Alert,
    AlertChange,
    BarColumn,
    ChangeKind,
    DailyBar,
    Decisions,
    EarningsDate,
    Incident,
    LearnedName,
    Observation,
    Phase,
    Quote,
    QuoteColumn,
    Reading,
    Refused,
    SecondReading,
    SourceReport,
    Split,
    Story,
    Together,
    Trouble,
)
from bot.core.model.episodes import Episode
from bot.core.news import NewsIndex, Topics
from bot.core.news.companies import Companies
from bot.core.ordering import canonical, in_waves, name_of, worst_first
from bot.core.prices.benchmarks import ALONE, Benchmarks
from bot.core.prices.earnings import EarningsCalendar
from bot.core.prices.market import Market
from bot.core.prices.sessions import Session, Timetable
from bot.core.rules.conditions import Portfolio
from bot.core.rules.prefilter import PriceFilter
from bot.core.rules.rule import Evaluation, Rule, RuleSet
from bot.core.rules.thin import Witnesses
from bot.core.step_result import StepResult
from bot.core.view import View

FRESHNESS_EVERY = timedelta(minutes=5)
HOUSEKEEPING_EVERY = timedelta(hours=6)
REMEMBER_EARNINGS = timedelta(days=40)
REMEMBER_ALERTS = timedelta(days=30)


class Engine:
    """The core with all its state. One writer, no threads; ``now`` never goes back."""

    def __init__(
        self,
        rules: RuleSet,
        companies: Companies,
        topics: Topics,
        news: NewsIndex,
        market: Market,
        *,
        benchmark: str,
        watching_since: datetime,
        news_window: timedelta = timedelta(days=14),
        failures_in_a_row: int = 3,
        stale_after: timedelta = timedelta(minutes=30),
        episodes: Sequence[Episode] = (),
        alerts_between: tuple[date, date] | None = None,
        channels: Collection[str] = (),
        benchmarks: Sequence[str] = (),
        markets: Benchmarks = ALONE,
    ) -> None:
        """``benchmark`` stands for the market wherever ``markets`` has nothing else; ``benchmarks`` are all funds that
        do. ``alerts_between``: first and last session that may have alerts. ``channels``: other packages' notifiers."""
        self.rules = rules
        self.companies = companies
        self.news = news
        news.ask(rules.questions)
        self.market = market
        self.markets = replace(markets, default=benchmark)
        """What stands for the market, by exchange and moment."""
        self.earnings = EarningsCalendar()
        self.second_readings = SecondReadings()
        market.remember(rules.reads.quotes_for, rules.reads.sessions)
        self.health = Health(failures_in_a_row, channels)
        self.alerts = AlertBook(market, watching_since)
        self.alerts.between = alerts_between
        self.incidents = Incidents(
            lambda s: market.of(s).timetable,
            self.alerts.get,
            lambda: self.news.topics.ai_causes,
            lambda s: self.companies.lines_of(s),
            lambda s: self.companies.company_of(s),
            self._to_of,
        )
        messages = MessageBuilder(
            market,
            companies,
            topics,
            self.earnings,
            tuple(episodes),
            news.stories_about,
            news.naming,
            news.reader,
            self._tells_of_a_line,
            self.markets,
            self._portfolio_of,
        )
        self.announcer = Announcer(market, self.alerts, self.incidents, messages, lambda: self.rules)
        self._stand_for_market = tuple(dict.fromkeys((*(benchmarks or (benchmark,)), *self.markets.futures.values())))
        self.causes = self._causes()
        self._corrections = Corrections(market, self.alerts, self.incidents, self.announcer)
        self._prefilter = PriceFilter(market, news, rules)
        self._freshness = Freshness(stale_after)
        self._digests: Digests | None = None
        self._news_window = news_window
        self._time = watching_since
        self._followed_up_at = watching_since
        self._reconsider: set[str] = set()
        self._next_check: datetime | None = None
        self._answered_at: datetime | None = None
        """When prices were last answered: a price can be missed only by somebody who asked for it."""
        self._next_housekeeping = watching_since + HOUSEKEEPING_EVERY

    # --------------------------------------------------------------------------------------------------------- steps

    def step(self, observations: Iterable[Observation], now: datetime) -> Decisions:
        """Take what was seen up to ``now`` and decide.

        Raises LookAheadError, and takes nothing, where an observation's ``seen_at`` is after ``now``.
        """
        batch = list(observations)
        for observation in batch:
            if observation.seen_at > now:
                raise LookAheadError(
                    f"{type(observation).__name__} {name_of(observation)}, seen at {observation.seen_at.isoformat()}, "
                    f"reached the engine at {now.isoformat()}"
                )
        result = StepResult()
        batch.sort(key=attrgetter("seen_at"))
        for seen_at, group in groupby(batch, key=attrgetter("seen_at")):
            at = max(seen_at, self._time)
            self._pass_time(at, result, inclusive=False)
            self._time = at
            self._take(list(group), at, result)
        self._pass_time(max(now, self._time), result, inclusive=True)
        self._time = max(now, self._time)
        if self._reconsider:
            symbols, self._reconsider = self._reconsider, set()
            entered = self._evaluate({s: self.rules.concerning(s) for s in symbols}, self._time, result)
            self._tell(entered, symbols, self._time, result)
        changed = self.incidents.changed
        self.incidents.written()
        return result.decisions(now, changed)

    @property
    def time(self) -> datetime:
        """The moment up to which it has decided."""
        return self._time

    @property
    def unwritten(self) -> tuple[Incident, ...]:
        """Incidents changed since the last step, to be committed with the next."""
        return self.incidents.changed

    def restore(
        self,
        observations: Iterable[Observation],
        alerts: Sequence[Alert],
        known: Sequence[Incident],
        until: datetime,
        told: Sequence[ToldTrouble] = (),
    ) -> None:
        """Rebuild the state from history: prices and stories from observations, alerts and incidents as recorded, and
        the troubles the operator was told of.

        Decides and announces nothing. Afterwards the engine is where an uninterrupted one would be at ``until``.
        """
        for observation in observations:
            self._absorb(observation, None)
        self.incidents.restore(known)
        self._time = self._followed_up_at = self.announcer.running_since = max(self._time, until)
        self.alerts.restore(alerts, self._time)
        self.health.resume(told)
        self._freshness.resume(told)
        self._next_housekeeping = self._time + HOUSEKEEPING_EVERY

    def reload(self, rules: RuleSet, news: NewsIndex | None = None) -> None:
        """Switch to other rules, and to ``news`` where the stories were read again with other topics or companies.

        New and changed rules are evaluated on current prices with the next step. Alerts keep the version of the rule
        they fired with; cooldowns and the watchlist follow the new rules.
        """
        if news is not None:
            news.learn(self.news.learned)  # some may have come while the stories were read again
            self.news, self.companies = news, news.companies
            messages = self.announcer.messages
            self.announcer.messages = replace(
                messages,
                companies=news.companies,
                topics=news.topics,
                stories=news.stories_about,
                naming=news.naming,
                reader=news.reader,
            )
        for rule in rules:
            old = self.rules.named(rule.name)
            same = old is not None and (old.version, old.symbols, old.enabled) == (rule.version, rule.symbols, True)
            if rule.enabled and (news is not None or not same):
                self._reconsider |= rule.symbols
        self.rules = rules
        self.news.ask(rules.questions)
        self._prefilter = PriceFilter(self.market, self.news, rules)
        self.market.remember(rules.reads.quotes_for, rules.reads.sessions)
        self.causes = self._causes()

    def _causes(self) -> Causes:
        symbols, known = self.rules.symbols, (self.earnings, self.second_readings)
        return Causes(self.market, self.news, self.companies, symbols, self.markets, *known)

    def send_digests(self, benchmark: str, since: datetime, *, makes_up: bool = False) -> None:
        """From now on announce a digest after each session of the benchmark's exchange. Not used in a replay."""
        timetable = self.market.of(benchmark).timetable
        self._digests = Digests(self.market, self.alerts, self.incidents, self.health, self.evaluate, timetable)
        self._digests.begin(since, makes_up=makes_up)

    def acknowledge(self, incident_id: str, at: datetime, by: str) -> Incident | None:
        """Mark an open incident as looked after; ``None`` where no open one has that id."""
        incident = next((i for i in self.incidents.open() if i.id == incident_id), None)
        return self.incidents.acknowledge(incident, at, by) if incident is not None else None

    def introduce_in_steps(self, companies: Companies) -> Iterator[int]:
        """Know ``companies``: those known now, and others that ``companies.yaml`` does not have.

        They are known at the first step; the rest searches the stories already here, as in
        ``NewsIndex.add_companies_in_steps``.
        """
        steps = self.news.add_companies_in_steps(companies)
        yield next(steps)
        self.companies = companies
        self.announcer.messages = replace(self.announcer.messages, companies=companies, reader=self.news.reader)
        yield from steps

    def view(self) -> View:
        """The engine, read-only."""
        return View(self)

    def evaluate(self, symbol: str, at: datetime) -> list[Evaluation]:
        """Every rule for ``symbol`` with its whole tree of checks, as of now; decides nothing. At night without a
        price, of the session just over."""
        session = next(iter(self._stands_at_night(symbol, at)), None)
        return [self._evaluation(rule, symbol, at, session=session) for rule in self.rules.concerning(symbol)]

    # --------------------------------------------------------------------------------------------------- observations

    def _take(self, group: list[Observation], at: datetime, result: StepResult) -> None:
        """One group of equal ``seen_at``: stories and bars first, then the quotes in waves of one per symbol, so that
        prices of one poll are evaluated together and yet every quote of a symbol counts. What comes of it is told at
        the end, once, by what is known then."""
        quotes = [o for o in group if isinstance(o, Quote)]
        columns = [o for o in group if isinstance(o, QuoteColumn)]
        others = [o for o in group if not isinstance(o, Quote | QuoteColumn)]
        new = [r for o in sorted(others, key=canonical) if (r := self._absorb(o, result)) is not None]
        by_news = self._rules_for(new)
        entered = self._happened(new, at, result)
        touched: set[str] = set()
        for wave, column in in_waves(quotes, columns) or [([], None)]:
            moved, at_rest = self._admit_wave(wave, column, at, result)
            # a story, or an alert that fires, asks for a look whatever the price
            moved |= at_rest & {*by_news, *self.alerts.fires_for()}
            evaluated = self.rules.to_evaluate(moved, by_news, at_rest - moved)
            touched.update(evaluated, at_rest)
            entered |= self._evaluate(evaluated, at, result, by_news)
            by_news = {}
        self._corrections.revise(new, at, result, self.causes, self.news.reached)
        self._tell(entered, touched, at, result)
        result.announcements += self.health.gathered()
        if self.market.crowded:
            self.market.forget(at)

    def _admit(self, quote: Quote, at: datetime, result: StepResult) -> bool:
        """Take a quote or refuse it; repeated refusals of a symbol are reported to the operator."""
        rejection = self.market.admit(quote, at)
        if rejection is not None:
            result.refused.append(Refused(quote, rejection.why, at))
            detail = f"{quote.price} at {quote.at.isoformat()}: {rejection.why}"
            absence = Absence.HELD_BACK if rejection.held else None
            report = SourceReport("prices", at, Trouble.REFUSED, detail, subject=quote.symbol, absence=absence)
            self._report(report, result)
        elif self.health.troubled("prices", quote.symbol) is Trouble.REFUSED:
            self._report(SourceReport("prices", at, subject=quote.symbol), result)
        return rejection is None

    def _admit_wave(
        self, wave: list[Quote], column: QuoteColumn | None, at: datetime, result: StepResult
    ) -> tuple[set[str], frozenset[str]]:
        """Take quotes or refuse them: the symbols that have moved, and those that have moved so little that no rule can
        hold."""
        moved, at_rest = set[str](), frozenset[str]()
        if column is not None:
            troubled = self.health.subjects_in("prices", Trouble.REFUSED)
            admitted, others = self.market.admit_column(column, at, apart=troubled)
            at_rest = self._prefilter.at_rest(admitted)
            moved.update(symbol for symbol in admitted.symbols if symbol not in at_rest)
            wave = [*wave, *sorted(others, key=attrgetter("symbol"))]
        moved.update(quote.symbol for quote in wave if self._admit(quote, at, result))
        return moved, at_rest

    def _rules_for(self, readings: Sequence[Reading]) -> Mapping[str, list[Rule]]:
        """By symbol, the rules that these new stories may concern."""
        topics = {t.topic for reading in readings for t in reading.topics if t.score > 0}
        if not topics and not any(map(self.news.is_asked_for, readings)):
            return {}
        return self.rules.for_news(topics, {s for reading in readings for s in self.news.concerned(reading)})

    def _absorb(self, observation: Observation, result: StepResult | None) -> Reading | None:
        """Take one observation into the state; the reading of the story that is new, or newly answered about, unless it
        is being restored."""
        if isinstance(observation, Story):
            reading = self.news.add(observation)
            if reading is not None and result is not None:
                result.readings.append(reading)
                return reading
        elif isinstance(observation, LearnedName):
            self.news.learn((observation,))
        elif isinstance(observation, Quote):
            self.market.admit(observation, max(observation.seen_at, self._time), stored=True)
        elif isinstance(observation, QuoteColumn):
            for quote in observation.quotes():
                self._absorb(quote, result)
        elif isinstance(observation, BarColumn):
            self.market.apply_column(observation)
        elif isinstance(observation, DailyBar | Split):
            self.market.apply(observation)
        elif isinstance(observation, EarningsDate):
            self.earnings.apply(observation)
        elif isinstance(observation, SecondReading):
            self.second_readings.apply(observation)
            return self.news.reading(observation.story) if result is not None else None
        elif isinstance(observation, SourceReport):
            self._report(observation, result)
        return None

    def _report(self, report: SourceReport, result: StepResult | None, *, of_age: bool = False) -> None:
        notice = self.health.observe(report, of_age=of_age)
        if notice is not None and result is not None:
            result.announcements.append(notice)
        if report.source == "prices" and not report.subject and report.trouble is Trouble.NONE:
            if self._digests is not None:
                self._digests.prices_at = report.seen_at
            self._next_check = self._next_check or report.seen_at + FRESHNESS_EVERY
            self._answered_at = report.seen_at

    # --------------------------------------------------------------------------------------------------------- rules

    def _evaluate(
        self, rules: Mapping[str, Sequence[Rule]], at: datetime, result: StepResult, by_news: Collection[str] = ()
    ) -> set[str]:
        """Evaluate these rules for these symbols; ``by_news`` are the symbols that a new story may concern. Returns the
        ids of the incidents whose alerts changed."""
        changes: list[AlertChange] = []
        candidates = self._prefilter.candidates(at) if by_news else frozenset()
        for symbol in sorted(s for s in rules if self._concerns(s, by_news, candidates)):
            changes += self.alerts.follow(symbol, at)
            if symbol not in by_news:
                moved = self._prefilter.change(symbol, at)
                for rule in self._prefilter.possible(symbol, rules[symbol], moved, at):
                    for session in (None, *self._stands_at_night(symbol, at)):
                        changes += self._alert_changes(rule, symbol, at, session)
                continue
            for rule in rules[symbol]:
                for session in (None, *self._just_over(rule, symbol, at)):
                    if not self._prefilter.excludes(rule, symbol, at, session):
                        changes += self._alert_changes(rule, symbol, at, session)
        return {self._enter(change, at, result) for change in worst_first(changes)}

    def _happened(self, new: Sequence[Reading], at: datetime, result: StepResult) -> set[str]:
        """Evaluate the rules about no stock for the happenings of these stories, each of which is told once. Returns
        the ids of their incidents."""
        if not self.rules.per_happening:
            return set()
        happenings = dict.fromkeys(happening for reading in new for happening in self.news.happenings_of(reading))
        changes = []
        for rule in self.rules.per_happening:
            for happening in happenings:
                if self.alerts.has_fired(rule.fingerprint(happening)):
                    continue
                evaluation = rule.evaluate(NO_STOCK, at, self.market, self.news, happening=happening)
                if evaluation.holds and (change := self.alerts.consider(evaluation, None, at)) is not None:
                    changes.append(change)
        return {self._enter(change, at, result) for change in changes}

    def _concerns(self, symbol: str, by_news: Collection[str], candidates: Collection[str]) -> bool:
        """Whether a symbol is to be looked at: its price may fire a rule, or no story alone is why it is asked."""
        return symbol in candidates or symbol not in by_news or symbol == NO_STOCK or self.alerts.fires(symbol)

    def _tell(self, incidents: Collection[str], symbols: Collection[str], at: datetime, result: StepResult) -> None:
        """Announce what changed about these incidents, and what the new prices of these symbols bring about."""
        self.announcer.tell(incidents, at, result)
        for incident in self.incidents.open():
            if incident.lead in symbols:
                self.announcer.follow_lead_price(incident, at, result)

    def _alert_changes(self, rule: Rule, symbol: str, at: datetime, session: Session | None) -> list[AlertChange]:
        """What one rule changes about its alert: of this session or, completed late, of the one before."""
        if self.alerts.is_final(rule, symbol, at, session):
            return []
        evaluation = self._evaluation(rule, symbol, at, session=session, brief=True)
        if not evaluation.holds:
            return []
        full = None
        if self.alerts.would_change(evaluation, at):
            full = self._evaluation(rule, symbol, at, session=session).check
            evaluation = self._with_cause(evaluation, at, session)
        change = self.alerts.consider(evaluation, full, at)
        return [change] if change else []

    def _evaluation(
        self, rule: Rule, symbol: str, at: datetime, *, session: Session | None = None, brief: bool = False
    ) -> Evaluation:
        known = (symbol, at, self.market, self.news)
        return rule.evaluate(*known, causes=self.causes, session=session, brief=brief, witnesses=self._witnesses)

    def _with_cause(self, evaluation: Evaluation, at: datetime, session: Session | None) -> Evaluation:
        """A fall whose rule does not ask for a cause gets the likeliest one all the same, where there is one."""
        if evaluation.cause is not None or evaluation.move is None or evaluation.move.change >= 0:
            return evaluation
        if evaluation.symbol == NO_STOCK:
            return evaluation
        ranking = self.causes.explain(evaluation.symbol, at, session=session)
        best = ranking.best if ranking else None
        if best is None or best.match is None or best.confidence < LEAST_CONFIDENCE:
            return evaluation
        return replace(evaluation, cause=best.match, confidence=best.confidence)

    def _just_over(self, rule: Rule, symbol: str, at: datetime) -> tuple[Session, ...]:
        """The session before the current one, whose fall a story may explain until the current one's regular close."""
        if not rule.has_cause:
            return self._stands_at_night(symbol, at)
        timetable = self.market.of(symbol).timetable
        current = timetable.current(at)
        before = timetable.before(current) if current is not None and at <= current.close_at else None
        return (before,) if before is not None else ()

    def _stands_at_night(self, symbol: str, at: datetime) -> tuple[Session, ...]:
        """At night the session just over, as long as the symbol has no price of the next: what becomes known now is
        about that one."""
        prices = self.market.of(symbol)
        current = prices.timetable.current(at)
        if current is None or at >= current.pre_at:
            return ()
        latest = prices.lately(at)
        return (latest[1],) if latest is not None and latest[1] != current else ()

    @property
    def _witnesses(self) -> Witnesses:
        return Witnesses(self.market, self.companies, self._stand_for_market)

    def _portfolio_of(self, rule: str) -> Portfolio | None:
        """The holdings that the rule of this name is about."""
        known = self.rules.named(rule)
        return known.portfolio if known is not None else None

    def _tells_of_a_line(self, rule: str) -> bool:
        """Whether alerts of the rule of this name say that a line of business falls."""
        known = self.rules.named(rule)
        return known is not None and known.together is Together.BY_LINE

    def _to_of(self, rule: str) -> tuple[str, ...]:
        """The recipients that the rule of this name says its messages are for; empty for all."""
        known = self.rules.named(rule)
        return known.to if known is not None else ()

    def _enter(self, change: AlertChange, at: datetime, result: StepResult) -> str:
        """Assign a changed alert to its incident; returns the incident's id."""
        alert = self.alerts.get(change.alert.id) or change.alert
        if change.kind is ChangeKind.FIRED:
            rule = self.rules.named(alert.rule)
            incident = self.incidents.join(alert, at, rule.together if rule else Together.APART)
            alert = replace(alert, incident=incident.id)
            self.alerts.amend(alert)
            incident = self._plan_follow_ups(incident, alert, at)
            alert = replace(alert, incident=self._corrections.merge(incident, alert, at, result).id)
        elif (known := self.incidents.get(alert.incident)) is not None:
            raised = self.incidents.raise_severity(known, alert, at)
            if raised.lead != known.lead:  # whose exchange may close later than that of the lead before
                self._plan_follow_ups(raised, alert, at)
        result.changes.append(AlertChange(change.kind, change.at, alert))
        return alert.incident

    def _plan_follow_ups(self, incident: Incident, alert: Alert, at: datetime) -> Incident:
        """Plan what the alert's rule asks for."""
        rule = self.rules.named(alert.rule)
        kinds = rule.follow_up if rule else ()
        if (alert.change or 0.0) >= 0:  # a rise, or news alone, has nothing to recover from
            kinds = tuple(kind for kind in kinds if kind in follow_ups.TIMED)
        return self.incidents.plan_follow_ups(incident, kinds, at)

    # ---------------------------------------------------------------------------------------------------------- time

    def _pass_time(self, until: datetime, result: StepResult, *, inclusive: bool) -> None:
        """Do everything that falls due before ``until`` (inclusive: or at it)."""
        while (due := self.next_due()) is not None and (due < until or (inclusive and due == until)):
            self._time = max(self._time, due)
            self._at(self._time, result)

    def next_due(self) -> datetime | None:
        """The next moment at which something falls due without any observation; ``None`` where nothing does."""
        times = [self.alerts.next_due(), self._next_check, self._next_housekeeping]
        times += [self._digests.next_at] if self._digests else []
        here = self._followed_up_at, self.announcer.running_since
        for incident in self.incidents.open():
            times.append(follow_ups.next_due(incident, self.market.of(incident.lead), *here))
            if not self.incidents.has_alerts(incident):
                times.append(self._time)  # to be closed at once
        return min((t for t in times if t is not None), default=None)

    def _at(self, at: datetime, result: StepResult) -> None:
        self._followed_up_at = at
        for change in self.alerts.resolve_due(at):
            result.changes.append(change)
            if incident := self.incidents.get(change.alert.incident):
                self.incidents.resolved(incident, at)
        for incident in self.incidents.open():
            self.announcer.send_due(incident, at, result)
        if self._next_check is not None and self._next_check <= at:
            self._next_check = at + FRESHNESS_EVERY
            # told already where prices fail; no price is fresh then
            if self._answered_at is not None and self.health.troubled("prices") is not Trouble.FAILED:
                for report in self._freshness.check(self._ages(self._answered_at), at):
                    self._report(report, result, of_age=True)
                result.announcements += self.health.gathered()
        if self._digests is not None:
            result.announcements += self._digests.due(at, self.news, self.announcer.messages, self.rules.symbols)
        if self._next_housekeeping <= at:
            self._next_housekeeping = at + HOUSEKEEPING_EVERY
            self._forget(at)

    def _ages(self, at: datetime) -> dict[str, timedelta | None]:
        """For how long each symbol has had no new quote whose exchange has traded long enough for one, by when they
        were seen: the machine's clock may differ from the exchange's."""
        ages: dict[str, timedelta | None] = {}
        expected: dict[Timetable, Session | None] = {}  # per exchange: there are far fewer than symbols
        for symbol in self.rules.symbols:
            prices = self.market.of(symbol)
            if prices.timetable not in expected:
                expected[prices.timetable] = self._trading_for_a_while(prices.timetable, at)
            if (session := expected[prices.timetable]) is not None:
                last = prices.last
                ages[symbol] = at - last.seen_at if last and last.at >= session.starts_at else None
        return ages

    def _trading_for_a_while(self, timetable: Timetable, at: datetime) -> Session | None:
        """The session of ``at``, if an exchange has traded in it without a break for as long as a price may take."""
        session, grace = timetable.at(at), self._freshness.after
        if session is None or session.phase(at) is not Phase.REGULAR or at - session.open_at < grace:
            return None
        pause, resumed = session.break_start_at, session.break_end_at
        return None if pause and resumed and pause <= at <= resumed + grace else session

    def _forget(self, at: datetime) -> None:
        oldest = (at - REMEMBER_ALERTS).date()
        self.market.forget(at)
        self.news.forget(at - self._news_window)
        self.second_readings.forget(at - self._news_window)
        self.earnings.forget((at - REMEMBER_EARNINGS).date())
        self.causes.forget(oldest)
        self.alerts.forget(oldest, keep={alert for incident in self.incidents.open() for alert in incident.alerts})
        self.incidents.forget(oldest)
