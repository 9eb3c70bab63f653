"""Price sources and notifiers that other packages bring: the page's examples work, and what is wrong is one line."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.command import REPOSITORY, run_command
from tests.extending.packages import install, installed

MONDAY = datetime(2025, 1, 27, 15, 0, tzinfo=UTC)
CONFIG = """\
watchlist: {chips: [NVDA, AMD]}
benchmarks: [SPY]
storage: {database: history.db}
prices: {source: csv, options: {file: quotes.csv}, interval_in_session: 1s}
notifiers: [{type: file, name: desk, options: {path: alerts.txt}}]
console: never
"""
RULE = """\
rules:
  - name: large-fall
    description: A stock falls more than 10%.
    symbols: [group:watchlist]
    when:
      all: [{price: {change: "< -10%", since: previous close}}]
    severity: {high: always}
"""
NOBODY = "http://127.0.0.1:9"
"""Where nothing answers: whoever asks a vendor fails."""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of installed packages, on the path."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    before = set(sys.modules)
    yield folder
    for name in set(sys.modules) - before:
        if name.startswith("aftershock_") or name == "strange":
            del sys.modules[name]


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, NOBODY)
    monkeypatch.delenv("TELEGRAM_BOT_TOKEN", raising=False)
    rules = tmp_path / "rules"
    (rules / "episodes").mkdir(parents=True)
    (rules / "topics").symlink_to(REPOSITORY / "rules" / "topics")
    (rules / "companies.yaml").symlink_to(REPOSITORY / "rules" / "companies.yaml")
    (rules / "mine.yaml").write_text(RULE)
    quotes(tmp_path / "quotes.csv", datetime.now(UTC), 0.0)
    file = tmp_path / "config.yaml"
    file.write_text(CONFIG)
    return file


def quotes(file: Path, at: datetime, fall: float) -> None:
    """The file the source reads, whole at any moment."""
    rows = [f"NVDA,{142.62 * (1 + fall):.2f},{at.isoformat()},142.62", f"AMD,120,{at.isoformat()},120"]
    beside = file.with_suffix(".new")
    beside.write_text("\n".join(["symbol,price,at,previous_close", *rows, f"SPY,600,{at.isoformat()},600", ""]))
    beside.rename(file)


def checked(config: Path) -> tuple[int, list[str]]:
    ran = run_command("check", "--config", config, code=None)
    return ran.returncode, [" ".join(line.split()) for line in ran.stdout.splitlines()]


def said(lines: list[str], words: str) -> str:
    """The one line with these words."""
    found = [line for line in lines if words in line]
    assert len(found) == 1, "\n".join(lines)
    return found[0]


def test_check_asks_the_source_that_is_configured_and_not_yahoo(site: Path, config: Path) -> None:
    installed(site, "prices")
    installed(site, "notifier")
    code, lines = checked(config)
    assert code == 0
    assert "3 symbols have prices from the CSV file" in said(lines, "have prices")
    assert "ready" in said(lines, "file:desk")
    assert "rules on a group, volume or sessions cannot fire" in said(lines, "has no daily bars")
    assert not (config.parent / "yfinance").exists()


def test_a_file_that_is_not_there_is_the_source_s_own_trouble(site: Path, config: Path) -> None:
    installed(site, "prices")
    installed(site, "notifier")
    (config.parent / "quotes.csv").unlink()
    code, lines = checked(config)
    assert code == 1
    assert "quotes.csv" in said(lines, "No such file")
    assert any("check the file" in line for line in lines)


def strange(site: Path, text: str, kind: str = "price_sources", name: str = "csv", package: str = "strange") -> None:
    install(site, package, f"aftershock.{kind}", {name: f"{package}:make"}, {package: text})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("import nothing_of_that_name", "of strange cannot be loaded: ModuleNotFoundError: No module named"),
        ("x = 1", "of strange cannot be loaded: AttributeError: module 'strange' has no attribute 'make'"),
        ("def make(options, context): raise ValueError('write a file')", "cannot be set up: ValueError: write a file"),
        ("def make(options, context): return 1", "makes a int, which is not a PriceSource; derive it from"),
    ],
)
def test_a_source_that_does_not_work_is_one_line(site: Path, config: Path, text: str, words: str) -> None:
    strange(site, text)
    installed(site, "notifier")
    code, lines = checked(config)
    assert code == 1
    assert words in said(lines, "price source 'csv'")


def test_a_source_that_is_not_installed_is_named_beside_those_that_are(site: Path, config: Path) -> None:
    installed(site, "notifier")
    assert "unknown price source 'csv'" in said(checked(config)[1], "install the package that provides it")


def test_two_packages_of_one_name_are_both_named(site: Path, config: Path) -> None:
    installed(site, "prices")
    installed(site, "notifier")
    strange(site, "def make(options, context): return 1")
    assert "aftershock-csv-prices and strange; uninstall all but one" in said(checked(config)[1], "several packages")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("import nothing_of_that_name", "notifier 'file' of strange cannot be loaded"),
        ("def make(recipients, context): return recipients['file:other']", "cannot be set up: KeyError: 'file:other'"),
        ("def make(recipients, context): return object()", "makes a object, which is not a Notifier"),
        (
            "from bot.app.run.notifiers import NullNotifier\ndef make(recipients, context): return NullNotifier()",
            "has the channel 'console'; the two names must be the same",
        ),
    ],
)
def test_a_notifier_that_does_not_work_is_one_line(site: Path, config: Path, text: str, words: str) -> None:
    installed(site, "prices")
    strange(site, text, "notifiers", "file")
    code, lines = checked(config)
    assert code == 1
    assert words in said(lines, "notifier 'file'")


def test_what_a_variable_holds_is_handed_over_and_shown_nowhere(
    site: Path, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed(site, "prices")
    text = "def make(recipients, context):\n    raise ValueError(context.secret(recipients['file:desk']['key_env']))"
    strange(site, text, "notifiers", "file")
    config.write_text(CONFIG.replace("{path: alerts.txt}", "{key_env: DESK_KEY}"))
    assert "DESK_KEY is not set" in said(checked(config)[1], "DESK_KEY")
    monkeypatch.setenv("DESK_KEY", "do-not-show-me")
    assert "do-not-show-me" not in "\n".join(checked(config)[1])


def test_a_built_in_channel_has_a_section_of_its_own(site: Path, config: Path) -> None:
    config.write_text(CONFIG.replace("type: file", "type: webhook"))
    assert "'webhook' is built in; write it under webhooks:" in said(checked(config)[1], "notifiers[0].type")


# -------------------------------------------------------------------------------------------------------------- running


@contextlib.contextmanager
def running(config: Path, site: Path) -> Iterator[Callable[[], str]]:
    """The bot as a process that pretends it is Monday; yields what it has logged."""
    log = config.parent / "log"
    environment = {**os.environ, "PYTHONPATH": str(site), "HOME": str(config.parent)}
    words = [sys.executable, str(REPOSITORY / "main.py"), "run", "--config", str(config), "--now", MONDAY.isoformat()]
    with log.open("wb") as err:
        process = subprocess.Popen(words, cwd=REPOSITORY, env=environment, stderr=err, stdout=subprocess.DEVNULL)
        try:
            yield lambda: log.read_text(errors="replace")
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0, log.read_text()
        finally:
            process.kill()
            process.wait()


def test_run_takes_prices_from_the_one_and_tells_by_the_other(site: Path, config: Path) -> None:
    installed(site, "prices")
    installed(site, "notifier")
    quotes(config.parent / "quotes.csv", MONDAY - timedelta(seconds=5), 0.0)
    told, began = config.parent / "alerts.txt", time.monotonic()
    with running(config, site) as logged:
        while "started" not in logged():
            assert time.monotonic() - began < 60, logged()
            time.sleep(0.1)
        at = MONDAY
        while not told.exists():  # a fall counts when a later trade confirms it
            assert time.monotonic() - began < 90, logged()
            at += timedelta(seconds=1)
            quotes(config.parent / "quotes.csv", min(at, MONDAY + timedelta(seconds=time.monotonic() - began)), -0.17)
            time.sleep(1)
    text = told.read_text()
    assert "high" in text.splitlines()[0]
    assert "Nvidia" in text
    assert "17.0" in text


def test_check_asks_a_news_source_and_names_one_that_is_not_installed(site: Path, config: Path) -> None:
    installed(site, "prices")
    installed(site, "notifier")
    installed(site, "news")
    listed = f"- {{type: model-list, options: {{url: '{NOBODY}/list.json'}}}}\n- {{type: nowhere}}\n"
    config.write_text(f"{CONFIG}news_sources:\n{listed}")
    code, lines = checked(config)
    assert code == 1
    assert any(line.startswith("FAILED news source model-list") or "news source model-list" in line for line in lines)
    assert "unknown news source 'nowhere'" in said(lines, "install the package that provides it")
    assert any("check the address under news_sources" in line for line in lines)
