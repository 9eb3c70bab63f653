"""Compiles specs into rules the engine evaluates, and collects every mistake in meaning."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from bot.config.rules import specs
from bot.config.rules.checks import (
    ANY_COUNT,
    CHANGES,
    COUNTS,
    DRAWDOWNS,
    LONGEST_SESSION,
    MOST_ABNORMAL,
    MOST_AVERAGED,
    MOST_SESSIONS,
    POSITIVE,
    SCORES,
    SHARES,
    Interval,
    beyond_memory,
    contradictions,
    fractional,
    impossible,
    out_of_reach,
    required_parts,
    too_few,
    uncovered,
    unmeasurable,
    unmoved,
    unreachable,
)
from bot.config.rules.specs import MALFORMED, ReadRule, RuleSpec
from bot.config.rules.surroundings import PEERS, NotWatchedError, RuleNames
from bot.config.yaml.document import Document, DocumentPath, problem
from bot.config.yaml.validation import nearest, one_of
from bot.core.cause.ranking import highest_confidence
from bot.core.errors import Problem
from bot.core.model import NO_STOCK, Phase, Reach, Severity, stable_id
from bot.core.news import Role
from bot.core.prices.windows import Span
from bot.core.rules import conditions as core
from bot.core.rules.comparison import Comparison, parse_comparison
from bot.core.rules.conditions.cause import Cause, Group
from bot.core.rules.rule import Rule, SeverityStep, first_price

WHOLE_WITHIN = 0.005
"""By how much rounded weights may exceed the whole."""
NO_SYMBOLS = "none"
"""Written for ``symbols``: the rule is about no stock."""
SEVERITY_WORDS = tuple(s.word for s in Severity)
_DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_ANCHORED = re.compile(r"(?:^|[\s\[{,])[&*]\w")
"""An anchor or alias: the lines alone would not mean the same."""


class Compiler:
    """Compiles the rules and conditions of one document."""

    def __init__(
        self, document: Document, around: RuleNames, named: Mapping[str, specs.ConditionSpec | str | None]
    ) -> None:
        self.document = document
        self.around = around
        self.problems: list[Problem] = []
        self._about_none = False
        """The rule that is being compiled is about no stock."""
        self.used: dict[str, None] = {}
        """Named conditions used since it was last cleared."""
        self.places: dict[int, DocumentPath] = {}
        """Path of each compiled condition, by its ``id``."""
        self._named = named
        self._compiled: dict[tuple[str, bool], core.Condition | None] = {}
        """By name, and whether for a rule about no stock."""
        self._uses: dict[str, dict[str, None]] = {}
        self._lacking: list[Problem] = []
        """What is wrong only with this watchlist: a mistake in an enabled rule; a disabled one may wait for
        more stocks."""
        self._lacking_in: dict[str, list[Problem]] = {}
        """The same by named condition."""
        self._open: list[str] = []
        self._lines_written = document.text.split("\n")

    def fail(self, path: DocumentPath, message: str, *, key: bool = False) -> None:
        """Report a mistake at ``path``."""
        self.problems.append(problem(self.document, path, message, key=key))

    def lack(self, path: DocumentPath, message: str) -> None:
        """Note what is a mistake at ``path`` only with this watchlist."""
        self._lacking.append(problem(self.document, path, message))

    def place(self, path: DocumentPath, key: str, index: int) -> DocumentPath:
        """Path of a list item, or of the value itself if one word was written instead of a list."""
        return (*path, key, index) if isinstance(self.document.value((*path, key)), list) else (*path, key)

    # -------------------------------------------------------------------------------------------------------- a rule

    def rule(self, read: ReadRule) -> Rule | None:
        """The rule, or ``None`` if it has a mistake."""
        spec, path = read.spec, ("rules", read.index)
        before = len(self.problems)
        self.used.clear()
        self._lacking = []
        self._about_none = spec.symbols == (NO_SYMBOLS,)
        selected: tuple[str, ...] = ()
        if not self._about_none and self._has(path, "symbols"):
            selected = self.symbols(spec.symbols, path)
        when = self.item(spec.when, (*path, "when"))
        held = when is not None and _needs(when, core.Portfolio)
        steps = self._severity(spec.severity, (*path, "severity"))
        if spec.longest_hold > LONGEST_SESSION:
            self.fail((*path, "hold"), "no session is that long; write less, like 10m")
        if spec.enabled:
            self.problems += self._lacking
        if when is None or not read.whole:
            return None
        self._as_a_whole(spec, when, steps, path)
        if len(self.problems) > before:
            return None
        version, text = self._written(path)
        symbols = frozenset({NO_STOCK} if held else (s for s in selected if s in self.around.present))
        return Rule(
            name=spec.name,
            description=spec.description,
            symbols=symbols,
            when=when,
            severity=steps,
            cooldown=spec.cooldown,
            hold=spec.hold.regular.quotes,
            follow_up=spec.follow_up,
            quiets=frozenset(spec.quiets),
            to=tuple(sorted(set(spec.to))),
            labels=dict(sorted(spec.labels.items())),
            version=version,
            text=text,
            enabled=spec.enabled,
            idle=self._idle(when, symbols),
            hold_for=spec.hold.regular.lasting,
            per_happening=self._about_none and not held,
            holds={p: h for p, h in spec.hold.of().items() if p is Phase.OVERNIGHT or h != spec.hold.regular},
        )

    def _idle(self, when: core.Condition, symbols: Collection[str]) -> str:
        """That the rule cannot fire with this watchlist, and why; empty where it can. A replay or backtest watches only
        what it has prices for, fewer than the rule was written for."""
        if self.around.also_known:
            return ""
        lacking = next((p.message.partition(";")[0] for p in self._lacking), "")
        why = lacking or out_of_reach(when, symbols, self.around.watched)
        return f"cannot fire with this watchlist: {why}" if why else ""

    def _has(self, path: DocumentPath, key: str) -> bool:
        written = self.document.value(path)
        return isinstance(written, dict) and written.get(key) is not None

    # ------------------------------------------------------------------------------------------------------- severity

    def _severity(self, written: str | dict[str, str], path: DocumentPath) -> tuple[SeverityStep, ...]:
        if isinstance(written, str):
            if written not in SEVERITY_WORDS:
                self.fail(path, one_of(written, SEVERITY_WORDS, "severity"))
                return ()
            return (SeverityStep(Severity.parse(written)),)
        steps = []
        for word, when in written.items():
            if word not in SEVERITY_WORDS:
                why = one_of(word, SEVERITY_WORDS, "severity")
                if when in SEVERITY_WORDS and word[:1] in ("<", ">"):
                    why = f'write the severity first: {when}: "{word}"'
                self.fail((*path, word), why, key=True)
                continue
            if when == "always":
                steps.append(SeverityStep(Severity.parse(word)))
                continue
            asked = when.removeprefix("change ").strip()
            try:
                change = parse_comparison(asked, percent=True)
            except ValueError as error:
                compared = asked[:1] in tuple("<>=≤≥") or asked.startswith("between ")
                instead = f"'{when}' is no step; write always, or a change, like \"< -15%\""
                self.fail((*path, word), str(error) if compared else instead)
            else:
                steps.append(SeverityStep(Severity.parse(word), change))
        if not written:
            self.fail(path, "no severity is given; write one, like warning")
        return tuple(sorted(steps, key=lambda s: s.severity))

    # -------------------------------------------------------------------------------------------------------- a whole

    def _as_a_whole(
        self, spec: RuleSpec, when: core.Condition, steps: tuple[SeverityStep, ...], path: DocumentPath
    ) -> None:
        """Checks across the parts of a rule."""
        if self._about_none:
            self._about_no_stock(spec, when, path)
        self._severity_of_all(spec, when, steps, (*path, "severity"))
        news = [c for c in core.required(when) if isinstance(c, core.News)]
        for condition in core.walk(when):
            place = self.places.get(id(condition), (*path, "when"))
            if isinstance(condition, core.Price | core.MarketTest) and condition.reads.since_story and not news:
                self.fail((*place, "since"), "the rule has no story to measure from; add news: {topic: …} to it")
            anywhere = isinstance(condition, core.News) and Reach.NONE in condition.reaches
            if isinstance(condition, core.Portfolio) and not self._about_none:
                self.fail(place, "a portfolio is no stock; write symbols: none")
            if anywhere and not when.requires_price and not self._about_none:
                self.fail(
                    (*place, "reach"),
                    "without a price condition this fires for every symbol; write direct or exposure",
                )
        for condition, why in contradictions(when):
            self.fail(self.places.get(id(condition), (*path, "when")), why)
        if found := unmoved(when):
            condition, why = found
            self.fail((*self.places.get(id(condition), (*path, "when")), "change"), why)

    def _severity_of_all(
        self, spec: RuleSpec, when: core.Condition, steps: tuple[SeverityStep, ...], path: DocumentPath
    ) -> None:
        """Checks of the steps of a severity against the change that the rule asks for."""
        if not isinstance(spec.severity, dict) or not steps or len(steps) != len(spec.severity):
            return
        if not when.requires_price and any(step.change for step in steps):
            self.fail(path, "a change needs a price condition in the rule; write a single severity")
            return
        price = first_price(when)
        asked = price.drawdown if isinstance(price, core.Drawdown) else price.change if price else None
        certain = asked if _always_asked(when, price) else None
        if why := uncovered(steps, certain):
            self.fail(path, why)
            return
        for step, why in unreachable(steps, certain):
            self.fail((*path, step.severity.word), why)

    def _about_no_stock(self, spec: RuleSpec, when: core.Condition, path: DocumentPath) -> None:
        """Checks of a rule about no stock, which knows nothing but news, its holdings, the market and the time."""
        held = _needs(when, core.Portfolio)
        others = core.During | core.MarketTest if held else core.During
        for condition in core.walk(when):
            place = self.places.get(id(condition), (*path, "when"))
            if isinstance(condition, core.News):
                written = self.document.value(place)
                for key in ("reach", "strength", "burst", "total"):
                    if isinstance(written, dict) and key in written:
                        self.fail((*place, key), f"with symbols: none each happening is told by itself; remove {key}")
            elif not isinstance(condition, others | core.Portfolio | core.All | core.Any | core.NoneOf | core.Named):
                self.fail(place, "with symbols: none only news and during can be asked; name symbols, or remove this")
        if not held and not _needs(when, core.News):
            self.fail((*path, "when"), "with symbols: none the rule is about news; add news: {topic: …} to it")
        if spec.follow_up:
            self.fail((*path, "follow_up"), "with symbols: none no price follows; remove follow_up, or name symbols")

    # ------------------------------------------------------------------------------------------------------ as written

    def _written(self, path: DocumentPath) -> tuple[str, str]:
        """Version and text of a rule, with the named conditions it uses."""
        written = self.document.data["rules"][path[1]]
        used = {name: self.document.data["conditions"][name] for name in sorted(self.used)}
        whole: Any = {"conditions": used, "rules": [written]} if used else written
        text = self._lines(path) or dumped([written])
        if used:
            text = f"{dumped({'conditions': used})}rules:\n{text}"
        return stable_id(json.dumps(whole, sort_keys=True, ensure_ascii=False), length=12), text

    def _lines(self, path: DocumentPath) -> str:
        """A rule's lines with comments; empty if it shares them or uses anchors or aliases."""
        rules = self.document.data["rules"]
        index = int(path[1])
        first = self.document.position(path)[0] - 1
        end = len(self._lines_written)
        if index + 1 < len(rules):
            end = self.document.position(("rules", index + 1))[0] - 1
        else:
            after = (self.document.key_position((key,))[0] - 1 for key in self.document.data)
            end = min((line for line in after if line > first), default=end)
        lines = self._lines_written[first:end]
        while lines and (not lines[-1].strip() or lines[-1].lstrip().startswith("#")):
            lines.pop()
        if not lines or not lines[0].lstrip().startswith("-") or any(_ANCHORED.search(line) for line in lines):
            return ""
        return textwrap.dedent("\n".join(lines)) + "\n"

    # ------------------------------------------------------------------------------------------------------ selections

    def symbols(self, written: Collection[str], path: DocumentPath, key: str = "symbols") -> tuple[str, ...]:
        """The symbols that selectors name, in order, without those excluded. They need not all have prices here."""
        included: dict[str, None] = {}
        excluded: set[str] = set()
        valid = True
        for index, selector in enumerate(written):
            if selector == MALFORMED:
                valid = False
                continue
            try:
                members = self.around.select(selector.removeprefix("not:").strip())
            except NotWatchedError as error:
                self.lack(self.place(path, key, index), str(error))
                valid = False
                continue
            except ValueError as error:
                self.fail(self.place(path, key, index), str(error))
                valid = False
                continue
            if selector.startswith("not:"):
                excluded.update(members)
            else:
                included.update(dict.fromkeys(members))
        selected = tuple(s for s in included if s not in excluded)
        if valid and not included and all(s.startswith("not:") for s in written):
            self.fail((*path, key), "this only excludes symbols; add all, or a group")
        elif valid and not selected and not self.around.also_known:
            self.lack((*path, key), "no watched symbol matches; name others, or add some to the watchlist")
        return selected

    # ------------------------------------------------------------------------------------------------------ conditions

    def item(self, written: specs.ConditionSpec | str, path: DocumentPath) -> core.Condition | None:
        """The condition written inline or by name; ``None`` if it has a mistake."""
        if isinstance(written, str):
            return self._by_name(written, path)
        parts = list(self._parts(written, path))
        whole = [part for part in parts if part is not None]
        if len(whole) < len(parts) or not whole:
            return None
        condition = whole[0] if len(whole) == 1 else core.All(tuple(whole))
        self.places.setdefault(id(condition), path)
        return condition

    def _by_name(self, name: str, path: DocumentPath) -> core.Condition | None:
        if name == MALFORMED:
            return None
        if name not in self._named:
            if self._named:
                self.fail(path, one_of(name, sorted(self._named), "condition"))
            else:
                keys = tuple(specs.ConditionSpec.model_fields)
                advice = f"write {name}: …" if name in keys else f"define {name} under conditions: in this file"
                self.fail(path, f"no condition is named '{name}'; {advice}")
            return None
        self.definition(name, path)
        self._lacking += self._lacking_in.get(name, ())
        self.used.update(self._uses.get(name, {}))
        compiled = self._compiled.get((name, self._about_none))
        return core.Named(name, compiled) if compiled is not None else None

    def definition(self, name: str, path: DocumentPath) -> None:
        """Compile the condition defined as ``name``, once; ``path`` is where it is used."""
        if name in self._open:
            circle = " → ".join([*self._open[self._open.index(name) :], name])
            self.fail(path, f"'{name}' is defined in terms of itself ({circle}); write the condition out")
            return
        if (name, self._about_none) in self._compiled:
            return
        spec = self._named[name]
        outer, self.used = self.used, {}
        lacking, self._lacking = self._lacking, []
        self._open.append(name)
        compiled = self.item(spec, ("conditions", name)) if spec is not None else None
        self._open.pop()
        self._compiled[name, self._about_none] = compiled
        self._uses[name] = {**self.used, name: None}
        self.used = outer
        self._lacking_in[name], self._lacking = self._lacking, lacking

    def _parts(self, spec: specs.ConditionSpec, path: DocumentPath) -> Iterator[core.Condition | None]:
        makers: tuple[tuple[str, Callable[[Any, DocumentPath], core.Condition | None]], ...] = (
            ("price", self._price),
            ("abnormal", self._abnormal),
            ("gap", self._gap),
            ("extreme", self._extreme),
            ("volume", self._volume),
            ("breadth", self._breadth),
            ("market", self._market),
            ("group", self._group_move),
            ("cause", self._cause),
            ("news", self._news),
            ("portfolio", self._portfolio),
            ("sequence", self._sequence),
            ("during", self._during),
        )
        for key, make in makers:
            written = getattr(spec, key)
            if written is not None:
                made = make(written, (*path, key))
                if made is not None:
                    self.places[id(made)] = (*path, key)
                yield made
        for key, kind in (("all", core.All), ("any", core.Any), ("none", core.NoneOf)):
            children = getattr(spec, key)
            if children:
                inner = [self.item(child, (*path, key, i)) for i, child in enumerate(children)]
                known = [c for c in inner if c is not None]
                yield kind(tuple(known)) if len(known) == len(inner) else None

    def _asks(
        self,
        asked: Comparison | None,
        possible: Interval,
        path: DocumentPath,
        what: str = "",
        whole: bool = False,
    ) -> None:
        """Report a comparison that can never hold, or a fraction in place of a count."""
        if asked is None:
            return
        why = (fractional(asked) if whole else "") or impossible(asked, possible, what or str(path[-1]))
        if why:
            self.fail(path, why)

    def _window(self, why: str, path: DocumentPath) -> None:
        if why:
            self.fail(path, why)

    def _sessions(self, span: Span, path: DocumentPath, most: int = MOST_SESSIONS) -> int:
        """The number of sessions in a span that must be given in sessions."""
        if span.sessions is None:
            self.fail(path, f"'{span}' is not a number of sessions; write it like 20 sessions")
            return 1
        if span.sessions > most:
            self.fail(path, f"history does not go back that far; write at most {most} sessions")
        return span.sessions

    # ---------------------------------------------------------------------------------------------------- of one price

    def _price(self, spec: specs.PriceSpec, path: DocumentPath) -> core.Condition | None:
        if spec.drawdown is not None and spec.of is not None:
            return self._drawdown(spec.drawdown, spec.of, path)
        if (level := spec.below or spec.above) is not None:
            return core.Level(spec.below is not None, level)
        if spec.change is None:
            return None
        self._asks(spec.change, CHANGES, (*path, "change"), "change")
        self._window(unmeasurable(spec.since), (*path, "since"))
        return core.Price(spec.change, spec.since)

    def _drawdown(self, asked: Comparison, of: Span, path: DocumentPath) -> core.Condition:
        self._asks(asked, DRAWDOWNS, (*path, "drawdown"))
        if of.sessions is not None:
            self._sessions(of, (*path, "of"))
        elif of.longest > self.around.news_memory:
            self.fail((*path, "of"), "quotes are not kept that long; write sessions, like 20 sessions")
        return core.Drawdown(asked, of)

    def _abnormal(self, spec: specs.AbnormalSpec, path: DocumentPath) -> core.Condition | None:
        self._asks(spec.change, CHANGES, (*path, "change"), "change")
        benchmark = self._benchmark(spec.benchmark, path)
        if spec.since.kind not in ("previous close", "sessions"):
            self.fail(
                (*path, "since"),
                f"the market model does not measure since '{spec.since}'; write previous close or 3 sessions",
            )
        elif spec.since.count > MOST_ABNORMAL:
            self.fail((*path, "since"), f"the market model ends there; write at most {MOST_ABNORMAL} sessions")
        return core.Abnormal(benchmark, spec.change, spec.z, spec.since, self.around.markets)

    def _gap(self, spec: specs.GapSpec, path: DocumentPath) -> core.Condition | None:
        self._asks(spec.change, CHANGES, (*path, "change"))
        return core.Gap(spec.change)

    def _extreme(self, spec: specs.ExtremeSpec, path: DocumentPath) -> core.Condition | None:
        lowest = spec.lowest_since is not None
        key = "lowest_since" if lowest else "highest_since"
        return core.Extreme(lowest, self._sessions(getattr(spec, key), (*path, key)))

    def _volume(self, spec: specs.VolumeSpec, path: DocumentPath) -> core.Condition | None:
        self._asks(spec.ratio, POSITIVE, (*path, "ratio"), "a volume")
        return core.Volume(spec.ratio, self._sessions(spec.over, (*path, "over"), MOST_AVERAGED))

    # ------------------------------------------------------------------------------------------------------- of others

    def _benchmark(self, written: str | None, path: DocumentPath) -> str:
        """The benchmark as written, else the default one."""
        known = self.around.benchmarks
        if not known and written not in self.around.nameable:
            self.lack(path, "config.yaml has no benchmarks; add some there, like benchmarks: [SPY]")
        elif written is not None and written not in self.around.nameable:
            report = self.fail if nearest(written, known) else self.lack
            report((*path, "benchmark"), one_of(written, sorted(known), "benchmark"))
        return written or (known[0] if known else "")

    def _breadth(self, spec: specs.BreadthSpec, path: DocumentPath) -> core.Condition | None:
        self._asks(spec.change, CHANGES, (*path, "change"))
        self._window(unmeasurable(spec.since), (*path, "since"))
        self._asks(spec.share, SHARES, (*path, "share"))
        if spec.symbols == (PEERS,):
            self._asks(spec.count, ANY_COUNT, (*path, "count"), "a count", whole=True)
            peers = {s: self.around.peers(s) for s in self.around.watchlist}
            listings = self._second_listings(self.around.watchlist)
            return core.Breadth("peers", spec.change, (), spec.since, spec.count, spec.share, peers, listings)
        if PEERS in spec.symbols:
            self.fail((*path, "symbols"), "peers cannot be combined with others; write it alone, or name the groups")
            return None
        members = self.symbols(spec.symbols, path)
        self._asks(spec.count, ANY_COUNT, (*path, "count"), "a count", whole=True)
        if members and not self.around.also_known and (why := too_few(spec.count, len(members))):
            self.lack((*path, "count"), f"{why}; write a limit that can be reached")
        here = tuple(m for m in members if m in self.around.present)
        listings = self._second_listings(here)
        return core.Breadth(
            ", ".join(spec.symbols), spec.change, here, spec.since, spec.count, spec.share, listings=listings
        )

    def _second_listings(self, symbols: Collection[str]) -> dict[str, str]:
        """Those of ``symbols`` that are second listings, with the main ones."""
        main = self.around.companies.company_of
        return {s: main(s) for s in symbols if main(s) != s}

    def _market(self, spec: specs.MarketSpec, path: DocumentPath) -> core.Condition | None:
        benchmark, markets = self._benchmark(spec.benchmark, path), self.around.markets
        tests: list[core.Condition] = []
        if spec.change is not None:
            self._asks(spec.change, CHANGES, (*path, "change"))
            self._window(unmeasurable(spec.since), (*path, "since"))
            tests.append(core.MarketTest(benchmark, core.Price(spec.change, spec.since), markets))
        if spec.drawdown is not None and spec.of is not None:
            tests.append(core.MarketTest(benchmark, self._drawdown(spec.drawdown, spec.of, path), markets))
        if spec.gap is not None:
            self._asks(spec.gap, CHANGES, (*path, "gap"), "change")
            tests.append(core.MarketTest(benchmark, core.Gap(spec.gap), markets))
        for key, lowest in (("lowest_since", True), ("highest_since", False)):
            if (span := getattr(spec, key)) is not None:
                sessions = self._sessions(span, (*path, key))
                tests.append(core.MarketTest(benchmark, core.Extreme(lowest, sessions), markets))
        if spec.volume is not None:
            self._asks(spec.volume, POSITIVE, (*path, "volume"), "a volume")
            tests.append(core.MarketTest(benchmark, core.Volume(spec.volume), markets))
        return tests[0] if len(tests) == 1 else core.All(tuple(tests))

    # ------------------------------------------------------------------------------------------------------------ news

    def _topics(self, topics: Collection[str], path: DocumentPath) -> tuple[str, ...]:
        known = self.around.topics.names
        for index, topic in enumerate(topics):
            if topic not in known and topic != MALFORMED:
                self.fail(self.place(path, "topic", index), one_of(topic, sorted(known), "topic"))
        return tuple(topic for topic in topics if topic != MALFORMED)

    def _group_move(self, spec: specs.GroupSpec, path: DocumentPath) -> core.Condition | None:
        self._asks(spec.members, COUNTS, (*path, "members"), "the number of members", whole=True)
        return Group(spec.z, spec.members, spec.abnormal)

    def _cause(self, spec: specs.CauseSpec, path: DocumentPath) -> core.Condition | None:
        self._asks(spec.confidence, SHARES, (*path, "confidence"))
        self._window(beyond_memory(spec.within, self.around.news_memory), (*path, "within"))
        topics = self._topics(spec.topic, path)
        self._explain(spec, path)
        return Cause(topics, spec.within, spec.confidence, self.around.topics.ai_causes)

    def _explain(self, spec: specs.CauseSpec, path: DocumentPath) -> None:
        """Report topics that cannot be a cause, and a confidence that none of them can reach."""
        asked = [(index, topic) for index, name in enumerate(spec.topic) if (topic := self.around.topics.topic(name))]
        for index, topic in asked:
            if topic.role is Role.NONE:
                self.fail(
                    self.place(path, "topic", index),
                    f"'{topic.name}' cannot be a cause (role: none); write role: rival where it is defined, or ask "
                    f"for its stories with news: {{topic: {topic.name}}}",
                )
        most = max((highest_confidence(topic) for _, topic in asked), default=0.0)
        wanted = Interval.of(spec.confidence) & SHARES
        if most and not wanted.empty and (wanted & Interval(high=most)).empty:
            self.fail(
                (*path, "confidence"),
                f'"{spec.confidence}" can never hold: stories alone give at most {most:.2g}; write less',
            )

    def _news(self, spec: specs.NewsSpec, path: DocumentPath) -> core.Condition | None:
        topics = self._topics(spec.topic or (), path)
        for key, possible in (("score", SCORES), ("strength", SHARES), ("novelty", SCORES)):
            self._asks(getattr(spec, key), possible, (*path, key))
        for key in ("sources", "stories", "total"):
            self._asks(getattr(spec, key), COUNTS, (*path, key), f"the number of {key}", whole=True)
        self._asks(spec.burst, ANY_COUNT, (*path, "burst"), "a burst")
        self._window(beyond_memory(spec.within, self.around.news_memory), (*path, "within"))
        if spec.burst is not None:
            self._burst(spec, path)
        about = []
        for index, word in enumerate(spec.about or ()):
            if word == MALFORMED:
                continue
            try:
                about.append(self.around.about(word))
            except ValueError as error:
                self.fail(self.place(path, "about", index), str(error))
        return core.News(
            topics,
            (Reach.NONE,) if self._about_none else spec.reach,
            spec.within,
            spec.score,
            spec.sources,
            spec.stories,
            spec.strength,
            tuple(about),
            core.TextPattern(spec.text) if spec.text is not None else None,
            spec.novelty,
            spec.burst,
            spec.baseline,
            spec.total,
        )

    def _portfolio(self, spec: specs.PortfolioSpec, path: DocumentPath) -> core.Condition | None:
        self._asks(spec.change, CHANGES, (*path, "change"))
        for symbol in spec.weights:
            try:
                self.around.select(symbol)
            except NotWatchedError as error:
                self.lack((*path, "weights", symbol), str(error))
            except ValueError as error:
                self.fail((*path, "weights", symbol), str(error))
        whole = sum(spec.weights.values())
        if whole > 1 + WHOLE_WITHIN:
            self.fail((*path, "weights"), f"the weights add up to {whole * 100:.4g}%; make them 100% at most")
        return core.Portfolio(spec.name, dict(spec.weights), spec.change)

    def _burst(self, spec: specs.NewsSpec, path: DocumentPath) -> None:
        if spec.within.longest > spec.baseline:
            where = "within" if "within" in spec.model_fields_set else "burst"
            self.fail(
                (*path, where),
                f"a burst within {spec.within} is not shorter than its baseline; write within: 2h",
            )
        elif spec.within.longest + spec.baseline > self.around.news_memory:
            where = "baseline" if "baseline" in spec.model_fields_set else "burst"
            left = self.around.news_memory - spec.within.longest
            self.fail((*path, where), f"stories are not kept that long; write a baseline of at most {left.days}d")

    # ------------------------------------------------------------------------------------------------------------ time

    def _sequence(self, spec: specs.SequenceSpec, path: DocumentPath) -> core.Condition | None:
        steps = [self.item(step, (*path, "steps", i)) for i, step in enumerate(spec.steps)]
        self._window(beyond_memory(spec.within, self.around.news_memory), (*path, "within"))
        known = [step for step in steps if step is not None]
        return core.Sequence(tuple(known), spec.within) if len(known) == len(steps) else None

    def _during(self, spec: specs.DuringSpec, path: DocumentPath) -> core.Condition | None:
        start, end = spec.hours or (None, None)
        zone = ZoneInfo(spec.zone) if spec.zone is not None else None
        return core.During(spec.phase or (), start, end, spec.weekdays or (), zone, spec.zone or "")


def dumped(data: Any) -> str:
    """``data`` as YAML."""
    return str(yaml.dump(data, Dumper=_DUMPER, sort_keys=False, allow_unicode=True, width=110))


def _always_asked(when: core.Condition, price: core.Condition | None) -> bool:
    """Whether the rule cannot fire without ``price``: it is not under ``any`` or in a sequence."""
    return any(part is price for part in required_parts(when))


def _needs(when: core.Condition, kind: type[core.Condition]) -> bool:
    """Whether the condition cannot hold without one of this kind, whichever of its alternatives does."""
    match when:
        case core.Named():
            return _needs(when.of, kind)
        case core.All():
            return any(_needs(child, kind) for child in when.of)
        case core.Any():
            return all(_needs(child, kind) for child in when.of)
        case _:
            return isinstance(when, kind)
