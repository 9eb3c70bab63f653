"""Models as named labs publish them on the Hugging Face hub, and what suddenly spreads there."""

from bot.adapters.news_sources.huggingface.source import HuggingFace

__all__ = ["HuggingFace"]
