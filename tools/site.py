"""The documentation as a site: ``make site`` builds it into ``build/site`` with Zensical, strictly, and checks links.

The pages are those that GitHub and an editor show: README.md and what lies beside it, and ``docs/``. Here they are
laid out for the builder: a link to a file of the checkout leads to a copy of it, one to a folder to a list of what is
in it.
Nothing on a page is fetched from elsewhere: no fonts, no scripts, no counters.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).resolve().parents[1]
TOP = {"README.md": "index.md", "CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md",
       "SECURITY.md": "security.md"}  # fmt: skip
"""Pages that lie beside ``docs/``, and what they are called on the site."""
NAVIGATION = {
    "Getting started": ["index.md", "install.md", "telegram.md", "faq.md"],
    "Rules": ["recipes.md", "rules.md", "rule-tests.md", "topics.md", "episodes.md"],
    "Configuration": ["configuration.md", "sources.md", "markets.md", "language-model.md", "webhook.md",
                      "extending.md"],
    "What it tells": ["messages.md", "summary.md", "history.md", "web.md"],
    "Operations": ["operations.md", "server.md", "security.md"],
    "Architecture": ["architecture.md", "detection.md", "performance.md", "glossary.md", "comparison.md",
                     "dependencies.md", "licences.md", "contributing.md", "changelog.md"],
}  # fmt: skip
SETTINGS = """[project]
site_name = "Aftershock"
site_description = "Watches AI news and stock prices together, and alerts when an AI-model story moves a stock."
docs_dir = "pages"
site_dir = "site"
use_directory_urls = false
nav = [{nav}]
[project.theme]
font = false
language = "en"
features = ["navigation.sections", "navigation.top", "content.code.copy", "search.highlight"]
[[project.theme.palette]]
media = "(prefers-color-scheme: light)"
scheme = "default"
toggle.icon = "lucide/sun"
toggle.name = "Dark"
[[project.theme.palette]]
media = "(prefers-color-scheme: dark)"
scheme = "slate"
toggle.icon = "lucide/moon"
toggle.name = "Light"
[project.markdown_extensions.tables]
[project.markdown_extensions.attr_list]
[project.markdown_extensions.toc]
permalink = true
[project.markdown_extensions.pymdownx.highlight]
[project.markdown_extensions.pymdownx.superfences]
"""
_LINK = re.compile(r"""(\]\(|\bsrc=")([^)"\s]+)(?=[)"])""")
_FENCE = re.compile(r"^```.*?^```[^\S\n]*$", re.MULTILINE | re.DOTALL)


def build(folder: Path) -> int:
    """Lay out, build into ``folder``/site, check; 0 where all is well."""
    for part in ("pages", "site"):
        shutil.rmtree(folder / part, ignore_errors=True)
    folder.mkdir(exist_ok=True)
    lay_out(folder)
    done = subprocess.run([sys.executable, "-m", "zensical", "build", "--strict"], cwd=folder, check=False)
    if done.returncode:
        return 1
    broken = list(faults(folder / "site"))
    sys.stderr.writelines(f"{line}\n" for line in broken)
    return 1 if broken else 0


# ----------------------------------------------------------------------------------------------------------- laying out


def lay_out(folder: Path) -> None:
    """Write ``pages/`` and ``zensical.toml`` into ``folder``."""
    pages = folder / "pages"
    shutil.copytree(ROOT / "docs", pages)
    linked: set[Path] = set()
    for file in [*(ROOT / name for name in TOP), *sorted((ROOT / "docs").glob("*.md"))]:
        text = _rewritten(file, linked)
        (pages / _place(file)).write_text(text, encoding="utf-8")
    for target in sorted(linked):
        _copy(target, pages)
    nav = ", ".join(f'{{"{title}" = [{", ".join(repr(p) for p in names)}]}}' for title, names in NAVIGATION.items())
    (folder / "zensical.toml").write_text(SETTINGS.replace("{nav}", nav.replace("'", '"')), encoding="utf-8")


