"""What is drawn: a file of the right size that says the same every time, in type that can be read."""

from __future__ import annotations

import asyncio
import logging
import re
import struct
import sys
import threading
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import combinations
from pathlib import Path

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from bot.adapters import charts
from bot.adapters.charts import DrawingError, draw, drawn, sheet
from bot.adapters.charts.style import MAKER, SMALL, THEMES, Sheet, ThemeName, mixed, plain
from bot.core.messages.pictures import Marker, PricePicture, TablePicture
from bot.core.model import Observation
from bot.core.prices.market import Market
from tests.charts.pictures import (
    alert_of,
    deepseek,
    incident_of,
    market_of,
    price_picture,
    shock_picture,
    shock_table,
    wide_picture,
)
from tests.core.worlds import COMPANIES, at, close, quote
from tests.processes import run

THEME_NAMES: tuple[ThemeName, ...] = ("light", "dark")
ALONE = replace(shock_picture(), peers=())
"""Without a second panel."""
SIGNATURE = b"\x89PNG\r\n\x1a\n"

ROCKETS = "\U0001f680\U0001f4c9"
HEBREW = "\u05e9\u05dc\u05d5\u05dd"
HOSTILE = {
    "mathtext": r"$\frac{x}{0}$ $$ \$ ^_{}",
    "markup": "<b>&amp;<script>alert(1)</script></b>",
    "emoji": f"{ROCKETS} Rocket {ROCKETS}",
    "only emoji": ROCKETS,
    "right to left": f"{HEBREW} \u202e\u2066Reversed\u2069 \u0627\u0644",
    "Chinese": "\u817e\u8baf\u63a7\u80a1",
    "long": "long name " * 400,
    "long word": "W" * 4000,
    "lines": "one\ntwo\r\n\tthree\x00\x07\x1b[31m",
    "marks": "Z" + "\u0301" * 200,
    "lone surrogate": "a\ud800b",
    "nothing": "",
}


def size_of(png: bytes) -> tuple[int, int]:
    assert png.startswith(SIGNATURE)
    return struct.unpack(">II", png[16:24])


def chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = len(SIGNATURE)
    while place < len(png):
        (length,) = struct.unpack(">I", png[place : place + 4])
        yield png[place + 4 : place + 8], png[place + 8 : place + 8 + length]
        place += length + 12


def hostile(text: str) -> tuple[PricePicture, TablePicture]:
    """The small world's pictures with ``text`` wherever text can come from outside."""
    picture, table = shock_picture(), shock_table()
    assert picture.story is not None
    return (
        replace(
            picture,
            symbol=text,
            name=text,
            reference_label=text,
            reference=replace(picture.reference, kind=text),
            story=replace(picture.story, label=text),
            alert=replace(picture.alert, label=text),
            peers=tuple(replace(p, label=text) for p in picture.peers),
            as_of_label=text,
        ),
        TablePicture(
            text,
            (text, text),
            tuple(replace(r, work=text, cells=tuple((text, m) for _, m in r.cells)) for r in table.rows),
            table.as_of,
            text,
        ),
    )


def daily() -> PricePicture:
    """Closes of days, and no other price."""
    bars: list[Observation] = [close("NVDA", 100.0 + n % 3, f"01-{n}") for n in (15, 16, 17, 20, 21, 22, 23, 24)]
    bars.append(close("NVDA", 84.0, "01-27"))
    told = (incident_of([alert_of()]), [alert_of()], at("01-27 22:00"))
    picture = price_picture(market_of(bars), COMPANIES, *told)
    assert picture is not None
    return picture


def minutes() -> PricePicture:
    """A price every minute."""
    tape: list[Observation] = [close("NVDA", 100.0, "01-24")]
    for n in range(400):
        moment = at("01-27 09:00") + timedelta(minutes=n)
        tape.append(replace(quote("NVDA", 90.0 - n % 7 * 0.3, "01-27 09:00"), at=moment, seen_at=moment))
    told = (incident_of([alert_of()]), [alert_of()], at("01-27 15:40"))
    picture = price_picture(market_of(tape), COMPANIES, *told)
    assert picture is not None
    return picture


def wide() -> tuple[PricePicture, TablePicture]:
    price, table = wide_picture(30)
    assert price is not None
    assert table is not None
    return price, table


def rising() -> PricePicture:
    picture = shock_picture()
    up = tuple(replace(p, price=200 - p.price) for p in picture.points)
    alert = Marker(picture.alert.at, picture.alert.label, 112.5)
    return replace(picture, points=up, extremes=(), price=117.0, change=0.17, alert=alert)


