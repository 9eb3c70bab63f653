"""Imports run one way: main → cli → app → {adapters, replay → flow, config} → render → core."""

from __future__ import annotations

import pytest

from tests.architecture.source import Finding, imports, module_of, program_files, report, text_of

SAID = ("installation",)
"""Asked by whoever tells people what to type, or reads shipped files."""

LAYERS: dict[str, tuple[str, ...]] = {
    # layer: the layers it may import, itself apart
    "main": ("cli", "environment"),
    "cli": ("app", "web", "flow", "adapters", "replay", "config", "render", "clock", "core", "environment", *SAID),
    "app": ("flow", "adapters", "replay", "config", "render", "clock", "core", "threads", "bounds", *SAID),
    "web": ("adapters", "render", "core", "bounds", *SAID),  # pages over the history; only the command starts them
    "flow": ("render", "core"),  # the cycle, the sender, recovery: they know ports, never what stands behind them
    "adapters": ("render", "core", "threads", "bounds"),
    "replay": ("flow", "clock", "render", "core"),  # it winds the simulated clock and turns the one loop body
    "config": ("render", "core", *SAID),
    "clock": ("core",),
    "render": ("core", *SAID),
    "core": (),
    "installation": (),  # where shipped files are, and what the program is called there
    "environment": (),  # runs before there is an environment
    "threads": (),
    "bounds": (),
}
PACKAGES = {"cli", "app", "web", "adapters", "replay", "config", "render", "core", "clock", "environment"}
PACKAGES |= {"threads", "bounds", "installation"}


def layer_of(module: str) -> str:
    """The layer of one of our modules. What lies directly in ``bot`` and is no package of its own is ``flow``."""
    if module in ("main", "bot.__main__"):
        return "main"
    room = module.split(".")[1] if "." in module else ""
    return room if room in PACKAGES else "flow"


def technology(module: str) -> str:
    """Which adapter a module belongs to: what stands directly under ``bot.adapters`` is one technology, and under its
    folders of price sources and notifiers likewise."""
    parts = module.split(".")[2:] if module.startswith("bot.adapters.") else []
    return ".".join(parts[: 2 if parts and parts[0] in ("prices", "notifiers", "news_sources") else 1])


def check(file: str, source: str) -> list[Finding]:
    """Every import in ``source`` that runs the wrong way."""
    module = module_of(file)
    layer = layer_of(module)
    findings = []
    for found in imports(file, source):
        if found.full in ("bot", "bot.__version__") or found.module.split(".")[0] not in ("bot", "main"):
            continue
        target = found.full if found.module == "bot" else found.module
        other = layer_of(target)
        if other == layer:
            # adapters of different technologies, and the package that holds them, do not know each other
            theirs = technology(found.full if found.module == "bot.adapters" else found.module)
            if layer == "adapters" and theirs != technology(module):
                findings.append(Finding(file, found.line, f"adapter imports another adapter: {found.full}"))
        elif other not in LAYERS[layer]:
            findings.append(Finding(file, found.line, f"{layer} imports {other}: {found.full}"))
    return findings


def test_imports_run_one_way() -> None:
    findings = [finding for file in program_files() for finding in check(file, text_of(file))]
    assert not findings, report(findings)


def test_the_program_is_looked_at() -> None:
    rooms = {layer_of(module_of(file)) for file in program_files()}
    assert rooms >= {"core", "adapters", "render", "config", "replay"}


@pytest.mark.parametrize(
    ("file", "source", "said"),
    [
        ("bot/core/engine.py", "from bot.adapters.store import Store", "core imports adapters"),
        ("bot/core/engine.py", "from bot import cycle", "core imports flow"),
        ("bot/core/engine.py", "def f():\n    import bot.config.rules", "core imports config"),
        ("bot/core/engine.py", "from ..render import plain", "core imports render"),
        ("bot/core/news/index.py", "from ...app.world import World", "core imports app"),
        ("bot/core/__init__.py", "from ..render import plain", "core imports render"),
        ("bot/render/plain.py", "import bot.adapters.notifiers.console", "render imports adapters"),
        ("bot/adapters/notifiers/console.py", "from bot.adapters.store import Store", "another adapter"),
        ("bot/adapters/notifiers/console.py", "from bot.adapters import store", "another adapter"),
        ("bot/adapters/notifiers/telegram/notifier.py", "from ...store import Store", "another adapter"),
        ("bot/adapters/notifiers/telegram/notifier.py", "from ..webhook import WebhookNotifier", "another adapter"),
        ("bot/adapters/__init__.py", "from bot.adapters.store import Store", "another adapter"),
        ("bot/adapters/prices/yahoo/quotes.py", "from bot.config import settings", "adapters imports config"),
        ("bot/adapters/prices/yahoo/quotes.py", "import_module('bot.replay.tape')", "adapters imports replay"),
        ("bot/config/settings/model.py", "from bot.replay import tape", "config imports replay"),
        ("bot/cycle.py", "from bot.adapters.store import Store", "flow imports adapters"),
        ("bot/replay/runner.py", "from bot.app import world", "replay imports app"),
        ("bot/cli/run.py", "import main", "cli imports main"),
        ("main.py", "from bot.app import world", "main imports app"),
    ],
)
def test_an_import_the_wrong_way_is_found(file: str, source: str, said: str) -> None:
    findings = check(file, source)
    assert len(findings) == 1
    assert said in findings[0].what


@pytest.mark.parametrize(
    ("file", "source"),
    [
        ("main.py", "from bot.environment import require\nfrom bot.cli import main"),
        ("bot/cli/run.py", "from bot.app.run.live import live\nfrom bot.core.errors import UsageError"),
        ("bot/app/run/live.py", "from bot.adapters.store import Store\nfrom bot import cycle, sender"),
        ("bot/adapters/store/writing.py", "from bot.adapters.store.rows import row\nfrom . import codec"),
        ("bot/adapters/notifiers/telegram/notifier.py", "from bot.render import telegram_html"),
        ("bot/core/engine.py", "import re\nfrom bot.core.model import Alert\nfrom .market import Market"),
        ("bot/delivery/sender.py", "from bot.cycle import Cycle\nfrom bot.core.ports import Store"),
    ],
)
def test_imports_the_right_way_pass(file: str, source: str) -> None:
    assert check(file, source) == []
