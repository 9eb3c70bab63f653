"""Summaries with their times in the reader's zone, for channels whose programs do not know it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, tzinfo

from bot.core.model import Inline, Moment, Summary
from bot.core.text.wording import moment


def in_zone(summary: Summary, zone: tzinfo) -> Summary:
    """``summary`` with every time worded in ``zone``. In UTC it stays as it was written."""
    if zone is UTC:
        return summary

    def worded(inline: Inline) -> Inline:
        return Moment(inline.at, moment(inline.at, zone)) if isinstance(inline, Moment) else inline

    return replace(
        summary,
        blocks=tuple(
            replace(block, lines=tuple(tuple(map(worded, line)) for line in block.lines)) for block in summary.blocks
        ),
    )
