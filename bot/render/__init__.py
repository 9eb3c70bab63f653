"""Renders summaries as Telegram HTML, rich messages, plain text, terminal text, Markdown and JSON. Pure.

Outside text is cleaned and escaped exactly once, at the leaves; markup is only built around finished leaves. So no
headline can inject markup, and markup is never cut in the middle.
"""

from bot.render.markdown import markdown
from bot.render.objects import objects
from bot.render.plain import plain
from bot.render.telegram_html import html
from bot.render.telegram_rich import rich
from bot.render.terminal import terminal

__all__ = ["html", "markdown", "objects", "plain", "rich", "terminal"]
