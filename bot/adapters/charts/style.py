"""The sheet that charts are drawn on: colours, sizes, and text without any markup.

Positions are in pixels from the top left. At 72 dots per inch a point is a pixel, so font sizes are pixels too. The
fonts are the files that come with matplotlib; its settings are not used, as they differ between machines.
"""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.ft2font import FT2Font
from matplotlib.lines import Line2D
from matplotlib.patches import FancyBboxPatch, Polygon, Rectangle
from matplotlib.text import Text
from matplotlib.transforms import IdentityTransform

from bot.core.text.characters import has_invisible

DPI = 72
WIDTH = 1080
HEIGHT = 810
MARGIN = 36
SMALL = 26
"""The smallest font size. On a phone, where 1,080 pixels are some 70 mm wide, it is about 5 points."""
TITLE = 42
MAKER = "Aftershock · made by a machine"
"""On every picture: whose it is, and that nobody drew it."""
LONGEST_TEXT = 200
"""Characters drawn of an external text at most; no more would fit."""

ThemeName = Literal["light", "dark"]
Align = Literal["left", "center", "right"]
Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""
Path = Sequence[tuple[float, float]]
"""The points of a line."""


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours for one background, against which text has a contrast of at least 4.5:1."""

    paper: str
    panel: str
    """Behind regular trading."""
    shade: str
    """Behind pre- and post-market."""
    grid: str
    text: str
    muted: str
    lead: str
    fall: str
    rise: str
    story: str
    peers: tuple[str, str, str, str, str]


THEMES: dict[ThemeName, Theme] = {
    "light": Theme(
        paper="#ffffff",
        panel="#f6f8fa",
        shade="#e8ecf1",
        grid="#d5dbe2",
        text="#14202b",
        muted="#52606d",
        lead="#123a63",
        fall="#b3261e",
        rise="#19703a",
        story="#7a4b00",
        peers=("#0b6e99", "#a3541a", "#6b3fa0", "#2f7a4d", "#a8326e"),
    ),
    "dark": Theme(
        paper="#11161c",
        panel="#1a2129",
        shade="#252e38",
        grid="#37424e",
        text="#eef2f6",
        muted="#a9b5c1",
        lead="#9ecbff",
        fall="#ff8a80",
        rise="#6fd58f",
        story="#f0c36a",
        peers=("#5cc8f2", "#f2a56b", "#c3a1f5", "#7fd6a0", "#f58fc0"),
    ),
}


def signed(theme: Theme, change: float) -> str:
    """The colour of a change."""
    return theme.fall if change < 0 else theme.rise if change > 0 else theme.muted


def mixed(colour: str, paper: str, share: float) -> str:
    """``share`` of ``colour`` on ``paper``, as an opaque colour."""
    pairs = [(int(colour[i : i + 2], 16), int(paper[i : i + 2], 16)) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(a * share + b * (1 - share)):02x}" for a, b in pairs)


@lru_cache(maxsize=2)
def _font(bold: bool) -> str:
    return f"{matplotlib.get_data_path()}/fonts/ttf/DejaVuSans{'-Bold' if bold else ''}.ttf"


@lru_cache(maxsize=1)
def _drawable() -> frozenset[int]:
    """The characters both weights have."""
    return frozenset(FT2Font(_font(False)).get_charmap()) & frozenset(FT2Font(_font(True)).get_charmap())


@lru_cache(maxsize=512)
def plain(text: str) -> str:
    """The drawable characters of ``text``, on one line.

    Omitted are characters the font lacks (emoji, Chinese), which would appear as boxes, and all right-to-left
    characters, of which one would reverse the line.
    """
    kept = (c for c in unicodedata.normalize("NFC", text[:LONGEST_TEXT]) if c.isspace() or _is_drawable(c))
    shown = " ".join("".join(kept).split())
    return f"{shown}…" if shown and len(text) > LONGEST_TEXT else shown


def _is_drawable(char: str) -> bool:
    return (
        ord(char) in _drawable()
        and not has_invisible(char)
        and unicodedata.category(char)[0] != "M"
        and unicodedata.bidirectional(char) not in ("R", "AL", "AN")
    )


class Sheet:
    """A picture being drawn."""

    def __init__(self, theme: Theme, height: int = HEIGHT) -> None:
        self.theme = theme
        self.width, self.height = WIDTH, height
        self.figure = Figure(figsize=(WIDTH / DPI, height / DPI), dpi=DPI, facecolor=theme.paper)
        self._canvas: Any = FigureCanvasAgg(self.figure)
        self._widths: dict[tuple[str, int, bool], float] = {}

    def png(self) -> bytes:
        """The picture as a PNG file without metadata."""
        stream = io.BytesIO()
        self._canvas.print_png(stream, metadata={"Software": None})
        return stream.getvalue()

    # ---------------------------------------------------------------------------------------------------------- text

    def text(
        self,
        x: float,
        y: float,
        text: str,
        colour: str,
        size: int = SMALL,
        bold: bool = False,
        align: Align = "left",
        name: str = "",
    ) -> None:
        """Write ``text`` with its middle at ``y``; ``name`` identifies it in the figure."""
        artist = Text(
            x, self.height - y, plain(text), color=colour, fontproperties=FontProperties(fname=_font(bold), size=size),
            horizontalalignment=align, verticalalignment="center_baseline", usetex=False, parse_math=False, zorder=8,
        )  # fmt: skip
        artist.set_gid(name)
        self._add(artist)

    def width_of(self, text: str, size: int = SMALL, bold: bool = False) -> float:
        """The width of ``text`` in pixels."""
        key = (text, size, bold)
        if key not in self._widths:
            font = FontProperties(fname=_font(bold), size=size)
            width, _, _ = self._canvas.get_renderer().get_text_width_height_descent(plain(text), font, False)
            self._widths[key] = float(width)
        return self._widths[key]

    def shortened(self, text: str, width: float, size: int = SMALL, bold: bool = False) -> str:
        """``text`` made plain, and cut with an ellipsis if wider than ``width``."""
        whole = plain(text)
        if not whole or self.width_of(whole, size, bold) <= width:
            return whole
        low, high = 0, len(whole)
        while low < high:
            middle = (low + high + 1) // 2
            if self.width_of(f"{whole[:middle].rstrip()}…", size, bold) <= width:
                low = middle
            else:
                high = middle - 1
        return f"{whole[:low].rstrip()}…"

    def wrapped(self, text: str, width: float, most: int) -> list[str]:
        """``text`` made plain, in bold, in at most ``most`` lines."""
        words = plain(text).split(" ")
        lines: list[str] = []
        while words and len(lines) < most - 1:
            count = len(words)
            while count > 1 and self.width_of(" ".join(words[:count]), bold=True) > width:
                count -= 1
            lines.append(" ".join(words[:count]))
            words = words[count:]
        return [self.shortened(line, width, bold=True) for line in (*lines, " ".join(words)) if line]

    # --------------------------------------------------------------------------------------------------------- shapes

    def rectangle(self, box: Box, colour: str, rounding: float = 0) -> None:
        """A filled rectangle, at the bottom."""
        left, top, right, bottom = box
        size = (left, self.height - bottom), right - left, bottom - top
        look: dict[str, Any] = {"facecolor": colour, "edgecolor": colour, "linewidth": 0, "zorder": 0}
        if rounding:
            self._add(FancyBboxPatch(*size, boxstyle=f"round,pad=0,rounding_size={rounding}", **look))
        else:
            self._add(Rectangle(*size, **look))

    def line(
        self,
        points: Path,
        colour: str,
        width: float = 2,
        layer: float = 2,
        dashes: tuple[float, float] | None = None,
    ) -> None:
        """A line through ``points``."""
        xs, ys = [x for x, _ in points], [self.height - y for _, y in points]
        style: Any = (0, dashes) if dashes else "-"
        self._add(Line2D(
            xs, ys, color=colour, linewidth=width, linestyle=style, zorder=layer, marker="None", antialiased=True,
            solid_joinstyle="round", solid_capstyle="round", dash_capstyle="butt",
        ))  # fmt: skip

    def dot(self, x: float, y: float, colour: str, diameter: float, edge: str = "", layer: float = 6) -> None:
        """A dot, with a rim if ``edge`` is given."""
        self._add(Line2D(
            [x], [self.height - y], linestyle="None", marker="o", markersize=diameter, markerfacecolor=colour,
            markeredgecolor=edge or colour, markeredgewidth=4 if edge else 0, zorder=layer, antialiased=True,
        ))  # fmt: skip

    def area(self, points: Path, colour: str, alpha: float) -> None:
        """A filled polygon."""
        corners = [(x, self.height - y) for x, y in points]
        self._add(Polygon(corners, closed=True, facecolor=colour, edgecolor="none", alpha=alpha, linewidth=0, zorder=1))

    def _add(self, artist: Any) -> None:
        artist.set_transform(IdentityTransform())
        self.figure.add_artist(artist)
