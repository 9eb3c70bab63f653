"""The language model that the configuration names, if any."""

from __future__ import annotations

import aiohttp

from bot.adapters.language_model import LanguageModel
from bot.config.settings.model import LanguageModelSettings
from bot.core.secret import Secret


def language_model(
    settings: LanguageModelSettings, session: aiohttp.ClientSession, key: Secret | None
) -> LanguageModel | None:
    """It, with ``key``; ``None`` where no address is set."""
    return LanguageModel(session, str(settings.url), settings.model, key) if settings.url else None