def _place(file: Path) -> str:
    """Where a file of the checkout is on the site."""
    inside = file.relative_to(ROOT)
    if str(inside) in TOP:
        return TOP[str(inside)]
    if inside.parts[0] == "docs":
        return str(inside.relative_to("docs"))
    return str(Path("files", inside, "index.md") if file.is_dir() else Path("files", inside))


def _rewritten(file: Path, linked: set[Path]) -> str:
    """A page whose links lead to where things are on the site. What is not a page is added to ``linked``."""
    text = file.read_text(encoding="utf-8")
    here = Path(_place(file)).parent

    def replaced(found: re.Match[str]) -> str:
        address = urlsplit(found[2])
        if address.scheme or not address.path:
            return found[0]
        target = (file.parent / unquote(address.path)).resolve()
        if not target.is_relative_to(ROOT) or not target.exists():
            raise SystemExit(f"{file.name}: {found[2]} leads nowhere")
        place = _place(target)
        if place.startswith("files/"):
            linked.add(target)
        anchor = f"#{address.fragment}" if address.fragment else ""
        return f"{found[1]}{os.path.relpath(place, here)}{anchor}"

    parts, at = [], 0
    for fence in _FENCE.finditer(text):
        parts += [_LINK.sub(replaced, text[at : fence.start()]), fence[0]]
        at = fence.end()
    return "".join([*parts, _LINK.sub(replaced, text[at:])])


def _copy(target: Path, pages: Path) -> None:
    """A file of the checkout, or a list of those in a folder."""
    place = pages / _place(target)
    place.parent.mkdir(parents=True, exist_ok=True)
    if target.is_file():
        shutil.copyfile(target, place)
        return
    lines = [f"# {target.relative_to(ROOT)}/", ""]
    for file in sorted(f for f in target.iterdir() if f.is_file() and f.suffix in (".yaml", ".yml", ".service", "")):
        shutil.copyfile(file, place.parent / file.name)
        lines.append(f"- [{file.name}]({file.name})")
    place.write_text("\n".join([*lines, ""]), encoding="utf-8")


# ------------------------------------------------------------------------------------------------------------- checking


class _Page(HTMLParser):
    """Where a page leads, what can be led to on it, and what it fetches."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A tag."""
        given = {name: value or "" for name, value in attrs}
        self.anchors |= {given[name] for name in ("id", "name") if given.get(name)}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        elif tag == "link" and given.get("rel") not in ("canonical", "next", "prev"):
            self.fetched.append(given.get("href", ""))
        elif tag in ("script", "img", "iframe", "source") and "src" in given:
            self.fetched.append(given["src"])


def faults(site: Path) -> Iterator[str]:
    """Links of the built site that lead nowhere, and what it would fetch from elsewhere."""
    pages = {file: _Page(file.read_text(encoding="utf-8")) for file in sorted(site.rglob("*.html"))}
    for file, page in pages.items():
        if file.name == "404.html":
            continue  # its addresses are those of the site's root
        name = file.relative_to(site)
        for address in page.fetched:
            if urlsplit(address).scheme not in ("", "data") or address.startswith("//"):
                yield f"{name}: fetches {address}"
        for address in [*page.links, *page.fetched]:
            parts = urlsplit(address)
            if parts.scheme or address.startswith("//"):
                continue
            target = (file.parent / unquote(parts.path)).resolve() if parts.path else file
            target = target / "index.html" if target.is_dir() else target
            if not target.exists():
                yield f"{name}: {address} leads nowhere"
            elif parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].anchors:
                yield f"{name}: there is no {address}"
    for sheet in sorted(site.rglob("*.css")):
        for address in re.findall(r"(?:url\(|@import\s+)[\"']?(https?:[^\"')]+)", sheet.read_text(encoding="utf-8")):
            yield f"{sheet.relative_to(site)}: fetches {address}"


if __name__ == "__main__":
    sys.exit(build(ROOT / "build"))
