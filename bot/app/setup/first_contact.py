"""The steps of setting up Telegram; ``bot.cli.setup`` holds the dialogue.

Nothing is written before the owner is known. Each file is then replaced atomically, so that stopping at any time leaves
every file whole.
"""

from __future__ import annotations

import contextlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from bot.adapters.notifiers.telegram import CHANNEL
from bot.adapters.notifiers.telegram.connection import DEFAULT_BASE_URL
from bot.adapters.notifiers.telegram.introduction import Identity, Introduction, Start
from bot.app.chat.commands import FOR_ADMINS, MENU
from bot.app.run.notifiers import telegram_notifier
from bot.app.setup.sample import sample_for
from bot.app.stores import Place, exists, open_store, read_store
from bot.config.settings.edit_admins import add_admin
from bot.config.settings.model import Settings, load_settings
from bot.config.settings.telegram_token import VARIABLE, FoundToken, find_telegram_token, keep_token, restrict_to_owner
from bot.core.errors import ConfigError, DeliveryError
from bot.core.model import Recipient
from bot.core.secret import Secret
from bot.render.outside import command

_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
"""Without letters and digits that are easily confused."""
CODE_LENGTH = 8
WELCOME = (
    f"You are now the admin of Aftershock. Alerts come here once the bot runs ({command('run')}). "
    "/help lists the commands."
)


def new_code() -> str:
    """A code for the owner's ``/start``, shown in the terminal only, so that nobody else knows it."""
    return "".join(secrets.choice(_LETTERS) for _ in range(CODE_LENGTH))


def carries(start: Start, code: str) -> bool:
    """Whether a ``/start`` carries the code, in capitals or not."""
    return hmac.compare_digest(start.code.upper().encode(), code.encode())


@dataclass(frozen=True, slots=True)
class SetupFiles:
    """Where the settings and the token of a bot are kept."""

    config: Path
    settings: Settings
    database: Place

    @classmethod
    def of(cls, config: Path, database: Place | None) -> SetupFiles:
        """The places that ``config`` names. Raises ConfigError with every mistake in it."""
        settings = load_settings(config)
        return cls(config, settings, database or settings.storage.place)

    @property
    def env_file(self) -> Path:
        """``.env`` beside ``config.yaml``."""
        return self.config.parent / ".env"

    @property
    def token_file(self) -> Path:
        """Where the token is written."""
        return self.settings.telegram.token_file or self.env_file

    def token(self, environment: Mapping[str, str]) -> FoundToken:
        """The token a run would find. Raises ConfigError where a place named for it holds none that is one."""
        named = self.settings.telegram.token_file
        if named is not None and not environment.get(VARIABLE, "").strip() and not named.exists():
            return FoundToken(None)  # it will be written
        return find_telegram_token(environment, named, self.env_file)

    def written_token(self) -> FoundToken:
        """The token in a file; none where there is none that is one."""
        with contextlib.suppress(ConfigError):
            return self.token({})
        return FoundToken(None)

    def keep(self, token: Secret) -> Path:
        """Write the token, readable by its owner only; where to. Raises ConfigError."""
        return keep_token(token, self.settings.telegram.token_file, self.env_file)

    def protect(self) -> bool:
        """Make the token's file readable by its owner only; true if others could read it. Raises ConfigError."""
        return self.token_file.exists() and restrict_to_owner(self.token_file)

    def appoint(self, user: int) -> bool:
        """Write the admin into ``config.yaml``; false where it is there already. Raises ConfigError."""
        return add_admin(self.config, user)

    def subscribe(self, user: int, name: str, now: datetime, *, anew: bool) -> None:
        """Subscribe the admin's own chat, as ``/start`` to the running bot would.

        If it had unsubscribed, only ``anew`` subscribes it again. Raises StoreInUseError if a bot runs on this history
        and something must be written, StoreError otherwise.
        """
        chat = Recipient(f"telegram:{user}", CHANNEL, name)
        if exists(self.database):
            with read_store(self.database) as history:
                known = next((r for r in history.recipients() if r.id == chat.id), None)
            if known is not None and (known.enabled or not anew):
                return
        with contextlib.closing(open_store(self.database, mode="live", run_name="live", now=now)) as store:
            chat = next((r for r in store.recipients() if r.id == chat.id), chat)
            store.save_recipients([replace(chat, name=name or chat.name, operator=True, enabled=True)])


@dataclass(frozen=True, slots=True)
class TelegramContact:
    """A token that works, and the connection it opened."""

    token: Secret
    identity: Identity
    introduction: Introduction
    settings: Settings

    @classmethod
    async def made(cls, token: Secret, settings: Settings) -> TelegramContact:
        """Ask Telegram whose token this is. Raises DeliveryError, permanent where it is nobody's."""
        base_url = settings.telegram.base_url or DEFAULT_BASE_URL
        introduction = Introduction(token, base_url=base_url)
        try:
            return cls(token, await introduction.identity(), introduction, settings)
        except BaseException:
            await introduction.close()
            raise

    def address(self, code: str) -> str:
        """Where the owner presses Start, so that the ``/start`` carries the code."""
        return f"{self.identity.address}?start={code}"

    async def welcome(self, user: int) -> None:
        """Tell the admin, in Telegram, that it worked. Raises DeliveryError."""
        await self.introduction.say(user, WELCOME)

    async def present(self, admins: tuple[int, ...]) -> None:
        """Set menus and descriptions. Raises DeliveryError."""
        await self.introduction.present(MENU, FOR_ADMINS, admins)

    async def send_sample(self, user: int, now: datetime) -> None:
        """Send the sample alert to the admin's own chat. Raises DeliveryError."""
        notifier = telegram_notifier(self.settings, self.token)
        try:
            await notifier.send(sample_for(Recipient(f"telegram:{user}", CHANNEL), now))
        finally:
            await notifier.close()

    async def forget(self, start: Start) -> None:
        """The ``/start`` has been dealt with; a failure is no harm, the bot then answers it again."""
        with contextlib.suppress(DeliveryError):
            await self.introduction.forget(start)

    async def close(self) -> None:
        """Give the connection back."""
        await self.introduction.close()
