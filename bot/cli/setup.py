"""``setup``: connects the bot to Telegram, step by step on the terminal."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from bot.cli.asking import Asker
from bot.cli.options import DEFAULT_CONFIG, Config, Database, shown_path
from bot.core.errors import ConfigError, DeliveryError, StoreError, StoreInUseError, UsageError
from bot.render.outside import command

if TYPE_CHECKING:
    from bot.adapters.notifiers.telegram.introduction import Start
    from bot.app.setup.first_contact import SetupFiles, TelegramContact
    from bot.core.secret import Secret

_T = TypeVar("_T")

TRIES = 3
"""Attempts to reach Telegram with ``--yes``."""
POLL = 25
"""Seconds one request waits for a ``/start``."""


def setup(
    admin: Annotated[
        int | None, typer.Option(help="The admin's Telegram user id, instead of waiting for /start.", min=1)
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Ask nothing; token from TELEGRAM_BOT_TOKEN, admin by /start with the code.")
    ] = False,
    no_test: Annotated[bool, typer.Option("--no-test", help="Do not send a test alert.")] = False,
    wait: Annotated[str, typer.Option(help="How long to wait for /start.")] = "10m",
    config: Config = DEFAULT_CONFIG,
    database: Database = None,
) -> None:
    """Connect the bot to Telegram: token, admin, test alert, command menu. Ctrl-C is safe at any time."""
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
        except (KeyboardInterrupt, asyncio.CancelledError):  # see ``bot.cli.main``
            asker.tell()
            asker.tell(f"Stopped. {setting_up.written or 'Nothing was changed.'}")
            raise
        finally:
            setting_up.close()
    if not good:
        raise typer.Exit(1)


class _Setup:
    """The dialogue. ``written`` says what has been changed so far."""

    def __init__(self, places: SetupFiles, asker: Asker, runner: asyncio.Runner, patience: float) -> None:
        self._places = places
        self._asker = asker
        self._tell = asker.tell
        self._runner = runner
        self._patience = patience
        self._contact: TelegramContact | None = None
        self.written = ""

    def close(self) -> None:
        """Close the connection."""
        if self._contact is not None:
            self._runner.run(self._contact.close())

    def run(self, admin: int | None, *, test: bool) -> bool:
        """All steps; false where something failed that can be repeated."""
        self._tell("Aftershock sends its alerts through a Telegram bot of your own. This connects it to yours.")
        self._tell("No file is changed before you have identified yourself; Ctrl-C stops at any time.")
        self._tell("\nStep 1 of 3: the bot")
        contact, keep = self._bot()
        self._tell("\nStep 2 of 3: you")
        start, user = self._owner(contact, admin)
        self._tell("\nStep 3 of 3: saving")
        self._write(contact, keep, user)
        return self._finish(contact, start, user, test=test)

    # ----------------------------------------------------------------------------------------------------- the token

    def _bot(self) -> tuple[TelegramContact, bool]:
        """A bot whose token works, and whether to write the token to its file."""
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
            origin = shown_path(Path(found.origin))
            if contact is None:
                self._tell(f"Telegram does not know the token in {origin} (any more).")
            else:
                self._tell(f"{origin} holds the token of {_bot_name(contact)}.")
                if self._asker.confirm("Keep using this bot?", default=True, unattended=True):
                    return contact, False
        if self._asker.yes:
            raise UsageError(f"there is no working token; set {VARIABLE}, or leave out --yes")
        return self._asked_token(), True

    def _asked_token(self) -> TelegramContact:
        from bot.config.settings.telegram_token import token_from

        self._tell("In Telegram, send /newbot to @BotFather (https://t.me/BotFather) to get a token.")
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
            self._tell("Telegram does not know this token; copy the whole token from @BotFather and try again.")

    def _met(self, token: Secret) -> TelegramContact | None:
        """The bot with this token; ``None`` where Telegram does not know it."""
        from bot.app.setup.first_contact import TelegramContact

        try:
            contact = self._with_retries(lambda: TelegramContact.made(token, self._places.settings))
        except DeliveryError as error:
            if not error.permanent:
                raise
            return None
        self.close()
        self._contact = contact
        return contact

    def _keeps_environment(self, contact: TelegramContact) -> bool:
        """Whether to write the token from the environment to its file, too."""
        written, name = self._places.written_token().token, shown_path(self._places.token_file)
        if written == contact.token:
            return False
        question = f"Save it in {name} too, so that it works without the variable?"
        if written is not None:
            question = f"{name} holds a different token. Replace it?"
        return self._asker.confirm(question, default=written is None, unattended=written is None)

    # ----------------------------------------------------------------------------------------------------- the owner

    def _owner(self, contact: TelegramContact, admin: int | None) -> tuple[Start | None, int]:
        """The admin, with the ``/start`` received from them, if any."""
        if admin is not None:
            self._tell(f"The admin is {admin}, as given.")
            return None, admin
        admins = self._places.settings.telegram.admins
        if admins:
            known = ", ".join(map(str, admins))
            word = "an admin" if len(admins) == 1 else "admins"
            self._tell(f"{shown_path(self._places.config)} already names {word}: {known}.")
            if not self._asker.confirm("Add another one?", default=False, unattended=False):
                return None, admins[0]
        start = self._owner_start(contact)
        assert start.chat.user is not None
        return start, start.chat.user

    def _owner_start(self, contact: TelegramContact) -> Start:
        """The owner's ``/start``, identified by the code or by confirmation on this terminal."""
        from bot.app.setup.first_contact import carries, new_code
        from bot.clock import stopwatch

        if host := self._with_retries(contact.introduction.remove_webhook):
            self._tell(f"The bot had a webhook to {host}; it was removed, because it blocks receiving messages here.")
        code = new_code()
        self._tell("On your phone or computer, open this link and press Start:")
        self._tell(f"\n    {contact.address(code)}\n")
        self._tell(f"or send to @{contact.identity.username}:  /start {code}")
        self._tell("Waiting for you …")
        answered: set[tuple[int, int | None]] = set()
        waited = stopwatch()
        while True:
            left = self._patience - waited()
            if left <= 0:
                self._tell("No message with the code has arrived.")
                if not self._asker.confirm("Keep waiting?", default=True, unattended=False):
                    raise DeliveryError("the owner did not write to the bot; nothing was changed")
                waited = stopwatch()
                continue
            starts = self._starts(contact, max(1, min(POLL, round(left))))
            for start in sorted(starts, key=lambda s: not carries(s, code)):
                key = start.chat.id, start.chat.user
                if carries(start, code) and start.chat.private:
                    self._tell(f"Received /start from {start.who}, with the code.")
                    if self._asker.confirm("Is this you?", default=True, unattended=True, anew=True):
                        return start
                elif key not in answered and self._is_you(start):
                    return start
                answered.add(key)

    def _is_you(self, start: Start) -> bool:
        """Whether somebody who wrote without the code is the owner."""
        if not start.chat.private:
            self._tell(f"{start.who} sent /start in the group {start.chat.title}; send it to the bot itself instead.")
            return False
        self._tell(f"Received /start from {start.who}, without the code: it may be a stranger.")
        if self._asker.confirm("Is this you?", default=False, unattended=False, anew=True):
            return True
        self._tell("Still waiting for the code …")
        return False

    def _starts(self, contact: TelegramContact, wait: int) -> list[Start]:
        """Each ``/start`` received. One conflict with another listener is ignored: it may be our own last request."""
        from bot.adapters.notifiers.telegram.introduction import AlreadyPolledError

        conflicts = 0
        while True:
            try:
                return self._with_retries(lambda: contact.introduction.starts(wait))
            except AlreadyPolledError:
                conflicts += 1
                if conflicts == 1:
                    self._runner.run(asyncio.sleep(1))
                    continue
                conflict = "another process is receiving with this token: most likely the bot is running"
                if self._asker.yes:
                    raise DeliveryError(f"{conflict}; stop it, then run setup again") from None
                self._tell(_capital(conflict) + ".")
                self._asker.wait("Stop it, then press Enter to continue (or Ctrl-C to quit).")

    # ----------------------------------------------------------------------------------------------------- the files

    def _write(self, contact: TelegramContact, keep: bool, user: int) -> None:
        done = []
        places = self._places
        if keep:
            done.append(f"{shown_path(places.keep(contact.token))} holds the token; only you can read it.")
            self.written = " ".join(done)
        elif places.protect():
            done.append(f"{shown_path(places.token_file)} was readable by others; now only you can read it.")
            self.written = " ".join(done)
        try:
            appointed = places.appoint(user)
        except ConfigError as error:
            if not done:
                raise
            raise UsageError(f"{error.problems[0]}. {self.written}") from error
        if appointed:
            done.append(f"{shown_path(places.config)} names {user} under telegram: admins:.")
        elif not done:
            done.append("Everything is saved already.")
        self.written = " ".join(done)
        self._tell("\n".join(done))

    def _finish(self, contact: TelegramContact, start: Start | None, user: int, *, test: bool) -> bool:
        """Set up the bot in Telegram and subscribe the admin. False where something did not work."""
        from bot.clock import SystemClock

        good = True
        admins = tuple(dict.fromkeys((*self._places.settings.telegram.admins, user)))
        try:
            self._with_retries(lambda: contact.present(admins))
            self._tell(f"The command menu and description of @{contact.identity.username} are set.")
        except DeliveryError as error:
            self._tell(f"The command menu could not be set ({error}); run setup again to set it.")
            good = False
        reached = start is not None
        if start is not None:
            good = self._tried("The welcome message was not sent", lambda: contact.welcome(user)) and good
        if test and self._asker.confirm("Send you a test alert now?", default=True, unattended=True):
            now = SystemClock().now()
            if self._tried("The test alert was not sent", lambda: contact.send_sample(user, now)):
                self._tell("The test alert is sent: see Telegram.")
                reached = True
            else:
                good = False
                if start is None:
                    self._tell(f"Has {user} pressed Start at {contact.identity.address}? A bot cannot write first.")
        subscribed = reached and self._subscribed(user, start)
        if start is not None and subscribed:
            self._runner.run(contact.forget(start))
        self._tell(f"\nDone. Start the bot with: {command('run')}")
        if not subscribed:
            self._tell(f"Then send it /start at {contact.identity.address} to receive alerts.")
        return good

    def _subscribed(self, user: int, start: Start | None) -> bool:
        from bot.clock import SystemClock

        try:
            name = start.name if start is not None else ""
            self._places.subscribe(user, name, SystemClock().now(), anew=start is not None)
        except StoreInUseError:
            self._tell("A bot is running on this history: restart it to load the changes.")
            return False
        except StoreError as error:
            self._tell(f"The history could not be written: {error}")
            return False
        return True

    # ------------------------------------------------------------------------------------------------------ Telegram

    def _tried(self, failed: str, work: Callable[[], Coroutine[Any, Any, None]]) -> bool:
        try:
            self._with_retries(work)
        except DeliveryError as error:
            self._tell(f"{failed}: {error}")
            return False
        return True

    def _with_retries(self, work: Callable[[], Coroutine[Any, Any, _T]]) -> _T:
        """Run ``work``; where Telegram cannot be reached, ask whether to retry, or with ``--yes`` retry a few times.

        Raises DeliveryError where a retry cannot help, or none is left.
        """
        from bot.adapters.notifiers.telegram.introduction import AlreadyPolledError

        tries = 0
        while True:
            try:
                return self._runner.run(work())
            except AlreadyPolledError:
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
                    self._asker.wait("Press Enter to try again (or Ctrl-C to quit).")


def _bot_name(contact: TelegramContact) -> str:
    return f"{contact.identity.name} (@{contact.identity.username})"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
