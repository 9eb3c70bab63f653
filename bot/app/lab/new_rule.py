"""``rules new``: makes a commented rule and its test from a few answers, both checked before they are written."""

from __future__ import annotations

import enum
import re
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path

from bot.app.lab.rule_testing import prepare_suite, run_test
from bot.app.project import Project, Timetables, surroundings
from bot.config.rules import load_rules, rule_files
from bot.config.yaml.scalars import parse_name
from bot.config.yaml.validation import one_of
from bot.core.errors import ConfigError, StoreError, UsageError
from bot.core.model import Severity
from bot.core.news import Topics
from bot.core.prices.windows import parse_since
from bot.core.rules.rule import Rule
from bot.render.outside import command

SESSION = date(2025, 2, 26)
"""The session of the tests written: an ordinary Wednesday on every exchange."""
STEP = timedelta(minutes=30)
_SELECTOR = re.compile(r"(?:group:|exposure:)?[\w.^=-]+\Z")


class RuleSubject(enum.StrEnum):
    """What a new rule watches."""

    FALL = "fall"
    RISE = "rise"
    NEWS = "news"


@dataclass(frozen=True, slots=True)
class NewRuleAnswers:
    """The answers, as written. Each has a sensible default."""

    watch: RuleSubject = RuleSubject.FALL
    by: str = "10%"
    """How far the price moves, without a sign."""
    since: str = "previous close"
    topic: str = "none"
    """The topic of the stories that go with it; ``none`` for a rule on prices alone."""
    symbols: str = "group:watchlist"
    """Symbols, ``group:NAME`` or ``exposure:NAME``, with commas between them."""
    severity: str = "high"
    name: str = ""

    @property
    def has_price(self) -> bool:
        """Whether it watches a price."""
        return self.watch is not RuleSubject.NEWS

    @property
    def has_news(self) -> bool:
        """Whether it asks for stories."""
        return self.topic != "none"

    @property
    def number(self) -> str:
        """How far, as a bare number: ``10``."""
        return self.by.strip().lstrip("+-−").rstrip("% ").strip()

    @property
    def percentage(self) -> float:
        """How far, in percent. Raises UsageError where it is no percentage above zero."""
        try:
            value = float(self.number)
        except ValueError:
            raise UsageError(f"'{self.by}' is not a percentage; write one, as 10%") from None
        if not 0 < value <= (99 if self.watch is RuleSubject.FALL else 1000):
            raise UsageError(f"a price cannot {self.watch} by {self.by}; write a percentage above 0, as 10%")
        return value

    @property
    def change(self) -> str:
        """The move as a rule says it: ``< -10%``."""
        return f"< -{self.number}%" if self.watch is RuleSubject.FALL else f"> {self.number}%"

    @property
    def symbol_list(self) -> list[str]:
        """The symbols one by one."""
        return [part.strip() for part in self.symbols.strip("[] ").split(",") if part.strip()]

    def named(self) -> str:
        """The name asked for, or one that says what the rule does: ``memory-fall-10-ai-model``."""
        if self.name:
            return self.name
        about = self.symbol_list[0].split(":")[-1] if len(self.symbol_list) == 1 else "several"
        parts = ["" if about == "watchlist" else about, self.watch.value, self.number if self.has_price else ""]
        parts.append(self.topic if self.has_news else "")
        return re.sub(r"[^a-z0-9-]+", "-", "-".join(filter(None, parts)).lower()).strip("-")[:64]

    def described(self) -> str:
        """The rule in a sentence."""
        if not self.has_price:
            return f"A story on {self.topic} reaches a stock."
        verb = "falls" if self.watch is RuleSubject.FALL else "rises"
        return f"A stock {verb} more than {self.number}%{f' alongside {self.topic} news' if self.has_news else ''}."


@dataclass(frozen=True, slots=True)
class RuleDraft:
    """A rule file and its test file, not written yet."""

    name: str
    rule_path: Path
    rule: str
    test_path: Path
    test: str


