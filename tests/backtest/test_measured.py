"""Recorded windows through the real command: what must be called an AI shock, and what must not."""

from __future__ import annotations

import gzip
import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.config.settings.model import load_settings
from tests.prepared import call
from tests.processes import run

pytestmark = pytest.mark.campaign

Fired = dict[tuple[str, str], dict[str, Any]]
BANKS = ("FRC", "PACW", "WAL", "ZION", "KEY", "CMA", "SCHW", "HBAN", "RF", "CFG", "FITB", "TFC", "SIVB", "SBNY", "CG")


@pytest.fixture(scope="module")
def config(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped configuration, with banks among the watched: all 960 priced symbols are the bench's business."""
    shipped = (repository / "config.yaml").read_text(encoding="utf-8")
    assert shipped.count("\nwatchlist:\n") == 1
    file = tmp_path_factory.mktemp("config") / "config.yaml"
    file.write_text(
        shipped.replace("\nwatchlist:\n", f"\nwatchlist:\n  banks: [{', '.join(BANKS)}]\n"), encoding="utf-8"
    )
    (file.parent / "rules").symlink_to(repository / "rules")
    return file


@pytest.fixture(scope="module")
def prices(shared_data: Path, config: Path) -> Path:
    """The recorded daily prices of what is watched: reading past eight hundred others takes as long as a window."""
    settings = load_settings(config)
    wanted = {"symbol", *settings.watched, *settings.benchmarks}
    file = config.with_name("prices.csv")
    with (
        gzip.open(shared_data / "prices" / "daily_2021-06_2025-04.csv.gz", "rt", encoding="utf-8") as recorded,
        file.open("w", encoding="utf-8") as kept,
    ):
        kept.writelines(line for line in recorded if line.partition(",")[0] in wanted)
    return file


Play = Callable[[str, str, str], Fired]


@pytest.fixture(scope="module")
def shocks(shared_data: Path, config: Path, prices: Path) -> Play:
    """Plays recorded news from a day to another; the ``ai-model-shock`` alerts by symbol and session."""

    def play(news: str, first: str, last: str) -> Fired:
        done = call(
            *("backtest", "--json", "--from", first, "--to", last, "--prices", prices),
            *("--news", shared_data / "news" / f"{news}.jsonl.gz"),
            *("--rules", "rules/ai-model-shock.yaml"),  # the others are judged apart, and take as long
            *("--config", config, "--watchlist", "config"),
        )
        assert done.returncode == 0, done.stderr
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        assert lines[-1]["bad_rows"] == 0
        return {
            (a["symbol"], a["session"]): a
            for a in lines
            if a["type"] == "alert" and a["event"] == "fired" and a["rule"] == "ai-model-shock"
        }

    return play


@pytest.fixture(scope="module")
def deepseek(shocks: Play) -> Fired:
    """The last days of January 2025, and the earnings that followed."""
    return shocks("2025-01-27_deepseek", "2025-01-24", "2025-02-05")


@pytest.mark.shared
@pytest.mark.parametrize("symbol", ["NVDA", "VST", "CEG", "VRT", "ANET"])
def test_deepseek_monday_is_an_ai_shock_with_deepseek_as_its_cause(deepseek: Fired, symbol: str) -> None:
    alert = deepseek[symbol, "2025-01-27"]
    assert alert["at"] <= "2025-01-28T01:00:00Z"
    assert alert["cause"]["topic"] in ("ai-model", "ai-market")
    assert "DeepSeek" in alert["cause"]["title"]


@pytest.mark.shared
@pytest.mark.parametrize(("symbol", "session"), [("NOW", "2025-01-30"), ("AMD", "2025-02-05")])
def test_earnings_in_the_thick_of_deepseek_news_are_no_ai_shock(deepseek: Fired, symbol: str, session: str) -> None:
    assert deepseek, "the window has alerts"
    assert (symbol, session) not in deepseek


@pytest.mark.shared
def test_chegg_is_an_ai_shock_and_no_bank_of_that_week_is(shocks: Play) -> None:
    fired = shocks("2023-05-02_chegg", "2023-05-01", "2023-05-04")
    assert "ChatGPT" in fired["CHGG", "2023-05-02"]["cause"]["title"]
    assert [key for key in fired if key[0] in BANKS] == []


@pytest.mark.shared
def test_no_bank_of_the_week_of_gpt_4_is_an_ai_shock(shocks: Play) -> None:
    fired = shocks("2023-03-14_gpt4", "2023-03-13", "2023-03-16")
    assert [key for key in fired if key[0] in BANKS] == []


def test_the_bench_says_what_it_needs_where_the_data_is_absent(repository: Path, tmp_path: Path) -> None:
    shutil.copytree(repository / "bench", tmp_path / "project" / "bench")
    for name in ("bot", "rules", "config.yaml"):
        (tmp_path / "project" / name).symlink_to(repository / name)
    command = [sys.executable, "bench/detection.py"]
    done = run(command, cwd=tmp_path / "project", capture_output=True, text=True, check=True)
    assert done.stdout == ""
    assert "nothing measured" in done.stderr
