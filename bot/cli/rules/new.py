"""``rules new``: asks a few questions and writes a rule with its test."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.options import DEFAULT_CONFIG, Config, shown_path
from bot.cli.terminal import prompt, say, tell
from bot.core.errors import UsageError
from bot.render.outside import command

if TYPE_CHECKING:
    from bot.app.lab.new_rule import NewRuleAnswers
    from bot.app.project import Project

QUESTIONS = (
    ("watch", "What should it watch: fall, rise or news"),
    ("by", "By how much"),
    ("since", "Measured against: previous close, open, 30m, 3 sessions, high of 20 sessions, story"),
    ("topic", "With news on which topic, or none"),
    ("symbols", "Which symbols: NVDA, group:watchlist, exposure:memory"),
    ("severity", "Severity: info, warning, high or critical"),
    ("name", "Name"),
)


def new(
    watch: Annotated[str | None, typer.Option(help="fall, rise or news.")] = None,
    by: Annotated[str | None, typer.Option(help="How far the price moves, as 10%.")] = None,
    since: Annotated[str | None, typer.Option(help="The reference price, as 'previous close'.")] = None,
    topic: Annotated[str | None, typer.Option(help="The topic of news to require, as ai-model; or none.")] = None,
    symbols: Annotated[str | None, typer.Option(help="NVDA,AMD, group:watchlist or exposure:memory.")] = None,
    severity: Annotated[str | None, typer.Option(help="info, warning, high or critical.")] = None,
    name: Annotated[str | None, typer.Option(help="Name of the rule and its files.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing; use defaults for options not given.")] = False,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Ask a few questions and write a commented rule with its test. Never overwrites anything."""
    from bot.app.lab import new_rule
    from bot.app.lab.replaying import EPISODES_FROM
    from bot.app.project import AHEAD, Timetables, load_project
    from bot.clock import SystemClock

    given = {"watch": watch, "by": by, "since": since, "topic": topic, "symbols": symbols, "severity": severity}
    given["name"] = name
    project = load_project(config)
    now = SystemClock().now()
    wish = _wish(given, project, ask=not yes)
    timetables = Timetables(EPISODES_FROM, (now + AHEAD).date(), project.companies)
    made = new_rule.draft(wish, config, project, timetables, now)
    new_rule.write(made)
    say(shown_path(made.rule_path))
    say(shown_path(made.test_path))
    tell(f"{made.name} is written and its test passes. A running bot loads it within two seconds.")
    tries, replays = command("rules", "try", "--since", "90d"), command("replay", "deepseek-2025-01")
    tell(f"Next: look at it, then `{tries}` or `{replays}`")


def _wish(given: dict[str, str | None], project: Project, *, ask: bool) -> NewRuleAnswers:
    """The answers, options first, because later questions depend on them."""
    from bot.app.lab.new_rule import NewRuleAnswers, RuleSubject, answered

    wish = NewRuleAnswers(topic=next(iter(project.topics.triggers), "none"))
    for key, _ in QUESTIONS:
        option = given[key]
        if option is not None:
            if key == "watch" and option == RuleSubject.NEWS:
                wish = _for_news(wish, given)
            try:
                wish = answered(wish, key, option, project)
            except UsageError as error:
                raise UsageError(f"--{key}: {error}") from error
    if not ask:
        return wish
    for key, question in QUESTIONS:
        if given[key] is not None or (key in ("by", "since") and wish.watch is RuleSubject.NEWS):
            continue
        default = wish.named() if key == "name" else str(getattr(wish, key))
        while True:
            answer = _ask(question, default)
            try:
                changed = answered(wish, key, answer, project)
            except UsageError as error:
                tell(f"  {error}")
                continue
            wish = _for_news(changed, given) if key == "watch" and changed.watch is RuleSubject.NEWS else changed
            break
    return wish


def _for_news(wish: NewRuleAnswers, given: dict[str, str | None]) -> NewRuleAnswers:
    """News alone matters less than a move: severity info by default."""
    from dataclasses import replace

    return wish if given["severity"] is not None else replace(wish, severity="info")


def _ask(question: str, default: str) -> str:
    """A line from stdin, asked for on stderr. Raises UsageError where the input has ended."""
    prompt(f"{question} [{default}]: ")
    line = sys.stdin.readline()
    if not line:
        raise UsageError("the input ended before the last question; answer all of them, or add --yes")
    return line.strip() or default
