"""What a reader sees of a message, to tell whether an edit would change anything."""

from __future__ import annotations

from bot.core.model import Inline, Link, Summary, stable_id


def shown_by(summary: Summary) -> str:
    """A hash of the texts and links of ``summary``. Where two are equal, so are the messages to whoever reads them; the
    figures behind the text, and when they were looked up, do not count."""
    return stable_id(
        *(
            piece
            for block in summary.blocks
            for piece in (
                block.title,
                *("\x1e".join(map(_words, line)) for line in block.lines),
                *("\x1e".join(row) for row in block.rows),
            )
        )
    )


def _words(inline: Inline) -> str:
    return inline if isinstance(inline, str) else f"{inline.text}\x1d{inline.url if isinstance(inline, Link) else ''}"
