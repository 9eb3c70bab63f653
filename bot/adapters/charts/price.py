"""The price chart of one company's fall, and below it the incident's other symbols."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from math import isfinite

from bot.adapters.charts.axis import TimeAxis, ValueAxis, between, hours
from bot.adapters.charts.labels import along, apart, beside, hidden, spread
from bot.adapters.charts.style import HEIGHT, MAKER, MARGIN, SMALL, TITLE, Box, Sheet, Theme, signed
from bot.core.messages.pictures import Marker, Peer, PricePicture
from bot.core.model import Phase
from bot.core.text.wording import PHASE_WORDS, against, clock_words, percent, price, short_day, words_of
from bot.render.axes import tick_text

TALL = 1080
"""The height with a second panel: a square, which phones show at full width."""
HEADING = 132
"""The height above the panels."""
PHASE_NAMES = 44
"""The height above the highest price, for the names of the phases."""
FOOT = 176
"""The height below the panels: hours, dates, the time of the data, and who made the picture."""
PEER_ROW = 34
PEER_PANEL = 250
PEER_NAME = 250
"""The widest name of another stock, beside its change."""
WIDE = 220
"""A column this wide shows hours, lows and highs."""
MANY = 80
"""A line with more points than this is drawn thinner."""
SHORT_PHASES = {Phase.OVERNIGHT: ("overnight", "night"), Phase.PRE: ("pre-market", "pre"),
                Phase.REGULAR: ("regular trading", "regular"), Phase.POST: ("after hours", "post")}  # fmt: skip
CLOSED = "at the close", "close"
Points = list[tuple[float, float]]


def price_sheet(picture: PricePicture, theme: Theme) -> Sheet:
    """The picture, ready to be saved."""
    sheet = Sheet(theme, HEIGHT if not picture.peers else TALL)
    bottom = sheet.height - FOOT
    _heading(sheet, picture)
    tags = [price(picture.price, picture.currency)] + [_tag(sheet, p) for p in picture.peers]
    right = sheet.width - MARGIN - max(sheet.width_of(t, bold=n == 0) for n, t in enumerate(tags)) - 26
    split = bottom - PEER_PANEL - 50 if picture.peers else bottom
    moves = [moved for peer in picture.peers for _, moved in peer.points]
    levels = [p.price for p in (*picture.points, *picture.extremes)] + [picture.reference.price, picture.price]
    levels += [picture.alert.price] if picture.alert is not None and picture.alert.price is not None else []
    if not all(isfinite(number) for number in (*levels, *moves)):
        raise ValueError("a price is not a finite number")
    values = ValueAxis(levels, HEADING, split, PHASE_NAMES + 34, 30)
    ticks = values.ticks(62, HEADING + 14)
    changes = ValueAxis([*moves, 0.0], split + 50, bottom, 20, 20)
    shares = changes.ticks(62, split + 64) if picture.peers else []
    beside_axis = [_tick(t, ticks) for t in ticks] + [percent(t, 0) for t in shares]
    left = MARGIN + max((sheet.width_of(words) for words in beside_axis), default=0) + 14
    time = TimeAxis(picture, left, right)
    _panel(sheet, time, HEADING, split)
    for value in ticks:
        y = values.place(value)
        sheet.line([(left, y), (right, y)], theme.grid, 1.5, 0.5)
        sheet.text(left - 14, y, _tick(value, ticks), theme.muted, align="right")
    unnamed = _phases(sheet, time, HEADING + 24)
    _prices(sheet, picture, time, values, (left, HEADING, right, split))
    if picture.peers:
        _peers(sheet, picture.peers, time, changes, shares, (left, split + 50, right, bottom))
    _dates(sheet, time, bottom, picture.session)
    _foot(sheet, picture.as_of_label, unnamed)
    return sheet


def _foot(sheet: Sheet, as_of: str, unnamed: bool) -> None:
    legend = "shaded: outside regular hours" if unnamed else ""
    taken = sheet.width_of(legend) + 30 if unnamed else 0.0
    sheet.text(MARGIN, sheet.height - 28, MAKER, sheet.theme.muted)
    y = sheet.height - 64
    sheet.text(MARGIN, y, sheet.shortened(as_of, sheet.width - 2 * MARGIN - taken), sheet.theme.muted)
    if unnamed:
        sheet.text(sheet.width - MARGIN, y, legend, sheet.theme.muted, align="right")


def _heading(sheet: Sheet, picture: PricePicture) -> None:
    theme = sheet.theme
    change = percent(picture.change)
    inner = sheet.width - 2 * MARGIN
    width = sheet.width_of(change, TITLE, True)
    name, symbol = sheet.shortened(picture.name, inner, TITLE, True), sheet.shortened(picture.symbol, 260, TITLE, True)
    behind = f" ({symbol})" if name and name != symbol else ""
    spare = inner - width - 30 - sheet.width_of(behind, TITLE, True)
    title = f"{sheet.shortened(picture.name, spare, TITLE, True) or symbol}{behind}"
    sheet.text(MARGIN, 46, title, theme.text, TITLE, True, name="title")
    sheet.text(sheet.width - MARGIN, 46, change, signed(theme, picture.change), TITLE, True, "right")
    figure = price(picture.price, picture.currency)
    whole = words_of(against(picture.reference, picture.price_at, picture.currency))
    phases = CLOSED if picture.official else (PHASE_WORDS[picture.phase], *SHORT_PHASES[picture.phase])
    ways = [f"{figure} {whole}; {phase}, {clock_words(picture.price_at)}" for phase in phases]
    before = price(picture.reference.price, picture.currency)
    ways.append(f"{figure} against {before}; {phases[-1]}, {clock_words(picture.price_at)}")
    line = next((way for way in ways if sheet.width_of(way) <= inner), ways[-1])
    sheet.text(MARGIN, 98, sheet.shortened(line, inner), theme.muted)


def _tick(value: float, ticks: Sequence[float]) -> str:
    return tick_text(value, ticks[1] - ticks[0] if len(ticks) > 1 else 1.0)


def _panel(sheet: Sheet, time: TimeAxis, top: float, bottom: float) -> None:
    for column in time.columns:
        for phase, left, right in column.parts:
            colour = sheet.theme.panel if phase is Phase.REGULAR else sheet.theme.shade
            sheet.rectangle((left, top, right, bottom), colour)


def _phases(sheet: Sheet, time: TimeAxis, y: float) -> bool:
    """Name the phases of wide sessions; whether any shaded one remains without a name."""
    unnamed = False
    for column in time.columns:
        shaded = any(phase is not Phase.REGULAR for phase, _, _ in column.parts)
        for phase, left, right in column.parts if shaded else ():
            space = right - left - 12 if column.right - column.left >= WIDE or column.single else 0.0
            word = next((w for w in SHORT_PHASES[phase] if sheet.width_of(w) <= space), "")
            unnamed = unnamed or not (word or phase is Phase.REGULAR)
            if word:
                sheet.text((left + right) / 2, y, word, sheet.theme.muted, align="center")
    return unnamed


def _runs(points: Sequence[tuple[int, float, float]]) -> list[Points]:
    """Points by session."""
    runs: dict[int, Points] = {}
    for column, x, y in points:
        runs.setdefault(column, []).append((x, y))
    return list(runs.values())


def _draw_line(sheet: Sheet, runs: Sequence[Points], colour: str, width: float, dots: float, few: int = 2) -> None:
    """Solid within a session; a fine line from one to the next, as there was no trading between."""
    for run in runs:
        if len(run) > 1:
            sheet.line(run, colour, width, 4)
        if len(run) <= few:
            for x, y in run:
                sheet.dot(x, y, colour, dots, layer=4.5)
    for one, other in pairwise(runs):
        if len(one) == len(other) == 1:  # daily closes
            sheet.line([one[0], other[0]], colour, width * 0.8, 3.5)
        else:
            sheet.line([one[-1], other[0]], colour, width / 2.2, 3.5, dashes=(1.6, 1.6))


def _prices(sheet: Sheet, picture: PricePicture, time: TimeAxis, values: ValueAxis, room: Box) -> None:
    theme = sheet.theme
    left, top, right, bottom = room
    places = [(time.column_of(p.at), time.place(p.at), values.place(p.price)) for p in picture.points]
    runs = _runs(places)
    line = [point for run in runs for point in run]
    zero = values.place(picture.reference.price)
    tone = signed(theme, picture.change)
    fall = next(i for i, c in enumerate(time.columns) if c.session >= picture.session)
    since = [(x, y) for c, x, y in places if c >= fall]
    if len(since) > 1:
        sheet.area([(since[0][0], zero), *since, (since[-1][0], zero)], tone, 0.13)
    sheet.line([(left, zero), (right, zero)], theme.muted, 2.5, 3, dashes=(4, 2.5))
    wide = time.columns[fall].right - time.columns[fall].left >= WIDE
    for extreme in picture.extremes if wide else ():
        x = time.place(extreme.at)
        y = between(line, x)
        if y is not None:
            sheet.line([(x, y), (x, values.place(extreme.price))], theme.lead, 2, 3.2)
    _draw_line(sheet, runs, theme.lead, 5 if len(line) < MANY else 3.5, 13)
    end = (time.place(picture.price_at), values.place(picture.price))
    sheet.dot(*end, tone, 16, layer=5)
    y = min(max(end[1], top + 20), bottom - 20)
    if right - end[0] > 20:
        sheet.line([(end[0] + 14, end[1]), (right + 8, y)], tone, 2, 3.3, dashes=(1, 2))
    sheet.text(right + 16, y, price(picture.price, picture.currency), tone, SMALL, True)
    _labels(sheet, picture, time, values, room, along(line), zero)


def _labels(
    sheet: Sheet,
    picture: PricePicture,
    time: TimeAxis,
    values: ValueAxis,
    room: Box,
    line: Points,
    zero: float,
) -> None:
    """Label the reference, the first story and the alert where they hide nothing."""
    theme = sheet.theme
    left, top, right, bottom = room
    inner = (left + 8, top + PHASE_NAMES, right - 8, bottom - 8)
    axis = [(float(x), zero) for x in range(int(left), int(right), 8)]
    at, faint = left, Points()
    if picture.story is not None:
        at = time.place(picture.story.at)
        faint = [(at, float(y)) for y in range(int(top), int(bottom), 8)]
    before = price(picture.reference.price, picture.currency)
    reference = sheet.shortened(f"{picture.reference_label}: {before}", right - left - 40)
    width = sheet.width_of(reference) + 12
    best = min(_beside_level(zero, width, left + 12, right - 12), key=lambda b: 3 * hidden(b, line) + hidden(b, faint))
    taken = [_label(sheet, best, reference, theme.muted, "reference")]
    marks: list[tuple[Marker, Points, str, str]] = []
    alert = picture.alert
    if alert is not None and alert.price is not None:
        x, y = time.place(alert.at), values.place(alert.price)
        sheet.dot(x, y, theme.paper, 20, signed(theme, picture.change), layer=6)
        marks.append((alert, [(x, y)], signed(theme, picture.change), "alert"))
        taken.append((x - 14, y - 14, x + 14, y + 14))
    if picture.story is not None:
        heights = range(int(bottom) - 26, int(top + PHASE_NAMES), -40)
        marks.append((picture.story, [(at, float(y)) for y in heights], theme.story, "story"))
    for marker, anchors, colour, name in marks:
        earlier = name == "story" and marker.at < time.columns[0].pieces[0].span.start_at
        words = sheet.shortened(f"‹ {marker.label}" if earlier else marker.label, right - left - 60, bold=True)
        size = (sheet.width_of(words, bold=True) + 16, 38)
        box = beside(anchors, size, inner, taken, line, faint + axis)
        taken.append(_label(sheet, box, words, colour, name, bold=True))
    if picture.story is not None:
        for one, other in apart(top + PHASE_NAMES, bottom, [(b[1], b[3]) for b in taken if b[0] <= at <= b[2]]):
            sheet.line([(at, one), (at, other)], theme.story, 2.5, 3.4, dashes=(2, 2))


def _beside_level(y: float, width: float, left: float, right: float) -> list[Box]:
    """Boxes for the label of a horizontal line, above and below it, the ends first."""
    xs = (right - width, left, *map(float, range(int(right - width) - 40, int(left), -40)))
    return [(x, top, x + width, top + 34) for top in (y - 40, y + 6) for x in xs]


def _label(sheet: Sheet, box: Box, words: str, colour: str, name: str, bold: bool = False) -> Box:
    sheet.text((box[0] + box[2]) / 2, (box[1] + box[3]) / 2, words, colour, SMALL, bold, "center", name)
    return box


def _tag(sheet: Sheet, peer: Peer) -> str:
    return f"{sheet.shortened(peer.label, PEER_NAME)} {percent(peer.change)}"


def _peers(
    sheet: Sheet, peers: Sequence[Peer], time: TimeAxis, values: ValueAxis, ticks: Sequence[float], room: Box
) -> None:
    """The incident's other symbols, in percent of their reference."""
    theme = sheet.theme
    _, top, _, bottom = room
    _panel(sheet, time, top, bottom)
    sheet.text(time.left, top - 24, "Also hit, against the price before the fall", theme.muted)
    for value in ticks:
        y = values.place(value)
        sheet.line([(time.left, y), (time.right, y)], theme.grid, 1.5, 0.5)
        sheet.text(time.left - 14, y, percent(value, 0), theme.muted, align="right")
    zero = values.place(0.0)
    sheet.line([(time.left, zero), (time.right, zero)], theme.muted, 2.5, 3, dashes=(4, 2.5))
    ends = []
    for peer, colour in zip(peers, theme.peers, strict=False):
        places = [(time.column_of(at), time.place(at), values.place(moved)) for at, moved in peer.points]
        _draw_line(sheet, _runs(places), colour, 3, 9, 1)
        ends.append(places[-1][1:])
    heights = spread([y for _, y in ends], PEER_ROW, top - 8, bottom + 8)
    for peer, colour, end, y in zip(peers, theme.peers, ends, heights, strict=False):
        leader = [(end[0] + 2, end[1]), (time.right + 2, end[1]), (time.right + 14, y)]
        sheet.line(leader, colour, 1.5, 3, dashes=(1, 1.5))
        sheet.text(time.right + 20, y, _tag(sheet, peer), colour)


