"""What ``scaling.py`` measures: every function that takes outside text, and the shapes of text that are hard for it.

A shape is a function from n to the work that is timed: whatever it needs is made before. n counts characters, entries
or rows, whichever the text has most of.
"""

# ruff: noqa: E501  # what a text is made of is easier seen on one line

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import Any

from bot.adapters.feeds import document, identity, worker
from bot.adapters.feeds.date_text import read_date
from bot.adapters.feeds.flood import evidence_only
from bot.adapters.feeds.opml import parse_opml
from bot.adapters.feeds.text import SUMMARY_LIMIT, fix_mojibake, plain_text, strip_tags
from bot.adapters.language_model import _content
from bot.adapters.news_sources.huggingface import HuggingFace
from bot.adapters.news_sources.models_dev import ModelsDev
from bot.adapters.news_sources.openrouter import OpenRouter
from bot.adapters.notifiers.telegram.keyboard import read as read_button
from bot.adapters.prices.yahoo.frames import read_frame
from bot.adapters.prices.yahoo.reading import basis_changes, chart_item, read_quote
from bot.adapters.store import open_store
from bot.adapters.store.history.importing import import_history
from bot.adapters.store.history.searching import matching
from bot.app.chat.preferences import Preferences
from bot.cli.options import parse_when
from bot.config.episodes.file import load_episode
from bot.config.news.companies import load_companies
from bot.config.news.topics import load_topics
from bot.config.rule_tests.file import load_rule_tests
from bot.config.rules import RuleNames, load_rules
from bot.config.settings.edit_feeds import add_feeds
from bot.config.settings.model import load_settings
from bot.config.settings.secret_files import assigned_values
from bot.config.yaml.document import load_document
from bot.core.cause.second_reader import read_answer
from bot.core.messages.lead import checked
from bot.core.model import Block, BlockKind, JsonAnswer, Story, Strong, Summary
from bot.core.model.feeds import FeedSpec
from bot.core.news import NewsIndex
from bot.core.news.reader import StoryReader, reader_of
from bot.core.news.voices.voices import choose
from bot.core.prices.windows import parse_duration
from bot.core.rules.conditions.news import TextPattern
from bot.core.secret import redacted
from bot.core.text.characters import without_invisible
from bot.core.text.links import absolute_link, canonical_url, keys_in
from bot.core.waiting import retry_after
from bot.delivery.quiet_hours import parse_quiet_hours
from bot.render import plain
from bot.render.markdown import markdown
from bot.render.outside import json_line, line, shell
from bot.render.telegram_html import html
from bot.render.telegram_rich import rich
from bot.render.text import clean, cut_words
from bot.replay.columns import read_prices
from bot.replay.earnings_file import read_earnings
from bot.replay.recording import read_recording
from tests.store import values

Make = Callable[[int], Callable[[], object]]
Shapes = Mapping[str, tuple[Make, int]]
"""By shape: what makes the work for n, and the n to begin with."""

ROOT = Path(__file__).resolve().parents[1]
RULES = ROOT / "rules"
NOW = datetime(2025, 1, 27, 15, tzinfo=UTC)
FOLDER = Path(tempfile.mkdtemp(prefix="aftershock-scaling-"))
UNITS = (
    *(
        "a",
        "a ",
        "A.",
        "<",
        "<a ",
        "<a b='",
        "<!--",
        "&",
        "&#1;",
        "]]>",
        "<![CDATA[",
        '"',
        "'",
        "“",
        "(",
        "[",
        "\n",
        " ",
    ),
    *(".", "-", "//", ":", "a://", "@", "?a=", "&key=", "%", "9", "1,", "17% ", "GPT-9 ", "Nvidia, AMD, ", "because "),
    *("“a” said Ada Smith. ", "OpenAI's ", "İ", "Ã©", "\u202e", "英伟达", "bearer 1", "*", "=", "key: [", "- "),
)
"""Pieces that, over and over, make texts that some reader may find hard."""