def scaled(scale: float) -> PricePicture:
    """The small world's fall with prices of another size."""
    picture = ALONE
    assert picture.alert is not None
    assert picture.alert.price is not None
    return replace(
        picture,
        points=tuple(replace(p, price=p.price * scale) for p in picture.points),
        extremes=(),
        price=picture.price * scale,
        reference=replace(picture.reference, price=picture.reference.price * scale),
        alert=replace(picture.alert, price=picture.alert.price * scale),
    )


def level() -> PricePicture:
    """Nothing has moved."""
    picture = shock_picture()
    flat = tuple(replace(p, price=100.0) for p in picture.points)
    peers = tuple(replace(p, change=0.0, points=tuple((a, 0.0) for a, _ in p.points)) for p in picture.peers)
    alert = Marker(picture.alert.at, picture.alert.label, 100.0)
    return replace(picture, points=flat, extremes=(), price=100.0, change=0.0, alert=alert, peers=peers)


@pytest.fixture(scope="module")
def episode() -> tuple[PricePicture, TablePicture]:
    """The DeepSeek Monday at its close."""
    return deepseek(datetime(2025, 1, 27, 21, tzinfo=UTC))


@pytest.fixture(scope="module")
def gallery(episode: tuple[PricePicture, TablePicture]) -> dict[str, Sheet]:
    """One picture of each kind there is."""
    first_story_long_ago = replace(shock_picture(), story=Marker(at("01-03 12:00"), "First story 3 Jan 12:00"))
    pictures: dict[str, PricePicture | TablePicture] = {
        "small": shock_picture(),
        "small table": shock_table(),
        "story before all": first_story_long_ago,
        "story with the alert": replace(shock_picture(), story=Marker(at("01-27 10:05"), "First story 27 Jan 10:05")),
        "no story": replace(shock_picture(), story=None, peers=()),
        "daily": daily(),
        "minutes": minutes(),
        "wide": wide()[0],
        "wide table": wide()[1],
        "rising": rising(),
        "level": level(),
        "episode": episode[0],
        "episode table": episode[1],
    }
    return {name: sheet(picture, THEME_NAMES[n % 2]) for n, (name, picture) in enumerate(pictures.items())}


def texts(drawing: Sheet) -> list[Text]:
    return [t for t in drawing.figure.findobj(Text) if t.get_text()]


def box(drawing: Sheet, text: Text) -> tuple[float, float, float, float]:
    canvas = drawing.figure.canvas
    assert isinstance(canvas, FigureCanvasAgg)
    extent = text.get_window_extent(canvas.get_renderer())
    return extent.x0, extent.y0, extent.x1, extent.y1


def touching(drawing: Sheet, shown: list[Text]) -> list[tuple[str, str]]:
    """Texts that lie over each other."""
    boxes = [(t.get_text(), box(drawing, t)) for t in shown]
    return [
        (one, other)
        for (one, a), (other, b) in combinations(boxes, 2)
        if min(a[2], b[2]) - max(a[0], b[0]) > 1 and min(a[3], b[3]) - max(a[1], b[1]) > 1
    ]


# ---------------------------------------------------------------------------------------------------------- the file


@pytest.mark.parametrize("theme", THEME_NAMES)
def test_a_picture_is_a_png_as_wide_as_a_phone_shows(theme: ThemeName) -> None:
    assert size_of(draw(ALONE, theme)) == (1080, 810)
    assert size_of(draw(shock_picture(), theme)) == (1080, 1080)
    assert size_of(draw(shock_table(), theme)) == (1080, 810)


def test_a_long_table_grows_downwards_and_has_an_end(episode: tuple[PricePicture, TablePicture]) -> None:
    width, height = size_of(draw(episode[1]))
    assert width == 1080
    assert 810 < height <= 1440


@pytest.mark.parametrize("scale", [1e-6, 1e-5, 1e-3, 1.0, 1e4])
def test_no_two_prices_that_differ_are_written_alike(scale: float) -> None:
    """Also of a share that costs a hundredth of a cent."""
    shown = [t.get_text() for t in texts(sheet(scaled(scale)))]
    numbers = [text for text in shown if text.replace(",", "").replace(".", "").isdigit()]
    assert len(numbers) > 4
    assert len(numbers) == len(set(numbers))
    told = next(text for text in shown if " against " in text).split(", the close")[0].split(" against ")
    assert told[0] != told[1]


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e3, 7e3])
def test_the_phase_of_the_price_is_said_also_where_the_figures_are_long(scale: float) -> None:
    (told,) = [text for t in texts(sheet(scaled(scale))) if " against " in (text := t.get_text()) and "close" in text]
    assert re.search(r"; (?:regular trading|regular), 16:0\d UTC$", told)