# ------------------------------------------------------------------------------------------------------------ the rule


def rule_text(wish: NewRuleAnswers) -> str:
    """The rule as YAML with a comment for every line a person may want to change."""
    return "\n".join([*_rule_lines(wish), ""])


def _rule_lines(wish: NewRuleAnswers) -> Iterator[str]:
    name = wish.named()
    yield "# yaml-language-server: $schema=schema/rules.json"
    yield "#"
    yield "# Made by `rules new`. Edit and save it: a running bot loads it within two seconds."
    yield f"# docs/rules.md explains every key. To check the rule:  {command('rules', 'check')}"
    yield f"# To run its test:  {command('rules', 'test', f'rules/tests/{name}.yaml')}"
    yield "rules:"
    yield f"  - name: {name}"
    yield f"    description: {wish.described()}"
    yield f"    symbols: [{', '.join(wish.symbol_list)}]"
    yield "    when:"
    yield "      all:"
    if wish.has_price:
        yield "        # against: previous close, open, 30m, 3 sessions, high of 20 sessions, story"
        yield f'        - price: {{change: "{wish.change}", since: {wish.since}}}'
    if wish.has_news:
        yield "        # direct: the story names the company; exposure: it is about the company's line of business"
        reach = "[direct, exposure]" if wish.has_price else "direct"
        yield (
            f"        - news: {{topic: {wish.topic}, reach: {reach}, within: 5 sessions, "
            'score: ">= 0.5"}  # sources: ">= 2"'
        )
    if wish.watch is RuleSubject.FALL:
        yield "      none:"
        yield '        - market: {change: "< -4%"}  # the whole market falls'
    yield f"    severity: {wish.severity}  # info, warning, high or critical"
    yield "    cooldown: 1 session  # no second alert for the same symbol, unless severity rises"
    if wish.has_price:
        yield "    hold: 2  # quotes that must agree, so that one bad print fires nothing"


# ------------------------------------------------------------------------------------------------------------ its test


def test_text(wish: NewRuleAnswers, rule: Rule, project: Project, timetables: Timetables, headline: str) -> str:
    """A test that the rule fires, and one that it stays quiet. Without a headline only the second."""
    symbol = _example_symbol(rule, project)
    return "\n".join([*_test_lines(wish, symbol, timetables, headline), ""])


def _test_lines(wish: NewRuleAnswers, symbol: str, timetables: Timetables, headline: str) -> Iterator[str]:
    session = next(s for s in timetables.of_symbol(symbol).all if s.date >= SESSION)
    quiet_for = session.break_start_at or session.close_at
    steps = max(1, int((quiet_for - session.open_at - STEP - timedelta(minutes=10)) / STEP))
    moves_at = session.open_at + STEP * steps + timedelta(minutes=10)
    told_at = moves_at - timedelta(minutes=5)
    confirmed_at = moves_at + timedelta(minutes=1)
    sign = "-" if wish.watch is RuleSubject.FALL else "+"
    calm = f"60x100 | {session.open_at:%H:%M} {steps + 1}x100 every 30m, {moves_at:%H:%M} 2x"

    def prices(part: float) -> Iterator[str]:
        if wish.has_price:
            how_far = f"{wish.percentage * part:g}"
            yield "    prices:"
            yield f"      {symbol}: {calm}{sign}{how_far}% every 1m, {session.close_at:%H:%M} {sign}{how_far}% close"

    news = ["    news:", f"      - {told_at:%H:%M} | Example News | {headline}"] if headline else []
    further = (
        1.2 if wish.watch is RuleSubject.RISE or wish.percentage * 1.2 < 100 else 1 + (1 - wish.percentage / 100) / 2
    )
    yield "# yaml-language-server: $schema=../schema/rule-tests.json"
    yield "#"
    yield f"# Tests of {wish.named()}. Prices: closes before the bar, then what happens at which time (UTC)."
    yield f"rules: {wish.named()}"
    yield f"session: {session.date}"
    yield ""
    yield "tests:"
    if headline or not wish.has_news:
        yield f"  - name: {_sentence(wish)} fires"
        yield from prices(further)
        yield from news
        at = confirmed_at if wish.has_price else told_at
        yield "    expect:"
        yield f'      - {{symbol: {symbol}, at: "{at:%H:%M}", severity: {wish.severity}}}'
        yield ""
    if wish.has_price:
        yield "  - name: half the move does not fire"
        yield from prices(0.5)
        yield from news
        yield "    expect_nothing: {because: it does not move far enough, stopped by: price}"
    if wish.has_news:
        if wish.has_price:
            yield ""
        yield "  - name: without a story on the topic it does not fire"
        yield from prices(further)
        yield "    news:"
        yield f"      - {told_at:%H:%M} | Example News | The town council repaints a bridge"
        # measured since the story, there is no move without one
        stopped = "" if wish.since == "story" else ", stopped by: news"
        yield f"    expect_nothing: {{because: no story explains it{stopped}}}"


