"""Pictures of the small world, and of the week it is modelled on."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from bot.app.lab.workbench import episode_scenario, open_workbench
from bot.core.messages import pictures
from bot.core.messages.pictures import PricePicture, TablePicture
from bot.core.messages.snapshot import figures_now
from bot.core.model import Alert, DailyBar, Figures, Incident, Observation, Quote, Split
from bot.core.news import Companies, Company, Topics
from bot.core.prices.market import Market
from tests.core.worlds import COMPANIES, TOPICS, at, close, engine, play, quote, shock_tape, weekday_timetable

TIMETABLE = weekday_timetable()
MONDAY = at("01-27 16:05")


def market_of(observations: list[Observation]) -> Market:
    """A market that has taken ``observations`` in the order they were seen."""
    market = Market(lambda symbol: TIMETABLE)
    for observation in sorted(observations, key=lambda o: o.seen_at):
        if isinstance(observation, Quote):
            market.of(observation.symbol).add_quote(observation)
        elif isinstance(observation, DailyBar | Split):
            market.apply(observation)
    return market


@cache
def shock(until: str = "01-27 16:05") -> tuple[Market, Incident, list[Alert]]:
    """The small world's fall as its engine knows it at ``until``."""
    machine = engine()
    tape = [o for o in shock_tape() if o.seen_at <= at(until)]
    decisions = play(machine, tape, until)
    incident = [i for d in decisions for i in d.incidents][-1]
    alerts = [machine.alerts.get(a) for a in incident.alerts]
    return machine.market, incident, [a for a in alerts if a is not None]


def figures_of(market: Market, incident: Incident, alerts: list[Alert], moment: datetime) -> Figures:
    """What a message at ``moment`` would count."""
    fired = [a for a in alerts if a.fired_at <= moment]
    return figures_now(market, incident, fired, TOPICS.ai_causes, moment) if fired else Figures(moment, ())


def price_picture(
    market: Market, companies: Companies, incident: Incident, alerts: list[Alert], moment: datetime
) -> PricePicture | None:
    """The chart of a message at ``moment``."""
    told = figures_of(market, incident, alerts, moment)
    return pictures.price_picture(market, companies, incident, alerts, told)


def table_picture(
    market: Market, companies: Companies, topics: Topics, incident: Incident, alerts: list[Alert], moment: datetime
) -> TablePicture | None:
    """The table of a message at ``moment``."""
    return pictures.table_picture(companies, topics, figures_of(market, incident, alerts, moment))


@cache
def shock_picture() -> PricePicture:
    """The lead of the small world's fall, with a peer."""
    picture = price_picture(shock()[0], COMPANIES, *shock()[1:], MONDAY)
    assert picture is not None
    return picture


@cache
def shock_table() -> TablePicture:
    """Who is hit in the small world."""
    picture = table_picture(shock()[0], COMPANIES, TOPICS, *shock()[1:], MONDAY)
    assert picture is not None
    return picture


def alert_of(symbol: str = "NVDA") -> Alert:
    """The alert the small world's lead fired, as if ``symbol`` had."""
    alert = next(a for a in shock("01-27 10:05")[2])
    return replace(alert, id=f"20250127-{symbol}", symbol=symbol)


def incident_of(alerts: list[Alert]) -> Incident:
    """The small world's incident with other alerts in it; the first leads."""
    symbols = tuple(a.symbol for a in alerts)
    return replace(shock("01-27 10:05")[1], lead=symbols[0], symbols=symbols, alerts=tuple(a.id for a in alerts))


def wide_picture(count: int = 8) -> tuple[PricePicture | None, TablePicture | None]:
    """An incident of so many symbols, S1 having fallen least."""
    symbols = ["NVDA", *(f"S{n}" for n in range(1, count))]
    observations: list[Observation] = [close(s, 100.0, "01-24") for s in symbols]
    for n, symbol in enumerate(symbols):
        observations.append(quote(symbol, 88.0 - n, "01-27 10:05"))
        observations.append(quote(symbol, 87.0 - n, "01-27 10:10"))
    alerts = [alert_of(s) for s in symbols]
    companies = Companies([Company(s, s, exposures={"cooling" if s == "S3" else "ai-chips": 1.0}) for s in symbols])
    told = (incident_of(alerts), alerts, at("01-27 10:15"))
    market = market_of(observations)
    return price_picture(market, companies, *told), table_picture(market, companies, TOPICS, *told)


def deepseek(until: datetime) -> tuple[PricePicture, TablePicture]:
    """Nvidia and the others in the recorded episode as of ``until``."""
    stage = open_workbench(Path(__file__).parents[2] / "config.yaml", None, datetime(2025, 3, 1, tzinfo=UTC))
    scene = episode_scenario(stage, "deepseek-2025-01")
    machine = stage.engine(stage.rules(scene.symbols), scene.tape.observations[0].seen_at)
    decisions = machine.step([o for o in scene.tape.observations if o.seen_at <= until], until)
    incident = next(i for i in reversed(decisions.incidents) if i.lead == "NVDA")
    alerts = [a for a in (machine.alerts.get(a) for a in incident.alerts) if a is not None]
    price = price_picture(machine.market, stage.project.companies, incident, alerts, until)
    table = table_picture(machine.market, stage.project.companies, stage.project.topics, incident, alerts, until)
    assert price is not None
    assert table is not None
    return price, table
