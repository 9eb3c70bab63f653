"""Models and prices as OpenRouter's public list has them."""

from bot.adapters.news_sources.openrouter.source import OpenRouter

__all__ = ["OpenRouter"]