def test_where_there_is_room_a_long_line_of_work_is_shown_in_more_lines() -> None:
    _, table = wide_picture(66)
    assert table is not None
    drawing = sheet(table)
    shown = [t.get_text() for t in texts(drawing)]
    assert drawing.height <= 1440
    assert sum(t.startswith("S") and t[1:].isdigit() for t in shown) + shown.count("NVDA") >= 40
    _, narrow = wide_picture(12)
    assert narrow is not None
    few = [t.get_text() for t in texts(sheet(narrow))]
    assert not [t for t in few if t.endswith("more")]
    assert {symbol for row in narrow.rows for symbol, _ in row.cells} <= set(few)


def test_the_same_picture_gives_the_same_bytes() -> None:
    assert draw(shock_picture(), "light") == draw(shock_picture(), "light")
    assert draw(shock_table(), "dark") == draw(shock_table(), "dark")


def test_the_file_says_nothing_of_when_or_by_what_it_was_made() -> None:
    named = dict(chunks(draw(ALONE)))
    assert set(named) == {b"IHDR", b"pHYs", b"IDAT", b"IEND"}


def test_the_themes_have_their_backgrounds() -> None:
    for theme in THEME_NAMES:
        data = b"".join(d for kind, d in chunks(draw(ALONE, theme)) if kind == b"IDAT")
        first = zlib.decompress(data)[1:4]  # after the first row's filter: its first pixel
        assert f"#{first.hex()}" == THEMES[theme].paper


def test_two_threads_draw_what_one_draws() -> None:
    pictures = [ALONE, shock_table()]
    alone = [draw(p, t) for p in pictures for t in THEME_NAMES]
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(lambda pair: draw(*pair), [(p, t) for p in pictures for t in THEME_NAMES]))
    assert together == alone


def test_neither_pyplot_nor_anything_before_the_first_picture_is_loaded(repository: Path) -> None:
    program = (
        "import sys, bot.adapters.charts as charts\n"
        "assert not any(m.startswith('matplotlib') for m in sys.modules)\n"
        "import bot.adapters.charts.price, bot.adapters.charts.table\n"
        "assert 'matplotlib.figure' in sys.modules and 'matplotlib.pyplot' not in sys.modules\n"
    )
    run([sys.executable, "-c", program], cwd=repository, check=True)


# ------------------------------------------------------------------------------------------------------------- the type


def test_no_type_is_smaller_than_a_phone_shows(gallery: dict[str, Sheet]) -> None:
    assert SMALL >= 26
    for name, drawing in gallery.items():
        assert drawing.figure.dpi == 72, "a point is a pixel"
        assert min(t.get_fontsize() for t in texts(drawing)) >= SMALL, name


def test_every_picture_says_who_made_it(gallery: dict[str, Sheet]) -> None:
    for name, drawing in gallery.items():
        assert MAKER in [text.get_text() for text in texts(drawing)], name


def test_every_text_is_inside_the_picture(gallery: dict[str, Sheet]) -> None:
    for name, drawing in gallery.items():
        outside = []
        for text in texts(drawing):
            left, bottom, right, top = box(drawing, text)
            if left < 0 or bottom < 0 or right > drawing.width or top > drawing.height:
                outside.append(text.get_text())
        assert outside == [], name


def test_no_two_texts_lie_over_each_other(gallery: dict[str, Sheet]) -> None:
    found = {name: touching(drawing, texts(drawing)) for name, drawing in gallery.items()}
    assert {name: pairs for name, pairs in found.items() if pairs} == {}


def test_the_markers_and_the_reference_are_labelled(episode: tuple[PricePicture, TablePicture]) -> None:
    said = {t.get_gid(): t.get_text() for t in texts(sheet(episode[0]))}
    assert said["title"] == "Nebius (NBIS)"
    assert said["reference"] == "Close Fri 24 Jan: 41.69"
    assert said["story"] == "First story 20 Jan 12:37"
    assert said["alert"] == "Alert 21:00"


