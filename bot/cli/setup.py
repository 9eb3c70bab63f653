"""``setup``: connects the bot to Telegram, in a conversation on the terminal."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from bot.cli.asking import Asker
from bot.cli.options import DEFAULT_CONFIG, Config, Database
from bot.core.errors import ConfigError, DeliveryError, StoreError, StoreInUseError, UsageError

if TYPE_CHECKING:
    from bot.adapters.notifiers.telegram.introduction import Start
    from bot.app.setup.first_contact import SetupFiles, TelegramContact
    from bot.core.secret import Secret

_T = TypeVar("_T")

TRIES = 3
"""How often Telegram is tried where nobody can be asked."""
POLL = 25
"""Seconds one request waits for a ``/start``."""


def setup(
    admin: Annotated[
        int | None, typer.Option(help="The admin's Telegram user id, instead of waiting for /start.", min=1)
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Ask nothing: token from TELEGRAM_BOT_TOKEN, admin by /start with the code.")
    ] = False,
    no_test: Annotated[bool, typer.Option("--no-test", help="Send no test alert.")] = False,
    wait: Annotated[str, typer.Option(help="How long to wait for /start.")] = "10m",
    config: Config = DEFAULT_CONFIG,
    database: Database = None,
) -> None:
    """Connect the bot to Telegram: token, admin, test alert, command menu. Ctrl-C leaves every file whole."""
    from bot.adapters.notifiers.telegram import quiet_libraries
    from bot.app.setup.first_contact import SetupFiles
    from bot.core.prices.windows import parse_duration

    quiet_libraries()
    try:
        patience = parse_duration(wait).total_seconds()
    except ValueError as error:
        raise UsageError(f"--wait: {error}") from error
    places = SetupFiles.of(config, database)
    asker = Asker(yes=yes, instead="add --yes")
    with asyncio.Runner() as runner:
        setting_up = _Setup(places, asker, runner, patience)
        try:
            good = setting_up.run(admin, test=not no_test)
        except KeyboardInterrupt:
            asker.tell()
            asker.tell(f"Stopped. {setting_up.written or 'Nothing was changed.'}")
            raise
        finally:
            setting_up.close()
    if not good:
        raise typer.Exit(1)


class _Setup:
    """The conversation. ``written`` says what has been changed so far."""

    def __init__(self, places: SetupFiles, asker: Asker, runner: asyncio.Runner, patience: float) -> None:
        self._places = places
        self._asker = asker
        self._tell = asker.tell
        self._runner = runner
        self._patience = patience
        self._contact: TelegramContact | None = None
        self.written = ""

    def close(self) -> None:
        """Hang up."""
        if self._contact is not None:
            self._runner.run(self._contact.close())

    def run(self, admin: int | None, *, test: bool) -> bool:
        """All of it; false where something that can be repeated did not work."""
        self._tell("Aftershock speaks to people through a Telegram bot of your own. This connects it to yours.")
        self._tell("No file is touched before you have said who you are; Ctrl-C stops at any time.")
        self._tell("\nStep 1 of 3: the bot")
        contact, keep = self._bot()
        self._tell("\nStep 2 of 3: you")
        start, user = self._owner(contact, admin)
        self._tell("\nStep 3 of 3: writing it down")
        self._write(contact, keep, user)
        return self._finish(contact, start, user, test=test)

    # ----------------------------------------------------------------------------------------------------- the token

    def _bot(self) -> tuple[TelegramContact, bool]:
        """A bot whose token works, and whether the token is to be written to its file."""
        from bot.config.settings.telegram_token import VARIABLE, FoundToken

        try:
            found = self._places.token(os.environ)
        except ConfigError as error:
            if os.environ.get(VARIABLE, "").strip() or self._asker.yes:
                raise
            self._tell("\n".join(str(problem) for problem in error.problems))
            found = FoundToken(None)
        if found.token is not None:
            contact = self._met(found.token)
            if found.origin == VARIABLE:
                if contact is None:
                    raise UsageError(f"Telegram does not know the token in {VARIABLE}; correct it, or unset it")
                self._tell(f"{VARIABLE} holds the token of {_bot_name(contact)}.")
                return contact, self._keeps_environment(contact)
            origin = _shown(Path(found.origin))
            if contact is None:
                self._tell(f"Telegram does not know the token in {origin} (any more).")
            else:
                self._tell(f"{origin} holds the token of {_bot_name(contact)}.")
                if self._asker.confirm("Keep using this bot?", default=True, unattended=True):
                    return contact, False
        if self._asker.yes:
            raise UsageError(f"there is no token that works; set {VARIABLE}, or leave out --yes")
        return self._asked_token(), True

    def _asked_token(self) -> TelegramContact:
        from bot.config.settings.telegram_token import token_from

        self._tell("In Telegram, write /newbot to @BotFather (https://t.me/BotFather); it gives you a token.")
        while True:
            try:
                token = token_from(self._asker.secret("Paste the token here (it is not shown): "))
            except ConfigError as error:
                self._tell(_capital(error.problems[0].message) + ".")
                continue
            contact = self._met(token)
            if contact is not None:
                self._tell(f"It is the token of {_bot_name(contact)}.")
                return contact
            self._tell("Telegram does not know this token; copy all of it from @BotFather and try again.")

    def _met(self, token: Secret) -> TelegramContact | None:
        """The bot whose token this is; ``None`` where Telegram does not know it."""
        from bot.app.setup.first_contact import TelegramContact

        try:
            contact = self._persisting(lambda: TelegramContact.made(token, self._places.settings))
        except DeliveryError as error:
            if not error.permanent:
                raise
            return None
        self.close()
        self._contact = contact
        return contact

    def _keeps_environment(self, contact: TelegramContact) -> bool:
        """Whether the token from the environment is to be written to its file, too."""
        written, name = self._places.written_token().token, _shown(self._places.token_file)
        if written == contact.token:
            return False
        question = f"Write it into {name} too, so that it is found without the variable?"
        if written is not None:
            question = f"{name} holds another one. Replace that one?"
        return self._asker.confirm(question, default=written is None, unattended=written is None)

    # ----------------------------------------------------------------------------------------------------- the owner

    def _owner(self, contact: TelegramContact, admin: int | None) -> tuple[Start | None, int]:
        """Who is to be admin, with the ``/start`` that said so, where one was heard."""
        if admin is not None:
            self._tell(f"The admin is {admin}, as given.")
            return None, admin
        admins = self._places.settings.telegram.admins
        if admins:
            known = ", ".join(map(str, admins))
            self._tell(
                f"{_shown(self._places.config)} already names {'an admin' if len(admins) == 1 else 'admins'}: {known}."
            )
            if not self._asker.confirm("Add another one?", default=False, unattended=False):
                return None, admins[0]
        start = self._heard(contact)
        assert start.chat.user is not None
        return start, start.chat.user

    def _heard(self, contact: TelegramContact) -> Start:
        """The ``/start`` of somebody who is the owner, by the code or by their word on this terminal."""
        from bot.app.setup.first_contact import carries, new_code
        from bot.clock import stopwatch

        if host := self._persisting(contact.introduction.remove_webhook):
            self._tell(f"The bot had a webhook to {host}; it is removed, for with one nobody can listen.")
        code = new_code()
        self._tell("On your phone or computer, open this address and press Start:")
        self._tell(f"\n    {contact.address(code)}\n")
        self._tell(f"or write to @{contact.identity.username}:  /start {code}")
        self._tell("Waiting for you …")
        answered: set[tuple[int, int | None]] = set()
        waited = stopwatch()
        while True:
            left = self._patience - waited()
            if left <= 0:
                self._nobody()
                waited = stopwatch()
                continue
            starts = self._listened(contact, max(1, min(POLL, round(left))))
            for start in sorted(starts, key=lambda s: not carries(s, code)):
                key = start.chat.id, start.chat.user
                if carries(start, code) and start.chat.private:
                    self._tell(f"Heard from {start.who}, with the code.")
                    if self._asker.confirm("Is this you?", default=True, unattended=True, anew=True):
                        return start
                elif key not in answered and self._is_you(start):
                    return start
                answered.add(key)

    def _is_you(self, start: Start) -> bool:
        """Whether somebody who wrote without the code is the owner all the same."""
        if not start.chat.private:
            self._tell(f"{start.who} wrote /start in the group {start.chat.title}; write to the bot itself, not there.")
            return False
        self._tell(f"Heard from {start.who}, without the code: it may be a stranger.")
        if self._asker.confirm("Is this you?", default=False, unattended=False, anew=True):
            return True
        self._tell("Still waiting for the code …")
        return False

    def _nobody(self) -> None:
        self._tell("Nobody has written to the bot with the code.")
        if not self._asker.confirm("Wait some more?", default=True, unattended=False):
            raise DeliveryError("the owner did not write to the bot; nothing was changed")

    def _listened(self, contact: TelegramContact, wait: int) -> list[Start]:
        """What was heard. Another listener is only believed the second time: an own request may still hang there."""
        from bot.adapters.notifiers.telegram.introduction import ListenedElsewhereError

        conflicts = 0
        while True:
            try:
                return self._persisting(lambda: contact.introduction.starts(wait))
            except ListenedElsewhereError:
                conflicts += 1
                if conflicts == 1:
                    self._runner.run(asyncio.sleep(1))
                    continue
                said = "another process is listening with this token: most likely the bot is running"
                if self._asker.yes:
                    raise DeliveryError(f"{said}; stop it, then run setup again") from None
                self._tell(_capital(said) + ".")
                self._asker.wait("Stop it, then press Enter to go on (or Ctrl-C to stop here).")

    # ----------------------------------------------------------------------------------------------------- the files

    def _write(self, contact: TelegramContact, keep: bool, user: int) -> None:
        done = []
        places = self._places
        if keep:
            done.append(f"{_shown(places.keep(contact.token))} holds the token; only you can read it.")
            self.written = " ".join(done)
        elif places.protect():
            done.append(f"{_shown(places.token_file)} could be read by others; now only you can.")
            self.written = " ".join(done)
        try:
            appointed = places.appoint(user)
        except ConfigError as error:
            if not done:
                raise
            raise UsageError(f"{error.problems[0]}. {self.written}") from error
        if appointed:
            done.append(f"{_shown(places.config)} names {user} under telegram: admins:.")
        elif not done:
            done.append("Everything is written down already.")
        self.written = " ".join(done)
        self._tell("\n".join(done))

    def _finish(self, contact: TelegramContact, start: Start | None, user: int, *, test: bool) -> bool:
        """What is told to Telegram, and that alerts shall come. False where something did not work."""
        from bot.clock import SystemClock

        good = True
        admins = tuple(dict.fromkeys((*self._places.settings.telegram.admins, user)))
        try:
            self._persisting(lambda: contact.present(admins))
            self._tell(f"@{contact.identity.username} has its command menu and its description.")
        except DeliveryError as error:
            self._tell(f"The command menu could not be set ({error}); run setup again for it.")
            good = False
        reached = start is not None
        if start is not None:
            good = self._tried("You could not be greeted", lambda: contact.welcome(user)) and good
        if test and self._asker.confirm("Send you a test alert now?", default=True, unattended=True):
            now = SystemClock().now()
            if self._tried("The test alert did not arrive", lambda: contact.send_sample(user, now)):
                self._tell("The test alert is sent: look at Telegram.")
                reached = True
            else:
                good = False
                if start is None:
                    self._tell(f"Has {user} pressed Start at {contact.identity.address}? A bot may not write first.")
        subscribed = reached and self._subscribed(user, start)
        if start is not None and subscribed:
            self._runner.run(contact.forget(start))
        self._tell("\nDone. Start the bot with: python main.py run")
        if not subscribed:
            self._tell(f"Then send it /start, at {contact.identity.address}: alerts come from then on.")
        return good

    def _subscribed(self, user: int, start: Start | None) -> bool:
        from bot.clock import SystemClock

        try:
            name = start.name if start is not None else ""
            self._places.subscribe(user, name, SystemClock().now(), anew=start is not None)
        except StoreInUseError:
            self._tell("A bot is running on this history: restart it, so that it reads what was written.")
            return False
        except StoreError as error:
            self._tell(f"The history could not be written: {error}")
            return False
        return True

    # ------------------------------------------------------------------------------------------------------ Telegram

    def _tried(self, failed: str, work: Callable[[], Coroutine[Any, Any, None]]) -> bool:
        try:
            self._persisting(work)
        except DeliveryError as error:
            self._tell(f"{failed}: {error}")
            return False
        return True

    def _persisting(self, work: Callable[[], Coroutine[Any, Any, _T]]) -> _T:
        """Run ``work``; where Telegram cannot be reached, ask to try again, or unattended try a few times.

        Raises DeliveryError where another try cannot help, or none is left.
        """
        from bot.adapters.notifiers.telegram.introduction import ListenedElsewhereError

        tries = 0
        while True:
            try:
                return self._runner.run(work())
            except ListenedElsewhereError:
                raise
            except DeliveryError as error:
                tries += 1
                if error.permanent or (self._asker.yes and tries >= TRIES):
                    raise
                self._tell(f"{_capital(str(error))}.")
                if error.retry_after is not None:
                    self._runner.run(asyncio.sleep(error.retry_after.total_seconds()))
                elif self._asker.yes:
                    self._runner.run(asyncio.sleep(tries))
                else:
                    self._asker.wait("Press Enter to try again (or Ctrl-C to stop here).")


def _bot_name(contact: TelegramContact) -> str:
    return f"{contact.identity.name} (@{contact.identity.username})"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _shown(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
