"""Rule files: YAML that people edit, into rules the engine evaluates.

``loading`` reads files into documents and documents into ``specs`` (what may be written, and what editors know), also
those with mistakes as far as they go; ``compiling`` makes rules of them, by what names mean (``surroundings``) and what
makes sense (``checks``). From there on it is ``bot.core.rules.rule`` and ``bot.core.rules.conditions``.
"""

from bot.config.rules.loading import load_rules, misshapen, rule_files
from bot.config.rules.specs import ConditionSpec, RulesFile, RuleSpec
from bot.config.rules.surroundings import Surroundings

__all__ = ["ConditionSpec", "RuleSpec", "RulesFile", "Surroundings", "load_rules", "misshapen", "rule_files"]
