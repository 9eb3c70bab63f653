"""What a story says by clauses: who moves, which way, because of what, and what AI does in it.

``frames`` has the values, ``marks`` finds the words that matter, ``parsing`` parts them into clauses with a move each,
``causes`` judges what stands as the cause, ``reader`` puts them together, ``attributions`` says which falls are given a
cause, and on which topic. Pure; linear in the length of a text.
"""

from bot.core.news.clauses.attributions import Attributions
from bot.core.news.clauses.frames import AiRole, CauseKind, Frame, Move
from bot.core.news.clauses.reader import ClauseReader

__all__ = ["AiRole", "Attributions", "CauseKind", "ClauseReader", "Frame", "Move"]
