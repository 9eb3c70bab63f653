"""Reloads edited rules, topics and companies while the bot runs.

The files are checked several times a second. An edit is loaded once two checks in a row find the same files (editors
write in pieces, or by renaming), and only if nothing changed while it was read. An edit with a mistake changes
nothing: the last good rules stay in force, every mistake is logged and the first sent to the operator.

``config.yaml`` itself comes into force at a start only; that it changed is logged once, and a mistake in it, with which
the next start would fail, is sent to the operator.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path

from bot.app.project import Project, read_rules_folder, with_rules_reloaded
from bot.app.run.live import AT_A_TIME, LiveBot, compiled
from bot.config.rules import rule_files
from bot.config.settings.model import load_settings
from bot.config.yaml.reading import read_file
from bot.core.errors import ConfigError, Problem, StoreError
from bot.core.model import SourceReport, Trouble
from bot.core.news import NewsIndex
from bot.core.rules.rule import RuleSet
from bot.threads import in_thread

log = logging.getLogger(__name__)

LOOK_EVERY = timedelta(seconds=0.4)
READ_WHOLE = 4_000_000
"""Larger files are compared by size and times instead of content: reading them twice a second costs too much."""

ANSWER_WITHIN = 30.0
"""Seconds within which a person who asks for the files to be loaded has an answer."""

Look = Mapping[str, bytes]
"""A digest of each file. Equal looks mean equal files."""


def look(folder: Path, config: Path) -> Look:
    """The rules, topics and companies files and ``config`` as they are now. Raises nothing."""
    files = [config, folder / "companies.yaml", *_listed(folder), *_listed(folder / "topics")]
    return {str(file): digest for file in files if (digest := _digest(file))}


def _listed(folder: Path) -> Iterator[Path]:
    try:
        yield from rule_files(folder)
    except OSError:
        return


def _digest(file: Path) -> bytes:
    """Digest of a file's content; empty if there is no such file."""
    try:
        found = file.stat()
        if found.st_size > READ_WHOLE:
            return repr((found.st_size, found.st_mtime_ns, found.st_ino)).encode()
        return hashlib.blake2b(read_file(file), digest_size=16).digest()
    except FileNotFoundError:
        return b""
    except OSError as error:
        return repr((type(error).__name__, error.errno)).encode()


@dataclass(slots=True)
class Watch:
    """Decides from one look to the next whether there is an edit to load."""

    taken: Look
    """The files loaded last, good or bad."""
    _before: Look = field(default_factory=dict)

    def settled(self, now: Look) -> bool:
        """Whether ``now`` differs from the files loaded last and equals the look before: a finished edit."""
        done = now != self.taken and now == self._before
        self._before = now
        return done


@dataclass(frozen=True, slots=True)
class Changes:
    """How one set of rules differs from another, by rule name."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]

    def __str__(self) -> str:
        parts = [
            f"{label} {', '.join(names)}"
            for label, names in (("new:", self.added), ("changed:", self.changed), ("removed:", self.removed))
            if names
        ]
        return "; ".join(parts) or "no rule changed"


def changes(old: RuleSet, new: RuleSet) -> Changes:
    """What an edit did: rules added, changed (text or symbols) and removed, each in file order."""
    before = {r.name: (r.version, r.symbols) for r in old}
    after = {r.name: (r.version, r.symbols) for r in new}
    return Changes(
        added=tuple(n for n in after if n not in before),
        changed=tuple(n for n in after if n in before and after[n] != before[n]),
        removed=tuple(n for n in before if n not in after),
    )


def first_mistake(error: ConfigError, folder: Path) -> str:
    """The first mistake in one line for the operator, its file relative to the configuration's ``folder``."""
    first = error.problems[0]
    file = Path(first.file)
    shown = file.relative_to(folder).as_posix() if file.is_relative_to(folder) else first.file
    line = str(Problem(shown, first.line, first.column, first.path, first.message))
    more = len(error.problems) - 1
    return line + (f" (and {more} more mistake{'s' if more > 1 else ''})" if more else "")


