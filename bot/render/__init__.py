"""A summary in the forms people read: Telegram HTML, plain text, the terminal, Markdown; and JSON for programs. Pure.

Text from outside is cleaned and escaped exactly once, at the leaf; markup is only ever built around finished leaves,
so nothing a headline contains can become markup, and nothing is ever cut in the middle of it.
"""

from bot.render.markdown import markdown
from bot.render.objects import objects
from bot.render.plain import plain
from bot.render.telegram_html import html
from bot.render.terminal import terminal

__all__ = ["html", "markdown", "objects", "plain", "terminal"]