def _sentence(wish: NewRuleAnswers) -> str:
    if not wish.has_price:
        return f"a story on {wish.topic}"
    return f"a {wish.watch} of more than {wish.number}%{f' with {wish.topic} news' if wish.has_news else ''}"


def _example_symbol(rule: Rule, project: Project) -> str:
    """The symbol the test is about: the first of the watchlist that has a name people write in headlines."""
    watched = [s for s in project.settings.symbols if s in rule.symbols] or sorted(rule.symbols)
    known = [s for s in watched if (c := project.companies.get(s)) is not None and c.name]
    return (known or watched)[0]


def headlines(wish: NewRuleAnswers, rule: Rule, project: Project) -> list[str]:
    """Headlines that may speak of the topic and name the company, likeliest first; empty for a rule without news."""
    if not wish.has_news:
        return [""]
    company = project.companies.get(_example_symbol(rule, project))
    name = company.name if company else _example_symbol(rule, project)
    return [
        f"DeepSeek releases DeepSeek-R2, an open model that does what {name} sells at a fraction of the cost",
        f"{name} shares fall as new DeepSeek-R2 model stokes fears over cheap AI",
        f"{name} shares fall as investors doubt AI spending and data centre capex",
        f"{name} cuts its outlook after quarterly earnings miss estimates",
        f"{name} faces antitrust lawsuit over AI",
        f"{name} announces $5bn share offering",
        f"{name} {_first_words(project.topics, wish.topic)}",
        "",
    ]


def _first_words(topics: Topics, name: str) -> str:
    """The first word of every list that speaks for the topic: a headline on a topic that people added themselves."""
    topic = topics.topic(name)
    signals = [signal for signal in topic.signals if signal.weight > 0] if topic else []
    lists = dict.fromkeys(group[0] for signal in signals for group in signal.all)
    return " ".join(topics.words[each][0].text.rstrip("*") for each in lists if topics.words.get(each))


# ------------------------------------------------------------------------------------------------------------ together


def draft(wish: NewRuleAnswers, config: Path, project: Project, timetables: Timetables, now: datetime) -> RuleDraft:
    """The files ``wish`` makes, checked: the rule loads beside the others, and its test passes.

    Raises UsageError for an answer that makes no sense or a file that is already there.
    """
    rules = project.settings.rules
    rule_path, test_path = rules / f"{wish.named()}.yaml", rules / "tests" / f"{wish.named()}.yaml"
    for path in (rule_path, test_path):
        if path.exists():
            raise UsageError(f"{path} exists already; choose another name")
    rule = compiled(wish, project)
    written = rule_text(wish)
    for headline in headlines(wish, rule, project):
        tests = test_text(wish, rule, project, timetables, headline)
        if _passes(written, tests, config, now):
            return RuleDraft(rule.name, rule_path, written, test_path, tests)
    raise UsageError("this rule is unlikely ever to fire: no test prices meet it; choose other answers")


