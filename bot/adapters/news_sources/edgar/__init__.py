"""What watched companies file with the SEC, as it is published."""

from bot.adapters.news_sources.edgar.source import Edgar

__all__ = ["Edgar"]
