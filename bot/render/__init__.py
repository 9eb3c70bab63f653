"""A summary in the forms people read: Telegram HTML, plain text, the terminal. Pure.

Text from outside is cleaned and escaped exactly once, at the leaf; markup is only ever built around finished leaves,
so nothing a headline contains can become markup, and nothing is ever cut in the middle of it.
"""

from bot.render.plain import plain
from bot.render.telegram_html import html
from bot.render.terminal import terminal

__all__ = ["html", "plain", "terminal"]
