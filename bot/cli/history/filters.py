"""Which history is read, and the filter options that its commands share."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.cli.options import Place, parse_when
from bot.cli.terminal import tell
from bot.core.errors import ConfigError, StoreError, UsageError
from bot.core.model import LABEL_NAME, VERDICTS, Filters, Severity
from bot.core.text.titles import Titles

_OPTIONS = {
    "symbol": typer.Option(help="Only this symbol."),
    "exposure": typer.Option(help="Only stocks exposed to this, by the cause or by companies.yaml: ai-chips."),
    "rule": typer.Option(help="Only this rule."),
    "severity": typer.Option(help="At least this severity: info, warning, high or critical."),
    "incident": typer.Option(help="Only this incident."),
    "since": typer.Option(help="Only since then: 2025-01-27 or 7d."),
    "until": typer.Option(help="Only before then: 2025-02-01 or 1d."),
    "label": typer.Option(help="Only alerts of rules with this label: desk=semis, or desk for any value of it."),
    "verdict": typer.Option(help="Only what readers called right, not ai, not news, disputed, or none."),
}


def filtered(command: Callable[..., None]) -> Callable[..., None]:
    """Gives ``command`` the filter options, in place of its parameter ``filters`` for what they were parsed into.

    The command must have the parameter ``config``, too.
    """

    @functools.wraps(command)
    def with_options(**options: Any) -> None:
        chosen = {name: options.pop(name) for name in _OPTIONS}
        command(filters=_parse(options["config"], **chosen), **options)

    parameters: list[inspect.Parameter] = []
    for parameter in inspect.signature(command, eval_str=True).parameters.values():
        if parameter.name == "filters":
            for name, option in _OPTIONS.items():
                kind = Annotated[str | None, option]
                parameters.append(inspect.Parameter(name, parameter.kind, default=None, annotation=kind))
        else:
            parameters.append(parameter)
    # what typer reads
    vars(with_options)["__signature__"] = inspect.Signature(parameters)
    with_options.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return with_options


def database_file(config: Path, database: Place | None) -> Place:
    """The history to read. Raises StoreError with what to do where there is none yet."""
    file = database
    if file is None:
        from bot.config.settings.model import load_settings

        file = load_settings(config).storage.place
    from bot.app.stores import exists

    if not exists(file):
        raise StoreError(f"{file}: no history there yet; it begins with the first `run`, or a replay with --database")
    return file


def _parse(
    config: Path,
    *,
    symbol: str | None,
    exposure: str | None,
    rule: str | None,
    severity: str | None,
    incident: str | None,
    since: str | None,
    until: str | None,
    verdict: str | None,
    label: str | None,
) -> Filters:
    """The options as filters. Raises UsageError for values that make no sense."""
    from bot.clock import SystemClock

    now = SystemClock().now()
    least = None
    if severity is not None:
        try:
            least = Severity.parse(severity.lower())
        except KeyError as error:
            raise UsageError(f"'{severity}' is not a severity; write info, warning, high or critical") from error
    if verdict is not None:
        verdict = verdict.lower().replace("-", " ")
        if verdict not in VERDICTS:
            raise UsageError(f"'{verdict}' is not a verdict; write one of {', '.join(VERDICTS)}")
    begin = parse_when(since, now) if since else None
    end = parse_when(until, now) if until else None
    if begin is not None and end is not None and begin >= end:
        raise UsageError(f"--since {since} is not before --until {until}")
    exposure = exposure.lower() if exposure is not None else None
    return Filters(
        symbol=symbol.upper() if symbol else None,
        exposure=exposure,
        exposed=_exposed(config, exposure) if exposure is not None else (),
        rule=rule,
        severity=least,
        incident=incident,
        since=begin,
        until=end,
        verdict=verdict,
        label=_label(label) if label is not None else None,
    )


def _label(written: str) -> tuple[str, str]:
    """Name and value. Raises UsageError."""
    name, sign, value = (part.strip() for part in written.partition("="))
    if not LABEL_NAME.fullmatch(name) or (sign and not value):
        raise UsageError(f"'{written}' is not a label; write desk=semis, or desk for any value of it")
    return name, value


def titles_of(config: Path) -> Titles:
    """The present titles of topics and exposures, and names of companies; none where the configuration cannot be read,
    which keeps nobody from reading the history."""
    from bot.config.news.titles import load_titles
    from bot.config.settings.model import load_settings

    try:
        settings = load_settings(config)
        return load_titles(settings.rules, settings.beneath)
    except ConfigError:
        return Titles()


def _exposed(config: Path, exposure: str) -> tuple[str, ...]:
    """Symbols exposed to it by the present ``companies.yaml``; alerts record only the exposures their cause came by.

    Mistakes in the configuration do not keep anybody from reading the history.
    """
    from bot.config.news.vocabulary import load_vocabulary
    from bot.config.settings.model import load_settings
    from bot.config.yaml.wording import one_of

    try:
        topics, companies = load_vocabulary(load_settings(config))
    except ConfigError:
        tell("companies.yaml cannot be read; only exposures recorded with alerts are searched")
        return ()
    if exposure not in topics.exposure_names:
        raise UsageError(one_of(exposure, sorted(topics.exposure_names), "exposure"))
    return tuple(sorted(company.symbol for company in companies if exposure in company.exposures))