def texts(work: Callable[[str], object], units: Sequence[str] = UNITS, start: int = 4_000) -> Shapes:
    """Texts of n characters of one unit each."""

    def shape(unit: str) -> tuple[Make, int]:
        return (lambda n: partial(work, unit * (n // len(unit)))), start

    return {repr(unit): shape(unit) for unit in units}


def bodies(work: Callable[[bytes], object], shapes: Mapping[str, Callable[[int], str]], start: int = 200) -> Shapes:
    """Documents of n parts each."""

    def shape(write: Callable[[int], str]) -> tuple[Make, int]:
        def make(n: int) -> Callable[[], object]:
            return partial(work, write(n).encode("utf-8", "surrogatepass"))

        return make, start

    return {name: shape(write) for name, write in shapes.items()}


def of_file(name: str, work: Callable[[Path], object]) -> Callable[[bytes], object]:
    """``work`` on a file with the document."""

    def on_file(body: bytes) -> object:
        file = FOLDER / name
        file.write_bytes(body)
        return work(file)

    return on_file


# -------------------------------------------------------------------------------------------------------------- feeds

ITEM = "<item><title>Story {n}</title><link>https://x.example/{n}</link><guid>{n}</guid><description>It &amp; they.</description></item>"


def rss(inner: str) -> str:
    return f'<rss version="2.0"><channel><title>x</title>{inner}</channel></rss>'


FEEDS: Mapping[str, Callable[[int], str]] = {
    "n entries": lambda n: rss("".join(ITEM.format(n=i) for i in range(n))),
    "n entries of one title": lambda n: rss(ITEM.replace("{n}", "1") * n),
    "n attributes": lambda n: rss(f"<item {' '.join(f'a{i}=1' for i in range(n))}><title>x</title></item>"),
    "n elements in an entry": lambda n: rss(f"<item>{'<category>a</category>' * n}</item>"),
    "n titles in an entry": lambda n: rss(f"<item>{'<title>a</title>' * n}</item>"),
    "n items of JSON": lambda n: '{"version": "jsonfeed.org/version/1", "items": [' + '{"title": "x"},' * n + "{}]}",
    "n words in brackets": lambda n: rss(f"<item><title>{' '.join(f'&lt;w{i}&gt;' for i in range(n))}</title></item>"),
    "n deep": lambda n: rss("<a>" * n + "</a>" * n),
    "n deep in XHTML": lambda n: (
        f'<feed xmlns="http://www.w3.org/2005/Atom"><entry><content type="xhtml">{"<div>" * n}x{"</div>" * n}</content></entry></feed>'
    ),
    "n left open": lambda n: "<rss><channel>" + "<item><title>a" * n,
    "n bare ampersands": lambda n: rss(f"<item><title>{'a & b ' * n}</title></item>"),
    "n undefined entities": lambda n: rss(f"<item><title>{'&nosuch; ' * n}</title></item>"),
    "n CDATA sections": lambda n: rss(f"<item><title>{'<![CDATA[a]]>' * n}</title></item>"),
    "n CDATA begun": lambda n: rss(f"<item><title>{'<![CDATA[' * n}</title></item>"),
    "n comments": lambda n: rss("<!-- a -->" * n),
    "n comments begun": lambda n: rss("<!--" * n),
    "n namespaces": lambda n: "<rss " + " ".join(f'xmlns:n{i}="urn:{i}"' for i in range(n)) + "><channel/></rss>",
    "an entity of n": lambda n: f'<!DOCTYPE r [<!ENTITY a "{"x" * n}">]>' + rss("<item><title>&a;&a;</title></item>"),
    "n entities": lambda n: "<!DOCTYPE r [" + "".join(f'<!ENTITY a{i} "x">' for i in range(n)) + "]>" + rss(""),
    "a page of n links": lambda n: "<html>" + '<link rel="x" href="/a">' * n,
    "a title of n": lambda n: rss(f"<item><title>{'a' * n}</title></item>"),
    "a title of n spaces": lambda n: rss(f"<item><title>{' ' * n}x</title></item>"),
    "a summary of n tags": lambda n: rss(f"<item><title>x</title><description>{'&lt;b&gt;a' * n}</description></item>"),
    "a date of n": lambda n: rss(f"<item><title>x</title><pubDate>{'1 ' * n}</pubDate></item>"),
    "a declaration of n": lambda n: f"<?xml {' ' * n}version='1.0'?>" + rss(""),
    "n spaces before": lambda n: " " * n + rss(""),
}


def entries(count: int, alike: str) -> list[identity.Entry]:
    """Entries whose guid, link or title is the same."""
    return [
        identity.Entry(
            "g" if alike == "guid" else f"g{i}",
            "https://x.example/a" if alike == "link" else f"https://x.example/{i}",
            "The same title of all" if alike == "title" else f"Title number {i} of many",
        )
        for i in range(count)
    ]


def judged(alike: str, *, known: bool) -> Make:
    """A feed's entries told apart, where all are known or none."""

    def make(n: int) -> Callable[[], object]:
        every = entries(n, alike)
        seen = {key: f"s{i}" for i, m in enumerate(identity.mark("s", every)) for key in identity.first_keys([m])}

        def work() -> object:
            marks = identity.mark("s", every)
            have = seen if known else {}
            identity.rewrite_keys(marks, have)
            return identity.judge(marks, have)

        return work

    return make


# --------------------------------------------------------------------------------------------------------------- news


@cache
def shipped() -> tuple[Any, Any]:
    """Topics and companies as shipped."""
    topics = load_topics(RULES / "topics")
    return topics, load_companies(RULES / "companies.yaml", exposures=topics.exposure_names, lists=tuple(topics.words))


@cache
def reader() -> StoryReader:
    return reader_of(*shipped())


def told(text: str) -> Story:
    return Story("x", text[:100], text, NOW, NOW, summary=text, link=f"https://{text[:200]}/")


def read_all(text: str) -> None:
    """Everything that is asked of one story."""
    story = told(text)
    reader().read(story)
    reader().frames(story)
    reader().why(story)
    reader().said(story)
    choose([story], shipped()[0].speech)
    TextPattern("models?").found_in(story)


def clustered(title: str) -> Make:
    """n stories that a feed tells, one after the other."""

    def make(n: int) -> Callable[[], object]:
        index = NewsIndex(*shipped(), window=timedelta(days=30))
        stories = [
            Story(f"s{i}", f"source{i % 7}", title.format(i=i), NOW + timedelta(seconds=i), NOW, link="")
            for i in range(n)
        ]
        return lambda: [index.add(story) for story in stories]

    return make


# ------------------------------------------------------------------------------------------------- files people write


def names() -> RuleNames:
    topics, companies = shipped()
    return RuleNames(
        watchlist=("NVDA",), benchmarks=("SPY",), companies=companies, topics=topics, groups={},
        news_memory=timedelta(days=30),
    )  # fmt: skip


RULE = "  - {{name: r{i}, symbols: [NVDA], severity: high, when: {{price: {{change: '< -{i}.5%'}}}}}}\n"
YAMLS: Mapping[str, Callable[[int], str]] = {
    "a list of n": lambda n: "a:\n" + "  - b\n" * n,
    "n keys": lambda n: "".join(f"k{i}: 1\n" for i in range(n)),
    "n keys alike": lambda n: "k: 1\n" * n,
    "n deep": lambda n: "a: " + "[" * n,
    "n deep by lines": lambda n: "".join(f"{' ' * i}a:\n" for i in range(min(n, 2_000))),
    "n aliases": lambda n: "a: &a [1, 2]\nb: [" + "*a, " * n + "]\n",
    "n anchors": lambda n: "".join(f"k{i}: &a{i} 1\n" for i in range(n)),
    "a text of n": lambda n: f"a: '{'x' * n}'\n",
    "a quoted text of n lines": lambda n: 'a: "' + "x\n  " * n + '"\n',
    "a folded text of n lines": lambda n: "a: >\n" + "  x\n" * n,
    "n quotes": lambda n: "a: " + "'" * n + "\n",
    "n colons": lambda n: "a: " + "b: " * n + "\n",
    "n comments": lambda n: "# a\n" * n + "a: 1\n",
    "n documents": lambda n: "--- a\n" * n,
    "n tabs": lambda n: "a:\n" + "\t" * n + "b\n",
    "a number of n digits": lambda n: f"a: {'9' * n}\n",
    "a key of n": lambda n: f"{'k' * n}: 1\n",
    "n merges": lambda n: "x: &x {a: 1}\ny:\n" + "  <<: *x\n" * n,
}
EPISODE = (RULES / "episodes" / "okta-breach-2023-10.yaml").read_text(encoding="utf-8")
CONFIG = "watchlist: {chips: [NVDA]}\nbenchmarks: []\n"


def added(body: bytes) -> object:
    """n feeds of one title put into a configuration."""
    file = FOLDER / "config.yaml"
    file.write_text(CONFIG)
    return add_feeds(file, [FeedSpec("wire", f"https://x.example/{i}", "Wire") for i in range(len(body))])


# -------------------------------------------------------------------------------------------------- servers and people


class Fixed:
    """Answers every request alike."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)

    async def __call__(self, url: str, etag: str) -> JsonAnswer:
        return JsonAnswer(self.answers.pop(0) if len(self.answers) > 1 else self.answers[0], "", url)


LABS = {"deepseek-ai": "DeepSeek", "deepseek": "DeepSeek"}


def polled(
    kind: type[HuggingFace] | type[OpenRouter] | type[ModelsDev], listing: Callable[[int], Any], first: Any
) -> Make:
    """A list of n models, new since the poll before."""

    def make(n: int) -> Callable[[], object]:
        source = kind(Fixed(first, listing(n)), lambda place: LABS)

        async def twice() -> None:
            state = (await source.poll("", None, NOW)).state
            await source.poll(state, NOW, NOW + timedelta(minutes=1))

        return lambda: asyncio.run(twice())

    return make


def hub(n: int) -> list[Any]:
    return [
        {"id": f"deepseek-ai/M{i}", "createdAt": "2025-01-27T14:59:30Z", "tags": ["safetensors"] * 20} for i in range(n)
    ]


def offers(n: int) -> Any:
    price = {"prompt": "0.000001", "completion": "0.000002"}
    return {"data": [{"id": f"deepseek/m{i}", "name": f"M {i}", "pricing": price} for i in range(n)]}


def catalogue(n: int) -> Any:
    price = {"input": 1, "output": 2}
    models = {f"m{i}": {"name": f"M {i}", "release_date": "2025-01-27", "cost": price} for i in range(n)}
    return {"models": {f"deepseek/{name}": entry for name, entry in models.items()},
            "providers": {"deepseek": {"models": models}}}  # fmt: skip


def chart(n: int) -> Any:
    return {
        "meta": {"symbol": "NVDA"},
        "timestamp": [1_737_000_000 + 60 * i for i in range(n)],
        "indicators": {"quote": [{"close": [float(i % 100 + 1) for i in range(n)]}]},
        "events": {
            "splits": {str(i): {"date": 1_737_988_200 - i, "numerator": 2, "denominator": 1} for i in range(n)},
            "dividends": {str(i): {"date": 1_737_988_200 - i, "amount": 1.5} for i in range(n)},
        },
    }


def of_chart(n: int) -> Callable[[], object]:
    data = chart(n)
    return lambda: (
        read_quote(chart_item(data), symbol="NVDA", now=NOW, timetable=None),
        basis_changes(data, NOW.date()),
    )


def shown_summary(text: str) -> Summary:
    lines = tuple((Strong(text), text) for _ in range(3))
    return Summary(
        (Block("headline", BlockKind.HEADLINE, 100, lines=((text,),)), Block("b", BlockKind.FACTS, 9, "B", lines)), text
    )


def rendered(text: str) -> object:
    """A summary with outside text in it, in every form."""
    summary = shown_summary(text)
    return html(summary), rich(summary), markdown(summary), plain(summary), cut_words(clean(text), 200)


def watched(text: str) -> object:
    """The words of ``/watch``, of which none is a stock."""
    asked = Preferences(None, None, lambda: [f"S{i}" for i in range(400)], lambda: {}, lambda: None)  # type: ignore[arg-type]
    return asked._symbols(text)


def merged(parts: Callable[[int], Sequence[Any]]) -> Make:
    """Another machine's history with n of something, put into an empty one of ours."""

    def make(n: int) -> Callable[[], object]:
        ours, theirs = FOLDER / "ours.db", FOLDER / "theirs.db"
        for file in FOLDER.glob("*s.db*"):
            file.unlink()
        for place, held in ((theirs, parts(n)), (ours, ())):
            store = open_store(place, mode="live", run_name="live", now=NOW)
            if held:
                store.commit(values.batch(*held))
            store.close(NOW)
        return lambda: list(import_history(ours, theirs, NOW))

    return make


def one_incident(n: int) -> Sequence[Any]:
    """n alerts of one incident."""
    names = [f"a{i}" for i in range(n)]
    alerts = [values.fired(values.alert(name, f"S{i}")) for i, name in enumerate(names)]
    return [values.incident("i1", *names), *alerts]


FUNCTIONS: Mapping[str, Shapes] = {
    "a feed's document": bodies(lambda body: worker.answer(body, "", "https://x.example/"), FEEDS),
    "a feed's document, decoded": texts(lambda text: document.decode(text.encode(), ""), ("a", "é", "\x80", "Ã©")),
    "a feed's document, repaired": texts(document.repair),
    "a feed's entries, told apart": {
        f"n of one {alike}, {'known' if known else 'new'}": (judged(alike, known=known), 200)
        for alike in ("guid", "link", "title", "nothing")
        for known in (False, True)
    },
    "a feed's dates, for a flood": {
        "n new ones": (lambda n: partial(evidence_only, [NOW - timedelta(seconds=i) for i in range(n)], NOW), 1000)
    },
    "a feed's texts": texts(lambda text: plain_text(text, SUMMARY_LIMIT)),
    "tags of a text": texts(strip_tags),
    "wrongly decoded text": texts(fix_mojibake),
    "a feed's date": texts(read_date),
    "OPML": bodies(
        lambda body: parse_opml(body, "f"),
        {
            "n feeds": lambda n: (
                "<opml>" + "".join(f'<outline text="F{i}" xmlUrl="https://x{i}.example/"/>' for i in range(n))
            ),
            "n feeds of one title": lambda n: (
                "<opml>" + "".join(f'<outline text="F" xmlUrl="https://x.example/{i}"/>' for i in range(n)) + "</opml>"
            ),
            "n folders": lambda n: "<opml>" + "<outline text='a'>" * n,
            "n attributes": lambda n: "<opml><outline " + " ".join(f'a{i}="1"' for i in range(n)) + "/></opml>",
        },
    ),
    "a headline and its summary": texts(read_all),
    "stories, clustered": {
        name: (clustered(title), 50)
        for name, title in {
            "n of one title": "DeepSeek-R1 rattles chip makers",
            "n alike": "DeepSeek-R1: cheap Chinese model rattles chip makers, note {i}",
            "n about other things": "Company{i} unveils product{i} in town{i}",
            "n of one company": "Nvidia falls as doubt number {i} spreads",
        }.items()
    },
    "YAML": bodies(of_file("a.yaml", load_document), YAMLS),
    "rules": bodies(
        of_file("rules.yaml", lambda file: load_rules([file], names())),
        {
            **YAMLS,
            "n rules": lambda n: (
                "rules:\n" + "".join(RULE.format(i=i % 90 + 1).replace("name: r", f"name: r{i}-") for i in range(n))
            ),
            "n rules of one name": lambda n: "rules:\n" + RULE.format(i=1) * n,
            "n conditions": lambda n: (
                "rules:\n  - {name: a, symbols: [NVDA], severity: high, when: {all: ["
                + "{price: {change: '< -5%'}}, " * n
                + "]}}\n"
            ),
            "n deep": lambda n: "rules:\n  - {name: a, symbols: [NVDA], severity: high, when: " + "{all: [" * n,
            "n symbols": lambda n: (
                "rules:\n  - {name: a, severity: high, when: {price: {change: '< -5%'}}, symbols: ["
                + "NVDA, " * n
                + "]}\n"
            ),
            "n unknown keys": lambda n: "rules:\n  - {name: a, " + "".join(f"kei{i}: 1, " for i in range(n)) + "}\n",
            "a name of n": lambda n: f"rules:\n  - {{name: {'a' * n}}}\n",
            "an unknown word of n": lambda n: f"rules:\n  - {{name: a, {'severiti' * n}: 1}}\n",
        },
        50,
    ),
    "rule tests": bodies(
        of_file("tests.yaml", lambda file: load_rule_tests([file])),
        {
            **YAMLS,
            "n tests": lambda n: (
                "rules: a\nsession: 2025-01-27\ntests:\n"
                + "".join(
                    f"  - {{name: t{i}, prices: {{NVDA: '5x100 | 15:00 90'}}, expect_nothing: {{}}}}\n"
                    for i in range(n)
                )
            ),
            "n prices": lambda n: (
                "rules: a\nsession: 2025-01-27\ntests:\n  - {name: t, prices: {NVDA: '5x100 | "
                + "15:00 90, " * n
                + "'}, expect_nothing: {}}\n"
            ),
            "n headlines": lambda n: (
                "rules: a\nsession: 2025-01-27\ntests:\n  - name: t\n    prices: {NVDA: 100}\n    news:\n"
                + "      - 13:00 | Wire | A story\n" * n
            ),
        },
        50,
    ),
    "an episode": bodies(
        lambda body: load_episode("e.yaml", body.decode()),
        {
            **YAMLS,
            "n falls": lambda n: (
                EPISODE + "".join(f"  S{i}: {{change: -5%, exposure: cybersecurity}}\n" for i in range(n))
            ),
            "n headlines": lambda n: (
                EPISODE
                + "headlines:\n"
                + "".join(f"  - {{at: 2023-10-20T13:{i % 60:02}Z, title: T{i}, source: Wire}}\n" for i in range(n))
            ),
        },
        50,
    ),
    "config.yaml": bodies(
        lambda body: load_settings(FOLDER / "config.yaml", body.decode()),
        {
            **YAMLS,
            "n feeds": lambda n: (
                CONFIG + "feeds:\n" + "".join(f"  - {{name: f{i}, url: 'https://x.example/{i}'}}\n" for i in range(n))
            ),
            "n symbols": lambda n: "watchlist: {chips: [" + ", ".join(f"S{i}" for i in range(n)) + "]}\n",
            "n symbols alike": lambda n: "watchlist: {chips: [" + "NVDA, " * n + "]}\n",
            "n groups": lambda n: "watchlist:\n" + "".join(f"  g{i}: [NVDA]\n" for i in range(n)),
        },
        50,
    ),
    "feeds, added to config.yaml": bodies(added, {"n of one title": lambda n: "x" * n}, 200),
    "companies": bodies(
        of_file("companies.yaml", lambda file: load_companies(file, exposures=("a",))),
        {
            **YAMLS,
            "n companies": lambda n: (
                "companies:\n" + "".join(f"  S{i}: {{name: Name {i}, exchange: XNAS}}\n" for i in range(n))
            ),
            "n unknown exposures": lambda n: (
                "companies:\n  S: {name: N, exchange: XNAS, exposures: {"
                + "".join(f"x{i}: 1, " for i in range(n))
                + "}}\n"
            ),
            "n aliases of one": lambda n: (
                "companies:\n  S: {name: N, exchange: XNAS, aliases: [" + ", ".join(f"N{i}" for i in range(n)) + "]}\n"
            ),
        },
        50,
    ),
    ".env": texts(
        lambda text: list(assigned_values(text, "TOKEN")),
        ("TOKEN=a\n", "=", "'", '"', "\n", "a b\n", "#", "TOKEN='"),
        500,
    ),
    "recorded prices": bodies(
        of_file("p.csv", lambda file: read_prices([file])),
        {
            "n rows": lambda n: "symbol,date,close\n" + "NVDA,2025-01-24,142.62\n" * n,
            "n symbols": lambda n: "symbol,date,close\n" + "".join(f"S{i},2025-01-24,142.62\n" for i in range(n)),
            "n broken rows": lambda n: "symbol,date,close\n" + "NVDA,yesterday,many\n" * n,
            "n columns": lambda n: "symbol,date,close" + ",x" * n + "\nNVDA,2025-01-24,1\n",
            "a cell of n": lambda n: f'symbol,date,close\n"{"x" * n}",2025-01-24,1\n',
            "a number of n digits": lambda n: f"symbol,date,close\nNVDA,2025-01-24,{'9' * n}\n",
        },
    ),
    "recorded headlines": bodies(
        of_file("n.jsonl", lambda file: read_recording([], [file], lag=timedelta(0))),
        {
            "n stories": lambda n: "".join(
                f'{{"title": "T{i}", "seen_at": "2025-01-27T10:00:00Z"}}\n' for i in range(n)
            ),
            "n of one title": lambda n: '{"title": "T", "seen_at": "2025-01-27T10:00:00Z"}\n' * n,
            "n broken lines": lambda n: "{\n" * n,
            "n deep": lambda n: "[" * n + "\n",
            "a number of n digits": lambda n: f'{{"title": {"9" * n}}}\n',
        },
    ),
    "recorded earnings dates": bodies(
        of_file("e.csv", read_earnings),
        {
            "n rows": lambda n: "symbol,date,time\n" + "".join(f"S{i},2025-02-26,after close\n" for i in range(n)),
            "n broken rows": lambda n: "symbol,date,time\n" + "NVDA,soon,never\n" * n,
        },
    ),
    "another machine's history": {
        "n stories": (merged(lambda n: [values.story(f"s{i}") for i in range(n)]), 1000),
        "n alerts of one incident": (merged(one_incident), 1000),
    },
    "Yahoo's charts": {"n points, splits and dividends": (of_chart, 200)},
    "Yahoo's stream": texts(lambda text: read_frame(text, lambda data: None), ("a", "[", '{"', '{"a":1,')),
    "the hub's list": {"n new models": (polled(HuggingFace, hub, []), 10)},
    "OpenRouter's list": {"n new models": (polled(OpenRouter, offers, {"data": []}), 50)},
    "models.dev's catalogue": {"n new models": (polled(ModelsDev, catalogue, catalogue(1)), 50)},
    "a language model's answer": texts(lambda text: _content(text.encode()), ("a", "[", '{"a":', '{"a":1,', "9")),
    "a lead": texts(lambda text: checked(text, shown_summary("Nvidia falls 13.9 % to 122.75")), start=500),
    "a second reading": texts(lambda text: read_answer(text, told("Nvidia falls")), ("a", "[", '{"a":', "9")),
    "Retry-After": texts(lambda text: retry_after({"Retry-After": text})),
    "a link of a feed": texts(lambda text: absolute_link(text, "https://x.example/")),
    "an address, compared": texts(lambda text: canonical_url(f"https://x.example/{text}")),
    "keys in an address": texts(lambda text: keys_in(f"https://x.example/a?{text}")),
    "secrets, redacted": texts(redacted),
    "a line for a terminal": texts(line),
    "JSON for a terminal": texts(json_line),
    "text without what is invisible": texts(without_invisible),
    "a command to copy": texts(lambda text: shell("a", text)),
    "a message, in every form": texts(rendered, start=500),
    "words to search for": texts(matching),
    "a button's data": texts(read_button),
    "words of a command": texts(watched),
    "a time": texts(lambda text: parse_when(text, NOW)),
    "a duration": texts(parse_duration),
    "quiet hours": texts(lambda text: parse_quiet_hours(text)),
    "JSON": texts(json.loads, ("[", '{"a":', "9", '"', "[1,", "a")),
}