def test_a_story_before_all_that_is_shown_points_back() -> None:
    early = replace(shock_picture(), story=Marker(at("01-03 12:00"), "First story 3 Jan 12:00"))
    said = {t.get_gid(): t.get_text() for t in texts(sheet(early))}
    assert said["story"] == "‹ First story 3 Jan 12:00"


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("name", THEME_NAMES)
def test_text_stands_out_from_what_is_behind_it(name: ThemeName) -> None:
    theme = THEMES[name]
    behind = [theme.paper, theme.panel, theme.shade]
    written = [theme.text, theme.muted, theme.fall, theme.rise, theme.story]
    pairs = [(w, b) for w in written for b in behind] + [(p, theme.paper) for p in theme.peers]
    pairs += [(theme.text, mixed(c, theme.paper, 0.42)) for c in (theme.fall, theme.rise)]
    for one, other in pairs:
        light, dark = sorted((luminance(one), luminance(other)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, (one, other)


# ------------------------------------------------------------------------------------------------------- hostile words


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_whatever_it_is_called_it_is_drawn_as_text(text: str) -> None:
    for picture in hostile(text):
        drawing = sheet(picture)
        if isinstance(picture, PricePicture):  # the table has the same texts
            assert size_of(drawing.png())[0] == 1080
        for shown in texts(drawing):
            left, _, right, _ = box(drawing, shown)
            assert left >= 0
            assert right <= drawing.width
            assert not shown.get_parse_math()
            assert not shown.get_usetex()
        marked = [t for t in texts(drawing) if t.get_gid() in ("story", "alert")]
        assert touching(drawing, marked) == []


def test_what_cannot_be_drawn_is_left_out() -> None:
    assert plain(HOSTILE["emoji"]) == "Rocket"
    assert plain(HOSTILE["right to left"]) == "Reversed"
    assert plain(HOSTILE["lines"]) == "one two three[31m"
    assert plain(HOSTILE["Chinese"]) == ""
    assert plain("Société Générale – $5 & <b>") == "Société Générale – $5 & <b>"
    assert plain(HOSTILE["long word"]).endswith("W…")


def test_a_name_that_cannot_be_drawn_gives_way_to_the_symbol() -> None:
    drawing = sheet(replace(shock_picture(), name=HOSTILE["Chinese"], symbol="0700.HK"))
    assert next(t.get_text() for t in texts(drawing) if t.get_gid() == "title") == "0700.HK"


# --------------------------------------------------------------------------------------------------------- off the loop


async def test_drawn_off_the_loop_it_is_the_same() -> None:
    assert await drawn(ALONE, "dark") == draw(ALONE, "dark")


async def test_a_failure_is_one_line_in_the_log_and_no_picture(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> Sheet:
        raise RuntimeError("no\nfonts")

    monkeypatch.setattr(charts, "sheet", broken)
    with pytest.raises(DrawingError, match="RuntimeError"):
        draw(shock_picture())
    with caplog.at_level(logging.WARNING):
        assert await drawn(shock_picture()) is None
    assert [r.getMessage() for r in caplog.records] == [
        "message sent without its picture, which could not be drawn: RuntimeError: no fonts"
    ]


async def test_a_price_that_is_no_number_is_no_picture(caplog: pytest.LogCaptureFixture) -> None:
    assert await drawn(replace(shock_picture(), price=float("nan"), change=float("nan"))) is None
    assert len(caplog.records) == 1


async def test_a_drawing_that_hangs_holds_nothing_up(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    released, ended = threading.Event(), threading.Event()

    def hanging(*_: object) -> bytes:
        released.wait(30)
        ended.set()
        return b""

    monkeypatch.setattr(charts, "draw", hanging)
    assert await drawn(shock_picture(), limit=0.05) is None
    assert [r.getMessage() for r in caplog.records] == [
        "message sent without its picture, which could not be drawn: not done after 0.05 s"
    ]
    released.set()
    assert await asyncio.to_thread(ended.wait, 30)


async def test_one_that_is_stopped_waiting_for_is_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()
    monkeypatch.setattr(charts, "draw", lambda *_: released.wait(30) and b"")
    waiting = asyncio.create_task(drawn(shock_picture()))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    released.set()


def test_the_market_of_the_pictures_is_not_changed_by_them() -> None:
    market: Market = market_of([close("NVDA", 100.0, "01-24"), quote("NVDA", 88.0, "01-27 10:05")])
    before = market.revision.number
    assert price_picture(market, COMPANIES, incident_of([alert_of()]), [alert_of()], at("01-27 10:05"))
    assert market.revision.number == before
    assert list(market) == ["NVDA"]
