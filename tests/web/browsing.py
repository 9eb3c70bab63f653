"""A browser to look at pages with, and what is seen in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import sync_playwright

from tests.web.conftest import chromium

_QUIET = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--no-proxy-server"),
)
"""Nothing is asked of the world outside, and it runs in a container."""

# text against what is behind it, by the formula of WCAG 2.1 (contrast ratio of relative luminances)
_FAINT = """() => {
  const luminance = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map(v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const colour = text => (text.match(/[\\d.]+/g) || []).map(Number);
  const behind = element => {
    for (let e = element; e; e = e.parentElement) {
      const c = colour(getComputedStyle(e).backgroundColor);
      if (c.length === 3 || c[3] > 0.99) return c;
    }
    return [255, 255, 255];
  };
  const found = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const text = walk.currentNode.textContent.trim(), element = walk.currentNode.parentElement;
    if (!text || ['SCRIPT', 'STYLE', 'OPTION'].includes(element.tagName) || !element.checkVisibility()) continue;
    const [a, b] = [luminance(colour(getComputedStyle(element).color)), luminance(behind(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) found.push(text.slice(0, 40) + ' ' + ratio.toFixed(2));
  }
  return found;
}"""
_NAMELESS = """() => [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea')]
  .filter(e => e.checkVisibility())
  .filter(e => !(e.innerText.trim() || e.value || e.ariaLabel || e.title || (e.labels && e.labels.length)
    || e.placeholder || e.name || e.id || ""))
  .map(e => e.outerHTML.slice(0, 100))"""
_OVERLAPPING = """selector => {
  const boxes = [...document.querySelectorAll(selector)].filter(e => e.checkVisibility())
    .map(e => [e.innerText, e.getBoundingClientRect()]);
  const found = [];
  boxes.forEach(([a, x], i) => boxes.slice(i + 1).forEach(([b, y]) => {
    const apart = x.right <= y.left || y.right <= x.left || x.bottom <= y.top || y.bottom <= x.top;
    if (!apart) found.push(a + ' / ' + b);
  }));
  return found;
}"""


@contextmanager
def browser() -> Iterator[Any]:
    """A started Chromium."""
    with sync_playwright() as started:
        chrome = started.chromium.launch(executable_path=chromium(), args=list(_QUIET))
        try:
            yield chrome
        finally:
            chrome.close()


class Look:
    """One window, and what it complained of and asked for."""

    def __init__(self, page: Any, address: str) -> None:
        self.page = page
        self._address = address
        self.complaints: list[str] = []
        self.asked: list[str] = []
        page.on("console", lambda message: self._said(message.type, message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self.asked.append(request.url))

    def _said(self, kind: str, text: str) -> None:
        if kind in ("error", "warning") and "404 (Not Found)" not in text:
            self.complaints.append(text)

    def go(self, path: str) -> None:
        """Open a page."""
        self.page.goto(self._address + path)

    def sideways(self) -> int:
        """Pixels by which the page is wider than the window."""
        return int(self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))

    def faint(self) -> list[str]:
        """Text with a contrast below 4.5 to 1."""
        return list(self.page.evaluate(_FAINT))

    def nameless(self) -> list[str]:
        """Links and fields without a word on them."""
        return list(self.page.evaluate(_NAMELESS))

    def overlapping(self, selector: str) -> list[str]:
        """Pairs of words that overlap."""
        return list(self.page.evaluate(_OVERLAPPING, selector))

    def focused(self) -> str:
        """The words of what the keyboard is at."""
        return str(self.page.evaluate("document.activeElement.innerText || document.activeElement.name || ''"))

    def outlined(self) -> bool:
        """Whether that is drawn around."""
        return bool(self.page.evaluate("getComputedStyle(document.activeElement).outlineStyle !== 'none'"))


@contextmanager
def looking(
    chrome: Any, address: str, size: tuple[int, int], *, scheme: str = "light", touch: bool = False, zone: str = "UTC"
) -> Iterator[Look]:
    """A window of its own, of a browser in ``zone``."""
    context = chrome.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme=scheme,
        has_touch=touch,
        is_mobile=touch,
        timezone_id=zone,
    )
    context.set_default_timeout(10_000)
    try:
        yield Look(context.new_page(), address)
    finally:
        context.close()
