"""Turns rule files into rules the engine evaluates.

``loading`` reads files into ``specs`` (the models of what may be written, which editors know too), files with mistakes
as far as possible. ``compiling`` turns specs into the rules and conditions of ``bot.core.rules``: ``surroundings``
resolves names, ``checks`` finds what makes no sense.
"""

from bot.config.rules.loading import layered, load_rules, rule_files, shape_problems
from bot.config.rules.specs import ConditionSpec, RulesFile, RuleSpec
from bot.config.rules.surroundings import RuleNames

__all__ = [
    "ConditionSpec",
    "RuleNames",
    "RuleSpec",
    "RulesFile",
    "layered",
    "load_rules",
    "rule_files",
    "shape_problems",
]
