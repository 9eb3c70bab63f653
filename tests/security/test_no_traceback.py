"""Whatever file people hand in, they get a line that says what is wrong with it: never a traceback."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from bot.adapters.store import open_store
from bot.core.model import FeedState, Silence
from tests.command import REPOSITORY, run_command
from tests.store.values import (
    NOW,
    after,
    alert,
    batch,
    cause,
    fired,
    incident,
    notification,
    quote,
    reading,
    story,
)


def other_database(file: Path) -> None:
    with closing(sqlite3.connect(file)) as conn:
        conn.execute("CREATE TABLE alerts (id)")
        conn.commit()


def half_a_history(file: Path) -> None:
    open_store(file, mode="live", run_name="live", now=NOW).close(NOW)
    file.write_bytes(file.read_bytes()[:30_000])


def torn_history(file: Path) -> None:
    open_store(file, mode="live", run_name="live", now=NOW).close(NOW)
    whole = bytearray(file.read_bytes())
    whole[4096 : 4096 + 20_000] = b"\xa5" * 20_000
    file.write_bytes(bytes(whole))


def strange_values(file: Path) -> None:
    """A history whose rows hold what no bot writes."""
    open_store(file, mode="live", run_name="live", now=NOW).close(NOW)
    with closing(sqlite3.connect(file)) as conn:
        conn.execute("PRAGMA foreign_keys = OFF")
        tables = [name for (name,) in conn.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            columns = [row[1] for row in conn.execute(f"PRAGMA table_info('{table}')")]
            for value in (b"\xff\x00", "\x1b[31m", "9" * 400, -1, None, 1e308):
                names, marks = ", ".join(f'"{c}"' for c in columns), ", ".join("?" * len(columns))
                try:
                    conn.execute(f'INSERT INTO "{table}" ({names}) VALUES ({marks})', [value] * len(columns))
                except sqlite3.Error:
                    continue
        conn.commit()


FILES: dict[str, bytes | Callable[[Path], object]] = {
    "empty": b"",
    "noise": bytes(range(256)) * 40,
    "text": b"this is no such file\n",
    "nul": b"\0" * 5000,
    "not utf-8": b"\xff\xfe\xfa" * 100,
    "sqlite header only": b"SQLite format 3\0" + b"\xa5" * 4000,
    "json deep": b"[" * 100_000,
    "json": json.dumps({"a": 1}).encode(),
    "json lines": b'{"title": 5}\n{"title": null, "seen_at": "yesterday"}\n[]\n"x"\nNaN\n',
    "csv": b"symbol,at,price\nNVDA,yesterday,many\nNVDA,2025-01-27T10:00:00Z,1e999\n\xff,,\n",
    "csv without a head": b",,,\n,,,\n",
    "csv one cell": b'"' + b"x" * 300_000 + b'"\n',
    "xml deep": b"<opml><body>" + b"<outline>" * 50_000,
    "xml entities": b'<!DOCTYPE a [<!ENTITY b "bb">]><opml><body><outline text="&b;&b;"/></body></opml>',
    "yaml": b"a: [1, {b: !!python/object/apply:os.system [id]}]\n",
    "yaml deep": b"[" * 5000,
    "yaml aliases": b"a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n",
    "yaml numbers": b"name: 99999999999999999999999999999999999999999999999999\nsession: 2025-99-99\n",
    "parquet magic": b"PAR1" + b"\xa5" * 100 + b"PAR1",
    "folder": lambda file: file.mkdir(),
    "missing": lambda file: None,
    "loop": lambda file: file.symlink_to(file),
    "other database": other_database,
    "half a history": half_a_history,
    "torn history": torn_history,
    "strange values": strange_values,
}

SOME = (
    "empty",
    "noise",
    "not utf-8",
    "json deep",
    "json lines",
    "csv",
    "csv one cell",
    "yaml deep",
    "parquet magic",
    "folder",
)
"""For commands that take seconds."""

COMMANDS = {
    "history import": ("history", "import", "FILE", "--database", "HISTORY"),
    "history list": ("history", "list", "--database", "FILE"),
    "history show": ("history", "show", "NVDA", "--database", "FILE"),
    "history search": ("history", "search", "a", "--database", "FILE"),
    "history verify": ("history", "verify", "--database", "FILE"),
    "history export": ("history", "export", "--database", "FILE"),
    "history stats": ("history", "stats", "--database", "FILE"),
    "history backup": ("history", "backup", "NEW", "--database", "FILE"),
    "feeds list": ("feeds", "list", "--database", "FILE"),
    "feeds import": ("feeds", "import", "FILE", "--config", "CONFIG"),
    "backtest prices csv": ("backtest", "--config", "CONFIG", "--prices", "FILE.csv"),
    "backtest prices parquet": ("backtest", "--config", "CONFIG", "--prices", "FILE.parquet"),
    "backtest news": ("backtest", "--config", "CONFIG", "--prices", "PRICES", "--news", "FILE.jsonl"),
    "backtest earnings": ("backtest", "--config", "CONFIG", "--prices", "PRICES", "--earnings", "FILE.csv"),
    "rules check": ("rules", "check", "FILE.yaml"),
    "rules test": ("rules", "test", "FILE.yaml"),
    "episode check": ("episode", "check", "FILE.yaml"),
    "episode show": ("episode", "show", "FILE.yaml"),
    "replay": ("replay", "FILE.yaml"),
    "performance": ("performance", "--database", "FILE"),
    "check": ("check", "--offline", "--config", "FILE.yaml"),
    "run": ("run", "--config", "FILE.yaml"),
}


def small_project(folder: Path) -> None:
    """A configuration that is read at once."""
    (folder / "config.yaml").write_text("watchlist: {chips: [NVDA]}\nbenchmarks: []\n")
    (folder / "rules").mkdir()
    shutil.copytree(REPOSITORY / "rules" / "topics", folder / "rules" / "topics")
    (folder / "rules" / "companies.yaml").write_text("companies: {}\n")
    (folder / "rules" / "one.yaml").write_text(
        "rules:\n  - {name: fall, symbols: [NVDA], severity: warning, when: {price: {change: '< -5%'}}}\n"
    )


@pytest.mark.campaign
@pytest.mark.parametrize("name", COMMANDS)
def test_a_broken_file_is_a_line_for_people(name: str, tmp_path: Path) -> None:
    small_project(tmp_path)
    (tmp_path / "prices.csv").write_text("symbol,date,open,high,low,close,volume\nNVDA,2025-01-24,1,1,1,1,1\n")
    bad = []
    slow = not name.startswith(("history", "feeds"))
    for number, (kind, content) in enumerate(FILES.items()):
        if slow and kind not in SOME:
            continue
        words = []
        for word in COMMANDS[name]:
            if word.startswith("FILE"):
                file = tmp_path / f"broken{number}{word.removeprefix('FILE')}"
                file.write_bytes(content) if isinstance(content, bytes) else content(file)
                word = str(file)
            places = {
                "HISTORY": f"own{number}.db",
                "NEW": f"new{number}.db",
                "CONFIG": "config.yaml",
                "PRICES": "prices.csv",
            }
            words.append(str(tmp_path / places[word]) if word in places else word)
        ran = run_command(*words, code=None)
        said = ran.stdout + ran.stderr
        if "Traceback" in said or "a defect of the program" in said or (ran.returncode not in (0, 1, 2)):
            bad.append(f"{kind}: {ran.returncode}: {ran.stderr[-300:]}")
        if ran.returncode and not ran.stderr and not ran.stdout:
            bad.append(f"{kind}: nothing was said")
    assert not bad, "\n".join(bad)


PROXIES = (
    "socks5://someone:proxy-pa55word@127.0.0.1:9",
    "http://someone:proxy-pa55word@127.0.0.1:9",
    "http://someone:proxy-pa55word@[no host]:99999",
    "someone:proxy-pa55word@127.0.0.1:9",
    "socks9://someone:proxy-pa55word@127.0.0.1",
    "http://someone:proxy-pa55word/@127.0.0.1:9",
    "://someone:proxy-pa55word@",
)


@pytest.mark.parametrize("variables", [("ALL_PROXY",), ("HTTP_PROXY", "HTTPS_PROXY", "https_proxy", "http_proxy")])
@pytest.mark.parametrize("proxy", PROXIES)
def test_a_proxy_that_cannot_be_used_is_a_line_without_its_password(
    proxy: str, variables: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_project(tmp_path)
    token = "123456789:AAE-emulated-token-for-tests-only-000"
    with (tmp_path / "config.yaml").open("a") as file:
        file.write('feeds: [{name: wire, url: "http://feeds.invalid/rss?apikey=k3y-0f-the-wire-99"}]\n')
        file.write("telegram: {admins: [5], base_url: 'http://telegram.invalid'}\nconsole: never\n")
        file.write("language_model: {url: 'http://model.invalid/v1', second_reader: true}\n")
    for name in (
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "http_proxy",
        "https_proxy",
        "all_proxy",
        "NO_PROXY",
        "no_proxy",
    ):
        monkeypatch.delenv(name, raising=False)
    # what is not sent by way of the proxy under test reaches nothing
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    for name in variables:
        monkeypatch.setenv(name, proxy)
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", token)
    config = ("--config", tmp_path / "config.yaml")
    for words in (("check",), ("check", "--json"), ("feeds", "check", "wire"), ("send-test", "--to", "5", "--yes")):
        ran = run_command(*words, *config, code=None)
        said = ran.stdout + ran.stderr
        assert "Traceback" not in said
        assert "a defect" not in said
        assert ran.returncode in (1, 2), said
        assert "proxy-pa55word" not in said
        assert "k3y-0f-the-wire" not in said
        assert "AAE" not in said


def filled_history(file: Path) -> None:
    """A history with a row in most tables."""
    first = alert("aa1", "NVDA", cause=cause("s1"))
    with closing(open_store(file, mode="live", run_name="live", now=NOW)) as store:
        store.record_rules([("ai-model-shock", "v1", "rules: …")], NOW)
        store.save_silence(Silence("s1", after(60), symbols=("NVDA",)), NOW, "Ada")
        observed = (story("s1"), reading(story("s1")), quote(), incident("i1", "aa1"), fired(first))
        store.commit(
            batch(*observed, notification("n1", incident="i1"), feeds=(FeedState("wire", "https://x.example"),))
        )


@pytest.mark.parametrize("value", ['{"broken', "[" * 5000, "[]", "{}", "5", '"text"', "null", '{"a": {"b": [1]}}'])
def test_a_history_whose_values_are_damaged_is_a_line_for_people(value: str, tmp_path: Path) -> None:
    filled_history(tmp_path / "good.db")
    filled_history(tmp_path / "bad.db")
    small_project(tmp_path)
    with closing(sqlite3.connect(tmp_path / "bad.db")) as conn:
        changed = 0
        for (table,) in conn.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT NULL").fetchall():
            for column in [row[1] for row in conn.execute(f"PRAGMA table_info('{table}')")]:
                try:
                    update = f"""UPDATE "{table}" SET "{column}" = ? WHERE substr("{column}", 1, 1) IN ('{{', '[')"""
                    changed += conn.execute(update, (value,)).rowcount
                except sqlite3.Error:
                    continue
        conn.commit()
    assert changed
    bad = []
    here = ("--database", "bad.db")
    for words in (
        ("history", "import", "bad.db", "--database", "good.db"),
        *(("history", name, *here) for name in ("list", "stats", "verify", "incidents", "export")),
        *(("history", *more, *here) for more in (("show", "NVDA"), ("show", "i1"), ("search", "model"))),
        ("feeds", "list", *here),
        ("performance", *here, "--config", "config.yaml"),
        ("rules", "try", "--since", "900d", *here, "--config", "config.yaml"),
    ):
        ran = run_command(*(str(tmp_path / w) if w.endswith((".db", ".yaml")) else w for w in words), code=None)
        if "Traceback" in ran.stderr or "a defect of the program" in ran.stderr or ran.returncode not in (0, 1, 2):
            bad.append(f"{' '.join(words)}: {ran.returncode}: {ran.stderr[-400:]}")
    assert not bad, "\n".join(bad)