def compiled(wish: NewRuleAnswers, project: Project) -> Rule:
    """The rule that ``wish`` makes, read beside the rules there are. Raises UsageError with what to answer instead."""
    if message := _nonsense(wish, "topic", wish.topic, project):
        raise UsageError(message)
    beneath = project.settings.beneath("rules")
    if beneath is not None and project.rules.named(wish.named()) is not None:
        raise UsageError(f"there is a rule named '{wish.named()}'; choose another name")
    around = surroundings(project.settings, project.companies, project.topics)
    with tempfile.TemporaryDirectory(prefix="aftershock-") as folder:
        file = Path(folder) / "new.yaml"
        file.write_text(rule_text(wish), encoding="utf-8")
        try:
            loaded = load_rules([*rule_files(project.settings.rules), file], around, beneath)
        except ConfigError as error:
            mine = [p.message for p in error.problems if p.file == str(file)]
            raise UsageError(mine[0] if mine else str(error.problems[0])) from error
    rule = loaded.named(wish.named())
    assert rule is not None
    if not rule.symbols:
        raise UsageError(f"no symbol of the watchlist is in {wish.symbols}; choose others")
    return rule


def _passes(rule: str, tests: str, config: Path, now: datetime) -> bool:
    with tempfile.TemporaryDirectory(prefix="aftershock-") as folder:
        rule_file, test_file = Path(folder) / "rule.yaml", Path(folder) / "test.yaml"
        rule_file.write_text(rule, encoding="utf-8")
        test_file.write_text(tests, encoding="utf-8")
        try:
            suite = prepare_suite(config, test_file, rule_file, now)
        except ConfigError:
            return False
        return all(run_test(suite.workbench, case, under, scenario).passed for case, under, scenario in suite.tests)


def answered(wish: NewRuleAnswers, key: str, answer: str, project: Project) -> NewRuleAnswers:
    """``wish`` with one more answer. Raises UsageError with what to answer instead where it makes no sense."""
    text = answer.strip()
    if key == "watch":
        if text not in list(RuleSubject):
            raise UsageError(f"'{text}' cannot be watched; write fall, rise or news")
        return replace(wish, watch=RuleSubject(text))
    changed = replace(wish, **{key: text})  # type: ignore[arg-type]  # the other fields are text
    if message := _nonsense(changed, key, text, project):
        raise UsageError(message)
    compiled(changed, project)
    return changed


def _nonsense(wish: NewRuleAnswers, key: str, text: str, project: Project) -> str:
    """What is wrong with an answer in itself; what it means among the other rules is asked of these."""
    try:
        match key:
            case "by":
                assert wish.percentage
            case "since":
                parse_since(text)
            case "topic":
                if wish.watch is RuleSubject.NEWS and not wish.has_news:
                    return "a rule that watches news needs a topic; write one, as ai-model"
                known = [*sorted(project.topics.names), "none"]
                return "" if text in known else one_of(text, known, "topic")
            case "symbols":
                odd = [part for part in wish.symbol_list if not _SELECTOR.match(part)]
                if odd or not wish.symbol_list:
                    return f"'{', '.join(odd)}' names no symbols; write NVDA, group:watchlist or exposure:memory"
            case "severity":
                words = [s.word for s in Severity]
                return "" if text in words else one_of(text, words, "severity")
            case "name":
                parse_name(text)
    except ValueError as error:
        return str(error)
    return ""


def write(made: RuleDraft) -> None:
    """Write both files, or none. Raises UsageError where one appeared meanwhile, StoreError where it cannot be."""
    with ExitStack() as undo:
        for path, text in ((made.rule_path, made.rule), (made.test_path, made.test)):
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                with path.open("x", encoding="utf-8") as file:
                    undo.callback(path.unlink)
                    file.write(text)
            except FileExistsError as error:
                raise UsageError(f"{path} exists already; choose another name") from error
            except OSError as error:
                raise StoreError(f"{path} cannot be written: {error.strerror}") from error
        undo.pop_all()
