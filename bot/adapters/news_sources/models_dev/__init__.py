"""What labs say of their own models, as the open catalogue models.dev has it."""

from bot.adapters.news_sources.models_dev.source import ModelsDev

__all__ = ["ModelsDev"]
