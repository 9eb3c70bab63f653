"""Which history is read, and the filters that its commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.options import parse_when
from bot.core.errors import ConfigError, StoreError, UsageError

if TYPE_CHECKING:
    from bot.core.model import Filters

Symbol = Annotated[str | None, typer.Option(help="Only this symbol.")]
Exposure = Annotated[
    str | None, typer.Option(help="Only stocks that live from this, by the cause or by companies.yaml: ai-chips.")
]
Rule = Annotated[str | None, typer.Option(help="Only this rule.")]
Least = Annotated[str | None, typer.Option(help="At least this severe: info, warning, high or critical.")]
Incident = Annotated[str | None, typer.Option(help="Only this incident.")]
Since = Annotated[str | None, typer.Option(help="Only since then: 2025-01-27 or 7d.")]
Until = Annotated[str | None, typer.Option(help="Only before then: 2025-02-01 or 1d.")]
Answer = Annotated[
    str | None, typer.Option("--verdict", help="Only what readers called right, not ai, not news, disputed, or none.")
]


def database_file(config: Path, database: Path | None) -> Path:
    """The history to read. Raises StoreError with what to do where there is none yet."""
    file = database
    if file is None:
        from bot.config.settings.model import load_settings

        file = load_settings(config).storage.database
    from bot.app.stores import exists

    if not exists(file):
        raise StoreError(f"{file}: no history there yet; it begins with the first `run`, or a replay with --database")
    return file


def filters(
    config: Path,
    *,
    symbol: str | None = None,
    exposure: str | None = None,
    rule: str | None = None,
    severity: str | None = None,
    incident: str | None = None,
    since: str | None = None,
    until: str | None = None,
    verdict: str | None = None,
    warn: Callable[[str], None] = lambda line: typer.echo(line, err=True),
) -> Filters:
    """What was typed, as the history takes it. Raises UsageError for what makes no sense."""
    from bot.clock import SystemClock
    from bot.core.model import VERDICTS, Filters, Severity

    now = SystemClock().now()
    least = None
    if severity is not None:
        try:
            least = Severity.parse(severity.lower())
        except KeyError as error:
            raise UsageError(f"'{severity}' is no severity; write info, warning, high or critical") from error
    judged = verdict.lower().replace("-", " ") if verdict is not None else None
    if judged is not None and judged not in VERDICTS:
        raise UsageError(f"'{verdict}' is no verdict; write one of {', '.join(VERDICTS)}")
    begin = parse_when(since, now) if since else None
    end = parse_when(until, now) if until else None
    if begin is not None and end is not None and begin >= end:
        raise UsageError(f"nothing lies between --since {since} and --until {until}")
    lives_from = exposure.lower() if exposure is not None else None
    return Filters(
        symbol=symbol.upper() if symbol else None,
        exposure=lives_from,
        exposed=_exposed(config, lives_from, warn) if lives_from is not None else (),
        rule=rule,
        severity=least,
        incident=incident,
        since=begin,
        until=end,
        verdict=judged,
    )


def _exposed(config: Path, exposure: str, warn: Callable[[str], None]) -> tuple[str, ...]:
    """The symbols that live from it as ``companies.yaml`` is now; an alert tells only what its cause reached it by.

    A configuration with mistakes stops nobody from reading the history.
    """
    from bot.config.news.companies import load_companies
    from bot.config.news.topics import load_topics
    from bot.config.settings.model import load_settings
    from bot.config.yaml.wording import one_of

    try:
        folder = load_settings(config).rules
        topics = load_topics(folder / "topics")
        companies = load_companies(
            folder / "companies.yaml", exposures=topics.exposure_names, lists=tuple(topics.words)
        )
    except ConfigError:
        warn("companies.yaml cannot be read: only what alerts themselves recorded of exposures is found")
        return ()
    if exposure not in topics.exposure_names:
        raise UsageError(one_of(exposure, sorted(topics.exposure_names), "exposure"))
    return tuple(sorted(company.symbol for company in companies if exposure in company.exposures))
