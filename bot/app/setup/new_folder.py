"""``init``: a folder of one's own, apart from the program, in which everything that ships is in force.

The configuration is the shipped one without its feeds and its watchlist: these, like rules, topics, companies and
episodes, are taken from the program, so that an update of it brings new ones along.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

from bot.app.project import load_project
from bot.app.setup.schema_files import write_schemas
from bot.app.setup.upgrading import RECORD, note_what_ships
from bot.config.rules import rule_files
from bot.config.rules.dump import full_rules
from bot.config.settings.model import load_settings
from bot.config.yaml.wording import one_of
from bot.core.errors import StoreError, UsageError
from bot.installation import PROGRAM, SHIPPED
from bot.render.outside import command

TAKEN = """\
# ------------------------------------------------------------------------------------------------------- what ships

# Taken from the program, and updated with it: `true` for all, `false` for none, or names, each off or on. What
# you have yourself under the same name stands in its place: a rule in rules/, a topic in rules/topics/, a company in
# rules/companies.yaml, an episode in rules/episodes/, a feed or a group in this file.
shipped:
  rules: true           # {abnormal-fall: false, winner: true}; `python main.py rules show` says where each comes from
  topics: true
  companies: true
  episodes: true
  feeds: true           # {hacker-news: false, pr-newswire: true}
  watchlist: true       # {games: false}

"""
WATCHLIST = """\
# watchlist:
#   mine: [TSLA, 7203.T]

"""
FEEDS = """\
# feeds:
#   - {name: mine, title: My feed, url: "https://feed.example/rss.xml"}
"""
RULE = """\
# yaml-language-server: $schema=schema/rules.json
#
# Rules of your own, beside those that ship with the program. A running bot loads a saved edit within two seconds.
# A rule with the name of a shipped one stands in its place; this copies one here, to be edited:
#
#     {copy}
#
# The rule below is off; write enabled: true to have it.
rules:
  - name: my-first-rule
    description: A stock rises more than 8% after AI-model news.
    enabled: false
    symbols: [group:watchlist]
    when:
      all:
        - price: {{change: "> 8%", since: previous close}}
        - news: {{topic: ai-model, reach: [direct, exposure], within: 2 sessions, score: ">= 0.5"}}
    severity: warning
    cooldown: 1 session
"""
SECRETS = """\
# Copy this file to .env, readable only by you (chmod 600 .env), and remove the # before what you use.
# {setup} writes the token there by itself.

# TELEGRAM_BOT_TOKEN=123456:the-rest-of-it
# AFTERSHOCK_LANGUAGE_MODEL_KEY=…
# AFTERSHOCK_HEARTBEAT_URL=https://switch.example/ping/1234
# AFTERSHOCK_WEB_PASSWORD=…
"""
_SECTION = re.compile(r"^(?:watchlist|feeds):\n.*?(?=^# -{20}|\Z)", re.MULTILINE | re.DOTALL)
"""A section of the shipped configuration, up to the rule above the next one."""


def new_files(folder: Path) -> Iterator[tuple[Path, str]]:
    """Path and text of every file that ``init`` writes."""
    yield folder / "config.yaml", _config()
    yield folder / "rules" / "my-rules.yaml", RULE.format(copy=command("rules", "copy", "large-fall"))
    yield folder / ".env.example", SECRETS.format(setup=command("setup"))


def make_folder(folder: Path) -> list[Path]:
    """Write the files of a new ``folder``, all or none of them; returns them.

    Raises UsageError where it cannot be such a folder or has one of the files, StoreError where they cannot be written.
    """
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file; name a folder")
    if folder.resolve().is_relative_to(SHIPPED.resolve()):
        raise UsageError(f"{folder} lies among the program's own files, which an update replaces; choose another place")
    files = dict(new_files(folder))
    with ExitStack() as undo:
        for path, text in files.items():
            _write(path, text, undo)
        schemas = write_schemas(load_project(folder / "config.yaml"))
        note_what_ships(folder / "config.yaml")
        undo.pop_all()
    return [*files, folder / RECORD, *schemas]


def copy_rule(config: Path, name: str) -> Path:
    """Copy the file of a shipped rule into one's own rules folder; returns the copy.

    Raises UsageError where there is no such rule or the file is there, ConfigError, StoreError.
    """
    settings = load_settings(config)
    beneath = settings.beneath("rules")
    if beneath is None:
        raise UsageError(f"{config} takes no shipped rules; edit them in {settings.rules}")
    files = {rule.name: Path(rule.file) for rule in full_rules(rule_files(beneath.folder), settings.benchmark)}
    if name not in files:
        raise UsageError(one_of(name, sorted(files), "shipped rule"))
    copy = settings.rules / files[name].name
    with ExitStack() as undo:
        _write(copy, files[name].read_text(encoding="utf-8").replace("python main.py", PROGRAM), undo)
        undo.pop_all()
    return copy


def _write(path: Path, text: str, undo: ExitStack) -> None:
    try:
        _make(path.parent, undo)
        with path.open("x", encoding="utf-8") as file:
            undo.callback(path.unlink)
            file.write(text)
    except FileExistsError as error:
        raise UsageError(f"{path} exists already; nothing was written") from error
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror}") from error


def _make(folder: Path, undo: ExitStack) -> None:
    """The folder with those above it; they are removed again where ``undo`` is not called off."""
    if not folder.is_dir():
        _make(folder.parent, undo)
        folder.mkdir()
        undo.callback(_remove, folder)


def _remove(folder: Path) -> None:
    with suppress(OSError):  # something else was put into it meanwhile
        folder.rmdir()


def _config() -> str:
    text = (SHIPPED / "config.yaml").read_text(encoding="utf-8")
    text = _SECTION.sub(lambda found: WATCHLIST if found[0].startswith("watchlist") else FEEDS, text)
    head, rule, rest = text.partition("# ----")
    return (head + TAKEN + rule + rest).replace("python main.py", PROGRAM)
