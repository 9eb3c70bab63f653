"""``performance``: how each rule has done."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.history.filters import database_file
from bot.cli.options import DEFAULT_CONFIG, Config, Database, Json, parse_when
from bot.cli.terminal import say, say_json, tell
from bot.core.text.wording import count
from bot.render.text import cell_width, clean, cut_cell

if TYPE_CHECKING:
    from bot.app.lab.performance import RulePerformance, Spread

PIPED = 80
"""Columns where the output is no terminal."""
WIDEST = 100
SYMBOL = 9
"""Columns for a symbol; longer ones are cut."""
_LABEL = 11
_LEGEND = (
    "Changes from the alert price; from before: the median against the level before",
    "the move. Bars: ─ 10th to 90th percentile, ▒ middle half, █ median.",
)
_INDENT = "  "


def performance(
    rule: Annotated[
        str | None, typer.Argument(help="One rule, with its latest alerts. Default: every rule that fired.")
    ] = None,
    since: Annotated[str | None, typer.Option(help="Only alerts since then: 2025-01-27 or 90d.")] = None,
    config: Config = DEFAULT_CONFIG,
    database: Database = None,
    json: Json = False,
) -> None:
    """How each rule has performed: how often it fired and what usually followed.

    After 15 minutes, an hour, the close, and 1, 5 and 20 sessions. Missing outcomes are computed from the stored prices
    and, unless a bot is using the database, saved there.
    """
    from bot.app.lab.performance import performance_object, performances
    from bot.clock import SystemClock

    now = SystemClock().now()
    start = parse_when(since, now) if since else None
    found = performances(config, database_file(config, database), now, rule=rule, since=start)
    if json:
        for each in found:
            say_json(performance_object(each, latest=rule is not None))
        return
    after = f" since {start:%Y-%m-%d %H:%M}Z" if start else ""
    if not any(each.alerts for each in found):
        tell(f"{rule} has not fired{after}" if rule else f"no rule has fired{after}")
        return
    width = min(shutil.get_terminal_size().columns, WIDEST) if sys.stdout.isatty() else PIPED
    for each in found:
        for line in performance_lines(each, width, latest=rule is not None):
            say(line)
        say()
    for line in _LEGEND:
        say(line)


def performance_lines(found: RulePerformance, width: int, *, latest: bool) -> Iterator[str]:
    """A rule's performance for people, in ``width`` columns; with ``latest`` also its newest alerts one by one."""
    fired = [f.alert.fired_at for f in found.alerts]
    yield clean(found.rule)
    times = f"fired {count(len(fired), 'time')} for {count(found.symbols, 'symbol')}"
    incidents = f" in {count(found.incidents, 'incident')}" if found.incidents else ""
    yield f"{_INDENT}{times}{incidents}"
    if found.corrected:
        yield f"{_INDENT}cause corrected by later stories: {found.corrected}"
    if found.verdicts:
        people = sum(sum(verdicts.values()) for verdicts in found.verdicts.values())
        yield (
            f"{_INDENT}judged by readers in {count(len(found.verdicts), 'incident')}: {found.confirmed} confirmed, "
            f"{found.disputed} disputed ({count(people, 'verdict')})"
        )
    yield f"{_INDENT}first {min(fired):%Y-%m-%d %H:%M}Z, last {max(fired):%Y-%m-%d %H:%M}Z"
    if found.spreads:
        yield ""
        yield from _table(found.spreads)
        yield ""
        yield from _chart(found.spreads, width)
    if found.unknown:
        which = "at any horizon" if not found.spreads else "after " + ", ".join(found.unknown)
        yield f"{_INDENT}no outcomes yet {which}"
    if latest:
        yield ""
        yield from _latest(found)


def _table(spreads: Sequence[Spread]) -> Iterator[str]:
    """Per horizon: outcomes known, median, middle half, shares higher and lower, and what was left of the move."""
    yield f"{_INDENT}{'after':{_LABEL}} known  median  middle half         higher  lower  from before"
    for s in spreads:
        half = f"{_percent(s.quarter):>6} to {_percent(s.three_quarters)}"
        yield (
            f"{_INDENT}{s.horizon.value:{_LABEL}} {s.known:>5}  {_percent(s.median):>6}  {half:<18} "
            f"{s.higher:>6.0%} {s.lower:>6.0%}  {_percent(s.left):>11}"
        )


def _chart(spreads: Sequence[Spread], width: int) -> Iterator[str]:
    """A bar for each horizon on one scale: 10th to 90th percentile thin, middle half thick, median full."""
    columns = width - len(_INDENT) - _LABEL - 1
    cells = columns - 1 + columns % 2  # odd, so that zero has a cell of its own
    half = cells // 2
    reach = _scale(max(max(-s.tenth, s.nine_tenths) for s in spreads))

    def cell(change: float) -> int:
        return half + round(change / reach * half)

    def fill(bar: list[str], low: float, high: float, mark: str) -> None:
        for i in range(cell(low), cell(high) + 1):
            bar[i] = mark

    for s in spreads:
        bar = [" "] * cells
        bar[half] = "│"
        fill(bar, s.tenth, s.nine_tenths, "─")
        if bar[half] == "─":
            bar[half] = "┼"
        fill(bar, s.quarter, s.three_quarters, "▒")
        fill(bar, s.median, s.median, "█")
        yield f"{_INDENT}{s.horizon.value:{_LABEL}} {''.join(bar)}".rstrip()
    low, high = f"{-reach:+.0%}", f"{reach:+.0%}"
    yield f"{_INDENT}{'':{_LABEL}} {low:<{half}}0{high:>{half}}"


def _scale(furthest: float) -> float:
    """The end of the scale: the next round fraction at or beyond ``furthest``, and 1 % at least."""
    for end in (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0):
        if furthest <= end:
            return end
    return float(-(-furthest // 1))


def _latest(found: RulePerformance) -> Iterator[str]:
    from bot.app.lab.performance import LATEST
    from bot.core.incidents.outcomes import Horizon

    short = {Horizon.SESSION: "1 ses", Horizon.SESSIONS_5: "5 ses", Horizon.SESSIONS_20: "20 ses"}
    names = "".join(f" {short.get(h, h.value):>6}" for h in Horizon)
    yield f"{_INDENT}{'fired (UTC)':16} {'symbol':{SYMBOL}} change{names}"
    for fired in reversed(found.alerts[-LATEST:]):
        symbol = cut_cell(clean(fired.alert.symbol), SYMBOL)
        symbol += " " * (SYMBOL - cell_width(symbol))
        outcomes = (fired.outcomes.get(horizon) for horizon in Horizon)
        changes = "".join(f" {_percent(outcome.change if outcome else None):>6}" for outcome in outcomes)
        at = f"{fired.alert.fired_at:%Y-%m-%d %H:%M}"
        yield f"{_INDENT}{at} {symbol} {_percent(fired.alert.change):>6}{changes}"
    if len(found.alerts) > LATEST:
        yield f"{_INDENT}the latest {LATEST} of {len(found.alerts)}; `history list` shows all"


def _percent(fraction: float | None) -> str:
    """A change in at most six columns."""
    if fraction is None:
        return "·"
    return f"{fraction:+.0%}" if abs(fraction) >= 0.9995 else f"{fraction:+.1%}"
