"""Why a rule fired for a symbol, or why not: every condition as it was at a past time.

The state is restored from the observations seen up to that time and none after it. All alerts of that session are
listed besides.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from bot.app.lab.workbench import Workbench, episode_scenario, open_workbench
from bot.app.lines import alert_line, flat_checks, iso
from bot.app.project import PRICES_BACK
from bot.app.stores import BACKTEST, Place, open_history, read_store, thinned
from bot.config.yaml.validation import one_of
from bot.core.engine import Engine
from bot.core.errors import UsageError
from bot.core.model import AlertChange, ClusterMatch, Observation, Phase, Quote, Reference
from bot.core.prices.market import change
from bot.core.prices.sessions import Session
from bot.core.rules.nearness import blocker
from bot.core.rules.rule import Evaluation, RuleSet
from bot.core.text.wording import price
from bot.render.checks import check_lines
from bot.render.text import clean
from bot.replay.playing import play
from bot.replay.runner import POSITION

LONGEST_GAP = timedelta(days=4)
"""How long after the last observation a query makes sense: over a long weekend nothing comes in."""
CLUSTERS = 5
CLUSTER_SCORE = 0.3
"""Clusters with at least this score on some topic are shown, whatever rules require."""
SESSIONS_BACK = 5


@dataclass(frozen=True, slots=True)
class Explanations:
    """What was known about a symbol at a time, and the result of every rule."""

    symbol: str
    name: str
    at: datetime
    exchange: str
    phase: Phase
    session: Session | None
    quote: Quote | None
    """The current price; ``None`` if the session had none yet."""
    previous_close: Reference | None
    clusters: tuple[ClusterMatch, ...]
    outcomes: tuple[Evaluation, ...]
    others: tuple[str, ...]
    """Rules that do not concern the symbol, or are not enabled."""
    alerts: tuple[dict[str, Any], ...] = field(default=())
    """Alerts of the symbol in that session, as ``--json`` prints them, oldest first."""
    note: str = ""
    """What to bear in mind about what was known."""

    @property
    def moved(self) -> float | None:
        """The change of the current price from the previous close."""
        return change(self.quote.price, self.previous_close) if self.quote else None


def explain_history(
    config: Path, symbol: str, at: datetime, now: datetime, database: Place, rules: Path | None = None
) -> Explanations:
    """``symbol`` at ``at``, on the history in ``database``. Raises UsageError, StoreError and ConfigError."""
    if at > now:
        raise UsageError(f"{_utc(at)} is in the future; give a past time")
    with open_history(database) as history:
        extent, alerts = history.extent(), history.list_alerts(symbol=symbol, limit=None)
        whole_since, backtest = history.every_quote_since(), history.is_of_backtest()
    if extent is None:
        raise UsageError(f"{database}: no prices or stories yet; start `run` to collect them")
    first, last = extent
    if at < first:
        raise UsageError(f"{_utc(at)} is before the history in {database}, which begins {_utc(first)}")
    if at > last + LONGEST_GAP:
        raise UsageError(f"{_utc(at)} is after the history in {database}, which ends {_utc(last)}")
    workbench = open_workbench(config, rules, now)
    window = workbench.project.settings.news.window + timedelta(days=7)
    with read_store(database) as store:
        observations = list(store.observations(at - window, at, quotes_since=at - PRICES_BACK))
        simulated = backtest or store.extra(POSITION) is not None
    priced = dict.fromkeys(o.symbol for o in observations if isinstance(o, Quote))
    found = explain(workbench, workbench.rules(priced if simulated else ()), observations, symbol, at)
    if backtest:
        found = replace(found, note=BACKTEST)
    elif whole_since is not None and at < whole_since:
        found = replace(found, note=thinned(whole_since))
    return _with_alerts(
        found, [a for a in reversed(alerts) if found.session and a["session"] == f"{found.session.date}"]
    )


def explain_episode(
    config: Path, symbol: str, at: datetime, now: datetime, episode: str, rules: Path | None = None
) -> Explanations:
    """``symbol`` at ``at``, within a recorded episode. Raises UsageError and ConfigError."""
    workbench = open_workbench(config, rules, now)
    scenario = episode_scenario(workbench, episode)
    tape = scenario.tape
    assert tape.first_at is not None
    assert tape.last_at is not None
    quoted = [o.seen_at for o in tape.observations if isinstance(o, Quote)]
    first = min(quoted, default=tape.first_at)
    if not first <= at <= tape.last_at + LONGEST_GAP:
        raise UsageError(f"{_utc(at)} is outside {episode}, which goes from {_utc(first)} to {_utc(tape.last_at)}")
    loaded = workbench.rules(scenario.symbols)
    found = explain(workbench, loaded, [o for o in tape.observations if o.seen_at <= at], symbol, at)
    if found.session is None:
        return found
    concerning = RuleSet(loaded.concerning(symbol))
    engine = workbench.engine(concerning, tape.first_at)
    played = play(engine, tape, until=max(at, found.session.ends_at))
    latest: dict[str, AlertChange] = {}
    for change_ in played.changes:
        if change_.alert.symbol == symbol and change_.alert.session == found.session.date:
            latest[change_.alert.id] = change_
    alerts = sorted((c.alert for c in latest.values()), key=lambda a: a.fired_at)
    return _with_alerts(
        found, [{**alert_line(a, engine.view().prices(symbol).currency), "at": iso(a.fired_at)} for a in alerts]
    )


def explain(
    workbench: Workbench, rules: RuleSet, observations: list[Observation], symbol: str, at: datetime
) -> Explanations:
    """The results of ``rules`` for ``symbol`` at ``at``, from the ``observations`` until then."""
    since = min((o.seen_at for o in observations), default=at)
    engine = workbench.engine(rules, since)
    engine.restore(observations, (), (), at)
    _require_known(workbench, engine, symbol, rules)
    view = engine.view()
    prices = view.prices(symbol)
    timetable = prices.timetable
    standing = prices.lately(at)
    session = standing[1] if standing else timetable.current(at)
    company = workbench.project.companies.get(symbol)
    start = timetable.window_start(session, SESSIONS_BACK) if session else None
    matches = view.matches(
        symbol, min_score=CLUSTER_SCORE, since=start or at - workbench.project.settings.news.window, until=at
    )
    concerned = {rule.name for rule in rules.concerning(symbol)}
    return Explanations(
        symbol=symbol,
        name=company.name if company else "",
        at=at,
        exchange=timetable.exchange,
        phase=timetable.phase(at),
        session=session,
        quote=standing[0] if standing else None,
        previous_close=prices.previous_close(*standing) if standing else None,
        clusters=tuple(matches[:CLUSTERS]),
        outcomes=tuple(engine.evaluate(symbol, at)),
        others=tuple(rule.name for rule in rules if rule.name not in concerned),
    )


def _require_known(workbench: Workbench, engine: Engine, symbol: str, rules: RuleSet) -> None:
    known = {*engine.view().symbols, *workbench.project.settings.symbols, *rules.symbols}
    if symbol in known or symbol in workbench.project.companies:
        return
    raise UsageError(one_of(symbol, sorted(known), "symbol"))


def _with_alerts(found: Explanations, alerts: list[dict[str, Any]]) -> Explanations:
    return replace(found, alerts=tuple(alerts))


# --------------------------------------------------------------------------------------------------------------- shown


def explanation_lines(found: Explanations) -> Iterator[str]:
    """For people: what was known, then every rule as a tree, then the alerts of that session."""
    name = f" ({clean(found.name)})" if found.name else ""
    yield f"{found.symbol}{name} at {_utc(found.at)}: {_phase(found)}"
    yield ""
    yield "What was known"
    yield from (f"  {line}" for line in _known(found))
    if found.note:
        yield f"  note: {found.note}"
    for outcome in found.outcomes:
        yield ""
        yield f"{outcome.rule.name}: {_verdict(outcome)}"
        yield from check_lines(outcome.check, "  ")
    if not found.outcomes:
        yield ""
        yield f"no rule applies to {found.symbol}; is it on the watchlist in config.yaml?"
    if found.others:
        yield ""
        yield f"rules that do not apply to {found.symbol}: {', '.join(found.others)}"
    yield ""
    yield from _fired(found)


def explanation_object(found: Explanations) -> dict[str, Any]:
    """For ``--json``."""
    quote, reference = found.quote, found.previous_close
    return {
        "type": "explanation",
        "symbol": found.symbol,
        "name": found.name,
        "at": iso(found.at),
        "exchange": found.exchange,
        "phase": found.phase.value,
        "session": found.session.date.isoformat() if found.session else None,
        "price": {"price": quote.price, "at": iso(quote.at), "kind": quote.kind.value} if quote else None,
        "previous_close": {"price": reference.price, "session": reference.session.isoformat()} if reference else None,
        "change": round(found.moved, 6) if found.moved is not None else None,
        "clusters": [_cluster(match) for match in found.clusters],
        "rules": [_outcome(outcome) for outcome in found.outcomes],
        "not_concerned": list(found.others),
        "alerts": list(found.alerts),
        "note": found.note,
    }


def _phase(found: Explanations) -> str:
    if found.session is None:
        return f"no session known on {found.exchange}"
    if found.phase is Phase.CLOSED:
        return f"{found.exchange} closed, after the session of {found.session.date}"
    if found.phase is Phase.OVERNIGHT and found.at > found.session.ends_at:
        return f"overnight, no price on {found.exchange} since the session of {found.session.date}"
    return f"{found.phase.value} phase of the session of {found.session.date} on {found.exchange}"


def _known(found: Explanations) -> Iterator[str]:
    quote, reference = found.quote, found.previous_close
    if quote is None:
        yield "price: none yet in this session"
    else:
        age = int((found.at - quote.at).total_seconds())
        yield f"price: {price(quote.price, quote.currency)} ({quote.kind.value}) at {_utc(quote.at)}, {_age(age)} old"
    if reference is None:
        yield "previous close: unknown" + ("" if quote else " without a price")
    else:
        moved = f", so {found.moved * 100:+.1f}%" if found.moved is not None else ""
        yield f"previous close: {price(reference.price, quote.currency if quote else '')} of {reference.session}{moved}"
    if not found.clusters:
        yield f"stories: none in the last {SESSIONS_BACK} sessions reaches {found.symbol}"
    for match in found.clusters:
        via = f" via {', '.join(match.exposures[:3])}" if match.exposures else ""
        sources = f"{len(match.sources)} source{'s' if len(match.sources) != 1 else ''}"
        yield (
            f"stories: {match.topic} {match.score:.2f}, {match.reach}{via}, {sources}, first seen "
            f"{_utc(match.first.seen_at)}: “{clean(match.best.title)}”"
        )
        if match.reasons:
            yield "  = " + ", ".join(f"{r.name} {r.weight:+.2f} “{clean(r.text)}”" for r in match.reasons)


def _verdict(outcome: Evaluation) -> str:
    if outcome.holds:
        return f"holds, {outcome.severity.word if outcome.severity else ''}"
    stop = blocker(outcome.check)
    waits = "waits for another quote to confirm" if outcome.pending else "does not hold"
    return f"{waits}, stopped by {clean(stop.condition)}" if stop else waits


def _fired(found: Explanations) -> Iterator[str]:
    if found.session is None:
        return
    if not found.alerts:
        yield f"no alert for {found.symbol} in the session of {found.session.date}"
    for alert in found.alerts:
        at = datetime.fromisoformat(alert["at"])
        later = " (later)" if at > found.at else ""
        rose_at = alert.get("severity_at") or alert["at"]
        since = f" since {_utc(datetime.fromisoformat(rose_at))}" if rose_at != alert["at"] else ""
        yield f"alert {alert['id']}: {alert['rule']} fired at {_utc(at)}{later}; {alert['severity']}{since}"
        for line in alert["why"]:
            if line["value"] is not None and line["holds"]:
                yield f"  on {clean(line['condition'])}: {clean(line['measured'])}"
        now = next((o.rule.version for o in found.outcomes if o.rule.name == alert["rule"]), None)
        if now is not None and alert.get("rule_version") not in (None, now):
            yield "  by a different version of the rule"


def _outcome(outcome: Evaluation) -> dict[str, Any]:
    stop = blocker(outcome.check)
    return {
        "rule": outcome.rule.name,
        "version": outcome.rule.version,
        "holds": outcome.holds,
        "severity": outcome.severity.word if outcome.severity else None,
        "pending": outcome.pending,
        "stopped_by": stop.condition if stop else None,
        "checks": list(flat_checks(outcome.check)),
    }


def _cluster(match: ClusterMatch) -> dict[str, Any]:
    return {
        "cluster": match.cluster,
        "topic": match.topic,
        "reach": match.reach.value,
        "score": round(match.score, 6),
        "strength": round(match.strength, 6),
        "exposures": list(match.exposures),
        "title": match.best.title,
        "source": match.best.origin,
        "seen_at": iso(match.best.seen_at),
        "first_title": match.first.title,
        "first_seen_at": iso(match.first.seen_at),
        "sources": list(match.sources),
        "reasons": [{"name": r.name, "weight": r.weight, "text": r.text} for r in match.reasons],
    }


def _age(seconds: int) -> str:
    if seconds < 120:
        return f"{seconds} s"
    return f"{seconds // 60} min" if seconds < 7200 else f"{seconds // 3600} h"


def _utc(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}{f':{at:%S}' if at.second else ''}Z"
