"""What every ``--help`` shows: commands with their whole first sentence, and examples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from typer.core import TyperGroup

from bot.render.outside import command

EXAMPLES: Mapping[str, Sequence[str]] = {
    "run": ("run", "run --config other/config.yaml"),
    "init": ("init my-folder",),
    "upgrade": ("upgrade --check", "upgrade"),
    "setup": ("setup", "setup --yes --admin 12345678"),
    "check": ("check", "check --offline --json"),
    "send-test": ("send-test", "send-test --to apprise:team"),
    "replay": (
        "replay deepseek-2025-01",
        "replay deepseek-2025-01 --speed 600x",
        "replay deepseek-2025-01 --rules lower.yaml",
        "replay deepseek-2025-01 --database deepseek.db",
    ),
    "backtest": (
        "backtest --prices prices.csv --news news.jsonl",
        "backtest --prices prices.parquet --news news.jsonl --from 2024-01-01 --to 2024-12-31",
    ),
    "performance": ("performance", "performance ai-model-shock --since 365d"),
    "web": ("web --open", "web --database backup.db --port 0"),
    "rules check": ("rules check", "rules check lower.yaml"),
    "rules test": ("rules test", "rules test rules/tests/ai-model-shock.yaml --junit results.xml"),
    "rules explain": (
        "rules explain NVDA --at 2h",
        "rules explain NVDA --at 2025-01-27T15:00Z --episode deepseek-2025-01",
    ),
    "rules show": ("rules show", "rules show ai-model-shock"),
    "rules copy": ("rules copy large-fall",),
    "rules diff": ("rules diff", "rules diff --against HEAD --since 90d", "rules diff --rules lower.yaml"),
    "rules try": (
        "rules try --since 90d",
        "rules try --rules lower.yaml --episode deepseek-2025-01",
        "rules try --prices prices.csv --news news.jsonl",
    ),
    "rules new": ("rules new", "rules new --watch fall --by 7% --topic ai-model --symbols group:memory --yes"),
    "news explain": ("news explain 'Nvidia falls after DeepSeek releases R1' --source techcrunch",),
    "feeds list": ("feeds list",),
    "feeds rank": ("feeds rank --since 90d",),
    "feeds check": ("feeds check techcrunch", "feeds check https://example.com/feed.xml"),
    "feeds import": ("feeds import feeds.opml",),
    "feeds export": ("feeds export --config other.yaml",),
    "history list": ("history list --since 7d", "history list --symbol NVDA --severity high --json"),
    "history show": ("history show NVDA",),
    "history search": ("history search 'deepseek chip*' --since 90d",),
    "history incidents": ("history incidents --since 30d",),
    "history stats": ("history stats --by rule", "history stats --by month --symbol NVDA"),
    "history sql": ("history sql 'SELECT symbol, min(worst) FROM alert_history GROUP BY symbol'",),
    "history export": ("history export --format csv --output alerts.csv --since 365d",),
    "history import": ("history import other.db",),
    "history prune": ("history prune --dry-run",),
    "history backup": ("history backup backup.db",),
    "history copy": ("history copy postgresql://db.example/aftershock", "history copy aftershock.db"),
    "history mirror": ("history mirror mirror.db --every 30s",),
    "history verify": ("history verify",),
    "episode list": ("episode list",),
    "episode show": ("episode show deepseek-2025-01 --all",),
    "episode check": ("episode check", "episode check rules/episodes/mine.yaml"),
    "episode record": ("episode record --incident 3f2a1b --name my-episode",),
    "schema write": ("schema write", "schema write --check"),
}
"""By command, what people type; a test parses each."""


class Commands(TyperGroup):
    """A group of commands whose help has examples, and cuts no sentence off."""

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of this name, with its examples below its help."""
        found = super().get_command(ctx, cmd_name)
        path = [cmd_name]
        while ctx.parent is not None:
            path.insert(0, ctx.info_name)
            ctx = ctx.parent
        if found is not None and (examples := EXAMPLES.get(" ".join(path))):
            lines = "\n".join(f"  {command()}{example}" for example in examples)
            found.epilog = f"\b\nExamples:\n{lines}"
        return found

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """The commands, each with its first sentence, however long."""
        found = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        rows = [(name, each.get_short_help_str(1000)) for name, each in found if each is not None and not each.hidden]
        if rows:
            with formatter.section("Commands"):
                formatter.write_dl(rows)
