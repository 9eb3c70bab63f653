"""A chat's preferences: stocks, severity, quiet hours, digests, how messages and numbers look."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.adapters.notifiers.telegram.commands import Answer
from bot.adapters.notifiers.telegram.permissions import Chat
from bot.app.chat.naming import means_everything, named_symbol
from bot.app.setup.sample import STYLE_SAMPLE
from bot.core.model import NumberForm, Recipient, Severity, Style
from bot.core.ports import Clock, Recipients
from bot.core.text.wording import listing
from bot.delivery.quiet_hours import parse_quiet_hours, quiet_at

MOST = 200
"""Symbols one chat may watch."""
_NOT_STARTED = "This chat is not subscribed yet: send /start first."


@dataclass(slots=True)
class Preferences:
    """Reads and changes recipients. ``changed`` is called after each change."""

    people: Recipients
    clock: Clock
    watched: Callable[[], Sequence[str]]
    groups: Callable[[], Mapping[str, Sequence[str]]]
    changed: Callable[[], None]
    style_given: Style = Style.CLASSIC
    """The style of chats that have not chosen."""
    numbers_given: NumberForm = NumberForm.POINT
    """The same of numbers."""

    def known(self, chat: Chat) -> Recipient | None:
        """This chat as a recipient, if it is subscribed."""
        return next((r for r in self.people.recipients() if r.id == chat.recipient and r.enabled), None)

    def watch(self, chat: Chat, words: str) -> str:
        """Add symbols and groups to the chat's watchlist."""
        if not words:
            return "Which stocks? Write /watch NVDA AMD, or /watch group:memory."
        symbols, unknown = self._symbols(words)
        if unknown:
            return f"Not watched by this bot: {listing([u[:30] for u in unknown], 5)}. {self._choices()}"
        person = self.known(chat)
        if person is None:
            return _NOT_STARTED
        chosen = tuple(dict.fromkeys((*person.symbols, *symbols)))
        if len(chosen) > MOST:
            return f"That would be {len(chosen)} stocks; at most {MOST}. /unwatch all sends alerts on every stock."
        self._save(replace(person, symbols=chosen))
        return f"From now on only alerts on {listing(list(chosen), 12)} come here."

    def unwatch(self, chat: Chat, words: str) -> str:
        """Remove symbols from the chat's watchlist, or ``all``."""
        person = self.known(chat)
        if person is None:
            return _NOT_STARTED
        if not words:
            return "Which stocks? Write /unwatch NVDA, or /unwatch all."
        if not person.symbols:
            return "Alerts on every stock come here already."
        if means_everything(words, person.symbols):
            left: tuple[str, ...] = ()
        else:
            symbols, unknown = self._symbols(words, also=person.symbols)
            missing = [*unknown, *(s for s in symbols if s not in person.symbols)]
            if missing:
                return f"Not watched here: {listing([m[:30] for m in missing], 5)}. /mywatch shows what is."
            left = tuple(s for s in person.symbols if s not in symbols)
        self._save(replace(person, symbols=left))
        return f"Still watched here: {listing(list(left), 12)}." if left else "Alerts on every stock come here again."

    def mywatch(self, chat: Chat) -> str:
        """All preferences in one line."""
        person = self.known(chat)
        if person is None:
            return _NOT_STARTED
        stocks = listing(list(person.symbols), 12) if person.symbols else "every stock"
        least = person.min_severity.word if person.min_severity > Severity.INFO else "any severity"
        quiet = f"quiet {person.quiet}" if person.quiet else "no quiet hours"
        if person.quiet and quiet_at(person.quiet, self.clock.now()):
            quiet += " (now)"
        digest = "with digests" if person.digest or person.operator else "no digests"
        above = f"{least} and above" if person.min_severity in (Severity.WARNING, Severity.HIGH) else least
        look = f"{person.style or self.style_given} messages, numbers like {self.numbers_of(chat).value}"
        return f"Alerts here: {stocks}; {above}; {quiet}; {digest}; {look}"

    def numbers_of(self, chat: Chat) -> NumberForm:
        """How numbers are written here."""
        person = self.known(chat)
        return (person.numbers if person is not None else None) or self.numbers_given

    def numbers(self, chat: Chat, words: str) -> str:
        """Set how numbers are written, by example."""
        person = self.known(chat)
        if person is None:
            return _NOT_STARTED
        try:
            form = NumberForm.parse(words)
        except KeyError:
            examples = [form.value for form in NumberForm]
            return f"How? Write /numbers and one of {' or '.join(examples)}; now it is {self.numbers_of(chat).value}"
        self._save(replace(person, numbers=form))
        return f"Numbers here are written like {form.value} from now on; those in pictures, titles and quotations stay."

    def style(self, chat: Chat, words: str) -> Answer:
        """Set the style of messages; ``rich`` only when somebody has seen a sample of it here."""
        person = self.known(chat)
        if person is None:
            return Answer(_NOT_STARTED)
        match words.casefold().split():
            case ["classic"]:
                return Answer(self.choose_style(chat, Style.CLASSIC))
            case ["rich", "yes"]:
                return Answer(self.choose_style(chat, Style.RICH))
            case ["rich"]:
                ask = "Two samples of one message: which can be read here?"
                everybody = "" if chat.private else " Everybody here should see both."
                channel = " Post /style rich yes if it is the first." if chat.kind == "channel" else ""
                return Answer(f"{ask}{everybody}{channel}", sample=STYLE_SAMPLE)
        now = f"Messages here are {person.style or self.style_given}"
        return Answer(f"{now}. /style rich sends a sample of both styles, /style classic is readable everywhere.")

    def choose_style(self, chat: Chat, style: Style) -> str:
        """Messages come in ``style`` from now on."""
        person = self.known(chat)
        if person is None:
            return _NOT_STARTED
        self._save(replace(person, style=style))
        undo = " /style classic goes back." if style is Style.RICH else ""
        return f"Messages here are {style} from now on.{undo}"

    def severity(self, chat: Chat, words: str) -> str:
        """Set the minimum severity."""
        person = self.known(chat)
        if person is None:
            return _NOT_STARTED
        try:
            least = Severity.parse(words)
        except KeyError:
            names = ", ".join(s.word for s in Severity)
            return f"Which one? Write /severity and one of {names}; now it is {person.min_severity.word}."
        self._save(replace(person, min_severity=least))
        return {
            Severity.INFO: "Alerts of every severity come here.",
            Severity.CRITICAL: "Only critical alerts come here.",
        }.get(least, f"Alerts of severity {least.word} and above come here.")

    def quiet(self, chat: Chat, words: str) -> str:
        """Set quiet hours, with a time zone; ``off`` for none."""
        person = self.known(chat)
        if person is None:
            return _NOT_STARTED
        if not words:
            how = "/quiet 22:00-07:00 Europe/Paris sets them, /quiet off ends them"
            return f"Quiet hours here: {person.quiet or 'none'}. {how}."
        if words.casefold() in ("off", "none", "no"):
            self._save(replace(person, quiet=""))
            return "No quiet hours here any more; messages held back come now."
        try:
            hours = parse_quiet_hours(words, person.quiet.rpartition(" ")[2] or "UTC")
        except ValueError as error:
            return f"{str(error)[0].upper()}{str(error)[1:]}."
        self._save(replace(person, quiet=str(hours)))
        zone = hours.zone if hours.zone != "UTC" else "UTC (add another time zone after the hours)"
        then = "only critical alerts come then, the rest afterwards"
        return f"Quiet from {hours.start:%H:%M} to {hours.end:%H:%M} {zone}: {then}."

    def digest(self, chat: Chat, words: str) -> str:
        """Switch digests on or off."""
        person = self.known(chat)
        if person is None:
            return _NOT_STARTED
        wanted = {"on": True, "yes": True, "off": False, "no": False}.get(words.casefold())
        if wanted is None:
            return f"Write /digest on or /digest off; now it is {'on' if person.digest else 'off'}."
        self._save(replace(person, digest=wanted))
        if wanted:
            return "A digest comes after each close, and one at the end of the week."
        also = " As the bot's operator you still get them in your own chat." if person.operator else ""
        return f"No digests here.{also}"

    def _save(self, person: Recipient) -> None:
        self.people.save_recipients([person])
        self.changed()

    def _symbols(self, words: str, also: Sequence[str] = ()) -> tuple[list[str], list[str]]:
        """The symbols named, groups expanded, and the words that name none."""
        symbols_known = (*self.watched(), *also)
        groups = {name.casefold(): members for name, members in self.groups().items()}
        found: dict[str, None] = {}
        unknown = []
        for word in words.replace(",", " ").split():
            name = word.casefold().lstrip("$")
            if (symbol := named_symbol(word, symbols_known)) is not None:
                found[symbol] = None
            elif (group := name.removeprefix("group:")) in groups:
                found.update(dict.fromkeys(groups[group]))
            else:
                unknown.append(word)
        return list(found), unknown

    def _choices(self) -> str:
        names = [f"group:{name}" for name in self.groups() if name not in ("watchlist", "benchmarks")]
        return f"It watches {len(self.watched())} stocks, in groups: {listing(names, 8)}."