def _dates(sheet: Sheet, time: TimeAxis, top: float, fall: date) -> None:
    """The hours of wide sessions, and below them the dates."""
    below, written = top + 40, 0.0
    for column in time.columns:
        if column.right - column.left < WIDE or column.single:
            continue
        for at in hours(column, 100):
            x = next(p for p in column.pieces if at <= p.span.end_at).place(at)
            half = sheet.width_of("00:00") / 2
            if x - half >= max(column.left - 40, written) and x + half <= sheet.width - MARGIN:
                below, written = top + 64, x + half + 16
                sheet.line([(x, top), (x, top + 8)], sheet.theme.muted, 2, 1)
                sheet.text(x, top + 26, f"{at:%H:%M}", sheet.theme.muted, align="center")
    for column, word in zip(time.columns, _day_words(sheet, time, fall), strict=True):
        if word:
            sheet.text(column.middle, below, word, sheet.theme.text, align="center")


def _day_words(sheet: Sheet, time: TimeAxis, fall: date) -> list[str]:
    """The dates, in the fullest form that fits: the same for all, then fuller for the fall, the last session and the
    first of each month. A date that would touch its neighbour is left out."""
    days = [c.session for c in time.columns]
    ways = [(f"{day.day}", f"{day.day} {day:%b}", short_day(day)) for day in days]
    words = [""] * len(days)
    last = len(days) - 1
    for i in range(last, -1, -1):
        if _fits(sheet, time, words, i, ways[i][0]):
            words[i] = ways[i][0]
    for level in (1, 2):
        fuller = [way[level] for way in ways]
        if all(_fits(sheet, time, fuller, i, fuller[i]) for i in range(len(days))):
            words = fuller
    telling = [i for i, day in enumerate(days) if day == fall]
    telling += [last, *(i for i, day in enumerate(days) if i == 0 or day.month != days[i - 1].month)]
    for i in telling:
        if fitting := [w for w in ways[i] if len(w) > len(words[i]) and _fits(sheet, time, words, i, w)]:
            words[i] = fitting[-1] if i == last or days[i] == fall else fitting[0]
    return words


def _fits(sheet: Sheet, time: TimeAxis, words: Sequence[str], i: int, word: str) -> bool:
    """Whether ``word`` fits under column ``i``, next to the words under the other columns."""
    middle, half = time.columns[i].middle, sheet.width_of(word) / 2
    if middle - half < MARGIN or middle + half > sheet.width - MARGIN:
        return False
    return all(
        n == i or not other or abs(time.columns[n].middle - middle) >= half + sheet.width_of(other) / 2 + 16
        for n, other in enumerate(words)
    )
