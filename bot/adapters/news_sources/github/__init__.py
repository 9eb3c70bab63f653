"""Repositories that named labs open on GitHub."""

from bot.adapters.news_sources.github.source import GitHub

__all__ = ["GitHub"]
