"""Summaries with their times in the reader's zone, for channels whose programs do not know it."""

from __future__ import annotations

from datetime import UTC, tzinfo

from bot.core.model import Moment, Summary
from bot.core.text.wording import moment_words
from bot.render.rewriting import rewritten


def in_zone(summary: Summary, zone: tzinfo) -> Summary:
    """``summary`` with every time worded in ``zone``. In UTC it stays as it was written."""
    if zone is UTC:
        return summary
    return rewritten(summary, moment=lambda each: Moment(each.at, moment_words(each.at, zone)))