class Reloader:
    """Loads edits into a running bot. ``check`` is a job for the scheduler.

    Files are read in a thread, as a disk that does not answer may keep a call for ever; everything else happens in the
    event loop's thread.
    """

    def __init__(self, bot: LiveBot, config: Path, in_force: Look) -> None:
        """``in_force``: the look from before the bot's project was read, so that an edit since then is not missed."""
        self._bot = bot
        self._config = config
        self._in_force = in_force
        self._watch = Watch(in_force)
        self._unrecorded = False
        self._outcome = ""
        """The result of the last edit, in words."""
        self._looking: Future[Look] | None = None

    async def _look(self) -> Look:
        """The files as they are now. While one look is stuck no other begins."""
        if self._looking is None or self._looking.done():
            self._looking = in_thread(
                partial(look, self._bot.project.settings.rules, self._config), "look at the rules"
            )
        return await asyncio.wrap_future(self._looking)

    async def check(self) -> None:
        """Check the files, and load an edit that is finished."""
        found = await self._look()
        if self._watch.settled(found):
            await self._take(found)
        elif self._unrecorded:
            self._record()

    async def now(self) -> str:
        """Load the files now, finished or not; returns the result in one line."""
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                return await self._now()
        except TimeoutError:
            return "The rules folder does not answer; see whether its disk is there. The rules in force stay."

    async def _now(self) -> str:
        found = await self._look()
        if found == self._watch.taken:
            return "The rules are up to date."
        await self._take(found)
        if self._watch.taken != found:
            return "The files are being written to; they are loaded as soon as that is done."
        return "The rules were read: " + (self._outcome or "they are in force.")

    async def _take(self, found: Look) -> None:
        mistake: ConfigError | None = None
        project, anew = self._bot.project, False
        try:
            project, anew = await asyncio.wrap_future(in_thread(partial(self._read, found), "read the rules"))
        except ConfigError as error:
            mistake = error
        if await self._look() != found:
            return  # written to while it was read; the next checks will load it
        before, self._watch.taken = self._watch.taken, found
        if found.get(str(self._config)) != before.get(str(self._config)):
            log.warning("%s has changed; restart the bot to apply it", self._config.name)
            await self._check_configuration()
        if mistake is None:
            await self._apply(project, found, anew)
        else:
            self._refuse(mistake)

    def _read(self, found: Look) -> tuple[Project, bool]:
        """The project as the files are now; topics and companies, which take longest, only if they changed, and whether
        they did."""
        settings, anew = self._bot.project.settings, self._means_other_things(found)
        project = read_rules_folder(self._config, settings) if anew else with_rules_reloaded(self._bot.project)
        if not len(project.rules):
            raise ConfigError([Problem(str(settings.rules), 0, 0, "", "no rules are left here; put a rule file here")])
        return project, anew

    async def _check_configuration(self) -> None:
        """Tell whether the bot would start with ``config.yaml`` as it is now."""
        trouble, detail = Trouble.NONE, ""
        try:
            await asyncio.wrap_future(in_thread(partial(load_settings, self._config), "read config.yaml"))
        except ConfigError as error:
            trouble, detail = Trouble.FAILED, first_mistake(error, self._config.parent)
        self._bot.inbox.report(SourceReport("configuration", self._bot.clock.now(), trouble, detail))

    def _refuse(self, mistake: ConfigError) -> None:
        """Report the mistakes; the rules in force stay."""
        log.error("the edited rules have mistakes; the last good ones stay in force:")
        for problem in mistake.problems:
            log.error("%s", problem)
        detail = first_mistake(mistake, self._config.parent)
        self._outcome = f"they have mistakes, and the last good ones stay in force. {detail}"
        self._bot.inbox.report(SourceReport("rules", self._bot.clock.now(), Trouble.FAILED, detail))
        self._bot.turn(())

    async def _apply(self, project: Project, found: Look, anew: bool) -> None:
        """Put the new rules in force; stories are classified again if topics or companies changed."""
        bot = self._bot
        difference = changes(bot.engine.view().rules, project.rules)
        news = await self._read_anew(project) if anew else None
        bot.project = project
        bot.engine.reload(project.rules, news)
        self._in_force = found
        self._record()
        also = f"; topics or companies changed, {len(news)} stories classified again" if news is not None else ""
        self._outcome = f"{difference}{also}."
        log.warning("the edited rules are in force: %s%s", difference, also)
        bot.inbox.report(SourceReport("rules", bot.clock.now(), items=len(project.rules)))
        bot.turn(())

    def _means_other_things(self, found: Look) -> bool:
        """Whether topics or companies differ from those in force."""
        rules = {str(file) for file in rule_files(self._bot.project.settings.rules)} | {str(self._config)}
        different = {file for file in {*found, *self._in_force} if found.get(file) != self._in_force.get(file)}
        return any(Path(f).name == "companies.yaml" or Path(f).parent.name == "topics" for f in different - rules)

    async def _read_anew(self, project: Project) -> NewsIndex:
        """The stories of the news index in use, classified with the new topics and companies."""
        view = self._bot.engine.view()
        # besides the file's, those introduced while running, by their tickers
        introduced = [company for company in view.companies if company.symbol not in self._bot.project.companies]
        companies = project.companies.with_companies(introduced)
        await compiled(project.topics, companies)
        index = view.empty_news_index(project.topics, companies)
        while missing := [s for s in view.stories if index.reading(s.id) is None]:
            for number, story in enumerate(missing, 1):
                index.add(story)
                if number % AT_A_TIME == 0:
                    await asyncio.sleep(0)  # more may come in meanwhile
        return index

    def _record(self) -> None:
        """Store the text of the rules in force, so that the history can show it."""
        versions = ((name, version, text) for name, (version, text) in self._bot.engine.view().rules.versions.items())
        try:
            self._bot.journal.record_rules(versions, self._bot.clock.now())
            self._unrecorded = False
        except StoreError as error:
            self._unrecorded = True
            log.error("the rules in force cannot be written to the history yet: %s", error)
