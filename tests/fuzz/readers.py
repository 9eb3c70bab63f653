"""Every kind of document that others write, and what reads it. A kind has a folder of its name in ``corpus``."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from tests.fuzz import answers, files

ROOT = Path(__file__).resolve().parents[2]
CORPUS = Path(__file__).parent / "corpus"
"""Documents to start from, all our own. What a run finds is added here, and is tried ever after."""
FOUND = ROOT / ".hypothesis" / "found"
"""Where a document that a reader cannot stand is put, under the name of its kind: the smallest that was found."""

READERS: Mapping[str, Callable[[bytes], None]] = {
    "addresses": answers.addresses,
    "callbacks": answers.callbacks,
    "companies": files.companies,
    "completions": answers.completions,
    "earnings": files.earnings,
    "episodes": files.episodes,
    "feeds": answers.feeds,
    "headlines": answers.headlines,
    "huggingface": answers.huggingface,
    "kept-sessions": files.kept_sessions,
    "models-dev": answers.models_dev,
    "news": files.news,
    "openrouter": answers.openrouter,
    "opml": files.opml,
    "prices": files.prices,
    "rule-tests": files.rule_tests,
    "rules": files.rules,
    "searches": answers.searches,
    "settings": files.settings,
    "shown": answers.shown,
    "times": answers.times,
    "topics": files.topics,
    "waits": answers.waits,
    "yahoo-charts": answers.yahoo_charts,
    "yahoo-news": answers.yahoo_news,
    "yahoo-quotes": answers.yahoo_quotes,
    "yahoo-stream": answers.yahoo_stream,
}

SHIPPED: Mapping[str, tuple[str, ...]] = {
    "episodes": ("rules/episodes/okta-*.yaml", "rules/episodes/chip-curbs-*.yaml", "rules/episodes/bank-run-*.yaml"),
    "feeds": ("tests/feeds/samples/*.*",),
    "rules": ("rules/*-*.yaml",),
    "rule-tests": ("rules/tests/*.yaml",),
    "topics": ("rules/topics/kinds.yaml",),
}
"""Files of the project that are started from as well."""
LARGEST = 30_000
"""Bytes of a document that is started from: what is larger takes longer, and finds no more."""

TOO_LONG = 20.0
"""Seconds of processor time after which a reader hangs. It is no measure of speed: the slowest takes a tenth."""


def documents(kind: str) -> list[bytes]:
    """The documents of a kind: its corpus, and what the project ships."""
    listed = sorted(corpus(kind))
    for pattern in SHIPPED.get(kind, ()):
        listed += sorted(file for file in ROOT.glob(pattern) if file.stat().st_size < LARGEST)
    return [file.read_bytes() for file in listed]


def corpus(kind: str) -> list[Path]:
    """The files in a kind's corpus."""
    return [file for file in (CORPUS / kind).iterdir() if file.is_file()]


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Whatever is done inside ends within so much processor time of this process, or a fault is reported."""

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise AssertionError(f"it hangs: no end after {seconds:g} s of processor time")

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def tried(kind: str, body: bytes) -> None:
    """Let the reader of ``kind`` read ``body``; where it fails, ``body`` is put into ``FOUND``."""
    try:
        with within(TOO_LONG):
            READERS[kind](body)
    except BaseException:
        FOUND.mkdir(parents=True, exist_ok=True)
        (FOUND / kind).write_bytes(body)
        raise
